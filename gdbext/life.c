// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/unread.h"
#include "core/session/revive.h"
#include "gdbext/arguments.h"
#include "gdbext/compat.h"
#include "gdbext/error.h"
#include "gdbext/restoring.h"
#include "gdbext/snapshot.h"

/** Where files are looked for, as Python says it. Zero-initialise. */
struct search {
	struct snap_search search;
	PyObject *sysroot;
	/** Of bytes. */
	PyObject *folders;
	const char **list;
};

static void search_deinit(struct search *search)
{
	Py_XDECREF(search->sysroot);
	Py_XDECREF(search->folders);
	free(search->list);
}

#define _cleanup_search_ _cleanup_(search_deinit)

/** A path as bytes at the end of a list; -1 with an exception. */
static int add_folder(struct search *search, PyObject *path)
{
	PyObject *bytes = NULL;
	if (!PyUnicode_FSConverter(path, &bytes))
		return -1;
	int failed = PyList_Append(search->folders, bytes);
	search->list[search->search.nr_folders++] = PyBytes_AsString(bytes);
	Py_DECREF(bytes);
	return failed;
}

/** For the format "O&": a folder that stands for the root folder. */
static int parse_sysroot(PyObject *object, void *ret)
{
	struct search *search = ret;
	if (!PyUnicode_FSConverter(object, &search->sysroot))
		return 0;
	search->search.sysroot = PyBytes_AsString(search->sysroot);
	return 1;
}

/** For the format "O&": a sequence of folders. */
static int parse_folders(PyObject *object, void *ret)
{
	struct search *search = ret;
	Py_ssize_t nr = PySequence_Size(object);
	if (nr < 0)
		return 0;
	search->folders = PyList_New(0);
	search->list = calloc((size_t)nr + 1, sizeof(*search->list));
	if (!search->folders || !search->list)
		return 0;
	for (Py_ssize_t i = 0; i < nr; i++) {
		_cleanup_pydecref_ PyObject *path = PySequence_GetItem(object, i);
		if (!path || add_folder(search, path) < 0)
			return 0;
	}
	search->search.folders = search->list;
	return 1;
}

static PyObject *check_revival(PyObject *module, PyObject *args, PyObject *keywords)
{
	static const char *const names[] = { "snapshot", "fpu_mode", "sysroot",
					     "folders",  "progress", NULL };
	struct snap_py_state *state = snap_py_state(module);
	PyObject *snapshot;
	struct snap_py_progress progress = { 0 };
	enum snap_compat_mode fpu_mode = SNAP_MODE_COMPAT;
	_cleanup_search_ struct search search = { 0 };
	if (!PyArg_ParseTupleAndKeywords(args, keywords, "O!|$O&O&O&O:check_revival",
					 (char **)names, state->snapshot_type,
					 &snapshot, snap_py_mode, &fpu_mode,
					 parse_sysroot, &search, parse_folders, &search,
					 &progress.callable))
		return NULL;
	struct snap_progress passed = snap_py_progress(&progress);
	_cleanup_notes_ struct snap_notes problems = { 0 };
	snap_err error = snap_session_check_revival(snap_py_snapshot_get(snapshot),
						    &search.search, fpu_mode, &passed,
						    &problems);
	if (error)
		return snap_py_raise(state, error);
	return snap_py_notes(&problems);
}

static PyObject *find_program(PyObject *module, PyObject *args, PyObject *keywords)
{
	static const char *const names[] = { "snapshot", "sysroot", "folders", NULL };
	struct snap_py_state *state = snap_py_state(module);
	PyObject *snapshot;
	_cleanup_search_ struct search search = { 0 };
	if (!PyArg_ParseTupleAndKeywords(args, keywords, "O!|$O&O&:find_program",
					 (char **)names, state->snapshot_type,
					 &snapshot, parse_sysroot, &search,
					 parse_folders, &search))
		return NULL;
	_cleanup_free_ char *path = NULL;
	snap_err error = snap_session_find_program(snap_py_snapshot_get(snapshot),
						   &search.search, &path);
	if (error)
		return snap_py_raise(state, error);
	if (!path)
		Py_RETURN_NONE;
	return PyUnicode_DecodeFSDefault(path);
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
					     "run_thread", "sysroot",  "folders",
					     NULL };
	struct snap_py_state *state = snap_py_state(module);
	int pid, verify_memory = 1;
	PyObject *snapshot, *progress = NULL, *runner = NULL;
	uint64_t fail_at = 0;
	enum snap_compat_mode fpu_mode = SNAP_MODE_COMPAT;
	_cleanup_search_ struct search search = { 0 };
	if (!PyArg_ParseTupleAndKeywords(args, keywords, "iO!|$pOO&O&OO&O&:revive",
					 (char **)names, &pid, state->snapshot_type,
					 &snapshot, &verify_memory, &progress,
					 snap_py_uint64, &fail_at, snap_py_mode,
					 &fpu_mode, &runner, parse_sysroot, &search,
					 parse_folders, &search))
		return NULL;
	_cleanup_request_ struct snap_py_request request = { 0 };
	if (snap_py_request_init(&request, state, pid, 0, NULL, progress, 0, fail_at) <
	    0)
		return NULL;
	request.target.runner = snap_py_runner(state, pid, runner);
	struct snap_restore_options options = { .verify_memory = verify_memory,
						.fpu_mode = fpu_mode };
	struct snap_restore_report report;
	// What is still in an image goes from there into the process.
	snap_err error = snap_unread_of(&snap_py_snapshot_get(snapshot)->memory)
				 ? SNAP_OK
				 : snap_py_snapshot_settle(snapshot, progress);
	if (error)
		return snap_py_raise(state, error);
	size_t nr = snap_py_snapshot_get(snapshot)->nr_threads;
	_cleanup_free_ pid_t *tids = calloc(nr, sizeof(*tids));
	if (!tids)
		return PyErr_NoMemory();
	error = snap_session_revive(&request.target, snap_py_snapshot_get(snapshot),
				    &options, &search.search, tids, &report);
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
	{ "find_program", SNAP_PY_KEYWORDS(find_program), METH_VARARGS | METH_KEYWORDS,
	  "Where the program of a snapshot is; None: not there." },
	{ "revive", SNAP_PY_KEYWORDS(revive), METH_VARARGS | METH_KEYWORDS,
	  "Make a process that has executed nothing what a snapshot says." },
	{ 0 },
};
