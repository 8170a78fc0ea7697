// SPDX-License-Identifier: GPL-3.0-or-later
#include "gdbext/arguments.h"

#include <stdlib.h>
#include <string.h>

int snap_py_uint64(PyObject *object, void *ret)
{
	unsigned long long value = PyLong_AsUnsignedLongLong(object);
	if (value == (unsigned long long)-1 && PyErr_Occurred())
		return 0;
	*(uint64_t *)ret = value;
	return 1;
}

int snap_py_parse_pid(PyObject *args, PyObject *keywords, pid_t *ret)
{
	static const char *const names[] = { "pid", NULL };
	return PyArg_ParseTupleAndKeywords(args, keywords, "i", (char **)names, ret)
		       ? 0
		       : -1;
}

void snap_py_request_deinit(struct snap_py_request *request)
{
	free(request->patches);
	*request = (struct snap_py_request){ 0 };
}

static int parse_patch(PyObject *item, struct snap_patch *ret)
{
	uint64_t address;
	PyObject *original;
	if (!PyTuple_Check(item)) {
		PyErr_SetString(PyExc_TypeError, "a patch is a tuple (address, bytes)");
		return -1;
	}
	if (!PyArg_ParseTuple(item, "O&S;a patch is a tuple (address, bytes)",
			      snap_py_uint64, &address, &original))
		return -1;
	Py_ssize_t size = PyBytes_Size(original);
	if (size < 1 || (size_t)size > sizeof(ret->original)) {
		PyErr_Format(PyExc_ValueError,
			     "a patch has between 1 and %zu bytes, not %zd",
			     sizeof(ret->original), size);
		return -1;
	}
	*ret = (struct snap_patch){ .address = address, .size = (size_t)size };
	memcpy(ret->original, PyBytes_AsString(original), (size_t)size);
	return 0;
}

static int compare_patches(const void *a, const void *b)
{
	uint64_t left = ((const struct snap_patch *)a)->address;
	uint64_t right = ((const struct snap_patch *)b)->address;
	return (left > right) - (left < right);
}

static int parse_patches(struct snap_py_request *request, PyObject *sequence)
{
	_cleanup_pydecref_ PyObject *items = PySequence_Tuple(sequence);
	if (!items)
		return -1;
	size_t nr = (size_t)PyTuple_Size(items);
	request->patches = calloc(nr ? nr : 1, sizeof(*request->patches));
	if (!request->patches) {
		PyErr_NoMemory();
		return -1;
	}
	for (size_t i = 0; i < nr; i++)
		if (parse_patch(PyTuple_GetItem(items, (Py_ssize_t)i),
				&request->patches[i]) < 0)
			return -1;
	qsort(request->patches, nr, sizeof(*request->patches), compare_patches);
	request->target.patches = request->patches;
	request->target.nr_patches = nr;
	return 0;
}

int snap_py_request_init(struct snap_py_request *request, struct snap_py_state *state,
			 pid_t pid, pid_t current_tid, PyObject *patches,
			 PyObject *progress, int shared_memory, uint64_t fail_at)
{
	request->progress.callable = progress;
	request->target = (struct snap_target){
		.pid = pid,
		.current_tid = current_tid,
		.progress = snap_py_progress(&request->progress),
		.rewinds_shared = shared_memory,
		.known = &state->known,
		.fail_at = fail_at,
		.ret_nr_calls = &state->nr_calls,
	};
	return patches ? parse_patches(request, patches) : 0;
}
