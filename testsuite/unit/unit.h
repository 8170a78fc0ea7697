/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TESTSUITE_UNIT_H
#define SNAP_TESTSUITE_UNIT_H

// cmocka.h needs these before it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <unistd.h>

#include "core/base/error.h"

/** In seconds: the longest takes a third of it, under valgrind. */
#define TIME_LIMIT 900

/** A process that does not come to its place must not hang a build. */
__attribute__((constructor)) static void limit_time(void)
{
	alarm(TIME_LIMIT);
}

/** Fail the test with the message of an error, if there is one. */
#define assert_ok(expression)                                             \
	do {                                                              \
		_cleanup_error_ snap_err error_ = (expression);           \
		if (error_)                                               \
			fail_msg("%s: %s", #expression, error_->message); \
	} while (0)

/** Fail the test unless the expression is an error of a kind. */
#define assert_error(expression, wanted)                             \
	do {                                                         \
		_cleanup_error_ snap_err error_ = (expression);      \
		if (!error_)                                         \
			fail_msg("%s: no error", #expression);       \
		assert_int_equal(error_->kind, SNAP_ERROR_##wanted); \
	} while (0)

#endif
