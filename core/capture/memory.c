// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/capture/memory.h"

#include <stdbool.h>
#include <string.h>

#include "core/capture/keep.h"
#include "core/model/page.h"
#include "core/tracee/memory.h"
#include "core/tracee/pages.h"
#include "core/tracee/proc.h"
#include "core/tracee/vectors.h"

/** Bytes of memory that are read at once. */
#define CHUNK ((size_t)1 << 20)

/** Bytes of a mapping between two reports of progress; of small pieces, fewer. */
#define STEP       ((uint64_t)64 << 20)
#define SMALL_STEP ((uint64_t)1 << 20)

/** Pieces that are dealt with at once. */
#define MOST 1024

/** A piece of memory, whose turn comes when many wait. */
struct piece {
	uint64_t start;
	uint64_t size;
	/** It is as in the baseline, and not read. */
	bool is_known;
	bool drops_zeros;
};

/** The working space of a capture. */
struct space {
	struct snap_keeper keeper;
	/** Who copies what the mapping at hand holds; NULL: we, now. */
	struct snap_copy *copy;
	/** Pages that are known to exist, and where in them the last question was. */
	const struct snap_ranges *there;
	size_t there_at;
	struct snap_page_runs runs;
	/** What waits, in the order of addresses. */
	struct piece pieces[MOST];
	size_t nr_pieces;
	/** How many bytes are going to be read. */
	size_t size;
	struct snap_part parts[MOST];
	uint8_t chunk[CHUNK];
};

static snap_err create_space(struct snap_memory *memory,
			     const struct snap_memory *baseline, struct space **ret)
{
	static const struct snap_ranges none;
	struct space *space = malloc(sizeof(*space));
	if (!space)
		return &snap_enomem;
	snap_keeper_init(&space->keeper, memory, baseline);
	space->copy = NULL;
	space->there = &none;
	space->there_at = space->nr_pieces = space->size = 0;
	*ret = space;
	return SNAP_OK;
}

/** Read a piece by itself; what cannot be read (guards) is not held. */
static snap_err keep_slowly(struct snap_tracee *tracee, const struct piece *piece,
			    struct space *space)
{
	for (uint64_t at = piece->start, end = at + piece->size; at < end;) {
		size_t size = end - at, got;
		SNAP_TRY(snap_tracee_read_some(tracee, at, space->chunk, size, &got));
		got = snap_page_down(got, tracee->page_size);
		SNAP_TRY(snap_keep(&space->keeper, at, space->chunk, got,
				   piece->drops_zeros));
		SNAP_TRY(snap_keep_copy(&space->keeper));
		at += got < size ? got + tracee->page_size : got;
	}
	return SNAP_OK;
}

/**
 * Read what waits in one go: to where it is going to be held, if that is known.
 *
 * @param[out] ret_bytes One piece behind the other.
 * @param[out] ret_is_all false: some cannot be read.
 */
static snap_err read_pieces(struct snap_tracee *tracee, struct space *space,
			    const uint8_t **ret_bytes, bool *ret_is_all)
{
	size_t nr = 0;
	uint8_t *bytes =
		snap_fills_place(&space->keeper.fills, space->size, space->chunk);
	*ret_bytes = bytes;
	for (size_t i = 0; i < space->nr_pieces; i++) {
		const struct piece *piece = &space->pieces[i];
		if (piece->is_known)
			continue;
		space->parts[nr++] =
			(struct snap_part){ piece->start, bytes, piece->size };
		bytes += piece->size;
	}
	return snap_tracee_read_parts(tracee, space->parts, nr, ret_is_all);
}

/** Deal with what waits. */
static snap_err do_pieces(struct snap_tracee *tracee, struct space *space)
{
	bool has_all;
	const uint8_t *bytes;
	SNAP_TRY(read_pieces(tracee, space, &bytes, &has_all));
	for (size_t i = 0; i < space->nr_pieces; i++) {
		const struct piece *piece = &space->pieces[i];
		if (piece->is_known) {
			SNAP_TRY(snap_keep_known(&space->keeper, piece->start,
						 piece->start + piece->size));
			continue;
		}
		SNAP_TRY(has_all ? snap_keep(&space->keeper, piece->start, bytes,
					     piece->size, piece->drops_zeros)
				 : keep_slowly(tracee, piece, space));
		bytes += piece->size;
	}
	space->nr_pieces = space->size = 0;
	return snap_keep_copy(&space->keeper);
}

