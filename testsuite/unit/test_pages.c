// SPDX-License-Identifier: GPL-3.0-or-later
#include "testsuite/unit/unit.h"

#include <sys/mman.h>

#include "core/tracee/pages.h"

#define NR_PAGES ((uint64_t)8192)

/** Every second page exists: as many runs as there can be, of which lists fill up. */
static uint8_t *make_comb(size_t page_size)
{
	uint8_t *memory = mmap(NULL, NR_PAGES * page_size, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(memory != MAP_FAILED);
	madvise(memory, NR_PAGES * page_size, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < NR_PAGES; i += 2)
		memory[i * page_size] = 1;
	return memory;
}

/** Scan it all: each page that exists is told of once. */
static void check_scan(struct snap_tracee *tracee)
{
	static struct snap_page_runs runs;
	uint8_t *memory = make_comb(tracee->page_size);
	uint64_t start = (uint64_t)(uintptr_t)memory, last = start, nr_pages = 0;
	uint64_t end = start + NR_PAGES * tracee->page_size;

	for (uint64_t at = start; at < end; at = runs.end) {
		assert_ok(snap_tracee_scan(tracee, at, end, &runs));
		assert_true(runs.end > at && runs.end <= end);
		for (size_t i = 0; i < runs.nr; i++) {
			assert_true(runs.list[i].start >= last);
			assert_true(runs.list[i].is_own);
			nr_pages += (runs.list[i].end - runs.list[i].start) /
				    tracee->page_size;
			last = runs.list[i].end;
		}
	}

	assert_int_equal(nr_pages, NR_PAGES / 2);
	munmap(memory, NR_PAGES * tracee->page_size);
}

static void test_each_page_is_told_of_once(void **state)
{
	_cleanup_tracee_ struct snap_tracee tracee;
	assert_ok(snap_tracee_init(&tracee, getpid(), 0));
	check_scan(&tracee);
}

static void test_a_kernel_without_the_ioctl_tells_the_same(void **state)
{
	_cleanup_tracee_ struct snap_tracee tracee;
	assert_ok(snap_tracee_init(&tracee, getpid(), 0));
	tracee.lacks_pagemap_scan = true;
	check_scan(&tracee);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_page_is_told_of_once),
		cmocka_unit_test(test_a_kernel_without_the_ioctl_tells_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
