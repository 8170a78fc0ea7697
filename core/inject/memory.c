// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inject/memory.h"

#include <inttypes.h>
#include <string.h>

#include "core/inject/drop.h"
#include "core/inject/old_pages.h"
#include "core/inject/straight.h"
#include "core/inject/wanted.h"
#include "core/plan/views.h"
#include "core/tracee/bulk.h"
#include "core/tracee/memory.h"
#include "core/tracee/pages.h"
#include "core/tracee/vectors.h"

/** Bytes, and pieces, that are read and compared at once. */
#define CHUNK ((size_t)1 << 20)
#define MOST  1024
/** A run that is worth a call of its own, in bytes. */
#define LARGE ((uint64_t)64 << 10)

/** Some pages over which nothing changes, and what they shall be. */
struct piece {
	const struct snap_vma *vma;
	uint64_t start;
	size_t size;
	/** The bytes as they shall be; NULL: zeros, or what the file has. */
	const uint8_t *wanted;
	/** They were the file's, and are to be so again. */
	bool is_files;
	/** They may vanish as long as nobody writes to them. */
	bool is_lazy;
};

/** The working space of a pass, and what it does with a difference. */
struct pass {
	struct snap_rewinder *rewinder;
	bool is_verify;
	/** Pages of the mapping at hand may vanish. */
	bool is_lazy;
	struct snap_drops drops;
	struct snap_views views;
	struct snap_old_pages old;
	/** Memory that needs no thought, but perhaps time: to be filled, or compared.
	 */
	struct snap_bulk bulk;
	/** What has been left in the image; NULL: nothing. */
	const struct snap_unread *unread;
	/** Where the pass is in the rewinder's ranges. */
	size_t range;
	/** Bytes compared in this pass. */
	uint64_t done;
	size_t nr_pieces, nr_parts, size;
	bool has_read_all;
	/** From here on nothing is set at the beginning: two MiB. */
	struct snap_page_runs runs;
	/** What is read and compared next, and what of it will be written. */
	struct piece pieces[MOST];
	struct snap_part parts[MOST];
	/** The bytes of the pieces, one behind the other: in `space`, or where they are
	 * going to be kept; of those that shall be, what is not just the image's. */
	uint8_t *live;
	uint8_t space[CHUNK];
	uint8_t wanted[CHUNK];
};

void snap_rewinder_deinit(struct snap_rewinder *rewinder)
{
	snap_memory_deinit(&rewinder->old);
	free(rewinder->poured);
}

/** Keep what was read: snap_old_pages_finish() before it changes. */
static snap_err keep_old(struct pass *pass, uint64_t start, const uint8_t *live,
			 size_t size)
{
	return snap_old_pages_keep(&pass->old, pass->rewinder->worker->tracee, start,
				   pass->has_read_all ? live : NULL, size);
}

/** Give pages back to the kernel: they are then zeros, or the file's. */
static snap_err drop(struct pass *pass, const struct piece *piece, uint64_t start,
		     const uint8_t *live, size_t size)
{
	struct snap_rewinder *rewinder = pass->rewinder;
	SNAP_TRY(keep_old(pass, start, live, size));
	SNAP_TRY(snap_old_pages_finish(&pass->old));
	rewinder->bytes_written += size;
	return snap_drop(&pass->drops, rewinder->room, rewinder->worker, start, size,
			 snap_vma_contents(piece->vma) == SNAP_CONTENTS_ZERO);
}

snap_err snap_rewinder_mismatch(const struct snap_rewinder *rewinder, uint64_t address)
{
	const struct snap_vma *vma = snap_vmas_find(&rewinder->image->vmas, address);
	bool has_name = vma && *vma->name;
	return snap_error_create(SNAP_ERROR_MISMATCH,
				 "memory at %#" PRIx64 "%s%s is not what was written",
				 address, has_name ? " in " : "",
				 has_name ? vma->name : "");
}

