#include "core/inject/memory.h"

#include <inttypes.h>
#include <string.h>

#include "core/inject/drop.h"
#include "core/plan/views.h"
#include "core/tracee/memory.h"
#include "core/tracee/pages.h"

/** Bytes that are read and compared at once. */
#define CHUNK ((size_t)256 << 10)

/** Some pages over which nothing changes, and what they shall be. */
struct piece {
	const struct snap_vma *vma;
	uint64_t start;
	size_t size;
	/** The bytes as they shall be; NULL: zeros, or what the file has. */
	const uint8_t *wanted;
	/** There are pages of the process's own. */
	bool is_own;
};

/** The working space of a pass, and what it does with a difference. */
struct pass {
	struct snap_rewinder *rewinder;
	bool is_verify;
	/** Pages of this mapping may vanish as long as nobody writes to them. */
	bool is_lazy;
	struct snap_drops drops;
	struct snap_views views;
	/** Bytes compared in this pass. */
	uint64_t done;
	struct snap_page_runs runs;
	uint8_t live[CHUNK];
	uint8_t wanted[CHUNK];
};

void snap_rewinder_deinit(struct snap_rewinder *rewinder)
{
	snap_memory_deinit(&rewinder->old);
}

/** Keep what is there now, so that it can be written back. */
static snap_err keep_old(struct pass *pass, uint64_t start, size_t size)
{
	uint8_t *place;
	SNAP_TRY(snap_memory_append(&pass->rewinder->old, start, size, &place));
	snap_err error =
		snap_tracee_read(pass->rewinder->worker->tracee, start, place, size);
	if (error)
		snap_memory_drop_last(&pass->rewinder->old, size);
	return error;
}

/** Give pages back to the kernel: they are then zeros, or the file's. */
static snap_err drop(struct pass *pass, const struct piece *piece, uint64_t start,
		     size_t size)
{
	struct snap_rewinder *rewinder = pass->rewinder;
	SNAP_TRY(keep_old(pass, start, size));
	rewinder->bytes_written += size;
	return snap_drop(&pass->drops, rewinder->room, rewinder->worker, start, size,
			 snap_vma_contents(piece->vma) == SNAP_CONTENTS_ZERO);
}

static snap_err mismatch(const struct piece *piece, uint64_t address)
{
	return snap_error_create(SNAP_ERROR_MISMATCH,
				 "memory at %#" PRIx64 "%s%s is not what was written",
				 address, *piece->vma->name ? " in " : "",
				 piece->vma->name);
}

/** Whether pages that differ are best given back: the others hold what is wanted. */
static bool is_to_drop(const struct piece *piece, const uint8_t *wanted, size_t size)
{
	// Of huge pages, which the kernel does not split, only all or nothing goes.
	return !piece->wanted && snap_vma_contents(piece->vma) == SNAP_CONTENTS_ZERO &&
	       !(piece->vma->flags & SNAP_VMA_HUGETLB) && !*wanted &&
	       !memcmp(wanted, wanted + 1, size - 1);
}

static snap_err write_pages(struct pass *pass, uint64_t start, uint64_t end,
			    const uint8_t *wanted)
{
	if (start == end)
		return SNAP_OK;
	SNAP_TRY(keep_old(pass, start, end - start));
	SNAP_TRY(snap_tracee_write(pass->rewinder->worker->tracee, start, wanted,
				   end - start));
	pass->rewinder->bytes_written += end - start;
	return SNAP_OK;
}

/** Write a run of pages that differ, or drop them. */
static snap_err write_run(struct pass *pass, const struct piece *piece, size_t at,
			  size_t behind, const uint8_t *wanted)
{
	size_t page_size = pass->rewinder->worker->tracee->page_size;
	uint64_t start = piece->start + at, end = piece->start + behind;
	// Of the kernel's pages only whole ones can be given back.
	uint64_t first = snap_page_up(start, page_size);
	uint64_t last = snap_page_down(end, page_size);
	wanted += at;
	if (first >= last || !is_to_drop(piece, wanted, behind - at))
		return write_pages(pass, start, end, wanted);
	SNAP_TRY(write_pages(pass, start, first, wanted));
	SNAP_TRY(drop(pass, piece, first, last - first));
	return write_pages(pass, last, end, wanted + (last - start));
}

/** What the bytes shall be, with those that are not the program's as they are now. */
static void fill_wanted(struct pass *pass, const struct piece *piece)
{
	if (piece->wanted)
		memcpy(pass->wanted, piece->wanted, piece->size);
	else
		memset(pass->wanted, 0, piece->size);
	uint64_t end = piece->start + piece->size;
	for (size_t i = 0; i < pass->rewinder->nr_skips; i++) {
		const struct snap_range *skip = &pass->rewinder->skips[i];
		uint64_t from = skip->start > piece->start ? skip->start : piece->start;
		uint64_t to =
			skip->start + skip->size < end ? skip->start + skip->size : end;
		if (from < to)
			memcpy(pass->wanted + (from - piece->start),
			       pass->live + (from - piece->start), to - from);
	}
}

/**
 * Whether a page needs no writing. What MADV_FREE was called for is there until the
 * kernel takes it; only a write keeps it (man 2 madvise).
 */
static bool is_page_equal(const struct pass *pass, const struct piece *piece, size_t at)
{
	return !(pass->is_lazy && !pass->is_verify && piece->wanted) &&
	       !memcmp(pass->live + at, pass->wanted + at, SNAP_PAGE_SIZE);
}

