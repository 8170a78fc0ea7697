// SPDX-License-Identifier: GPL-3.0-or-later
#include "arch/x86_64/sample.h"

#include <string.h>

#include "core/plan/diff.h"

#define RW   (SNAP_VMA_READ | SNAP_VMA_WRITE)
#define HEAP 0x10000000u
#define CODE 0x20000000u
#define SIZE (8 * SNAP_PAGE_SIZE)

static void add_vma(struct snap_snapshot *snapshot, uint64_t start, uint64_t inode,
		    const char *name)
{
	struct snap_vma vma = {
		.start = start,
		.end = start + SIZE,
		.prot = RW,
		.inode = inode,
		.name = strdup(name),
	};
	assert_ok(snap_vmas_append(&snapshot->vmas, &vma));
}

/** A process with one busy thread, some anonymous memory and some of a file. */
static struct snap_snapshot *process(const char *cpu)
{
	struct snap_snapshot *snapshot;
	assert_ok(snap_snapshot_create(&snapshot));
	snapshot->arch = snap_arch_by_name("x86_64");
	snapshot->identity.pid = 100;
	sample_x86_64_cpu(cpu, &snapshot->cpu);
	snapshot->threads = calloc(2, sizeof(*snapshot->threads));
	snapshot->nr_threads = 1;
	sample_x86_64_busy_thread(&snapshot->cpu, &snapshot->threads[0]);
	snapshot->threads[0].tid = 100;
	add_vma(snapshot, HEAP, 0, "[heap]");
	add_vma(snapshot, CODE, 7, "/lib/x");
	return snapshot;
}

/** Let a snapshot hold one more page, with `byte` at `at` in it. */
static void hold(struct snap_snapshot *snapshot, uint64_t page, size_t at, uint8_t byte)
{
	uint8_t *bytes;
	assert_ok(snap_memory_append(&snapshot->memory, page, SNAP_PAGE_SIZE, &bytes));
	bytes[at] = byte;
}

/** Held bytes at an address, as many as there are. */
static uint8_t *held_at(const struct snap_snapshot *snapshot, uint64_t address)
{
	uint64_t size;
	const uint8_t *bytes = snap_memory_at(&snapshot->memory, address, &size);
	assert_non_null(bytes);
	return (uint8_t *)(uintptr_t)bytes;
}

static struct snap_diff diff(const struct snap_snapshot *a,
			     const struct snap_snapshot *b)
{
	const struct snap_diff_options options = { .max_ranges = 100 };
	struct snap_diff diff;
	assert_ok(snap_diff_make(a, b, &options, &diff));
	return diff;
}

static void assert_range(const struct snap_diff *diff, size_t i, uint64_t start,
			 uint64_t end)
{
	assert_true(i < diff->memory.nr);
	assert_int_equal(diff->memory.list[i].start, start);
	assert_int_equal(diff->memory.list[i].end, end);
}

static void test_what_is_the_same_is_no_difference(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *a = process("AMX");
	_cleanup_snapshot_ struct snap_snapshot *b = process("AMX");
	hold(a, HEAP, 5, 55);
	hold(b, HEAP, 5, 55);
	_cleanup_diff_ struct snap_diff it = diff(a, b);
	assert_true(snap_diff_is_empty(&it));
	assert_int_equal(it.nr_notes, 0);
}

static void test_bytes_that_differ_are_ranges_to_the_byte(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *a = process("AVX2");
	_cleanup_snapshot_ struct snap_snapshot *b = process("AVX2");
	hold(a, HEAP, 5, 1);
	hold(b, HEAP, 5, 2);
	// Near enough to be seen as one, and far enough not to be.
	*held_at(a, HEAP + 9) = 1;
	*held_at(a, HEAP + 17) = 1;
	_cleanup_diff_ struct snap_diff it = diff(a, b);
	assert_false(snap_diff_is_empty(&it));
	assert_int_equal(it.memory.nr, 2);
	assert_range(&it, 0, HEAP + 5, HEAP + 10);
	assert_range(&it, 1, HEAP + 17, HEAP + 18);
	assert_int_equal(it.memory.bytes_all, 6);
	assert_string_equal(it.memory.list[0].vma->name, "[heap]");
	assert_false(it.memory.list[0].is_unknown);
}

