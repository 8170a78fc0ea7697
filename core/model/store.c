// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>

#ifndef MFD_NOEXEC_SEAL
#	define MFD_NOEXEC_SEAL 8u // include/uapi/linux/memfd.h, Linux 6.3
#endif
#ifndef MADV_POPULATE_WRITE
#	define MADV_POPULATE_WRITE \
		23 // include/uapi/asm-generic/mman-common.h, Linux 5.14
#endif

/** The least that is worth a store. */
#define MIN_SIZE ((uint64_t)16 << 20)

/** Slots are counted in 32 bits. */
#define MAX_SIZE ((uint64_t)UINT32_MAX * SNAP_PAGE_SIZE)

static snap_err open_memory(int *ret)
{
	// vm.memfd_noexec=2 refuses one that might be executed.
	int fd = memfd_create("snapshots", MFD_CLOEXEC | MFD_NOEXEC_SEAL);
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("snapshots", MFD_CLOEXEC);
	if (fd < 0)
		return snap_error_os(errno, "cannot get memory for snapshots");
	*ret = fd;
	return SNAP_OK;
}

/** A file that nobody else sees; not every file system has O_TMPFILE (open(2)). */
static snap_err open_file(const char *folder, int *ret)
{
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
		_cleanup_free_ char *path = NULL;
		if (asprintf(&path, "%s/gdb-snapshot-XXXXXX", folder) < 0)
			return &snap_enomem;
		fd = mkostemp(path, O_CLOEXEC);
		if (fd >= 0)
			(void)unlink(path);
	}
	if (fd < 0)
		return snap_error_with_remedy(
			snap_error_os(errno, "cannot make a file for snapshots in '%s'",
				      folder),
			"name a folder that you may write to");
	*ret = fd;
	return SNAP_OK;
}

/**
 * How large to make the sparse file: far more than there will be. Beyond the limit on
 * the size of files there would be a signal, which ends us (setrlimit(2)).
 */
static uint64_t wanted_size(void)
{
	struct sysinfo machine;
	struct rlimit limit;
	uint64_t size = MAX_SIZE;
	if (!sysinfo(&machine)) {
		uint64_t memory = ((uint64_t)machine.totalram + machine.totalswap) *
				  machine.mem_unit;
		if (memory < MAX_SIZE / 16)
			size = memory * 16;
	}
	if (!getrlimit(RLIMIT_FSIZE, &limit) && limit.rlim_cur < size)
		size = limit.rlim_cur;
	return size;
}

/** Map as large a file as the file system and the limits on us allow. */
static snap_err map(struct snap_store *store)
{
	uint64_t size = wanted_size();
	int os_errno = EFBIG;
	for (; size >= MIN_SIZE; size /= 2) {
		size &= -(uint64_t)store->page_size;
		void *base = MAP_FAILED;
		if (!ftruncate(store->fd, (off_t)size))
			base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
				    store->fd, 0);
		os_errno = errno;
		if (base != MAP_FAILED) {
			store->base = base;
			store->size = size;
			return SNAP_OK;
		}
	}
	return snap_error_with_remedy(
		snap_error_os(os_errno, "cannot map a store for snapshots"),
		"raise the limits on the size of files and of memory (ulimit -f, -v)");
}

snap_err snap_store_create(const char *folder, struct snap_store **ret)
{
	_cleanup_store_ struct snap_store *store = calloc(1, sizeof(*store));
	if (!store)
		return &snap_enomem;
	store->refs = 1;
	store->fd = -1;
	store->page_size = (size_t)sysconf(_SC_PAGESIZE);
	store->next = store->end = 1;
	if (folder && !(store->folder = strdup(folder)))
		return &snap_enomem;
	SNAP_TRY(folder ? open_file(folder, &store->fd) : open_memory(&store->fd));
	SNAP_TRY(map(store));
	*ret = snap_take(store);
	return SNAP_OK;
}

void snap_store_unref(struct snap_store *store)
{
	if (!store || --store->refs)
		return;
	snap_spare_deinit(&store->spare);
	if (store->base)
		munmap(store->base, store->size);
	if (store->fd >= 0)
		close(store->fd);
	snap_chunks_deinit(&store->chunks);
	free(store->slot_refs);
	free(store->folder);
	free(store);
}

struct snap_store_usage snap_store_usage(const struct snap_store *store)
{
	const struct snap_chunks *chunks = &store->chunks;
	return (struct snap_store_usage){
		.pages = (uint64_t)store->nr_used * SNAP_PAGE_SIZE,
		.tables = sizeof(*store) +
			  (uint64_t)store->slot_refs_size * sizeof(*store->slot_refs) +
			  (uint64_t)chunks->nr *
				  (sizeof(struct snap_chunk) + sizeof(*chunks->counts)),
		.spare = snap_spare_size(&store->spare),
		.coming = snap_spare_coming(&store->spare),
	};
}

