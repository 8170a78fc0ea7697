/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TESTSUITE_TRACK_BOARD_H
#define SNAP_TESTSUITE_TRACK_BOARD_H

#include <stdint.h>

/** What track_target is told to do next. */
enum track_order {
	/** A step of its own choice, by `seed`. */
	TRACK_RANDOM,
	/** Store to a page; let the kernel write to it by read(2). */
	TRACK_STORE,
	TRACK_READ,
	/** Give a page back; and have it made again by a look at it. */
	TRACK_DROP,
	TRACK_DROP_AND_LOOK,
	/** Move a page onto another one, `to`. */
	TRACK_MOVE,
	/** Take a page away and map a new one in its place. */
	TRACK_REPLACE,
	/** Make a page read-only and writable again. */
	TRACK_PROTECT,
	/** Let a child write to the page, and write to the next page while it lives. */
	TRACK_FORK,
	/** Make a page that was never there; one in the middle of nothing. */
	TRACK_MAKE,
	/** Watch a page by a userfaultfd; tells in `result` whether it can. */
	TRACK_WATCH,
	/** Become another program: itself. */
	TRACK_EXEC,
	/** Map other kinds of memory; their addresses go to `address`. */
	TRACK_MAP_HUGE,
	TRACK_MAP_HUGETLB,
	TRACK_MAP_SHARED,
	TRACK_MAP_FILE,
	TRACK_MAP_NOTHING,
	/** Forbid itself nearly all system calls. */
	TRACK_SECCOMP,
	TRACK_IO_URING,
	TRACK_LEAVE,
};

/** Shared by the test and the target: descriptor TRACK_BOARD_FD of the latter. */
struct track_board {
	uint64_t order;
	uint64_t seed;
	/** The area, whose pages are all there at the beginning, full of noise. */
	uint64_t area;
	uint64_t area_size;
	/** Of a page in it. */
	uint64_t address;
	uint64_t to;
	uint64_t result;
};

#define TRACK_BOARD_FD 100

#endif
