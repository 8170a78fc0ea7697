// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/shared_memory.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "core/tracee/mappings.h"

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/** The folder of a path as the process sees it, in /proc/PID; "" when too long. */
static void folder_of(const char *path, char ret[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	if (!slash || snprintf(ret, PATH_MAX, "root%.*s", (int)(slash - path + 1),
			       path) >= PATH_MAX)
		*ret = 0;
}

snap_err snap_tracee_is_in_memory(struct snap_tracee *tracee,
				  const struct snap_vma *vma, bool *ret)
{
	*ret = snap_vma_is_shared_anonymous(vma) || begins(vma->name, "/memfd:") ||
	       begins(vma->name, "/SYSV");
	if (*ret || !snap_vma_is_file(vma))
		return SNAP_OK;
	SNAP_TRY(snap_tracee_enter(tracee, "look where the shared memory at %#lx is",
				   (unsigned long)vma->start));
	// The file itself may be deleted; its folder tells the file system.
	char folder[PATH_MAX];
	folder_of(vma->name, folder);
	_cleanup_close_ int fd =
		openat(tracee->proc_fd, folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs system;
	struct stat stat;
	*ret = fd >= 0 && !fstatfs(fd, &system) && !fstat(fd, &stat) &&
	       (system.f_type == TMPFS_MAGIC || system.f_type == HUGETLBFS_MAGIC) &&
	       major(stat.st_dev) == vma->dev_major &&
	       minor(stat.st_dev) == vma->dev_minor;
	return SNAP_OK;
}

static void close_stream(FILE **stream)
{
	if (*stream)
		fclose(*stream);
}

static void close_folder(DIR **folder)
{
	if (*folder)
		closedir(*folder);
}

/** One mapping of another process: mark ours that are of the same memory. */
static void mark(const struct snap_vmas *vmas, const struct snap_vma *other, bool *ret)
{
	for (size_t i = 0; i < vmas->nr; i++) {
		const struct snap_vma *vma = &vmas->list[i];
		if (vma->inode == other->inode && vma->dev_major == other->dev_major &&
		    vma->dev_minor == other->dev_minor &&
		    snap_vma_is_shared_anonymous(vma))
			ret[i] = true;
	}
}

/** Look through the mappings of another process, if we may. */
static snap_err look_at(const char *pid, const struct snap_vmas *vmas, bool *ret)
{
	char path[300];
	snprintf(path, sizeof(path), "/proc/%s/maps", pid);
	_cleanup_(close_stream) FILE *stream = fopen(path, "re");
	_cleanup_free_ char *line = NULL;
	size_t capacity = 0;
	while (stream && getline(&line, &capacity, stream) > 0) {
		// Most lines are of something else, and parsing costs.
		if (!strstr(line, "s 0") || !strstr(line, "/dev/zero (deleted)"))
			continue;
		struct snap_vma other;
		bool is_head;
		SNAP_TRY(snap_maps_parse_line(line, &other, &is_head));
		if (!is_head)
			continue;
		mark(vmas, &other, ret);
		free(other.name);
	}
	return SNAP_OK;
}

static bool has_shared_anonymous(const struct snap_vmas *vmas)
{
	for (size_t i = 0; i < vmas->nr; i++)
		if (snap_vma_is_shared_anonymous(&vmas->list[i]))
			return true;
	return false;
}

snap_err snap_tracee_find_sharers(struct snap_tracee *tracee,
				  const struct snap_vmas *vmas, bool *ret)
{
	if (!has_shared_anonymous(vmas))
		return SNAP_OK;
	SNAP_TRY(snap_tracee_enter(tracee, "look who shares memory with process %d",
				   (int)tracee->pid));
	_cleanup_(close_folder) DIR *folder = opendir("/proc");
	if (!folder)
		return snap_error_os(errno, "cannot list the processes");
	for (struct dirent *entry; (entry = readdir(folder));)
		if (isdigit((unsigned char)*entry->d_name) &&
		    atoi(entry->d_name) != tracee->pid)
			SNAP_TRY(look_at(entry->d_name, vmas, ret));
	return SNAP_OK;
}