/** The first of `nr` slots in a row that are free, from where the search goes on. */
static uint64_t find_free(const struct snap_store *store, uint64_t nr)
{
	uint64_t run = 0;
	for (uint32_t at = store->next; at < store->end; at++) {
		run = store->slot_refs[at] ? 0 : run + 1;
		if (run == nr)
			return at + 1 - nr;
	}
	return store->end - run;
}

/** Begin the search anew when that pays: what was freed since pays for the way. */
static void rewind_search(struct snap_store *store)
{
	store->next = 1;
	store->nr_freed = 0;
}

static snap_err grow_refs(struct snap_store *store, uint64_t needed)
{
	uint64_t size = store->slot_refs_size ? store->slot_refs_size : 1024;
	if (needed <= store->slot_refs_size)
		return SNAP_OK;
	while (size < needed)
		size *= 2;
	if (size > UINT32_MAX)
		size = UINT32_MAX;
	uint32_t *refs = reallocarray(store->slot_refs, size, sizeof(*refs));
	if (!refs)
		return &snap_enomem;
	memset(refs + store->slot_refs_size, 0,
	       (size - store->slot_refs_size) * sizeof(*refs));
	store->slot_refs = refs;
	store->slot_refs_size = (uint32_t)size;
	return SNAP_OK;
}

snap_err snap_store_take(struct snap_store *store, uint64_t nr, uint32_t *ret_first)
{
	uint64_t limit = store->size / SNAP_PAGE_SIZE, end;
	snap_store_flush(store);
	if (store->nr_freed > store->end / 4)
		rewind_search(store);
	uint64_t first = find_free(store, nr);
	if (store->nr_freed &&
	    (__builtin_add_overflow(first, nr, &end) || end > limit)) {
		rewind_search(store);
		first = find_free(store, nr);
	}
	if (__builtin_add_overflow(first, nr, &end) || end > limit)
		return snap_error_with_remedy(
			snap_error_create(SNAP_ERROR_NOMEM,
					  "the store for snapshots cannot grow beyond "
					  "%llu bytes",
					  (unsigned long long)store->size),
			"delete snapshots that are not needed");
	SNAP_TRY(grow_refs(store, end));
	for (uint64_t slot = first; slot < end; slot++)
		store->slot_refs[slot] = 1;
	store->next = (uint32_t)end;
	if (store->end < end)
		store->end = (uint32_t)end;
	store->nr_used += (uint32_t)nr;
	*ret_first = (uint32_t)first;
	return SNAP_OK;
}

snap_err snap_store_take_to_write(struct snap_store *store, uint64_t nr,
				  uint32_t *ret_first)
{
	snap_store_flush(store);
	if (!snap_spare_take(store, nr, ret_first))
		return snap_store_take(store, nr, ret_first);
	store->nr_used += (uint32_t)nr;
	return SNAP_OK;
}

uint8_t *snap_store_peek(struct snap_store *store, uint64_t nr)
{
	uint32_t first;
	snap_store_flush(store);
	return snap_spare_peek(store, nr, &first) ? snap_store_bytes(store, first)
						  : NULL;
}

/**
 * Memory is populated at once, which is faster than a fault for each page; EFAULT then
 * stands for what would have been a SIGBUS (madvise(2)). A file has its blocks
 * reserved.
 */
static int back(const struct snap_store *store, uint64_t start, uint64_t size)
{
	if (!store->folder) {
		int os_errno = madvise(store->base + start, size, MADV_POPULATE_WRITE)
				       ? errno
				       : 0;
		if (os_errno != EINVAL)
			return os_errno == EFAULT ? ENOMEM : os_errno;
	}
	int os_errno;
	do
		os_errno = posix_fallocate(store->fd, (off_t)start, (off_t)size);
	while (os_errno == EINTR);
	return os_errno;
}

static snap_err no_room(const struct snap_store *store, int os_errno)
{
	if (!store->folder)
		return snap_error_with_remedy(
			snap_error_os(os_errno, "cannot get memory for snapshots"),
			"delete snapshots that are not needed");
	return snap_error_with_remedy(
		snap_error_os(os_errno, "cannot write a snapshot to '%s'",
			      store->folder),
		"make room on that disk, or delete snapshots that are not needed");
}

snap_err snap_store_back(const struct snap_store *store, const uint8_t *bytes,
			 uint64_t size)
{
	uint64_t start = (uint64_t)(bytes - store->base) & -(uint64_t)store->page_size;
	uint64_t end = (uint64_t)(bytes - store->base) + size;
	end = (end + store->page_size - 1) & -(uint64_t)store->page_size;
	int os_errno = start < end ? back(store, start, end - start) : 0;
	return os_errno ? no_room(store, os_errno) : SNAP_OK;
}

/** Write one part. @param at From the beginning of the store. */
static snap_err write_part(const struct snap_store *store, uint64_t at,
			   struct iovec part)
{
	const uint8_t *from = part.iov_base;
	for (size_t done = 0; done < part.iov_len;) {
		ssize_t put = pwrite(store->fd, from + done, part.iov_len - done,
				     (off_t)(at + done));
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return no_room(store, put < 0 ? errno : ENOSPC);
		done += (size_t)put;
	}
	return SNAP_OK;
}