static snap_err add_piece(struct snap_tracee *tracee, struct space *space,
			  struct piece piece)
{
	if (space->nr_pieces == MOST)
		SNAP_TRY(do_pieces(tracee, space));
	space->pieces[space->nr_pieces++] = piece;
	return SNAP_OK;
}

/** Have one run of pages read that are to be held. */
static snap_err read_run(struct snap_tracee *tracee, uint64_t start, uint64_t end,
			 bool drops_zeros, struct space *space)
{
	while (start < end) {
		size_t size = end - start < CHUNK ? end - start : CHUNK;
		if (size > CHUNK - space->size)
			SNAP_TRY(do_pieces(tracee, space));
		SNAP_TRY(add_piece(tracee, space,
				   (struct piece){ .start = start,
						   .size = size,
						   .drops_zeros = drops_zeros }));
		space->size += size;
		start += size;
	}
	return SNAP_OK;
}

/** Hold a run of pages whose bytes come later. */
static snap_err expect_run(struct snap_tracee *tracee, struct space *space,
			   const struct snap_page_run *run)
{
	uint8_t *bytes;
	uint64_t size = run->end - run->start;
	SNAP_TRY(do_pieces(tracee, space));
	SNAP_TRY(snap_keep_finish(&space->keeper));
	SNAP_TRY(snap_memory_append_unbacked(space->keeper.memory, run->start, size,
					     &bytes));
	return snap_copy_add(space->copy, run->start, size, bytes);
}

static snap_err take_run(struct snap_tracee *tracee, enum snap_vma_contents contents,
			 const struct snap_page_run *run, struct space *space)
{
	if (contents == SNAP_CONTENTS_FILE && !run->is_own)
		return SNAP_OK;
	if (space->copy)
		return expect_run(tracee, space, run);
	return read_run(tracee, run->start, run->end, contents != SNAP_CONTENTS_FILE,
			space);
}

/** Look for pages. @param[out] end How far it came. */
static snap_err scan(struct snap_tracee *tracee, enum snap_vma_contents contents,
		     uint64_t start, uint64_t *end, struct space *space)
{
	SNAP_TRY(snap_tracee_scan(tracee, start, *end, &space->runs));
	for (size_t i = 0; i < space->runs.nr; i++)
		SNAP_TRY(take_run(tracee, contents, &space->runs.list[i], space));
	*end = space->runs.end;
	return SNAP_OK;
}

static snap_err capture_private(struct snap_tracee *tracee,
				enum snap_vma_contents contents, uint64_t start,
				uint64_t end, struct space *space)
{
	for (uint64_t to; start < end; start = to) {
		to = end;
		if (!snap_ranges_have_next(space->there, &space->there_at, start,
					   &to)) {
			SNAP_TRY(scan(tracee, contents, start, &to, space));
			continue;
		}
		const struct snap_page_run run = { start, to, true };
		SNAP_TRY(take_run(tracee, contents, &run, space));
	}
	return SNAP_OK;
}

static snap_err capture_range(struct snap_tracee *tracee, const struct snap_vma *vma,
			      uint64_t start, uint64_t end, struct space *space)
{
	enum snap_vma_contents contents = snap_vma_contents(vma);
	switch (contents) {
	case SNAP_CONTENTS_NONE:
		return SNAP_OK;
	case SNAP_CONTENTS_SHARED:
		// Pages that others have written need not be in this process's page
		// table.
		return read_run(tracee, start, end, true, space);
	case SNAP_CONTENTS_ZERO:
	case SNAP_CONTENTS_FILE:
		return capture_private(tracee, contents, start, end, space);
	}
	return SNAP_OK;
}

snap_err snap_capture_range(struct snap_tracee *tracee, const struct snap_vma *vma,
			    uint64_t start, uint64_t end, struct snap_memory *ret)
{
	_cleanup_free_ struct space *space = NULL;
	SNAP_TRY(create_space(ret, NULL, &space));
	SNAP_TRY(capture_range(tracee, vma, start, end, space));
	return do_pieces(tracee, space);
}

