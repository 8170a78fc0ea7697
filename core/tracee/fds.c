#include "core/tracee/fds.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

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

/** The value of a line "key:\tvalue" of text, up to its newline; "" if there is none.
 */
static snap_err append_field(struct snap_buffer *text, const char *info,
			     const char *key)
{
	const char *line = strstr(info, key);
	if (!line)
		return SNAP_OK;
	line += strlen(key);
	line += strspn(line, " \t");
	SNAP_TRY(snap_buffer_append(text, " ", 1));
	return snap_buffer_append(text, line, strcspn(line, "\n"));
}

static snap_err append_fd(struct snap_tracee *tracee, int number,
			  struct snap_buffer *ret)
{
	char path[32], link[PATH_MAX];
	snprintf(path, sizeof(path), "fd/%d", number);
	SNAP_TRY(snap_tracee_enter(tracee, "read what file %d is", number));
	ssize_t size = readlinkat(tracee->proc_fd, path, link, sizeof(link));
	if (size < 0)
		return snap_error_os(errno, "cannot read what file %d is", number);

	snprintf(path, sizeof(path), "fdinfo/%d", number);
	_cleanup_buffer_ struct snap_buffer info = { 0 };
	SNAP_TRY(snap_proc_read_file(tracee, path, &info));

	char head[16];
	int length = snprintf(head, sizeof(head), "%d ", number);
	SNAP_TRY(snap_buffer_append(ret, head, (size_t)length));
	SNAP_TRY(snap_buffer_append(ret, link, (size_t)size));
	SNAP_TRY(append_field(ret, (const char *)info.data, "pos:"));
	SNAP_TRY(append_field(ret, (const char *)info.data, "flags:"));
	return snap_buffer_append(ret, "\n", 1);
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

	_cleanup_buffer_ struct snap_buffer numbers = { 0 };
	SNAP_TRY(list_numbers(folder, &numbers));
	for (size_t i = 0; i < numbers.size / sizeof(int); i++)
		SNAP_TRY(append_fd(tracee, ((const int *)numbers.data)[i], ret));
	return SNAP_OK;
}