static void test_a_range_goes_on_over_pages_and_extents(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *a = process("AVX2");
	_cleanup_snapshot_ struct snap_snapshot *b = process("AVX2");
	for (size_t i = 0; i < 3; i++)
		hold(a, HEAP + i * SNAP_PAGE_SIZE, 0, 0);
	memset(held_at(a, HEAP + 100), 1, 2 * SNAP_PAGE_SIZE);
	hold(b, HEAP, 0, 0);
	hold(b, HEAP + 2 * SNAP_PAGE_SIZE, 0, 0);
	_cleanup_diff_ struct snap_diff it = diff(a, b);
	assert_int_equal(it.memory.nr_all, 1);
	assert_range(&it, 0, HEAP + 100, HEAP + 100 + 2 * SNAP_PAGE_SIZE);
}

static void test_anonymous_memory_that_is_not_held_is_zero(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *a = process("AVX2");
	_cleanup_snapshot_ struct snap_snapshot *b = process("AVX2");
	hold(a, HEAP, 5, 0);
	hold(b, HEAP + SNAP_PAGE_SIZE, 9, 3);
	_cleanup_diff_ struct snap_diff it = diff(a, b);
	assert_int_equal(it.memory.nr, 1);
	assert_range(&it, 0, HEAP + SNAP_PAGE_SIZE + 9, HEAP + SNAP_PAGE_SIZE + 10);
}

/** A file with a 4 at the beginning of each page, or one that is gone. */
static bool read_file(void *context, const struct snap_snapshot *snapshot,
		      uint64_t address, uint8_t *ret, size_t size)
{
	memset(ret, 0, size);
	ret[0] = 4;
	return *(bool *)context;
}

static void test_the_file_says_what_only_one_side_holds(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *a = process("AVX2");
	_cleanup_snapshot_ struct snap_snapshot *b = process("AVX2");
	hold(b, CODE, 0, 4);
	hold(b, CODE + SNAP_PAGE_SIZE, 0, 5);
	bool is_there = true;
	const struct snap_diff_options options = {
		.max_ranges = 100,
		.read_file = read_file,
		.context = &is_there,
	};
	_cleanup_diff_ struct snap_diff it = { 0 };
	assert_ok(snap_diff_make(a, b, &options, &it));
	assert_int_equal(it.memory.nr, 1);
	assert_range(&it, 0, CODE + SNAP_PAGE_SIZE, CODE + SNAP_PAGE_SIZE + 1);

	snap_diff_deinit(&it);
	is_there = false;
	assert_ok(snap_diff_make(a, b, &options, &it));
	assert_int_equal(it.memory.nr, 1);
	assert_range(&it, 0, CODE, CODE + 2 * SNAP_PAGE_SIZE);
	assert_true(it.memory.list[0].is_unknown);

	// Nor is anything known where nobody can read files.
	_cleanup_diff_ struct snap_diff blind = diff(a, b);
	assert_true(blind.memory.list[0].is_unknown);
}

static void test_bytes_of_others_are_not_compared(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *a = process("AVX2");
	_cleanup_snapshot_ struct snap_snapshot *b = process("AVX2");
	for (size_t i = 0; i < 2; i++) {
		hold(a, HEAP + i * SNAP_PAGE_SIZE, 0, 0);
		hold(b, HEAP + i * SNAP_PAGE_SIZE, 0, 0);
	}
	memset(held_at(a, HEAP + 16), 1, 16);
	memset(held_at(a, HEAP + SNAP_PAGE_SIZE - 4), 1, 8);
	const struct snap_range skips[] = {
		{ HEAP + 18, 10 },
		{ HEAP + SNAP_PAGE_SIZE - 4, 8 },
	};
	const struct snap_diff_options options = { .max_ranges = 9,
						   .skips = skips,
						   .nr_skips = 2 };
	_cleanup_diff_ struct snap_diff it = { 0 };
	assert_ok(snap_diff_make(a, b, &options, &it));
	assert_int_equal(it.memory.nr, 2);
	assert_range(&it, 0, HEAP + 16, HEAP + 18);
	assert_range(&it, 1, HEAP + 28, HEAP + 32);
}

