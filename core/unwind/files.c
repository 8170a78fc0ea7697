// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/unwind/files.h"

#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/**
 * More than any program has; each costs a descriptor of the debugger, and a hostile
 * image could name them without end.
 */
#define MAX_FILES 1024

static const char deleted[] = " (deleted)";

static void file_destroy(struct snap_file *file)
{
	if (!file)
		return;
	elf_end(file->elf);
	if (file->fd >= 0)
		close(file->fd);
	free(file->path);
	free(file);
}

static void file_cleanup(struct snap_file **file)
{
	file_destroy(*file);
}

void snap_files_deinit(struct snap_files *files)
{
	for (size_t i = 0; i < files->nr; i++)
		file_destroy(files->list[i]);
	free(files->list);
	*files = (struct snap_files){ 0 };
}

static bool is_regular(const struct stat *status)
{
	// Files of /proc call themselves regular and empty; reading one may block.
	return S_ISREG(status->st_mode) && status->st_size > 0;
}

int snap_file_open_regular(const char *path)
{
	// Opening a pipe or a device can block, or do something to it: look first, and
	// once more at what was opened.
	struct stat status;
	if (stat(path, &status) < 0 || !is_regular(&status))
		return -1;
	_cleanup_close_ int fd =
		open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &status) < 0 || !is_regular(&status))
		return -1;
	return snap_take_fd(fd);
}

static bool is_same_file(const struct snap_vma *a, const struct snap_vma *b)
{
	return a->inode == b->inode && a->dev_major == b->dev_major &&
	       a->dev_minor == b->dev_minor && !strcmp(a->name, b->name);
}

static bool has_build_id(Elf *elf, const struct snap_vma *vma)
{
	const void *id;
	ssize_t size = elf ? dwelf_elf_gnu_build_id(elf, &id) : 0;
	if (size > SNAP_BUILD_ID_SIZE)
		size = SNAP_BUILD_ID_SIZE;
	return size > 0 && size == vma->build_id_size &&
	       !memcmp(id, vma->build_id, (size_t)size);
}

/**
 * The same inode, not written since.
 *
 * On overlayfs and btrfs stat(2) gives another device than /proc/PID/maps: a file
 * without a build-id is not used there. No name is better than a wrong one.
 */
static bool has_identity(int fd, const struct snap_vma *vma, uint64_t time_ns)
{
	struct stat status;
	return fstat(fd, &status) == 0 && status.st_ino == vma->inode &&
	       major(status.st_dev) == vma->dev_major &&
	       minor(status.st_dev) == vma->dev_minor &&
	       (uint64_t)status.st_mtim.tv_sec <= time_ns / 1000000000u;
}

/** Try one path; false: nothing there, and the state is untouched. */
static bool try_path(struct snap_file *file, const struct snap_snapshot *snapshot,
		     const struct snap_vma *vma, const char *path)
{
	_cleanup_close_ int fd = snap_file_open_regular(path);
	if (fd < 0)
		return false;
	file->state = SNAP_FILE_CHANGED;
	Elf *elf = elf_begin(fd, ELF_C_READ_MMAP_PRIVATE, NULL);
	if (elf && elf_kind(elf) != ELF_K_ELF) {
		elf_end(elf);
		elf = NULL;
	}
	if (!(vma->build_id_size ? has_build_id(elf, vma)
				 : has_identity(fd, vma, snapshot->time_ns))) {
		elf_end(elf);
		return true;
	}
	file->state = SNAP_FILE_USABLE;
	file->elf = elf;
	file->fd = snap_take_fd(fd);
	return true;
}

/** Open the mapped file by its name, or under the name it had before it was deleted. */
static snap_err open_file(struct snap_file *file, const struct snap_snapshot *snapshot)
{
	const struct snap_vma *vma = file->vma;
	_cleanup_free_ char *path = strdup(vma->name);
	if (!path)
		return &snap_enomem;

	bool is_there = path[0] == '/' && try_path(file, snapshot, vma, path);
	size_t length = strlen(path), suffix = sizeof(deleted) - 1;
	if (!is_there && path[0] == '/' && length > suffix &&
	    !strcmp(path + length - suffix, deleted)) {
		path[length - suffix] = '\0';
		try_path(file, snapshot, vma, path);
	}
	if (file->state == SNAP_FILE_USABLE)
		file->path = snap_take(path);
	return SNAP_OK;
}

static snap_err append(struct snap_files *files, struct snap_file *file)
{
	struct snap_file **list =
		reallocarray(files->list, files->nr + 1, sizeof(*list));
	if (!list)
		return &snap_enomem;
	files->list = list;
	list[files->nr++] = file;
	return SNAP_OK;
}

snap_err snap_files_get(struct snap_files *files, const struct snap_vma *vma,
			const struct snap_file **ret)
{
	static const struct snap_file too_many = { .state = SNAP_FILE_TOO_MANY,
						   .fd = -1 };
	for (size_t i = 0; i < files->nr; i++)
		if (is_same_file(files->list[i]->vma, vma)) {
			*ret = files->list[i];
			return SNAP_OK;
		}
	if (files->nr == MAX_FILES) {
		*ret = &too_many;
		return SNAP_OK;
	}

	_cleanup_(file_cleanup) struct snap_file *file = calloc(1, sizeof(*file));
	if (!file)
		return &snap_enomem;
	file->vma = vma;
	file->state = SNAP_FILE_GONE;
	file->fd = -1;
	SNAP_TRY(open_file(file, files->snapshot));
	SNAP_TRY(append(files, file));
	*ret = snap_take(file);
	return SNAP_OK;
}