/** Whether pages that differ are best given back: the others hold what is wanted. */
static bool is_to_drop(const struct piece *piece, const uint8_t *wanted, size_t size)
{
	// Of huge pages, which the kernel does not split, only all or nothing goes.
	return !piece->wanted && snap_vma_contents(piece->vma) == SNAP_CONTENTS_ZERO &&
	       !(piece->vma->flags & SNAP_VMA_HUGETLB) && !*wanted &&
	       !memcmp(wanted, wanted + 1, size - 1);
}

static snap_err write_parts(struct pass *pass)
{
	size_t nr = pass->nr_parts;
	pass->nr_parts = 0;
	SNAP_TRY(snap_old_pages_finish(&pass->old));
	return snap_tracee_write_parts(pass->rewinder->worker->tracee, pass->parts, nr);
}

/** The bytes of some pages, as they are and as they shall be. */
struct bytes {
	const uint8_t *live;
	const uint8_t *wanted;
};

static struct bytes bytes_from(struct bytes bytes, size_t offset)
{
	return (struct bytes){ bytes.live + offset, bytes.wanted + offset };
}

/** Have pages written. */
static snap_err write_pages(struct pass *pass, uint64_t start, uint64_t end,
			    struct bytes bytes)
{
	if (start == end)
		return SNAP_OK;
	size_t size = end - start;
	SNAP_TRY(keep_old(pass, start, bytes.live, size));
	if (pass->nr_parts == MOST)
		SNAP_TRY(write_parts(pass));
	pass->parts[pass->nr_parts++] =
		(struct snap_part){ start, (void *)(uintptr_t)bytes.wanted, size };
	pass->rewinder->bytes_written += size;
	return SNAP_OK;
}

/** Write a run of pages that differ, or drop them. */
static snap_err write_run(struct pass *pass, const struct piece *piece, uint64_t start,
			  uint64_t end, struct bytes bytes)
{
	size_t page_size = pass->rewinder->worker->tracee->page_size;
	// Of the kernel's pages only whole ones can be given back.
	uint64_t first = snap_page_up(start, page_size);
	uint64_t last = snap_page_down(end, page_size);
	if (first >= last || !is_to_drop(piece, bytes.wanted, end - start))
		return write_pages(pass, start, end, bytes);
	SNAP_TRY(write_pages(pass, start, first, bytes));
	SNAP_TRY(drop(pass, piece, first, bytes.live + (first - start), last - first));
	return write_pages(pass, last, end, bytes_from(bytes, last - start));
}

/**
 * Whether a page needs no writing. What MADV_FREE was called for is there until the
 * kernel takes it; only a write keeps it (man 2 madvise).
 */
static bool is_page_equal(const struct pass *pass, const struct piece *piece,
			  struct bytes bytes)
{
	return !(piece->is_lazy && !pass->is_verify && piece->wanted) &&
	       !memcmp(bytes.live, bytes.wanted, SNAP_PAGE_SIZE);
}

/** Compare a piece page by page, and write (or report) what differs. */
static snap_err compare(struct pass *pass, const struct piece *piece, size_t base)
{
	const struct bytes all = {
		pass->live + base,
		snap_wanted_bytes(pass->rewinder, piece->start, piece->size,
				  piece->wanted, pass->live + base, pass->wanted + base)
	};
	pass->rewinder->bytes_compared += piece->size;
	for (size_t at = 0; at < piece->size; at += SNAP_PAGE_SIZE) {
		size_t end = at;
		while (end < piece->size &&
		       !is_page_equal(pass, piece, bytes_from(all, end)))
			end += SNAP_PAGE_SIZE;
		if (end == at)
			continue;
		if (pass->is_verify)
			return snap_rewinder_mismatch(pass->rewinder,
						      piece->start + at);
		SNAP_TRY(write_run(pass, piece, piece->start + at, piece->start + end,
				   bytes_from(all, at)));
		at = end;
	}
	return SNAP_OK;
}

