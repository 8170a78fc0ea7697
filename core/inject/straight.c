// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inject/straight.h"

#include <string.h>
#include <sys/uio.h>

#include "core/base/lanes.h"
#include "core/base/xxh3.h"
#include "core/image/extent.h"
#include "core/image/head.h"
#include "core/inject/pour.h"
#include "core/tracee/bulk.h"
#include "core/tracee/memory.h"
#include "core/tracee/pages.h"
#include "core/tracee/vectors.h"

#define PIECE SNAP_EXTENT_PIECE
/** So much is worth a turn of a lane, in bytes: extents may be small and many. */
#define TURN ((uint64_t)4 << 20)
/** Of an extent: not all of it was poured. No extent has so many bytes. */
#define NOT_POURED UINT64_MAX

/** One way over all extents. */
struct passage {
	struct snap_rewinder *rewinder;
	struct snap_tracee *tracee;
	const struct snap_unread *unread;
	const char *phase;
	/** The first extent of each turn, and behind the last one. */
	size_t *turns;
	size_t nr_turns;
	/** Of each extent: it is left to be done in another way. */
	uint8_t *is_left;
	/** Of each extent: nothing is left to be done. */
	uint8_t *is_done;
	struct snap_pour pour;
	/** Of each lane: PIECE bytes, and a digest. */
	uint8_t *space;
	XXH3_state_t *digests[SNAP_LANES_MAX];
	_Atomic uint64_t bytes_written;
};

static void passage_deinit(struct passage *passage)
{
	for (size_t i = 0; i < SNAP_LANES_MAX; i++)
		XXH3_freeState(passage->digests[i]);
	snap_pour_end(&passage->pour);
	free(passage->space);
	free(passage->is_done);
	free(passage->is_left);
	free(passage->turns);
}

#define _cleanup_passage_ _cleanup_(passage_deinit)

/** Deal the extents out. */
static void find_turns(struct passage *passage)
{
	const struct snap_unread *unread = passage->unread;
	uint64_t size = TURN;
	for (size_t i = 0; i < unread->nr; i++) {
		if (size >= TURN) {
			passage->turns[passage->nr_turns++] = i;
			size = 0;
		}
		size += unread->extents[i].size;
	}
	passage->turns[passage->nr_turns] = unread->nr;
}

static snap_err passage_init(struct passage *passage, struct snap_rewinder *rewinder,
			     const struct snap_unread *unread, const char *phase)
{
	*passage = (struct passage){
		.rewinder = rewinder,
		.tracee = rewinder->worker->tracee,
		.unread = unread,
		.phase = phase,
		.pour.uffd = -1,
	};
	passage->turns = calloc(unread->nr + 1, sizeof(*passage->turns));
	passage->is_left = calloc(unread->nr, 1);
	passage->is_done = calloc(unread->nr, 1);
	passage->space = malloc(SNAP_LANES_MAX * PIECE);
	bool has_all = passage->turns && passage->is_left && passage->is_done &&
		       passage->space;
	for (size_t i = 0; i < SNAP_LANES_MAX; i++)
		has_all = (passage->digests[i] = XXH3_createState()) && has_all;
	if (!has_all)
		return &snap_enomem;
	find_turns(passage);
	return SNAP_OK;
}

/** What is done with an extent, by a lane. */
typedef snap_err step_fn(struct passage *passage, size_t index, size_t lane);

static snap_err take_turn(struct passage *passage, const struct snap_lane *lane,
			  step_fn *step, uint64_t *done)
{
	for (size_t i = passage->turns[lane->index];
	     i < passage->turns[lane->index + 1]; i++) {
		if (!passage->is_done[i])
			SNAP_TRY(step(passage, i, lane->number));
		*done += passage->unread->extents[i].size;
	}
	return SNAP_OK;
}

static snap_err run(struct passage *passage,
		    snap_err (*turn)(void *context, const struct snap_lane *lane,
				     uint64_t *done))
{
	struct snap_lanes lanes = {
		.step = turn,
		.context = passage,
		.nr_pieces = passage->nr_turns,
		.progress = passage->rewinder->progress,
		.phase = passage->phase,
		.total = passage->unread->size,
	};
	return snap_lanes_run(&lanes, SNAP_LANES_MAX);
}

/** Bytes of an extent from `at` on: at most a piece. */
static size_t piece_size(const struct snap_image_extent *extent, uint64_t at)
{
	return extent->size - at < PIECE ? extent->size - at : PIECE;
}