snap_err snap_store_write(const struct snap_store *store, const uint8_t *to,
			  const struct iovec *parts, size_t nr)
{
	uint64_t at = (uint64_t)(to - store->base), size = 0;
	for (size_t i = 0; i < nr; i++)
		size += parts[i].iov_len;
	ssize_t put = pwritev(store->fd, parts, (int)nr, (off_t)at);
	if (put >= 0 && (uint64_t)put == size)
		return SNAP_OK;
	// Not all of it: once more, one by one, which also tells what is wrong.
	for (size_t i = 0; i < nr; at += parts[i++].iov_len)
		SNAP_TRY(write_part(store, at, parts[i]));
	return SNAP_OK;
}

snap_err snap_store_fill(const struct snap_store *store, uint8_t *to,
			 const struct iovec *parts, size_t nr)
{
	uint64_t first = (uint64_t)(to - store->base) / SNAP_PAGE_SIZE, size = 0;
	for (size_t i = 0; i < nr; i++)
		size += parts[i].iov_len;
	if (!snap_spare_backs(store, first, first + size / SNAP_PAGE_SIZE))
		return snap_store_write(store, to, parts, nr);
	// Behind snap_store_peek() they are there, or a little further on.
	for (size_t i = 0; i < nr; to += parts[i++].iov_len)
		if (to != parts[i].iov_base)
			memmove(to, parts[i].iov_base, parts[i].iov_len);
	return SNAP_OK;
}

/** lseek(2) moves an offset that nobody goes by. */
snap_err snap_store_find_data(const struct snap_store *store, uint64_t start,
			      uint64_t end, struct snap_ranges *ret)
{
	while (start < end) {
		off_t data = lseek(store->fd, (off_t)start, SEEK_DATA);
		if (data < 0 && errno == ENXIO)
			return SNAP_OK; // nothing but a hole follows
		if (data >= 0 && (uint64_t)data >= end)
			return SNAP_OK;
		off_t hole = data < 0 ? data : lseek(store->fd, data, SEEK_HOLE);
		// A file system may not know of holes.
		uint64_t first = data < 0 ? start : (uint64_t)data;
		uint64_t last =
			hole <= data || (uint64_t)hole > end ? end : (uint64_t)hole;
		SNAP_TRY(snap_ranges_append(ret, first, last));
		start = last;
	}
	return SNAP_OK;
}

/** Whether all slots from `first` to before `end` are free. */
static bool are_free(const struct snap_store *store, uint64_t first, uint64_t end)
{
	for (; first < end && first < store->end; first++)
		if (store->slot_refs[first])
			return false;
	return true;
}

/** Where the file system makes no holes; what is a hole yet stays one. */
static void write_zeros(const struct snap_store *store, uint64_t first, uint64_t end)
{
	static const uint8_t zeros[SNAP_PAGE_SIZE];
	for (uint64_t slot = first; slot < end; slot++)
		(void)!pwrite(store->fd, zeros, sizeof(zeros),
			      (off_t)(slot * SNAP_PAGE_SIZE));
}

/**
 * Make slots zeros again, and give their pages back. Where pages of the machine are
 * larger than ours, the last one to go takes its neighbours with it.
 */
static void punch(const struct snap_store *store, uint64_t first, uint64_t nr)
{
	uint64_t per_page = store->page_size / SNAP_PAGE_SIZE, end = first + nr;
	uint64_t low = first / per_page * per_page;
	uint64_t high = (end + per_page - 1) / per_page * per_page;
	if (are_free(store, low, first))
		first = low;
	if (are_free(store, end, high))
		end = high;
	if (fallocate(store->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		      (off_t)(first * SNAP_PAGE_SIZE),
		      (off_t)((end - first) * SNAP_PAGE_SIZE)))
		write_zeros(store, first, end);
}

void snap_store_give_back(struct snap_store *store, uint32_t first, uint32_t nr)
{
	if (!nr)
		return;
	snap_spare_forget(store, first, (uint64_t)first + nr);
	punch(store, first, nr);
	store->nr_freed += nr;
	// What was taken last is taken again first.
	if (first + nr == store->next)
		store->next = first;
	if (first + nr == store->end)
		store->end = first;
}

void snap_store_flush(struct snap_store *store)
{
	uint32_t first = store->first_pending, nr = store->nr_pending;
	if (!nr)
		return;
	store->nr_pending = 0;
	store->nr_used -= nr;
	if (!snap_spare_put_back(store, first, nr))
		snap_store_give_back(store, first, nr);
	if (!store->nr_used)
		snap_spare_drop(store);
}

void snap_store_release(struct snap_store *store, uint32_t slot)
{
	assert(store->slot_refs[slot]);
	if (--store->slot_refs[slot])
		return;
	if (!store->nr_pending || store->first_pending + store->nr_pending != slot) {
		snap_store_flush(store);
		store->first_pending = slot;
	}
	store->nr_pending++;
}
