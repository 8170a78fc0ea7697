// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/fds.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "core/tracee/fdinfo.h"
#include "core/tracee/proc.h"

static int compare_numbers(const void *a, const void *b)
{
	int left = *(const int *)a, right = *(const int *)b;
	return (left > right) - (left < right);
}

static void close_folder(DIR **folder)
{
	if (*folder)
		closedir(*folder);
}

/** The entries of an open folder that are numbers, as an array of int, sorted. */
static snap_err list_numbers(DIR *folder, struct snap_buffer *ret)
{
	for (;;) {
		errno = 0;
		const struct dirent *entry = readdir(folder);
		if (!entry && errno)
			return snap_error_os(errno, "cannot list the open files");
		if (!entry)
			break;
		if (*entry->d_name == '.')
			continue;
		int number = (int)strtol(entry->d_name, NULL, 10);
		SNAP_TRY(snap_buffer_append(ret, &number, sizeof(number)));
	}
	if (ret->size)
		qsort(ret->data, ret->size / sizeof(int), sizeof(int), compare_numbers);
	return SNAP_OK;
}

snap_err snap_tracee_list_fds(struct snap_tracee *tracee, struct snap_buffer *ret)
{
	SNAP_TRY(snap_tracee_enter(tracee, "list the open files"));
	_cleanup_close_ int fd =
		openat(tracee->proc_fd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return snap_error_os(errno, "cannot list the open files of process %d",
				     (int)tracee->pid);
	_cleanup_(close_folder) DIR *folder = fdopendir(fd);
	if (!folder)
		return snap_error_os(errno, "cannot list the open files of process %d",
				     (int)tracee->pid);
	fd = -1;
	return list_numbers(folder, ret);
}

/** The text of a link in /proc/PID; "" where it is longer than the kernel can say. */
static snap_err read_link(struct snap_tracee *tracee, const char *path,
			  char ret[PATH_MAX])
{
	SNAP_TRY(snap_tracee_enter(tracee, "read the link /proc/%d/%s",
				   (int)tracee->pid, path));
	ssize_t size = readlinkat(tracee->proc_fd, path, ret, PATH_MAX - 1);
	if (size < 0 && errno != ENAMETOOLONG)
		return snap_error_os(errno, "cannot read the link /proc/%d/%s",
				     (int)tracee->pid, path);
	ret[size < 0 ? 0 : size] = '\0';
	return SNAP_OK;
}

/** A link's text as the process sees it: without the root that it may have changed. */
static snap_err strip_root(struct snap_tracee *tracee, char link[PATH_MAX])
{
	char root[PATH_MAX];
	if (*link != '/')
		return SNAP_OK;
	SNAP_TRY(read_link(tracee, "root", root));
	size_t size = strlen(root);
	if (size > 1 && !strncmp(link, root, size) && link[size] == '/')
		memmove(link, link + size, strlen(link + size) + 1);
	return SNAP_OK;
}

/** stat(2) of a path under /proc/PID, without asking a server; false: there is none. */
static bool look(struct snap_tracee *tracee, const char *path, struct statx *ret)
{
	return statx(tracee->proc_fd, path, AT_STATX_DONT_SYNC,
		     STATX_BASIC_STATS | STATX_BTIME, ret) == 0;
}

static uint64_t birth_of(const struct statx *stat)
{
	if (!(stat->stx_mask & STATX_BTIME))
		return 0;
	return (uint64_t)stat->stx_btime.tv_sec * 1000000000u + stat->stx_btime.tv_nsec;
}

static void take_stat(const struct statx *stat, const char *link,
		      struct snap_open_file *file)
{
	file->kind = snap_fdinfo_kind(link, stat->stx_mode);
	file->mode = stat->stx_mode;
	file->device = makedev(stat->stx_dev_major, stat->stx_dev_minor);
	file->inode = stat->stx_ino;
	file->rdev = makedev(stat->stx_rdev_major, stat->stx_rdev_minor);
	file->birth = birth_of(stat);
}

static snap_err read_what(struct snap_tracee *tracee, int number,
			  struct snap_open_file *file)
{
	char path[32], link[PATH_MAX];
	snprintf(path, sizeof(path), "fd/%d", number);
	SNAP_TRY(read_link(tracee, path, link));
	SNAP_TRY(snap_tracee_enter(tracee, "look at what descriptor %d is", number));
	struct statx stat;
	if (!look(tracee, path, &stat))
		return snap_error_os(errno, "cannot look at what descriptor %d is",
				     number);
	take_stat(&stat, link, file);
	SNAP_TRY(strip_root(tracee, link));
	file->path = strdup(link);
	return file->path ? SNAP_OK : &snap_enomem;
}

snap_err snap_tracee_read_fd(struct snap_tracee *tracee, int number,
			     struct snap_open_file *ret, bool *ret_is_cloexec)
{
	_cleanup_open_file_ struct snap_open_file file = { 0 };
	SNAP_TRY(read_what(tracee, number, &file));
	char path[32];
	snprintf(path, sizeof(path), "fdinfo/%d", number);
	_cleanup_buffer_ struct snap_buffer text = { 0 };
	SNAP_TRY(snap_proc_read_file(tracee, path, &text));
	SNAP_TRY(snap_fdinfo_parse((const char *)text.data, &file));
	*ret_is_cloexec = file.flags & O_CLOEXEC;
	file.flags &= ~(uint32_t)O_CLOEXEC;
	*ret = file;
	file = (struct snap_open_file){ 0 };
	return SNAP_OK;
}

snap_err snap_tracee_is_at_path(struct snap_tracee *tracee,
				const struct snap_open_file *file, bool *ret)
{
	*ret = false;
	char path[PATH_MAX + 8];
	if (*file->path != '/')
		return SNAP_OK;
	SNAP_TRY(snap_tracee_enter(tracee, "look at %s", file->path));
	snprintf(path, sizeof(path), "root%s", file->path);
	struct statx stat;
	if (!look(tracee, path, &stat))
		return SNAP_OK;
	uint64_t birth = birth_of(&stat);
	*ret = stat.stx_ino == file->inode &&
	       makedev(stat.stx_dev_major, stat.stx_dev_minor) == file->device &&
	       (!birth || !file->birth || birth == file->birth);
	return SNAP_OK;
}

snap_err snap_tracee_describe_path(struct snap_tracee *tracee, const char *path,
				   struct snap_open_file *ret)
{
	SNAP_TRY(snap_tracee_enter(tracee, "look at %s", path));
	char inside[PATH_MAX + 8];
	snprintf(inside, sizeof(inside), "root%s", path);
	struct statx stat;
	if (!look(tracee, inside, &stat))
		return snap_error_os(errno, "cannot look at %s", path);
	_cleanup_open_file_ struct snap_open_file file = { .path = strdup(path) };
	if (!file.path)
		return &snap_enomem;
	take_stat(&stat, path, &file);
	*ret = file;
	file = (struct snap_open_file){ 0 };
	return SNAP_OK;
}

snap_err snap_tracee_compare_fds(struct snap_tracee *tracee, int a, int b, int *ret)
{
	SNAP_TRY(snap_tracee_enter(tracee, "compare descriptors %d and %d", a, b));
	long order = syscall(SYS_kcmp, tracee->pid, tracee->pid, KCMP_FILE, a, b);
	if (order < 0 && (errno == ENOSYS || errno == EPERM))
		return snap_error_create(SNAP_ERROR_UNSUPPORTED,
					 "this kernel does not say which descriptors "
					 "share an open file (kcmp)");
	if (order < 0)
		return snap_error_os(errno, "cannot compare descriptors %d and %d", a,
				     b);
	*ret = order == 1 ? -1 : order != 0; // 3: unequal, and in no order
	return SNAP_OK;
}

snap_err snap_tracee_is_our_fd(struct snap_tracee *tracee, int number,
			       const struct snap_open_file *file, bool *ret)
{
	*ret = false;
	for (int ours = 0; ours <= STDERR_FILENO && !*ret; ours++) {
		struct stat stat;
		if (fstat(ours, &stat) < 0 || stat.st_ino != file->inode ||
		    stat.st_dev != file->device)
			continue;
		SNAP_TRY(snap_tracee_enter(tracee, "compare descriptor %d with ours",
					   number));
		*ret = syscall(SYS_kcmp, getpid(), tracee->pid, KCMP_FILE, ours,
			       number) == 0;
	}
	return SNAP_OK;
}

snap_err snap_tracee_shares_fds(struct snap_tracee *tracee, pid_t tid, bool *ret)
{
	SNAP_TRY(snap_tracee_enter(tracee, "compare the descriptors of thread %d",
				   (int)tid));
	*ret = syscall(SYS_kcmp, tracee->pid, tid, KCMP_FILES, 0, 0) <= 0;
	return SNAP_OK;
}
