// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/writes.h"

#include <errno.h>
#include <sys/ioctl.h>

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
