// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/pipes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>

/** Two ends of a pipe of ours. */
struct ends {
	int fds[2];
};

static void close_ends(struct ends *ends)
{
	snap_close_cleanup(&ends->fds[0]);
	snap_close_cleanup(&ends->fds[1]);
}

/** @param[out] ret -1: it may not be opened. */
static snap_err open_pipe(struct snap_tracee *tracee, int number, int *ret)
{
	SNAP_TRY(snap_tracee_enter(tracee, "open the pipe of descriptor %d", number));
	char path[32];
	snprintf(path, sizeof(path), "fd/%d", number);
	*ret = openat(tracee->proc_fd, path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return SNAP_OK;
}

/** Take all out of a pipe that does not block. */
static snap_err drain(int fd, int number, struct snap_open_file *ret)
{
	const uint32_t most = 1 << 20;
	_cleanup_free_ char *bytes = malloc(most);
	if (!bytes)
		return &snap_enomem;
	for (;;) {
		ssize_t got = read(fd, bytes, most);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno != EAGAIN)
			return snap_error_os(errno,
					     "cannot read the pipe of descriptor %d",
					     number);
		if (got <= 0)
			return SNAP_OK;
		if (ret)
			SNAP_TRY(snap_open_file_add_packet(ret, bytes, (uint32_t)got));
	}
}

/**
 * A copy of what is in the pipe: tee(2) takes nothing away, and keeps packets apart.
 *
 * @param[out] ret false: not all of it could be copied.
 */
static snap_err copy_contents(int fd, int number, struct snap_open_file *file,
			      bool *ret)
{
	*ret = true;
	int there;
	if (ioctl(fd, FIONREAD, &there) < 0)
		return snap_error_os(errno, "cannot ask for the size of pipe %d",
				     number);
	if (!there)
		return SNAP_OK;
	_cleanup_(close_ends) struct ends copy = { { -1, -1 } };
	if (pipe2(copy.fds, O_NONBLOCK | O_CLOEXEC) < 0)
		return snap_error_os(errno, "cannot make a pipe");
	if (fcntl(copy.fds[0], F_SETPIPE_SZ, file->capacity) < 0)
		*ret = false;
	else
		*ret = tee(fd, copy.fds[1], (size_t)there, SPLICE_F_NONBLOCK) == there;
	return *ret ? drain(copy.fds[0], number, file) : SNAP_OK;
}

snap_err snap_tracee_read_pipe(struct snap_tracee *tracee, int number,
			       struct snap_open_file *file)
{
	_cleanup_close_ int fd = -1;
	SNAP_TRY(open_pipe(tracee, number, &fd));
	int capacity = fd < 0 ? -1 : fcntl(fd, F_GETPIPE_SZ);
	if (capacity < 0)
		return SNAP_OK;
	file->capacity = (uint32_t)capacity;
	SNAP_TRY(snap_tracee_enter(tracee, "copy what is in the pipe of descriptor %d",
				   number));
	bool is_complete;
	SNAP_TRY(copy_contents(fd, number, file, &is_complete));
	file->has_contents = is_complete;
	return SNAP_OK;
}

static snap_err write_packets(int fd, int number, const struct snap_open_file *wanted)
{
	const uint8_t *bytes = wanted->contents;
	for (size_t i = 0; i < wanted->nr_packets; i++) {
		ssize_t size = wanted->packets[i];
		ssize_t put = write(fd, bytes, (size_t)size);
		if (put != size)
			return snap_error_os(put < 0 ? errno : ENOSPC,
					     "cannot fill the pipe of descriptor %d",
					     number);
		bytes += size;
	}
	return SNAP_OK;
}

snap_err snap_tracee_write_pipe(struct snap_tracee *tracee, int number,
				const struct snap_open_file *wanted, bool has_packets)
{
	_cleanup_close_ int fd = -1;
	SNAP_TRY(open_pipe(tracee, number, &fd));
	if (fd < 0)
		return snap_error_os(errno, "cannot open the pipe of descriptor %d",
				     number);
	if (has_packets && fcntl(fd, F_SETFL, O_NONBLOCK | O_DIRECT) < 0)
		return snap_error_os(errno,
				     "cannot write packets to the pipe of descriptor "
				     "%d",
				     number);
	SNAP_TRY(snap_tracee_enter(tracee, "empty the pipe of descriptor %d", number));
	SNAP_TRY(drain(fd, number, NULL));
	int capacity = fcntl(fd, F_GETPIPE_SZ);
	SNAP_TRY(snap_tracee_enter(tracee, "fill the pipe of descriptor %d", number));
	if (wanted->capacity && capacity != (int)wanted->capacity &&
	    fcntl(fd, F_SETPIPE_SZ, wanted->capacity) < 0)
		return snap_error_os(
			errno,
			"cannot give the pipe of descriptor %d room for %u bytes",
			number, wanted->capacity);
	return write_packets(fd, number, wanted);
}