static snap_err do_piece(struct pass *pass, const struct piece *piece, size_t base)
{
	if (!piece->is_files)
		return compare(pass, piece, base);
	// A page that was the file's then and is the process's own now.
	return pass->is_verify ? snap_rewinder_mismatch(pass->rewinder, piece->start)
			       : drop(pass, piece, piece->start, pass->live + base,
				      piece->size);
}

/** Read and compare the pieces that wait. */
static snap_err do_pieces(struct pass *pass)
{
	size_t base = 0, nr = pass->nr_pieces;
	// A verification keeps nothing.
	pass->live = pass->is_verify ? pass->space
				     : snap_fills_place(&pass->old.fills, pass->size,
							pass->space);
	for (size_t i = 0; i < nr; base += pass->pieces[i++].size)
		pass->parts[i] = (struct snap_part){
			pass->pieces[i].start,
			pass->live + base,
			pass->pieces[i].size,
		};
	SNAP_TRY(snap_tracee_read_parts(pass->rewinder->worker->tracee, pass->parts, nr,
					&pass->has_read_all));
	base = 0;
	for (size_t i = 0; i < nr; base += pass->pieces[i++].size)
		SNAP_TRY(do_piece(pass, &pass->pieces[i], base));
	pass->nr_pieces = pass->size = 0;
	return write_parts(pass);
}

static const char *phase(const struct pass *pass)
{
	return pass->is_verify ? "Verifying memory" : "Restoring memory";
}

/** Most of what is compared is what the snapshot holds. */
static snap_err report(const struct pass *pass)
{
	uint64_t total = pass->rewinder->image->memory.size;
	return snap_progress_report(pass->rewinder->progress, phase(pass),
				    pass->done < total ? pass->done : total, total);
}

/** Have a piece read and compared, of any size. */
static snap_err add_piece(struct pass *pass, struct piece piece)
{
	while (piece.size) {
		if (pass->nr_pieces == MOST || pass->size == CHUNK) {
			SNAP_TRY(do_pieces(pass));
			SNAP_TRY(report(pass));
		}
		struct piece next = piece;
		next.is_lazy = pass->is_lazy;
		if (next.size > CHUNK - pass->size)
			next.size = CHUNK - pass->size;
		pass->pieces[pass->nr_pieces++] = next;
		pass->size += next.size;
		pass->done += next.size;
		piece.start += next.size;
		piece.size -= next.size;
		if (piece.wanted)
			piece.wanted += next.size;
	}
	return SNAP_OK;
}

/** Where the image holds nothing: what is there, shall be zero, or the file's. */
static snap_err do_missing(struct pass *pass, const struct snap_vma *vma,
			   uint64_t start, uint64_t end)
{
	struct snap_tracee *tracee = pass->rewinder->worker->tracee;
	bool is_file = snap_vma_contents(vma) == SNAP_CONTENTS_FILE;
	for (uint64_t at = start; at < end; at = pass->runs.end) {
		SNAP_TRY(snap_tracee_scan(tracee, at, end, &pass->runs));
		for (size_t i = 0; i < pass->runs.nr; i++) {
			const struct snap_page_run *run = &pass->runs.list[i];
			if (is_file && !run->is_own)
				continue;
			SNAP_TRY(add_piece(pass, (struct piece){
							 .vma = vma,
							 .start = run->start,
							 .size = run->end - run->start,
							 .is_files = is_file }));
		}
	}
	return SNAP_OK;
}

/**
 * Whether nothing has been written to a mapping of a process yet: all of it is zero,
 * and nobody needs that back, because a new process that fails is killed.
 */
static bool is_fresh(const struct pass *pass, const struct snap_vma *vma)
{
	return pass->rewinder->live->state.is_new &&
	       snap_vma_contents(vma) == SNAP_CONTENTS_ZERO;
}

/** Nothing else is filled from an image. */
static snap_err check_fresh(const struct pass *pass, const struct snap_vma *vma,
			    uint64_t at)
{
	return is_fresh(pass, vma) ? SNAP_OK
				   : snap_error_create(SNAP_ERROR_INVALID,
						       "memory at %#" PRIx64
						       " is still in the image",
						       at);
}

