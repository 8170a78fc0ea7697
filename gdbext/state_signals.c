// SPDX-License-Identifier: GPL-3.0-or-later
#include "gdbext/state.h"

/** Append a value, taking it over; -1 with an exception. */
static int append(PyObject *list, PyObject *taken)
{
	_cleanup_pydecref_ PyObject *value = taken;
	return value ? PyList_Append(list, value) : -1;
}

/** Raw siginfos, oldest first; None where they were not captured. */
static PyObject *pending_list(const struct snap_pending *pending)
{
	if (!pending->is_captured)
		return Py_NewRef(Py_None);
	_cleanup_pydecref_ PyObject *list = PyList_New(0);
	for (size_t i = 0; list && i < pending->nr; i++)
		if (append(list,
			   PyBytes_FromStringAndSize((const char *)pending->list[i]
							     .bytes,
						     SNAP_SIGINFO_SIZE)) < 0)
			return NULL;
	return snap_take(list);
}

static PyObject *action_dict(const struct snap_sigaction *action)
{
	return Py_BuildValue("{s:K,s:K,s:K,s:K}", "handler",
			     (unsigned long long)action->handler, "flags",
			     (unsigned long long)action->flags, "restorer",
			     (unsigned long long)action->restorer, "mask",
			     (unsigned long long)action->mask);
}

/** By signal, those that are not SIG_DFL; None where they were not captured. */
static PyObject *actions_dict(const struct snap_signals *signals)
{
	if (!signals->is_captured)
		return Py_NewRef(Py_None);
	_cleanup_pydecref_ PyObject *dict = PyDict_New();
	for (int i = 0; dict && i < SNAP_NR_SIGNALS; i++) {
		if (!signals->actions[i].handler)
			continue;
		_cleanup_pydecref_ PyObject *key = PyLong_FromLong(i + 1);
		_cleanup_pydecref_ PyObject *value = action_dict(&signals->actions[i]);
		if (!key || !value || PyDict_SetItem(dict, key, value) < 0)
			return NULL;
	}
	return snap_take(dict);
}

PyObject *snap_py_signals_state(const struct snap_snapshot *snapshot)
{
	return Py_BuildValue("{s:N,s:N}", "actions", actions_dict(&snapshot->signals),
			     "pending", pending_list(&snapshot->signals.pending));
}

PyObject *snap_py_signals_thread_state(const struct snap_thread *thread)
{
	return Py_BuildValue("{s:N}", "pending", pending_list(&thread->pending));
}

static PyObject *time_tuple(const struct snap_timer_time *time)
{
	return Py_BuildValue("(KK)", (unsigned long long)time->left,
			     (unsigned long long)time->interval);
}

static PyObject *timer_dict(const struct snap_timer *timer)
{
	return Py_BuildValue("{s:i,s:i,s:i,s:i,s:i,s:i,s:K,s:N}", "id", timer->id,
			     "clock", timer->clock, "signal", timer->signal, "notify",
			     timer->notify, "tid", timer->tid, "overrun",
			     timer->overrun, "value", (unsigned long long)timer->value,
			     "time", time_tuple(&timer->time));
}

static PyObject *timer_list(const struct snap_timers *timers)
{
	if (!timers->is_captured || !timers->is_list_captured)
		return Py_NewRef(Py_None);
	_cleanup_pydecref_ PyObject *list = PyList_New(0);
	for (size_t i = 0; list && i < timers->nr; i++)
		if (append(list, timer_dict(&timers->list[i])) < 0)
			return NULL;
	return snap_take(list);
}

static PyObject *interval_list(const struct snap_timers *timers)
{
	if (!timers->is_captured)
		return Py_NewRef(Py_None);
	return Py_BuildValue("[N,N,N]", time_tuple(&timers->intervals[0]),
			     time_tuple(&timers->intervals[1]),
			     time_tuple(&timers->intervals[2]));
}

PyObject *snap_py_timers_state(const struct snap_snapshot *snapshot)
{
	return Py_BuildValue("{s:N,s:N}", "intervals", interval_list(&snapshot->timers),
			     "posix", timer_list(&snapshot->timers));
}
