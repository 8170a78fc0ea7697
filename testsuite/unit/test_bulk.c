// SPDX-License-Identifier: GPL-3.0-or-later
#include "testsuite/unit/unit.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/model/memory.h"
#include "core/tracee/bulk.h"
#include "core/tracee/memory.h"

/** Enough for all lanes, and no whole number of parts. */
#define SIZE (9 * SNAP_RUN_MAX + 3 * SNAP_PAGE_SIZE)

/** Memory of this process that stands for that of another one, and what it shall be. */
struct scene {
	struct snap_tracee tracee;
	uint8_t *memory;
	uint8_t *wanted;
	struct snap_bulk bulk;
};

static uint8_t *map(int prot)
{
	uint8_t *memory = mmap(NULL, SIZE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(memory != MAP_FAILED);
	madvise(memory, SIZE, MADV_NOHUGEPAGE);
	return memory;
}

static int setup(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	*state = scene;
	assert_ok(snap_tracee_init(&scene->tracee, getpid(), 0));
	scene->memory = map(PROT_READ | PROT_WRITE);
	scene->wanted = map(PROT_READ | PROT_WRITE);
	for (size_t i = 0; i < SIZE; i += 256)
		scene->wanted[i] = (uint8_t)(i / 256 * 7 + 1);
	assert_ok(snap_bulk_add(&scene->bulk, (uint64_t)(uintptr_t)scene->memory,
				scene->wanted, SIZE));
	return 0;
}

static int teardown(void **state)
{
	struct scene *scene = *state;
	snap_bulk_deinit(&scene->bulk);
	munmap(scene->memory, SIZE);
	munmap(scene->wanted, SIZE);
	snap_tracee_deinit(&scene->tracee);
	free(scene);
	return 0;
}

static uint64_t fill(struct scene *scene)
{
	uint64_t written = 0;
	assert_ok(snap_bulk_fill(&scene->bulk, &scene->tracee, NULL, "Filling",
				 &written));
	return written;
}

/** How many parts differ, the last of them in *ret. */
static size_t compare(struct scene *scene, size_t *ret)
{
	uint8_t differ[16] = { 0 };
	size_t nr = 0;
	assert_in_range(scene->bulk.nr, 1, sizeof(differ));
	assert_ok(snap_bulk_compare(&scene->bulk, &scene->tracee, NULL, "Comparing",
				    differ));
	for (size_t i = 0; i < scene->bulk.nr; i++) {
		nr += differ[i];
		*ret = differ[i] ? i : *ret;
	}
	return nr;
}

static void test_memory_is_filled_and_is_then_equal(void **state)
{
	struct scene *scene = *state;
	size_t which;
	assert_int_equal(scene->bulk.nr, 10);
	assert_int_equal(compare(scene, &which), 10);

	assert_int_equal(fill(scene), SIZE);

	assert_int_equal(compare(scene, &which), 0);
	assert_memory_equal(scene->memory, scene->wanted, SIZE);
}

static void test_pages_of_zeros_are_left_alone(void **state)
{
	// GIVEN memory of which every second page shall be zero
	struct scene *scene = *state;
	uint64_t page_size = scene->tracee.page_size, entry;
	for (size_t i = 0; i < SIZE; i += 2 * page_size)
		memset(scene->wanted + i, 0,
		       i + page_size < SIZE ? page_size : SIZE - i);

	// WHEN it is filled
	fill(scene);

	// THEN there are only the others
	assert_memory_equal(scene->memory + page_size, scene->wanted + page_size,
			    page_size);
	assert_ok(snap_tracee_read_pagemap(&scene->tracee,
					   (uint64_t)(uintptr_t)scene->memory, 1,
					   &entry));
	assert_false(snap_page_exists(entry));
	assert_ok(
		snap_tracee_read_pagemap(&scene->tracee,
					 (uint64_t)(uintptr_t)scene->memory + page_size,
					 1, &entry));
	assert_true(snap_page_exists(entry));
}

static void test_memory_that_is_read_only_is_filled(void **state)
{
	struct scene *scene = *state;
	size_t which;
	uint8_t *part = scene->memory + SNAP_RUN_MAX;
	assert_int_equal(mprotect(part, SNAP_RUN_MAX, PROT_READ), 0);
	// A kernel may leave that to debuggers, and nobody debugs this process
	// (Linux 6.12, proc_mem.force_override=ptrace).
	if (pwrite(scene->tracee.mem_fd, part, 1, (off_t)(uintptr_t)part) != 1)
		skip();
	fill(scene);
	assert_int_equal(compare(scene, &which), 0);
}

static void test_the_part_that_differs_is_told(void **state)
{
	struct scene *scene = *state;
	size_t which;
	fill(scene);
	scene->memory[SIZE - 1] ^= 1;
	assert_int_equal(compare(scene, &which), 1);
	assert_int_equal(which, 9);
}

static void test_what_cannot_be_read_is_left_for_a_closer_look(void **state)
{
	struct scene *scene = *state;
	size_t which;
	fill(scene);
	assert_int_equal(mprotect(scene->memory, SNAP_PAGE_SIZE, PROT_NONE), 0);
	assert_int_equal(compare(scene, &which), 1);
	assert_int_equal(which, 0);
}

static void test_nothing_takes_no_call(void **state)
{
	struct scene *scene = *state;
	const struct snap_bulk none = { 0 };
	uint64_t before = scene->tracee.nr_calls, written = 0;
	assert_ok(snap_bulk_fill(&none, &scene->tracee, NULL, "Filling", &written));
	assert_ok(snap_bulk_compare(&none, &scene->tracee, NULL, "Comparing", NULL));
	assert_int_equal(scene->tracee.nr_calls, before);
}

static void test_each_can_be_made_to_fail(void **state)
{
	struct scene *scene = *state;
	uint8_t differ[16];
	uint64_t written = 0;
	scene->tracee.fail_at = scene->tracee.nr_calls + 1;
	assert_error(snap_bulk_fill(&scene->bulk, &scene->tracee, NULL, "Filling",
				    &written),
		     OS);
	scene->tracee.fail_at = scene->tracee.nr_calls + 1;
	assert_error(snap_bulk_compare(&scene->bulk, &scene->tracee, NULL, "Comparing",
				       differ),
		     OS);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_memory_is_filled_and_is_then_equal),
		TEST(test_pages_of_zeros_are_left_alone),
		TEST(test_memory_that_is_read_only_is_filled),
		TEST(test_the_part_that_differs_is_told),
		TEST(test_what_cannot_be_read_is_left_for_a_closer_look),
		TEST(test_nothing_takes_no_call),
		TEST(test_each_can_be_made_to_fail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
