// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/notes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void snap_notes_deinit(struct snap_notes *notes)
{
	for (size_t i = 0; i < notes->nr; i++)
		free(notes->list[i]);
	free(notes->list);
	*notes = (struct snap_notes){ 0 };
}

static bool has(const struct snap_notes *notes, const char *text)
{
	for (size_t i = 0; i < notes->nr; i++)
		if (!strcmp(notes->list[i], text))
			return true;
	return false;
}

snap_err snap_notes_add(struct snap_notes *notes, const char *format, ...)
{
	va_list values;
	va_start(values, format);
	_cleanup_free_ char *text = NULL;
	int length = vasprintf(&text, format, values);
	va_end(values);
	if (length < 0)
		return &snap_enomem;
	if (has(notes, text))
		return SNAP_OK;
	char **list = reallocarray(notes->list, notes->nr + 1, sizeof(*list));
	if (!list)
		return &snap_enomem;
	notes->list = list;
	list[notes->nr++] = snap_take(text);
	return SNAP_OK;
}