/** Read the process's bytes, to where ours may have been. */
static bool read_back(const struct passage *passage, uint64_t start, uint8_t *bytes,
		      size_t size)
{
	const struct iovec ours = { bytes, size };
	const struct iovec theirs = { (void *)(uintptr_t)start, size };
	return process_vm_readv(passage->tracee->pid, &ours, 1, &theirs, 1, 0) ==
	       (ssize_t)size;
}

/** What has become of an extent, or of a part of one. */
struct outcome {
	/** All of it was written. */
	bool is_put;
	/** It was poured, `size` bytes, and all of that was read back. */
	bool is_poured;
	uint64_t size;
};

/**
 * Make pages with a part's bytes, but for its pages of zeros. They are read back while
 * the processor has them at hand, to where they came from: a digest of these bytes is
 * that of the process's then.
 */
static void pour(const struct passage *passage, const struct snap_part *part,
		 struct outcome *outcome)
{
	uint8_t *bytes = part->bytes;
	size_t at = 0, end;
	for (; outcome->is_put &&
	       (end = snap_pages_next_run(bytes, part->size, &at)) > at;
	     at = end) {
		uint64_t start = part->start + at;
		outcome->is_put =
			snap_pour_put(&passage->pour, start, bytes + at, end - at);
		if (!outcome->is_put)
			return;
		outcome->size += end - at;
		if (passage->rewinder->verifies &&
		    !read_back(passage, start, bytes + at, end - at))
			outcome->is_poured = false;
	}
}

/** Write a part but for its pages of zeros. */
static void put(const struct passage *passage, const struct snap_part *part,
		struct outcome *outcome)
{
	if (snap_pour_has(&passage->pour, part->start, part->start + part->size)) {
		pour(passage, part, outcome);
		return;
	}
	outcome->is_poured = false;
	outcome->is_put = snap_bulk_put(passage->tracee, part, &outcome->size);
}

static snap_err read_piece(const struct passage *passage,
			   const struct snap_image_extent *extent, uint64_t at,
			   struct snap_part *part)
{
	part->start = extent->start + at;
	part->size = piece_size(extent, at);
	return snap_file_read(passage->unread->fd, part->bytes, part->size,
			      extent->offset + at);
}

/** SNAP_ERROR_CORRUPT unless the image has the bytes that were written. */
static snap_err check_image(struct passage *passage,
			    const struct snap_image_extent *extent, size_t lane)
{
	XXH3_state_t *digest = passage->digests[lane];
	struct snap_part part = { .bytes = passage->space + lane * PIECE };
	XXH3_64bits_reset(digest);
	for (uint64_t at = 0; at < extent->size; at += part.size) {
		SNAP_TRY(read_piece(passage, extent, at, &part));
		XXH3_64bits_update(digest, part.bytes, part.size);
	}
	return snap_extent_check(extent, XXH3_64bits_digest(digest));
}

static snap_err fill_extent(struct passage *passage, size_t index, size_t lane)
{
	const struct snap_image_extent *extent = &passage->unread->extents[index];
	XXH3_state_t *digest = passage->digests[lane];
	struct snap_part part = { .bytes = passage->space + lane * PIECE };
	struct outcome outcome = { .is_put = true, .is_poured = true };
	XXH3_64bits_reset(digest);
	for (uint64_t at = 0; at < extent->size; at += part.size) {
		SNAP_TRY(read_piece(passage, extent, at, &part));
		if (outcome.is_put)
			put(passage, &part, &outcome);
		XXH3_64bits_update(digest, part.bytes, part.size);
	}
	passage->is_left[index] = !outcome.is_put;
	atomic_fetch_add(&passage->bytes_written, outcome.size);
	if (XXH3_64bits_digest(digest) != extent->digest) {
		// The image, or else what was read back: that is looked at in the end.
		SNAP_TRY(check_image(passage, extent, lane));
		outcome.is_poured = false;
	}
	passage->rewinder->poured[index] =
		outcome.is_put && outcome.is_poured ? outcome.size : NOT_POURED;
	return SNAP_OK;
}

static snap_err fill(void *context, const struct snap_lane *lane, uint64_t *done)
{
	struct passage *passage = context;
	snap_err error = take_turn(passage, lane, fill_extent, done);
	return error ? snap_extent_blame(error, passage->unread->path) : SNAP_OK;
}

