// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Which shared memory a new process is given for an image, whatever an image says of
 * its mappings.
 */
#include "core/plan/revival_shared.h"

#include <string.h>

#include "testsuite/unit/unit.h"

#define PAGE      UINT64_C(4096)
#define HELD      SNAP_VMA_REWOUND
#define UNHELD    0
#define ANONYMOUS "/dev/zero (deleted)"

/** A mapping of two pages of some shared memory from `offset` on, each behind the last.
 */
static void add_of(struct snap_vmas *vmas, const char *name, uint64_t inode,
		   uint64_t offset, uint32_t flags)
{
	const struct snap_vma vma = {
		.start = (1 + 4 * vmas->nr) * PAGE,
		.end = (3 + 4 * vmas->nr) * PAGE,
		.prot = SNAP_VMA_READ | SNAP_VMA_SHARED,
		.flags = flags,
		.offset = offset,
		.inode = inode,
		.name = strdup(name),
	};
	assert_ok(snap_vmas_append(vmas, &vma));
}

static void add(struct snap_vmas *vmas, uint64_t inode, uint64_t offset, uint32_t flags)
{
	add_of(vmas, ANONYMOUS, inode, offset, flags);
}

static void test_each_memory_is_made_once_and_whole(void **state)
{
	// GIVEN mappings of parts of two pieces of memory, a file and private memory
	_cleanup_vmas_ struct snap_vmas vmas = { 0 }, live = { 0 };
	_cleanup_shared_memories_ struct snap_shared_memories memories = { 0 };
	add(&vmas, 8, 6 * PAGE, HELD | SNAP_VMA_NORESERVE);
	add_of(&vmas, "/tmp/file", 5, 0, HELD);
	add(&vmas, 7, 0, HELD | SNAP_VMA_NORESERVE);
	add(&vmas, 8, PAGE, HELD);
	add_of(&vmas, "", 0, 0, UNHELD);

	// WHEN it is asked what they show
	assert_ok(snap_find_shared_memories(&vmas, &memories));

	// THEN there is one of each, as large as it takes
	assert_int_equal(memories.nr, 2);
	assert_int_equal(memories.list[0].view->inode, 7);
	assert_int_equal(memories.list[0].size, 2 * PAGE);
	assert_true(memories.list[0].is_unreserved);
	assert_int_equal(memories.list[1].view->inode, 8);
	assert_int_equal(memories.list[1].size, 8 * PAGE);
	assert_false(memories.list[1].is_unreserved);
	assert_int_equal(snap_shared_memories_size(&memories), 10 * PAGE);

	// THEN each is found where a new process has it
	add_of(&live, "", 0, 0, UNHELD);
	add(&live, 30, 0, UNHELD);
	add(&live, 20, 0, UNHELD);
	const struct snap_vma *list = vmas.list;
	assert_ptr_equal(snap_shared_memory_find(&memories, &list[2], &live),
			 &live.list[1]);
	assert_ptr_equal(snap_shared_memory_find(&memories, &list[0], &live),
			 &live.list[2]);
	assert_ptr_equal(snap_shared_memory_find(&memories, &list[3], &live),
			 &live.list[2]);
	assert_null(snap_shared_memory_find(&memories, &list[1], &live));
}

static void test_what_the_image_has_not_is_not_made(void **state)
{
	// GIVEN memory a page of which is in no mapping that is held
	_cleanup_vmas_ struct snap_vmas vmas = { 0 };
	_cleanup_shared_memories_ struct snap_shared_memories memories = { 0 };
	add(&vmas, 7, 0, HELD);
	add(&vmas, 7, PAGE, UNHELD);
	// GIVEN memory all of which is in others that are
	add(&vmas, 8, 0, HELD);
	add(&vmas, 8, PAGE, UNHELD);
	add(&vmas, 8, 2 * PAGE, HELD);

	// WHEN it is asked what they show
	assert_ok(snap_find_shared_memories(&vmas, &memories));

	// THEN it is the latter
	assert_int_equal(memories.nr, 1);
	assert_int_equal(memories.list[0].view->inode, 8);
	assert_int_equal(memories.list[0].size, 4 * PAGE);
}

static void test_there_is_no_memory_beyond_all_addresses(void **state)
{
	// GIVEN mappings as only a damaged image has them
	_cleanup_vmas_ struct snap_vmas vmas = { 0 };
	_cleanup_shared_memories_ struct snap_shared_memories memories = { 0 };
	add(&vmas, 7, UINT64_MAX - PAGE + 1, HELD);
	for (uint64_t i = 0; i < 3; i++)
		add(&vmas, 8 + i, UINT64_MAX / 2, HELD);

	// WHEN it is asked what they show, and what that takes
	assert_ok(snap_find_shared_memories(&vmas, &memories));

	// THEN the one is none, and all others are too much
	assert_int_equal(memories.nr, 3);
	assert_int_equal(snap_shared_memories_size(&memories), UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_memory_is_made_once_and_whole),
		cmocka_unit_test(test_what_the_image_has_not_is_not_made),
		cmocka_unit_test(test_there_is_no_memory_beyond_all_addresses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
