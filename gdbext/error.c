// SPDX-License-Identifier: GPL-3.0-or-later
#include "gdbext/error.h"

#include <string.h>

static const struct {
	const char *name;
	const char *doc;
} kinds[] = {

#define SNAP_ERROR(kind, python, meaning) \
	[SNAP_ERROR_##kind] = { "_snapshot." python, meaning },
#include "core/base/errors.def"
#undef SNAP_ERROR
};

static PyObject *create_base(void)
{
	_cleanup_pydecref_ PyObject *defaults =
		Py_BuildValue("{s:O,s:i}", "remedy", Py_None, "errno", 0);
	if (!defaults)
		return NULL;
	return PyErr_NewExceptionWithDoc(
		"_snapshot.Error",
		"Something the core could not do.  str() is one sentence.\n\n"
		"remedy: what the user can do about it, one sentence, or None.\n"
		"errno: of the system call that failed, or 0.",
		PyExc_Exception, defaults);
}

int snap_py_errors_add(PyObject *module, struct snap_py_state *state)
{
	state->error = create_base();
	if (!state->error || PyModule_AddObjectRef(module, "Error", state->error) < 0)
		return -1;
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(kinds); i++) {
		state->errors[i] =
			PyErr_NewExceptionWithDoc(kinds[i].name, kinds[i].doc,
						  state->error, NULL);
		if (!state->errors[i] ||
		    PyModule_AddObjectRef(module, strchr(kinds[i].name, '.') + 1,
					  state->errors[i]) < 0)
			return -1;
	}
	return 0;
}

/** NULL with an exception when it cannot be made. */
static PyObject *create(const struct snap_py_state *state, snap_err error)
{
	// Names of files are in messages: decoded as Python does it with file names.
	_cleanup_pydecref_ PyObject *message =
		PyUnicode_DecodeFSDefault(error->message);
	_cleanup_pydecref_ PyObject *remedy =
		error->remedy ? PyUnicode_DecodeFSDefault(error->remedy)
			      : Py_NewRef(Py_None);
	_cleanup_pydecref_ PyObject *os_errno = PyLong_FromLong(error->os_errno);
	if (!message || !remedy || !os_errno)
		return NULL;
	_cleanup_pydecref_ PyObject *exception =
		PyObject_CallFunctionObjArgs(state->errors[error->kind], message, NULL);
	if (!exception || PyObject_SetAttrString(exception, "remedy", remedy) < 0 ||
	    PyObject_SetAttrString(exception, "errno", os_errno) < 0)
		return NULL;
	return snap_take(exception);
}

/** Take the exception that is being raised, if there is one. */
static PyObject *take_raised(void)
{
	PyObject *type, *value, *traceback;
	PyErr_Fetch(&type, &value, &traceback);
	PyErr_NormalizeException(&type, &value, &traceback);
	if (value && traceback)
		PyException_SetTraceback(value, traceback);
	Py_XDECREF(type);
	Py_XDECREF(traceback);
	return value;
}

PyObject *snap_py_raise(struct snap_py_state *state, snap_err error)
{
	_cleanup_error_ snap_err owned = error;
	if (PyErr_Occurred() && owned->kind == SNAP_ERROR_INTERRUPTED)
		return NULL;
	_cleanup_pydecref_ PyObject *context = take_raised();
	_cleanup_pydecref_ PyObject *exception = create(state, owned);
	if (!exception)
		return NULL;
	if (context)
		PyException_SetContext(exception, snap_take(context));
	PyErr_SetObject(state->errors[owned->kind], exception);
	return NULL;
}

PyObject *snap_py_none(struct snap_py_state *state, snap_err error)
{
	return error ? snap_py_raise(state, error) : Py_NewRef(Py_None);
}
