// SPDX-License-Identifier: GPL-3.0-or-later
#include "gdbext/describe.h"

/** (number, events, data) of what an epoll set or inotify watches. */
static PyObject *watch_list(const struct snap_open_file *file)
{
	_cleanup_pydecref_ PyObject *list = PyList_New(0);
	for (size_t i = 0; list && i < file->nr_watches; i++) {
		const struct snap_watch *watch = &file->watches[i];
		_cleanup_pydecref_ PyObject *item =
			Py_BuildValue("iIK", watch->number, watch->events,
				      (unsigned long long)watch->data);
		if (!item || PyList_Append(list, item) < 0)
			return NULL;
	}
	return snap_take(list);
}

static PyObject *contents_of(const struct snap_open_file *file)
{
	if (!file->has_contents)
		return Py_NewRef(Py_None);
	return PyBytes_FromStringAndSize((const char *)file->contents,
					 (Py_ssize_t)file->contents_size);
}

static PyObject *fd_dict(const struct snap_fd *fd, const struct snap_open_file *file)
{
	return Py_BuildValue(
		"{s:i,s:I,s:O,s:s,s:N,s:I,s:K,s:K,s:K,s:K,s:K,s:N,s:n,s:N}", "number",
		fd->number, "file", fd->file, "close_on_exec",
		fd->is_cloexec ? Py_True : Py_False, "kind",
		snap_file_kind_name(file->kind), "path", snap_py_text(file->path),
		"flags", file->flags, "offset", (unsigned long long)file->pos, "count",
		(unsigned long long)file->count, "mask", (unsigned long long)file->mask,
		"remaining", (unsigned long long)file->remaining, "interval",
		(unsigned long long)file->interval, "watches", watch_list(file),
		"locks", (Py_ssize_t)file->nr_locks, "contents", contents_of(file));
}

PyObject *snap_py_files_state(const struct snap_snapshot *snapshot)
{
	const struct snap_fd_table *table = &snapshot->files;
	if (!table->is_captured)
		return Py_NewRef(Py_None);
	_cleanup_pydecref_ PyObject *list = PyList_New(0);
	for (size_t i = 0; list && i < table->nr_fds; i++) {
		const struct snap_fd *fd = &table->fds[i];
		_cleanup_pydecref_ PyObject *item = fd_dict(fd, &table->list[fd->file]);
		if (!item || PyList_Append(list, item) < 0)
			return NULL;
	}
	return snap_take(list);
}
