// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/watched.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "core/tracee/fds.h"
#include "core/tracee/proc.h"

/** The kernel's own form of a device number (include/linux/kdev_t.h): in fdinfo. */
static bool is_device(const struct stat *stat, uint64_t device)
{
	return major(stat->st_dev) == device >> 20 &&
	       minor(stat->st_dev) == (device & 0xfffff);
}

/** Whether a path of the process leads to what is watched. */
static bool is_watched(struct snap_tracee *tracee, const struct snap_watch *watch,
		       const char *path)
{
	char place[PATH_MAX + 8];
	struct stat stat;
	snprintf(place, sizeof(place), "root%s", path);
	return *path == '/' && fstatat(tracee->proc_fd, place, &stat, 0) == 0 &&
	       stat.st_ino == watch->inode && is_device(&stat, watch->device);
}

/** "type:digits" as the kernel has it; false: there is none. */
static bool decode_handle(const char *text, struct file_handle *handle)
{
	const char *digits = strchr(text, ':');
	if (!digits)
		return false;
	handle->handle_type = (int)strtol(text, NULL, 16);
	digits++;
	handle->handle_bytes = (unsigned)strlen(digits) / 2;
	if (handle->handle_bytes > MAX_HANDLE_SZ)
		return false;
	for (unsigned i = 0; i < handle->handle_bytes; i++)
		if (sscanf(digits + 2 * (size_t)i, "%2hhx", &handle->f_handle[i]) != 1)
			return false;
	return true;
}

/** The path of a handle by a descriptor on its file system; false: none. */
static bool open_handle(struct snap_tracee *tracee, struct file_handle *handle,
			int mount, char ret[PATH_MAX])
{
	_cleanup_close_ int fd = open_by_handle_at(mount, handle, O_PATH | O_CLOEXEC);
	char link[40], root[PATH_MAX];
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t size = fd < 0 ? -1 : readlink(link, ret, PATH_MAX - 1);
	if (size < 0)
		return false;
	ret[size] = '\0';
	ssize_t root_size = readlinkat(tracee->proc_fd, "root", root, sizeof(root));
	if (root_size > 1 && !strncmp(ret, root, (size_t)root_size) &&
	    ret[root_size] == '/')
		memmove(ret, ret + root_size, strlen(ret + root_size) + 1);
	return true;
}

/** Look on every file system that the process sees. */
static snap_err find_by_handle(struct snap_tracee *tracee,
			       const struct snap_watch *watch, char ret[PATH_MAX],
			       bool *ret_found)
{
	_cleanup_free_ struct file_handle *handle =
		malloc(sizeof(*handle) + MAX_HANDLE_SZ);
	if (!handle)
		return &snap_enomem;
	if (!decode_handle(watch->handle, handle))
		return SNAP_OK;
	_cleanup_buffer_ struct snap_buffer mounts = { 0 };
	SNAP_TRY(snap_proc_read_file(tracee, "mountinfo", &mounts));
	char *rest = (char *)mounts.data;
	for (char *line; !*ret_found && (line = strsep(&rest, "\n"));) {
		char point[PATH_MAX], place[PATH_MAX + 8];
		// proc_pid_mountinfo(5); spaces and the like are in octal, and passed
		// over.
		if (sscanf(line, "%*d %*d %*s %*s %4095s", point) != 1)
			continue;
		snprintf(place, sizeof(place), "root%s", point);
		struct stat stat;
		_cleanup_close_ int mount =
			openat(tracee->proc_fd, place, O_RDONLY | O_CLOEXEC);
		*ret_found = mount >= 0 && fstat(mount, &stat) == 0 &&
			     is_device(&stat, watch->device) &&
			     open_handle(tracee, handle, mount, ret) &&
			     is_watched(tracee, watch, ret);
	}
	return SNAP_OK;
}

/** A path, and those of the folders that it lies in. */
static bool try_path(struct snap_tracee *tracee, const struct snap_watch *watch,
		     const char *path, char ret[PATH_MAX])
{
	snprintf(ret, PATH_MAX, "%s", path);
	for (;;) {
		if (is_watched(tracee, watch, ret))
			return true;
		char *slash = strrchr(ret, '/');
		if (!slash || slash == ret)
			return false;
		*slash = '\0';
	}
}

static snap_err find_among_open(struct snap_tracee *tracee,
				const struct snap_watch *watch, char ret[PATH_MAX],
				bool *ret_found)
{
	char cwd[PATH_MAX];
	ssize_t size = readlinkat(tracee->proc_fd, "cwd", cwd, sizeof(cwd) - 1);
	cwd[size < 0 ? 0 : size] = '\0';
	*ret_found = try_path(tracee, watch, cwd, ret);
	_cleanup_buffer_ struct snap_buffer numbers = { 0 };
	SNAP_TRY(snap_tracee_list_fds(tracee, &numbers));
	for (size_t i = 0; i < numbers.size / sizeof(int) && !*ret_found; i++) {
		_cleanup_open_file_ struct snap_open_file file = { 0 };
		bool is_cloexec;
		SNAP_TRY(snap_tracee_read_fd(tracee, ((const int *)numbers.data)[i],
					     &file, &is_cloexec));
		*ret_found = try_path(tracee, watch, file.path, ret);
	}
	return SNAP_OK;
}

snap_err snap_tracee_find_watched(struct snap_tracee *tracee, int number,
				  const struct snap_watch *watch, char ret[PATH_MAX])
{
	bool is_found = false;
	SNAP_TRY(snap_tracee_enter(tracee, "look for what descriptor %d watches",
				   number));
	SNAP_TRY(find_by_handle(tracee, watch, ret, &is_found));
	if (!is_found)
		SNAP_TRY(find_among_open(tracee, watch, ret, &is_found));
	if (is_found)
		return SNAP_OK;
	return snap_error_with_remedy(
		snap_error_create(SNAP_ERROR_REFUSED,
				  "descriptor %d (inotify) has other watches since the "
				  "snapshot, and the file of watch %d was not found",
				  number, watch->number),
		"run GDB as root: then files are found by what the kernel tells");
}
