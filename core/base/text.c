// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/text.h"

#include <stdio.h>
#include <string.h>

/** What stands for one byte: at most five characters with the NUL. */
static void escape_byte(unsigned char byte, char ret[5])
{
	static const char letters[] = "\a\b\t\n\v\f\r", names[] = "abtnvfr";
	const char *known = byte ? strchr(letters, byte) : NULL;
	if (known)
		snprintf(ret, 5, "\\%c", names[known - letters]);
	else if (byte == '\\')
		snprintf(ret, 5, "\\\\");
	else if (byte < ' ' || byte == 0x7f)
		snprintf(ret, 5, "\\%03o", byte);
	else
		snprintf(ret, 5, "%c", byte);
}

snap_err snap_escape(struct snap_buffer *buffer, const char *name)
{
	for (; *name; name++) {
		char text[5];
		escape_byte((unsigned char)*name, text);
		SNAP_TRY(snap_buffer_append(buffer, text, strlen(text)));
	}
	return SNAP_OK;
}

snap_err snap_escaped(const char *name, char **ret)
{
	_cleanup_buffer_ struct snap_buffer buffer = { 0 };
	SNAP_TRY(snap_escape(&buffer, name));
	SNAP_TRY(snap_buffer_append(&buffer, "", 1));
	*ret = (char *)snap_take(buffer.data);
	return SNAP_OK;
}
