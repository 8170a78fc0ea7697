// SPDX-License-Identifier: GPL-3.0-or-later
#include "gdbext/tracking.h"

#include <string.h>

#include "gdbext/arguments.h"
#include "gdbext/describe.h"
#include "gdbext/store.h"

static int put_reason(PyObject *list, const struct snap_tracker *tracker,
		      enum snap_rung rung)
{
	if (!tracker->why_not[rung])
		return 0;
	_cleanup_pydecref_ PyObject *pair =
		Py_BuildValue("(sN)", snap_rung_name(rung),
			      snap_py_text(tracker->why_not[rung]));
	return pair ? PyList_Append(list, pair) : -1;
}

static PyObject *describe(const struct snap_history *history)
{
	if (!history->is_tracking)
		Py_RETURN_NONE;
	const struct snap_tracker *tracker = &history->tracker;
	_cleanup_pydecref_ PyObject *why_not = PyList_New(0);
	for (enum snap_rung rung = 0; rung < SNAP_NR_RUNGS; rung++)
		if (!why_not || put_reason(why_not, tracker, rung) < 0)
			return NULL;
	return Py_BuildValue("{s:s,s:O,s:N}", "way", snap_rung_name(tracker->rung),
			     "why_not", why_not, "is_marked",
			     PyBool_FromLong(tracker->is_marked));
}

static struct snap_history *find(const struct snap_py_state *state, pid_t pid)
{
	for (struct snap_py_history *at = state->histories; at; at = at->next)
		if (at->history.pid == pid)
			return &at->history;
	return NULL;
}

PyObject *snap_py_tracking(const struct snap_py_state *state,
			   const struct snap_identity *identity)
{
	const struct snap_history *history = find(state, identity->pid);
	if (!history || !snap_history_is_of(history, identity))
		Py_RETURN_NONE;
	return describe(history);
}

void snap_py_let_go(struct snap_py_state *state, pid_t pid)
{
	struct snap_history *history = find(state, pid);
	if (history)
		snap_history_let_go(history);
}

/** Of a name, the set of rungs; 0: there is no such way. */
static unsigned int parse_way(const char *name)
{
	if (!strcmp(name, "auto"))
		return SNAP_RUNGS_ALL;
	for (enum snap_rung rung = 0; rung < SNAP_NR_RUNGS; rung++)
		if (!strcmp(snap_rung_name(rung), name))
			return SNAP_RUNG_BIT(rung);
	return 0;
}

static PyObject *set_tracking(PyObject *module, PyObject *args, PyObject *keywords)
{
	static const char *const names[] = { "way", NULL };
	struct snap_py_state *state = snap_py_state(module);
	const char *name;
	if (!PyArg_ParseTupleAndKeywords(args, keywords, "s:set_tracking",
					 (char **)names, &name))
		return NULL;
	unsigned int rungs = parse_way(name);
	if (!rungs) {
		PyErr_SetString(PyExc_ValueError,
				"a way to track is \"auto\", \"userfaultfd\", "
				"\"soft-dirty\" or \"contents\"");
		return NULL;
	}
	if (rungs != state->rungs)
		for (struct snap_py_history *at = state->histories; at; at = at->next)
			snap_history_let_go(&at->history);
	state->rungs = rungs;
	Py_RETURN_NONE;
}

static PyObject *tracking(PyObject *module, PyObject *args, PyObject *keywords)
{
	int pid;
	if (snap_py_parse_pid(args, keywords, &pid) < 0)
		return NULL;
	const struct snap_history *history = find(snap_py_state(module), pid);
	if (!history)
		Py_RETURN_NONE;
	return describe(history);
}

static PyObject *let_go(PyObject *module, PyObject *args, PyObject *keywords)
{
	int pid;
	if (snap_py_parse_pid(args, keywords, &pid) < 0)
		return NULL;
	snap_py_let_go(snap_py_state(module), pid);
	Py_RETURN_NONE;
}

const PyMethodDef snap_py_tracking_functions[] = {
	{ "set_tracking", SNAP_PY_KEYWORDS(set_tracking), METH_VARARGS | METH_KEYWORDS,
	  "Choose how changed pages are found." },
	{ "tracking", SNAP_PY_KEYWORDS(tracking), METH_VARARGS | METH_KEYWORDS,
	  "How the changed pages of a process are found; None: it is not watched." },
	{ "let_go", SNAP_PY_KEYWORDS(let_go), METH_VARARGS | METH_KEYWORDS,
	  "Take the tracking off a process that is about to be left alone." },
	{ 0 },
};
