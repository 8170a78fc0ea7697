// SPDX-License-Identifier: GPL-3.0-or-later
#include "testsuite/unit/track_scene.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/mman.h>

#include "core/tracee/memory.h"
#include "testsuite/unit/unit.h"

#define WAITING (UINT64_C(1) << (SIGUSR1 - 1))

static void wait_for_step(struct scene *scene)
{
	int signal;
	bool has_ended;
	assert_ok(snap_tracer_run_until(scene->tracer, WAITING, NULL, &signal,
					&has_ended));
	assert_false(has_ended);
	assert_int_equal(signal, SIGUSR1);
}

void scene_init(struct scene *scene)
{
	*scene = (struct scene){ .tracker = { .uffd = -1 } };
	scene->page_size = (size_t)sysconf(_SC_PAGESIZE);
	int fd = memfd_create("board", MFD_CLOEXEC);
	assert_int_equal(ftruncate(fd, (off_t)scene->page_size), 0);
	assert_int_equal(dup2(fd, TRACK_BOARD_FD), TRACK_BOARD_FD);
	scene->board =
		mmap(NULL, scene->page_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(scene->board != MAP_FAILED);
	close(fd);
	char path[] = "testsuite/unit/track_target";
	assert_ok(snap_tracer_spawn((char *[]){ path, NULL }, 0, &scene->tracer));
	assert_ok(snap_tracee_init(&scene->tracee, snap_tracer_pid(scene->tracer), 0));
	wait_for_step(scene);
}

void scene_deinit(struct scene *scene)
{
	snap_tracker_deinit(&scene->tracker);
	snap_tracee_deinit(&scene->tracee);
	snap_vmas_deinit(&scene->vmas);
	snap_ranges_deinit(&scene->changed);
	snap_ranges_deinit(&scene->there);
	if (scene->tracer)
		assert_ok(snap_tracer_kill(scene->tracer));
	snap_tracer_destroy(scene->tracer);
	munmap(scene->board, scene->page_size);
	close(TRACK_BOARD_FD);
}

void scene_do(struct scene *scene, enum track_order order, size_t page)
{
	scene->board->order = order;
	scene->board->address = scene_page(scene, page);
	wait_for_step(scene);
}

struct snap_snapshot *scene_capture(struct scene *scene)
{
	struct snap_snapshot *process;
	assert_ok(snap_snapshot_create(&process));
	assert_ok(snap_capture_process(&scene->tracee, 0, process));
	return process;
}

void scene_track(struct scene *scene, unsigned int wanted)
{
	_cleanup_snapshot_ struct snap_snapshot *process = scene_capture(scene);
	snap_tracker_deinit(&scene->tracker);
	assert_ok(snap_tracker_start(&scene->tracee, process, wanted, &scene->tracker));
	scene_look(scene);
	scene_mark(scene);
}

void scene_need(struct scene *scene, enum snap_rung rung)
{
	if (scene->tracker.rung == rung)
		return;
	// No scope guard sees a skipped test.
	scene_deinit(scene);
	skip();
}

void scene_look(struct scene *scene)
{
	snap_vmas_deinit(&scene->vmas);
	snap_ranges_deinit(&scene->changed);
	snap_tracker_use(&scene->tracker, &scene->tracee);
	scene->tracee.tells_guards = scene->is_told_of_guards;
	assert_ok(snap_tracee_read_vmas(&scene->tracee, &scene->vmas));
	assert_ok(snap_tracker_changed(&scene->tracker, &scene->tracee, &scene->vmas,
				       &scene->tracee.told, &scene->changed));
}

void scene_mark(struct scene *scene)
{
	snap_ranges_deinit(&scene->there);
	assert_ok(snap_tracker_mark(&scene->tracker, &scene->tracee, &scene->vmas,
				    &scene->changed, &scene->there));
}

/** Pages that have changed and do, or do not, exist. */
static void find_existing(struct scene *scene, bool exist, struct snap_ranges *ret)
{
	for (size_t i = 0; i < scene->changed.nr; i++) {
		const struct snap_range *range = &scene->changed.list[i];
		uint64_t at = range->start, entry;
		// The page map does not tell of [vsyscall].
		if (at >> 63)
			return;
		for (; at < range->start + range->size; at += scene->page_size) {
			assert_ok(snap_tracee_read_pagemap(&scene->tracee, at, 1,
							   &entry));
			if (snap_page_exists(entry) == exist)
				assert_ok(snap_ranges_append(ret, at,
							     at + scene->page_size));
		}
	}
}

/** Pages that were told of when it was looked are among those that were taken. */
static void check_taken(struct scene *scene, const struct snap_ranges *taken,
			uint64_t start, uint64_t end)
{
	for (uint64_t at = start; at < end; at += scene->page_size) {
		uint64_t entry;
		if (snap_ranges_cover(taken, at, at + scene->page_size))
			continue;
		const struct snap_vma *vma = snap_vmas_find(&scene->vmas, at);
		assert_ok(snap_tracee_read_pagemap(&scene->tracee, at, 1, &entry));
		fail_msg("%s, seed %#" PRIx64 ": page %#" PRIx64 " of %#" PRIx64
			 "-%#" PRIx64 " %s, whose entry is %#" PRIx64
			 ", had changed when it was looked, not when it was taken",
			 snap_rung_name(scene->tracker.rung), scene->board->seed, at,
			 vma->start, vma->end, vma->name, entry);
	}
}

void scene_take(struct scene *scene)
{
	_cleanup_ranges_ struct snap_ranges holes = { 0 }, pages = { 0 }, taken = { 0 },
					    holes_after = { 0 };
	find_existing(scene, false, &holes);
	find_existing(scene, true, &pages);
	snap_ranges_deinit(&scene->there);
	assert_ok(snap_tracker_take(&scene->tracker, &scene->tracee, &scene->vmas,
				    &holes, &taken, &scene->there));
	for (size_t i = 0; i < pages.nr; i++)
		check_taken(scene, &taken, pages.list[i].start,
			    pages.list[i].start + pages.list[i].size);
	find_existing(scene, false, &holes_after);
	assert_int_equal(holes_after.nr, holes.nr);
	for (size_t i = 0; i < holes.nr; i++)
		assert_memory_equal(&holes_after.list[i], &holes.list[i],
				    sizeof(*holes.list));
}

bool scene_has(const struct scene *scene, uint64_t address)
{
	const struct snap_range *range =
		snap_ranges_find_from(&scene->changed, address);
	return range && range->start <= address;
}

size_t scene_count_there(struct scene *scene, uint64_t start, uint64_t size)
{
	size_t nr = 0;
	for (uint64_t at = start; at < start + size; at += scene->page_size) {
		uint64_t entry;
		assert_ok(snap_tracee_read_pagemap(&scene->tracee, at, 1, &entry));
		bool is_own = entry & (SNAP_PAGE_SWAPPED | SNAP_PAGE_EXCLUSIVE);
		nr += is_own && scene_has(scene, at);
	}
	return nr;
}

size_t scene_count(const struct scene *scene, uint64_t start, uint64_t size)
{
	size_t nr = 0;
	for (uint64_t at = start; at < start + size; at += scene->page_size)
		nr += scene_has(scene, at);
	return nr;
}
