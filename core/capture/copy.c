// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/capture/copy.h"

#include <assert.h>
#include <string.h>

#include "core/base/worker.h"
#include "core/model/page.h"
#include "core/tracee/memory.h"
#include "core/tracee/proc.h"

/** Bytes that are copied at once: they stay in the cache between reading and writing.
 */
#define CHUNK ((size_t)256 << 10)

/** Pages of the twin in a row, and where they go. */
struct piece {
	uint64_t start;
	uint64_t size;
	uint8_t *bytes;
};

struct snap_copy {
	struct snap_arrival arrival;
	struct snap_twin twin;
	/** The twin as something to read from. Calls are counted here, and none fail.
	 */
	struct snap_tracee tracee;
	/** Sorted by their address. */
	struct piece *pieces;
	size_t nr_pieces;
	uint64_t size;
	/** Holds the slots until all is copied. */
	struct snap_memory memory;

	struct snap_worker worker;
};

/** Let go of what the work needs; it is over. */
static void release(struct snap_copy *copy)
{
	snap_memory_deinit(&copy->memory);
	snap_tracee_deinit(&copy->tracee);
	free(copy->pieces);
	copy->pieces = NULL;
	copy->nr_pieces = 0;
}

static void destroy(struct snap_arrival *arrival)
{
	struct snap_copy *copy = (struct snap_copy *)arrival;
	if (snap_worker_is_foreign(&copy->worker))
		copy->twin.pid = 0;
	snap_worker_deinit(&copy->worker);
	release(copy);
	snap_twin_deinit(&copy->twin);
	free(copy);
}

snap_err snap_copy_add(struct snap_copy *copy, uint64_t start, uint64_t size,
		       uint8_t *bytes)
{
	size_t nr = copy->nr_pieces;
	assert(!nr || start >= copy->pieces[nr - 1].start + copy->pieces[nr - 1].size);
	if (!(nr & (nr - 1))) {
		struct piece *pieces =
			reallocarray(copy->pieces, nr ? nr * 2 : 1, sizeof(*pieces));
		if (!pieces)
			return &snap_enomem;
		copy->pieces = pieces;
	}
	copy->pieces[copy->nr_pieces++] = (struct piece){ start, size, bytes };
	copy->size += size;
	return SNAP_OK;
}

