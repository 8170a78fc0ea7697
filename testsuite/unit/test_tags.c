// SPDX-License-Identifier: GPL-3.0-or-later
/* The tags of memory: as they are held, written to images and compared. */
#include "testsuite/unit/image_fixture.h"

#include <elf.h>
#include <string.h>

#include "arch/arch.h"
#include "core/image/format.h"
#include "core/plan/diff.h"

#define PAGE    SNAP_PAGE_SIZE
#define TAGGED  (UINT64_C(1) << 40)
#define GRANULE 16
#define NR_TAGS (PAGE / GRANULE)

static void fill_tags(uint8_t *tags, uint8_t seed)
{
	for (size_t i = 0; i < NR_TAGS; i++)
		tags[i] = (uint8_t)(seed + i) & 0xf;
}

static void hold_page(struct snap_tags *tags, uint64_t start, uint8_t seed)
{
	uint8_t wide[NR_TAGS], *place;
	fill_tags(wide, seed);
	assert_ok(snap_tags_append(tags, GRANULE, start, PAGE, &place));
	snap_tags_pack(wide, NR_TAGS, place);
}

static void test_tags_are_read_as_they_were_held_and_are_0_elsewhere(void **state)
{
	_cleanup_tags_ struct snap_tags tags = { 0 };
	uint8_t got[3 * NR_TAGS], wanted[3 * NR_TAGS] = { 0 };
	hold_page(&tags, TAGGED, 1);
	hold_page(&tags, TAGGED + PAGE, 2);
	hold_page(&tags, TAGGED + 3 * PAGE, 3);
	assert_int_equal(tags.nr, 2);

	fill_tags(wanted, 2);
	fill_tags(wanted + 2 * NR_TAGS, 3);
	snap_tags_get(&tags, GRANULE, TAGGED + PAGE, 3 * PAGE, got);
	assert_memory_equal(got, wanted, sizeof(got));

	snap_tags_get(&tags, GRANULE, TAGGED + PAGE + 48, 2 * GRANULE, got);
	assert_memory_equal(got, wanted + 3, 2);
}

static void test_the_next_held_tag_is_found(void **state)
{
	_cleanup_tags_ struct snap_tags tags = { 0 };
	assert_true(snap_tags_next(&tags, 0) == UINT64_MAX);
	hold_page(&tags, TAGGED, 1);
	hold_page(&tags, TAGGED + 3 * PAGE, 1);
	assert_true(snap_tags_next(&tags, 0) == TAGGED);
	assert_true(snap_tags_next(&tags, TAGGED + 16) == TAGGED + 16);
	assert_true(snap_tags_next(&tags, TAGGED + PAGE) == TAGGED + 3 * PAGE);
	assert_true(snap_tags_next(&tags, TAGGED + 4 * PAGE) == UINT64_MAX);
}

static const struct snap_arch *find_arch(void)
{
	for (const struct snap_arch *const *row = snap_arches; *row; row++)
		if ((*row)->memory_tags)
			return *row;
	fail_msg("no CPU of this build has tags of memory");
	return NULL;
}

/** A process of a CPU with tags, and memory of four pages that has some. */
static struct snap_snapshot *make_tagged(void)
{
	struct snap_snapshot *snapshot = make_snapshot(&small_shape);
	const struct snap_arch *arch = find_arch();
	assert_int_equal(arch->memory_tags->granule, GRANULE);
	snapshot->arch = arch;
	for (size_t i = 0; i < snapshot->nr_threads; i++) {
		struct snap_thread *thread = &snapshot->threads[i];
		uint8_t *general = calloc(1, arch->regsets[0].max_size);
		for (size_t j = 0; j < SNAP_MAX_REGSETS; j++)
			assert_ok(snap_thread_set_regset(thread, j, NULL, 0));
		assert_ok(snap_thread_set_regset(thread, 0, general,
						 arch->regsets[0].max_size));
		free(general);
	}
	struct snap_vma vma = { .start = TAGGED,
				.end = TAGGED + 4 * PAGE,
				.prot = SNAP_VMA_READ | SNAP_VMA_WRITE,
				.flags = SNAP_VMA_TAGGED,
				.name = strdup("") };
	assert_ok(snap_vmas_append(&snapshot->vmas, &vma));
	hold_page(&snapshot->tags, TAGGED, 5);
	hold_page(&snapshot->tags, TAGGED + 2 * PAGE, 6);
	return snapshot;
}

