/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TESTSUITE_TRACK_SCENE_H
#define SNAP_TESTSUITE_TRACK_SCENE_H

#include "core/capture/memory.h"
#include "core/capture/process.h"
#include "core/tracee/mappings.h"
#include "core/tracee/proc.h"
#include "core/tracee/tracer.h"
#include "core/track/tracker.h"
#include "testsuite/unit/track_board.h"

/** track_target, stopped between two steps, and a tracker of it. */
struct scene {
	struct track_board *board;
	struct snap_tracer *tracer;
	struct snap_tracee tracee;
	struct snap_tracker tracker;
	/** Of the moment of the last look. */
	struct snap_vmas vmas;
	struct snap_ranges changed;
	/** What the last mark has told. */
	struct snap_ranges there;
	size_t page_size;
	/** Whether mappings with guards are found by their flag. */
	bool is_told_of_guards;
};

/** Start it; the tracker is not. */
void scene_init(struct scene *scene);
void scene_deinit(struct scene *scene);
#define _cleanup_scene_ _cleanup_(scene_deinit)

/** Let it do one step: `address` is that of a page of the area. */
void scene_do(struct scene *scene, enum track_order order, size_t page);

/** Read the live process, as a save does. */
struct snap_snapshot *scene_capture(struct scene *scene);

/** Start the tracker, on one of the rungs that are wanted, and mark. */
void scene_track(struct scene *scene, unsigned int wanted);

/** Skip the test where the scene is not tracked in this way: it cannot be here. */
void scene_need(struct scene *scene, enum snap_rung rung);

/** Look at the mappings, and ask what has changed; then mark again. */
void scene_look(struct scene *scene);
void scene_mark(struct scene *scene);

/** In place of the mark, after a look: ask and mark in one. No page may come of it. */
void scene_take(struct scene *scene);

/** Whether a page is among those that have changed. */
bool scene_has(const struct scene *scene, uint64_t address);

/** How many pages of some memory are. */
size_t scene_count(const struct scene *scene, uint64_t start, uint64_t size);

/** How many of them are own pages: others, and holes, may always be told of. */
size_t scene_count_there(struct scene *scene, uint64_t start, uint64_t size);

static inline uint64_t scene_page(const struct scene *scene, size_t page)
{
	return scene->board->area + page * scene->page_size;
}

#endif
