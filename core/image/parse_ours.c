// SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>

#include "core/image/fields.h"
#include "core/image/parse.h"

/**
 * @file
 * What is read from the notes that are ours. Behind what is known there may be more:
 * a newer version wrote it.
 */

snap_err snap_parse_list(struct snap_parse *parse, struct snap_reader *note,
			 snap_parse_element_fn *parse_element)
{
	uint32_t count;
	SNAP_TRY(snap_reader_u32(note, &count));
	for (uint32_t i = 0; i < count; i++) {
		uint32_t size;
		const uint8_t *data;
		SNAP_TRY(snap_reader_u32(note, &size));
		SNAP_TRY(snap_reader_bytes(note, size, &data));
		struct snap_reader element = snap_reader_init(data, size, note->what);
		SNAP_TRY(parse_element(parse, &element));
	}
	return SNAP_OK;
}

/** What stands behind the table: who wrote the image, and since 1.1 one thing more. */
static snap_err parse_manifest_end(struct snap_parse *parse, struct snap_reader *note)
{
	_cleanup_free_ char *writer = NULL;
	SNAP_TRY(snap_reader_string(note, &writer));
	if (!snap_reader_left(note))
		return SNAP_OK;
	SNAP_TRY(snap_reader_u8(note, &parse->snapshot->lock_future));
	if (parse->snapshot->lock_future > SNAP_LOCK_FUTURE_ON_FAULT)
		return snap_error_create(
			SNAP_ERROR_CORRUPT,
			"its manifest says what cannot be of mlockall()");
	return SNAP_OK;
}

static snap_err parse_manifest(struct snap_parse *parse, struct snap_reader *note)
{
	uint32_t page_size;
	SNAP_TRY(snap_reader_u32(note, &page_size));
	if (!snap_is_page_size(page_size))
		return snap_error_create(SNAP_ERROR_UNSUPPORTED,
					 "it is of a machine with pages of %u bytes",
					 page_size);
	parse->snapshot->page_size = page_size;
	SNAP_TRY(snap_reader_u32(note, &parse->nr_threads));
	SNAP_TRY(snap_fields_take(&snap_manifest_fields, note, parse->snapshot));
	return parse_manifest_end(parse, note);
}

static snap_err parse_cpu_item(struct snap_parse *parse, struct snap_reader *item)
{
	struct snap_cpu *cpu = &parse->snapshot->cpu;
	_cleanup_free_ char *name = NULL, *text = NULL;
	uint64_t value;
	uint8_t has_text;
	SNAP_TRY(snap_reader_string(item, &name));
	SNAP_TRY(snap_reader_u64(item, &value));
	SNAP_TRY(snap_reader_u8(item, &has_text));
	if (has_text)
		SNAP_TRY(snap_reader_string(item, &text));
	// The order also keeps a hostile list from costing time squared.
	if (cpu->nr_items && strcmp(cpu->items[cpu->nr_items - 1].name, name) >= 0)
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "its CPU description is not in order");
	if (text)
		return snap_cpu_set_text(cpu, name, text);
	return snap_cpu_set(cpu, name, value);
}

static snap_err parse_cpu(struct snap_parse *parse, struct snap_reader *note)
{
	return snap_parse_list(parse, note, parse_cpu_item);
}

static snap_err parse_mapping(struct snap_parse *parse, struct snap_reader *mapping)
{
	struct snap_vma vma = { 0 };
	snap_err error = snap_fields_take(&snap_vma_fields, mapping, &vma);
	if (error) {
		free(vma.name);
		return error;
	}
	return snap_vmas_append(&parse->snapshot->vmas, &vma);
}

static snap_err parse_mappings(struct snap_parse *parse, struct snap_reader *note)
{
	return snap_parse_list(parse, note, parse_mapping);
}

