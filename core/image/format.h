/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_IMAGE_FORMAT_H
#define SNAP_IMAGE_FORMAT_H

#include <elf.h>

#include "core/model/page.h"

/**
 * @file
 * The numbers of the image format, as doc/image-format.md gives them.
 */

/** The owner of the notes that are ours: with its NUL, 8 bytes. */
#define SNAP_NOTE_OWNER      "GDBSNAP"
#define SNAP_NOTE_OWNER_SIZE sizeof(SNAP_NOTE_OWNER)

/**
 * Every note of ours begins with these two numbers, 16 bits each. A reader refuses
 * another major number; of a higher minor number it skips what it does not know.
 */
#define SNAP_IMAGE_MAJOR 1
#define SNAP_IMAGE_MINOR 1

/**
 * Types of our notes. BFD (elfcore_grok_note in bfd/elf.c) looks at the types of notes
 * before their owners: small numbers would be taken for register sets.
 */
enum snap_note_type {
	SNAP_NOTE_MANIFEST = 0x47534e01,
	SNAP_NOTE_CPU = 0x47534e02,
	SNAP_NOTE_MAPPINGS = 0x47534e03,
	SNAP_NOTE_THREAD = 0x47534e04,
	SNAP_NOTE_OMISSIONS = 0x47534e05,
	SNAP_NOTE_EXTENTS = 0x47534e06,
	SNAP_NOTE_DIGEST = 0x47534e07,
	SNAP_NOTE_REGSET_REST = 0x47534e08,
	SNAP_NOTE_SIGNALS = 0x47534e09,
	SNAP_NOTE_TIMERS = 0x47534e0a,
	SNAP_NOTE_PENDING = 0x47534e0d,
	SNAP_NOTE_ATTRIBUTES = 0x47534e0c,
	SNAP_NOTE_THREAD_ATTRIBUTES = 0x47534e0e,
	SNAP_NOTE_FILES = 0x47534e0b,
	SNAP_NOTE_TAGS = 0x47534e0f,
};

/** The header of a note and an owner of 8 bytes. */
#define SNAP_NOTE_HEADER_SIZE (sizeof(Elf64_Nhdr) + SNAP_NOTE_OWNER_SIZE)

/** XXH3 with 128 bits, in its canonical form (big endian). */
#define SNAP_DIGEST_XXH3_128  1
#define SNAP_HEAD_DIGEST_SIZE 16

/** The digest note: the two version numbers, the algorithm, the digest. */
#define SNAP_DIGEST_NOTE_SIZE \
	(SNAP_NOTE_HEADER_SIZE + 2 + 2 + 4 + SNAP_HEAD_DIGEST_SIZE)

/** The extents note: versions, count; then for each its size and four numbers. */
#define SNAP_EXTENTS_NOTE_SIZE(nr) \
	(SNAP_NOTE_HEADER_SIZE + 2 + 2 + 4 + (uint64_t)(nr) * (4 + 4 * 8))

/**
 * The most that the head of an image (everything before the memory) may have: room
 * for millions of mappings, and a bound for what a hostile file makes us allocate.
 */
#define SNAP_HEAD_MAX ((uint64_t)1 << 30)

/** The most omissions of an image: the shortest would take ten times its size here. */
#define SNAP_MAX_OMISSIONS ((size_t)1 << 20)

/**
 * struct elf_prstatus of a 64-bit kernel (include/linux/elfcore.h): before the general
 * registers there are 112 bytes, behind them an int, and padding to 8 bytes.
 */
#define SNAP_PRSTATUS_TID_OFFSET  32
#define SNAP_PRSTATUS_REGS_OFFSET 112
#define SNAP_PRSTATUS_SIZE(regs) \
	(((size_t)(regs) + SNAP_PRSTATUS_REGS_OFFSET + 4 + 7) & ~(size_t)7)

/** Where the bytes of an extent lie in the file, and what they must be. */
struct snap_image_extent {
	uint64_t start;
	uint64_t size;
	uint64_t offset;
	/** XXH3 with 64 bits. */
	uint64_t digest;
};

#endif