/**
 * How far a mapping has pages that no restore needs, but every tool that reads cores:
 * the vdso, where debuggers look for symbols, and the first page of a library, which
 * has its build-id. The kernel's own cores have both (fs/coredump.c, vma_dump_size).
 */
static uint64_t end_for_tools(const struct snap_tracee *tracee,
			      const struct snap_vma *vma)
{
	if (!strcmp(vma->name, "[vdso]"))
		return vma->end;
	return snap_vma_contents(vma) == SNAP_CONTENTS_FILE && !vma->offset &&
			       vma->build_id_size
		       ? vma->start + tracee->page_size
		       : vma->start;
}

/** Zeros are not held, and pages shared by a fork count twice: the sum is a guess. */
static snap_err report(const struct snap_progress *progress, uint64_t done,
		       uint64_t total)
{
	return snap_progress_report(progress, "Reading memory",
				    done < total ? done : total, total);
}

/** What is captured, and what is known of it. */
struct capture {
	struct snap_tracee *tracee;
	const struct snap_ranges *changed;
	/** Where in it the last question was. */
	size_t changed_at;
	const struct snap_progress *progress;
	/** In bytes: what there is to do. */
	uint64_t total;
	struct snap_copy *copy;
	struct space *space;
	/** How many bytes are held at the next report. */
	uint64_t next_report;
	/** Between two: a thousand reports to Python take a millisecond. */
	uint64_t step;
};

static snap_err report_piece(struct capture *capture)
{
	uint64_t done = capture->space->keeper.memory->size;
	if (done < capture->next_report)
		return SNAP_OK;
	capture->next_report = done + capture->step;
	return report(capture->progress, done, capture->total);
}

/**
 * The thread that copies from a twin is not its tracer, to whom alone kernels may give
 * what the process itself cannot read (Linux 6.12, proc_mem.force_override=ptrace).
 */
static bool can_copy_later(const struct snap_vma *vma)
{
	return snap_twin_has(vma) && vma->prot & SNAP_VMA_READ;
}

static snap_err capture_mapping(struct capture *capture, const struct snap_vma *vma)
{
	uint64_t for_tools = end_for_tools(capture->tracee, vma);
	capture->space->copy = can_copy_later(vma) ? capture->copy : NULL;
	for (uint64_t at = vma->start, end; at < vma->end; at = end) {
		// In steps, so that a user who waits can be told and asked.
		end = vma->end - at > STEP ? at + STEP : vma->end;
		if (at < for_tools && for_tools < end)
			end = for_tools;
		if (!snap_ranges_have_next(capture->changed, &capture->changed_at, at,
					   &end)) {
			SNAP_TRY(add_piece(capture->tracee, capture->space,
					   (struct piece){ .start = at,
							   .size = end - at,
							   .is_known = true }));
			continue;
		}
		SNAP_TRY(at < for_tools ? read_run(capture->tracee, at, end, false,
						   capture->space)
					: capture_range(capture->tracee, vma, at, end,
							capture->space));
		SNAP_TRY(report_piece(capture));
	}
	return SNAP_OK;
}

snap_err snap_capture_memory(struct snap_tracee *tracee, const struct snap_vmas *vmas,
			     const struct snap_memory *baseline,
			     const struct snap_changes *changes, struct snap_copy *copy,
			     const struct snap_progress *progress,
			     struct snap_memory *ret)
{
	_cleanup_free_ struct space *space = NULL;
	SNAP_TRY(create_space(ret, baseline, &space));
	struct snap_proc_status status;
	SNAP_TRY(snap_proc_read_status(tracee, tracee->pid, &status));
	struct snap_range all = { 0, UINT64_MAX };
	const struct snap_ranges everything = { &all, 1 };
	bool is_known = space->keeper.baseline && changes->is_known;
	space->there = &changes->there;
	struct capture capture = {
		.tracee = tracee,
		.changed = is_known ? &changes->changed : &everything,
		.progress = progress,
		.total = status.own_memory,
		.copy = copy,
		.space = space,
		.step = is_known ? SMALL_STEP : 0,
	};
	for (size_t i = 0; i < vmas->nr; i++)
		SNAP_TRY(capture_mapping(&capture, &vmas->list[i]));
	SNAP_TRY(do_pieces(tracee, space));
	SNAP_TRY(snap_keep_finish(&space->keeper));
	snap_memory_trim(ret);
	return SNAP_OK;
}
