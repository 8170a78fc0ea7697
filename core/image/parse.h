/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_IMAGE_PARSE_H
#define SNAP_IMAGE_PARSE_H

#include "arch/arch.h"
#include "core/base/reader.h"
#include "core/image/format.h"
#include "core/image/head.h"
#include "core/model/snapshot.h"

/** A snapshot as its notes are read, one after the other. */
struct snap_parse {
	/** Owned. Its threads are in the order of the file until the end. */
	struct snap_snapshot *snapshot;
	/** For each thread, its place in the snapshot; UINT32_MAX: not told yet. */
	uint32_t *places;
	/** How many threads the manifest promises. */
	uint32_t nr_threads;
	/** Where in the file the head ends, and where the last PT_LOAD ends. */
	uint64_t start;
	uint64_t end;
	/** Owned. All of them lie between the two. */
	struct snap_image_extent *extents;
	size_t nr_extents;
	/** The notes of ours that were there, a bit for each type. */
	uint32_t seen;
	/** Somebody newer wrote it: there may be more in it than we know. */
	bool is_newer;
};

void snap_parse_deinit(struct snap_parse *parse);
#define _cleanup_parse_ _cleanup_(snap_parse_deinit)

/**
 * Make a snapshot out of the notes of an image; of its memory only where it lies.
 *
 * Afterwards everything holds that the headers of core/model/ promise.
 */
_must_check_ snap_err snap_parse_init(struct snap_parse *parse,
				      const struct snap_head *head);

/** The contents of one note of a core file, by its type. */
_must_check_ snap_err snap_parse_core(struct snap_parse *parse, const char *owner,
				      uint32_t type, const uint8_t *data, size_t size);

/** The contents of one note of ours. */
_must_check_ snap_err snap_parse_ours(struct snap_parse *parse, uint32_t type,
				      const uint8_t *data, size_t size);

/** Called for one element of a list, the first to the last. */
typedef snap_err snap_parse_element_fn(struct snap_parse *parse,
				       struct snap_reader *element);

/** A list in a note of ours: a count, then the elements, each with its size before. */
_must_check_ snap_err snap_parse_list(struct snap_parse *parse,
				      struct snap_reader *note,
				      snap_parse_element_fn *parse_element);

/** The notes of each family of state. */
_must_check_ snap_err snap_parse_signals(struct snap_parse *parse,
					 struct snap_reader *note);
_must_check_ snap_err snap_parse_timers(struct snap_parse *parse,
					struct snap_reader *note);
_must_check_ snap_err snap_parse_pending(struct snap_parse *parse,
					 struct snap_reader *note);

/** The notes on folder, limits, priorities, names and privileges. */
_must_check_ snap_err snap_parse_process_state(struct snap_parse *parse,
					       struct snap_reader *note);
_must_check_ snap_err snap_parse_thread_state(struct snap_parse *parse,
					      struct snap_reader *note);
_must_check_ snap_err snap_parse_files(struct snap_parse *parse,
				       struct snap_reader *note);

/** All notes were read: check that they fit each other, and order the threads. */
_must_check_ snap_err snap_parse_finish(struct snap_parse *parse);

/** The thread that the notes read last belong to, or NULL. */
static inline struct snap_thread *snap_parse_thread(const struct snap_parse *parse)
{
	const struct snap_snapshot *snapshot = parse->snapshot;
	return snapshot->nr_threads ? &snapshot->threads[snapshot->nr_threads - 1]
				    : NULL;
}

/** A bit of snap_parse.seen. */
static inline uint32_t snap_note_bit(enum snap_note_type type)
{
	return UINT32_C(1) << (type & 31);
}

#endif
