// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Where threads wait for the end of another is guessed from what a C library keeps:
 * their numbers, as far from their thread pointers, beside whatever else is there.
 */
#include "core/foreign/tid_address.h"

#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "testsuite/unit/sample.h"

enum {
	NR_THREADS = 4,
	FIRST_TID = 4711,
};

/** Threads with memory around their thread pointers. */
struct scene {
	struct snap_snapshot *snapshot;
	uint64_t pointers[NR_THREADS];
};

static int compare(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;
	return (*left > *right) - (*left < *right);
}

/** Two pages below a thread pointer, and two above it. */
static void hold_memory(const struct scene *scene)
{
	uint64_t sorted[NR_THREADS];
	memcpy(sorted, scene->pointers, sizeof(sorted));
	qsort(sorted, NR_THREADS, sizeof(*sorted), compare);
	for (size_t i = 0; i < NR_THREADS; i++) {
		uint8_t *bytes;
		uint64_t page = sorted[i] & ~(uint64_t)(SNAP_PAGE_SIZE - 1);
		assert_ok(snap_memory_append(&scene->snapshot->memory,
					     page - 2 * SNAP_PAGE_SIZE,
					     4 * SNAP_PAGE_SIZE, &bytes));
	}
}

/** A thread whose pointer has room on both sides, and does so far from others. */
static void make_thread(struct scene *scene, size_t index, struct sample_random *random)
{
	struct snap_snapshot *snapshot = scene->snapshot;
	const struct samples *samples = sample_of(snapshot->arch);
	struct snap_thread *thread = &snapshot->threads[index];
	uint64_t *pointer = &scene->pointers[index];
	for (;;) {
		bool fits = false;
		samples->thread(random, &snapshot->cpu, thread);
		if (snap_arch_read_thread_pointer(snapshot->arch, &snapshot->cpu,
						  thread, pointer)) {
			*pointer &= ~(uint64_t)3;
			fits = *pointer > 1 << 20 && *pointer < UINT64_MAX - (1 << 20);
		}
		for (size_t i = 0; i < index && fits; i++)
			fits = scene->pointers[i] >> 20 != *pointer >> 20 &&
			       (scene->pointers[i] >> 20) + 1 != *pointer >> 20 &&
			       scene->pointers[i] >> 20 != (*pointer >> 20) + 1;
		if (fits)
			break;
		snap_thread_deinit(thread);
	}
	thread->tid = FIRST_TID + (pid_t)index;
	thread->tid_address = 0;
	thread->members &= ~(uint32_t)SNAP_THREAD_TID_ADDRESS;
}

static struct scene make_scene(const struct snap_arch *arch)
{
	struct scene scene = { 0 };
	struct sample_random random = { 1 };
	assert_ok(snap_snapshot_create(&scene.snapshot));
	scene.snapshot->arch = arch;
	sample_of(arch)->cpu(0, &scene.snapshot->cpu);
	scene.snapshot->threads = calloc(NR_THREADS, sizeof(struct snap_thread));
	assert_non_null(scene.snapshot->threads);
	scene.snapshot->nr_threads = NR_THREADS;
	for (size_t i = 0; i < NR_THREADS; i++)
		make_thread(&scene, i, &random);
	hold_memory(&scene);
	return scene;
}

static void write_tid(const struct scene *scene, size_t index, int64_t distance)
{
	uint32_t tid = FIRST_TID + (uint32_t)index;
	assert_ok(snap_memory_write(&scene->snapshot->memory,
				    scene->pointers[index] + (uint64_t)distance, &tid,
				    sizeof(tid)));
}

/** A distance of 0 stands for no guess. */
static void check_guess(const struct scene *scene, size_t index, int64_t distance)
{
	const struct snap_thread *thread = &scene->snapshot->threads[index];
	assert_int_equal(snap_thread_has(thread, SNAP_THREAD_TID_ADDRESS), !!distance);
	assert_int_equal(thread->tid_address,
			 distance ? scene->pointers[index] + (uint64_t)distance : 0);
}

static void test_the_only_word_with_the_number_is_it(void **state)
{
	for_each_arch(arch)
	{
		// GIVEN threads, each with its number in a place of its own, the last
		// with none
		struct scene scene = make_scene(*arch);
		_cleanup_snapshot_ struct snap_snapshot *snapshot = scene.snapshot;
		write_tid(&scene, 0, -4096);
		write_tid(&scene, 1, 4092);
		write_tid(&scene, 2, 16);

		// WHEN it is guessed
		assert_ok(snap_foreign_guess_tid_addresses(snapshot));

		// THEN these places are found
		check_guess(&scene, 0, -4096);
		check_guess(&scene, 1, 4092);
		check_guess(&scene, 2, 16);
		check_guess(&scene, 3, 0);
	}
}

static void test_the_place_that_most_threads_share_is_it(void **state)
{
	for_each_arch(arch)
	{
		// GIVEN threads with their numbers in the same place, and some on the
		// stack as well
		struct scene scene = make_scene(*arch);
		_cleanup_snapshot_ struct snap_snapshot *snapshot = scene.snapshot;
		for (size_t i = 0; i < NR_THREADS; i++)
			write_tid(&scene, i, 720);
		write_tid(&scene, 1, -1000);
		write_tid(&scene, 2, -1000);
		write_tid(&scene, 2, -64);
		write_tid(&scene, 3, 1024);

		// WHEN it is guessed
		assert_ok(snap_foreign_guess_tid_addresses(snapshot));

		// THEN it is the place that all have
		for (size_t i = 0; i < NR_THREADS; i++)
			check_guess(&scene, i, 720);
	}
}

static void test_of_two_places_none_is_guessed(void **state)
{
	for_each_arch(arch)
	{
		// GIVEN a thread with its number in two places, that no other shares
		struct scene scene = make_scene(*arch);
		_cleanup_snapshot_ struct snap_snapshot *snapshot = scene.snapshot;
		write_tid(&scene, 0, 720);
		write_tid(&scene, 0, -64);
		write_tid(&scene, 1, 100);

		// WHEN it is guessed
		assert_ok(snap_foreign_guess_tid_addresses(snapshot));

		// THEN nothing is, of this thread
		check_guess(&scene, 0, 0);
		check_guess(&scene, 1, 100);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_only_word_with_the_number_is_it),
		cmocka_unit_test(test_the_place_that_most_threads_share_is_it),
		cmocka_unit_test(test_of_two_places_none_is_guessed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
