// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/files.h"

#include <fcntl.h>
#include <string.h>

void snap_watch_deinit(struct snap_watch *watch)
{
	free(watch->handle);
	*watch = (struct snap_watch){ 0 };
}

void snap_open_file_deinit(struct snap_open_file *file)
{
	for (size_t i = 0; i < file->nr_watches; i++)
		snap_watch_deinit(&file->watches[i]);
	free(file->watches);
	free(file->locks);
	free(file->contents);
	free(file->packets);
	free(file->path);
	*file = (struct snap_open_file){ 0 };
}

void snap_fd_table_deinit(struct snap_fd_table *table)
{
	for (size_t i = 0; i < table->nr; i++)
		snap_open_file_deinit(&table->list[i]);
	free(table->list);
	free(table->fds);
	*table = (struct snap_fd_table){ 0 };
}

/** Make room for one more in a list of `nr`, which doubles: NULL without memory. */
static void *grow(void *list, size_t nr, size_t size)
{
	if (nr & (nr - 1))
		return list;
	return reallocarray(list, nr ? nr * 2 : 1, size);
}

/** Append an element to a list that is a member: `list` and `nr` of `owner`. */
#define APPEND(owner, list, nr, element)                                          \
	do {                                                                      \
		void *grown_ =                                                    \
			grow((owner)->list, (owner)->nr, sizeof(*(owner)->list)); \
		if (!grown_)                                                      \
			return &snap_enomem;                                      \
		(owner)->list = grown_;                                           \
		(owner)->list[(owner)->nr++] = *(element);                        \
		return SNAP_OK;                                                   \
	} while (0)

snap_err snap_fd_table_append(struct snap_fd_table *table,
			      const struct snap_open_file *file)
{
	APPEND(table, list, nr, file);
}

snap_err snap_fd_table_append_fd(struct snap_fd_table *table, const struct snap_fd *fd)
{
	APPEND(table, fds, nr_fds, fd);
}

snap_err snap_open_file_add_watch(struct snap_open_file *file,
				  const struct snap_watch *watch)
{
	APPEND(file, watches, nr_watches, watch);
}

snap_err snap_open_file_add_lock(struct snap_open_file *file,
				 const struct snap_file_lock *lock)
{
	APPEND(file, locks, nr_locks, lock);
}

static snap_err add_size(struct snap_open_file *file, const uint32_t *size)
{
	APPEND(file, packets, nr_packets, size);
}

snap_err snap_open_file_add_packet(struct snap_open_file *file, const void *data,
				   uint32_t size)
{
	// One more: realloc() to nothing would free.
	uint8_t *contents = realloc(file->contents, file->contents_size + size + 1);
	if (!contents)
		return &snap_enomem;
	file->contents = contents;
	SNAP_TRY(add_size(file, &size));
	memcpy(contents + file->contents_size, data, size);
	file->contents_size += size;
	return SNAP_OK;
}

static int compare_numbers(const void *key, const void *element)
{
	int number = *(const int *)key;
	const struct snap_fd *fd = element;
	return (number > fd->number) - (number < fd->number);
}

const struct snap_fd *snap_fd_table_find(const struct snap_fd_table *table, int number)
{
	if (!table->nr_fds)
		return NULL;
	return bsearch(&number, table->fds, table->nr_fds, sizeof(*table->fds),
		       compare_numbers);
}

const struct snap_open_file *snap_fd_table_at(const struct snap_fd_table *table,
					      int number)
{
	const struct snap_fd *fd = snap_fd_table_find(table, number);
	return fd ? &table->list[fd->file] : NULL;
}

int snap_fd_table_first(const struct snap_fd_table *table, size_t file)
{
	for (size_t i = 0; i < table->nr_fds; i++)
		if (table->fds[i].file == file)
			return table->fds[i].number;
	return -1;
}

bool snap_open_file_reads(const struct snap_open_file *file)
{
	return !(file->flags & O_PATH) && (file->flags & O_ACCMODE) != O_WRONLY;
}

bool snap_open_file_writes(const struct snap_open_file *file)
{
	return !(file->flags & O_PATH) && (file->flags & O_ACCMODE) != O_RDONLY;
}

/** Of inotify: a watch that is gone cannot get its number back. */
static bool has_same_watches(const struct snap_open_file *a,
			     const struct snap_open_file *b)
{
	if (a->nr_watches != b->nr_watches)
		return false;
	for (size_t i = 0; i < a->nr_watches; i++)
		if (a->watches[i].number != b->watches[i].number ||
		    a->watches[i].events != b->watches[i].events ||
		    a->watches[i].inode != b->watches[i].inode ||
		    a->watches[i].device != b->watches[i].device)
			return false;
	return true;
}

bool snap_open_file_is_same(const struct snap_open_file *a,
			    const struct snap_open_file *b)
{
	// What F_SETFL cannot change (fs/fcntl.c, SETFL_MASK).
	const uint32_t fixed = O_ACCMODE | O_PATH | O_SYNC;
	if (a->kind != b->kind || a->device != b->device || a->inode != b->inode ||
	    a->rdev != b->rdev || (a->birth && b->birth && a->birth != b->birth) ||
	    (a->flags ^ b->flags) & fixed)
		return false;
	switch (a->kind) {
	case SNAP_FILE_OTHER:
		return !strcmp(a->path, b->path);
	case SNAP_FILE_EVENTFD:
		return a->id == b->id && a->settings == b->settings;
	case SNAP_FILE_TIMERFD:
		return a->id == b->id;
	case SNAP_FILE_INOTIFY:
		return has_same_watches(a, b);
	default:
		return true;
	}
}

bool snap_fd_table_has_both_ends(const struct snap_fd_table *table,
				 const struct snap_open_file *pipe)
{
	bool reads = false, writes = false;
	for (size_t i = 0; i < table->nr; i++) {
		const struct snap_open_file *file = &table->list[i];
		if (file->kind != SNAP_FILE_PIPE || file->inode != pipe->inode ||
		    file->device != pipe->device)
			continue;
		reads |= snap_open_file_reads(file);
		writes |= snap_open_file_writes(file);
	}
	return reads && writes;
}

bool snap_open_file_is_anonymous(const struct snap_open_file *file)
{
	return *file->path != '/';
}

const char *snap_file_kind_name(uint32_t kind)
{
	static const char *const names[] = {
		[SNAP_FILE_OTHER] = "other",       [SNAP_FILE_REGULAR] = "file",
		[SNAP_FILE_DIRECTORY] = "folder",  [SNAP_FILE_DEVICE] = "device",
		[SNAP_FILE_PIPE] = "pipe",         [SNAP_FILE_SOCKET] = "socket",
		[SNAP_FILE_EVENTFD] = "eventfd",   [SNAP_FILE_TIMERFD] = "timerfd",
		[SNAP_FILE_SIGNALFD] = "signalfd", [SNAP_FILE_EPOLL] = "epoll",
		[SNAP_FILE_INOTIFY] = "inotify",
	};
	return kind < SNAP_ARRAY_SIZE(names) ? names[kind] : "unknown";
}
