// SPDX-License-Identifier: GPL-3.0-or-later
#include "gdbext/snapshot.h"

#include <string.h>

#include "arch/arch.h"
#include "core/image/image.h"
#include "core/session/contain.h"
#include "core/unwind/unwind.h"
#include "gdbext/arguments.h"
#include "gdbext/describe.h"
#include "gdbext/error.h"
#include "gdbext/progress.h"
#include "gdbext/read.h"
#include "gdbext/state.h"
#include "gdbext/store.h"
#include "gdbext/tracking.h"
#include "gdbext/writing.h"

struct snap_snapshot *snap_py_snapshot_get(PyObject *object)
{
	return ((struct snap_py_snapshot *)object)->snapshot;
}

snap_err snap_py_snapshot_settle(PyObject *object, PyObject *callable)
{
	struct snap_py_progress progress = { .callable = callable };
	struct snap_progress passed = snap_py_progress(&progress);
	return snap_memory_settle(&snap_py_snapshot_get(object)->memory, &passed);
}

PyObject *snap_py_snapshot_create(struct snap_py_state *state,
				  struct snap_snapshot *taken)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot = taken;
	PyObject *self = PyType_GenericAlloc(state->snapshot_type, 0);
	struct snap_py_snapshot *object = (struct snap_py_snapshot *)self;
	if (self) {
		object->snapshot = snap_take(snapshot);
		object->older = state->newest;
		if (state->newest)
			state->newest->newer = object;
		state->newest = object;
	}
	return self;
}

static void take_from_list(struct snap_py_state *state, struct snap_py_snapshot *object)
{
	if (object->newer)
		object->newer->older = object->older;
	else
		state->newest = object->older;
	if (object->older)
		object->older->newer = object->newer;
}

static void dealloc(PyObject *self)
{
	PyTypeObject *type = Py_TYPE(self);
	struct snap_py_state *state = PyType_GetModuleState(type);
	if (state) {
		take_from_list(state, (struct snap_py_snapshot *)self);
		snap_py_store_leave(state, snap_py_snapshot_get(self));
	} else { // At the end of the interpreter, the module may be gone first.
		PyErr_Clear();
	}
	snap_snapshot_destroy(snap_py_snapshot_get(self));
	freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
	release(self);
	Py_DECREF(type);
}

/** The state of the module that made the class. */
static struct snap_py_state *state_of(PyObject *self)
{
	return PyType_GetModuleState(Py_TYPE(self));
}

/** A member that is an owned string; its offset is in the table's last column. */
static PyObject *get_text(PyObject *self, void *offset)
{
	char *base = (char *)snap_py_snapshot_get(self);
	return snap_py_text(*(char **)(base + (uintptr_t)offset));
}

static int set_text(PyObject *self, PyObject *value, void *offset)
{
	if (!value) {
		PyErr_SetString(PyExc_AttributeError, "it cannot be deleted");
		return -1;
	}
	// Refuses what is no text, and text with a NUL inside.
	_cleanup_pydecref_ PyObject *bytes = NULL;
	if (!PyUnicode_Check(value)) {
		PyErr_SetString(PyExc_TypeError, "it must be a str");
		return -1;
	}
	if (!PyUnicode_FSConverter(value, &bytes))
		return -1;
	char *base = (char *)snap_py_snapshot_get(self);
	snap_err error = snap_snapshot_set_text((char **)(base + (uintptr_t)offset),
						PyBytes_AsString(bytes));
	if (error)
		snap_py_raise(state_of(self), error);
	return error ? -1 : 0;
}

static PyObject *get_uuid(PyObject *self, void *unused)
{
	return snap_py_uuid(snap_py_snapshot_get(self)->uuid);
}

static PyObject *get_parent(PyObject *self, void *unused)
{
	static const uint8_t none[SNAP_UUID_SIZE];
	const uint8_t *parent = snap_py_snapshot_get(self)->parent;
	if (!memcmp(parent, none, sizeof(none)))
		return Py_NewRef(Py_None);
	return snap_py_uuid(parent);
}

static PyObject *get_time(PyObject *self, void *unused)
{
	return PyFloat_FromDouble((double)snap_py_snapshot_get(self)->time_ns / 1e9);
}

static PyObject *get_arch(PyObject *self, void *unused)
{
	return snap_py_text(snap_py_snapshot_get(self)->arch->name);
}

static PyObject *get_pid(PyObject *self, void *unused)
{
	return PyLong_FromLong(snap_py_snapshot_get(self)->identity.pid);
}

static PyObject *get_exe_build_id(PyObject *self, void *unused)
{
	const struct snap_identity *identity = &snap_py_snapshot_get(self)->identity;
	return snap_py_build_id(identity->exe_build_id, identity->exe_build_id_size);
}

