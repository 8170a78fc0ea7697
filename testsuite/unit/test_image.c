// SPDX-License-Identifier: GPL-3.0-or-later
#include "testsuite/unit/image_fixture.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/** Write, read and compare. */
static void check_round_trip(void **state, const struct snap_snapshot *snapshot)
{
	const char *path = in_folder(state, "image");
	_cleanup_snapshot_ struct snap_snapshot *read = NULL;

	assert_ok(snap_image_write(snapshot, path, true, NULL));
	assert_ok(snap_image_read(path, NULL, &read));

	const char *difference = find_difference(snapshot, read);
	if (difference)
		fail_msg("%s is not what was written", difference);
}

static void test_what_is_written_is_read(void **state)
{
	for (uint64_t seed = 1; seed <= 60; seed++) {
		const struct shape shape = { .seed = seed,
					     .nr_threads = 1 + seed % 9,
					     .nr_vmas = seed % 23,
					     .max_pages = 1 + seed % 11,
					     .max_regset = 2688 };
		_cleanup_snapshot_ struct snap_snapshot *snapshot =
			make_snapshot(&shape);
		check_round_trip(state, snapshot);
	}
}

static void test_hundreds_of_threads_keep_their_order(void **state)
{
	const struct shape shape = { .seed = 3,
				     .nr_threads = 300,
				     .nr_vmas = 10,
				     .max_pages = 2,
				     .max_regset = 11008 };
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_snapshot(&shape);
	snapshot->current_tid = snapshot->threads[217].tid;
	check_round_trip(state, snapshot);
}

static void test_more_mappings_than_a_header_can_count(void **state)
{
	const struct shape shape = { .seed = 4,
				     .nr_threads = 1,
				     .nr_vmas = 70000,
				     .max_pages = 1,
				     .max_regset = 64 };
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_snapshot(&shape);
	check_round_trip(state, snapshot);
}

static void test_a_snapshot_may_hold_no_memory(void **state)
{
	const struct shape shape = { .seed = 5, .nr_threads = 1 };
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_snapshot(&shape);
	check_round_trip(state, snapshot);
}

static void test_an_image_belongs_to_its_maker_alone(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_snapshot(&small_shape);
	const char *path = in_folder(state, "image");
	mode_t old = umask(0);

	assert_ok(snap_image_write(snapshot, path, false, NULL));

	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
	umask(old);
}

static void test_zero_pages_take_no_room(void **state)
{
	// GIVEN 32 MiB of which the first and the last page are not zero
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_snapshot(&small_shape);
	struct snap_vma vma = { .start = UINT64_C(1) << 40,
				.end = (UINT64_C(1) << 40) + (32 << 20),
				.prot = SNAP_VMA_READ | SNAP_VMA_WRITE,
				.name = strdup("") };
	uint8_t *bytes;
	assert_ok(snap_vmas_append(&snapshot->vmas, &vma));
	assert_ok(snap_memory_append(&snapshot->memory, vma.start, 4096, &bytes));
	bytes[0] = 1;
	assert_ok(snap_memory_append(&snapshot->memory, vma.end - 4096, 4096, &bytes));
	bytes[0] = 2;

	// WHEN it is written
	const char *path = in_folder(state, "image");
	assert_ok(snap_image_write(snapshot, path, false, NULL));

	// THEN a tool finds all of it, and the disk has little of it
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size > 32 << 20);
	assert_true(st.st_blocks * 512 < 1 << 20);
	check_round_trip(state, snapshot);
}

/** A snapshot of some MiB. */
static const struct shape large_shape = {
	.seed = 8,
	.nr_threads = 1,
	.nr_vmas = 30,
	.max_pages = 200,
};

/** What a progress callback was told. */
struct told {
	uint64_t last;
	uint64_t total;
	int calls;
	int stop_at;
};

static bool tell(void *context, const char *phase, uint64_t done, uint64_t total)
{
	struct told *told = context;
	assert_true(done > told->last && done <= total);
	told->last = done;
	told->total = total;
	return ++told->calls != told->stop_at;
}

static void test_progress_ends_with_all_of_the_memory(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_snapshot(&large_shape);
	_cleanup_snapshot_ struct snap_snapshot *read = NULL;
	const char *path = in_folder(state, "image");
	struct told writing = { 0 }, reading = { 0 };

	const struct snap_progress write_progress = { tell, &writing };
	assert_ok(snap_image_write(snapshot, path, false, &write_progress));
	const struct snap_progress read_progress = { tell, &reading };
	assert_ok(snap_image_read(path, &read_progress, &read));

	assert_true(writing.calls > 1);
	assert_int_equal(writing.last, snapshot->memory.size);
	assert_int_equal(writing.total, snapshot->memory.size);
	assert_int_equal(reading.last, snapshot->memory.size);
	assert_int_equal(reading.total, snapshot->memory.size);
}

static void test_an_interrupted_write_leaves_nothing_behind(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_snapshot(&large_shape);
	const char *path = in_folder(state, "image");
	struct told told = { .stop_at = 2 };
	const struct snap_progress progress = { tell, &told };

	assert_error(snap_image_write(snapshot, path, false, &progress), INTERRUPTED);

	assert_int_equal(told.calls, 2);
	assert_int_equal(count_names(state), 0);
}

static void test_an_interrupted_read_is_told(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_snapshot(&large_shape);
	struct snap_snapshot *read = NULL;
	const char *path = in_folder(state, "image");
	struct told told = { .stop_at = 2 };
	const struct snap_progress progress = { tell, &told };
	assert_ok(snap_image_write(snapshot, path, false, NULL));

	assert_error(snap_image_read(path, &progress, &read), INTERRUPTED);

	assert_null(read);
}

static void test_memory_outside_of_mappings_is_refused(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_snapshot(&small_shape);
	uint8_t *bytes;
	assert_ok(
		snap_memory_append(&snapshot->memory, UINT64_C(1) << 46, 4096, &bytes));

	assert_error(snap_image_write(snapshot, in_folder(state, "image"), false, NULL),
		     INVALID);

	assert_int_equal(count_names(state), 0);
}

static void test_a_thread_without_registers_is_refused(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_snapshot(&small_shape);
	assert_ok(snap_thread_set_regset(&snapshot->threads[1], 0, NULL, 0));
	assert_error(snap_image_write(snapshot, in_folder(state, "image"), false, NULL),
		     INVALID);
}

#define image_test(name) \
	cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		image_test(test_what_is_written_is_read),
		image_test(test_hundreds_of_threads_keep_their_order),
		image_test(test_more_mappings_than_a_header_can_count),
		image_test(test_a_snapshot_may_hold_no_memory),
		image_test(test_an_image_belongs_to_its_maker_alone),
		image_test(test_zero_pages_take_no_room),
		image_test(test_progress_ends_with_all_of_the_memory),
		image_test(test_an_interrupted_write_leaves_nothing_behind),
		image_test(test_an_interrupted_read_is_told),
		image_test(test_memory_outside_of_mappings_is_refused),
		image_test(test_a_thread_without_registers_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
