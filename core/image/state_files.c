// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/note.h"
#include "core/image/parse.h"

/**
 * @file
 * The note on descriptors and open files.
 */

// Changing a number that the model gives to a kind changes the format.
_Static_assert(SNAP_FILE_INOTIFY == 10, "kinds of files are part of the format");
_Static_assert(SNAP_LOCK_LEASE == 3, "kinds of locks are part of the format");

#define FILE(kind, member) SNAP_FIELD(kind, struct snap_open_file, member)

static const struct snap_field file_fields[] = {
	FILE(UINT, kind),       FILE(UINT, mode),         FILE(UINT, flags),
	FILE(UINT, pos),        FILE(UINT, device),       FILE(UINT, inode),
	FILE(UINT, rdev),       FILE(UINT, birth),        FILE(UINT, has_owner),
	FILE(UINT, owner_type), FILE(UINT, owner),        FILE(UINT, owner_signal),
	FILE(UINT, count),      FILE(UINT, id),           FILE(UINT, mask),
	FILE(UINT, settings),   FILE(UINT, remaining),    FILE(UINT, interval),
	FILE(UINT, capacity),   FILE(UINT, has_contents), FILE(TEXT, path),
};
static const struct snap_fields snap_file_fields = SNAP_FIELDS(file_fields);

#define WATCH(kind, member) SNAP_FIELD(kind, struct snap_watch, member)

static const struct snap_field watch_fields[] = {
	WATCH(UINT, number), WATCH(UINT, events), WATCH(UINT, data),
	WATCH(UINT, inode),  WATCH(UINT, device), WATCH(TEXT, handle),
};
static const struct snap_fields snap_watch_fields = SNAP_FIELDS(watch_fields);

#define LOCK(kind, member) SNAP_FIELD(kind, struct snap_file_lock, member)

static const struct snap_field lock_fields[] = {
	LOCK(UINT, kind),
	LOCK(UINT, is_write),
	LOCK(UINT, start),
	LOCK(UINT, end),
};
static const struct snap_fields snap_lock_fields = SNAP_FIELDS(lock_fields);

#define FD(kind, member) SNAP_FIELD(kind, struct snap_fd, member)

static const struct snap_field fd_fields[] = {
	FD(UINT, number),
	FD(UINT, file),
	FD(UINT, is_cloexec),
};
static const struct snap_fields snap_fd_fields = SNAP_FIELDS(fd_fields);

/** Append a list of `nr` elements of `size` bytes each. */
static snap_err put_list(struct snap_buffer *notes, const struct snap_fields *fields,
			 const void *list, size_t nr, size_t size)
{
	_cleanup_buffer_ struct snap_buffer record = { 0 };
	SNAP_TRY(snap_buffer_append_uint(notes, nr, 4));
	for (size_t i = 0; i < nr; i++)
		SNAP_TRY(snap_notes_put_object(notes, fields,
					       (const uint8_t *)list + i * size,
					       &record));
	return SNAP_OK;
}

/** What is in a pipe: sizes, then the bytes one behind the other. */
static snap_err put_packets(struct snap_buffer *notes,
			    const struct snap_open_file *file)
{
	SNAP_TRY(snap_buffer_append_uint(notes, file->nr_packets, 4));
	for (size_t i = 0; i < file->nr_packets; i++)
		SNAP_TRY(snap_buffer_append_uint(notes, file->packets[i], 4));
	return snap_buffer_append(notes, file->contents, file->contents_size);
}

static snap_err put_file(struct snap_buffer *ret, const struct snap_open_file *file)
{
	SNAP_TRY(snap_fields_put(&snap_file_fields, file, ret));
	SNAP_TRY(put_list(ret, &snap_watch_fields, file->watches, file->nr_watches,
			  sizeof(*file->watches)));
	SNAP_TRY(put_list(ret, &snap_lock_fields, file->locks, file->nr_locks,
			  sizeof(*file->locks)));
	return put_packets(ret, file);
}

snap_err snap_notes_put_files(struct snap_buffer *notes,
			      const struct snap_fd_table *table)
{
	size_t note;
	if (!table->is_captured)
		return SNAP_OK;
	SNAP_TRY(snap_note_begin_ours(notes, SNAP_NOTE_FILES, &note));
	SNAP_TRY(snap_buffer_append_uint(notes, table->nr, 4));
	_cleanup_buffer_ struct snap_buffer record = { 0 };
	for (size_t i = 0; i < table->nr; i++) {
		record.size = 0;
		SNAP_TRY(put_file(&record, &table->list[i]));
		SNAP_TRY(snap_buffer_append_uint(notes, record.size, 4));
		SNAP_TRY(snap_buffer_append(notes, record.data, record.size));
	}
	SNAP_TRY(put_list(notes, &snap_fd_fields, table->fds, table->nr_fds,
			  sizeof(*table->fds)));
	return snap_note_end(notes, note);
}

