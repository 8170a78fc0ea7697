// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/tags.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

#include "core/model/page.h"
#include "core/tracee/pages.h"

/** Tags that are read at once. */
#define CHUNK ((size_t)1 << 16)

bool snap_tracee_has_tags(const struct snap_tracee *tracee, const struct snap_vma *vma)
{
	return tracee->arch->memory_tags && vma->flags & SNAP_VMA_TAGGED &&
	       snap_vma_contents(vma) != SNAP_CONTENTS_NONE;
}

/** One request. @param iov Its length is then how many tags were moved. */
static bool move(const struct snap_tracee *tracee, int request, uint64_t start,
		 struct iovec *iov)
{
	// Any thread does: the kernel looks at its memory alone.
	return ptrace((enum __ptrace_request)request, tracee->pid,
		      (void *)(uintptr_t)start, iov) == 0;
}

/**
 * Read as much as there is in one piece.
 *
 * EIO and EFAULT: nothing there, or a page that cannot have tags (Linux,
 * arch/arm64/kernel/mte.c, __access_remote_tags()).
 */
static snap_err read_some(struct snap_tracee *tracee, uint64_t start, uint64_t size,
			  uint8_t *tags, uint64_t *ret_size)
{
	const struct snap_memory_tags *kind = tracee->arch->memory_tags;
	SNAP_TRY(snap_tracee_enter(tracee, "read the tags of memory at %#" PRIx64,
				   start));
	struct iovec iov = { .iov_base = tags, .iov_len = size / kind->granule };
	if (!move(tracee, kind->read_request, start, &iov)) {
		if (errno != EIO && errno != EFAULT)
			return snap_error_os(
				errno, "cannot read the tags of memory at %#" PRIx64,
				start);
		iov.iov_len = 0;
	}
	*ret_size = snap_page_down(iov.iov_len * kind->granule, tracee->page_size);
	return SNAP_OK;
}

/** @param may_lack Pages that cannot be read are left out; else they are an error. */
static snap_err read_pages(struct snap_tracee *tracee, uint64_t start, uint64_t end,
			   bool may_lack, snap_tags_fn *found, void *context)
{
	uint64_t most = CHUNK * tracee->arch->memory_tags->granule;
	_cleanup_free_ uint8_t *tags = malloc(CHUNK);
	if (!tags)
		return &snap_enomem;
	while (start < end) {
		uint64_t size = end - start < most ? end - start : most, got;
		SNAP_TRY(read_some(tracee, start, size, tags, &got));
		if (got)
			SNAP_TRY(found(context, start, got, tags));
		if (got < size && !may_lack)
			return snap_error_os(
				EIO, "cannot read the tags of memory at %#" PRIx64,
				start + got);
		start += got < size ? got + tracee->page_size : got;
	}
	return SNAP_OK;
}

snap_err snap_tracee_read_all_tags(struct snap_tracee *tracee, uint64_t start,
				   uint64_t end, snap_tags_fn *found, void *context)
{
	return read_pages(tracee, start, end, false, found, context);
}

snap_err snap_tracee_read_tags(struct snap_tracee *tracee, const struct snap_vma *vma,
			       uint64_t start, uint64_t end, snap_tags_fn *found,
			       void *context)
{
	enum snap_vma_contents contents = snap_vma_contents(vma);
	// Pages that others have written need not be in this process's page table; and
	// behind the end of a file there are none.
	if (contents == SNAP_CONTENTS_SHARED)
		return read_pages(tracee, start, end, true, found, context);
	_cleanup_free_ struct snap_page_runs *runs = malloc(sizeof(*runs));
	if (!runs)
		return &snap_enomem;
	for (; start < end; start = runs->end) {
		SNAP_TRY(snap_tracee_scan(tracee, start, end, runs));
		for (size_t i = 0; i < runs->nr; i++)
			if (contents != SNAP_CONTENTS_FILE || runs->list[i].is_own)
				SNAP_TRY(snap_tracee_read_all_tags(tracee,
								   runs->list[i].start,
								   runs->list[i].end,
								   found, context));
	}
	return SNAP_OK;
}

snap_err snap_tracee_write_tags(struct snap_tracee *tracee, uint64_t start,
				uint64_t size, const uint8_t *tags)
{
	const struct snap_memory_tags *kind = tracee->arch->memory_tags;
	SNAP_TRY(snap_tracee_enter(tracee, "write the tags of memory at %#" PRIx64,
				   start));
	size_t nr = size / kind->granule;
	struct iovec iov = { .iov_base = (void *)tags, .iov_len = nr };
	bool is_done = move(tracee, kind->write_request, start, &iov);
	if (!is_done || iov.iov_len != nr)
		return snap_error_os(is_done ? EIO : errno,
				     "cannot write the tags of memory at %#" PRIx64,
				     start);
	return SNAP_OK;
}
