// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const struct snap_error snap_enomem = {
	.kind = SNAP_ERROR_NOMEM,
	.os_errno = ENOMEM,
	.message = (char *)"out of memory",
};

/** NULL when there is no memory. */
static char *format_text(const char *format, va_list values)
{
	char *text = NULL;
	if (vasprintf(&text, format, values) < 0)
		return NULL;
	return text;
}

/** Takes over `message`, which may be NULL: then there was no memory for it. */
static snap_err wrap(enum snap_error_kind kind, int os_errno, char *message)
{
	struct snap_error *error = message ? calloc(1, sizeof(*error)) : NULL;
	if (!error) {
		free(message);
		return &snap_enomem;
	}
	error->kind = kind;
	error->os_errno = os_errno;
	error->message = message;
	return error;
}

snap_err snap_error_create(enum snap_error_kind kind, const char *format, ...)
{
	va_list values;
	va_start(values, format);
	char *message = format_text(format, values);
	va_end(values);
	return wrap(kind, 0, message);
}

snap_err snap_error_os(int os_errno, const char *format, ...)
{
	va_list values;
	va_start(values, format);
	_cleanup_free_ char *what = format_text(format, values);
	va_end(values);

	char *message = NULL;
	if (!what || asprintf(&message, "%s: %s", what, strerror(os_errno)) < 0)
		return &snap_enomem;
	return wrap(os_errno == ESRCH ? SNAP_ERROR_GONE : SNAP_ERROR_OS, os_errno,
		    message);
}

snap_err snap_error_with_remedy(snap_err error, const char *format, ...)
{
	if (!error || error == &snap_enomem || error->remedy)
		return error;
	va_list values;
	va_start(values, format);
	((struct snap_error *)error)->remedy = format_text(format, values);
	va_end(values);
	return error;
}

snap_err snap_error_prefix(snap_err error, const char *format, ...)
{
	if (!error || error == &snap_enomem)
		return error;
	va_list values;
	va_start(values, format);
	_cleanup_free_ char *prefix = format_text(format, values);
	va_end(values);

	char *message = NULL;
	if (!prefix || asprintf(&message, "%s: %s", prefix, error->message) < 0)
		return error;
	free(error->message);
	((struct snap_error *)error)->message = message;
	return error;
}

snap_err snap_error_copy(snap_err error)
{
	if (error == &snap_enomem)
		return error;
	snap_err copy = wrap(error->kind, error->os_errno, strdup(error->message));
	return error->remedy ? snap_error_with_remedy(copy, "%s", error->remedy) : copy;
}

void snap_error_destroy(snap_err error)
{
	if (!error || error == &snap_enomem)
		return;
	free(error->message);
	free(error->remedy);
	free((struct snap_error *)error);
}
