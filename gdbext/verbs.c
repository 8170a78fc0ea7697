// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/image.h"
#include "core/session/session.h"
#include "core/tracee/sharing.h"
#include "core/tracee/signals.h"
#include "core/unwind/unwind.h"
#include "gdbext/arguments.h"
#include "gdbext/compat.h"
#include "gdbext/describe.h"
#include "gdbext/error.h"
#include "gdbext/restoring.h"
#include "gdbext/snapshot.h"
#include "gdbext/store.h"
#include "gdbext/tracer.h"

/** For the format "O&". */
static int parse_copying(PyObject *object, void *ret)
{
	static const char *const names[] = {
		[SNAP_COPY_AS_FITS] = "as-fits",
		[SNAP_COPY_AT_ONCE] = "at-once",
		[SNAP_COPY_LATER] = "later",
	};
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(names); i++) {
		if (!PyUnicode_Check(object) ||
		    PyUnicode_CompareWithASCIIString(object, names[i]))
			continue;
		*(enum snap_copying *)ret = (enum snap_copying)i;
		return 1;
	}
	PyErr_SetString(PyExc_ValueError,
			"copying is \"as-fits\", \"at-once\" or \"later\"");
	return 0;
}

static PyObject *capture(PyObject *module, PyObject *args, PyObject *keywords)
{
	static const char *const names[] = { "pid",           "current_tid",
					     "patches",       "progress",
					     "shared_memory", "fail_at",
					     "copying",       NULL };
	enum snap_copying copying = SNAP_COPY_AS_FITS;
	struct snap_py_state *state = snap_py_state(module);
	int pid, current_tid = 0, shared_memory = 0;
	PyObject *patches = NULL, *progress = NULL;
	uint64_t fail_at = 0;
	if (!PyArg_ParseTupleAndKeywords(args, keywords, "i|$iOOpO&O&:capture",
					 (char **)names, &pid, &current_tid, &patches,
					 &progress, &shared_memory, snap_py_uint64,
					 &fail_at, parse_copying, &copying))
		return NULL;
	_cleanup_request_ struct snap_py_request request = { 0 };
	if (snap_py_request_init(&request, state, pid, current_tid, patches, progress,
				 shared_memory, fail_at) < 0)
		return NULL;
	request.target.copying = copying;
	struct snap_snapshot *snapshot;
	snap_err error = snap_py_store_history(state, pid, &request.target.history);
	if (!error)
		error = snap_session_capture(&request.target, &snapshot);
	if (error)
		return snap_py_raise(state, error);
	return snap_py_snapshot_create(state, snapshot);
}

static PyObject *restore(PyObject *module, PyObject *args, PyObject *keywords)
{
	static const char *const names[] = {
		"pid",           "snapshot", "verify_memory",
		"current_tid",   "patches",  "progress",
		"shared_memory", "fail_at",  "fpu_mode",
		"run_thread",    NULL,
	};
	struct snap_py_state *state = snap_py_state(module);
	int pid, current_tid = 0, verify_memory = 1, shared_memory = 0;
	PyObject *snapshot, *patches = NULL, *progress = NULL, *runner = NULL;
	uint64_t fail_at = 0;
	enum snap_compat_mode fpu_mode = SNAP_MODE_COMPAT;
	if (!PyArg_ParseTupleAndKeywords(args, keywords, "iO!|$piOOpO&O&O:restore",
					 (char **)names, &pid, state->snapshot_type,
					 &snapshot, &verify_memory, &current_tid,
					 &patches, &progress, &shared_memory,
					 snap_py_uint64, &fail_at, snap_py_mode,
					 &fpu_mode, &runner))
		return NULL;
	_cleanup_request_ struct snap_py_request request = { 0 };
	if (snap_py_request_init(&request, state, pid, current_tid, patches, progress,
				 shared_memory, fail_at) < 0)
		return NULL;
	request.target.runner = snap_py_runner(state, pid, runner);
	struct snap_restore_options options = { .verify_memory = verify_memory,
						.fpu_mode = fpu_mode };
	struct snap_restore_report report;
	snap_err error = snap_py_snapshot_settle(snapshot, progress);
	if (error)
		return snap_py_raise(state, error);
	error = snap_py_store_history(state, pid, &request.target.history);
	if (!error)
		error = snap_session_restore(&request.target,
					     snap_py_snapshot_get(snapshot), &options,
					     &report);
	error = snap_py_settle_restore(state, pid, error);
	if (error)
		return snap_py_raise(state, error);
	PyObject *described = snap_py_report(&report);
	snap_notes_deinit(&report.notes);
	return described;
}

