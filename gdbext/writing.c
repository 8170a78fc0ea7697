// SPDX-License-Identifier: GPL-3.0-or-later
#include "gdbext/writing.h"

#include "gdbext/error.h"
#include "gdbext/progress.h"

struct object {
	PyObject_HEAD struct snap_writing *writing;
};

PyObject *snap_py_writing_create(struct snap_py_state *state,
				 struct snap_writing *writing)
{
	PyObject *self = PyType_GenericAlloc(state->writing_type, 0);
	if (self)
		((struct object *)self)->writing = writing;
	else
		snap_writing_destroy(writing);
	return self;
}

static struct snap_writing *get(PyObject *self)
{
	return ((struct object *)self)->writing;
}

static void dealloc(PyObject *self)
{
	PyTypeObject *type = Py_TYPE(self);
	snap_writing_destroy(get(self));
	freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
	release(self);
	Py_DECREF(type);
}

static PyObject *get_is_over(PyObject *self, void *unused)
{
	return PyBool_FromLong(snap_worker_is_over(&get(self)->worker));
}

static PyObject *get_done(PyObject *self, void *unused)
{
	return PyLong_FromUnsignedLongLong(get(self)->worker.done);
}

static PyObject *get_total(PyObject *self, void *unused)
{
	return PyLong_FromUnsignedLongLong(get(self)->total);
}

static PyObject *wait_for(PyObject *self, PyObject *args, PyObject *keywords)
{
	static const char *const names[] = { "progress", NULL };
	struct snap_py_progress progress = { 0 };
	if (!PyArg_ParseTupleAndKeywords(args, keywords, "|O:wait", (char **)names,
					 &progress.callable))
		return NULL;
	struct snap_progress passed = snap_py_progress(&progress);
	return snap_py_none(PyType_GetModuleState(Py_TYPE(self)),
			    snap_writing_wait(get(self), &passed));
}

static PyObject *cancel(PyObject *self, PyObject *unused)
{
	snap_worker_cancel(&get(self)->worker);
	Py_RETURN_NONE;
}

static const PyGetSetDef attributes[] = {
	{ "is_over", get_is_over, NULL, "Whether wait() would return at once.", NULL },
	{ "done", get_done, NULL, "Bytes of memory that were written.", NULL },
	{ "total", get_total, NULL, "Bytes of memory that there are to write.", NULL },
	{ 0 },
};

static const PyMethodDef methods[] = {
	{ "wait", (PyCFunction)(void (*)(void))wait_for, METH_VARARGS | METH_KEYWORDS,
	  "Wait until the file is there; raises, each time, if it will not be." },
	{ "cancel", cancel, METH_NOARGS,
	  "Have it end soon: wait() tells whether the file was complete before." },
	{ 0 },
};

int snap_py_writing_add(PyObject *module, struct snap_py_state *state)
{
	PyType_Slot slots[] = {
		{ Py_tp_doc, (void *)"An image that is being written.\n\n"
				     "Made by Snapshot.begin_write() alone." },
		{ Py_tp_dealloc, dealloc },
		{ Py_tp_getset, (void *)attributes },
		{ Py_tp_methods, (void *)methods },
		{ 0, NULL },
	};
	PyType_Spec spec = {
		.name = "_snapshot.Writing",
		.basicsize = sizeof(struct object),
		.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION |
			 Py_TPFLAGS_IMMUTABLETYPE,
		.slots = slots,
	};
	state->writing_type =
		(PyTypeObject *)PyType_FromModuleAndSpec(module, &spec, NULL);
	return state->writing_type ? PyModule_AddType(module, state->writing_type) : -1;
}
