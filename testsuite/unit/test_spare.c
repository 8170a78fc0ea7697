// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/spare.h"

#include <string.h>
#include <sys/stat.h>

#include "core/base/worker.h"
#include "core/model/map.h"
#include "core/model/store.h"
#include "testsuite/unit/unit.h"

#define NR 100u

/** Bytes that the kernel keeps for a store. */
static uint64_t kernel_size(const struct snap_store *store)
{
	struct stat st;
	assert_int_equal(fstat(store->fd, &st), 0);
	return (uint64_t)st.st_blocks * 512;
}

/** A store of one page that is held. */
static struct snap_store *create_small(void)
{
	struct snap_store *store = NULL;
	uint32_t slot;
	assert_ok(snap_store_create(NULL, &store));
	assert_ok(snap_store_take(store, 1, &slot));
	return store;
}

/** The same, and NR that are spare. */
static struct snap_store *create(void)
{
	struct snap_store *store = create_small();
	snap_spare_make(store, NR, 0);
	assert_non_null(store->spare.worker);
	snap_worker_join(store->spare.worker);
	return store;
}

static uint32_t write_to(struct snap_store *store, uint32_t nr, int value)
{
	uint32_t first;
	_cleanup_free_ uint8_t *bytes = malloc((size_t)nr * SNAP_PAGE_SIZE);
	memset(bytes, value, (size_t)nr * SNAP_PAGE_SIZE);
	const struct iovec part = { bytes, (size_t)nr * SNAP_PAGE_SIZE };
	assert_ok(snap_store_take_to_write(store, nr, &first));
	assert_ok(snap_store_fill(store, snap_store_bytes(store, first), &part, 1));
	assert_memory_equal(snap_store_bytes(store, first), bytes, part.iov_len);
	return first;
}

static void release(struct snap_store *store, uint32_t first, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++)
		snap_store_release(store, first + i);
	snap_store_flush(store);
}

static void test_what_is_written_takes_no_new_pages(void **state)
{
	// GIVEN pages that were made beforehand, and that count as nobody's
	_cleanup_store_ struct snap_store *store = create();
	uint64_t size = kernel_size(store);
	assert_true(size >= NR * SNAP_PAGE_SIZE);
	assert_int_equal(snap_store_usage(store).pages, SNAP_PAGE_SIZE);

	// WHEN as many are written
	uint32_t first = write_to(store, NR / 2, 1),
		 second = write_to(store, NR / 2, 2);

	// THEN the kernel has no more of them, and they are held
	assert_int_equal(kernel_size(store), size);
	assert_int_equal(second, first + NR / 2);
	assert_int_equal(snap_store_usage(store).pages, (NR + 1) * SNAP_PAGE_SIZE);
	assert_int_equal(*snap_store_bytes(store, first), 1);

	// and what more is written comes from the kernel
	(void)write_to(store, NR, 3);
	assert_true(kernel_size(store) > size);
}

static void test_what_was_needed_for_a_moment_is_used_again(void **state)
{
	// GIVEN pages that were written to, and are let go
	_cleanup_store_ struct snap_store *store = create();
	uint32_t first = write_to(store, NR, 1);
	uint64_t size = kernel_size(store);
	release(store, first, NR);
	assert_int_equal(snap_store_usage(store).pages, SNAP_PAGE_SIZE);

	// WHEN others are written, THEN it is to them
	assert_int_equal(write_to(store, NR, 2), first);
	assert_int_equal(kernel_size(store), size);

	// and who asks for zeros gets zeros
	uint32_t zeros;
	release(store, first, NR);
	assert_ok(snap_store_take(store, NR, &zeros));
	for (size_t i = 0; i < NR * SNAP_PAGE_SIZE; i++)
		assert_int_equal(snap_store_bytes(store, zeros)[i], 0);
}

static void test_what_went_back_to_the_kernel_is_not_taken_for_spare(void **state)
{
	// GIVEN spare pages, of which some were taken and went back from between others
	_cleanup_store_ struct snap_store *store = create();
	uint32_t first = write_to(store, NR / 2, 1);
	(void)write_to(store, 1, 2);
	release(store, first, NR / 2);

	// THEN nobody writes to their place as if there were pages
	assert_false(snap_spare_backs(store, first, first + NR / 2));
	(void)write_to(store, NR, 3);
}

static void test_they_go_with_the_last_that_is_held(void **state)
{
	_cleanup_store_ struct snap_store *store = create();
	uint32_t first = write_to(store, NR / 2, 1);
	release(store, first, NR / 2);
	release(store, 1, 1);
	assert_int_equal(snap_store_usage(store).pages, 0);
	assert_int_equal(kernel_size(store), 0);
}

