// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/duplicate.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>

#include "core/tracee/open_flags.h"

/** include/uapi/linux/timerfd.h, which does not go with sys/timerfd.h. */
#ifndef TFD_IOC_SET_TICKS
#	define TFD_IOC_SET_TICKS _IOW('T', 0, uint64_t)
#endif

#define SECOND UINT64_C(1000000000)

static snap_err duplicate(struct snap_tracee *tracee, int number, int *ret)
{
	SNAP_TRY(snap_tracee_enter(tracee, "duplicate descriptor %d", number));
	_cleanup_close_ int process = (int)syscall(SYS_pidfd_open, tracee->pid, 0);
	*ret = process < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, process, number, 0);
	if (*ret >= 0)
		return SNAP_OK;
	if (errno == ENOSYS || errno == EPERM)
		return snap_error_create(SNAP_ERROR_UNSUPPORTED,
					 "descriptor %d cannot be changed from outside "
					 "(pidfd_getfd): the kernel does not let us",
					 number);
	return snap_error_os(errno, "cannot duplicate descriptor %d", number);
}

snap_err snap_tracee_set_pos(struct snap_tracee *tracee, int number, uint64_t pos)
{
	_cleanup_close_ int fd = -1;
	SNAP_TRY(duplicate(tracee, number, &fd));
	SNAP_TRY(snap_tracee_enter(tracee, "set the offset of descriptor %d", number));
	if (lseek(fd, (off_t)pos, SEEK_SET) < 0)
		return snap_error_os(errno, "cannot set the offset of descriptor %d",
				     number);
	return SNAP_OK;
}

snap_err snap_tracee_set_flags(struct snap_tracee *tracee, int number, uint32_t flags)
{
	_cleanup_close_ int fd = -1;
	SNAP_TRY(duplicate(tracee, number, &fd));
	SNAP_TRY(snap_tracee_enter(tracee, "set the flags of descriptor %d", number));
	if (fcntl(fd, F_SETFL, snap_open_flags_for_kernel(flags)) < 0)
		return snap_error_os(errno, "cannot set the flags of descriptor %d",
				     number);
	return SNAP_OK;
}

/** The most times that a semaphore is read. */
#define MAX_READS (UINT64_C(1) << 20)

/**
 * Take `count` at least out of an eventfd that has as much: a semaphore is read by
 * ones, any other as a whole. Which it is, not every kernel tells.
 *
 * @param[in,out] value What it has.
 */
static snap_err take(int fd, int number, uint64_t count, uint64_t *value)
{
	for (uint64_t some = 0; count; count -= some < count ? some : count) {
		if (some && count > MAX_READS)
			return snap_error_create(SNAP_ERROR_REFUSED,
						 "the semaphore of descriptor %d has "
						 "grown by %llu since, which is too "
						 "much to take back",
						 number, (unsigned long long)count + 1);
		if (read(fd, &some, sizeof(some)) != sizeof(some))
			return snap_error_os(errno,
					     "cannot read the counter of descriptor %d",
					     number);
		*value -= some;
	}
	return SNAP_OK;
}

snap_err snap_tracee_set_eventfd(struct snap_tracee *tracee, int number, uint64_t is,
				 uint64_t wanted)
{
	_cleanup_close_ int fd = -1;
	SNAP_TRY(duplicate(tracee, number, &fd));
	SNAP_TRY(snap_tracee_enter(tracee, "set the counter of descriptor %d", number));
	uint64_t value = is;
	if (wanted < is)
		SNAP_TRY(take(fd, number, is - wanted, &value));
	uint64_t more = wanted - value;
	if (more && write(fd, &more, sizeof(more)) != sizeof(more))
		return snap_error_os(errno, "cannot set the counter of descriptor %d",
				     number);
	return SNAP_OK;
}

snap_err snap_tracee_set_timerfd(struct snap_tracee *tracee, int number,
				 const struct snap_open_file *wanted)
{
	_cleanup_close_ int fd = -1;
	SNAP_TRY(duplicate(tracee, number, &fd));
	SNAP_TRY(snap_tracee_enter(tracee, "set the timer of descriptor %d", number));
	struct timespec now = { 0 };
	bool is_absolute = wanted->settings & TFD_TIMER_ABSTIME && wanted->remaining;
	if (is_absolute && clock_gettime((clockid_t)wanted->id, &now) < 0)
		return snap_error_os(errno, "cannot read the clock of descriptor %d",
				     number);
	uint64_t expires = wanted->remaining + (uint64_t)now.tv_sec * SECOND +
			   (uint64_t)now.tv_nsec;
	struct itimerspec timer = {
		.it_interval = { (time_t)(wanted->interval / SECOND),
				 (long)(wanted->interval % SECOND) },
		.it_value = { (time_t)(expires / SECOND), (long)(expires % SECOND) },
	};
	if (timerfd_settime(fd, (int)wanted->settings, &timer, NULL) < 0)
		return snap_error_os(errno, "cannot set the timer of descriptor %d",
				     number);
	if (wanted->count && ioctl(fd, TFD_IOC_SET_TICKS, &wanted->count) < 0)
		return snap_error_os(errno,
				     "cannot set the expirations of descriptor %d",
				     number);
	return SNAP_OK;
}
