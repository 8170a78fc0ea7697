// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>

#include "core/image/head.h"
#include "core/image/image.h"
#include "core/image/parse.h"
#include "core/image/transfer.h"
#include "core/image/zeros.h"

/** Bytes that are read at once: they stay in the cache on their way into the store. */
#define PIECE ((uint64_t)1 << 20)

/** Open a regular file; anything else is refused without waiting for it. */
static snap_err open_image(const char *path, int *ret_fd, uint64_t *ret_size)
{
	_cleanup_close_ int fd =
		open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return snap_error_os(errno, "cannot open it");
	struct stat st;
	if (fstat(fd, &st))
		return snap_error_os(errno, "cannot look at it");
	if (!S_ISREG(st.st_mode))
		return snap_error_create(SNAP_ERROR_INVALID,
					 "it is not a regular file");
	*ret_size = (uint64_t)st.st_size;
	*ret_fd = snap_take_fd(fd);
	return SNAP_OK;
}

/** Does the file have all the memory that its notes promise, and would it fit? */
static snap_err check_size(const struct snap_parse *parse, uint64_t file_size,
			   uint64_t *ret_total)
{
	uint64_t total = 0;
	if (file_size < parse->end)
		return snap_error_create(
			SNAP_ERROR_CORRUPT,
			"it has %llu bytes instead of %llu: it was cut short",
			(unsigned long long)file_size, (unsigned long long)parse->end);
	for (size_t i = 0; i < parse->nr_extents; i++)
		total += parse->extents[i].size;
	// A file can claim terabytes of holes: the kernel would end GDB, not refuse.
	struct sysinfo machine;
	if (!sysinfo(&machine) &&
	    total / machine.mem_unit >= machine.totalram + machine.totalswap)
		return snap_error_with_remedy(
			snap_error_create(SNAP_ERROR_REFUSED,
					  "it holds %llu bytes of memory, more than "
					  "this machine has",
					  (unsigned long long)total),
			"look at it with gdb PROGRAM IMAGE, which does not load it");
	*ret_total = total;
	return SNAP_OK;
}

static snap_err move_in(void *context, uint8_t *bytes, size_t size, uint64_t offset)
{
	return snap_file_read(*(const int *)context, bytes, size, offset);
}

/**
 * @param space PIECE bytes. A store takes bytes from there faster than a file puts them
 *	into pages that have been cleared and mapped before; several threads are not
 *	faster, for the pages of a file are made one by one.
 */
static snap_err read_extent(struct snap_transfer *transfer,
			    const struct snap_image_extent *extent, uint8_t *space,
			    struct snap_memory *memory)
{
	SNAP_TRY(snap_transfer_begin(transfer));
	for (uint64_t at = 0, size; at < extent->size; at += size) {
		uint8_t *bytes;
		size = extent->size - at < PIECE ? extent->size - at : PIECE;
		SNAP_TRY(snap_memory_append_unbacked(memory, extent->start + at, size,
						     &bytes));
		SNAP_TRY(snap_transfer_piece(transfer, space, size,
					     extent->offset + at));
		const struct iovec part = { space, size };
		SNAP_TRY(snap_store_write(memory->store, bytes, &part, 1));
	}
	if (snap_transfer_end(transfer) != extent->digest)
		return snap_error_create(
			SNAP_ERROR_CORRUPT,
			"its memory from 0x%llx to 0x%llx is not what was written",
			(unsigned long long)extent->start,
			(unsigned long long)(extent->start + extent->size));
	return SNAP_OK;
}

static snap_err read_memory(const struct snap_parse *parse, int fd, uint64_t file_size,
			    const struct snap_progress *progress)
{
	_cleanup_transfer_ struct snap_transfer transfer = {
		.move = move_in,
		.context = &fd,
		.progress = progress,
		.phase = "Reading the image",
	};
	SNAP_TRY(check_size(parse, file_size, &transfer.total));
	_cleanup_free_ uint8_t *space = malloc(PIECE);
	if (!space)
		return &snap_enomem;
	struct snap_memory *memory = &parse->snapshot->memory;
	for (size_t i = 0; i < parse->nr_extents; i++)
		SNAP_TRY(read_extent(&transfer, &parse->extents[i], space, memory));
	snap_memory_trim(memory);
	return SNAP_OK;
}

/** All that is neither head nor held: what no digest covers. */
static snap_err check_rest(const struct snap_parse *parse, int fd,
			   const struct snap_progress *progress)
{
	uint64_t at = parse->start;
	for (size_t i = 0; i < parse->nr_extents; i++) {
		const struct snap_image_extent *extent = &parse->extents[i];
		SNAP_TRY(snap_file_check_zeros(fd, at, extent->offset, progress));
		at = extent->offset + extent->size;
	}
	return snap_file_check_zeros(fd, at, parse->end, progress);
}

static snap_err read_image(const char *path, struct snap_store *store,
			   const struct snap_progress *progress,
			   struct snap_snapshot **ret)
{
	_cleanup_close_ int fd = -1;
	uint64_t file_size;
	SNAP_TRY(open_image(path, &fd, &file_size));
	_cleanup_head_ struct snap_head head = { 0 };
	SNAP_TRY(snap_head_read(&head, fd, file_size));
	_cleanup_parse_ struct snap_parse parse = { 0 };
	SNAP_TRY(snap_parse_init(&parse, &head));
	snap_memory_init(&parse.snapshot->memory, store);
	SNAP_TRY(read_memory(&parse, fd, file_size, progress));
	SNAP_TRY(check_rest(&parse, fd, progress));
	*ret = snap_take(parse.snapshot);
	return SNAP_OK;
}

snap_err snap_image_read_into(const char *path, struct snap_store *store,
			      const struct snap_progress *progress,
			      struct snap_snapshot **ret)
{
	snap_err error = read_image(path, store, progress, ret);
	if (!error)
		return SNAP_OK;
	if (error->kind == SNAP_ERROR_CORRUPT)
		error = snap_error_with_remedy(error, "use another copy of the image");
	return snap_error_prefix(error, "%s", path);
}
