// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/zeros.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/image/head.h"

#define CHUNK ((uint64_t)1 << 20)

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/**
 * Where the next bytes that are not in a hole begin and end. A file system without
 * holes says that all is data.
 */
static snap_err find_data(int fd, uint64_t *start, uint64_t *ret_end, uint64_t limit)
{
	off_t data = lseek(fd, (off_t)*start, SEEK_DATA);
	if (data < 0 && errno != ENXIO)
		return snap_error_os(errno, "cannot look for holes");
	if (data < 0 || (uint64_t)data >= limit) {
		*start = *ret_end = limit; // ENXIO: nothing but a hole follows
		return SNAP_OK;
	}
	off_t hole = lseek(fd, data, SEEK_HOLE);
	if (hole <= data)
		return snap_error_os(errno, "cannot look for holes");
	*start = (uint64_t)data;
	*ret_end = smaller((uint64_t)hole, limit);
	return SNAP_OK;
}

/** The first byte of some that is not zero, or `size`. */
static size_t find_nonzero(const uint8_t *bytes, size_t size)
{
	// Zero begins, and each byte is the one before it.
	if (!size || (!*bytes && !memcmp(bytes, bytes + 1, size - 1)))
		return size;
	size_t at = 0;
	while (!bytes[at])
		at++;
	return at;
}

static snap_err check_data(int fd, uint64_t start, uint64_t end, uint8_t *chunk,
			   const struct snap_progress *progress)
{
	for (uint64_t at = start; at < end; at += CHUNK) {
		size_t size = smaller(CHUNK, end - at);
		SNAP_TRY(snap_file_read(fd, chunk, size, at));
		size_t place = find_nonzero(chunk, size);
		if (place < size)
			return snap_error_create(
				SNAP_ERROR_CORRUPT,
				"its byte %llu is not zero, as it was written",
				(unsigned long long)(at + place));
		if (at + size < end)
			SNAP_TRY(snap_progress_report(progress, "Checking the image",
						      at + size - start, end - start));
	}
	return SNAP_OK;
}

snap_err snap_file_check_zeros(int fd, uint64_t start, uint64_t end,
			       const struct snap_progress *progress)
{
	if (start >= end)
		return SNAP_OK;
	_cleanup_free_ uint8_t *chunk = malloc(smaller(CHUNK, end - start));
	if (!chunk)
		return &snap_enomem;
	while (start < end) {
		uint64_t data_end;
		SNAP_TRY(find_data(fd, &start, &data_end, end));
		SNAP_TRY(check_data(fd, start, data_end, chunk, progress));
		start = data_end;
	}
	return SNAP_OK;
}
