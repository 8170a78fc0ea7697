/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_BASE_CLEANUP_H
#define SNAP_BASE_CLEANUP_H

#include <stdlib.h>
#include <unistd.h>

/** Call `function(&variable)` when the variable goes out of scope. */
#define _cleanup_(function) __attribute__((__cleanup__(function)))

/** The caller must look at what this function returns. */
#define _must_check_ __attribute__((__warn_unused_result__))

/** This function never returns NULL. */
#define _never_null_ __attribute__((__returns_nonnull__))

/** This function takes a printf format as argument `format`, its values from `first`.
 */
#define _printf_(format, first) __attribute__((__format__(__printf__, format, first)))

static inline void snap_free_cleanup(void *pointer)
{
	free(*(void **)pointer);
}

static inline void snap_close_cleanup(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/** free() at the end of the scope. */
#define _cleanup_free_ _cleanup_(snap_free_cleanup)

/** close() at the end of the scope, if the descriptor is not negative. */
#define _cleanup_close_ _cleanup_(snap_close_cleanup)

/** Give away what a guarded pointer holds: evaluates to it and leaves NULL behind. */
#define snap_take(pointer)                              \
	({                                              \
		__typeof__(pointer) taken_ = (pointer); \
		(pointer) = NULL;                       \
		taken_;                                 \
	})

/** Give away what a guarded file descriptor holds, and leave -1 behind. */
#define snap_take_fd(fd)           \
	({                         \
		int taken_ = (fd); \
		(fd) = -1;         \
		taken_;            \
	})

/** The number of elements of an array (not of a pointer). */
#define SNAP_ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#endif