static void test_more_ranges_than_wanted_are_counted(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *a = process("AVX2");
	_cleanup_snapshot_ struct snap_snapshot *b = process("AVX2");
	hold(a, HEAP, 0, 0);
	hold(b, HEAP, 0, 0);
	for (size_t at = 0; at < SNAP_PAGE_SIZE; at += 64)
		memset(held_at(a, HEAP + at), 1, 2);
	const struct snap_diff_options options = { .max_ranges = 3 };
	_cleanup_diff_ struct snap_diff it = { 0 };
	assert_ok(snap_diff_make(a, b, &options, &it));
	assert_int_equal(it.memory.nr, 3);
	assert_int_equal(it.memory.nr_all, 64);
	assert_int_equal(it.memory.bytes_all, 128);
}

static bool has_register(const struct snap_diff *diff, const char *name)
{
	for (size_t i = 0; i < diff->nr_registers; i++)
		if (!strcmp(diff->registers[i].name, name))
			return true;
	return false;
}

static void test_registers_are_told_once_by_their_widest_name(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *a = process("AVX-512");
	_cleanup_snapshot_ struct snap_snapshot *b = process("AVX-512");
	b->threads[0].regsets[0].data[80] ^= 1;
	b->threads[0].regsets[SNAP_X86_64_XSTATE].data[X86_XMM] ^= 1;
	_cleanup_diff_ struct snap_diff it = diff(a, b);
	assert_int_equal(it.nr_registers, 2);
	assert_true(has_register(&it, "rax"));
	assert_true(has_register(&it, "zmm0"));
	assert_non_null(it.registers[0].desc);
	assert_ptr_equal(it.registers[0].a, &a->threads[0]);
	assert_ptr_equal(it.registers[0].b, &b->threads[0]);
}

static void test_a_register_of_another_machine_is_read_where_that_has_it(void **state)
{
	// The protection keys lie elsewhere, and hold the same.
	_cleanup_snapshot_ struct snap_snapshot *a = process("AVX-512");
	_cleanup_snapshot_ struct snap_snapshot *b = process("Zen 4");
	assert_ok(snap_snapshot_set_text(&b->identity.boot_id, "another"));
	uint8_t *of_a = a->threads[0].regsets[SNAP_X86_64_XSTATE].data + 2688;
	uint8_t *of_b = b->threads[0].regsets[SNAP_X86_64_XSTATE].data + 2432;
	memcpy(of_b, of_a, 8);
	_cleanup_diff_ struct snap_diff same = diff(a, b);
	assert_false(has_register(&same, "pkru"));
	assert_int_equal(same.nr_notes, 1);

	of_b[0] ^= 1;
	_cleanup_diff_ struct snap_diff other = diff(a, b);
	assert_true(has_register(&other, "pkru"));
}

static void test_registers_of_other_architectures_are_not_compared(void **state)
{
	static const struct snap_arch alien = { .name = "alien" };
	_cleanup_snapshot_ struct snap_snapshot *a = process("AVX2");
	_cleanup_snapshot_ struct snap_snapshot *b = process("AVX2");
	b->arch = &alien;
	_cleanup_diff_ struct snap_diff it = diff(a, b);
	assert_int_equal(it.nr_registers, 0);
	assert_int_equal(it.nr_notes, 1);
	assert_non_null(strstr(it.notes[0], "alien"));
}

static void test_threads_are_new_gone_or_changed(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *a = process("AVX2");
	_cleanup_snapshot_ struct snap_snapshot *b = process("AVX2");
	b->threads[0].sigmask ^= 1;
	b->nr_threads = 2;
	b->threads[1].tid = 102;
	_cleanup_diff_ struct snap_diff grown = diff(a, b);
	assert_int_equal(grown.nr_threads, 2);
	assert_int_equal(grown.threads[0].changed, SNAP_THREAD_SIGMASK);
	assert_null(grown.threads[1].a);
	assert_int_equal(grown.threads[1].b->tid, 102);
	assert_false(snap_diff_is_empty(&grown));
	// What a new thread has of its own goes without saying.
	assert_false(snap_diff_shows_step(&grown, &(struct snap_step){ .tid = 102 }));
	assert_true(snap_diff_shows_step(&grown, &(struct snap_step){ .tid = 100 }));
	assert_true(snap_diff_shows_step(&grown, &(struct snap_step){ .tid = 0 }));

	// A number that was given again is of another thread.
	b->nr_threads = 1;
	b->threads[0].start_time++;
	_cleanup_diff_ struct snap_diff replaced = diff(a, b);
	assert_int_equal(replaced.nr_threads, 2);
	assert_null(replaced.threads[0].b);
	assert_null(replaced.threads[1].a);
}

