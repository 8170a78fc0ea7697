#include "core/capture/copy.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "core/tracee/memory.h"
#include "core/tracee/proc.h"

/** Bytes that are copied at once: they stay in the cache between reading and writing.
 */
#define CHUNK ((size_t)256 << 10)

/** How long a wait goes on between two reports, in nanoseconds. */
#define PATIENCE 50000000

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

	/** The process whose thread it is: a fork has none. */
	pid_t owner;
	bool has_thread;
	pthread_t thread;
	atomic_bool is_cancelled;
	_Atomic uint64_t done;
	pthread_mutex_t mutex;
	pthread_cond_t is_over_cond;
	/** Under the mutex. */
	bool is_over;
	/** What went wrong; of the thread until it is over. Owned. */
	snap_err error;
};

static snap_err wait_for(struct snap_arrival *arrival,
			 const struct snap_progress *progress);
static bool is_over(struct snap_arrival *arrival);
static void destroy(struct snap_arrival *arrival);

static const struct snap_arrival_ops ops = {
	.wait = wait_for,
	.is_over = is_over,
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
	copy->owner = getpid();
	pthread_mutex_init(&copy->mutex, NULL);
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&copy->is_over_cond, &attributes);
	pthread_condattr_destroy(&attributes);
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

/** Let go of what the thread needs; it is over. */
static void release(struct snap_copy *copy)
{
	if (copy->has_thread)
		pthread_join(copy->thread, NULL);
	copy->has_thread = false;
	snap_memory_deinit(&copy->memory);
	snap_tracee_deinit(&copy->tracee);
	free(copy->pieces);
	copy->pieces = NULL;
	copy->nr_pieces = 0;
}

static void destroy(struct snap_arrival *arrival)
{
	struct snap_copy *copy = (struct snap_copy *)arrival;
	if (copy->owner != getpid()) { // The thread, its twin: another process's.
		copy->has_thread = false;
		copy->twin.pid = 0;
	}
	atomic_store(&copy->is_cancelled, true);
	release(copy);
	snap_twin_deinit(&copy->twin);
	pthread_cond_destroy(&copy->is_over_cond);
	pthread_mutex_destroy(&copy->mutex);
	snap_error_destroy(copy->error);
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

static bool is_zero(const uint8_t *page)
{
	static const uint8_t zeros[SNAP_PAGE_SIZE];
	return !memcmp(page, zeros, sizeof(zeros));
}

static snap_err put(const struct snap_copy *copy, uint8_t *to, const uint8_t *from,
		    size_t size)
{
	if (!size)
		return SNAP_OK;
	SNAP_TRY(snap_store_back(copy->memory.store, to, size));
	memcpy(to, from, size);
	return SNAP_OK;
}

/** Zeros are what slots hold that nothing was written to, and they cost nothing. */
static snap_err put_pages(const struct snap_copy *copy, uint8_t *to,
			  const uint8_t *from, size_t size)
{
	size_t kept = 0;
	for (size_t at = 0; at < size; at += SNAP_PAGE_SIZE) {
		if (!is_zero(from + at))
			continue;
		SNAP_TRY(put(copy, to + kept, from + kept, at - kept));
		kept = at + SNAP_PAGE_SIZE;
	}
	return put(copy, to + kept, from + kept, size - kept);
}

/** Copy one piece; what cannot be read (guards) stays zero. */
static snap_err copy_piece(struct snap_copy *copy, const struct piece *piece,
			   uint8_t *buffer)
{
	uint64_t at = 0;
	while (at < piece->size && !atomic_load(&copy->is_cancelled)) {
		size_t size = piece->size - at < CHUNK ? piece->size - at : CHUNK, got;
		SNAP_TRY(snap_tracee_read_some(&copy->tracee, piece->start + at, buffer,
					       size, &got));
		got &= ~(SNAP_PAGE_SIZE - (size_t)1);
		SNAP_TRY(put_pages(copy, piece->bytes + at, buffer, got));
		at += got < size ? got + copy->tracee.page_size : got;
		atomic_store(&copy->done, atomic_load(&copy->done) + size);
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

static void *run(void *context)
{
	struct snap_copy *copy = context;
	snap_err error = copy_all(copy);
	snap_twin_deinit(&copy->twin);
	pthread_mutex_lock(&copy->mutex);
	copy->error = error;
	copy->is_over = true;
	pthread_cond_broadcast(&copy->is_over_cond);
	pthread_mutex_unlock(&copy->mutex);
	return NULL;
}

/** The debugger's signals are not for us. */
static bool start_thread(struct snap_copy *copy)
{
	sigset_t all, before;
	sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &before))
		return false;
	int os_errno = pthread_create(&copy->thread, NULL, run, copy);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!os_errno)
		pthread_setname_np(copy->thread, "snapshot-copy");
	return !os_errno;
}

snap_err snap_copy_start(struct snap_copy *copy, struct snap_memory *memory)
{
	snap_memory_remember(&copy->memory, memory);
	SNAP_TRY(snap_memory_expect(memory, &copy->arrival));
	copy->has_thread = start_thread(copy);
	if (!copy->has_thread)
		run(copy);
	return SNAP_OK;
}

static bool is_over(struct snap_arrival *arrival)
{
	struct snap_copy *copy = (struct snap_copy *)arrival;
	pthread_mutex_lock(&copy->mutex);
	bool over = copy->is_over;
	pthread_mutex_unlock(&copy->mutex);
	return over;
}

/** Wait a little; whether it is over. */
static bool wait_a_little(struct snap_copy *copy)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += PATIENCE;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&copy->mutex);
	if (!copy->is_over)
		pthread_cond_timedwait(&copy->is_over_cond, &copy->mutex, &until);
	bool over = copy->is_over;
	pthread_mutex_unlock(&copy->mutex);
	return over;
}

static snap_err wait_for(struct snap_arrival *arrival,
			 const struct snap_progress *progress)
{
	struct snap_copy *copy = (struct snap_copy *)arrival;
	while (!is_over(arrival) && !wait_a_little(copy))
		SNAP_TRY(snap_progress_report(progress, "Copying memory",
					      atomic_load(&copy->done), copy->size));
	release(copy);
	if (!copy->error)
		return SNAP_OK;
	return snap_error_with_remedy(
		snap_error_create(copy->error->kind, "the snapshot is incomplete: %s",
				  copy->error->message),
		"delete it and take another one");
}
