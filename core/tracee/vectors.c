// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/vectors.h"

#include <limits.h>
#include <string.h>
#include <sys/uio.h>

#include "core/model/page.h"
#include "core/tracee/memory.h"

/** process_vm_readv(2), or process_vm_writev(2). */
typedef ssize_t transfer_fn(pid_t pid, const struct iovec *local,
			    unsigned long nr_local, const struct iovec *remote,
			    unsigned long nr_remote, unsigned long flags);

/**
 * Transfer as many parts as go in one call.
 *
 * @param[out] ret How many were transferred as a whole; the next one may have been in
 *	part. 0: the first cannot be, in this way.
 */
static snap_err transfer(struct snap_tracee *tracee, transfer_fn *function,
			 const char *what, const struct snap_part *parts, size_t nr,
			 size_t *ret)
{
	struct iovec ours[IOV_MAX], theirs[IOV_MAX];
	size_t most = nr < IOV_MAX ? nr : IOV_MAX;
	for (size_t i = 0; i < most; i++) {
		ours[i] = (struct iovec){ parts[i].bytes, parts[i].size };
		theirs[i] = (struct iovec){ (void *)(uintptr_t)parts[i].start,
					    parts[i].size };
	}
	SNAP_TRY(snap_tracee_enter(tracee, "%s memory at %#lx", what,
				   (unsigned long)parts[0].start));
	ssize_t got = function(tracee->pid, ours, most, theirs, most, 0);
	// It honours the protection of pages, and kernels may be built without it: what
	// it does not transfer goes the slow way, which also knows what to say.
	size_t whole = 0;
	for (size_t left = got > 0 ? (size_t)got : 0;
	     whole < most && parts[whole].size <= left; whole++)
		left -= parts[whole].size;
	*ret = whole;
	return SNAP_OK;
}

/** Page by page where it has to be. */
static snap_err read_part(struct snap_tracee *tracee, const struct snap_part *part,
			  bool *ret_is_all)
{
	uint8_t *bytes = part->bytes;
	for (size_t at = 0; at < part->size;) {
		size_t got;
		SNAP_TRY(snap_tracee_read_some(tracee, part->start + at, bytes + at,
					       part->size - at, &got));
		at += got & ~(size_t)(SNAP_PAGE_SIZE - 1);
		uint64_t left = snap_page_up(part->start + at + 1, tracee->page_size) -
				(part->start + at);
		if (left > part->size - at)
			left = part->size - at;
		memset(bytes + at, 0, left);
		at += left;
		if (left)
			*ret_is_all = false;
	}
	return SNAP_OK;
}

snap_err snap_tracee_read_parts(struct snap_tracee *tracee,
				const struct snap_part *parts, size_t nr,
				bool *ret_is_all)
{
	*ret_is_all = true;
	for (size_t done = 0, some; done < nr; done += some) {
		SNAP_TRY(transfer(tracee, process_vm_readv, "read", parts + done,
				  nr - done, &some));
		if (done + some < nr && some < IOV_MAX)
			SNAP_TRY(read_part(tracee, &parts[done + some++], ret_is_all));
	}
	return SNAP_OK;
}

snap_err snap_tracee_write_parts(struct snap_tracee *tracee,
				 const struct snap_part *parts, size_t nr)
{
	for (size_t done = 0, some; done < nr; done += some) {
		SNAP_TRY(transfer(tracee, process_vm_writev, "write", parts + done,
				  nr - done, &some));
		const struct snap_part *next = &parts[done + some];
		if (done + some < nr && some < IOV_MAX) {
			SNAP_TRY(snap_tracee_write(tracee, next->start, next->bytes,
						   next->size));
			some++;
		}
	}
	return SNAP_OK;
}
