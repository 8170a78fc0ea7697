// SPDX-License-Identifier: GPL-3.0-or-later
#include "testsuite/unit/unit.h"

#include "core/base/lanes.h"

#define NR 500

/** What is noted of the pieces, by any thread. */
struct scene {
	_Atomic int nr_begun[NR];
	/** This piece fails; NR: none. */
	size_t bad;
	int nr_reports;
};

static snap_err count(void *context, const struct snap_lane *lane, uint64_t *done)
{
	struct scene *scene = context;
	atomic_fetch_add(&scene->nr_begun[lane->index], 1);
	*done += 2;
	if (lane->index == scene->bad)
		return snap_error_create(SNAP_ERROR_OS, "piece %zu", lane->index);
	return lane->number < SNAP_LANES_MAX
		       ? SNAP_OK
		       : snap_error_create(SNAP_ERROR_OS, "lane %zu", lane->number);
}

static bool report(void *context, const char *phase, uint64_t done, uint64_t total)
{
	struct scene *scene = context;
	assert_string_equal(phase, "Counting");
	assert_in_range(done, 2, total);
	assert_int_equal(total, 2 * NR);
	scene->nr_reports++;
	return true;
}

static bool refuse(void *context, const char *phase, uint64_t done, uint64_t total)
{
	return false;
}

static void test_each_piece_is_done_once(void **state)
{
	for (size_t most = 1; most <= SNAP_LANES_MAX + 1; most++) {
		struct scene scene = { .bad = NR };
		const struct snap_progress progress = { report, &scene };
		struct snap_lanes lanes = {
			.step = count,
			.context = &scene,
			.nr_pieces = NR,
			.progress = &progress,
			.phase = "Counting",
			.total = 2 * NR,
		};

		assert_ok(snap_lanes_run(&lanes, most));

		for (size_t i = 0; i < NR; i++)
			assert_int_equal(scene.nr_begun[i], 1);
		if (most == 1)
			assert_int_equal(scene.nr_reports, NR);
	}
}

static void test_an_error_ends_the_work(void **state)
{
	struct scene scene = { .bad = 100 };
	struct snap_lanes lanes = {
		.step = count,
		.context = &scene,
		.nr_pieces = NR,
	};

	_cleanup_error_ snap_err error = snap_lanes_run(&lanes, SNAP_LANES_MAX);

	assert_non_null(error);
	assert_string_equal(error->message, "piece 100");
	for (size_t i = 0; i <= 100; i++)
		assert_int_equal(scene.nr_begun[i], 1);
}

static void test_of_many_errors_one_is_told(void **state)
{
	struct scene scene = { .bad = 0 };
	const struct snap_progress progress = { refuse, NULL };
	struct snap_lanes lanes = {
		.step = count,
		.context = &scene,
		.nr_pieces = 1,
		.progress = &progress,
	};
	_cleanup_error_ snap_err error = snap_lanes_run(&lanes, 1);
	assert_string_equal(error->message, "piece 0");
}

static void test_the_user_ends_it(void **state)
{
	struct scene scene = { .bad = NR };
	const struct snap_progress progress = { refuse, NULL };
	struct snap_lanes lanes = {
		.step = count,
		.context = &scene,
		.nr_pieces = NR,
		.progress = &progress,
	};
	assert_error(snap_lanes_run(&lanes, 1), INTERRUPTED);
	assert_int_equal(scene.nr_begun[0], 1);
	assert_int_equal(scene.nr_begun[1], 0);
}

static void test_no_work_is_done_at_once(void **state)
{
	struct snap_lanes lanes = { .step = count };
	assert_ok(snap_lanes_run(&lanes, SNAP_LANES_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_piece_is_done_once),
		cmocka_unit_test(test_an_error_ends_the_work),
		cmocka_unit_test(test_of_many_errors_one_is_told),
		cmocka_unit_test(test_the_user_ends_it),
		cmocka_unit_test(test_no_work_is_done_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
