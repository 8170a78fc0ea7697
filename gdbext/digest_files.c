// SPDX-License-Identifier: GPL-3.0-or-later
#include "gdbext/digest.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/tracee/fds.h"
#include "core/tracee/proc.h"

/*
 * Not by what the capture is made with, where there is another way: texts are taken as
 * they are, sharing is looked for descriptor by descriptor.
 */

/** Lines that change while the process does nothing. */
static bool is_running(const char *line, bool is_ours)
{
	return !strncmp(line, "it_value:", strlen("it_value:")) ||
	       (is_ours && !strncmp(line, "pos:", strlen("pos:")));
}

/** Our standard output, too: what a test prints is no change of the process. */
static bool is_our_own(const struct snap_tracee *tracee, int number)
{
	for (int ours = 0; ours <= STDERR_FILENO; ours++)
		if (!syscall(SYS_kcmp, getpid(), tracee->pid, KCMP_FILE, ours, number))
			return true;
	return false;
}

static snap_err append_info(struct snap_tracee *tracee, int number,
			    struct snap_buffer *ret)
{
	char path[32];
	snprintf(path, sizeof(path), "fdinfo/%d", number);
	_cleanup_buffer_ struct snap_buffer text = { 0 };
	SNAP_TRY(snap_proc_read_file(tracee, path, &text));
	bool is_ours = is_our_own(tracee, number);
	const char *line = (const char *)text.data;
	while (*line) {
		size_t size = strcspn(line, "\n") + 1;
		if (size > strlen(line))
			size = strlen(line);
		// The number of a lock counts the locks that are shown before.
		const char *shown =
			strncmp(line, "lock:", 5) ? line : strchr(line + 6, ':');
		if (shown && !is_running(line, is_ours))
			SNAP_TRY(snap_buffer_append(ret, shown,
						    size - (size_t)(shown - line)));
		line += size;
	}
	return SNAP_OK;
}

static snap_err append_link(struct snap_tracee *tracee, int number,
			    struct snap_buffer *ret)
{
	char path[32], link[PATH_MAX];
	snprintf(path, sizeof(path), "fd/%d", number);
	ssize_t size = readlinkat(tracee->proc_fd, path, link, sizeof(link));
	return snap_buffer_append(ret, link, size < 0 ? 0 : (size_t)size);
}

/** How much is in a pipe, by a reader of our own. */
static snap_err append_filling(struct snap_tracee *tracee, int number,
			       struct snap_buffer *ret)
{
	char path[32], link[16] = "";
	snprintf(path, sizeof(path), "fd/%d", number);
	if (is_our_own(tracee, number) ||
	    readlinkat(tracee->proc_fd, path, link, sizeof(link) - 1) < 0 ||
	    strncmp(link, "pipe:[", strlen("pipe:[")))
		return SNAP_OK;
	_cleanup_close_ int fd =
		openat(tracee->proc_fd, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int numbers[2] = { -1, fcntl(fd, F_GETPIPE_SZ) };
	if (fd < 0 || ioctl(fd, FIONREAD, &numbers[0]) < 0)
		return SNAP_OK;
	return snap_buffer_append(ret, numbers, sizeof(numbers));
}

/** The first of some descriptors that shares the open file of one. */
static int find_first(const struct snap_tracee *tracee, const int *numbers, int number)
{
	while (*numbers != number &&
	       syscall(SYS_kcmp, tracee->pid, tracee->pid, KCMP_FILE, *numbers, number))
		numbers++;
	return *numbers;
}

/** The most descriptors among which sharing is looked for: it takes time squared. */
#define MOST_COMPARED 512

snap_err snap_digest_files(struct snap_tracee *tracee, struct snap_buffer *ret)
{
	_cleanup_buffer_ struct snap_buffer numbers = { 0 };
	SNAP_TRY(snap_tracee_list_fds(tracee, &numbers));
	const int *list = (const int *)numbers.data;
	size_t nr = numbers.size / sizeof(*list);
	for (size_t i = 0; i < nr; i++) {
		int first = nr > MOST_COMPARED ? 0 : find_first(tracee, list, list[i]);
		SNAP_TRY(snap_buffer_append(ret, &list[i], sizeof(list[i])));
		SNAP_TRY(snap_buffer_append(ret, &first, sizeof(first)));
		SNAP_TRY(append_link(tracee, list[i], ret));
		SNAP_TRY(append_info(tracee, list[i], ret));
		SNAP_TRY(append_filling(tracee, list[i], ret));
	}
	return SNAP_OK;
}
