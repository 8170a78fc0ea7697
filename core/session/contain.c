// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/session/contain.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "core/base/text.h"
#include "core/session/mapped.h"
#include "core/tracee/tracee.h"

/** Files are read in pieces of this size, so that somebody can interrupt. */
#define PIECE_SIZE ((uint64_t)1 << 20)

/** A memory in the making. */
struct containing {
	struct snap_tracee *tracee;
	const struct snap_snapshot *snapshot;
	const struct snap_progress *progress;
	struct snap_memory *ret;
	uint64_t done;
	uint64_t total;
};

static bool is_file(const struct snap_vma *vma)
{
	return snap_vma_is_file(vma) &&
	       !(vma->flags & (SNAP_VMA_DEVICE | SNAP_VMA_GUARD));
}

/** Each file once: its mappings follow each other. */
static snap_err list_problems(const struct snap_snapshot *snapshot,
			      const struct snap_mapped_files *files,
			      struct snap_buffer *ret)
{
	const char *last = "";
	for (size_t i = 0; i < files->nr; i++) {
		const struct snap_vma *vma = &snapshot->vmas.list[i];
		if (!is_file(vma) || files->list[i].path || !strcmp(vma->name, last))
			continue;
		SNAP_TRY(snap_buffer_append(ret, "; ", *last ? 2 : 0));
		SNAP_TRY(snap_escape(ret, vma->name));
		last = vma->name;
	}
	return snap_buffer_append(ret, "", 1);
}

static snap_err check(const struct snap_snapshot *snapshot,
		      const struct snap_mapped_files *files)
{
	_cleanup_buffer_ struct snap_buffer text = { 0 };
	SNAP_TRY(list_problems(snapshot, files, &text));
	if (!*(const char *)text.data)
		return SNAP_OK;
	return snap_error_with_remedy(
		snap_error_create(SNAP_ERROR_REFUSED,
				  "the image cannot hold files that are not there any "
				  "more, or have been replaced since the snapshot: %s",
				  (const char *)text.data),
		"put them back, or write it without -self-contained");
}

/** As much as the file has; zeros behind it. */
static snap_err read_piece(const struct snap_vma *vma, int fd, uint64_t offset,
			   uint8_t *bytes, uint64_t size)
{
	for (uint64_t at = 0; at < size;) {
		ssize_t got = pread(fd, bytes + at, size - at, (off_t)(offset + at));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return snap_error_os(errno, "cannot read %s", vma->name);
		if (!got)
			break;
		at += (uint64_t)got;
	}
	return SNAP_OK;
}

static snap_err read_hole(struct containing *it, const struct snap_vma *vma, int fd,
			  uint64_t start, uint64_t end)
{
	for (uint64_t at = start, piece; at < end; at += piece) {
		uint8_t *bytes;
		piece = end - at < PIECE_SIZE ? end - at : PIECE_SIZE;
		SNAP_TRY(snap_memory_append(it->ret, at, piece, &bytes));
		SNAP_TRY(read_piece(vma, fd, vma->offset + (at - vma->start), bytes,
				    piece));
		it->done += piece;
		SNAP_TRY(snap_progress_report(it->progress, "Reading mapped files",
					      it->done, it->total));
	}
	return SNAP_OK;
}

/** What is held is the process's; what is not is the file's. */
static snap_err contain_file(struct containing *it, const struct snap_vma *vma,
			     const char *path)
{
	const struct snap_memory *memory = &it->snapshot->memory;
	_cleanup_close_ int fd = -1;
	SNAP_TRY(snap_tracee_open_file(it->tracee, path, &fd));
	for (uint64_t at = vma->start, run; at < vma->end; at += run) {
		const uint8_t *held = snap_memory_at(memory, at, &run);
		if (run > vma->end - at)
			run = vma->end - at;
		SNAP_TRY(held ? snap_memory_share(it->ret, memory, at, at + run)
			      : read_hole(it, vma, fd, at, at + run));
	}
	return SNAP_OK;
}

static uint64_t count_missing(const struct snap_snapshot *snapshot)
{
	uint64_t missing = 0;
	for (size_t i = 0; i < snapshot->vmas.nr; i++) {
		const struct snap_vma *vma = &snapshot->vmas.list[i];
		if (is_file(vma))
			missing += snap_vma_size(vma) -
				   snap_memory_held(&snapshot->memory, vma->start,
						    vma->end);
	}
	return missing;
}

static snap_err contain(struct containing *it, const struct snap_mapped_files *files)
{
	const struct snap_snapshot *snapshot = it->snapshot;
	SNAP_TRY(check(snapshot, files));
	for (size_t i = 0; i < snapshot->vmas.nr; i++) {
		const struct snap_vma *vma = &snapshot->vmas.list[i];
		SNAP_TRY(is_file(vma) ? contain_file(it, vma, files->list[i].path)
				      : snap_memory_share(it->ret, &snapshot->memory,
							  vma->start, vma->end));
	}
	snap_memory_trim(it->ret);
	return SNAP_OK;
}

snap_err snap_session_contain(const struct snap_snapshot *snapshot,
			      const struct snap_progress *progress,
			      struct snap_memory *ret)
{
	SNAP_TRY(snap_memory_check_settled(&snapshot->memory));
	_cleanup_tracee_ struct snap_tracee tracee;
	SNAP_TRY(snap_tracee_init(&tracee, getpid(), 0));
	_cleanup_(snap_mapped_files_deinit) struct snap_mapped_files files = { 0 };
	SNAP_TRY(snap_find_mapped_files(&tracee, snapshot, NULL, &files));
	if (snapshot->memory.store)
		snap_memory_init(ret, snapshot->memory.store);
	struct containing containing = {
		.tracee = &tracee,
		.snapshot = snapshot,
		.progress = progress,
		.ret = ret,
		.total = count_missing(snapshot),
	};
	return contain(&containing, &files);
}
