#define PY_SSIZE_T_CLEAN
#include <Python.h>

static struct PyModuleDef definition = {
	PyModuleDef_HEAD_INIT,
	.m_name = "_snapshot",
	.m_size = 0,
};

PyMODINIT_FUNC PyInit__snapshot(void);

PyMODINIT_FUNC PyInit__snapshot(void)
{
	return PyModule_Create(&definition);
}
