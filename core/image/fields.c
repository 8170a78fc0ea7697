// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/fields.h"

#include <string.h>

static uint64_t load(const void *place, size_t size)
{
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;
	switch (size) {
	case sizeof(u8):
		memcpy(&u8, place, sizeof(u8));
		return u8;
	case sizeof(u16):
		memcpy(&u16, place, sizeof(u16));
		return u16;
	case sizeof(u32):
		memcpy(&u32, place, sizeof(u32));
		return u32;
	default:
		memcpy(&u64, place, sizeof(u64));
		return u64;
	}
}

static snap_err put(const struct snap_field *field, const uint8_t *place,
		    struct snap_buffer *ret)
{
	switch (field->kind) {
	case SNAP_FIELD_UINT:
		return snap_buffer_append_uint(ret, load(place, field->size),
					       field->size);
	case SNAP_FIELD_BYTES:
		return snap_buffer_append(ret, place, field->size);
	case SNAP_FIELD_TEXT:
		break;
	}
	const char *text;
	memcpy(&text, place, sizeof(text));
	return snap_buffer_append_string(ret, text);
}

snap_err snap_fields_put(const struct snap_fields *fields, const void *object,
			 struct snap_buffer *ret)
{
	for (size_t i = 0; i < fields->nr; i++) {
		const struct snap_field *field = &fields->list[i];
		SNAP_TRY(put(field, (const uint8_t *)object + field->offset, ret));
	}
	return SNAP_OK;
}

static snap_err take_uint(struct snap_reader *reader, size_t size, uint8_t *place)
{
	switch (size) {
	case sizeof(uint8_t):
		return snap_reader_u8(reader, place);
	case sizeof(uint16_t):
		return snap_reader_u16(reader, (uint16_t *)place);
	case sizeof(uint32_t):
		return snap_reader_u32(reader, (uint32_t *)place);
	default:
		return snap_reader_u64(reader, (uint64_t *)place);
	}
}

static snap_err take_text(struct snap_reader *reader, char **place)
{
	char *text;
	SNAP_TRY(snap_reader_string(reader, &text));
	free(*place);
	*place = text;
	return SNAP_OK;
}

snap_err snap_fields_take(const struct snap_fields *fields, struct snap_reader *reader,
			  void *object)
{
	for (size_t i = 0; i < fields->nr; i++) {
		const struct snap_field *field = &fields->list[i];
		uint8_t *place = (uint8_t *)object + field->offset;
		if (field->is_late && !snap_reader_left(reader))
			break;
		switch (field->kind) {
		case SNAP_FIELD_UINT:
			SNAP_TRY(take_uint(reader, field->size, place));
			break;
		case SNAP_FIELD_BYTES:
			SNAP_TRY(snap_reader_copy(reader, place, field->size));
			break;
		case SNAP_FIELD_TEXT:
			SNAP_TRY(take_text(reader, (char **)place));
			break;
		}
	}
	return SNAP_OK;
}
