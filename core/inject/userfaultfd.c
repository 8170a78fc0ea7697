// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inject/userfaultfd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "core/inject/room.h"

/** Newer than some headers: only faults of user mode are handled, which needs no power.
 */
#ifndef UFFD_USER_MODE_ONLY
#	define UFFD_USER_MODE_ONLY 1
#endif

const char snap_no_such_userfaultfd[] = "the kernel does not let us use a userfaultfd";

/** Once more when it failed: the descriptor is none of the program's. */
static snap_err close_in(struct snap_borrowed *who, int number)
{
	const uint64_t *args = SNAP_ARGS((uint64_t)number);
	snap_err error = snap_must_call(who, SNAP_SYS_CLOSE, args,
					"close our userfaultfd in the process");
	if (!error)
		return SNAP_OK;
	snap_error_destroy(error);
	return snap_must_call(who, SNAP_SYS_CLOSE, args,
			      "close our userfaultfd in the process");
}

/** Take over what the process has made. @param[out] ret -1: the kernel does not let us.
 */
static snap_err take(struct snap_tracee *tracee, int number, uint64_t features,
		     int *ret)
{
	SNAP_TRY(snap_tracee_enter(tracee, "take over descriptor %d", number));
	_cleanup_close_ int process = (int)syscall(SYS_pidfd_open, tracee->pid, 0);
	_cleanup_close_ int fd =
		process < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, process, number, 0);
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	*ret = fd >= 0 && !ioctl(fd, UFFDIO_API, &api) ? snap_take_fd(fd) : -1;
	return SNAP_OK;
}

snap_err snap_make_userfaultfd(struct snap_borrowed *who, uint64_t features, int *ret,
			       const char **ret_why)
{
	int64_t number;
	SNAP_TRY(snap_borrowed_call(who, SNAP_SYS_USERFAULTFD,
				    SNAP_ARGS(O_CLOEXEC | UFFD_USER_MODE_ONLY),
				    &number));
	if (snap_call_failed(number)) {
		*ret_why = number == -ENOSYS ? "the kernel has no userfaultfd"
			   : number == -EMFILE
				   ? "the process may not open another file"
				   : "the process may not make a userfaultfd";
		return SNAP_OK;
	}
	_cleanup_close_ int fd = -1;
	snap_err error = take(who->tracee, (int)number, features, &fd);
	_cleanup_error_ snap_err closing = close_in(who, (int)number);
	SNAP_TRY(error);
	SNAP_TRY(snap_take(closing));
	if (fd < 0)
		*ret_why = snap_no_such_userfaultfd;
	else
		*ret = snap_take_fd(fd);
	return SNAP_OK;
}
