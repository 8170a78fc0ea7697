// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/head.h"

#include <errno.h>
#include <string.h>

#include "core/image/digest.h"
#include "core/image/headers.h"

void snap_head_deinit(struct snap_head *head)
{
	free(head->data);
	*head = (struct snap_head){ 0 };
}

snap_err snap_file_read(int fd, void *data, size_t size, uint64_t offset)
{
	uint8_t *bytes = data;
	while (size) {
		ssize_t got = pread(fd, bytes, size, (off_t)offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return snap_error_os(errno, "cannot read it");
		if (!got)
			return snap_error_create(SNAP_ERROR_CORRUPT,
						 "it got shorter while it was read");
		bytes += got;
		offset += (uint64_t)got;
		size -= (size_t)got;
	}
	return SNAP_OK;
}

/** The file ends before its own headers say so, or they are damaged. */
static snap_err cut_short(uint64_t needed, uint64_t file_size)
{
	return snap_error_create(
		SNAP_ERROR_CORRUPT,
		"it has %llu bytes where at least %llu were expected, it was cut short",
		(unsigned long long)file_size, (unsigned long long)needed);
}

/** The notes follow each other to the end of their segment. */
static bool are_notes_whole(const struct snap_head *head)
{
	uint64_t at = head->notes_offset;
	while (at + sizeof(Elf64_Nhdr) <= head->size) {
		Elf64_Nhdr note;
		memcpy(&note, head->data + at, sizeof(note));
		at += sizeof(note) + (((uint64_t)note.n_namesz + 3) & ~UINT64_C(3)) +
		      (((uint64_t)note.n_descsz + 3) & ~UINT64_C(3));
	}
	return at == head->size;
}

/** Nothing of ours is in it, and nothing looks damaged. */
static bool is_foreign(const struct snap_head *head)
{
	return !memmem(head->data, head->size, SNAP_NOTE_OWNER, SNAP_NOTE_OWNER_SIZE) &&
	       are_notes_whole(head);
}

_must_check_ static snap_err refuse_foreign(void)
{
	return snap_error_with_remedy(
		snap_error_create(SNAP_ERROR_INVALID,
				  "it is a core file, but gdb-snapshot did not write "
				  "it"),
		"look at it with gdb PROGRAM COREFILE, or \"snapshot show\"; "
		"\"snapshot restore FILE -force\" makes a process of it");
}

/** Find the end of the head and see whether it can be true. */
static snap_err find_head(struct snap_head *head, int fd, uint64_t file_size)
{
	uint8_t first[SNAP_FIRST_BYTES];
	uint64_t offset, size, end;
	if (file_size < sizeof(first))
		return cut_short(sizeof(first), file_size);
	SNAP_TRY(snap_file_read(fd, first, sizeof(first), 0));
	SNAP_TRY(snap_headers_find_notes(first, &offset, &size));
	if (__builtin_add_overflow(offset, size, &end) || end > file_size)
		return cut_short(end, file_size);
	// Behind all memory, as gcore has them.
	if (offset > SNAP_HEAD_MAX)
		return refuse_foreign();
	if (offset < sizeof(first) || end > SNAP_HEAD_MAX)
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "its notes lie where no image has them");
	*head = (struct snap_head){
		.size = (size_t)end,
		.notes_offset = (size_t)offset,
		.notes_size = (size_t)size,
	};
	return SNAP_OK;
}

/** The head does not have its digest: find out why not. */
static snap_err explain(const struct snap_head *head)
{
	if (is_foreign(head))
		return refuse_foreign();
	return snap_error_create(SNAP_ERROR_CORRUPT,
				 "its headers and notes are not those that were "
				 "written: it was damaged, or a newer version wrote "
				 "it");
}

static snap_err check_digest(const struct snap_head *head)
{
	if (head->notes_size < SNAP_DIGEST_NOTE_SIZE)
		return explain(head);
	uint8_t digest[SNAP_HEAD_DIGEST_SIZE];
	size_t before = head->size - sizeof(digest);
	SNAP_TRY(snap_digest_head(head->data, before, NULL, 0, digest));
	if (memcmp(digest, head->data + before, sizeof(digest)))
		return explain(head);
	return SNAP_OK;
}

snap_err snap_head_read(struct snap_head *head, int fd, uint64_t file_size)
{
	_cleanup_head_ struct snap_head found = { 0 };
	SNAP_TRY(find_head(&found, fd, file_size));
	found.data = malloc(found.size);
	if (!found.data)
		return &snap_enomem;
	SNAP_TRY(snap_file_read(fd, found.data, found.size, 0));
	SNAP_TRY(check_digest(&found));
	*head = found;
	found = (struct snap_head){ 0 };
	return SNAP_OK;
}