static void test_threads_of_two_processes_go_by_their_order(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *a = process("AVX2");
	_cleanup_snapshot_ struct snap_snapshot *b = process("AVX2");
	b->identity.pid = 200;
	b->threads[0].tid = 200;
	b->threads[0].regsets[0].data[80] ^= 1;
	_cleanup_diff_ struct snap_diff it = diff(a, b);
	assert_int_equal(it.nr_threads, 1);
	assert_true(has_register(&it, "rax"));
	assert_int_equal(it.nr_notes, 1);
	assert_non_null(strstr(it.notes[0], "100 and 200"));
	// Steps are about the thread of a number, which is another one there.
	assert_false(snap_diff_shows_step(&it, &(struct snap_step){ .tid = 100 }));
}

static void test_mappings_are_steps_and_their_contents_no_ranges(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *a = process("AVX2");
	_cleanup_snapshot_ struct snap_snapshot *b = process("AVX2");
	add_vma(b, 0x30000000, 0, "");
	hold(b, 0x30000000, 0, 1);
	_cleanup_diff_ struct snap_diff it = diff(a, b);
	assert_int_equal(it.plan.nr_steps, 1);
	assert_int_equal(it.plan.steps[0].kind, SNAP_STEP_UNMAP);
	assert_int_equal(it.memory.nr_all, 0);
	assert_false(snap_diff_is_empty(&it));
}

static void test_what_a_restore_refuses_is_a_difference_like_others(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *a = process("AVX2");
	_cleanup_snapshot_ struct snap_snapshot *b = process("AVX2");
	add_vma(b, 0x30000000, 0, "");
	b->vmas.list[2].flags = SNAP_VMA_SEALED;
	add_vma(a, 0x40000000, 0, "[uprobes]");
	_cleanup_diff_ struct snap_diff it = diff(a, b);
	assert_int_equal(it.plan.nr_steps, 2);
	assert_int_equal(it.plan.nr_refusals, 2);
	assert_non_null(strstr(it.plan.refusals[0], "sealed"));
}

static bool stop_at_once(void *context, const char *phase, uint64_t done,
			 uint64_t total)
{
	assert_true(done <= total);
	++*(int *)context;
	return false;
}

static void test_a_comparison_can_be_interrupted(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *a = process("AVX2");
	_cleanup_snapshot_ struct snap_snapshot *b = process("AVX2");
	hold(a, HEAP, 0, 1);
	hold(a, CODE, 0, 1);
	int calls = 0;
	const struct snap_progress progress = { stop_at_once, &calls };
	const struct snap_diff_options options = { .progress = &progress };
	struct snap_diff it;
	assert_error(snap_diff_make(a, b, &options, &it), INTERRUPTED);
	assert_int_equal(calls, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_the_same_is_no_difference),
		cmocka_unit_test(test_bytes_that_differ_are_ranges_to_the_byte),
		cmocka_unit_test(test_a_range_goes_on_over_pages_and_extents),
		cmocka_unit_test(test_anonymous_memory_that_is_not_held_is_zero),
		cmocka_unit_test(test_the_file_says_what_only_one_side_holds),
		cmocka_unit_test(test_bytes_of_others_are_not_compared),
		cmocka_unit_test(test_more_ranges_than_wanted_are_counted),
		cmocka_unit_test(test_registers_are_told_once_by_their_widest_name),
		cmocka_unit_test(
			test_a_register_of_another_machine_is_read_where_that_has_it),
		cmocka_unit_test(
			test_registers_of_other_architectures_are_not_compared),
		cmocka_unit_test(test_threads_are_new_gone_or_changed),
		cmocka_unit_test(test_threads_of_two_processes_go_by_their_order),
		cmocka_unit_test(test_mappings_are_steps_and_their_contents_no_ranges),
		cmocka_unit_test(
			test_what_a_restore_refuses_is_a_difference_like_others),
		cmocka_unit_test(test_a_comparison_can_be_interrupted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