static void test_an_image_keeps_the_tags(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_tagged();
	_cleanup_snapshot_ struct snap_snapshot *read = NULL;
	const char *path = in_folder(state, "image");

	assert_ok(snap_image_write(snapshot, path, false, NULL));
	assert_ok(snap_image_read(path, NULL, &read));

	const char *difference = find_difference(snapshot, read);
	if (difference)
		fail_msg("%s is not what was written", difference);
	assert_int_equal(read->tags.nr, 2);
}

/** What a tool that knows only core files finds: Linux, memory-tagging-extension.rst.
 */
static void test_an_image_has_a_segment_for_each_run_of_tags(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_tagged();
	_cleanup_buffer_ struct snap_buffer image = { 0 };
	make_image(state, snapshot, &image);

	const Elf64_Ehdr *header = (const void *)image.data;
	const Elf64_Phdr *segments = (const void *)(image.data + header->e_phoff);
	size_t nr = 0;
	for (int i = 0; i < header->e_phnum; i++) {
		if (segments[i].p_type != 0x70000002)
			continue;
		const struct snap_tag_run *run = &snapshot->tags.list[nr++];
		assert_int_equal(segments[i].p_vaddr, run->start);
		assert_int_equal(segments[i].p_memsz, PAGE);
		assert_int_equal(segments[i].p_filesz, PAGE / 32);
		assert_memory_equal(image.data + segments[i].p_offset, run->bytes,
				    PAGE / 32);
	}
	assert_int_equal(nr, 2);
}

/** Read an image with other bytes in its note of tags, under a good digest. */
static void assert_refused(void **state, size_t at, uint8_t byte)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_tagged();
	_cleanup_snapshot_ struct snap_snapshot *read = NULL;
	_cleanup_buffer_ struct snap_buffer image = { 0 };
	make_image(state, snapshot, &image);
	find_note(&image, SNAP_NOTE_TAGS)[at] = byte;
	seal(&image);
	const char *path = in_folder(state, "damaged");
	store_file(path, image.data, image.size);
	assert_error(snap_image_read(path, NULL, &read), CORRUPT);
}

static void test_tags_that_cannot_be_are_refused(void **state)
{
	// Versions, granule (at 4), count (8), size of a record (12), its memory: from
	// (16) and to (24).
	assert_refused(state, 4, 32);    // another CPU's
	assert_refused(state, 12, 16);   // fewer tags than memory
	assert_refused(state, 17, 1);    // no whole page
	assert_refused(state, 18, 1);    // behind its end
	assert_refused(state, 21, 2);    // where nothing is mapped
	assert_refused(state, 25, 0x60); // over what has no tags, and over the next
}

static void test_tags_that_differ_are_a_difference(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *a = make_tagged(), *b = make_tagged();
	const struct snap_diff_options options = { .max_ranges = 100 };
	_cleanup_diff_ struct snap_diff same = { 0 }, other = { 0 };

	assert_ok(snap_diff_make(a, b, &options, &same));
	assert_int_equal(same.memory.nr, 0);

	// The second and third tag of the third page; and all of the last.
	b->tags.list[1].bytes[0] ^= 0x30;
	b->tags.list[1].bytes[1] ^= 0x01;
	hold_page(&b->tags, TAGGED + 3 * PAGE, 0);
	assert_ok(snap_diff_make(a, b, &options, &other));
	assert_true(other.memory.nr > 1);
	assert_true(other.memory.list[0].is_tags);
	assert_int_equal(other.memory.list[0].start, TAGGED + 2 * PAGE + 16);
	assert_int_equal(other.memory.list[0].end, TAGGED + 2 * PAGE + 48);
	assert_int_equal(other.memory.list[1].start, TAGGED + 3 * PAGE + 16);
	assert_false(snap_diff_is_empty(&other));
}

#define image_test(name) \
	cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_tags_are_read_as_they_were_held_and_are_0_elsewhere),
		cmocka_unit_test(test_the_next_held_tag_is_found),
		image_test(test_an_image_keeps_the_tags),
		image_test(test_an_image_has_a_segment_for_each_run_of_tags),
		image_test(test_tags_that_cannot_be_are_refused),
		cmocka_unit_test(test_tags_that_differ_are_a_difference),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