static void test_memory_for_tables_is_there_beforehand(void **state)
{
	// GIVEN a store that was asked for pages and a large map
	struct snap_store *store = create_small();
	snap_spare_make(store, NR, 10000);
	// It may be over already.
	assert_true(snap_spare_coming(&store->spare) > NR * SNAP_PAGE_SIZE ||
		    snap_worker_is_over(store->spare.worker));
	assert_non_null(store->spare.map_coming);
	assert_non_null(store->spare.block_coming);
	snap_worker_join(store->spare.worker);

	// WHEN a map is made, THEN it has that memory, once
	assert_null(snap_spare_take_map(store, 1000000));
	struct snap_map *map = snap_spare_take_map(store, 10000);
	assert_non_null(map);
	assert_true(map->capacity >= 10000);
	assert_null(snap_spare_take_map(store, 1));
	free(map);

	// and there are chunks for as many pages; they are not made twice
	assert_true(snap_chunks_room(&store->chunks) >= NR);
	snap_spare_make(store, NR, 0);
	assert_null(store->spare.worker);

	// and a map alone is made only if it is large
	snap_spare_make(store, 0, 2000);
	assert_null(store->spare.worker);
	snap_spare_make(store, 0, 10000);
	assert_non_null(store->spare.worker);
	snap_store_unref(store);
}

static void test_what_is_written_beforehand_is_where_it_belongs(void **state)
{
	// GIVEN three pages that are written to where the next will be
	_cleanup_store_ struct snap_store *store = create();
	uint32_t first, second;
	uint8_t *bytes = snap_store_peek(store, 3);
	assert_non_null(bytes);
	for (int i = 0; i < 3; i++)
		memset(bytes + i * SNAP_PAGE_SIZE, 'a' + i, SNAP_PAGE_SIZE);

	// WHEN the first and the third are held
	assert_ok(snap_store_take_to_write(store, 1, &first));
	assert_ok(snap_store_take_to_write(store, 1, &second));
	assert_ptr_equal(snap_store_bytes(store, first), bytes);
	const struct iovec one = { bytes, SNAP_PAGE_SIZE },
			   three = { bytes + 2 * SNAP_PAGE_SIZE, SNAP_PAGE_SIZE };
	assert_ok(snap_store_fill(store, snap_store_bytes(store, first), &one, 1));
	assert_ok(snap_store_fill(store, snap_store_bytes(store, second), &three, 1));

	// THEN they are what was written
	assert_int_equal(snap_store_bytes(store, first)[7], 'a');
	assert_int_equal(snap_store_bytes(store, second)[7], 'c');

	// and of more than is there, or while others are made, nothing is said
	assert_null(snap_store_peek(store, UINT32_MAX));
	snap_spare_make(store, NR * 2, 0);
	assert_true(!snap_store_peek(store, 1) || !store->spare.worker);
}

static void test_what_is_left_is_added_to(void **state)
{
	// GIVEN a store of whose spare pages a few were not taken
	_cleanup_store_ struct snap_store *store = create();
	(void)write_to(store, NR - 10, 1);
	uint64_t size = kernel_size(store);

	// WHEN more are made, THEN no more are made than are missing, in one row
	snap_spare_make(store, NR, 0);
	assert_non_null(store->spare.worker);
	snap_worker_join(store->spare.worker);
	assert_non_null(snap_store_peek(store, NR));
	assert_true(kernel_size(store) < size + (NR + 10) * SNAP_PAGE_SIZE);
}

static void test_a_store_goes_while_they_are_made(void **state)
{
	struct snap_store *store = create_small();
	snap_spare_make(store, UINT64_MAX, 10000);
	snap_store_unref(store);
}

static void test_neither_a_few_nor_a_disk_are_worth_it(void **state)
{
	_cleanup_store_ struct snap_store *store = NULL, *file = NULL;
	assert_ok(snap_store_create(NULL, &store));
	snap_spare_make(store, 1, 1);
	assert_null(store->spare.worker);
	assert_ok(snap_store_create("/tmp", &file));
	snap_spare_make(file, NR, 10000);
	assert_null(file->spare.worker);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_written_takes_no_new_pages),
		cmocka_unit_test(test_what_was_needed_for_a_moment_is_used_again),
		cmocka_unit_test(
			test_what_went_back_to_the_kernel_is_not_taken_for_spare),
		cmocka_unit_test(test_they_go_with_the_last_that_is_held),
		cmocka_unit_test(test_memory_for_tables_is_there_beforehand),
		cmocka_unit_test(test_what_is_written_beforehand_is_where_it_belongs),
		cmocka_unit_test(test_what_is_left_is_added_to),
		cmocka_unit_test(test_a_store_goes_while_they_are_made),
		cmocka_unit_test(test_neither_a_few_nor_a_disk_are_worth_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
