/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_IMAGE_HEADERS_H
#define SNAP_IMAGE_HEADERS_H

#include "arch/arch.h"
#include "core/base/buffer.h"
#include "core/image/layout.h"

/**
 * @file
 * The head of an image: ELF header, program headers, (from 65,535 segments on) one
 * section header that has their number, then the notes, and nothing between.
 */

/** Where the notes begin in an image of that many segments beside them. */
uint64_t snap_headers_size(size_t nr_segments);

/**
 * The headers of an image.
 *
 * @param notes_size The size of all notes.
 * @param memory_offset Where in the file memory begins.
 * @param tags_offsets Where in the notes the tags of memory lie, for each run.
 * @param[out] ret Grows by snap_headers_size() bytes, of all PT_LOADs and runs of tags.
 */
_must_check_ snap_err snap_headers_put(const struct snap_snapshot *snapshot,
				       const struct snap_layout *layout,
				       uint64_t notes_size, uint64_t memory_offset,
				       const uint64_t *tags_offsets,
				       struct snap_buffer *ret);

/**
 * Where the notes of an image lie, by the first bytes of the file; nothing is checked
 * but that they can be found.
 *
 * @param bytes SNAP_FIRST_BYTES of them.
 */
_must_check_ snap_err snap_headers_find_notes(const uint8_t *bytes,
					      uint64_t *ret_offset, uint64_t *ret_size);

/** How many bytes of a file snap_headers_find_notes() looks at. */
#define SNAP_FIRST_BYTES (sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr))

#endif
