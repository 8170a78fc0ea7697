// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/unwind/backtrace.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void snap_backtrace_deinit(struct snap_backtrace *backtrace)
{
	for (size_t i = 0; i < backtrace->nr_frames; i++) {
		free(backtrace->frames[i].function);
		free(backtrace->frames[i].file);
		free(backtrace->frames[i].module);
	}
	free(backtrace->frames);
	free(backtrace->end_reason);
	*backtrace = (struct snap_backtrace){ 0 };
}

void snap_backtraces_destroy(struct snap_backtrace *backtraces, size_t nr)
{
	for (size_t i = 0; backtraces && i < nr; i++)
		snap_backtrace_deinit(&backtraces[i]);
	free(backtraces);
}

snap_err snap_backtrace_append(struct snap_backtrace *backtrace, uint64_t pc,
			       struct snap_frame **ret)
{
	size_t nr = backtrace->nr_frames;
	// Grows at powers of two, as the lists of the model do.
	if (!(nr & (nr - 1))) {
		struct snap_frame *frames =
			reallocarray(backtrace->frames, nr ? nr * 2 : 1,
				     sizeof(*frames));
		if (!frames)
			return &snap_enomem;
		backtrace->frames = frames;
	}
	*ret = &backtrace->frames[backtrace->nr_frames++];
	**ret = (struct snap_frame){ .pc = pc };
	return SNAP_OK;
}

snap_err snap_backtrace_copy_text(const char *text, char **ret)
{
	char *copy = text ? strdup(text) : NULL;
	if (text && !copy)
		return &snap_enomem;
	*ret = copy;
	return SNAP_OK;
}

snap_err snap_backtrace_end(struct snap_backtrace *backtrace, const char *format, ...)
{
	if (backtrace->end_reason)
		return SNAP_OK;
	va_list values;
	va_start(values, format);
	char *text;
	int length = vasprintf(&text, format, values);
	va_end(values);
	if (length < 0)
		return &snap_enomem;
	backtrace->end_reason = text;
	return SNAP_OK;
}
