// SPDX-License-Identifier: GPL-3.0-or-later
#include "gdbext/compat.h"

#include <string.h>

#include "arch/machine.h"
#include "core/compat/cpu_json.h"
#include "core/foreign/adopt.h"
#include "core/foreign/foreign.h"
#include "gdbext/arguments.h"
#include "gdbext/describe.h"
#include "gdbext/error.h"
#include "gdbext/progress.h"
#include "gdbext/restoring.h"
#include "gdbext/snapshot.h"

int snap_py_mode(PyObject *object, void *ret)
{
	_cleanup_pydecref_ PyObject *bytes = NULL;
	if (PyUnicode_Check(object))
		bytes = PyUnicode_AsUTF8String(object);
	if (bytes && snap_mode_by_name(PyBytes_AsString(bytes), ret))
		return 1;
	if (!PyErr_Occurred())
		PyErr_SetString(PyExc_ValueError,
				"a mode is \"strict\", \"compat\" or \"any\"");
	return 0;
}

static PyObject *finding_dict(const struct snap_finding *finding)
{
	return Py_BuildValue("{s:s,s:s,s:N,s:N}", "severity",
			     snap_severity_name(finding->severity), "subject",
			     finding->subject, "sentence",
			     snap_py_text(finding->sentence), "remedy",
			     snap_py_text(finding->remedy));
}

static PyObject *verdict_dict(const struct snap_verdict *verdict)
{
	_cleanup_pydecref_ PyObject *findings = PyList_New(0);
	for (size_t i = 0; findings && i < verdict->nr_findings; i++) {
		_cleanup_pydecref_ PyObject *finding =
			finding_dict(&verdict->findings[i]);
		if (!finding || PyList_Append(findings, finding) < 0)
			return NULL;
	}
	if (!findings)
		return NULL;
	return Py_BuildValue("{s:s,s:O}", "verdict", snap_verdict_name(verdict->level),
			     "findings", findings);
}

/** The machine that a file describes, or with NULL this one. */
static snap_err describe(const struct snap_py_state *state, PyObject *path,
			 struct snap_cpu *ret)
{
	return path ? snap_cpu_json_read(PyBytes_AsString(path), ret)
		    : snap_machine_recall(&state->known.machine, ret);
}

static PyObject *check(PyObject *module, PyObject *args, PyObject *keywords)
{
	static const char *const names[] = { "snapshot", "cpu", "mode", NULL };
	struct snap_py_state *state = snap_py_state(module);
	PyObject *snapshot;
	_cleanup_pydecref_ PyObject *path = NULL;
	enum snap_compat_mode mode = SNAP_MODE_COMPAT;
	if (!PyArg_ParseTupleAndKeywords(args, keywords, "O!|$O&O&:check",
					 (char **)names, state->snapshot_type,
					 &snapshot, PyUnicode_FSConverter, &path,
					 snap_py_mode, &mode))
		return NULL;
	_cleanup_cpu_ struct snap_cpu cpu = { 0 };
	_cleanup_verdict_ struct snap_verdict verdict = { 0 };
	snap_err error = describe(state, path, &cpu);
	if (!error)
		error = snap_compat_check_snapshot(snap_py_snapshot_get(snapshot), &cpu,
						   mode, &verdict);
	return error ? snap_py_raise(state, error) : verdict_dict(&verdict);
}

static PyObject *describe_cpu(PyObject *module, PyObject *unused)
{
	struct snap_py_state *state = snap_py_state(module);
	_cleanup_cpu_ struct snap_cpu cpu = { 0 };
	_cleanup_buffer_ struct snap_buffer text = { 0 };
	snap_err error = snap_machine_describe(&cpu);
	if (!error)
		error = snap_cpu_json_write(&cpu, &text);
	if (error)
		return snap_py_raise(state, error);
	return PyUnicode_FromStringAndSize((const char *)text.data,
					   (Py_ssize_t)text.size);
}

static PyObject *look(PyObject *module, PyObject *args, PyObject *keywords)
{
	static const char *const names[] = { "path", "progress", NULL };
	struct snap_py_state *state = snap_py_state(module);
	_cleanup_pydecref_ PyObject *path = NULL;
	struct snap_py_progress progress = { 0 };
	if (!PyArg_ParseTupleAndKeywords(args, keywords, "O&|$O:look", (char **)names,
					 PyUnicode_FSConverter, &path,
					 &progress.callable))
		return NULL;
	struct snap_progress passed = snap_py_progress(&progress);
	struct snap_snapshot *snapshot;
	snap_err error = snap_foreign_read(PyBytes_AsString(path), &passed, &snapshot);
	if (error)
		return snap_py_raise(state, error);
	return snap_py_snapshot_create(state, snapshot);
}

static PyObject *adopt(PyObject *module, PyObject *args, PyObject *keywords)
{
	static const char *const names[] = { "snapshot", NULL };
	struct snap_py_state *state = snap_py_state(module);
	PyObject *snapshot;
	if (!PyArg_ParseTupleAndKeywords(args, keywords, "O!:adopt", (char **)names,
					 state->snapshot_type, &snapshot))
		return NULL;
	_cleanup_notes_ struct snap_notes assumptions = { 0 };
	snap_err error =
		snap_foreign_adopt(snap_py_snapshot_get(snapshot), &assumptions);
	if (error)
		return snap_py_raise(state, error);
	return snap_py_notes(&assumptions);
}

const PyMethodDef snap_py_compat_functions[] = {
	{ "check", SNAP_PY_KEYWORDS(check), METH_VARARGS | METH_KEYWORDS,
	  "Compare what a snapshot needs with a machine." },
	{ "describe_cpu", describe_cpu, METH_NOARGS,
	  "This machine as JSON: doc/cpu-json.md." },
	{ "look", SNAP_PY_KEYWORDS(look), METH_VARARGS | METH_KEYWORDS,
	  "Read an image of any kind, to be looked at and checked." },
	{ "adopt", SNAP_PY_KEYWORDS(adopt), METH_VARARGS | METH_KEYWORDS,
	  "Have a core file of another program brought to life: what is assumed." },
	{ 0 },
};
