// SPDX-License-Identifier: GPL-3.0-or-later
#include "testsuite/unit/image_fixture.h"

#include <fcntl.h>
#include <gelf.h>
#include <string.h>

#include "core/image/format.h"
#include "core/image/layout.h"
#include "core/plan/gap.h"
#include "core/plan/heap.h"

/*
 * A kernel's pages may be larger than those in which contents are held: none of this
 * needs such a kernel to be tried.
 */

#define LARGE ((uint64_t)64 << 10)
#define RW    (SNAP_VMA_READ | SNAP_VMA_WRITE)

static const struct shape no_memory = { .seed = 1, .nr_threads = 1 };

static struct snap_snapshot *make_large(void)
{
	struct snap_snapshot *snapshot = make_snapshot(&no_memory);
	snapshot->page_size = LARGE;
	return snapshot;
}

static void map(struct snap_snapshot *snapshot, uint64_t start, uint64_t end,
		const char *name)
{
	struct snap_vma vma = { .start = start,
				.end = end,
				.prot = RW,
				.inode = *name == '/',
				.name = strdup(name) };
	assert_ok(snap_vmas_append(&snapshot->vmas, &vma));
}

static void hold(struct snap_snapshot *snapshot, uint64_t address)
{
	uint8_t *bytes;
	assert_ok(
		snap_memory_append(&snapshot->memory, address, SNAP_PAGE_SIZE, &bytes));
	memset(bytes, 'h', SNAP_PAGE_SIZE);
}

static void test_images_keep_the_page_size(void **state)
{
	for (uint64_t size = SNAP_PAGE_SIZE; size <= SNAP_MAX_PAGE_SIZE; size *= 2)
		for (uint64_t seed = 1; seed <= 10; seed++) {
			const struct shape shape = {
				.seed = seed,
				.nr_threads = 1,
				.nr_vmas = seed,
				.max_pages = 3,
				.page_size = size,
			};
			_cleanup_snapshot_ struct snap_snapshot *snapshot =
				make_snapshot(&shape);
			_cleanup_snapshot_ struct snap_snapshot *read = NULL;
			const char *path = in_folder(state, "image");

			assert_ok(snap_image_write(snapshot, path, true, NULL));
			assert_ok(snap_image_read(path, NULL, &read));

			assert_int_equal(read->page_size, size);
			assert_null(find_difference(snapshot, read));
		}
}

static void test_sizes_that_no_kernel_has_are_refused(void **state)
{
	static const uint32_t sizes[] = { 0,      1,       2048,    4095,      4097,
					  0x3000, 0x18000, 0x20000, UINT32_MAX };
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_large();
	_cleanup_buffer_ struct snap_buffer image = { 0 };
	make_image(state, snapshot, &image);
	const char *path = in_folder(state, "image");
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(sizes); i++) {
		struct snap_snapshot *read = NULL;
		memcpy(find_note(&image, SNAP_NOTE_MANIFEST) + 4, &sizes[i], 4);
		seal(&image);
		store_file(path, image.data, image.size);
		assert_error(snap_image_read(path, NULL, &read), UNSUPPORTED);
	}
}

static void assert_unreadable(void **state, const struct snap_snapshot *snapshot)
{
	const char *path = in_folder(state, "image");
	struct snap_snapshot *read = NULL;
	assert_ok(snap_image_write(snapshot, path, true, NULL));
	assert_error(snap_image_read(path, NULL, &read), CORRUPT);
}

static void test_a_mapping_is_whole_pages_of_the_kernel(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_large();
	map(snapshot, 8 * LARGE, 9 * LARGE - SNAP_PAGE_SIZE, "");
	assert_unreadable(state, snapshot);
}

static void test_no_part_of_a_page_of_a_file_is_held(void **state)
{
	for (uint64_t at = 0; at < LARGE; at += LARGE - SNAP_PAGE_SIZE) {
		_cleanup_snapshot_ struct snap_snapshot *snapshot = make_large();
		map(snapshot, 8 * LARGE, 9 * LARGE, "/lib/file");
		hold(snapshot, 8 * LARGE + at);
		assert_unreadable(state, snapshot);
	}
}

