#include "core/session/revive.h"
#include "gdbext/arguments.h"
#include "gdbext/compat.h"
#include "gdbext/error.h"
#include "gdbext/restoring.h"
#include "gdbext/snapshot.h"

static PyObject *check_revival(PyObject *module, PyObject *args, PyObject *keywords)
{
	static const char *const names[] = { "snapshot", "fpu_mode", NULL };
	struct snap_py_state *state = snap_py_state(module);
	PyObject *snapshot;
	enum snap_compat_mode fpu_mode = SNAP_MODE_COMPAT;
	if (!PyArg_ParseTupleAndKeywords(args, keywords, "O!|$O&:check_revival",
					 (char **)names, state->snapshot_type,
					 &snapshot, snap_py_mode, &fpu_mode))
		return NULL;
	_cleanup_notes_ struct snap_notes problems = { 0 };
	snap_err error = snap_session_check_revival(snap_py_snapshot_get(snapshot),
						    fpu_mode, &problems);
	if (error)
		return snap_py_raise(state, error);
	return snap_py_notes(&problems);
}

/** A report, and what the threads are called now. */
static PyObject *describe_revival(const struct snap_restore_report *report,
				  const pid_t *tids, size_t nr)
{
	_cleanup_pydecref_ PyObject *described = snap_py_report(report);
	_cleanup_pydecref_ PyObject *list = PyList_New(0);
	for (size_t i = 0; list && i < nr; i++) {
		_cleanup_pydecref_ PyObject *tid = PyLong_FromLong(tids[i]);
		if (!tid || PyList_Append(list, tid) < 0)
			return NULL;
	}
	if (!described || !list || PyDict_SetItemString(described, "tids", list) < 0)
		return NULL;
	return snap_take(described);
}

static PyObject *revive(PyObject *module, PyObject *args, PyObject *keywords)
{
	static const char *const names[] = { "pid",        "snapshot", "verify_memory",
					     "progress",   "fail_at",  "fpu_mode",
					     "run_thread", NULL };
	struct snap_py_state *state = snap_py_state(module);
	int pid, verify_memory = 1;
	PyObject *snapshot, *progress = NULL, *runner = NULL;
	uint64_t fail_at = 0;
	enum snap_compat_mode fpu_mode = SNAP_MODE_COMPAT;
	if (!PyArg_ParseTupleAndKeywords(args, keywords, "iO!|$pOO&O&O:revive",
					 (char **)names, &pid, state->snapshot_type,
					 &snapshot, &verify_memory, &progress,
					 snap_py_uint64, &fail_at, snap_py_mode,
					 &fpu_mode, &runner))
		return NULL;
	_cleanup_request_ struct snap_py_request request = { 0 };
	if (snap_py_request_init(&request, state, pid, 0, NULL, progress, 0, fail_at) <
	    0)
		return NULL;
	request.target.runner = snap_py_runner(state, pid, runner);
	struct snap_restore_options options = { .verify_memory = verify_memory,
						.fpu_mode = fpu_mode };
	struct snap_restore_report report;
	snap_err error = snap_py_snapshot_settle(snapshot, progress);
	if (error)
		return snap_py_raise(state, error);
	size_t nr = snap_py_snapshot_get(snapshot)->nr_threads;
	_cleanup_free_ pid_t *tids = calloc(nr, sizeof(*tids));
	if (!tids)
		return PyErr_NoMemory();
	error = snap_session_revive(&request.target, snap_py_snapshot_get(snapshot),
				    &options, tids, &report);
	error = snap_py_settle_restore(state, pid, error);
	if (error)
		return snap_py_raise(state, error);
	PyObject *described = describe_revival(&report, tids, nr);
	snap_notes_deinit(&report.notes);
	return described;
}

const PyMethodDef snap_py_life_functions[] = {
	{ "check_revival", SNAP_PY_KEYWORDS(check_revival),
	  METH_VARARGS | METH_KEYWORDS,
	  "What stands in the way of a new process: sentences." },
	{ "revive", SNAP_PY_KEYWORDS(revive), METH_VARARGS | METH_KEYWORDS,
	  "Make a process that has executed nothing what a snapshot says." },
	{ 0 },
};
