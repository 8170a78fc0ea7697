#include "core/capture/memory.h"

#include <stdbool.h>
#include <string.h>

#include "core/model/page.h"
#include "core/tracee/memory.h"
#include "core/tracee/pages.h"
#include "core/tracee/proc.h"

/** Bytes of memory that are read at once. */
#define CHUNK ((size_t)1 << 20)

/** Bytes of a mapping between two reports of progress. */
#define STEP ((uint64_t)64 << 20)

static const uint8_t zeros[SNAP_PAGE_SIZE];

static bool is_zero(const uint8_t *page)
{
	return !memcmp(page, zeros, sizeof(zeros));
}

static snap_err append(struct snap_memory *memory, uint64_t start, const uint8_t *bytes,
		       size_t size)
{
	uint8_t *place;
	SNAP_TRY(snap_memory_append(memory, start, size, &place));
	memcpy(place, bytes, size);
	return SNAP_OK;
}

/** Keep the pages of a piece that was read, but zeros where zeros go without saying. */
static snap_err keep(struct snap_memory *memory, uint64_t start, const uint8_t *bytes,
		     size_t size, bool may_drop_zeros)
{
	size_t kept = 0;
	for (size_t at = 0; at < size; at += SNAP_PAGE_SIZE) {
		if (!may_drop_zeros || !is_zero(bytes + at))
			continue;
		if (at > kept)
			SNAP_TRY(append(memory, start + kept, bytes + kept, at - kept));
		kept = at + SNAP_PAGE_SIZE;
	}
	if (size > kept)
		SNAP_TRY(append(memory, start + kept, bytes + kept, size - kept));
	return SNAP_OK;
}

/** Read one run of pages that are to be held; what cannot be read (guards) is not. */
static snap_err read_run(struct snap_tracee *tracee, uint64_t start, uint64_t end,
			 bool may_drop_zeros, uint8_t *chunk, struct snap_memory *ret)
{
	while (start < end) {
		size_t size = end - start < CHUNK ? end - start : CHUNK, got;
		SNAP_TRY(snap_tracee_read_some(tracee, start, chunk, size, &got));
		got = snap_page_down(got, tracee->page_size);
		SNAP_TRY(keep(ret, start, chunk, got, may_drop_zeros));
		start += got < size ? got + tracee->page_size : got;
	}
	return SNAP_OK;
}

/** Whether pages of a run are to be held. */
static bool is_wanted(enum snap_vma_contents contents, const struct snap_page_run *run)
{
	return contents != SNAP_CONTENTS_FILE || run->is_own;
}

/** The working space of a capture. */
struct space {
	struct snap_page_runs runs;
	uint8_t chunk[CHUNK];
};

static snap_err capture_private(struct snap_tracee *tracee,
				enum snap_vma_contents contents, uint64_t start,
				uint64_t end, struct space *space,
				struct snap_memory *ret)
{
	for (; start < end; start = space->runs.end) {
		SNAP_TRY(snap_tracee_scan(tracee, start, end, &space->runs));
		for (size_t i = 0; i < space->runs.nr; i++)
			if (is_wanted(contents, &space->runs.list[i]))
				SNAP_TRY(read_run(tracee, space->runs.list[i].start,
						  space->runs.list[i].end,
						  contents != SNAP_CONTENTS_FILE,
						  space->chunk, ret));
	}
	return SNAP_OK;
}

static snap_err capture_range(struct snap_tracee *tracee, const struct snap_vma *vma,
			      uint64_t start, uint64_t end, struct space *space,
			      struct snap_memory *ret)
{
	enum snap_vma_contents contents = snap_vma_contents(vma);
	switch (contents) {
	case SNAP_CONTENTS_NONE:
		return SNAP_OK;
	case SNAP_CONTENTS_SHARED:
		// Pages that others have written need not be in this process's page
		// table.
		return read_run(tracee, start, end, true, space->chunk, ret);
	case SNAP_CONTENTS_ZERO:
	case SNAP_CONTENTS_FILE:
		return capture_private(tracee, contents, start, end, space, ret);
	}
	return SNAP_OK;
}

snap_err snap_capture_range(struct snap_tracee *tracee, const struct snap_vma *vma,
			    uint64_t start, uint64_t end, struct snap_memory *ret)
{
	_cleanup_free_ struct space *space = malloc(sizeof(*space));
	if (!space)
		return &snap_enomem;
	return capture_range(tracee, vma, start, end, space, ret);
}

/**
 * Pages that no restore needs, but every tool that reads cores: the vdso, where
 * debuggers look for symbols, and the first page of a library, which has its build-id.
 * The kernel's own cores have both (fs/coredump.c, vma_dump_size).
 *
 * @param[out] ret_end How far the mapping is captured by this.
 */
static snap_err capture_for_tools(struct snap_tracee *tracee,
				  const struct snap_vma *vma, struct space *space,
				  struct snap_memory *ret, uint64_t *ret_end)
{
	uint64_t end = vma->start;
	if (!strcmp(vma->name, "[vdso]"))
		end = vma->end;
	else if (snap_vma_contents(vma) == SNAP_CONTENTS_FILE && !vma->offset &&
		 vma->build_id_size)
		end = vma->start + tracee->page_size;
	SNAP_TRY(read_run(tracee, vma->start, end, false, space->chunk, ret));
	*ret_end = end;
	return SNAP_OK;
}

/** Zeros are not held, and pages shared by a fork count twice: the sum is a guess. */
static snap_err report(const struct snap_progress *progress, uint64_t done,
		       uint64_t total)
{
	return snap_progress_report(progress, "Reading memory",
				    done < total ? done : total, total);
}

snap_err snap_capture_memory(struct snap_tracee *tracee, const struct snap_vmas *vmas,
			     const struct snap_progress *progress,
			     struct snap_memory *ret)
{
	_cleanup_free_ struct space *space = malloc(sizeof(*space));
	if (!space)
		return &snap_enomem;
	struct snap_proc_status status;
	SNAP_TRY(snap_proc_read_status(tracee, tracee->pid, &status));
	for (size_t i = 0; i < vmas->nr; i++) {
		const struct snap_vma *vma = &vmas->list[i];
		// In steps, so that a user who waits can be told and asked.
		uint64_t at;
		SNAP_TRY(capture_for_tools(tracee, vma, space, ret, &at));
		while (at < vma->end) {
			uint64_t end = vma->end - at > STEP ? at + STEP : vma->end;
			SNAP_TRY(capture_range(tracee, vma, at, end, space, ret));
			at = end;
			SNAP_TRY(report(progress, ret->size, status.own_memory));
		}
	}
	snap_memory_trim(ret);
	return SNAP_OK;
}