static PyObject *get_current_tid(PyObject *self, void *unused)
{
	return PyLong_FromLong(snap_py_snapshot_get(self)->current_tid);
}

static PyObject *get_copying(PyObject *self, void *unused)
{
	return snap_py_text(snap_py_snapshot_get(self)->copying);
}

static PyObject *get_is_settled(PyObject *self, void *unused)
{
	const struct snap_memory *memory = &snap_py_snapshot_get(self)->memory;
	return PyBool_FromLong(!snap_arrivals_are_coming(memory->arrivals));
}

static PyObject *settle(PyObject *self, PyObject *args, PyObject *keywords)
{
	static const char *const names[] = { "progress", NULL };
	PyObject *progress = NULL;
	if (!PyArg_ParseTupleAndKeywords(args, keywords, "|O:settle", (char **)names,
					 &progress))
		return NULL;
	return snap_py_none(state_of(self), snap_py_snapshot_settle(self, progress));
}

static PyObject *get_size(PyObject *self, void *unused)
{
	return PyLong_FromUnsignedLongLong(snap_py_snapshot_get(self)->memory.size);
}

static PyObject *get_new_size(PyObject *self, void *unused)
{
	return PyLong_FromUnsignedLongLong(snap_py_snapshot_get(self)->new_size);
}

static PyObject *get_usage(PyObject *self, void *unused)
{
	struct snap_memory_usage usage =
		snap_memory_usage(&snap_py_snapshot_get(self)->memory);
	return Py_BuildValue("{s:K,s:K,s:K}", "alone", (unsigned long long)usage.alone,
			     "shared", (unsigned long long)usage.shared, "map",
			     (unsigned long long)usage.map);
}

static PyObject *get_tracking(PyObject *self, void *unused)
{
	return snap_py_tracking(state_of(self), &snap_py_snapshot_get(self)->identity);
}

static PyObject *get_brk(PyObject *self, void *unused)
{
	return PyLong_FromUnsignedLongLong(snap_py_snapshot_get(self)->brk);
}

static PyObject *get_cpu(PyObject *self, void *unused)
{
	return snap_py_cpu(&snap_py_snapshot_get(self)->cpu);
}

static PyObject *get_omissions(PyObject *self, void *unused)
{
	const struct snap_snapshot *snapshot = snap_py_snapshot_get(self);
	_cleanup_pydecref_ PyObject *list = PyList_New(0);
	for (size_t i = 0; list && i < snapshot->nr_omissions; i++) {
		_cleanup_pydecref_ PyObject *text =
			snap_py_text(snapshot->omissions[i]);
		if (!text || PyList_Append(list, text) < 0)
			return NULL;
	}
	return snap_take(list);
}

static PyObject *threads(PyObject *self, PyObject *unused)
{
	return snap_py_threads(snap_py_snapshot_get(self));
}

static PyObject *mappings(PyObject *self, PyObject *unused)
{
	return snap_py_mappings(snap_py_snapshot_get(self));
}

static PyObject *files(PyObject *self, PyObject *unused)
{
	return snap_py_files_state(snap_py_snapshot_get(self));
}

static PyObject *registers(PyObject *self, PyObject *args, PyObject *keywords)
{
	static const char *const names[] = { "tid", NULL };
	int tid;
	if (!PyArg_ParseTupleAndKeywords(args, keywords, "i:registers", (char **)names,
					 &tid))
		return NULL;
	const struct snap_snapshot *snapshot = snap_py_snapshot_get(self);
	const struct snap_thread *thread = snap_snapshot_thread(snapshot, tid);
	if (!thread)
		return snap_py_raise(state_of(self),
				     snap_error_create(SNAP_ERROR_INVALID,
						       "the snapshot has no thread %d",
						       tid));
	return snap_py_registers(snapshot, thread);
}

static int put_backtrace(PyObject *dict, pid_t tid,
			 const struct snap_backtrace *backtrace)
{
	_cleanup_pydecref_ PyObject *key = PyLong_FromLong(tid);
	_cleanup_pydecref_ PyObject *value = snap_py_backtrace(backtrace);
	return key && value ? PyDict_SetItem(dict, key, value) : -1;
}

static PyObject *backtraces(PyObject *self, PyObject *unused)
{
	const struct snap_snapshot *snapshot = snap_py_snapshot_get(self);
	struct snap_backtrace *list;
	snap_err error = snap_py_snapshot_settle(self, NULL);
	if (!error)
		error = snap_unwind_snapshot(snapshot, &list);
	if (error)
		return snap_py_raise(state_of(self), error);
	PyObject *dict = PyDict_New();
	for (size_t i = 0; dict && i < snapshot->nr_threads; i++)
		if (put_backtrace(dict, snapshot->threads[i].tid, &list[i]) < 0)
			Py_CLEAR(dict);
	snap_backtraces_destroy(list, snapshot->nr_threads);
	return dict;
}

