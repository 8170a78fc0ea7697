// SPDX-License-Identifier: GPL-3.0-or-later
#include "gdbext/module.h"

#include "config.h"
#include "gdbext/error.h"
#include "gdbext/snapshot.h"
#include "gdbext/store.h"
#include "gdbext/writing.h"

struct snap_py_state *snap_py_state(PyObject *module)
{
	return PyModule_GetState(module);
}

static int execute(PyObject *module)
{
	// Python only reads these tables, whatever the type of its parameter.
	static const PyMethodDef *const tables[] = {
		snap_py_verbs,
		snap_py_tracer_functions,
		snap_py_digest_functions,
		snap_py_diff_functions,
		snap_py_compat_functions,
		snap_py_land_functions,
		snap_py_life_functions,
		snap_py_stops_functions,
		snap_py_store_functions,
		snap_py_tracking_functions,
	};
	struct snap_py_state *state = snap_py_state(module);
	state->tracers = PyDict_New();
	state->rungs = SNAP_RUNGS_ALL;
	if (!state->tracers || snap_py_errors_add(module, state) < 0 ||
	    snap_py_snapshot_add(module, state) < 0 ||
	    snap_py_writing_add(module, state) < 0 ||
	    PyModule_AddStringConstant(module, "version", PACKAGE_VERSION) < 0)
		return -1;
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(tables); i++)
		if (PyModule_AddFunctions(module, (PyMethodDef *)tables[i]) < 0)
			return -1;
	return 0;
}

static int traverse(PyObject *module, visitproc visit, void *arg)
{
	struct snap_py_state *state = snap_py_state(module);
	Py_VISIT(state->error);
	for (size_t i = 0; i < SNAP_NR_ERROR_KINDS; i++)
		Py_VISIT(state->errors[i]);
	Py_VISIT(state->snapshot_type);
	Py_VISIT(state->writing_type);
	Py_VISIT(state->tracers);
	return 0;
}

static int clear(PyObject *module)
{
	struct snap_py_state *state = snap_py_state(module);
	Py_CLEAR(state->error);
	for (size_t i = 0; i < SNAP_NR_ERROR_KINDS; i++)
		Py_CLEAR(state->errors[i]);
	Py_CLEAR(state->snapshot_type);
	Py_CLEAR(state->writing_type);
	Py_CLEAR(state->tracers);
	return 0;
}

static void release(void *module)
{
	clear(module);
	snap_known_deinit(&snap_py_state(module)->known);
	snap_py_store_deinit(snap_py_state(module));
}

PyMODINIT_FUNC PyInit__snapshot(void);

PyMODINIT_FUNC PyInit__snapshot(void)
{
	static PyModuleDef_Slot slots[] = {
		{ Py_mod_exec, execute },
		{ 0, NULL },
	};
	// Python writes its own bookkeeping into the definition; it is no state of
	// ours.
	static struct PyModuleDef definition = {
		PyModuleDef_HEAD_INIT,
		.m_name = "_snapshot",
		.m_doc = "The C core of gdb-snapshot, which knows nothing of GDB.",
		.m_size = sizeof(struct snap_py_state),
		.m_slots = slots,
		.m_traverse = traverse,
		.m_clear = clear,
		.m_free = release,
	};
	return PyModuleDef_Init(&definition);
}