static PyObject *explain(PyObject *module, PyObject *args, PyObject *keywords)
{
	static const char *const names[] = { "pid",     "snapshot",      "current_tid",
					     "patches", "shared_memory", "fpu_mode",
					     NULL };
	struct snap_py_state *state = snap_py_state(module);
	int pid, current_tid = 0, shared_memory = 0;
	PyObject *snapshot, *patches = NULL;
	enum snap_compat_mode fpu_mode = SNAP_MODE_COMPAT;
	if (!PyArg_ParseTupleAndKeywords(args, keywords, "iO!|$iOpO&:explain",
					 (char **)names, &pid, state->snapshot_type,
					 &snapshot, &current_tid, &patches,
					 &shared_memory, snap_py_mode, &fpu_mode))
		return NULL;
	_cleanup_request_ struct snap_py_request request = { 0 };
	if (snap_py_request_init(&request, state, pid, current_tid, patches, NULL,
				 shared_memory, 0) < 0)
		return NULL;
	_cleanup_buffer_ struct snap_buffer text = { 0 };
	// What tracks the process for us is not somebody else's.
	snap_err error = snap_py_store_history(state, pid, &request.target.history);
	if (!error)
		error = snap_session_explain(&request.target,
					     snap_py_snapshot_get(snapshot), fpu_mode,
					     &text);
	if (error)
		return snap_py_raise(state, error);
	return PyUnicode_DecodeFSDefaultAndSize((const char *)text.data,
						(Py_ssize_t)text.size);
}

static PyObject *check_identity(PyObject *module, PyObject *args, PyObject *keywords)
{
	static const char *const names[] = { "pid", "snapshot", NULL };
	struct snap_py_state *state = snap_py_state(module);
	int pid;
	PyObject *snapshot;
	if (!PyArg_ParseTupleAndKeywords(args, keywords, "iO!:check_identity",
					 (char **)names, &pid, state->snapshot_type,
					 &snapshot))
		return NULL;
	_cleanup_request_ struct snap_py_request request = { 0 };
	if (snap_py_request_init(&request, state, pid, 0, NULL, NULL, 0, 0) < 0)
		return NULL;
	return snap_py_none(state, snap_session_check_identity(&request.target,
							       snap_py_snapshot_get(
								       snapshot)));
}

static PyObject *load(PyObject *module, PyObject *args, PyObject *keywords)
{
	static const char *const names[] = { "path", "progress", "later", NULL };
	struct snap_py_state *state = snap_py_state(module);
	_cleanup_pydecref_ PyObject *path = NULL;
	struct snap_py_progress progress = { 0 };
	int is_later = 0;
	if (!PyArg_ParseTupleAndKeywords(args, keywords, "O&|$Op:load", (char **)names,
					 PyUnicode_FSConverter, &path,
					 &progress.callable, &is_later))
		return NULL;
	struct snap_progress passed = snap_py_progress(&progress);
	struct snap_snapshot *snapshot;
	struct snap_store *store;
	snap_err error = snap_py_store_get(state, &store);
	if (!error)
		error = (is_later ? snap_image_open
				  : snap_image_read_into)(PyBytes_AsString(path), store,
							  &passed, &snapshot);
	if (error)
		return snap_py_raise(state, error);
	return snap_py_snapshot_create(state, snapshot);
}

