// SPDX-License-Identifier: GPL-3.0-or-later
#include "gdbext/store.h"

#include "gdbext/arguments.h"
#include "gdbext/describe.h"
#include "gdbext/error.h"
#include "gdbext/snapshot.h"

static void forget_processes(struct snap_py_state *state)
{
	while (state->histories) {
		struct snap_py_history *first = state->histories;
		state->histories = first->next;
		snap_history_deinit(&first->history);
		free(first);
	}
}

void snap_py_store_deinit(struct snap_py_state *state)
{
	forget_processes(state);
	snap_store_unref(state->store);
	state->store = NULL;
}

snap_err snap_py_store_get(struct snap_py_state *state, struct snap_store **ret)
{
	if (!state->store)
		SNAP_TRY(snap_store_create(NULL, &state->store));
	*ret = state->store;
	return SNAP_OK;
}

static snap_err add_history(struct snap_py_state *state, struct snap_store *store,
			    struct snap_py_history **ret)
{
	struct snap_py_history *history = calloc(1, sizeof(*history));
	if (!history)
		return &snap_enomem;
	snap_history_init(&history->history, store);
	history->next = state->histories;
	state->histories = history;
	*ret = history;
	return SNAP_OK;
}

snap_err snap_py_store_history(struct snap_py_state *state, pid_t pid,
			       struct snap_history **ret)
{
	struct snap_store *store;
	SNAP_TRY(snap_py_store_get(state, &store));
	struct snap_py_history *history = state->histories, *free_one = NULL;
	for (; history && history->history.pid != pid; history = history->next)
		if (!history->history.pid)
			free_one = history;
	history = history ? history : free_one;
	if (!history)
		SNAP_TRY(add_history(state, store, &history));
	history->history.pid = pid;
	history->history.rungs = state->rungs;
	*ret = &history->history;
	return SNAP_OK;
}

/** The newest snapshot of the same process in the same store, or NULL. */
static const struct snap_snapshot *find_other(const struct snap_py_state *state,
					      const struct snap_history *history)
{
	const struct snap_py_snapshot *at = state->newest;
	for (; at; at = at->older) {
		const struct snap_snapshot *snapshot = at->snapshot;
		if (snapshot->identity.pid == history->pid &&
		    snapshot->identity.start_time == history->start_time &&
		    snapshot->memory.store == history->store)
			return snapshot;
	}
	return NULL;
}

void snap_py_store_leave(struct snap_py_state *state,
			 const struct snap_snapshot *snapshot)
{
	for (struct snap_py_history *at = state->histories; at; at = at->next)
		snap_history_leave(&at->history, snapshot,
				   find_other(state, &at->history));
	if (!state->newest)
		forget_processes(state);
}

/** The stores that snapshots are in, and the one that new ones go to, each once. */
static struct snap_store_usage sum_up(const struct snap_py_state *state)
{
	struct snap_store_usage sum = { 0 };
	if (state->store)
		sum = snap_store_usage(state->store);
	for (const struct snap_py_snapshot *at = state->newest; at; at = at->older) {
		const struct snap_store *store = at->snapshot->memory.store;
		bool is_first = store && store != state->store;
		for (const struct snap_py_snapshot *newer = at->newer;
		     is_first && newer; newer = newer->newer)
			is_first = newer->snapshot->memory.store != store;
		struct snap_store_usage usage = { 0 };
		if (is_first)
			usage = snap_store_usage(store);
		sum.pages += usage.pages;
		sum.spare += usage.spare;
		sum.coming += usage.coming;
		sum.tables +=
			usage.tables + snap_memory_map_size(&at->snapshot->memory);
	}
	return sum;
}

static PyObject *store(PyObject *module, PyObject *unused)
{
	struct snap_py_state *state = snap_py_state(module);
	struct snap_store_usage usage = sum_up(state);
	return Py_BuildValue("{s:K,s:K,s:K,s:K,s:N}", "pages",
			     (unsigned long long)usage.pages, "tables",
			     (unsigned long long)usage.tables, "spare",
			     (unsigned long long)usage.spare, "coming",
			     (unsigned long long)usage.coming, "directory",
			     snap_py_text(state->store ? state->store->folder : NULL));
}

static PyObject *set_store(PyObject *module, PyObject *args, PyObject *keywords)
{
	static const char *const names[] = { "directory", NULL };
	struct snap_py_state *state = snap_py_state(module);
	PyObject *directory = Py_None;
	_cleanup_pydecref_ PyObject *path = NULL;
	if (!PyArg_ParseTupleAndKeywords(args, keywords, "O:set_store", (char **)names,
					 &directory))
		return NULL;
	if (directory != Py_None && !PyUnicode_FSConverter(directory, &path))
		return NULL;
	struct snap_store *made;
	snap_err error = snap_store_create(path ? PyBytes_AsString(path) : NULL, &made);
	if (error)
		return snap_py_raise(state, error);
	snap_py_store_deinit(state);
	state->store = made;
	Py_RETURN_NONE;
}

const PyMethodDef snap_py_store_functions[] = {
	{ "store", store, METH_NOARGS, "What all snapshots take together, and where." },
	{ "set_store", SNAP_PY_KEYWORDS(set_store), METH_VARARGS | METH_KEYWORDS,
	  "Put the memory of new snapshots into a file in a directory." },
	{ 0 },
};
