// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>

/** Bytes that the disk is given at once: enough for it, and soon. */
#define FLUSH ((uint64_t)4 << 20)

/** A call on the file did not succeed: say which file, and what helps. */
static snap_err refuse(int os_errno, const struct snap_output *output, const char *verb)
{
	snap_err error = snap_error_os(os_errno, "cannot %s '%s'", verb, output->path);
	switch (os_errno) {
	case ENOSPC:
	case EDQUOT:
		return snap_error_with_remedy(
			error, "make room on that disk, or name a file on another");
	case EFBIG:
		return snap_error_with_remedy(
			error, "name a file on a file system that allows larger files");
	case ENOENT:
	case ENOTDIR:
		return snap_error_with_remedy(error, "name a folder that exists");
	case EACCES:
	case EPERM:
	case EROFS:
		return snap_error_with_remedy(
			error, "name a file in a folder that you may write to");
	default:
		return error;
	}
}

void snap_output_deinit(struct snap_output *output)
{
	if (output->temporary)
		unlink(output->temporary);
	free(output->temporary);
	free(output->path);
	output->temporary = output->path = NULL;
	snap_close_cleanup(&output->fd);
	output->fd = -1;
}

void snap_output_abandon(struct snap_output *output)
{
	free(output->temporary);
	output->temporary = NULL;
}

static snap_err already_there(const char *path)
{
	return snap_error_with_remedy(
		snap_error_create(SNAP_ERROR_INVALID, "'%s' exists already", path),
		"name another file, or say that it may be overwritten");
}

/** Renaming over a device, as root, would take /dev/null from everybody. */
static snap_err check_target(const char *path, bool overwrite)
{
	struct stat st;
	if (lstat(path, &st))
		return SNAP_OK;
	if (!S_ISREG(st.st_mode))
		return snap_error_with_remedy(
			snap_error_create(SNAP_ERROR_INVALID,
					  "'%s' exists and is not a regular file",
					  path),
			"name a file that is not there yet");
	return overwrite ? SNAP_OK : already_there(path);
}

/** The folder of a path, with its slash; "" for the current one. */
static int folder_length(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? (int)(slash + 1 - path) : 0;
}

/** The folder of a path, to be opened: free(). */
static char *folder_of(const char *path)
{
	int length = folder_length(path);
	return length ? strndup(path, (size_t)length) : strdup(".");
}

/** Not every file system has files without names (open(2)). */
static snap_err create(struct snap_output *output)
{
	const char *path = output->path;
	_cleanup_free_ char *folder = folder_of(path);
	if (!folder)
		return &snap_enomem;
	output->fd = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	// As mkostemp() does it, whatever the umask.
	if (output->fd >= 0 && !fchmod(output->fd, 0600))
		return SNAP_OK;
	if (output->fd >= 0 ||
	    (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
		return refuse(errno, output, "create");
	_cleanup_free_ char *temporary = NULL;
	if (asprintf(&temporary, "%.*s.gdb-snapshot-XXXXXX", folder_length(path),
		     path) < 0)
		return &snap_enomem;
	output->fd = mkostemp(temporary, O_CLOEXEC);
	if (output->fd < 0)
		return refuse(errno, output, "create");
	output->temporary = snap_take(temporary);
	return SNAP_OK;
}

snap_err snap_output_init(struct snap_output *output, const char *path, bool overwrite)
{
	_cleanup_output_ struct snap_output created = { .fd = -1,
							.overwrite = overwrite };
	if (!*path)
		return snap_error_create(SNAP_ERROR_INVALID,
					 "the name of an image is empty");
	SNAP_TRY(check_target(path, overwrite));
	created.path = strdup(path);
	if (!created.path)
		return &snap_enomem;
	SNAP_TRY(create(&created));
	*output = created;
	created = (struct snap_output){ .fd = -1 };
	return SNAP_OK;
}

/**
 * Writing beyond RLIMIT_FSIZE raises SIGXFSZ, which would end GDB: look before.
 */
static snap_err check_limit(const struct snap_output *output, uint64_t size)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_FSIZE, &limit) || limit.rlim_cur == RLIM_INFINITY ||
	    size <= limit.rlim_cur)
		return SNAP_OK;
	return snap_error_with_remedy(
		snap_error_create(SNAP_ERROR_OS,
				  "'%s' would have %llu bytes, and files may not have "
				  "more than %llu here",
				  output->path, (unsigned long long)size,
				  (unsigned long long)limit.rlim_cur),
		"raise the limit before GDB is started (ulimit -f unlimited)");
}