/** The open file that is being read. */
static struct snap_open_file *last_file(const struct snap_parse *parse)
{
	const struct snap_fd_table *table = &parse->snapshot->files;
	return &table->list[table->nr - 1];
}

static snap_err parse_watch(struct snap_parse *parse, struct snap_reader *element)
{
	struct snap_watch watch = { 0 };
	snap_err error = snap_fields_take(&snap_watch_fields, element, &watch);
	if (!error)
		error = snap_open_file_add_watch(last_file(parse), &watch);
	if (error)
		snap_watch_deinit(&watch);
	return error;
}

static snap_err parse_lock(struct snap_parse *parse, struct snap_reader *element)
{
	struct snap_file_lock lock = { 0 };
	SNAP_TRY(snap_fields_take(&snap_lock_fields, element, &lock));
	if (lock.kind > SNAP_LOCK_LEASE)
		lock.kind = SNAP_LOCK_LEASE;
	return snap_open_file_add_lock(last_file(parse), &lock);
}

static snap_err parse_packets(struct snap_reader *element, struct snap_open_file *file)
{
	uint32_t nr;
	const uint8_t *sizes;
	SNAP_TRY(snap_reader_u32(element, &nr));
	SNAP_TRY(snap_reader_bytes(element, (size_t)nr * 4, &sizes));
	struct snap_reader reader =
		snap_reader_init(sizes, (size_t)nr * 4, element->what);
	for (uint32_t i = 0; i < nr; i++) {
		uint32_t size;
		const uint8_t *bytes;
		SNAP_TRY(snap_reader_u32(&reader, &size));
		SNAP_TRY(snap_reader_bytes(element, size, &bytes));
		SNAP_TRY(snap_open_file_add_packet(file, bytes, size));
	}
	return SNAP_OK;
}

static snap_err parse_file(struct snap_parse *parse, struct snap_reader *element)
{
	struct snap_open_file file = { 0 };
	snap_err error = snap_fields_take(&snap_file_fields, element, &file);
	if (!error)
		error = snap_fd_table_append(&parse->snapshot->files, &file);
	if (error) {
		snap_open_file_deinit(&file);
		return error;
	}
	struct snap_open_file *added = last_file(parse);
	// A newer version may know more kinds; we can do nothing with them.
	if (added->kind >= SNAP_NR_FILE_KINDS)
		added->kind = SNAP_FILE_OTHER;
	SNAP_TRY(snap_parse_list(parse, element, parse_watch));
	SNAP_TRY(snap_parse_list(parse, element, parse_lock));
	return parse_packets(element, added);
}

static snap_err parse_fd(struct snap_parse *parse, struct snap_reader *element)
{
	struct snap_fd_table *table = &parse->snapshot->files;
	struct snap_fd fd = { 0 };
	SNAP_TRY(snap_fields_take(&snap_fd_fields, element, &fd));
	int before = table->nr_fds ? table->fds[table->nr_fds - 1].number : -1;
	if (fd.number <= before || fd.file >= table->nr)
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "its descriptor %d cannot be one", fd.number);
	return snap_fd_table_append_fd(table, &fd);
}

/** Open files are in the order of their first descriptors, and each has one. */
static snap_err check_order(const struct snap_fd_table *table)
{
	uint32_t seen = 0;
	bool is_order = true;
	for (size_t i = 0; i < table->nr_fds && is_order; i++) {
		is_order = table->fds[i].file <= seen;
		seen += table->fds[i].file == seen;
	}
	if (!is_order || seen != table->nr)
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "its open files are not those of its "
					 "descriptors");
	return SNAP_OK;
}

snap_err snap_parse_files(struct snap_parse *parse, struct snap_reader *note)
{
	SNAP_TRY(snap_parse_list(parse, note, parse_file));
	SNAP_TRY(snap_parse_list(parse, note, parse_fd));
	SNAP_TRY(check_order(&parse->snapshot->files));
	parse->snapshot->files.is_captured = true;
	return SNAP_OK;
}