static snap_err parse_thread(struct snap_parse *parse, struct snap_reader *note)
{
	struct snap_thread *thread = snap_parse_thread(parse);
	uint32_t place;
	SNAP_TRY(snap_reader_u32(note, &place));
	uint32_t *known =
		thread ? &parse->places[parse->snapshot->nr_threads - 1] : NULL;
	if (!known || *known != UINT32_MAX || place == UINT32_MAX)
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "it has a thread note of no thread");
	*known = place;

	pid_t tid = thread->tid;
	uint32_t siginfo = thread->members;
	SNAP_TRY(snap_fields_take(&snap_thread_fields, note, thread));
	if (thread->tid != tid || (thread->members & SNAP_THREAD_SIGINFO) != siginfo)
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "its notes on thread %d contradict each other",
					 (int)tid);
	thread->comm[sizeof(thread->comm) - 1] = '\0';
	return SNAP_OK;
}

/** Make a register set of the newest thread longer, by bytes and zeros. */
static snap_err extend_regset(struct snap_thread *thread, int index, uint32_t total,
			      const uint8_t *rest, uint32_t size)
{
	struct snap_regset *set = &thread->regsets[index];
	uint8_t *data = calloc(1, total);
	if (!data)
		return &snap_enomem;
	memcpy(data, set->data, set->size);
	memcpy(data + set->size, rest, size);
	free(set->data);
	*set = (struct snap_regset){ .size = total, .data = data };
	return SNAP_OK;
}

static snap_err parse_rest(struct snap_parse *parse, struct snap_reader *note)
{
	const struct snap_arch *arch = parse->snapshot->arch;
	struct snap_thread *thread = snap_parse_thread(parse);
	uint32_t type, total, size;
	_cleanup_free_ char *owner = NULL;
	const uint8_t *rest;
	SNAP_TRY(snap_reader_u32(note, &type));
	SNAP_TRY(snap_reader_u32(note, &total));
	SNAP_TRY(snap_reader_string(note, &owner));
	SNAP_TRY(snap_reader_u32(note, &size));
	SNAP_TRY(snap_reader_bytes(note, size, &rest));
	int index = snap_arch_find_regset(arch, owner, type);
	if (index < 0)
		return SNAP_OK;
	size_t before = thread ? thread->regsets[index].size : 0;
	if (!before || total > arch->regsets[index].max_size || total < before ||
	    size > total - before)
		return snap_error_create(
			SNAP_ERROR_CORRUPT,
			"the rest of the %s registers of thread %d does "
			"not fit",
			arch->regsets[index].name, thread ? (int)thread->tid : 0);
	return extend_regset(thread, index, total, rest, size);
}

static snap_err parse_omissions(struct snap_parse *parse, struct snap_reader *note)
{
	uint32_t count;
	SNAP_TRY(snap_reader_u32(note, &count));
	if (count > SNAP_MAX_OMISSIONS)
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "%u omissions are more than an image has",
					 count);
	for (uint32_t i = 0; i < count; i++) {
		_cleanup_free_ char *text = NULL;
		SNAP_TRY(snap_reader_string(note, &text));
		SNAP_TRY(snap_snapshot_omit(parse->snapshot, "%s", text));
	}
	return SNAP_OK;
}

/** One run; that its memory has tags is known when all notes were read. */
static snap_err parse_tag_run(struct snap_parse *parse, struct snap_reader *element)
{
	struct snap_tags *tags = &parse->snapshot->tags;
	uint32_t granule = parse->snapshot->arch->memory_tags->granule;
	uint64_t start, end;
	SNAP_TRY(snap_reader_u64(element, &start));
	SNAP_TRY(snap_reader_u64(element, &end));
	if (start >= end || (start | end) % SNAP_PAGE_SIZE ||
	    (tags->nr && start < tags->list[tags->nr - 1].end) ||
	    end - start > (uint64_t)snap_reader_left(element) * granule * 2)
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "its tags of memory at 0x%llx cannot be there",
					 (unsigned long long)start);
	const uint8_t *bytes;
	uint8_t *place;
	size_t size = snap_tags_size(granule, end - start);
	SNAP_TRY(snap_reader_bytes(element, size, &bytes));
	SNAP_TRY(snap_tags_append(tags, granule, start, end - start, &place));
	memcpy(place, bytes, size);
	return SNAP_OK;
}

static snap_err parse_tags(struct snap_parse *parse, struct snap_reader *note)
{
	const struct snap_memory_tags *kind = parse->snapshot->arch->memory_tags;
	uint32_t granule;
	SNAP_TRY(snap_reader_u32(note, &granule));
	if (!kind || granule != kind->granule)
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "it has tags of memory that its CPU does not "
					 "know");
	return snap_parse_list(parse, note, parse_tag_run);
}

