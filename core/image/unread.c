// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/unread.h"

#include <assert.h>
#include <string.h>

#include "core/image/extent.h"

/** Less is read at once, in bytes. */
#define WORTH ((uint64_t)1 << 20)

static void destroy(struct snap_arrival *arrival)
{
	struct snap_unread *unread = (struct snap_unread *)arrival;
	snap_memory_deinit(&unread->memory);
	snap_error_destroy(unread->error);
	pthread_mutex_destroy(&unread->mutex);
	if (unread->fd >= 0)
		close(unread->fd);
	free(unread->places);
	free(unread->extents);
	free(unread->path);
	free(unread);
}

/** Whether all of an extent is memory that nobody but the process has. */
static bool is_own(const struct snap_vmas *vmas, const struct snap_image_extent *extent)
{
	uint64_t end = extent->start + extent->size;
	for (uint64_t at = extent->start; at < end;) {
		const struct snap_vma *vma = snap_vmas_find(vmas, at);
		if (!vma || snap_vma_contents(vma) != SNAP_CONTENTS_ZERO)
			return false;
		at = vma->end;
	}
	return true;
}

/** The extent at an address, or the first behind it; `nr`: there is none. */
static size_t find_extent(const struct snap_image_extent *extents, size_t nr,
			  uint64_t address)
{
	size_t low = 0, high = nr;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (extents[middle].start + extents[middle].size <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void snap_unread_choose(const struct snap_snapshot *snapshot,
			const struct snap_image_extent *extents, size_t nr,
			bool *ret_may)
{
	uint64_t size = 0;
	for (size_t i = 0; i < nr; i++)
		ret_may[i] = is_own(&snapshot->vmas, &extents[i]);
	// The kernel writes there whenever it lets the thread run.
	for (size_t i = 0; i < snapshot->nr_threads; i++) {
		const struct snap_thread *thread = &snapshot->threads[i];
		uint64_t start = thread->rseq.address, end = start + thread->rseq.size;
		if (!snap_thread_has(thread, SNAP_THREAD_RSEQ))
			continue;
		for (size_t at = find_extent(extents, nr, start);
		     at < nr && extents[at].start < end; at++)
			ret_may[at] = false;
	}
	for (size_t i = 0; i < nr; i++)
		size += ret_may[i] ? extents[i].size : 0;
	if (size < WORTH)
		memset(ret_may, 0, nr * sizeof(*ret_may));
}

snap_err snap_unread_add(struct snap_unread *unread,
			 const struct snap_image_extent *extent, uint8_t *place)
{
	size_t nr = unread->nr;
	if (!(nr & (nr - 1))) {
		struct snap_image_extent *extents =
			reallocarray(unread->extents, nr ? nr * 2 : 1,
				     sizeof(*extents));
		if (!extents)
			return &snap_enomem;
		unread->extents = extents;
		uint8_t **places =
			reallocarray(unread->places, nr ? nr * 2 : 1, sizeof(*places));
		if (!places)
			return &snap_enomem;
		unread->places = places;
	}
	unread->extents[nr] = *extent;
	unread->places[nr] = place;
	unread->nr++;
	unread->size += extent->size;
	return SNAP_OK;
}

snap_err snap_unread_begin(struct snap_unread *unread, int *fd,
			   struct snap_memory *memory)
{
	if (!unread->nr)
		return SNAP_OK;
	snap_memory_remember(&unread->memory, memory);
	SNAP_TRY(snap_memory_expect(memory, &unread->arrival));
	unread->fd = snap_take_fd(*fd);
	return SNAP_OK;
}

/** One more extent. The mutex is held. */
static snap_err read_next(struct snap_unread *unread, struct snap_transfer *transfer,
			  uint8_t *space)
{
	size_t index = unread->next;
	SNAP_TRY(snap_extent_read(transfer, &unread->extents[index],
				  unread->memory.store, unread->places[index], space));
	unread->next++;
	return SNAP_OK;
}

/** Some more extents. The mutex is held. An error but an interruption stays. */
static snap_err read_some(struct snap_unread *unread, size_t most,
			  const struct snap_progress *progress)
{
	_cleanup_transfer_ struct snap_transfer transfer = {
		.move = snap_extent_move,
		.context = &unread->fd,
		.progress = progress,
		.phase = "Reading the image",
		.total = unread->size,
	};
	_cleanup_free_ uint8_t *space = malloc(SNAP_EXTENT_PIECE);
	if (!space)
		return &snap_enomem;
	for (size_t i = 0; i < unread->next; i++)
		transfer.done += unread->extents[i].size;
	snap_err error = SNAP_OK;
	for (; most && unread->next < unread->nr && !error; most--)
		error = read_next(unread, &transfer, space);
	if (!error || error->kind == SNAP_ERROR_INTERRUPTED)
		return error;
	unread->error = snap_extent_blame(error, unread->path);
	return snap_error_copy(unread->error);
}

/** Read so many extents more, if there are any. */
static snap_err go_on(struct snap_unread *unread, size_t most,
		      const struct snap_progress *progress)
{
	pthread_mutex_lock(&unread->mutex);
	snap_err error = unread->error               ? snap_error_copy(unread->error)
			 : unread->next < unread->nr ? read_some(unread, most, progress)
						     : SNAP_OK;
	pthread_mutex_unlock(&unread->mutex);
	return error;
}

static snap_err wait_for(struct snap_arrival *arrival,
			 const struct snap_progress *progress)
{
	struct snap_unread *unread = (struct snap_unread *)arrival;
	SNAP_TRY(go_on(unread, SIZE_MAX, progress));
	// By the one thread that may: the others only read.
	snap_memory_deinit(&unread->memory);
	return SNAP_OK;
}

static bool is_over(struct snap_arrival *arrival)
{
	struct snap_unread *unread = (struct snap_unread *)arrival;
	pthread_mutex_lock(&unread->mutex);
	bool is_over = unread->error || unread->next == unread->nr;
	pthread_mutex_unlock(&unread->mutex);
	return is_over;
}

/** Nobody else reads it: that is the waiting. */
static bool wait_a_little(struct snap_arrival *arrival)
{
	_cleanup_error_ snap_err error = go_on((struct snap_unread *)arrival, 16, NULL);
	return is_over(arrival);
}

static snap_err get_result(const struct snap_arrival *arrival)
{
	const struct snap_unread *unread = (const struct snap_unread *)arrival;
	return unread->error ? snap_error_copy(unread->error) : SNAP_OK;
}

static const struct snap_arrival_ops ops = {
	.wait = wait_for,
	.is_over = is_over,
	.wait_a_little = wait_a_little,
	.get_result = get_result,
	.destroy = destroy,
};

snap_err snap_unread_create(const char *path, struct snap_unread **ret)
{
	_cleanup_free_ struct snap_unread *unread = calloc(1, sizeof(*unread));
	if (!unread || !(unread->path = strdup(path)))
		return &snap_enomem;
	unread->arrival = (struct snap_arrival){ .ops = &ops, .refs = 1 };
	unread->fd = -1;
	pthread_mutex_init(&unread->mutex, NULL);
	*ret = snap_take(unread);
	return SNAP_OK;
}

void snap_unread_unref(struct snap_unread *unread)
{
	if (unread)
		snap_arrival_unref(&unread->arrival);
}

const struct snap_unread *snap_unread_of(const struct snap_memory *memory)
{
	const struct snap_arrivals *at = memory->arrivals;
	for (; at; at = at->others)
		if (at->arrival->ops == &ops && !is_over(at->arrival))
			return (const struct snap_unread *)at->arrival;
	return NULL;
}

const struct snap_image_extent *snap_unread_find(const struct snap_unread *unread,
						 uint64_t address)
{
	size_t index = find_extent(unread->extents, unread->nr, address);
	return index < unread->nr ? &unread->extents[index] : NULL;
}
