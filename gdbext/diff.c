// SPDX-License-Identifier: GPL-3.0-or-later
#include "arch/arch.h"
#include "core/plan/explain.h"
#include "core/session/session.h"
#include "core/unwind/names.h"
#include "gdbext/arguments.h"
#include "gdbext/describe.h"
#include "gdbext/error.h"
#include "gdbext/snapshot.h"

/** Append a value, taking it over; -1 with an exception. */
static int append(PyObject *list, PyObject *taken)
{
	_cleanup_pydecref_ PyObject *value = taken;
	return value ? PyList_Append(list, value) : -1;
}

static PyObject *texts(char *const *list, size_t nr)
{
	_cleanup_pydecref_ PyObject *texts = PyList_New(0);
	for (size_t i = 0; texts && i < nr; i++)
		if (append(texts, snap_py_text(list[i])) < 0)
			return NULL;
	return snap_take(texts);
}

/** Threads that only one of the snapshots has. */
static PyObject *threads(const struct snap_diff *diff)
{
	_cleanup_pydecref_ PyObject *list = PyList_New(0);
	for (size_t i = 0; list && i < diff->nr_threads; i++) {
		const struct snap_thread_pair *pair = &diff->threads[i];
		const struct snap_thread *thread = pair->a ? pair->a : pair->b;
		if (pair->a && pair->b)
			continue;
		if (append(list, Py_BuildValue("{s:i,s:N,s:s}", "tid", (int)thread->tid,
					       "comm", snap_py_text(thread->comm),
					       "event", pair->a ? "gone" : "new")) < 0)
			return NULL;
	}
	return snap_take(list);
}

static PyObject *mask(const struct snap_thread *thread)
{
	return PyLong_FromUnsignedLongLong(thread->sigmask);
}

static PyObject *altstack(const struct snap_thread *thread)
{
	return Py_BuildValue("(KKI)", (unsigned long long)thread->altstack.sp,
			     (unsigned long long)thread->altstack.size,
			     (unsigned)thread->altstack.flags);
}

static int append_state(PyObject *list, const struct snap_thread_pair *pair,
			const char *what,
			PyObject *(*value)(const struct snap_thread *thread))
{
	return append(list,
		      Py_BuildValue("{s:i,s:N,s:s,s:N,s:N}", "tid", (int)pair->a->tid,
				    "comm", snap_py_text(pair->a->comm), "what", what,
				    "old", value(pair->a), "new", value(pair->b)));
}

/** What else a thread is landed with. */
static PyObject *state(const struct snap_diff *diff)
{
	_cleanup_pydecref_ PyObject *list = PyList_New(0);
	for (size_t i = 0; list && i < diff->nr_threads; i++) {
		const struct snap_thread_pair *pair = &diff->threads[i];
		if (pair->changed & SNAP_THREAD_SIGMASK &&
		    append_state(list, pair, "sigmask", mask) < 0)
			return NULL;
		if (pair->changed & SNAP_THREAD_ALTSTACK &&
		    append_state(list, pair, "altstack", altstack) < 0)
			return NULL;
	}
	return snap_take(list);
}

/** A register as in Snapshot.registers(); None where the thread does not have it. */
static PyObject *register_value(const struct snap_snapshot *snapshot,
				const struct snap_thread *thread,
				const struct snap_register_desc *desc)
{
	if (!desc)
		Py_RETURN_NONE;
	size_t size =
		snap_arch_register_size(snapshot->arch, &snapshot->cpu, thread, desc);
	if (!size)
		Py_RETURN_NONE;
	_cleanup_free_ uint8_t *value = malloc(size);
	if (!value)
		return PyErr_NoMemory();
	if (!snap_arch_read_register(snapshot->arch, &snapshot->cpu, thread, desc,
				     value))
		Py_RETURN_NONE;
	return snap_py_register(desc, value, size);
}

