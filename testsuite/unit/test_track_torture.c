// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A program that does anything to its memory, at random: whatever differs when all is
 * read and compared must have been told of. SNAP_TORTURE_ROUNDS and SNAP_TORTURE_SEED
 * make it longer, and repeat it.
 */
#include "testsuite/unit/track_scene.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/tracee/guards.h"
#include "core/tracee/memory.h"
#include "testsuite/unit/unit.h"

static uint64_t setting(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);
	return text ? strtoull(text, NULL, 0) : otherwise;
}

/** What a snapshot would hold now. */
static void read_all(struct scene *scene, struct snap_memory *ret)
{
	snap_memory_deinit(ret);
	*ret = (struct snap_memory){ 0 };
	const struct snap_changes nothing_known = { 0 };
	assert_ok(snap_capture_memory(&scene->tracee, &scene->vmas, NULL,
				      &nothing_known, NULL, NULL, ret));
}

static void compare_page(const struct scene *scene, const struct snap_vma *vma,
			 uint64_t at, const uint8_t *before, const uint8_t *now,
			 size_t *nr_differ)
{
	if (before && now && !memcmp(before, now, SNAP_PAGE_SIZE))
		return;
	++*nr_differ;
	if (!scene_has(scene, at))
		fail_msg("%s, seed %#" PRIx64 ": page %#" PRIx64 " of %#" PRIx64
			 "-%#" PRIx64 " %s differs (%s, %s) and was not told of",
			 snap_rung_name(scene->tracker.rung), scene->board->seed, at,
			 vma->start, vma->end, vma->name, before ? "held" : "not held",
			 now ? "held" : "not held");
}

/** Every page that differs must have been told of. */
static size_t compare(const struct scene *scene, const struct snap_memory *before,
		      const struct snap_memory *now)
{
	size_t nr_differ = 0;
	for (size_t i = 0; i < scene->vmas.nr; i++) {
		const struct snap_vma *vma = &scene->vmas.list[i];
		for (uint64_t at = vma->start; at < vma->end;) {
			uint64_t held, held_now, step = vma->end - at;
			const uint8_t *a = snap_memory_at(before, at, &held);
			const uint8_t *b = snap_memory_at(now, at, &held_now);
			step = held < step ? held : step;
			step = held_now < step ? held_now : step;
			for (uint64_t page = 0; (a || b) && page < step;
			     page += SNAP_PAGE_SIZE)
				compare_page(scene, vma, at + page, a ? a + page : NULL,
					     b ? b + page : NULL, &nr_differ);
			at += step;
		}
	}
	return nr_differ;
}

/** Where guards are is told by what was written to, and is so. */
static void check_guards(struct scene *scene)
{
	_cleanup_vmas_ struct snap_vmas vmas = { 0 };
	scene->tracee.trusts_writes = scene->tracee.tells_guards = false;
	assert_ok(snap_tracee_read_vmas(&scene->tracee, &vmas));
	assert_int_equal(vmas.nr, scene->vmas.nr);
	for (size_t i = 0; i < vmas.nr; i++) {
		const struct snap_vma *a = &scene->vmas.list[i], *b = &vmas.list[i];
		if (a->start != b->start || a->end != b->end ||
		    (a->flags ^ b->flags) & SNAP_VMA_GUARD)
			fail_msg("seed %#" PRIx64 ": %#" PRIx64 "-%#" PRIx64
				 " was told, and is %#" PRIx64 "-%#" PRIx64,
				 scene->board->seed, a->start, a->end, b->start,
				 b->end);
	}
}

static size_t count_guards(const struct scene *scene)
{
	size_t nr = 0;
	for (size_t i = 0; i < scene->vmas.nr; i++)
		nr += !!(scene->vmas.list[i].flags & SNAP_VMA_GUARD);
	return nr;
}

/** A debugger pokes here and there. */
static void poke(struct scene *scene)
{
	uint64_t at = scene->board->area + scene->board->seed % scene->board->area_size;
	uint8_t byte;
	assert_ok(snap_tracee_read(&scene->tracee, at, &byte, 1));
	byte++;
	assert_ok(snap_tracee_write(&scene->tracee, at, &byte, 1));
}

static void torture(enum snap_rung rung, bool is_careful, uint64_t rounds)
{
	_cleanup_scene_ struct scene scene;
	_cleanup_memory_ struct snap_memory before = { 0 }, now = { 0 };
	size_t nr_differ = 0, nr_told = 0, nr_guards = 0;
	scene_init(&scene);
	scene_track(&scene, SNAP_RUNG_BIT(rung));
	scene_need(&scene, rung);
	scene.tracker.is_careful |= is_careful;
	bool tells_guards;
	assert_ok(snap_kernel_tells_guards(&tells_guards));
	scene.board->seed = setting("SNAP_TORTURE_SEED", 1);
	read_all(&scene, &before);
	for (uint64_t i = 0; i < rounds; i++) {
		scene_do(&scene, TRACK_RANDOM, 0);
		scene.is_told_of_guards = tells_guards && i % 2;
		if (i % 3)
			poke(&scene);
		scene_look(&scene);
		check_guards(&scene);
		nr_guards += count_guards(&scene);
		// Sometimes two steps are told of at once.
		bool marks = i % 5;
		if (marks && i % 2)
			scene_take(&scene);
		else if (marks)
			scene_mark(&scene);
		read_all(&scene, &now);
		nr_differ += compare(&scene, &before, &now);
		nr_told +=
			scene_count(&scene, scene.board->area, scene.board->area_size);
		if (marks) {
			struct snap_memory swap = before;
			before = now;
			now = swap;
		}
	}
	// Kernels before 6.15 do not tell of any.
	print_message("%zu guards were told of\n", nr_guards);
	// It did something, and not all of the area was told of each time.
	assert_true(nr_differ > rounds);
	assert_true(nr_told < rounds * scene.board->area_size / scene.page_size / 4);
}

static void test_userfaultfd_misses_nothing(void **state)
{
	torture(SNAP_RUNG_USERFAULTFD, false, setting("SNAP_TORTURE_ROUNDS", 300));
}

static void test_userfaultfd_asked_carefully_misses_nothing(void **state)
{
	torture(SNAP_RUNG_USERFAULTFD, true, setting("SNAP_TORTURE_ROUNDS", 100));
}

static void test_soft_dirty_misses_nothing(void **state)
{
	torture(SNAP_RUNG_SOFT_DIRTY, false, setting("SNAP_TORTURE_ROUNDS", 100));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_userfaultfd_misses_nothing),
		cmocka_unit_test(test_userfaultfd_asked_carefully_misses_nothing),
		cmocka_unit_test(test_soft_dirty_misses_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
