// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/files.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "core/base/text.h"
#include "core/model/build_id.h"
#include "core/tracee/proc.h"

static bool is_same_file(const struct stat *stat, const struct snap_vma *vma)
{
	return stat->st_ino == vma->inode && major(stat->st_dev) == vma->dev_major &&
	       minor(stat->st_dev) == vma->dev_minor;
}

snap_err snap_tracee_check_file(struct snap_tracee *tracee, const struct snap_vma *vma)
{
	_cleanup_free_ char *name = NULL;
	SNAP_TRY(snap_escaped(vma->name, &name));
	SNAP_TRY(snap_tracee_enter(tracee, "look at %s", name));
	char path[PATH_MAX];
	struct stat stat;
	if (snprintf(path, sizeof(path), "root%s", vma->name) >= (int)sizeof(path) ||
	    fstatat(tracee->proc_fd, path, &stat, 0) < 0)
		return snap_error_with_remedy(
			snap_error_create(
				SNAP_ERROR_REFUSED,
				"the file %s, which was mapped at the snapshot, is "
				"not there any more",
				name),
			"put the file back; a copy will not do");
	if (!is_same_file(&stat, vma))
		return snap_error_create(
			SNAP_ERROR_REFUSED,
			"the file %s is another one than was mapped at the "
			"snapshot",
			name);
	return SNAP_OK;
}

snap_err snap_tracee_open_file(struct snap_tracee *tracee, const char *path, int *ret)
{
	_cleanup_free_ char *name = NULL;
	SNAP_TRY(snap_escaped(path, &name));
	SNAP_TRY(snap_tracee_enter(tracee, "open %s", name));
	char inside[PATH_MAX];
	if (snprintf(inside, sizeof(inside), "root%s", path) >= (int)sizeof(inside))
		return snap_error_create(SNAP_ERROR_REFUSED, "the path %s is too long",
					 name);
	// What is no regular file may make an open wait, or do something.
	int fd = openat(tracee->proc_fd, inside, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return snap_error_os(errno, "cannot open %s", name);
	*ret = fd;
	return SNAP_OK;
}

static bool has_build_id(int fd, const struct snap_vma *vma)
{
	uint8_t build_id[SNAP_BUILD_ID_SIZE];
	return snap_build_id_of_file(fd, build_id) == vma->build_id_size &&
	       !memcmp(build_id, vma->build_id, vma->build_id_size);
}

snap_err snap_tracee_fit_file(struct snap_tracee *tracee, const char *path,
			      const struct snap_vma *vma, enum snap_file_fit *ret,
			      struct stat *ret_stat)
{
	SNAP_TRY(snap_tracee_enter(tracee, "look for a file that was mapped"));
	char inside[PATH_MAX];
	struct stat stat;
	*ret = SNAP_FILE_IS_GONE;
	if (snprintf(inside, sizeof(inside), "root%s", path) >= (int)sizeof(inside) ||
	    fstatat(tracee->proc_fd, inside, &stat, 0) < 0)
		return SNAP_OK;
	bool is_same = is_same_file(&stat, vma);
	*ret = is_same ? SNAP_FILE_FITS : SNAP_FILE_IS_OTHER;
	if (vma->build_id_size && S_ISREG(stat.st_mode)) {
		SNAP_TRY(snap_tracee_enter(tracee, "look into a file that was mapped"));
		_cleanup_close_ int fd =
			openat(tracee->proc_fd, inside, O_RDONLY | O_CLOEXEC);
		// What cannot be opened is told by whoever wants to map it.
		if (fd >= 0)
			*ret = has_build_id(fd, vma) ? SNAP_FILE_FITS
						     : SNAP_FILE_IS_REBUILT;
	}
	if (*ret == SNAP_FILE_FITS)
		*ret_stat = stat;
	return SNAP_OK;
}

/** Whether a descriptor can be used for a mapping: its flags, in octal. */
static snap_err is_open_for(struct snap_tracee *tracee, const char *fd, bool writes,
			    bool *ret)
{
	char path[32];
	snprintf(path, sizeof(path), "fdinfo/%.16s", fd);
	_cleanup_buffer_ struct snap_buffer text = { 0 };
	SNAP_TRY(snap_proc_read_file(tracee, path, &text));
	const char *line = strstr((const char *)text.data, "flags:");
	unsigned long flags = line ? strtoul(line + 6, NULL, 8) : O_PATH;
	unsigned long mode = flags & O_ACCMODE;
	*ret = !(flags & O_PATH) && (mode == O_RDWR || (!writes && mode == O_RDONLY));
	return SNAP_OK;
}

static void close_folder(DIR **folder)
{
	if (*folder)
		closedir(*folder);
}

snap_err snap_tracee_find_fd(struct snap_tracee *tracee, const struct snap_vma *vma,
			     bool writes, int *ret)
{
	SNAP_TRY(snap_tracee_enter(tracee, "list the open files of process %d",
				   (int)tracee->pid));
	int folder_fd =
		openat(tracee->proc_fd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(close_folder) DIR *folder =
		folder_fd < 0 ? NULL : fdopendir(folder_fd);
	if (!folder)
		return snap_error_os(errno, "cannot list the open files of process %d",
				     (int)tracee->pid);
	*ret = -1;
	for (struct dirent *entry; *ret < 0 && (entry = readdir(folder));) {
		struct stat stat;
		bool is_fit;
		if (!isdigit((unsigned char)*entry->d_name) ||
		    fstatat(folder_fd, entry->d_name, &stat, 0) < 0 ||
		    !S_ISREG(stat.st_mode) || !is_same_file(&stat, vma))
			continue;
		SNAP_TRY(is_open_for(tracee, entry->d_name, writes, &is_fit));
		if (is_fit)
			*ret = atoi(entry->d_name);
	}
	return SNAP_OK;
}