/** Only new memory of a new process is known without a look. */
static snap_err fill_fresh(struct pass *pass, uint64_t start, const uint8_t *wanted,
			   uint64_t size)
{
	return wanted ? snap_bulk_add(&pass->bulk, start, wanted, size) : SNAP_OK;
}

/**
 * Whether memory is unread, and therefore done apart.
 *
 * @param[in,out] size Cut to the bytes about which that is so.
 */
static bool is_unread(const struct pass *pass, uint64_t at, uint64_t *size)
{
	const struct snap_image_extent *next =
		pass->unread ? snap_unread_find(pass->unread, at) : NULL;
	if (!next)
		return false;
	bool is_unread = next->start <= at;
	uint64_t end = is_unread ? next->start + next->size : next->start;
	*size = *size < end - at ? *size : end - at;
	return is_unread;
}

/** A part of a mapping, of whole pages. */
static snap_err do_range(struct pass *pass, const struct snap_vma *vma, uint64_t start,
			 uint64_t end)
{
	bool is_shared = snap_vma_contents(vma) == SNAP_CONTENTS_SHARED;
	for (uint64_t at = start; at < end;) {
		struct snap_run held;
		if (!snap_memory_next_piece(&pass->rewinder->image->memory, at, end,
					    &held))
			held = (struct snap_run){ .start = end };
		bool is_held = held.start == at;
		const uint8_t *wanted = is_held ? held.bytes : NULL;
		uint64_t size = is_held ? held.size : held.start - at;
		bool is_apart = is_unread(pass, at, &size);
		// Shared pages need not be in this process's page table.
		if (is_apart)
			SNAP_TRY(check_fresh(pass, vma, at));
		else if (!pass->is_verify && is_fresh(pass, vma))
			SNAP_TRY(fill_fresh(pass, at, wanted, size));
		else if (pass->is_verify && wanted && size >= LARGE)
			SNAP_TRY(snap_bulk_add(&pass->bulk, at, wanted, size));
		else if (wanted || is_shared)
			SNAP_TRY(add_piece(pass, (struct piece){ .vma = vma,
								 .start = at,
								 .size = size,
								 .wanted = wanted }));
		else
			SNAP_TRY(do_missing(pass, vma, at, at + size));
		at += size;
	}
	return SNAP_OK;
}

/** Whether the program has called MADV_FREE for a part of a mapping. */
static bool is_lazy(const struct snap_vmas *live, const struct snap_vma *vma)
{
	const struct snap_vma *end = live->list + live->nr;
	const struct snap_vma *at = snap_vmas_find_from(live, vma->start);
	for (; at && at < end && at->start < vma->end; at++)
		if (at->flags & SNAP_VMA_LAZY_FREE)
			return true;
	return false;
}

/** Whether contents are put back: not of what others have begun to share since. */
static bool is_rewound(const struct pass *pass, const struct snap_vma *vma)
{
	uint32_t flags;
	switch (snap_vma_contents(vma)) {
	case SNAP_CONTENTS_NONE:
		return false;
	case SNAP_CONTENTS_SHARED:
		return !snap_views_exist(&pass->views, vma, &flags) ||
		       flags & SNAP_VMA_REWOUND;
	case SNAP_CONTENTS_ZERO:
	case SNAP_CONTENTS_FILE:
		return true;
	}
	return true;
}

/** Some ranges, as far as they lie in a mapping. */
static snap_err do_ranges(struct pass *pass, const struct snap_vma *vma,
			  const struct snap_ranges *ranges)
{
	for (uint64_t at = vma->start, to; at < vma->end; at = to) {
		to = vma->end;
		if (snap_ranges_have_next(ranges, &pass->range, at, &to))
			SNAP_TRY(do_range(pass, vma, at, to));
	}
	return SNAP_OK;
}