static PyObject *registers(const struct snap_diff *diff)
{
	_cleanup_pydecref_ PyObject *list = PyList_New(0);
	for (size_t i = 0; list && i < diff->nr_registers; i++) {
		const struct snap_register_change *change = &diff->registers[i];
		if (append(list, Py_BuildValue("{s:i,s:N,s:s,s:N,s:N}", "tid",
					       (int)change->a->tid, "comm",
					       snap_py_text(change->a->comm), "name",
					       change->name, "old",
					       register_value(diff->a, change->a,
							      change->desc),
					       "new",
					       register_value(diff->b, change->b,
							      change->desc))) < 0)
			return NULL;
	}
	return snap_take(list);
}

static PyObject *memory_dict(const struct snap_memory_change *change)
{
	return Py_BuildValue("{s:K,s:K,s:N,s:K,s:K,s:O,s:O}", "start",
			     (unsigned long long)change->start, "end",
			     (unsigned long long)change->end, "mapping",
			     snap_py_text(change->vma->name), "mapping_start",
			     (unsigned long long)change->vma->start, "mapping_end",
			     (unsigned long long)change->vma->end, "is_unknown",
			     change->is_unknown ? Py_True : Py_False, "is_tags",
			     change->is_tags ? Py_True : Py_False);
}

static PyObject *memory(const struct snap_memory_changes *changes)
{
	_cleanup_pydecref_ PyObject *list = PyList_New(0);
	for (size_t i = 0; list && i < changes->nr; i++)
		if (append(list, memory_dict(&changes->list[i])) < 0)
			return NULL;
	return snap_take(list);
}

static PyObject *step_dict(struct snap_py_state *state, const struct snap_step *step)
{
	static const char *const families[] = {
		[SNAP_FAMILY_MAPPINGS] = "mappings", [SNAP_FAMILY_SIGNALS] = "signals",
		[SNAP_FAMILY_TIMERS] = "timers",     [SNAP_FAMILY_FILES] = "files",
		[SNAP_FAMILY_THREADS] = "threads",   [SNAP_FAMILY_PROCESS] = "process",
	};
	_cleanup_buffer_ struct snap_buffer text = { 0 };
	snap_err error = snap_step_describe(step, &text);
	if (error)
		return snap_py_raise(state, error);
	return Py_BuildValue("{s:s,s:i,s:s,s:N}", "family",
			     families[snap_step_family(step->kind)], "tid",
			     (int)step->tid, "event", snap_step_event(step->kind),
			     "what",
			     PyUnicode_DecodeFSDefaultAndSize((const char *)text.data,
							      (Py_ssize_t)text.size));
}

static PyObject *steps(struct snap_py_state *state, const struct snap_diff *diff)
{
	_cleanup_pydecref_ PyObject *list = PyList_New(0);
	for (size_t i = 0; list && i < diff->plan.nr_steps; i++)
		if (snap_diff_shows_step(diff, &diff->plan.steps[i]) &&
		    append(list, step_dict(state, &diff->plan.steps[i])) < 0)
			return NULL;
	return snap_take(list);
}

static PyObject *describe(struct snap_py_state *module_state,
			  const struct snap_diff *diff)
{
	return Py_BuildValue("{s:O,s:N,s:N,s:N,s:N,s:N,s:n,s:K,s:N,s:N}", "is_empty",
			     snap_diff_is_empty(diff) ? Py_True : Py_False, "notes",
			     texts(diff->notes, diff->nr_notes), "threads",
			     threads(diff), "state", state(diff), "registers",
			     registers(diff), "memory", memory(&diff->memory),
			     "memory_ranges", (Py_ssize_t)diff->memory.nr_all,
			     "memory_bytes", (unsigned long long)diff->memory.bytes_all,
			     "steps", steps(module_state, diff), "refusals",
			     texts(diff->plan.refusals, diff->plan.nr_refusals));
}

