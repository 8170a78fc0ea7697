// SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>

#include "config.h"
#include "core/image/fields.h"
#include "core/image/note.h"

/**
 * @file
 * The notes that are ours, apart from the digest: what a core file cannot say.
 */

/** A record: its size in 32 bits, then its bytes. */
static snap_err put_record(struct snap_buffer *notes, const struct snap_buffer *record)
{
	SNAP_TRY(snap_buffer_append_uint(notes, record->size, 4));
	return snap_buffer_append(notes, record->data, record->size);
}

snap_err snap_notes_put_object(struct snap_buffer *notes,
			       const struct snap_fields *fields, const void *object,
			       struct snap_buffer *scratch)
{
	scratch->size = 0;
	SNAP_TRY(snap_fields_put(fields, object, scratch));
	return put_record(notes, scratch);
}

static snap_err put_manifest(struct snap_buffer *notes,
			     const struct snap_snapshot *snapshot)
{
	size_t note;
	SNAP_TRY(snap_note_begin_ours(notes, SNAP_NOTE_MANIFEST, &note));
	SNAP_TRY(snap_buffer_append_uint(notes, snapshot->page_size, 4));
	SNAP_TRY(snap_buffer_append_uint(notes, snapshot->nr_threads, 4));
	SNAP_TRY(snap_fields_put(&snap_manifest_fields, snapshot, notes));
	SNAP_TRY(snap_buffer_append_string(notes, PACKAGE_STRING));
	SNAP_TRY(snap_buffer_append_uint(notes, snapshot->lock_future, 1));
	return snap_note_end(notes, note);
}

static snap_err put_cpu(struct snap_buffer *notes, const struct snap_cpu *cpu)
{
	_cleanup_buffer_ struct snap_buffer record = { 0 };
	size_t note;
	SNAP_TRY(snap_note_begin_ours(notes, SNAP_NOTE_CPU, &note));
	SNAP_TRY(snap_buffer_append_uint(notes, cpu->nr_items, 4));
	for (size_t i = 0; i < cpu->nr_items; i++) {
		const struct snap_cpu_item *item = &cpu->items[i];
		record.size = 0;
		SNAP_TRY(snap_buffer_append_string(&record, item->name));
		SNAP_TRY(snap_buffer_append_uint(&record, item->value, 8));
		SNAP_TRY(snap_buffer_append_uint(&record, !!item->text, 1));
		if (item->text)
			SNAP_TRY(snap_buffer_append_string(&record, item->text));
		SNAP_TRY(put_record(notes, &record));
	}
	return snap_note_end(notes, note);
}

static snap_err put_mappings(struct snap_buffer *notes, const struct snap_vmas *vmas)
{
	_cleanup_buffer_ struct snap_buffer record = { 0 };
	size_t note;
	SNAP_TRY(snap_note_begin_ours(notes, SNAP_NOTE_MAPPINGS, &note));
	SNAP_TRY(snap_buffer_append_uint(notes, vmas->nr, 4));
	for (size_t i = 0; i < vmas->nr; i++)
		SNAP_TRY(snap_notes_put_object(notes, &snap_vma_fields, &vmas->list[i],
					       &record));
	return snap_note_end(notes, note);
}

static snap_err put_omissions(struct snap_buffer *notes,
			      const struct snap_snapshot *snapshot)
{
	size_t note;
	if (snapshot->nr_omissions > SNAP_MAX_OMISSIONS)
		return snap_error_create(SNAP_ERROR_INVALID,
					 "%zu omissions are too many for an image",
					 snapshot->nr_omissions);
	SNAP_TRY(snap_note_begin_ours(notes, SNAP_NOTE_OMISSIONS, &note));
	SNAP_TRY(snap_buffer_append_uint(notes, snapshot->nr_omissions, 4));
	for (size_t i = 0; i < snapshot->nr_omissions; i++)
		SNAP_TRY(snap_buffer_append_string(notes, snapshot->omissions[i]));
	return snap_note_end(notes, note);
}

