// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/memory.h"

#include <errno.h>

snap_err snap_tracee_read_some(struct snap_tracee *tracee, uint64_t address, void *ret,
			       size_t size, size_t *ret_size)
{
	SNAP_TRY(snap_tracee_enter(tracee, "read memory at %#lx",
				   (unsigned long)address));
	size_t done = 0;
	while (done < size) {
		ssize_t got = pread(tracee->mem_fd, (uint8_t *)ret + done, size - done,
				    (off_t)(address + done));
		if (got < 0 && errno == EINTR)
			continue;
		// EIO and EFAULT: nothing there, or a guard page.
		if (got < 0 && errno != EIO && errno != EFAULT)
			return snap_error_os(errno, "cannot read memory at %#lx",
					     (unsigned long)(address + done));
		if (got <= 0)
			break;
		done += (size_t)got;
	}
	*ret_size = done;
	return SNAP_OK;
}

snap_err snap_tracee_read(struct snap_tracee *tracee, uint64_t address, void *ret,
			  size_t size)
{
	size_t got;
	SNAP_TRY(snap_tracee_read_some(tracee, address, ret, size, &got));
	if (got != size)
		return snap_error_os(EIO, "cannot read memory at %#lx",
				     (unsigned long)(address + got));
	return SNAP_OK;
}

snap_err snap_tracee_write(struct snap_tracee *tracee, uint64_t address,
			   const void *data, size_t size)
{
	SNAP_TRY(snap_tracee_enter(tracee, "write memory at %#lx",
				   (unsigned long)address));
	size_t done = 0;
	while (done < size) {
		ssize_t put = pwrite(tracee->mem_fd, (const uint8_t *)data + done,
				     size - done, (off_t)(address + done));
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return snap_error_with_remedy(
				snap_error_os(put < 0 ? errno : EIO,
					      "cannot write memory at %#lx",
					      (unsigned long)(address + done)),
				"a kernel booted with proc_mem.force_override=never does not "
				"let a debugger write to read-only memory");
		done += (size_t)put;
	}
	return SNAP_OK;
}

snap_err snap_tracee_write_back(struct snap_tracee *tracee,
				const struct snap_memory *memory)
{
	struct snap_run run = { 0 };
	while (snap_memory_next_run(memory, run.start + run.size, &run))
		SNAP_TRY(snap_tracee_write(tracee, run.start, run.bytes, run.size));
	return SNAP_OK;
}

snap_err snap_tracee_read_pagemap(struct snap_tracee *tracee, uint64_t address,
				  size_t nr_pages, uint64_t *ret)
{
	SNAP_TRY(snap_tracee_enter(tracee, "read the page map at %#lx",
				   (unsigned long)address));
	size_t size = nr_pages * sizeof(*ret), done = 0;
	off_t start = (off_t)(address / tracee->page_size * sizeof(*ret));
	while (done < size) {
		ssize_t got = pread(tracee->pagemap_fd, (uint8_t *)ret + done,
				    size - done, start + (off_t)done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return snap_error_os(got < 0 ? errno : EIO,
					     "cannot read the page map at %#lx",
					     (unsigned long)address);
		done += (size_t)got;
	}
	return SNAP_OK;
}