static PyObject *read_memory(PyObject *self, PyObject *args, PyObject *keywords)
{
	static const char *const names[] = { "address", "size", NULL };
	uint64_t address, size;
	if (!PyArg_ParseTupleAndKeywords(args, keywords, "O&O&:read", (char **)names,
					 snap_py_uint64, &address, snap_py_uint64,
					 &size))
		return NULL;
	const struct snap_snapshot *snapshot = snap_py_snapshot_get(self);
	snap_err error = snap_py_check_mapped(snapshot, address, size);
	if (error)
		return snap_py_raise(state_of(self), error);
	_cleanup_pydecref_ PyObject *bytes =
		PyBytes_FromStringAndSize(NULL, (Py_ssize_t)size);
	if (!bytes)
		return NULL;
	error = snap_py_snapshot_settle(self, NULL);
	if (!error)
		error = snap_py_read(snapshot, address, size,
				     (uint8_t *)PyBytes_AsString(bytes));
	if (error)
		return snap_py_raise(state_of(self), error);
	return snap_take(bytes);
}

static PyObject *set_parent(PyObject *self, PyObject *parent)
{
	struct snap_snapshot *snapshot = snap_py_snapshot_get(self);
	if (parent == Py_None) {
		memset(snapshot->parent, 0, sizeof(snapshot->parent));
		Py_RETURN_NONE;
	}
	if (!Py_IS_TYPE(parent, Py_TYPE(self))) {
		PyErr_SetString(PyExc_TypeError, "a parent is a Snapshot or None");
		return NULL;
	}
	memcpy(snapshot->parent, snap_py_snapshot_get(parent)->uuid,
	       sizeof(snapshot->parent));
	Py_RETURN_NONE;
}

static PyObject *get_state(PyObject *self, PyObject *unused)
{
	return snap_py_snapshot_state(snap_py_snapshot_get(self));
}

/** What is written: the snapshot, with files that it maps if they are wanted. */
struct writing {
	struct snap_snapshot snapshot;
	struct snap_memory contained;
};

static void writing_deinit(struct writing *writing)
{
	snap_memory_deinit(&writing->contained);
}

static snap_err writing_init(PyObject *self, bool is_self_contained,
			     const struct snap_progress *progress,
			     struct writing *writing)
{
	writing->snapshot = *snap_py_snapshot_get(self);
	if (!is_self_contained)
		return SNAP_OK;
	SNAP_TRY(snap_session_contain(&writing->snapshot, progress,
				      &writing->contained));
	writing->snapshot.memory = writing->contained;
	return SNAP_OK;
}

static PyObject *write_image(PyObject *self, PyObject *args, PyObject *keywords)
{
	static const char *const names[] = { "path", "overwrite", "progress",
					     "self_contained", NULL };
	_cleanup_pydecref_ PyObject *path = NULL;
	int overwrite = 0, is_self_contained = 0;
	struct snap_py_progress progress = { 0 };
	if (!PyArg_ParseTupleAndKeywords(args, keywords, "O&|pOp:write", (char **)names,
					 PyUnicode_FSConverter, &path, &overwrite,
					 &progress.callable, &is_self_contained))
		return NULL;
	struct snap_progress passed = snap_py_progress(&progress);
	_cleanup_(writing_deinit) struct writing writing = { 0 };
	snap_err error = snap_py_snapshot_settle(self, progress.callable);
	if (!error)
		error = writing_init(self, is_self_contained, &passed, &writing);
	if (!error)
		error = snap_image_write(&writing.snapshot, PyBytes_AsString(path),
					 overwrite, &passed);
	return snap_py_none(state_of(self), error);
}

static PyObject *begin_write(PyObject *self, PyObject *args, PyObject *keywords)
{
	static const char *const names[] = { "path", "overwrite", "progress",
					     "self_contained", NULL };
	_cleanup_pydecref_ PyObject *path = NULL;
	int overwrite = 0, is_self_contained = 0;
	struct snap_py_progress progress = { 0 };
	if (!PyArg_ParseTupleAndKeywords(args, keywords, "O&|pOp:begin_write",
					 (char **)names, PyUnicode_FSConverter, &path,
					 &overwrite, &progress.callable,
					 &is_self_contained))
		return NULL;
	struct snap_progress passed = snap_py_progress(&progress);
	_cleanup_(writing_deinit) struct writing writing = { 0 };
	struct snap_writing *begun;
	// Files are read at once: they may be others in a moment.
	snap_err error = is_self_contained
				 ? snap_py_snapshot_settle(self, progress.callable)
				 : SNAP_OK;
	if (!error)
		error = writing_init(self, is_self_contained, &passed, &writing);
	if (!error)
		error = snap_writing_create(&writing.snapshot, PyBytes_AsString(path),
					    overwrite, &begun);
	if (error)
		return snap_py_raise(state_of(self), error);
	return snap_py_writing_create(state_of(self), begun);
}

