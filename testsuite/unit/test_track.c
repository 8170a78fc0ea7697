// SPDX-License-Identifier: GPL-3.0-or-later
/* What a tracker tells of what a process does to its memory, rung by rung. */
#include "testsuite/unit/track_scene.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "core/tracee/memory.h"
#include "core/track/obstacles.h"
#include "testsuite/unit/unit.h"

/** A rung as a test has it, or NULL for one that this machine does not have. */
struct variant {
	enum snap_rung rung;
	bool is_careful;
};

static const struct variant variants[] = {
	{ SNAP_RUNG_USERFAULTFD, false },
	{ SNAP_RUNG_USERFAULTFD, true },
	{ SNAP_RUNG_SOFT_DIRTY, false },
};

/** Run a check on every rung that this machine has. */
static void on_every_rung(void (*check)(struct scene *scene))
{
	size_t nr = 0;
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(variants); i++) {
		_cleanup_scene_ struct scene scene;
		scene_init(&scene);
		scene_track(&scene, SNAP_RUNG_BIT(variants[i].rung));
		if (scene.tracker.rung != variants[i].rung)
			continue;
		scene.tracker.is_careful |= variants[i].is_careful;
		check(&scene);
		nr++;
	}
	if (!nr)
		skip();
}

/** One step in page 500 of the area; `nr` pages from there on must be told of. */
static void check_step(struct scene *scene, enum track_order order, size_t nr)
{
	scene->board->to = scene_page(scene, 501);
	scene_do(scene, order, 500);
	scene_look(scene);
	for (size_t i = 0; i < nr; i++)
		if (!scene_has(scene, scene_page(scene, 500 + i)))
			fail_msg("order %d, %s: page %zu was missed", (int)order,
				 snap_rung_name(scene->tracker.rung), i);
	size_t told = scene_count(scene, scene->board->area, scene->board->area_size);
	if (told != nr)
		fail_msg("order %d, %s: %zu pages are told of, not %zu", (int)order,
			 snap_rung_name(scene->tracker.rung), told, nr);
	// In one step, or in two.
	if (order == TRACK_STORE || order == TRACK_DROP)
		scene_take(scene);
	else
		scene_mark(scene);
	scene_look(scene);
	assert_int_equal(scene_count_there(scene, scene->board->area,
					   scene->board->area_size),
			 0);
}

static void check_one_page(struct scene *scene)
{
	check_step(scene, TRACK_STORE, 1);
	check_step(scene, TRACK_READ, 1);
	check_step(scene, TRACK_DROP, 1);
	check_step(scene, TRACK_MAKE, 1);
	check_step(scene, TRACK_DROP_AND_LOOK, 1);
}

static void test_one_page_that_changes_is_told_of_and_no_other(void **state)
{
	on_every_rung(check_one_page);
}

static void check_mappings(struct scene *scene)
{
	check_step(scene, TRACK_PROTECT, 0);
	// A mapping in which nothing is, until the program looks.
	scene_do(scene, TRACK_REPLACE, 500);
	check_step(scene, TRACK_DROP_AND_LOOK, 1);
	check_step(scene, TRACK_STORE, 1);
	// What lay under the moved page is gone, and its old place empty.
	scene->board->to = scene_page(scene, 501);
	scene_do(scene, TRACK_MOVE, 500);
	assert_true(scene->board->result);
	scene_look(scene);
	assert_true(scene_has(scene, scene_page(scene, 501)));
}

static void test_a_page_in_a_new_mapping_is_told_of(void **state)
{
	on_every_rung(check_mappings);
}

static void check_fork(struct scene *scene)
{
	// The child's write to page 500 is the child's; the parent's is to page 501.
	scene_do(scene, TRACK_FORK, 500);
	scene_look(scene);
	assert_true(scene_has(scene, scene_page(scene, 501)));
	assert_false(scene_has(scene, scene_page(scene, 500)));
}

static void test_after_a_fork_the_parents_writes_are_told_of(void **state)
{
	on_every_rung(check_fork);
}

static void check_debugger(struct scene *scene)
{
	uint8_t byte = 1;
	uint64_t text = 0;
	assert_ok(snap_tracee_write(&scene->tracee, scene_page(scene, 7), &byte, 1));
	for (size_t i = 0; i < scene->vmas.nr && !text; i++)
		if (scene->vmas.list[i].prot & SNAP_VMA_EXEC)
			text = scene->vmas.list[i].start;
	assert_ok(snap_tracee_read(&scene->tracee, text, &byte, 1));
	assert_ok(snap_tracee_write(&scene->tracee, text, &byte, 1));
	scene_look(scene);
	assert_true(scene_has(scene, scene_page(scene, 7)));
	assert_true(scene_has(scene, text));
}

