// SPDX-License-Identifier: GPL-3.0-or-later
#include <signal.h>
#include <string.h>

#include "core/tracee/signals.h"
#include "core/tracee/tracee.h"
#include "gdbext/arguments.h"
#include "gdbext/error.h"
#include "gdbext/module.h"

/**
 * Add why one thread is stopped; -1 with an exception.
 *
 * A thread that is just ending, or is in a group stop, has no reason: it is left out.
 */
static int add(PyObject *found, struct snap_tracee *tracee, pid_t tid)
{
	struct snap_thread thread = { .tid = tid };
	enum snap_stop_kind ignored;
	_cleanup_error_ snap_err error =
		snap_tracee_read_stop(tracee, &thread, &ignored);
	if (!(thread.members & SNAP_THREAD_SIGINFO))
		return 0;
	siginfo_t info;
	memcpy(&info, thread.siginfo, sizeof(info));
	_cleanup_pydecref_ PyObject *key = PyLong_FromLong(tid);
	_cleanup_pydecref_ PyObject *stop =
		Py_BuildValue("(ii)", info.si_signo, info.si_code);
	return key && stop ? PyDict_SetItem(found, key, stop) : -1;
}

static PyObject *stops(PyObject *module, PyObject *args, PyObject *keywords)
{
	static const char *const names[] = { "pid", "tids", NULL };
	int pid;
	PyObject *tids;
	if (!PyArg_ParseTupleAndKeywords(args, keywords, "iO:stops", (char **)names,
					 &pid, &tids))
		return NULL;
	_cleanup_tracee_ struct snap_tracee tracee;
	snap_err error = snap_tracee_init(&tracee, pid, 0);
	if (error)
		return snap_py_raise(snap_py_state(module), error);
	_cleanup_pydecref_ PyObject *found = PyDict_New();
	_cleanup_pydecref_ PyObject *iterator = PyObject_GetIter(tids);
	if (!found || !iterator)
		return NULL;
	for (PyObject *item; (item = PyIter_Next(iterator));) {
		long tid = PyLong_AsLong(item);
		Py_DECREF(item);
		if (PyErr_Occurred() || add(found, &tracee, (pid_t)tid) < 0)
			return NULL;
	}
	return PyErr_Occurred() ? NULL : snap_take(found);
}

const PyMethodDef snap_py_stops_functions[] = {
	{ "stops", SNAP_PY_KEYWORDS(stops), METH_VARARGS | METH_KEYWORDS,
	  "Why threads are stopped: si_signo and si_code of each that knows." },
	{ 0 },
};
