// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/session/land.h"
#include "gdbext/arguments.h"
#include "gdbext/compat.h"
#include "gdbext/error.h"
#include "gdbext/snapshot.h"
#include "gdbext/tracer.h"

static PyObject *land(PyObject *module, PyObject *args, PyObject *keywords)
{
	static const char *const names[] = { "pid", "snapshot", "tid", "fpu_mode",
					     NULL };
	struct snap_py_state *state = snap_py_state(module);
	int pid, tid;
	PyObject *snapshot;
	enum snap_compat_mode fpu_mode = SNAP_MODE_COMPAT;
	if (!PyArg_ParseTupleAndKeywords(args, keywords, "iO!i|$O&:land",
					 (char **)names, &pid, state->snapshot_type,
					 &snapshot, &tid, snap_py_mode, &fpu_mode))
		return NULL;
	_cleanup_request_ struct snap_py_request request = { 0 };
	if (snap_py_request_init(&request, state, pid, 0, NULL, NULL, 0, 0) < 0)
		return NULL;
	snap_err error =
		snap_session_land(&request.target, snap_py_snapshot_get(snapshot), tid,
				  fpu_mode);
	if (!error)
		snap_py_tracer_was_restored(state, pid);
	return snap_py_none(state, error);
}

const PyMethodDef snap_py_land_functions[] = {
	{ "land", SNAP_PY_KEYWORDS(land), METH_VARARGS | METH_KEYWORDS,
	  "Give a thread the vector registers of one in a snapshot, for tests." },
	{ 0 },
};