static PyObject *compare(PyObject *module, PyObject *args, PyObject *keywords)
{
	static const char *const names[] = { "a", "b", "max_ranges", "progress", NULL };
	struct snap_py_state *state = snap_py_state(module);
	PyObject *a, *b;
	Py_ssize_t max_ranges = 1000;
	struct snap_py_progress progress = { 0 };
	if (!PyArg_ParseTupleAndKeywords(args, keywords, "O!O!|$nO:diff",
					 (char **)names, state->snapshot_type, &a,
					 state->snapshot_type, &b, &max_ranges,
					 &progress.callable))
		return NULL;
	if (max_ranges < 0) {
		PyErr_SetString(PyExc_ValueError, "max_ranges is negative");
		return NULL;
	}
	struct snap_progress passed = snap_py_progress(&progress);
	_cleanup_diff_ struct snap_diff diff = { 0 };
	snap_err error = snap_py_snapshot_settle(a, progress.callable);
	if (!error)
		error = snap_py_snapshot_settle(b, progress.callable);
	if (!error)
		error = snap_session_diff(snap_py_snapshot_get(a),
					  snap_py_snapshot_get(b), (size_t)max_ranges,
					  &passed, &diff);
	if (error)
		return snap_py_raise(state, error);
	return describe(state, &diff);
}

/** NULL with an exception; free(). */
static uint64_t *parse_addresses(PyObject *items)
{
	size_t nr = (size_t)PyTuple_Size(items);
	_cleanup_free_ uint64_t *addresses = calloc(nr + 1, sizeof(*addresses));
	if (!addresses) {
		PyErr_NoMemory();
		return NULL;
	}
	for (size_t i = 0; i < nr; i++)
		if (!snap_py_uint64(PyTuple_GetItem(items, (Py_ssize_t)i),
				    &addresses[i]))
			return NULL;
	return snap_take(addresses);
}

static PyObject *describe_names(const struct snap_name *names, size_t nr)
{
	_cleanup_pydecref_ PyObject *list = PyList_New(0);
	for (size_t i = 0; list && i < nr; i++)
		if (append(list,
			   names[i].name
				   ? Py_BuildValue("(NK)", snap_py_text(names[i].name),
						   (unsigned long long)names[i].offset)
				   : Py_NewRef(Py_None)) < 0)
			return NULL;
	return snap_take(list);
}

static PyObject *symbols(PyObject *module, PyObject *args, PyObject *keywords)
{
	static const char *const names[] = { "snapshot", "addresses", NULL };
	struct snap_py_state *state = snap_py_state(module);
	PyObject *snapshot, *sequence;
	if (!PyArg_ParseTupleAndKeywords(args, keywords, "O!O:symbols", (char **)names,
					 state->snapshot_type, &snapshot, &sequence))
		return NULL;
	_cleanup_pydecref_ PyObject *items = PySequence_Tuple(sequence);
	_cleanup_free_ uint64_t *addresses = items ? parse_addresses(items) : NULL;
	if (!addresses)
		return NULL;
	size_t nr = (size_t)PyTuple_Size(items);
	struct snap_name *found;
	snap_err error = snap_py_snapshot_settle(snapshot, NULL);
	if (!error)
		error = snap_unwind_names(snap_py_snapshot_get(snapshot), addresses, nr,
					  &found);
	if (error)
		return snap_py_raise(state, error);
	PyObject *list = describe_names(found, nr);
	snap_names_destroy(found, nr);
	return list;
}

const PyMethodDef snap_py_diff_functions[] = {
	{ "diff", SNAP_PY_KEYWORDS(compare), METH_VARARGS | METH_KEYWORDS,
	  "What differs between two snapshots." },
	{ "symbols", SNAP_PY_KEYWORDS(symbols), METH_VARARGS | METH_KEYWORDS,
	  "The functions or variables at addresses, from the snapshot's files." },
	{ 0 },
};