/** The segments of memory in an image, as any tool that uses libelf sees them. */
static size_t read_segments(const char *path, GElf_Phdr *segments, size_t most)
{
	elf_version(EV_CURRENT);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
	size_t nr, found = 0;
	assert_int_equal(elf_getphdrnum(elf, &nr), 0);
	for (size_t i = 0; i < nr; i++) {
		GElf_Phdr segment;
		assert_non_null(gelf_getphdr(elf, (int)i, &segment));
		if (segment.p_type != PT_LOAD)
			continue;
		assert_true(found < most);
		segments[found++] = segment;
	}
	elf_end(elf);
	close(fd);
	return found;
}

static void test_segments_are_aligned_as_they_promise(void **state)
{
	// GIVEN a page in the middle of one of the kernel's, between gaps too long for
	// a file
	const uint64_t start = 16 * LARGE, gap = 2 * SNAP_MAX_HOLE;
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_large();
	map(snapshot, start, start + 2 * gap, "");
	hold(snapshot, start + gap + 5 * SNAP_PAGE_SIZE);

	// WHEN it is written
	const char *path = in_folder(state, "image");
	assert_ok(snap_image_write(snapshot, path, false, NULL));

	// THEN the file has that page of the kernel whole, and nothing else
	GElf_Phdr segments[3];
	assert_int_equal(read_segments(path, segments, 3), 3);
	assert_int_equal(segments[1].p_vaddr, start + gap);
	assert_int_equal(segments[1].p_filesz, LARGE);
	assert_int_equal(segments[0].p_filesz + segments[2].p_filesz, 0);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(segments[i].p_align, LARGE);
		assert_int_equal(segments[i].p_memsz % LARGE, 0);
		assert_int_equal((segments[i].p_vaddr - segments[i].p_offset) % LARGE,
				 0);
	}
	_cleanup_snapshot_ struct snap_snapshot *read = NULL;
	assert_ok(snap_image_read(path, NULL, &read));
	assert_null(find_difference(snapshot, read));
}

static void test_room_begins_at_a_page_of_the_kernel(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_large();
	map(snapshot, 1 * LARGE, 2 * LARGE, "");
	map(snapshot, 9 * LARGE, 10 * LARGE, "");
	for (uint64_t pages = 1; pages <= 7; pages++) {
		uint64_t start;
		assert_ok(snap_find_gap(&snapshot->vmas, &snapshot->vmas, LARGE,
					pages * LARGE, &start));
		assert_int_equal(start % LARGE, 0);
		assert_true(start >= 2 * LARGE && start + pages * LARGE <= 9 * LARGE);
	}
}

static void test_the_heap_grows_by_pages_of_the_kernel(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *image = make_large(),
						*live = make_large();
	const struct snap_plan plan = { .image = image, .live = live };
	image->brk = 8 * LARGE + 1;
	live->brk = 9 * LARGE + 1;
	struct snap_heap heap = snap_plan_heap(&plan);
	assert_int_equal(heap.start, 9 * LARGE);
	assert_int_equal(heap.end, 10 * LARGE);
	image->brk = 9 * LARGE + LARGE / 2;
	heap = snap_plan_heap(&plan);
	assert_int_equal(heap.start, heap.end);
}

static void test_another_page_size_is_another_machine(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *image = make_large();
	_cleanup_snapshot_ struct snap_snapshot *live = make_snapshot(&no_memory);
	struct snap_plan plan = { 0 };
	assert_error(snap_plan_make(image, live, 4 * LARGE, &plan), REFUSED);
	assert_null(plan.steps);
}

#define image_test(name) \
	cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		image_test(test_images_keep_the_page_size),
		image_test(test_sizes_that_no_kernel_has_are_refused),
		image_test(test_a_mapping_is_whole_pages_of_the_kernel),
		image_test(test_no_part_of_a_page_of_a_file_is_held),
		image_test(test_segments_are_aligned_as_they_promise),
		cmocka_unit_test(test_room_begins_at_a_page_of_the_kernel),
		cmocka_unit_test(test_the_heap_grows_by_pages_of_the_kernel),
		cmocka_unit_test(test_another_page_size_is_another_machine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
