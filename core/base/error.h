/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_BASE_ERROR_H
#define SNAP_BASE_ERROR_H

#include "core/base/cleanup.h"

/**
 * @file
 * What can fail returns a `snap_err`: SNAP_OK (NULL), or an error object that the
 * caller owns and either returns, or destroys.
 */

enum snap_error_kind {
#define SNAP_ERROR(kind, python, meaning) SNAP_ERROR_##kind,
#include "core/base/errors.def"
#undef SNAP_ERROR
	SNAP_NR_ERROR_KINDS,
};

struct snap_error {
	enum snap_error_kind kind;
	/** errno of the call that failed, or 0. */
	int os_errno;
	/** One sentence without a full stop at its end. Never NULL. */
	char *message;
	/** What the user can do about it, one sentence, or NULL. */
	char *remedy;
};

typedef const struct snap_error *snap_err;

#define SNAP_OK ((snap_err)NULL)

/** Out of memory: static, so that reporting it cannot fail. */
extern const struct snap_error snap_enomem;

/** An error of a kind. Returns &snap_enomem when there is no memory for it. */
_must_check_ _never_null_ _printf_(2, 3) snap_err
	snap_error_create(enum snap_error_kind kind, const char *format, ...);

/**
 * A system call failed: the message gets ": " and strerror(os_errno) appended.
 * ESRCH becomes SNAP_ERROR_GONE, ENOMEM stays SNAP_ERROR_OS (it is the kernel's).
 */
_must_check_ _never_null_ _printf_(2, 3) snap_err
	snap_error_os(int os_errno, const char *format, ...);

/**
 * Tell the user what to do about it. Consumes `error`, returns it with the remedy;
 * a remedy that is there already stays.
 */
_must_check_ _printf_(2, 3) snap_err
	snap_error_with_remedy(snap_err error, const char *format, ...);

/** Put "text: " before the message. Consumes `error`. */
_must_check_ _printf_(2, 3) snap_err
	snap_error_prefix(snap_err error, const char *format, ...);

/** Another error that says the same. */
_must_check_ _never_null_ snap_err snap_error_copy(snap_err error);

/** Takes NULL and static errors. */
void snap_error_destroy(snap_err error);

static inline void snap_error_cleanup(const snap_err *error)
{
	snap_error_destroy(*error);
}

/** An error that is dropped at the end of the scope. */
#define _cleanup_error_ _cleanup_(snap_error_cleanup)

/** Return the error of `expression`, if there is one. */
#define SNAP_TRY(expression)                    \
	do {                                    \
		snap_err error_ = (expression); \
		if (error_)                     \
			return error_;          \
	} while (0)

#endif