static void test_what_a_debugger_writes_is_told_of(void **state)
{
	on_every_rung(check_debugger);
}

/** A mapping of another kind; a write to its first page; and a look at it as a whole.
 */
static void check_kind(struct scene *scene, enum track_order order, size_t most)
{
	scene_do(scene, order, 0);
	uint64_t memory = scene->board->address, size = (uint64_t)8 << 20;
	if (!memory)
		return;
	scene_look(scene);
	scene_mark(scene);
	scene_look(scene);
	bool is_known = !scene_has(scene, memory);
	scene->board->order = TRACK_STORE;
	scene_do(scene, TRACK_STORE, (memory - scene->board->area) / scene->page_size);
	scene_look(scene);
	assert_true(scene_has(scene, memory));
	size_t told = scene_count(scene, memory, size);
	if (is_known && told > most)
		fail_msg("%zu pages of %d", told, (int)order);
	assert_int_equal(is_known, most != SIZE_MAX);
}

static void check_kinds(struct scene *scene)
{
	// A soft-dirty bit is that of a huge page as a whole.
	bool is_soft = scene->tracker.rung == SNAP_RUNG_SOFT_DIRTY;
	check_kind(scene, TRACK_MAP_HUGE, is_soft ? 512 : 1);
	check_kind(scene, TRACK_MAP_HUGETLB, SIZE_MAX);
	check_kind(scene, TRACK_MAP_SHARED, SIZE_MAX);
}

static void test_shared_and_huge_memory_is_told_of_as_a_whole(void **state)
{
	on_every_rung(check_kinds);
}

static void check_file(struct scene *scene)
{
	// GIVEN a page of a private mapping of a file that has been written to
	scene_do(scene, TRACK_MAP_FILE, 0);
	uint64_t memory = scene->board->address;
	size_t page = (memory - scene->board->area) / scene->page_size;
	scene_look(scene);
	scene_mark(scene);

	// WHEN it is given back, such that it is the file's again
	scene_do(scene, TRACK_DROP_AND_LOOK, page);

	// THEN it has changed
	scene_look(scene);
	assert_true(scene_has(scene, memory));
}

static void test_a_page_that_is_the_files_again_is_told_of(void **state)
{
	on_every_rung(check_file);
}

/** Kilobytes of page tables. */
static uint64_t table_size(struct scene *scene)
{
	_cleanup_buffer_ struct snap_buffer text = { 0 };
	assert_ok(snap_proc_read_file(&scene->tracee, "status", &text));
	const char *line = strstr((const char *)text.data, "VmPTE:");
	assert_non_null(line);
	return strtoull(line + 6, NULL, 10);
}

static void test_a_terabyte_of_nothing_stays_nothing(void **state)
{
	_cleanup_scene_ struct scene scene;
	scene_init(&scene);
	scene_do(&scene, TRACK_MAP_NOTHING, 0);
	uint64_t memory = scene.board->address, before = table_size(&scene);
	assert_true(memory);
	scene_track(&scene, SNAP_RUNGS_ALL);
	scene_need(&scene, SNAP_RUNG_USERFAULTFD);
	// A table for the mapping's first pages, perhaps.
	assert_true(table_size(&scene) <= before + 2 * scene.page_size / 1024);

	// A page in the midst of it is told of all the same.
	uint64_t page = memory + ((uint64_t)1 << 39);
	scene_do(&scene, TRACK_STORE, (page - scene.board->area) / scene.page_size);
	scene_look(&scene);
	assert_true(scene_has(&scene, page));
	scene_mark(&scene);
	scene_look(&scene);
	assert_false(scene_has(&scene, page));
}

static void test_a_program_that_was_replaced_is_not_known(void **state)
{
	_cleanup_scene_ struct scene scene;
	scene_init(&scene);
	scene_track(&scene, SNAP_RUNGS_ALL);
	scene_do(&scene, TRACK_EXEC, 0);
	snap_tracee_deinit(&scene.tracee);
	assert_ok(snap_tracee_init(&scene.tracee, snap_tracer_pid(scene.tracer), 0));

	// The board has the addresses of the new program.
	scene_look(&scene);
	assert_int_equal(scene_count(&scene, scene.board->area, scene.board->area_size),
			 scene.board->area_size / scene.page_size);
	_cleanup_snapshot_ struct snap_snapshot *process = scene_capture(&scene);
	bool is_fit;
	assert_ok(snap_tracker_is_fit(&scene.tracker, &scene.tracee, process, &is_fit));
	assert_int_equal(is_fit, scene.tracker.rung != SNAP_RUNG_USERFAULTFD);
}

