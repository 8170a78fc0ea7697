/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACEE_TAGS_H
#define SNAP_TRACEE_TAGS_H

#include <stdbool.h>

#include "core/model/vma.h"
#include "core/tracee/tracee.h"

/** @file The tags of a process's memory (struct snap_memory_tags of arch/arch.h). */

/** This mapping has tags which are saved and rewound as its bytes are. */
bool snap_tracee_has_tags(const struct snap_tracee *tracee, const struct snap_vma *vma);

/** Called for some memory, whole pages, with its tags, a byte for each. */
typedef snap_err snap_tags_fn(void *context, uint64_t start, uint64_t size,
			      const uint8_t *tags);

/** Read the tags of a part of a mapping, where there are pages that can have some. */
_must_check_ snap_err snap_tracee_read_tags(struct snap_tracee *tracee,
					    const struct snap_vma *vma, uint64_t start,
					    uint64_t end, snap_tags_fn *found,
					    void *context);

/** Read the tags of pages whether they exist or not; all of them or an error. */
_must_check_ snap_err snap_tracee_read_all_tags(struct snap_tracee *tracee,
						uint64_t start, uint64_t end,
						snap_tags_fn *found, void *context);

/** Write the tags of some memory, a byte for each; all of them or an error. */
_must_check_ snap_err snap_tracee_write_tags(struct snap_tracee *tracee, uint64_t start,
					     uint64_t size, const uint8_t *tags);

#endif
