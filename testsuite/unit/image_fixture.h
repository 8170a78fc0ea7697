/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TESTSUITE_IMAGE_FIXTURE_H
#define SNAP_TESTSUITE_IMAGE_FIXTURE_H

#include "testsuite/unit/unit.h"

#include "core/base/buffer.h"
#include "core/image/image.h"

/** Numbers that look random and are the same in every run. */
struct dice {
	uint64_t state;
};

uint64_t roll(struct dice *dice, uint64_t sides);

/** How large the snapshot is to be. */
struct shape {
	uint64_t seed;
	size_t nr_threads;
	size_t nr_vmas;
	/** The most pages of a mapping. */
	size_t max_pages;
	/** The most bytes of a register set that is not the general one. */
	size_t max_regset;
	/** Of the kernel; 0: SNAP_PAGE_SIZE. */
	size_t page_size;
};

/** Two threads, a few mappings and pages: a file of some 16 KiB. */
extern const struct shape small_shape;

/** A snapshot of nothing that ever ran, with something odd in every member. */
struct snap_snapshot *make_snapshot(const struct shape *shape);

/** NULL when they are the same, otherwise what differs. */
const char *find_difference(const struct snap_snapshot *a,
			    const struct snap_snapshot *b);

/** A folder of its own for each test: setup and teardown, *state is its path. */
int make_folder(void **state);
int remove_folder(void **state);

/** The path of a name in the folder, in a buffer of the fixture's. */
const char *in_folder(void **state, const char *name);

/** How many names there are in the folder. */
int count_names(void **state);

/** All bytes of a file. */
void load_file(const char *path, struct snap_buffer *ret);

/** Make a file out of bytes. */
void store_file(const char *path, const void *data, size_t size);

/** The bytes of the image of a snapshot, by a file in the folder. */
void make_image(void **state, const struct snap_snapshot *snapshot,
		struct snap_buffer *ret);

/** Where the head of an image ends: with its digest. */
size_t head_size(const struct snap_buffer *image);

/** Give a head that was changed the digest that it has now. */
void seal(struct snap_buffer *image);

/** Where the contents of the first note of ours of a type begin. */
uint8_t *find_note(const struct snap_buffer *image, uint32_t type);

#endif