snap_err snap_notes_put_thread(struct snap_buffer *notes,
			       const struct snap_snapshot *snapshot,
			       const struct snap_thread *thread)
{
	size_t note;
	SNAP_TRY(snap_note_begin_ours(notes, SNAP_NOTE_THREAD, &note));
	SNAP_TRY(snap_buffer_append_uint(notes, (size_t)(thread - snapshot->threads),
					 4));
	SNAP_TRY(snap_fields_put(&snap_thread_fields, thread, notes));
	return snap_note_end(notes, note);
}

snap_err snap_notes_put_rest(struct snap_buffer *notes,
			     const struct snap_regset_desc *desc,
			     const struct snap_regset *set, size_t start)
{
	size_t note, end = set->size;
	while (end > start && !set->data[end - 1])
		end--;
	SNAP_TRY(snap_note_begin_ours(notes, SNAP_NOTE_REGSET_REST, &note));
	SNAP_TRY(snap_buffer_append_uint(notes, desc->note_type, 4));
	SNAP_TRY(snap_buffer_append_uint(notes, set->size, 4));
	SNAP_TRY(snap_buffer_append_string(notes, desc->owner));
	SNAP_TRY(snap_buffer_append_uint(notes, end - start, 4));
	SNAP_TRY(snap_buffer_append(notes, set->data + start, end - start));
	return snap_note_end(notes, note);
}

snap_err snap_notes_put_process(struct snap_buffer *notes,
				const struct snap_snapshot *snapshot)
{
	SNAP_TRY(put_manifest(notes, snapshot));
	SNAP_TRY(put_cpu(notes, &snapshot->cpu));
	SNAP_TRY(put_mappings(notes, &snapshot->vmas));
	SNAP_TRY(snap_notes_put_signals(notes, &snapshot->signals));
	SNAP_TRY(snap_notes_put_timers(notes, &snapshot->timers));
	SNAP_TRY(snap_notes_put_process_state(notes, snapshot));
	SNAP_TRY(snap_notes_put_files(notes, &snapshot->files));
	return put_omissions(notes, snapshot);
}

/** A record of it: where the memory begins and ends, then the tags. */
static snap_err put_tag_run(struct snap_buffer *notes, const struct snap_tag_run *run,
			    uint32_t granule, uint64_t *ret_offset)
{
	size_t size = snap_tags_size(granule, run->end - run->start);
	SNAP_TRY(snap_buffer_append_uint(notes, 8 + 8 + size, 4));
	SNAP_TRY(snap_buffer_append_uint(notes, run->start, 8));
	SNAP_TRY(snap_buffer_append_uint(notes, run->end, 8));
	*ret_offset = notes->size;
	return snap_buffer_append(notes, run->bytes, size);
}

snap_err snap_notes_put_tags(struct snap_buffer *notes, const struct snap_tags *tags,
			     uint64_t *ret_offsets)
{
	size_t note;
	if (!tags->nr)
		return SNAP_OK;
	SNAP_TRY(snap_note_begin_ours(notes, SNAP_NOTE_TAGS, &note));
	SNAP_TRY(snap_buffer_append_uint(notes, tags->granule, 4));
	SNAP_TRY(snap_buffer_append_uint(notes, tags->nr, 4));
	for (size_t i = 0; i < tags->nr; i++)
		SNAP_TRY(put_tag_run(notes, &tags->list[i], tags->granule,
				     &ret_offsets[i]));
	return snap_note_end(notes, note);
}

snap_err snap_notes_put_extents(struct snap_buffer *notes,
				const struct snap_image_extent *extents, size_t nr)
{
	_cleanup_buffer_ struct snap_buffer record = { 0 };
	size_t note;
	SNAP_TRY(snap_note_begin_ours(notes, SNAP_NOTE_EXTENTS, &note));
	SNAP_TRY(snap_buffer_append_uint(notes, nr, 4));
	for (size_t i = 0; i < nr; i++)
		SNAP_TRY(snap_notes_put_object(notes, &snap_extent_fields, &extents[i],
					       &record));
	return snap_note_end(notes, note);
}
