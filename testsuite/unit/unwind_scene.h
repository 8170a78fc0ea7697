/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TESTSUITE_UNWIND_SCENE_H
#define SNAP_TESTSUITE_UNWIND_SCENE_H

#include "core/model/snapshot.h"
#include "core/unwind/unwind.h"
#include "testsuite/unit/stopped_child.h"

#define UNWIND_TARGET "testsuite/unit/unwind_target"

/** The threads of testsuite/unit/unwind_target.c. */
#define UNWIND_NR_THREADS 5

/** The target program, all threads waiting, with a snapshot of it. */
struct unwind_scene {
	struct stopped_child child;
	struct snap_snapshot *snapshot;
	/** NULL until unwind_scene_walk(). */
	struct snap_backtrace *backtraces;
};

/** Run the program and take the snapshot. */
void unwind_scene_open(struct unwind_scene *scene, const char *path);
/** The second half: take the snapshot of a child that was started. */
void unwind_scene_capture(struct unwind_scene *scene);
void unwind_scene_close(struct unwind_scene *scene);
#define _cleanup_scene_ _cleanup_(unwind_scene_close)

/** Take the backtraces of the snapshot, as it is now. */
void unwind_scene_walk(struct unwind_scene *scene);

/** The backtrace of the thread of a name, and the thread. */
const struct snap_backtrace *unwind_scene_find(const struct unwind_scene *scene,
					       const char *comm);
struct snap_thread *unwind_scene_thread(const struct unwind_scene *scene,
					const char *comm);

/** Change a register of a thread's general set; skips the test on other CPUs. */
void unwind_scene_set_register(const struct unwind_scene *scene,
			       struct snap_thread *thread, const char *name,
			       uint64_t value);

/** The first frame in a function, or NULL. */
const struct snap_frame *unwind_scene_frame(const struct snap_backtrace *backtrace,
					    const char *function);

/** Fail the test unless all threads have the target's functions in their order. */
void assert_target_functions(const struct unwind_scene *scene);

/** Fail the test unless third() is at the line that the target says. */
void assert_marked_line(const struct unwind_scene *scene);

#endif