/** Read a piece; pages that nobody can read (guards) are taken for zeros. */
static snap_err read_live(struct pass *pass, const struct piece *piece)
{
	size_t page_size = pass->rewinder->worker->tracee->page_size;
	for (size_t at = 0; at < piece->size;) {
		size_t got;
		SNAP_TRY(snap_tracee_read_some(pass->rewinder->worker->tracee,
					       piece->start + at, pass->live + at,
					       piece->size - at, &got));
		at += got & ~(size_t)(SNAP_PAGE_SIZE - 1);
		uint64_t left = snap_page_up(piece->start + at + 1, page_size) -
				(piece->start + at);
		if (left > piece->size - at)
			left = piece->size - at;
		memset(pass->live + at, 0, left);
		at += left;
	}
	return SNAP_OK;
}

/** Compare a piece page by page, and write (or report) what differs. */
static snap_err compare(struct pass *pass, const struct piece *piece)
{
	SNAP_TRY(read_live(pass, piece));
	fill_wanted(pass, piece);
	pass->rewinder->bytes_compared += piece->size;
	for (size_t at = 0; at < piece->size; at += SNAP_PAGE_SIZE) {
		size_t end = at;
		while (end < piece->size && !is_page_equal(pass, piece, end))
			end += SNAP_PAGE_SIZE;
		if (end == at)
			continue;
		if (pass->is_verify)
			return mismatch(piece, piece->start + at);
		SNAP_TRY(write_run(pass, piece, at, end, pass->wanted));
		at = end;
	}
	return SNAP_OK;
}

static snap_err do_piece(struct pass *pass, const struct piece *piece)
{
	if (piece->wanted || snap_vma_contents(piece->vma) != SNAP_CONTENTS_FILE)
		return compare(pass, piece);
	// A page that was the file's then and is the process's own now.
	if (!piece->is_own)
		return SNAP_OK;
	return pass->is_verify ? mismatch(piece, piece->start)
			       : drop(pass, piece, piece->start, piece->size);
}

/** The next piece of a range about which the list of existing pages tells. */
static bool next_piece(const struct pass *pass, const struct snap_vma *vma, uint64_t at,
		       size_t *run, struct piece *ret)
{
	const struct snap_page_runs *runs = &pass->runs;
	bool is_shared = snap_vma_contents(vma) == SNAP_CONTENTS_SHARED;
	while (at < runs->end) {
		while (*run < runs->nr && runs->list[*run].end <= at)
			++*run;
		const struct snap_page_run *next =
			*run < runs->nr ? &runs->list[*run] : NULL;
		bool exists = next && next->start <= at;
		uint64_t held;
		const uint8_t *wanted =
			snap_memory_at(&pass->rewinder->image->memory, at, &held);
		uint64_t end = held < runs->end - at ? at + held : runs->end;
		if (next && (exists ? next->end : next->start) < end)
			end = exists ? next->end : next->start;
		if (wanted || exists || is_shared) {
			size_t size = end - at < CHUNK ? end - at : CHUNK;
			*ret = (struct piece){ vma, at, size, wanted,
					       exists && next->is_own };
			return true;
		}
		at = end;
	}
	return false;
}

/** Most of what is compared is what the snapshot holds. */
static snap_err report(const struct pass *pass)
{
	uint64_t total = pass->rewinder->image->memory.size;
	return snap_progress_report(pass->rewinder->progress,
				    pass->is_verify ? "Verifying memory"
						    : "Restoring memory",
				    pass->done < total ? pass->done : total, total);
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

static snap_err do_vma(struct pass *pass, const struct snap_vma *vma)
{
	const struct snap_rewinder *rewinder = pass->rewinder;
	pass->is_lazy = is_lazy(&rewinder->live->vmas, vma);
	for (uint64_t at = vma->start; at < vma->end; at = pass->runs.end) {
		SNAP_TRY(snap_tracee_scan(rewinder->worker->tracee, at, vma->end,
					  &pass->runs));
		struct piece piece;
		size_t run = 0;
		for (uint64_t next = at; next_piece(pass, vma, next, &run, &piece);
		     next = piece.start + piece.size) {
			SNAP_TRY(do_piece(pass, &piece));
			pass->done += piece.size;
			SNAP_TRY(report(pass));
		}
	}
	return SNAP_OK;
}

static void destroy(struct pass **pass)
{
	if (*pass)
		snap_views_deinit(&(*pass)->views);
	free(*pass);
}

static snap_err run_pass(struct snap_rewinder *rewinder, bool is_verify)
{
	_cleanup_(destroy) struct pass *pass = calloc(1, sizeof(*pass));
	if (!pass)
		return &snap_enomem;
	pass->rewinder = rewinder;
	pass->is_verify = is_verify;
	SNAP_TRY(snap_views_init(&pass->views, &rewinder->live->vmas));
	const struct snap_vmas *vmas = &rewinder->image->vmas;
	for (size_t i = 0; i < vmas->nr; i++)
		if (is_rewound(pass, &vmas->list[i]))
			SNAP_TRY(do_vma(pass, &vmas->list[i]));
	return snap_drops_flush(&pass->drops, rewinder->room, rewinder->worker);
}

snap_err snap_rewind_memory(struct snap_rewinder *rewinder)
{
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
