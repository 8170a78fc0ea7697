/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_IMAGE_FIELDS_H
#define SNAP_IMAGE_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/buffer.h"
#include "core/base/reader.h"

/**
 * @file
 * The members of a struct as they follow each other in a note. One table serves the
 * writer and the reader, so that the two cannot differ.
 */

enum snap_field_kind {
	SNAP_FIELD_UINT,  /**< an integer of 1, 2, 4 or 8 bytes; little endian */
	SNAP_FIELD_BYTES, /**< an array, as it is */
	SNAP_FIELD_TEXT,  /**< an owned string: a 32-bit length and the bytes */
};

struct snap_field {
	enum snap_field_kind kind;
	size_t offset;
	size_t size;
	/** A later minor version added it: where it is missing, the member stays. */
	bool is_late;
};

/** A row of a table: SNAP_FIELD(UINT, struct snap_vma, start). */
#define SNAP_FIELD(kind_, type_, member_)                                       \
	{                                                                       \
		.kind = SNAP_FIELD_##kind_, .offset = offsetof(type_, member_), \
		.size = sizeof(((const type_ *)NULL)->member_),                 \
	}

/** A row that was added after minor version 0: at the end of its table. */
#define SNAP_LATE_FIELD(kind_, type_, member_)                                   \
	{                                                                        \
		.kind = SNAP_FIELD_##kind_, .offset = offsetof(type_, member_),  \
		.size = sizeof(((const type_ *)NULL)->member_), .is_late = true, \
	}

struct snap_fields {
	const struct snap_field *list;
	size_t nr;
};

#define SNAP_FIELDS(table)                       \
	{                                        \
		(table), SNAP_ARRAY_SIZE(table), \
	}

/** Append the members of `object`. */
_must_check_ snap_err snap_fields_put(const struct snap_fields *fields,
				      const void *object, struct snap_buffer *ret);

/** Take the members of `object`; its strings are replaced, or NULL before. */
_must_check_ snap_err snap_fields_take(const struct snap_fields *fields,
				       struct snap_reader *reader, void *object);

/** What notes of ours are made of: each table in the order of the bytes. */
extern const struct snap_fields snap_manifest_fields; /**< struct snap_snapshot */
extern const struct snap_fields snap_thread_fields;   /**< struct snap_thread */
extern const struct snap_fields snap_vma_fields;      /**< struct snap_vma */
extern const struct snap_fields snap_extent_fields;   /**< struct snap_image_extent */

#endif