static PyObject *live_backtrace(PyObject *module, PyObject *args, PyObject *keywords)
{
	static const char *const names[] = { "tid", NULL };
	int tid;
	if (!PyArg_ParseTupleAndKeywords(args, keywords, "i:live_backtrace",
					 (char **)names, &tid))
		return NULL;
	_cleanup_backtrace_ struct snap_backtrace backtrace = { 0 };
	snap_err error = snap_unwind_live(tid, &backtrace);
	if (error)
		return snap_py_raise(snap_py_state(module), error);
	return snap_py_backtrace(&backtrace);
}

static PyObject *shares_memory(PyObject *module, PyObject *args, PyObject *keywords)
{
	static const char *const names[] = { "a", "b", NULL };
	int a, b;
	if (!PyArg_ParseTupleAndKeywords(args, keywords, "ii:shares_memory",
					 (char **)names, &a, &b))
		return NULL;
	return PyBool_FromLong(snap_processes_share_memory(a, b));
}

static snap_err swap_mask(pid_t pid, pid_t tid, uint64_t *mask)
{
	_cleanup_tracee_ struct snap_tracee tracee;
	SNAP_TRY(snap_tracee_init(&tracee, pid, 0));
	uint64_t before;
	SNAP_TRY(snap_tracee_read_sigmask(&tracee, tid, &before));
	SNAP_TRY(snap_tracee_write_sigmask(&tracee, tid, *mask));
	*mask = before;
	return SNAP_OK;
}

static PyObject *swap_sigmask(PyObject *module, PyObject *args, PyObject *keywords)
{
	static const char *const names[] = { "pid", "tid", "mask", NULL };
	int pid, tid;
	uint64_t mask;
	if (!PyArg_ParseTupleAndKeywords(args, keywords, "iiO&:swap_sigmask",
					 (char **)names, &pid, &tid, snap_py_uint64,
					 &mask))
		return NULL;
	snap_err error = swap_mask(pid, tid, &mask);
	if (error)
		return snap_py_raise(snap_py_state(module), error);
	return PyLong_FromUnsignedLongLong(mask);
}

static PyObject *last_call_count(PyObject *module, PyObject *unused)
{
	return PyLong_FromUnsignedLongLong(snap_py_state(module)->nr_calls);
}

const PyMethodDef snap_py_verbs[] = {
	{ "capture", SNAP_PY_KEYWORDS(capture), METH_VARARGS | METH_KEYWORDS,
	  "Take a snapshot of a stopped process that the calling thread traces." },
	{ "restore", SNAP_PY_KEYWORDS(restore), METH_VARARGS | METH_KEYWORDS,
	  "Put the process back to where it was, or leave it as it is and raise." },
	{ "explain", SNAP_PY_KEYWORDS(explain), METH_VARARGS | METH_KEYWORDS,
	  "What restore() would do, a line for each step with its reason." },
	{ "check_identity", SNAP_PY_KEYWORDS(check_identity),
	  METH_VARARGS | METH_KEYWORDS,
	  "Raise Refused unless the process is the one the snapshot was taken of." },
	{ "load", SNAP_PY_KEYWORDS(load), METH_VARARGS | METH_KEYWORDS,
	  "Read an image; what may wait is read later." },
	{ "live_backtrace", SNAP_PY_KEYWORDS(live_backtrace),
	  METH_VARARGS | METH_KEYWORDS,
	  "Of one stopped thread, by libunwind over ptrace: no lines." },
	{ "shares_memory", SNAP_PY_KEYWORDS(shares_memory),
	  METH_VARARGS | METH_KEYWORDS,
	  "Whether two processes live in the same memory." },
	{ "swap_sigmask", SNAP_PY_KEYWORDS(swap_sigmask), METH_VARARGS | METH_KEYWORDS,
	  "Set the blocked signals of a stopped thread; those that were blocked." },
	{ "last_call_count", last_call_count, METH_NOARGS,
	  "How many calls into the kernel the last capture() or restore() made." },
	{ 0 },
};
