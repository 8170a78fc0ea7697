// SPDX-License-Identifier: GPL-3.0-or-later
#include "gdbext/restoring.h"

#include "gdbext/describe.h"
#include "gdbext/tracer.h"

PyObject *snap_py_notes(const struct snap_notes *notes)
{
	_cleanup_pydecref_ PyObject *list = PyList_New(0);
	for (size_t i = 0; list && i < notes->nr; i++) {
		_cleanup_pydecref_ PyObject *text = snap_py_text(notes->list[i]);
		if (!text || PyList_Append(list, text) < 0)
			return NULL;
	}
	return snap_take(list);
}

PyObject *snap_py_report(const struct snap_restore_report *report)
{
	return Py_BuildValue("{s:K,s:K,s:n,s:n,s:n,s:N}", "bytes_compared",
			     (unsigned long long)report->bytes_compared,
			     "bytes_written", (unsigned long long)report->bytes_written,
			     "threads", (Py_ssize_t)report->nr_threads, "landed",
			     (Py_ssize_t)report->nr_landed, "mapping_steps",
			     (Py_ssize_t)report->nr_mapping_steps, "notes",
			     snap_py_notes(&report->notes));
}

/** Let a Python function run a thread: it raises, or the thread has stopped. */
static snap_err run_by_python(void *context, pid_t tid, uint64_t address, int signal)
{
	_cleanup_pydecref_ PyObject *answer =
		PyObject_CallFunction(context, "iKi", (int)tid,
				      (unsigned long long)address, signal);
	if (answer)
		return SNAP_OK;
	return snap_error_create(SNAP_ERROR_INTERRUPTED, "thread %d was not let run",
				 (int)tid);
}

struct snap_runner snap_py_runner(struct snap_py_state *state, pid_t pid,
				  PyObject *callable)
{
	if (!callable || callable == Py_None)
		return snap_py_tracer_runner(state, pid);
	return (struct snap_runner){ .run = run_by_python, .context = callable };
}

snap_err snap_py_settle_restore(struct snap_py_state *state, pid_t pid, snap_err error)
{
	// What a callback has raised goes on.
	PyObject *type, *value, *traceback;
	PyErr_Fetch(&type, &value, &traceback);
	snap_err unnoticed = snap_py_tracer_notice(state, pid);
	PyErr_Restore(type, value, traceback);
	if (!error) {
		snap_py_tracer_was_restored(state, pid);
		return unnoticed;
	}
	snap_error_destroy(unnoticed);
	return error;
}
