// SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>

#include "core/image/digest.h"
#include "core/image/headers.h"
#include "core/image/image.h"
#include "core/image/job.h"
#include "core/image/note.h"
#include "core/image/transfer.h"

static snap_err check_threads(const struct snap_snapshot *snapshot)
{
	const struct snap_arch *arch = snapshot->arch;
	if (!snap_snapshot_thread(snapshot, snapshot->current_tid))
		return snap_error_create(
			SNAP_ERROR_INVALID,
			"the selected thread %d is not among those of the snapshot",
			(int)snapshot->current_tid);
	for (size_t i = 0; i < snapshot->nr_threads; i++)
		if (snapshot->threads[i].regsets[0].size != arch->regsets[0].max_size)
			return snap_error_create(
				SNAP_ERROR_INVALID,
				"the general registers of thread %d are not complete",
				(int)snapshot->threads[i].tid);
	return SNAP_OK;
}

static snap_err check(const struct snap_snapshot *snapshot)
{
	const struct snap_arch *arch = snapshot->arch;
	if (!arch || !arch->nr_regsets || arch->elf_class != ELFCLASS64 ||
	    arch->elf_data != ELFDATA2LSB)
		return snap_error_create(SNAP_ERROR_UNSUPPORTED,
					 "images of %s programs cannot be written",
					 arch ? arch->name : "unknown");
	return check_threads(snapshot);
}

void snap_image_job_deinit(struct snap_image_job *job)
{
	snap_output_deinit(&job->output);
	snap_buffer_deinit(&job->headers);
	snap_buffer_deinit(&job->notes);
	snap_memory_deinit(&job->memory);
	free(job->extents);
	free(job->pieces);
	*job = (struct snap_image_job){ .output.fd = -1 };
}

/** Decide where everything goes: all sizes are known before any digest is. */
static snap_err arrange(struct snap_image_job *job,
			const struct snap_snapshot *snapshot,
			const struct snap_layout *layout)
{
	SNAP_TRY(snap_notes_put_core(&job->notes, snapshot));
	SNAP_TRY(snap_notes_put_process(&job->notes, snapshot));
	// Where in the notes the tags of memory lie, for each run.
	size_t nr_tags = snapshot->tags.nr;
	_cleanup_free_ uint64_t *tags = calloc(nr_tags + 1, sizeof(*tags));
	if (!tags)
		return &snap_enomem;
	SNAP_TRY(snap_notes_put_tags(&job->notes, &snapshot->tags, tags));
	uint64_t notes_size = job->notes.size +
			      SNAP_EXTENTS_NOTE_SIZE(layout->nr_extents) +
			      SNAP_DIGEST_NOTE_SIZE;
	uint64_t head_size =
		snap_headers_size(layout->nr_segments + nr_tags) + notes_size;
	if (head_size > SNAP_HEAD_MAX)
		return snap_error_create(SNAP_ERROR_INVALID,
					 "the mappings and threads of the snapshot "
					 "are too many for an image");
	uint64_t memory_offset = snap_page_up(head_size, snapshot->page_size);
	job->size = memory_offset + layout->size;
	SNAP_TRY(snap_headers_put(snapshot, layout, notes_size, memory_offset, tags,
				  &job->headers));

	job->extents = calloc(layout->nr_extents + 1, sizeof(*job->extents));
	if (!job->extents)
		return &snap_enomem;
	job->nr_extents = layout->nr_extents;
	for (size_t i = 0; i < layout->nr_extents; i++)
		job->extents[i] = (struct snap_image_extent){
			.start = layout->extents[i].start,
			.size = layout->extents[i].size,
			.offset = memory_offset + layout->extents[i].offset,
		};
	return SNAP_OK;
}

static snap_err add_piece(struct snap_image_job *job, const uint8_t *bytes,
			  uint64_t size)
{
	size_t nr = job->nr_pieces;
	if (!(nr & (nr - 1))) {
		struct snap_image_piece *pieces =
			reallocarray(job->pieces, nr ? nr * 2 : 1, sizeof(*pieces));
		if (!pieces)
			return &snap_enomem;
		job->pieces = pieces;
	}
	job->pieces[job->nr_pieces++] = (struct snap_image_piece){ bytes, size };
	return SNAP_OK;
}

/** Find the bytes now: the store's tables are not for other threads. */
static snap_err find_pieces(struct snap_image_job *job)
{
	for (size_t i = 0; i < job->nr_extents; i++) {
		const struct snap_image_extent *extent = &job->extents[i];
		for (uint64_t at = 0, run; at < extent->size; at += run) {
			const uint8_t *bytes =
				snap_memory_at(&job->memory, extent->start + at, &run);
			if (run > extent->size - at)
				run = extent->size - at;
			SNAP_TRY(add_piece(job, bytes, run));
		}
	}
	return SNAP_OK;
}

snap_err snap_image_job_init(struct snap_image_job *job,
			     const struct snap_snapshot *snapshot, const char *path,
			     bool overwrite)
{
	_cleanup_image_job_ struct snap_image_job made = { .output.fd = -1 };
	_cleanup_layout_ struct snap_layout layout = { 0 };
	SNAP_TRY(check(snapshot));
	SNAP_TRY(snap_layout_init(&layout, snapshot));
	SNAP_TRY(arrange(&made, snapshot, &layout));
	snap_memory_remember(&made.memory, &snapshot->memory);
	SNAP_TRY(find_pieces(&made));
	SNAP_TRY(snap_output_init(&made.output, path, overwrite));
	SNAP_TRY(snap_output_set_size(&made.output, made.size));
	*job = made;
	made = (struct snap_image_job){ .output.fd = -1 };
	return SNAP_OK;
}