static snap_err do_vma(struct pass *pass, const struct snap_vma *vma)
{
	const struct snap_ranges *only = pass->rewinder->only;
	pass->is_lazy = is_lazy(&pass->rewinder->live->vmas, vma);
	// What MADV_FREE was called for has not changed, and has to be written all the
	// same.
	return !only || pass->is_lazy ? do_range(pass, vma, vma->start, vma->end)
				      : do_ranges(pass, vma, only);
}

/** All at once; where the bytes are not simply those of the image, with a closer look.
 */
static snap_err compare_bulk(struct pass *pass)
{
	const struct snap_rewinder *rewinder = pass->rewinder;
	const struct snap_bulk *bulk = &pass->bulk;
	_cleanup_free_ uint8_t *differ = malloc(bulk->nr + 1);
	if (!differ)
		return &snap_enomem;
	SNAP_TRY(snap_bulk_compare(bulk, rewinder->worker->tracee, rewinder->progress,
				   phase(pass), differ));
	for (size_t i = 0; i < bulk->nr; i++) {
		const struct snap_part *part = &bulk->parts[i];
		if (differ[i])
			SNAP_TRY(
				add_piece(pass,
					  (struct piece){
						  .vma = snap_vmas_find(&rewinder->image
										 ->vmas,
									part->start),
						  .start = part->start,
						  .size = part->size,
						  .wanted = part->bytes }));
		else
			pass->rewinder->bytes_compared += part->size;
	}
	return SNAP_OK;
}

static snap_err do_bulk(struct pass *pass)
{
	struct snap_rewinder *rewinder = pass->rewinder;
	if (pass->is_verify)
		return compare_bulk(pass);
	return snap_bulk_fill(&pass->bulk, rewinder->worker->tracee, rewinder->progress,
			      phase(pass), &rewinder->bytes_written);
}

static snap_err do_straight(const struct pass *pass)
{
	if (!pass->unread)
		return SNAP_OK;
	return pass->is_verify
		       ? snap_verify_straight(pass->rewinder, pass->unread, phase(pass))
		       : snap_fill_straight(pass->rewinder, pass->unread, phase(pass));
}

static void destroy(struct pass **pass)
{
	if (*pass) {
		snap_views_deinit(&(*pass)->views);
		snap_bulk_deinit(&(*pass)->bulk);
	}
	free(*pass);
}

static snap_err run_pass(struct snap_rewinder *rewinder, bool is_verify)
{
	_cleanup_(destroy) struct pass *pass = malloc(sizeof(*pass));
	if (!pass)
		return &snap_enomem;
	memset(pass, 0, offsetof(struct pass, runs));
	pass->rewinder = rewinder;
	snap_old_pages_init(&pass->old, &rewinder->old);
	pass->is_verify = is_verify;
	pass->unread = snap_unread_of(&rewinder->image->memory);
	SNAP_TRY(snap_views_init(&pass->views, &rewinder->live->vmas));
	const struct snap_vmas *vmas = &rewinder->image->vmas;
	for (size_t i = 0; i < vmas->nr; i++)
		if (is_rewound(pass, &vmas->list[i]))
			SNAP_TRY(do_vma(pass, &vmas->list[i]));
	SNAP_TRY(do_straight(pass));
	SNAP_TRY(do_bulk(pass));
	SNAP_TRY(do_pieces(pass));
	return snap_drops_flush(&pass->drops, rewinder->room, rewinder->worker);
}

snap_err snap_rewind_memory(struct snap_rewinder *rewinder)
{
	struct snap_store *store = rewinder->image->memory.store;
	// A disk is no place for what is needed for a moment.
	if (!rewinder->old.store && store && !store->folder)
		snap_memory_init(&rewinder->old, store);
	return run_pass(rewinder, false);
}

snap_err snap_verify_memory(struct snap_rewinder *rewinder)
{
	return run_pass(rewinder, true);
}

snap_err snap_unwind_memory(struct snap_rewinder *rewinder)
{
	return snap_tracee_write_back(rewinder->worker->tracee, &rewinder->old);
}