static snap_err parse_extent(struct snap_parse *parse, struct snap_reader *element)
{
	struct snap_image_extent extent;
	SNAP_TRY(snap_fields_take(&snap_extent_fields, element, &extent));
	size_t nr = parse->nr_extents;
	if (!(nr & (nr - 1))) {
		struct snap_image_extent *extents =
			reallocarray(parse->extents, nr ? nr * 2 : 1, sizeof(*extents));
		if (!extents)
			return &snap_enomem;
		parse->extents = extents;
	}
	parse->extents[parse->nr_extents++] = extent;
	return SNAP_OK;
}

static snap_err parse_extents(struct snap_parse *parse, struct snap_reader *note)
{
	return snap_parse_list(parse, note, parse_extent);
}

/** It was looked at before all else (head.c). */
static snap_err parse_digest(struct snap_parse *parse, struct snap_reader *note)
{
	return SNAP_OK;
}

static const struct kind {
	enum snap_note_type type;
	const char *what;
	bool is_repeated;
	snap_err (*parse)(struct snap_parse *parse, struct snap_reader *note);
} kinds[] = {
	{ SNAP_NOTE_MANIFEST, "its manifest note", false, parse_manifest },
	{ SNAP_NOTE_CPU, "its CPU note", false, parse_cpu },
	{ SNAP_NOTE_MAPPINGS, "its mappings note", false, parse_mappings },
	{ SNAP_NOTE_THREAD, "its thread note", true, parse_thread },
	{ SNAP_NOTE_REGSET_REST, "its note on the rest of a register set", true,
	  parse_rest },
	{ SNAP_NOTE_ATTRIBUTES, "its note on attributes", false,
	  snap_parse_process_state },
	{ SNAP_NOTE_THREAD_ATTRIBUTES, "its note on the attributes of a thread", true,
	  snap_parse_thread_state },
	{ SNAP_NOTE_OMISSIONS, "its omissions note", false, parse_omissions },
	{ SNAP_NOTE_EXTENTS, "its extents note", false, parse_extents },
	{ SNAP_NOTE_DIGEST, "its digest note", false, parse_digest },
	{ SNAP_NOTE_SIGNALS, "its signals note", false, snap_parse_signals },
	{ SNAP_NOTE_TIMERS, "its timers note", false, snap_parse_timers },
	{ SNAP_NOTE_PENDING, "its pending signals note", true, snap_parse_pending },
	{ SNAP_NOTE_FILES, "its files note", false, snap_parse_files },
	{ SNAP_NOTE_TAGS, "its note on the tags of memory", false, parse_tags },
};

static snap_err parse_kind(struct snap_parse *parse, const struct kind *kind,
			   struct snap_reader *note)
{
	uint16_t major, minor;
	SNAP_TRY(snap_reader_u16(note, &major));
	SNAP_TRY(snap_reader_u16(note, &minor));
	if (major != SNAP_IMAGE_MAJOR)
		return snap_error_with_remedy(
			snap_error_create(SNAP_ERROR_UNSUPPORTED,
					  "%s has version %u.%u, and this is known up "
					  "to %u",
					  kind->what, major, minor, SNAP_IMAGE_MAJOR),
			"use a newer gdb-snapshot");
	parse->is_newer |= minor > SNAP_IMAGE_MINOR;
	if (parse->seen & snap_note_bit(kind->type) && !kind->is_repeated)
		return snap_error_create(SNAP_ERROR_CORRUPT, "%s is there twice",
					 kind->what);
	parse->seen |= snap_note_bit(kind->type);
	return kind->parse(parse, note);
}

snap_err snap_parse_ours(struct snap_parse *parse, uint32_t type, const uint8_t *data,
			 size_t size)
{
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(kinds); i++) {
		if (kinds[i].type != type)
			continue;
		struct snap_reader note = snap_reader_init(data, size, kinds[i].what);
		return parse_kind(parse, &kinds[i], &note);
	}
	parse->is_newer = true;
	return SNAP_OK;
}
