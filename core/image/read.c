// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>

#include "core/image/extent.h"
#include "core/image/head.h"
#include "core/image/image.h"
#include "core/image/parse.h"
#include "core/image/unread.h"
#include "core/image/zeros.h"

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

/** What is read of a file, and how. */
struct reading {
	const struct snap_parse *parse;
	struct snap_transfer transfer;
	uint8_t *space;
	/** What stays where it is; NULL: nothing does. */
	struct snap_unread *unread;
	/** Of each extent: whether it does. */
	bool *stays;
};

static void reading_deinit(struct reading *reading)
{
	snap_transfer_deinit(&reading->transfer);
	free(reading->space);
	free(reading->stays);
}

static snap_err read_extent(struct reading *reading, size_t index)
{
	const struct snap_image_extent *extent = &reading->parse->extents[index];
	struct snap_memory *memory = &reading->parse->snapshot->memory;
	uint8_t *place;
	SNAP_TRY(snap_memory_append_unbacked(memory, extent->start, extent->size,
					     &place));
	if (reading->stays[index]) {
		reading->transfer.total -= extent->size;
		return snap_unread_add(reading->unread, extent, place);
	}
	return snap_extent_read(&reading->transfer, extent, memory->store, place,
				reading->space);
}

static snap_err read_memory(const struct snap_parse *parse, int fd, uint64_t file_size,
			    struct snap_unread *unread,
			    const struct snap_progress *progress)
{
	_cleanup_(reading_deinit) struct reading reading = {
		.parse = parse,
		.transfer = {
			.move = snap_extent_move,
			.context = &fd,
			.progress = progress,
			.phase = "Reading the image",
		},
		.space = malloc(SNAP_EXTENT_PIECE),
		.unread = unread,
		.stays = calloc(parse->nr_extents + 1, sizeof(*reading.stays)),
	};
	if (!reading.space || !reading.stays)
		return &snap_enomem;
	SNAP_TRY(check_size(parse, file_size, &reading.transfer.total));
	if (unread)
		snap_unread_choose(parse->snapshot, parse->extents, parse->nr_extents,
				   reading.stays);
	for (size_t i = 0; i < parse->nr_extents; i++)
		SNAP_TRY(read_extent(&reading, i));
	snap_memory_trim(&parse->snapshot->memory);
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
			   struct snap_unread *unread,
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
	struct snap_memory *memory = &parse.snapshot->memory;
	snap_memory_init(memory, store);
	SNAP_TRY(read_memory(&parse, fd, file_size, unread, progress));
	SNAP_TRY(check_rest(&parse, fd, progress));
	if (unread)
		SNAP_TRY(snap_unread_begin(unread, &fd, memory));
	*ret = snap_take(parse.snapshot);
	return SNAP_OK;
}

snap_err snap_image_read_into(const char *path, struct snap_store *store,
			      const struct snap_progress *progress,
			      struct snap_snapshot **ret)
{
	snap_err error = read_image(path, store, NULL, progress, ret);
	return error ? snap_extent_blame(error, path) : SNAP_OK;
}

snap_err snap_image_open(const char *path, struct snap_store *store,
			 const struct snap_progress *progress,
			 struct snap_snapshot **ret)
{
	_cleanup_unread_ struct snap_unread *unread = NULL;
	SNAP_TRY(snap_unread_create(path, &unread));
	snap_err error = read_image(path, store, unread, progress, ret);
	return error ? snap_extent_blame(error, path) : SNAP_OK;
}