snap_err snap_output_set_size(const struct snap_output *output, uint64_t size)
{
	SNAP_TRY(check_limit(output, size));
	if (size > INT64_MAX)
		return refuse(EFBIG, output, "write");
	if (ftruncate(output->fd, (off_t)size))
		return refuse(errno, output, "write");
	return SNAP_OK;
}

/**
 * Have the disk write what is there: fsync(2) would otherwise find all of it, and wait
 * as long again as the copying took. A courtesy: ignored.
 */
static void flush(struct snap_output *output, uint64_t end)
{
	if (end < output->flushed + FLUSH)
		return;
	(void)!sync_file_range(output->fd, (off_t)output->flushed,
			       (off_t)(end - output->flushed), SYNC_FILE_RANGE_WRITE);
	output->flushed = end;
}

snap_err snap_output_write(struct snap_output *output, const void *data, size_t size,
			   uint64_t offset)
{
	const uint8_t *bytes = data;
	while (size) {
		ssize_t written = pwrite(output->fd, bytes, size, (off_t)offset);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return refuse(errno, output, "write");
		bytes += written;
		offset += (uint64_t)written;
		size -= (size_t)written;
	}
	flush(output, offset);
	return SNAP_OK;
}

/** Give the file its name unless that is taken: errno, or 0. */
static int rename_without_replacing(const char *from, const char *to)
{
	if (!renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE))
		return 0;
	// EINVAL: this file system does not know the flag. link() never replaces.
	if (errno != EINVAL && errno != ENOSYS)
		return errno;
	if (link(from, to))
		return errno;
	unlink(from);
	return 0;
}

/** Give the file a name, if nothing has it: errno, or 0. */
static int link_to(const struct snap_output *output, const char *path)
{
	char self[64];
	snprintf(self, sizeof(self), "/proc/self/fd/%d", output->fd);
	return linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW) ? errno : 0;
}

/** Only what has a name can replace something. */
static snap_err take_temporary_name(struct snap_output *output)
{
	uint64_t number;
	_cleanup_free_ char *temporary = NULL;
	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return refuse(errno, output, "create");
	if (asprintf(&temporary, "%.*s.gdb-snapshot-%016llx",
		     folder_length(output->path), output->path,
		     (unsigned long long)number) < 0)
		return &snap_enomem;
	int os_errno = link_to(output, temporary);
	if (os_errno)
		return refuse(os_errno, output, "create");
	output->temporary = snap_take(temporary);
	return SNAP_OK;
}

/** The name of a file is on the disk only when its folder is. A courtesy: ignored. */
static void sync_folder(const struct snap_output *output)
{
	_cleanup_free_ char *folder = folder_of(output->path);
	if (!folder)
		return;
	_cleanup_close_ int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		(void)!fsync(fd);
}

snap_err snap_output_publish(struct snap_output *output)
{
	if (fsync(output->fd))
		return refuse(errno, output, "write");
	int os_errno = 0;
	if (output->overwrite && !output->temporary)
		SNAP_TRY(take_temporary_name(output));
	if (!output->temporary)
		os_errno = link_to(output, output->path);
	else if (!output->overwrite)
		os_errno = rename_without_replacing(output->temporary, output->path);
	else if (rename(output->temporary, output->path))
		os_errno = errno;
	if (os_errno == EEXIST)
		return already_there(output->path);
	if (os_errno)
		return refuse(os_errno, output, "create");
	sync_folder(output);
	free(output->temporary);
	output->temporary = NULL;
	return SNAP_OK;
}
