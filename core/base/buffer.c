// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/buffer.h"

#include <string.h>

void snap_buffer_deinit(struct snap_buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct snap_buffer){ 0 };
}

snap_err snap_buffer_extend(struct snap_buffer *buffer, size_t size, uint8_t **ret)
{
	size_t needed;
	if (__builtin_add_overflow(buffer->size, size, &needed))
		return &snap_enomem;
	if (needed > buffer->capacity) {
		size_t capacity = needed < SIZE_MAX / 2 ? needed * 2 : needed;
		uint8_t *data = realloc(buffer->data, capacity);
		if (!data)
			return &snap_enomem;
		buffer->data = data;
		buffer->capacity = capacity;
	}
	*ret = buffer->data + buffer->size;
	if (size)
		memset(*ret, 0, size);
	buffer->size = needed;
	return SNAP_OK;
}

snap_err snap_buffer_append(struct snap_buffer *buffer, const void *data, size_t size)
{
	uint8_t *place;
	SNAP_TRY(snap_buffer_extend(buffer, size, &place));
	if (size)
		memcpy(place, data, size);
	return SNAP_OK;
}

snap_err snap_buffer_append_uint(struct snap_buffer *buffer, uint64_t value,
				 size_t size)
{
	uint8_t *place;
	SNAP_TRY(snap_buffer_extend(buffer, size, &place));
	for (size_t i = 0; i < size; i++)
		place[i] = (uint8_t)(value >> (8 * i));
	return SNAP_OK;
}

snap_err snap_buffer_append_string(struct snap_buffer *buffer, const char *text)
{
	size_t length = strlen(text);
	if (length > UINT32_MAX)
		return snap_error_create(SNAP_ERROR_INVALID,
					 "a text of %zu bytes is too long", length);
	SNAP_TRY(snap_buffer_append_uint(buffer, length, 4));
	return snap_buffer_append(buffer, text, length);
}

snap_err snap_buffer_align(struct snap_buffer *buffer, size_t alignment)
{
	uint8_t *place;
	return snap_buffer_extend(buffer, -buffer->size & (alignment - 1), &place);
}
