// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/store.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "testsuite/unit/unit.h"

/** Bytes that the kernel keeps for a store. */
static uint64_t kernel_size(const struct snap_store *store)
{
	struct stat st;
	assert_int_equal(fstat(store->fd, &st), 0);
	return (uint64_t)st.st_blocks * 512;
}

static uint32_t take(struct snap_store *store, uint64_t nr)
{
	uint32_t first;
	assert_ok(snap_store_take(store, nr, &first));
	assert_ok(snap_store_back(store, snap_store_bytes(store, first),
				  nr * SNAP_PAGE_SIZE));
	for (uint64_t i = 0; i < nr * SNAP_PAGE_SIZE; i++)
		assert_int_equal(snap_store_bytes(store, first)[i], 0);
	memset(snap_store_bytes(store, first), 0x55, nr * SNAP_PAGE_SIZE);
	return first;
}

static void release(struct snap_store *store, uint32_t first, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++)
		snap_store_release(store, first + i);
	snap_store_flush(store);
}

static void check_giving_back(const char *folder)
{
	// GIVEN a store with 64 pages of the kernel's that were written to
	_cleanup_store_ struct snap_store *store = NULL;
	assert_ok(snap_store_create(folder, &store));
	uint32_t unit = (uint32_t)(store->page_size / SNAP_PAGE_SIZE);
	uint32_t first = take(store, 64 * unit);
	assert_int_equal(snap_store_usage(store).pages, 64 * store->page_size);
	uint64_t full = kernel_size(store);
	assert_true(full >= 64 * store->page_size);

	// WHEN half of them are let go
	release(store, first + 16 * unit, 32 * unit);

	// THEN the kernel has them back, where whole pages of it are free, the others
	// are as they were
	uint64_t whole = unit > 1 ? 31 : 32;
	assert_int_equal(snap_store_usage(store).pages, 32 * store->page_size);
	assert_true(kernel_size(store) <= full - whole * store->page_size);
	assert_int_equal(*snap_store_bytes(store, first + 16 * unit - 1), 0x55);
	assert_int_equal(*snap_store_bytes(store, first + 48 * unit), 0x55);

	// and they are used again, as zeros, before the store grows
	assert_int_equal(take(store, 32 * unit), first + 16 * unit);
}

static void test_memory_that_nobody_holds_is_given_back(void **state)
{
	check_giving_back(NULL);
}

static void test_a_file_that_nobody_holds_is_given_back(void **state)
{
	check_giving_back("/tmp");
}

static void test_bytes_stay_where_they_are_while_the_store_grows(void **state)
{
	_cleanup_store_ struct snap_store *store = NULL;
	assert_ok(snap_store_create(NULL, &store));
	uint8_t *bytes = snap_store_bytes(store, take(store, 1));
	*bytes = 77;
	for (size_t i = 0; i < 200; i++)
		(void)take(store, 64);
	assert_int_equal(*bytes, 77);
}

static void test_a_slot_is_free_when_its_last_holder_is_gone(void **state)
{
	_cleanup_store_ struct snap_store *store = NULL;
	assert_ok(snap_store_create(NULL, &store));
	uint32_t slot = take(store, 1);
	snap_store_hold(store, slot);
	release(store, slot, 1);
	assert_int_equal(snap_store_usage(store).pages, SNAP_PAGE_SIZE);
	release(store, slot, 1);
	assert_int_equal(snap_store_usage(store).pages, 0);
}

static void test_holes_are_used_again_when_there_are_many(void **state)
{
	// GIVEN a store of single pages, of which every other one is let go
	_cleanup_store_ struct snap_store *store = NULL;
	assert_ok(snap_store_create(NULL, &store));
	uint32_t slots[1000];
	for (size_t i = 0; i < 1000; i++)
		slots[i] = take(store, 1);
	for (size_t i = 0; i < 1000; i += 2)
		release(store, slots[i], 1);

	// WHEN as many are taken again
	for (size_t i = 0; i < 500; i++)
		(void)take(store, 1);

	// THEN the store is no longer than it was
	assert_int_equal(store->end, 1001);
}

static void test_more_than_there_can_be_is_an_error(void **state)
{
	_cleanup_store_ struct snap_store *store = NULL;
	assert_ok(snap_store_create(NULL, &store));
	const uint64_t sizes[] = { store->size / SNAP_PAGE_SIZE, UINT32_MAX,
				   UINT64_MAX / SNAP_PAGE_SIZE, UINT64_MAX };
	uint32_t first;
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(sizes); i++)
		assert_error(snap_store_take(store, sizes[i], &first), NOMEM);
	assert_int_equal(snap_store_usage(store).pages, 0);
	(void)take(store, 1);
}

static void test_a_folder_that_is_not_there_is_an_error(void **state)
{
	struct snap_store *store = NULL;
	_cleanup_error_ snap_err error = snap_store_create("/tmp/not/there", &store);
	assert_non_null(error);
	assert_non_null(strstr(error->message, "'/tmp/not/there'"));
	assert_non_null(error->remedy);
	assert_null(store);
}

static void test_a_limit_on_files_makes_the_store_smaller(void **state)
{
	// GIVEN a limit on the size of files, beyond which a signal would come
	struct rlimit old, limit;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	limit = old;
	limit.rlim_cur = 32 << 20;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);

	// WHEN a store is made, and then one under a limit that is too low
	struct snap_store *store = NULL, *none = NULL;
	snap_err error = snap_store_create(NULL, &store);
	limit.rlim_cur = 1 << 20;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	_cleanup_error_ snap_err refusal = snap_store_create(NULL, &none);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);

	// THEN the one is as large as may be, and of the other it is said why not
	assert_ok(error);
	assert_int_equal(store->size, 32 << 20);
	snap_store_unref(store);
	assert_non_null(refusal);
	assert_non_null(refusal->remedy);
	assert_null(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory_that_nobody_holds_is_given_back),
		cmocka_unit_test(test_a_file_that_nobody_holds_is_given_back),
		cmocka_unit_test(test_bytes_stay_where_they_are_while_the_store_grows),
		cmocka_unit_test(test_a_slot_is_free_when_its_last_holder_is_gone),
		cmocka_unit_test(test_holes_are_used_again_when_there_are_many),
		cmocka_unit_test(test_more_than_there_can_be_is_an_error),
		cmocka_unit_test(test_a_folder_that_is_not_there_is_an_error),
		cmocka_unit_test(test_a_limit_on_files_makes_the_store_smaller),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
