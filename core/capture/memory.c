#include "core/capture/memory.h"

#include <stdbool.h>
#include <string.h>

#include "core/capture/keep.h"
#include "core/model/page.h"
#include "core/tracee/memory.h"
#include "core/tracee/pages.h"
#include "core/tracee/proc.h"

/** Bytes of memory that are read at once. */
#define CHUNK ((size_t)1 << 20)

/** Bytes of a mapping between two reports of progress. */
#define STEP ((uint64_t)64 << 20)

/** The working space of a capture. */
struct space {
	struct snap_keeper keeper;
	/** Who copies what the mapping at hand holds; NULL: we, now. */
	struct snap_copy *copy;
	struct snap_page_runs runs;
	uint8_t chunk[CHUNK];
};

/** Read one run of pages that are to be held; what cannot be read (guards) is not. */
static snap_err read_run(struct snap_tracee *tracee, uint64_t start, uint64_t end,
			 bool drops_zeros, struct space *space)
{
	while (start < end) {
		size_t size = end - start < CHUNK ? end - start : CHUNK, got;
		SNAP_TRY(
			snap_tracee_read_some(tracee, start, space->chunk, size, &got));
		got = snap_page_down(got, tracee->page_size);
		SNAP_TRY(snap_keep(&space->keeper, start, space->chunk, got,
				   drops_zeros));
		start += got < size ? got + tracee->page_size : got;
	}
	return SNAP_OK;
}

/** Hold a run of pages whose bytes come later. */
static snap_err expect_run(struct space *space, const struct snap_page_run *run)
{
	uint8_t *bytes;
	uint64_t size = run->end - run->start;
	SNAP_TRY(snap_keep_finish(&space->keeper));
	SNAP_TRY(snap_memory_append_unbacked(space->keeper.memory, run->start, size,
					     &bytes));
	return snap_copy_add(space->copy, run->start, size, bytes);
}

/** Whether pages of a run are to be held. */
static bool is_wanted(enum snap_vma_contents contents, const struct snap_page_run *run)
{
	return contents != SNAP_CONTENTS_FILE || run->is_own;
}

static snap_err take_run(struct snap_tracee *tracee, enum snap_vma_contents contents,
			 const struct snap_page_run *run, struct space *space)
{
	if (space->copy)
		return expect_run(space, run);
	return read_run(tracee, run->start, run->end, contents != SNAP_CONTENTS_FILE,
			space);
}

static snap_err capture_private(struct snap_tracee *tracee,
				enum snap_vma_contents contents, uint64_t start,
				uint64_t end, struct space *space)
{
	for (; start < end; start = space->runs.end) {
		SNAP_TRY(snap_tracee_scan(tracee, start, end, &space->runs));
		for (size_t i = 0; i < space->runs.nr; i++)
			if (is_wanted(contents, &space->runs.list[i]))
				SNAP_TRY(take_run(tracee, contents,
						  &space->runs.list[i], space));
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
	_cleanup_free_ struct space *space = malloc(sizeof(*space));
	if (!space)
		return &snap_enomem;
	snap_keeper_init(&space->keeper, ret, NULL);
	space->copy = NULL;
	return capture_range(tracee, vma, start, end, space);
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
	const struct snap_progress *progress;
	/** In bytes: what there is to do. */
	uint64_t total;
	struct snap_copy *copy;
	struct space *space;
};

/** Whether pages from an address on may have changed; to where that is so. */
static bool has_changed(const struct capture *capture, uint64_t start, uint64_t *end)
{
	const struct snap_range *next = snap_ranges_find_from(capture->changed, start);
	bool is_inside = next && next->start <= start;
	if (next && !is_inside && next->start < *end)
		*end = next->start;
	if (is_inside && next->start + next->size < *end)
		*end = next->start + next->size;
	return is_inside;
}

static snap_err capture_mapping(const struct capture *capture,
				const struct snap_vma *vma)
{
	uint64_t for_tools = end_for_tools(capture->tracee, vma);
	capture->space->copy = snap_twin_has(vma) ? capture->copy : NULL;
	for (uint64_t at = vma->start, end; at < vma->end; at = end) {
		// In steps, so that a user who waits can be told and asked.
		end = vma->end - at > STEP ? at + STEP : vma->end;
		if (at < for_tools && for_tools < end)
			end = for_tools;
		if (!has_changed(capture, at, &end)) {
			SNAP_TRY(snap_keep_known(&capture->space->keeper, at, end));
			continue;
		}
		SNAP_TRY(at < for_tools ? read_run(capture->tracee, at, end, false,
						   capture->space)
					: capture_range(capture->tracee, vma, at, end,
							capture->space));
		SNAP_TRY(report(capture->progress, capture->space->keeper.memory->size,
				capture->total));
	}
	return SNAP_OK;
}

snap_err snap_capture_memory(struct snap_tracee *tracee, const struct snap_vmas *vmas,
			     const struct snap_memory *baseline,
			     const struct snap_ranges *changed, struct snap_copy *copy,
			     const struct snap_progress *progress,
			     struct snap_memory *ret)
{
	_cleanup_free_ struct space *space = malloc(sizeof(*space));
	if (!space)
		return &snap_enomem;
	snap_keeper_init(&space->keeper, ret, baseline);
	struct snap_proc_status status;
	SNAP_TRY(snap_proc_read_status(tracee, tracee->pid, &status));
	struct snap_range all = { 0, UINT64_MAX };
	const struct snap_ranges everything = { &all, 1 };
	const struct capture capture = {
		.tracee = tracee,
		.changed = space->keeper.baseline && changed ? changed : &everything,
		.progress = progress,
		.total = status.own_memory,
		.copy = copy,
		.space = space,
	};
	for (size_t i = 0; i < vmas->nr; i++)
		SNAP_TRY(capture_mapping(&capture, &vmas->list[i]));
	SNAP_TRY(snap_keep_finish(&space->keeper));
	snap_memory_trim(ret);
	return SNAP_OK;
}