/** Whether an address is to be copied. */
static bool has(const struct snap_copy *copy, uint64_t address)
{
	size_t low = 0, high = copy->nr_pieces;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct piece *piece = &copy->pieces[middle];
		if (address - piece->start < piece->size)
			return true;
		if (piece->start < address)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

snap_err snap_copy_overwrite(struct snap_copy *copy, struct snap_memory *memory,
			     uint64_t address, const void *bytes, size_t size)
{
	const uint8_t *from = bytes;
	for (size_t here; size; address += here, from += here, size -= here) {
		here = SNAP_PAGE_SIZE - address % SNAP_PAGE_SIZE;
		here = here < size ? here : size;
		SNAP_TRY(copy && has(copy, address)
				 ? snap_tracee_write(&copy->tracee, address, from, here)
				 : snap_memory_write(memory, address, from, here));
	}
	return SNAP_OK;
}

static snap_err put(const struct snap_copy *copy, uint8_t *to, const uint8_t *from,
		    size_t size)
{
	SNAP_TRY(snap_store_back(copy->memory.store, to, size));
	memcpy(to, from, size);
	return SNAP_OK;
}

/** Zeros are what slots hold that nothing was written to, and they cost nothing. */
static snap_err put_pages(const struct snap_copy *copy, uint8_t *to,
			  const uint8_t *from, size_t size)
{
	size_t at = 0, end;
	for (; (end = snap_pages_next_run(from, size, &at)) > at; at = end)
		SNAP_TRY(put(copy, to + at, from + at, end - at));
	return SNAP_OK;
}

/** Copy one piece; what cannot be read (guards) stays zero. */
static snap_err copy_piece(struct snap_copy *copy, const struct piece *piece,
			   uint8_t *buffer)
{
	uint64_t at = 0;
	while (at < piece->size && !snap_worker_is_cancelled(&copy->worker)) {
		size_t size = piece->size - at < CHUNK ? piece->size - at : CHUNK, got;
		SNAP_TRY(snap_tracee_read_some(&copy->tracee, piece->start + at, buffer,
					       size, &got));
		got &= ~(SNAP_PAGE_SIZE - (size_t)1);
		SNAP_TRY(put_pages(copy, piece->bytes + at, buffer, got));
		at += got < size ? got + copy->tracee.page_size : got;
		atomic_fetch_add(&copy->worker.done, size);
	}
	return SNAP_OK;
}

/**
 * Whether the twin was there to the last byte: memory that was taken from it does not
 * come back, and whoever kills it makes it leave its stop.
 */
static snap_err check_twin(struct snap_copy *copy)
{
	struct snap_proc_stat stat;
	snap_err error = snap_proc_read_stat(&copy->tracee, copy->tracee.pid, &stat);
	if (!error && stat.state == 't')
		return SNAP_OK;
	snap_error_destroy(error);
	return snap_error_create(SNAP_ERROR_GONE,
				 "process %d, from which its memory was being copied, "
				 "was killed",
				 (int)copy->tracee.pid);
}

static snap_err copy_all(struct snap_copy *copy)
{
	_cleanup_free_ uint8_t *buffer = malloc(CHUNK);
	if (!buffer)
		return &snap_enomem;
	for (size_t i = 0; i < copy->nr_pieces; i++)
		SNAP_TRY(copy_piece(copy, &copy->pieces[i], buffer));
	return check_twin(copy);
}

static snap_err work(void *context)
{
	struct snap_copy *copy = context;
	snap_err error = copy_all(copy);
	snap_twin_deinit(&copy->twin);
	return error;
}

snap_err snap_copy_start(struct snap_copy *copy, struct snap_memory *memory)
{
	snap_memory_remember(&copy->memory, memory);
	SNAP_TRY(snap_memory_expect(memory, &copy->arrival));
	snap_worker_start(&copy->worker, "snapshot-copy", work, copy);
	return SNAP_OK;
}

static bool is_over(struct snap_arrival *arrival)
{
	return snap_worker_is_over(&((struct snap_copy *)arrival)->worker);
}

static bool wait_a_little(struct snap_arrival *arrival)
{
	return snap_worker_wait_a_little(&((struct snap_copy *)arrival)->worker);
}

static snap_err get_result(const struct snap_arrival *arrival)
{
	snap_err error = ((const struct snap_copy *)arrival)->worker.error;
	if (!error)
		return SNAP_OK;
	return snap_error_with_remedy(
		snap_error_create(error->kind, "the snapshot is incomplete: %s",
				  error->message),
		"delete it and take another one");
}

static snap_err wait_for(struct snap_arrival *arrival,
			 const struct snap_progress *progress)
{
	struct snap_copy *copy = (struct snap_copy *)arrival;
	SNAP_TRY(snap_worker_wait(&copy->worker, progress, "Copying memory",
				  copy->size));
	release(copy);
	return get_result(arrival);
}

static const struct snap_arrival_ops ops = {
	.wait = wait_for,
	.is_over = is_over,
	.wait_a_little = wait_a_little,
	.get_result = get_result,
	.destroy = destroy,
};

snap_err snap_copy_create(struct snap_twin *taken, struct snap_copy **ret)
{
	_cleanup_twin_ struct snap_twin twin = *taken;
	taken->pid = 0;
	_cleanup_free_ struct snap_copy *copy = calloc(1, sizeof(*copy));
	if (!copy)
		return &snap_enomem;
	SNAP_TRY(snap_tracee_init(&copy->tracee, twin.pid, 0));
	copy->arrival = (struct snap_arrival){ .ops = &ops, .refs = 1 };
	snap_worker_init(&copy->worker);
	copy->twin = twin;
	twin.pid = 0;
	*ret = snap_take(copy);
	return SNAP_OK;
}

void snap_copy_unref(struct snap_copy *copy)
{
	if (copy)
		snap_arrival_unref(&copy->arrival);
}
