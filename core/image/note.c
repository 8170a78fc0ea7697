// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/note.h"

#include <string.h>

snap_err snap_note_begin(struct snap_buffer *notes, const char *owner, uint32_t type,
			 size_t *ret)
{
	size_t start = notes->size, owner_size = strlen(owner) + 1;
	SNAP_TRY(snap_buffer_append_uint(notes, owner_size, 4));
	SNAP_TRY(snap_buffer_append_uint(notes, 0, 4));
	SNAP_TRY(snap_buffer_append_uint(notes, type, 4));
	SNAP_TRY(snap_buffer_append(notes, owner, owner_size));
	SNAP_TRY(snap_buffer_align(notes, 4));
	*ret = start;
	return SNAP_OK;
}

snap_err snap_note_begin_ours(struct snap_buffer *notes, enum snap_note_type type,
			      size_t *ret)
{
	SNAP_TRY(snap_note_begin(notes, SNAP_NOTE_OWNER, type, ret));
	SNAP_TRY(snap_buffer_append_uint(notes, SNAP_IMAGE_MAJOR, 2));
	return snap_buffer_append_uint(notes, SNAP_IMAGE_MINOR, 2);
}

static void store_u32(uint8_t *place, size_t value)
{
	for (size_t i = 0; i < 4; i++)
		place[i] = (uint8_t)(value >> (8 * i));
}

snap_err snap_note_end(struct snap_buffer *notes, size_t note)
{
	uint8_t *header = notes->data + note;
	size_t owner_size = header[0]; // no owner has 256 characters
	size_t contents = note + sizeof(Elf64_Nhdr) + ((owner_size + 3) & ~(size_t)3);
	size_t size = notes->size - contents;
	if (size > UINT32_MAX)
		return snap_error_create(SNAP_ERROR_INVALID,
					 "a note of %zu bytes does not fit into an ELF "
					 "file",
					 size);
	store_u32(header + offsetof(Elf64_Nhdr, n_descsz), size);
	return snap_buffer_align(notes, 4);
}

snap_err snap_note_append(struct snap_buffer *notes, const char *owner, uint32_t type,
			  const void *data, size_t size)
{
	size_t note;
	SNAP_TRY(snap_note_begin(notes, owner, type, &note));
	SNAP_TRY(snap_buffer_append(notes, data, size));
	return snap_note_end(notes, note);
}
