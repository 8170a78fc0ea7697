// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/writes.h"

#include <errno.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

/** Newer than the headers of Debian 12 (include/uapi/linux/userfaultfd.h). */
#ifndef UFFD_FEATURE_WP_UNPOPULATED
#	define UFFD_FEATURE_WP_UNPOPULATED (1 << 13)
#endif
#ifndef UFFD_FEATURE_WP_ASYNC
#	define UFFD_FEATURE_WP_ASYNC (1 << 15)
#endif

snap_err snap_writes_take(struct snap_tracee *tracee, int number, int *ret)
{
	SNAP_TRY(snap_tracee_enter(tracee, "take over descriptor %d", number));
	_cleanup_close_ int process = (int)syscall(SYS_pidfd_open, tracee->pid, 0);
	_cleanup_close_ int fd =
		process < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, process, number, 0);
	if (fd < 0)
		return snap_error_create(SNAP_ERROR_UNSUPPORTED,
					 "the kernel does not give us a descriptor of "
					 "the process (pidfd_getfd)");
	// Nothing about REMAP, FORK or UNMAP: a moved mapping, and a child's, is not
	// watched any more, and nobody has to be told.
	struct uffdio_api api = {
		.api = UFFD_API,
		.features = UFFD_FEATURE_PAGEFAULT_FLAG_WP |
			    UFFD_FEATURE_WP_UNPOPULATED | UFFD_FEATURE_WP_ASYNC,
	};
	if (ioctl(fd, UFFDIO_API, &api) < 0)
		return snap_error_create(SNAP_ERROR_UNSUPPORTED,
					 "the kernel has no asynchronous write "
					 "protection (Linux 6.7 has)");
	*ret = snap_take_fd(fd);
	return SNAP_OK;
}

snap_err snap_writes_watch(struct snap_tracee *tracee, int uffd, uint64_t start,
			   uint64_t end, bool *ret)
{
	SNAP_TRY(snap_tracee_enter(tracee, "watch the pages at %#lx",
				   (unsigned long)start));
	struct uffdio_register arg = {
		.range = { start, end - start },
		.mode = UFFDIO_REGISTER_MODE_WP,
	};
	*ret = ioctl(uffd, UFFDIO_REGISTER, &arg) == 0;
	return SNAP_OK;
}

snap_err snap_writes_is_alive(struct snap_tracee *tracee, int uffd, uint64_t page,
			      bool *ret)
{
	SNAP_TRY(snap_tracee_enter(tracee, "ask our userfaultfd about the page at %#lx",
				   (unsigned long)page));
	struct uffdio_writeprotect arg = { .range = { page, tracee->page_size } };
	// ENOENT, as a rule: nobody watches that page.
	*ret = !ioctl(uffd, UFFDIO_WRITEPROTECT, &arg) || errno != ESRCH;
	return SNAP_OK;
}

snap_err snap_writes_unprotect(struct snap_tracee *tracee, int uffd, uint64_t start,
			       uint64_t end)
{
	SNAP_TRY(snap_tracee_enter(tracee, "take the protection off the pages at %#lx",
				   (unsigned long)start));
	struct uffdio_writeprotect arg = { .range = { start, end - start } };
	if (ioctl(uffd, UFFDIO_WRITEPROTECT, &arg) < 0)
		return snap_error_os(errno,
				     "cannot take the protection off the pages at %#lx",
				     (unsigned long)start);
	return SNAP_OK;
}