/** After an order, which makes a rung unfit, it is not chosen, for a reason. */
static void check_unfit(enum track_order order, enum snap_rung lost, const char *why)
{
	_cleanup_scene_ struct scene scene;
	scene_init(&scene);
	scene_track(&scene, SNAP_RUNGS_ALL);
	enum snap_rung before = scene.tracker.rung;
	snap_tracker_deinit(&scene.tracker);
	snap_tracker_use(&scene.tracker, &scene.tracee);
	scene_do(&scene, order, 3);
	if (!scene.board->result || before > lost)
		return; // This machine cannot do it, or has not got the rung.
	scene_track(&scene, SNAP_RUNGS_ALL);
	assert_true(scene.tracker.rung > lost);
	assert_non_null(strstr(scene.tracker.why_not[lost], why));
}

static void test_a_rung_that_cannot_be_trusted_is_not_used(void **state)
{
	check_unfit(TRACK_WATCH, SNAP_RUNG_USERFAULTFD, "userfaultfd itself");
	check_unfit(TRACK_SECCOMP, SNAP_RUNG_USERFAULTFD, "seccomp");
	check_unfit(TRACK_IO_URING, SNAP_RUNG_SOFT_DIRTY, "io_uring");
}

static const char *obstacle_of_file(mode_t mode, dev_t device, const char *path)
{
	struct snap_open_file file = {
		.mode = mode,
		.rdev = device,
		.path = (char *)path,
	};
	const struct snap_snapshot process = { .files = { .list = &file, .nr = 1 } };
	return snap_find_obstacle(&process, SNAP_RUNG_SOFT_DIRTY);
}

static const char *obstacle_of_mapping(uint32_t flags, const char *name)
{
	struct snap_vma vma = { .flags = flags, .name = (char *)name };
	const struct snap_snapshot process = { .vmas = { &vma, 1 } };
	return snap_find_obstacle(&process, SNAP_RUNG_SOFT_DIRTY);
}

static void test_what_may_write_unnoticed_is_an_obstacle(void **state)
{
	static const char device[] = "a device may write to memory unnoticed";
	assert_null(obstacle_of_file(S_IFCHR, makedev(1, 3), "/dev/null"));
	assert_null(obstacle_of_file(S_IFCHR, makedev(136, 7), "/dev/pts/7"));
	assert_null(obstacle_of_file(S_IFCHR, makedev(10, 229), "/dev/fuse"));
	assert_null(obstacle_of_file(S_IFREG, makedev(195, 0), "/a"));
	assert_string_equal(obstacle_of_file(S_IFCHR, makedev(10, 196), "/dev/vfio"),
			    device);
	assert_string_equal(obstacle_of_file(S_IFCHR, makedev(195, 0), "/dev/nvidia0"),
			    device);
	assert_string_equal(obstacle_of_mapping(SNAP_VMA_DEVICE, "/dev/dri/card0"),
			    device);
	assert_null(obstacle_of_mapping(SNAP_VMA_DEVICE, "[vvar]"));
	assert_null(obstacle_of_mapping(0, "/dev/zero (deleted)"));
	assert_string_equal(obstacle_of_mapping(0, "socket:[12345]"),
			    "a socket may write to memory unnoticed");
}

static void test_a_mapping_that_the_program_watches_is_told_of_as_a_whole(void **state)
{
	// GIVEN a program that watches a page while it is tracked: one that is not ours
	_cleanup_scene_ struct scene scene;
	scene_init(&scene);
	scene_track(&scene, SNAP_RUNGS_ALL);
	scene_need(&scene, SNAP_RUNG_USERFAULTFD);
	scene_do(&scene, TRACK_REPLACE, 5);
	scene_do(&scene, TRACK_WATCH, 5);
	assert_int_equal(scene.board->result, 1);

	// THEN it is told of, and marking changes nothing about that
	for (int i = 0; i < 2; i++) {
		scene_look(&scene);
		assert_true(scene_has(&scene, scene_page(&scene, 5)));
		assert_false(scene_has(&scene, scene_page(&scene, 5 + i + 1)) && i);
		scene_mark(&scene);
	}
	_cleanup_snapshot_ struct snap_snapshot *process = scene_capture(&scene);
	bool is_fit;
	assert_ok(snap_tracker_is_fit(&scene.tracker, &scene.tracee, process, &is_fit));
	assert_false(is_fit);
}

static void test_nothing_marked_means_that_all_has_changed(void **state)
{
	_cleanup_scene_ struct scene scene;
	scene_init(&scene);
	scene_track(&scene, SNAP_RUNGS_ALL);
	size_t nr_pages = scene.board->area_size / scene.page_size;
	scene_look(&scene);
	snap_tracker_forget(&scene.tracker);
	scene_look(&scene);
	assert_int_equal(scene_count(&scene, scene.board->area, scene.board->area_size),
			 nr_pages);
	scene_track(&scene, SNAP_RUNG_BIT(SNAP_RUNG_CONTENTS));
	scene_look(&scene);
	assert_int_equal(scene_count(&scene, scene.board->area, scene.board->area_size),
			 nr_pages);
	assert_string_equal(scene.tracker.why_not[SNAP_RUNG_USERFAULTFD],
			    "another way was chosen");
}