static snap_err compare_extent(struct passage *passage, size_t index, size_t lane)
{
	const struct snap_image_extent *extent = &passage->unread->extents[index];
	XXH3_state_t *digest = passage->digests[lane];
	uint8_t *bytes = passage->space + lane * PIECE;
	bool is_read = true;
	XXH3_64bits_reset(digest);
	for (uint64_t at = 0, size; at < extent->size; at += size) {
		size = piece_size(extent, at);
		is_read =
			is_read && read_back(passage, extent->start + at, bytes, size);
		XXH3_64bits_update(digest, bytes, size);
	}
	passage->is_left[index] =
		!is_read || XXH3_64bits_digest(digest) != extent->digest;
	return SNAP_OK;
}

static snap_err compare(void *context, const struct snap_lane *lane, uint64_t *done)
{
	return take_turn(context, lane, compare_extent, done);
}

/**
 * What was poured was compared when it was written: it has only to be there still, and
 * nothing beside it.
 */
static snap_err find_done(struct passage *passage)
{
	for (size_t i = 0; i < passage->unread->nr; i++) {
		const struct snap_image_extent *extent = &passage->unread->extents[i];
		uint64_t poured = passage->rewinder->poured[i], size;
		if (poured == NOT_POURED)
			continue;
		SNAP_TRY(snap_tracee_measure(passage->tracee, extent->start,
					     extent->start + extent->size, &size));
		passage->is_done[i] = size == poured;
	}
	return SNAP_OK;
}

/** Go over what is left, piece by piece: the bytes of the image are in the space. */
static snap_err do_left(const struct passage *passage,
			snap_err (*step)(const struct passage *passage,
					 const struct snap_part *part))
{
	for (size_t i = 0; i < passage->unread->nr; i++) {
		const struct snap_image_extent *extent = &passage->unread->extents[i];
		struct snap_part part = { .bytes = passage->space };
		for (uint64_t at = 0; passage->is_left[i] && at < extent->size;
		     at += part.size) {
			SNAP_TRY(read_piece(passage, extent, at, &part));
			SNAP_TRY(step(passage, &part));
		}
	}
	return SNAP_OK;
}

/** process_vm_writev(2) honours protection; and kernels may be built without it. */
static snap_err fill_slowly(const struct passage *passage, const struct snap_part *part)
{
	return snap_tracee_write_parts(passage->tracee, part, 1);
}

/** The first page that is another one. */
static snap_err compare_slowly(const struct passage *passage,
			       const struct snap_part *part)
{
	uint8_t *live = passage->space + PIECE;
	const uint8_t *wanted = part->bytes;
	bool has_all;
	SNAP_TRY(snap_tracee_read_parts(passage->tracee,
					&(struct snap_part){ part->start, live,
							     part->size },
					1, &has_all));
	for (size_t at = 0; at < part->size; at += SNAP_PAGE_SIZE)
		if (memcmp(live + at, wanted + at, SNAP_PAGE_SIZE))
			return snap_rewinder_mismatch(passage->rewinder,
						      part->start + at);
	return SNAP_OK;
}

snap_err snap_fill_straight(struct snap_rewinder *rewinder,
			    const struct snap_unread *unread, const char *phase)
{
	_cleanup_passage_ struct passage passage;
	rewinder->poured = malloc(unread->nr * sizeof(*rewinder->poured));
	if (!rewinder->poured)
		return &snap_enomem;
	SNAP_TRY(passage_init(&passage, rewinder, unread, phase));
	SNAP_TRY(snap_tracee_enter(passage.tracee, "write memory at %#lx",
				   (unsigned long)unread->extents[0].start));
	SNAP_TRY(snap_pour_begin(&passage.pour, rewinder->worker,
				 &rewinder->image->vmas, unread));
	SNAP_TRY(run(&passage, fill));
	snap_pour_end(&passage.pour);
	SNAP_TRY(do_left(&passage, fill_slowly));
	rewinder->bytes_written += passage.bytes_written;
	return SNAP_OK;
}

snap_err snap_verify_straight(struct snap_rewinder *rewinder,
			      const struct snap_unread *unread, const char *phase)
{
	_cleanup_passage_ struct passage passage;
	SNAP_TRY(passage_init(&passage, rewinder, unread, phase));
	SNAP_TRY(snap_tracee_enter(passage.tracee, "read memory at %#lx",
				   (unsigned long)unread->extents[0].start));
	SNAP_TRY(find_done(&passage));
	SNAP_TRY(run(&passage, compare));
	SNAP_TRY(do_left(&passage, compare_slowly));
	rewinder->bytes_compared += unread->size;
	return SNAP_OK;
}
