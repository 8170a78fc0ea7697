// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/reader.h"

#include <string.h>

snap_err snap_reader_bytes(struct snap_reader *reader, size_t size, const uint8_t **ret)
{
	if (size > snap_reader_left(reader))
		return snap_error_create(
			SNAP_ERROR_CORRUPT,
			"%s ends at byte %zu, where %zu more bytes were expected",
			reader->what, reader->offset, size);
	*ret = reader->data + reader->offset;
	reader->offset += size;
	return SNAP_OK;
}

snap_err snap_reader_copy(struct snap_reader *reader, void *ret, size_t size)
{
	const uint8_t *bytes;
	SNAP_TRY(snap_reader_bytes(reader, size, &bytes));
	if (size)
		memcpy(ret, bytes, size);
	return SNAP_OK;
}

static snap_err read_uint(struct snap_reader *reader, size_t size, uint64_t *ret)
{
	const uint8_t *bytes;
	SNAP_TRY(snap_reader_bytes(reader, size, &bytes));
	uint64_t value = 0;
	for (size_t i = 0; i < size; i++)
		value |= (uint64_t)bytes[i] << (8 * i);
	*ret = value;
	return SNAP_OK;
}

snap_err snap_reader_u8(struct snap_reader *reader, uint8_t *ret)
{
	uint64_t value;
	SNAP_TRY(read_uint(reader, sizeof(*ret), &value));
	*ret = (uint8_t)value;
	return SNAP_OK;
}

snap_err snap_reader_u16(struct snap_reader *reader, uint16_t *ret)
{
	uint64_t value;
	SNAP_TRY(read_uint(reader, sizeof(*ret), &value));
	*ret = (uint16_t)value;
	return SNAP_OK;
}

snap_err snap_reader_u32(struct snap_reader *reader, uint32_t *ret)
{
	uint64_t value;
	SNAP_TRY(read_uint(reader, sizeof(*ret), &value));
	*ret = (uint32_t)value;
	return SNAP_OK;
}

snap_err snap_reader_u64(struct snap_reader *reader, uint64_t *ret)
{
	return read_uint(reader, sizeof(*ret), ret);
}

snap_err snap_reader_string(struct snap_reader *reader, char **ret)
{
	uint32_t length;
	SNAP_TRY(snap_reader_u32(reader, &length));
	const uint8_t *bytes;
	SNAP_TRY(snap_reader_bytes(reader, length, &bytes));
	if (memchr(bytes, 0, length))
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "%s has a NUL inside the text before byte %zu",
					 reader->what, reader->offset);
	char *text = strndup((const char *)bytes, length);
	if (!text)
		return &snap_enomem;
	*ret = text;
	return SNAP_OK;
}