#define TEXT(name, member)                                             \
	{                                                              \
		name, get_text, NULL, NULL,                            \
			(void *)offsetof(struct snap_snapshot, member) \
	}
#define TEXT_RW(name, member)                                          \
	{                                                              \
		name, get_text, set_text, NULL,                        \
			(void *)offsetof(struct snap_snapshot, member) \
	}

#define GET(name, function, doc)                \
	{                                       \
		name, function, NULL, doc, NULL \
	}

/** Those of other programs have no uuid: snap_foreign_create(). */
static PyObject *get_is_foreign(PyObject *self, void *unused)
{
	static const uint8_t none[SNAP_UUID_SIZE];
	return PyBool_FromLong(
		!memcmp(snap_py_snapshot_get(self)->uuid, none, sizeof(none)));
}

static const PyGetSetDef attributes[] = {
	TEXT_RW("label", label),
	TEXT_RW("note", note),
	TEXT("kernel", kernel),
	TEXT("host", host),
	TEXT("exe", identity.exe),
	TEXT("command_line", command_line),
	GET("uuid", get_uuid, NULL),
	GET("parent", get_parent, NULL),
	GET("time", get_time, "Seconds since 1970."),
	GET("arch", get_arch, NULL),
	GET("pid", get_pid, NULL),
	GET("exe_build_id", get_exe_build_id, NULL),
	GET("current_tid", get_current_tid, NULL),
	GET("copying", get_copying, "How the memory was copied; None: not by us."),
	GET("is_foreign", get_is_foreign, "Whether another program wrote it."),
	GET("is_settled", get_is_settled, "Whether all memory has been copied."),
	GET("new_size", get_new_size,
	    "Bytes of memory that were not kept before the save."),
	GET("size", get_size, "Bytes of memory that the snapshot holds."),
	GET("usage", get_usage, "What it takes of its store, by who holds it."),
	GET("omissions", get_omissions, "What could not be captured, sentences."),
	GET("tracking", get_tracking, "How changes of its process are found, now."),
	GET("brk", get_brk, NULL),
	GET("cpu", get_cpu, NULL),
	{ 0 },
};

static const PyMethodDef methods[] = {
	{ "threads", threads, METH_NOARGS, "The threads, the leader first." },
	{ "mappings", mappings, METH_NOARGS, "The mappings, by address." },
	{ "state", get_state, METH_NOARGS,
	  "What there is beside registers and memory, by family." },
	{ "files", files, METH_NOARGS,
	  "The descriptors, by number; None: not captured." },
	{ "registers", SNAP_PY_KEYWORDS(registers), METH_VARARGS | METH_KEYWORDS,
	  "All registers of a thread that were captured, in the table's order." },
	{ "backtraces", backtraces, METH_NOARGS,
	  "By TID; from the snapshot alone (libdwfl)." },
	{ "read", SNAP_PY_KEYWORDS(read_memory), METH_VARARGS | METH_KEYWORDS,
	  "Memory as it was; InvalidRequest where the snapshot does not hold it." },
	{ "settle", SNAP_PY_KEYWORDS(settle), METH_VARARGS | METH_KEYWORDS,
	  "Wait until all memory has been copied." },
	{ "set_parent", set_parent, METH_O, "Say which snapshot was the one before." },
	{ "write", SNAP_PY_KEYWORDS(write_image), METH_VARARGS | METH_KEYWORDS,
	  "Write an image: doc/image-format.md." },
	{ "begin_write", SNAP_PY_KEYWORDS(begin_write), METH_VARARGS | METH_KEYWORDS,
	  "Have an image written in the background: a Writing." },
	{ 0 },
};

int snap_py_snapshot_add(PyObject *module, struct snap_py_state *state)
{
	PyType_Slot slots[] = {
		{ Py_tp_doc, (void *)"A process at one instant.\n\n"
				     "Made by capture() and load() alone." },
		{ Py_tp_dealloc, dealloc },
		{ Py_tp_getset, (void *)attributes },
		{ Py_tp_methods, (void *)methods },
		{ 0, NULL },
	};
	PyType_Spec spec = {
		.name = "_snapshot.Snapshot",
		.basicsize = sizeof(struct snap_py_snapshot),
		.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION |
			 Py_TPFLAGS_IMMUTABLETYPE,
		.slots = slots,
	};
	state->snapshot_type =
		(PyTypeObject *)PyType_FromModuleAndSpec(module, &spec, NULL);
	return state->snapshot_type ? PyModule_AddType(module, state->snapshot_type)
				    : -1;
}