/** The lines of smaps that say how the program was mapped, and what it has open. */
static void describe(struct scene *scene, struct snap_buffer *ret)
{
	_cleanup_buffer_ struct snap_buffer smaps = { 0 };
	assert_ok(snap_proc_read_file(&scene->tracee, "smaps", &smaps));
	char *rest = (char *)smaps.data;
	for (char *line; (line = strsep(&rest, "\n"));) {
		bool is_flags = !strncmp(line, "VmFlags", 7);
		// A mapping that is new is soft-dirty as a whole, until the bits are
		// cleared.
		char *soft_dirty = is_flags ? strstr(line, " sd") : NULL;
		if (soft_dirty)
			memmove(soft_dirty, soft_dirty + 3, strlen(soft_dirty + 3) + 1);
		if (is_flags || strchr(line, '-'))
			assert_ok(snap_buffer_append(ret, line, strlen(line) + 1));
	}
	char path[64];
	for (int fd = 0; fd < 64; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)scene->tracee.pid,
			 fd);
		char there = access(path, F_OK) ? '-' : '+';
		assert_ok(snap_buffer_append(ret, &there, 1));
	}
}

static void test_a_tracker_that_is_gone_has_left_nothing(void **state)
{
	_cleanup_scene_ struct scene scene;
	_cleanup_buffer_ struct snap_buffer before = { 0 }, after = { 0 };
	scene_init(&scene);
	describe(&scene, &before);
	scene_track(&scene, SNAP_RUNGS_ALL);
	snap_tracker_deinit(&scene.tracker);
	describe(&scene, &after);
	assert_int_equal(before.size, after.size);
	assert_memory_equal(before.data, after.data, before.size);
}

static void test_whatever_fails_nothing_is_left_and_nothing_claimed(void **state)
{
	_cleanup_scene_ struct scene scene;
	_cleanup_buffer_ struct snap_buffer before = { 0 };
	scene_init(&scene);
	describe(&scene, &before);
	_cleanup_snapshot_ struct snap_snapshot *process = scene_capture(&scene);
	scene_look(&scene);
	for (uint64_t n = 1;; n++) {
		// WHEN the Nth call into the kernel fails, from the start to the mark
		struct snap_tracker tracker = { .uffd = -1 };
		_cleanup_ranges_ struct snap_ranges there = { 0 };
		scene.tracee.nr_calls = 0;
		scene.tracee.fail_at = n;
		_cleanup_error_ snap_err error =
			snap_tracker_start(&scene.tracee, process, SNAP_RUNGS_ALL,
					   &tracker);
		if (!error)
			error = snap_tracker_mark(&tracker, &scene.tracee, &scene.vmas,
						  &scene.changed, &there);
		bool is_marked = tracker.is_marked;
		snap_tracker_deinit(&tracker);
		bool was_made_to_fail = scene.tracee.nr_calls >= n;
		scene.tracee.fail_at = 0;

		// THEN nothing is marked, and the process is as it was
		_cleanup_buffer_ struct snap_buffer after = { 0 };
		describe(&scene, &after);
		assert_int_equal(before.size, after.size);
		assert_memory_equal(before.data, after.data, before.size);
		if (!was_made_to_fail)
			break;
		assert_false(error && is_marked);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_page_that_changes_is_told_of_and_no_other),
		cmocka_unit_test(test_a_page_in_a_new_mapping_is_told_of),
		cmocka_unit_test(test_after_a_fork_the_parents_writes_are_told_of),
		cmocka_unit_test(test_what_a_debugger_writes_is_told_of),
		cmocka_unit_test(test_shared_and_huge_memory_is_told_of_as_a_whole),
		cmocka_unit_test(test_a_page_that_is_the_files_again_is_told_of),
		cmocka_unit_test(test_a_terabyte_of_nothing_stays_nothing),
		cmocka_unit_test(test_a_program_that_was_replaced_is_not_known),
		cmocka_unit_test(test_a_rung_that_cannot_be_trusted_is_not_used),
		cmocka_unit_test(test_what_may_write_unnoticed_is_an_obstacle),
		cmocka_unit_test(
			test_a_mapping_that_the_program_watches_is_told_of_as_a_whole),
		cmocka_unit_test(test_nothing_marked_means_that_all_has_changed),
		cmocka_unit_test(test_a_tracker_that_is_gone_has_left_nothing),
		cmocka_unit_test(
			test_whatever_fails_nothing_is_left_and_nothing_claimed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