static snap_err move_out(void *context, uint8_t *bytes, size_t size, uint64_t offset)
{
	return snap_output_write(context, bytes, size, offset);
}

/** What the store has of all pieces. */
static snap_err find_data(const struct snap_image_job *job, struct snap_ranges *ret)
{
	const struct snap_store *store = job->memory.store;
	uint64_t first = UINT64_MAX, end = 0;
	for (size_t i = 0; i < job->nr_pieces; i++) {
		uint64_t start = (uint64_t)(job->pieces[i].bytes - store->base);
		uint64_t behind = start + job->pieces[i].size;
		first = start < first ? start : first;
		end = behind > end ? behind : end;
	}
	return job->nr_pieces ? snap_store_find_data(store, first, end, ret) : SNAP_OK;
}

/** How much from an offset of the store on is data, or is not. */
static uint64_t find_stretch(const struct snap_ranges *data, uint64_t start,
			     uint64_t size, bool *ret_is_hole)
{
	const struct snap_range *next = snap_ranges_find_from(data, start);
	*ret_is_hole = !next || next->start > start;
	uint64_t end = !next          ? start + size
		       : *ret_is_hole ? next->start
				      : next->start + next->size;
	return end - start < size ? end - start : size;
}

/** Holes of the store become holes of the file. */
static snap_err write_piece(struct snap_transfer *transfer,
			    const struct snap_store *store,
			    const struct snap_ranges *data,
			    const struct snap_image_piece *piece, uint64_t offset)
{
	uint64_t start = (uint64_t)(piece->bytes - store->base);
	for (uint64_t at = 0, stretch; at < piece->size; at += stretch) {
		bool is_hole;
		stretch = find_stretch(data, start + at, piece->size - at, &is_hole);
		SNAP_TRY(is_hole ? snap_transfer_zeros(transfer, stretch)
				 : snap_transfer_piece(transfer,
						       store->base + start + at,
						       stretch, offset + at));
	}
	return SNAP_OK;
}

/** Write what is held, and find its digests. */
static snap_err write_memory(struct snap_image_job *job,
			     const struct snap_progress *progress)
{
	_cleanup_transfer_ struct snap_transfer transfer = {
		.move = move_out,
		.context = &job->output,
		.progress = progress,
		.phase = SNAP_IMAGE_PHASE,
		.total = job->memory.size,
	};
	_cleanup_ranges_ struct snap_ranges data = { 0 };
	SNAP_TRY(find_data(job, &data));
	const struct snap_image_piece *piece = job->pieces;
	for (size_t i = 0; i < job->nr_extents; i++) {
		struct snap_image_extent *extent = &job->extents[i];
		SNAP_TRY(snap_transfer_begin(&transfer));
		for (uint64_t at = 0; at < extent->size; at += (piece++)->size)
			SNAP_TRY(write_piece(&transfer, job->memory.store, &data, piece,
					     extent->offset + at));
		extent->digest = snap_transfer_end(&transfer);
	}
	return SNAP_OK;
}

/** The last note: its last bytes are the digest of all the bytes before them. */
static snap_err put_digest(const struct snap_buffer *headers, struct snap_buffer *notes)
{
	size_t note;
	SNAP_TRY(snap_note_begin_ours(notes, SNAP_NOTE_DIGEST, &note));
	SNAP_TRY(snap_buffer_append_uint(notes, SNAP_DIGEST_XXH3_128, 4));
	uint8_t *place;
	SNAP_TRY(snap_buffer_extend(notes, SNAP_HEAD_DIGEST_SIZE, &place));
	SNAP_TRY(snap_note_end(notes, note));
	size_t before = notes->size - SNAP_HEAD_DIGEST_SIZE;
	return snap_digest_head(headers->data, headers->size, notes->data, before,
				notes->data + before);
}

static snap_err write_head(struct snap_image_job *job)
{
	struct snap_buffer *headers = &job->headers, *notes = &job->notes;
	SNAP_TRY(snap_notes_put_extents(notes, job->extents, job->nr_extents));
	SNAP_TRY(put_digest(headers, notes));
	SNAP_TRY(snap_output_write(&job->output, headers->data, headers->size, 0));
	return snap_output_write(&job->output, notes->data, notes->size, headers->size);
}

snap_err snap_image_job_run(struct snap_image_job *job,
			    const struct snap_progress *progress)
{
	SNAP_TRY(write_memory(job, progress));
	SNAP_TRY(write_head(job));
	return snap_output_publish(&job->output);
}

snap_err snap_image_write(const struct snap_snapshot *snapshot, const char *path,
			  bool overwrite, const struct snap_progress *progress)
{
	SNAP_TRY(snap_memory_check_settled(&snapshot->memory));
	_cleanup_image_job_ struct snap_image_job job = { .output.fd = -1 };
	SNAP_TRY(snap_image_job_init(&job, snapshot, path, overwrite));
	return snap_image_job_run(&job, progress);
}
