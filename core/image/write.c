#include <string.h>

#include "core/image/digest.h"
#include "core/image/headers.h"
#include "core/image/image.h"
#include "core/image/note.h"
#include "core/image/output.h"
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
	SNAP_TRY(snap_memory_check_settled(&snapshot->memory));
	if (!arch || !arch->nr_regsets || arch->elf_class != ELFCLASS64 ||
	    arch->elf_data != ELFDATA2LSB)
		return snap_error_create(SNAP_ERROR_UNSUPPORTED,
					 "images of %s programs cannot be written",
					 arch ? arch->name : "unknown");
	return check_threads(snapshot);
}

/** What goes into a file, and where. */
struct image {
	const struct snap_snapshot *snapshot;
	struct snap_layout layout;
	/** All notes; in the beginning without the last two. */
	struct snap_buffer notes;
	uint64_t notes_size;
	/** Where in the file memory begins. */
	uint64_t memory_offset;
	struct snap_image_extent *extents;
};

static void image_deinit(struct image *image)
{
	snap_layout_deinit(&image->layout);
	snap_buffer_deinit(&image->notes);
	free(image->extents);
}

/** Decide where everything goes: all sizes are known before any digest is. */
static snap_err arrange(struct image *image)
{
	const struct snap_snapshot *snapshot = image->snapshot;
	const struct snap_layout *layout = &image->layout;
	SNAP_TRY(snap_layout_init(&image->layout, snapshot));
	SNAP_TRY(snap_notes_put_core(&image->notes, snapshot));
	SNAP_TRY(snap_notes_put_process(&image->notes, snapshot));
	image->notes_size = image->notes.size +
			    SNAP_EXTENTS_NOTE_SIZE(layout->nr_extents) +
			    SNAP_DIGEST_NOTE_SIZE;
	uint64_t head_size =
		snap_headers_size(image->layout.nr_segments) + image->notes_size;
	if (head_size > SNAP_HEAD_MAX)
		return snap_error_create(SNAP_ERROR_INVALID,
					 "the mappings and threads of the snapshot "
					 "are too many for an image");
	image->memory_offset = snap_page_up(head_size, snapshot->page_size);

	image->extents = calloc(layout->nr_extents + 1, sizeof(*image->extents));
	if (!image->extents)
		return &snap_enomem;
	for (size_t i = 0; i < layout->nr_extents; i++)
		image->extents[i] = (struct snap_image_extent){
			.start = layout->extents[i].start,
			.size = layout->extents[i].size,
			.offset = image->memory_offset + layout->extents[i].offset,
		};
	return SNAP_OK;
}

static snap_err move_out(void *context, uint8_t *bytes, size_t size, uint64_t offset)
{
	return snap_output_write(context, bytes, size, offset);
}

static snap_err write_extent(struct snap_transfer *transfer,
			     const struct snap_memory *memory,
			     struct snap_image_extent *extent)
{
	SNAP_TRY(snap_transfer_begin(transfer));
	for (uint64_t at = 0, run; at < extent->size; at += run) {
		const uint8_t *bytes = snap_memory_at(memory, extent->start + at, &run);
		if (run > extent->size - at)
			run = extent->size - at;
		SNAP_TRY(snap_transfer_piece(transfer, (uint8_t *)(uintptr_t)bytes, run,
					     extent->offset + at));
	}
	extent->digest = snap_transfer_end(transfer);
	return SNAP_OK;
}

/** Write what is held, and find its digests. */
static snap_err write_memory(struct snap_output *output, const struct image *image,
			     const struct snap_progress *progress)
{
	const struct snap_memory *memory = &image->snapshot->memory;
	_cleanup_transfer_ struct snap_transfer transfer = {
		.move = move_out,
		.context = output,
		.progress = progress,
		.phase = "Writing the image",
		.total = memory->size,
	};
	for (size_t i = 0; i < image->layout.nr_extents; i++)
		SNAP_TRY(write_extent(&transfer, memory, &image->extents[i]));
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

static snap_err write_head(struct snap_output *output, struct image *image)
{
	const struct snap_snapshot *snapshot = image->snapshot;
	_cleanup_buffer_ struct snap_buffer headers = { 0 };
	SNAP_TRY(snap_headers_put(snapshot, &image->layout, image->notes_size,
				  image->memory_offset, &headers));
	SNAP_TRY(snap_notes_put_extents(&image->notes, image->extents,
					image->layout.nr_extents));
	SNAP_TRY(put_digest(&headers, &image->notes));
	SNAP_TRY(snap_output_write(output, headers.data, headers.size, 0));
	return snap_output_write(output, image->notes.data, image->notes.size,
				 headers.size);
}

snap_err snap_image_write(const struct snap_snapshot *snapshot, const char *path,
			  bool overwrite, const struct snap_progress *progress)
{
	SNAP_TRY(check(snapshot));
	_cleanup_(image_deinit) struct image image = { .snapshot = snapshot };
	SNAP_TRY(arrange(&image));
	_cleanup_output_ struct snap_output output = { .fd = -1 };
	SNAP_TRY(snap_output_init(&output, path, overwrite));
	SNAP_TRY(
		snap_output_set_size(&output, image.memory_offset + image.layout.size));
	SNAP_TRY(write_memory(&output, &image, progress));
	SNAP_TRY(write_head(&output, &image));
	return snap_output_publish(&output);
}
