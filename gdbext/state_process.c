// SPDX-License-Identifier: GPL-3.0-or-later
#include "gdbext/state.h"

/** The numbers that are known, by their names in images. */
static PyObject *attributes_dict(const struct snap_attribute_values *values)
{
	_cleanup_pydecref_ PyObject *dict = PyDict_New();
	for (enum snap_attribute i = 0; dict && i < SNAP_NR_ATTRIBUTES; i++)
		if (snap_attribute_is_known(values, i) &&
		    snap_py_put(dict, snap_attributes[i].key,
				PyLong_FromLongLong((long long)values->list[i])) < 0)
			return NULL;
	return snap_take(dict);
}

/** Soft and hard by name; -1: unlimited. */
static PyObject *limits_dict(const struct snap_process_state *state)
{
	_cleanup_pydecref_ PyObject *dict = PyDict_New();
	for (unsigned i = 0; dict && i < state->nr_limits; i++)
		if (snap_py_put(dict, snap_limit_name(i),
				Py_BuildValue("(LL)", (long long)state->limits[i].soft,
					      (long long)state->limits[i].hard)) < 0)
			return NULL;
	return snap_take(dict);
}

PyObject *snap_py_process_state(const struct snap_snapshot *snapshot)
{
	const struct snap_process_state *state = &snapshot->state;
	return Py_BuildValue("{s:K,s:i,s:i,s:i,s:N,s:N,s:N}", "brk",
			     (unsigned long long)snapshot->brk, "ppid",
			     (int)snapshot->ppid, "pgid", (int)snapshot->pgid, "sid",
			     (int)snapshot->sid, "folder", snap_py_text(state->folder),
			     "limits", limits_dict(state), "attributes",
			     attributes_dict(&state->attributes));
}

PyObject *snap_py_process_thread_state(const struct snap_thread *thread)
{
	const struct snap_thread_state *state = &thread->state;
	return Py_BuildValue("{s:N,s:N,s:N,s:N}", "name", snap_py_text(thread->comm),
			     "cpus", snap_py_text(state->cpus), "groups",
			     snap_py_text(state->groups), "attributes",
			     attributes_dict(&state->attributes));
}
