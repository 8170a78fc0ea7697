// SPDX-License-Identifier: GPL-3.0-or-later
#include "gdbext/state.h"

static const struct {
	const char *family;
	PyObject *(*describe)(const struct snap_snapshot *snapshot);
} families[] = {
	{ "process", snap_py_process_state },
	{ "signals", snap_py_signals_state },
	{ "timers", snap_py_timers_state },
};

static const struct {
	const char *family;
	PyObject *(*describe)(const struct snap_thread *thread);
} thread_families[] = {
	{ "process", snap_py_process_thread_state },
	{ "signals", snap_py_signals_thread_state },
};

int snap_py_put(PyObject *dict, const char *key, PyObject *taken)
{
	_cleanup_pydecref_ PyObject *value = taken;
	return value ? PyDict_SetItemString(dict, key, value) : -1;
}

static PyObject *thread_state(const struct snap_thread *thread)
{
	_cleanup_pydecref_ PyObject *dict = PyDict_New();
	for (size_t i = 0; dict && i < SNAP_ARRAY_SIZE(thread_families); i++)
		if (snap_py_put(dict, thread_families[i].family,
				thread_families[i].describe(thread)) < 0)
			return NULL;
	return snap_take(dict);
}

/** By TID. */
static PyObject *threads_state(const struct snap_snapshot *snapshot)
{
	_cleanup_pydecref_ PyObject *dict = PyDict_New();
	for (size_t i = 0; dict && i < snapshot->nr_threads; i++) {
		const struct snap_thread *thread = &snapshot->threads[i];
		_cleanup_pydecref_ PyObject *tid = PyLong_FromLong(thread->tid);
		_cleanup_pydecref_ PyObject *state = thread_state(thread);
		if (!tid || !state || PyDict_SetItem(dict, tid, state) < 0)
			return NULL;
	}
	return snap_take(dict);
}

PyObject *snap_py_snapshot_state(const struct snap_snapshot *snapshot)
{
	_cleanup_pydecref_ PyObject *dict = PyDict_New();
	for (size_t i = 0; dict && i < SNAP_ARRAY_SIZE(families); i++)
		if (snap_py_put(dict, families[i].family,
				families[i].describe(snapshot)) < 0)
			return NULL;
	if (!dict || snap_py_put(dict, "threads", threads_state(snapshot)) < 0)
		return NULL;
	return snap_take(dict);
}
