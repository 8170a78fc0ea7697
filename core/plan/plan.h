/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_PLAN_PLAN_H
#define SNAP_PLAN_PLAN_H

#include "core/base/notes.h"
#include "core/model/snapshot.h"

/**
 * @file
 * What has to be done to a live process to make it what a snapshot says, as a value:
 * computed from two models, validated, printed, and only then executed.
 */

enum snap_step_kind {
#define SNAP_STEP(kind, phase, family, describe, run, verb, why, event) \
	SNAP_STEP_##kind,
#include "core/plan/steps.def"
#undef SNAP_STEP
	SNAP_NR_STEP_KINDS,
};

/** When a step is done. */
enum snap_phase {
	/** Before the restore proper, which then is planned anew. */
	SNAP_IN_ADVANCE,
	SNAP_BEFORE_MEMORY,
	SNAP_AFTER_MEMORY,
	/** All memory has been read back: what runs on by itself is started now. */
	SNAP_BEFORE_LANDING,
	/** Everything else has succeeded: what cannot be undone is done now. */
	SNAP_AT_COMMIT,
	/**
	 * There is no way back any more, and no room: the step is tried again when it
	 * fails, and must do what is left then.
	 */
	SNAP_FINALLY,
};

/** What a step is about, for a person. */
enum snap_family {
	SNAP_FAMILY_MAPPINGS,
	SNAP_FAMILY_SIGNALS,
	SNAP_FAMILY_TIMERS,
	SNAP_FAMILY_FILES,
	SNAP_FAMILY_THREADS,
	/** What is left: folder, limits, priorities, names. */
	SNAP_FAMILY_PROCESS,
	SNAP_NR_FAMILIES,
};

/** Which number a thread gets that is started. */
enum snap_tid_choice {
	SNAP_TID_IS_WANTED,
	/** Another one where that is in use. */
	SNAP_TID_IS_PREFERRED,
	SNAP_TID_IS_ANY,
};

/** One thing that is done. Which members have a meaning depends on its kind. */
struct snap_step {
	enum snap_step_kind kind;

	/** The thread it is about; 0: the whole process. */
	pid_t tid;
	/** What it is about, by its number: a signal, a timer, a descriptor.
	 * START_THREAD: enum snap_tid_choice. */
	int number;
	/**
	 * The thing as it shall be and as it is, of the type that the kind says; not
	 * owned: of the two models. NULL: it shall not be there, it is not there.
	 */
	const void *wanted;
	const void *is;

	/** Mappings: the range; with BRK the heap's end now, and as it shall be. */
	uint64_t start;
	uint64_t end;
	/**
	 * PARK: where it is put until the restore is certain. SHARE: where the process
	 * has the same memory when the step is done.
	 */
	uint64_t parking;
	/**
	 * The mapping as it shall be, or what has to go (PARK, UNMAP). Not owned: of
	 * one of the two models. `is` is the mapping as it is; NULL where the plan
	 * makes it. ADVISE: `number` is the row of snap_advice[].
	 */
	const struct snap_vma *vma;
};

struct snap_plan {
	/**
	 * Not owned. Each thread of the image is in `live`, but in a comparison: the
	 * last nr_foreseen are those that are to be started again.
	 */
	const struct snap_snapshot *image;
	const struct snap_snapshot *live;
	/** NULL, or what `live` is then (plan/threads.h). */
	struct snap_snapshot *foreseen;
	size_t nr_foreseen;
	/** In the order of their kinds. */
	struct snap_step *steps;
	size_t nr_steps;
	/**
	 * A range that is free now and shall be afterwards: room for the frames, and
	 * behind it places for what is parked.
	 */
	uint64_t arena;
	uint64_t arena_size;
	/** The part of it that system calls and frames have: a room (inject/room.h). */
	uint64_t room_size;

	/**
	 * For a person who wants to know what differs: nothing is refused, and threads
	 * may be missing on either side.
	 */
	bool is_comparison;
	/** Why a restore would be refused: sentences, each owned. */
	char **refusals;
	size_t nr_refusals;
	/** What a new process cannot be given: sentences. */
	struct snap_notes losses;
};

/** The phase of a kind of step. */
enum snap_phase snap_step_phase(enum snap_step_kind kind);

/** The family of a kind of step. */
enum snap_family snap_step_family(enum snap_step_kind kind);

void snap_plan_deinit(struct snap_plan *plan);
#define _cleanup_plan_ _cleanup_(snap_plan_deinit)

/**
 * Compare and plan. Touches nothing; SNAP_ERROR_REFUSED says what cannot be put back.
 *
 * @param image,live Live as snap_capture_process() reads it. They outlive the plan.
 * @param room_size For system calls and frames, whole pages.
 */
_must_check_ snap_err snap_plan_make(const struct snap_snapshot *image,
				     const struct snap_snapshot *live, size_t room_size,
				     struct snap_plan *ret);

/**
 * The same steps for two snapshots of whatever processes, to be read and not to be
 * executed: no arena, and what snap_plan_make() refuses stands among the refusals.
 */
_must_check_ snap_err snap_plan_compare(const struct snap_snapshot *image,
					const struct snap_snapshot *live,
					struct snap_plan *ret);

/**
 * Something cannot be put back. Ends the making of a plan; a comparison notes it and
 * goes on: SNAP_TRY(snap_plan_refuse(plan, error)), and the step that shows what it is
 * about is added as if it could be done.
 *
 * @param error Consumed. Kinds other than SNAP_ERROR_REFUSED are returned as they are;
 *	SNAP_OK may be passed.
 */
_must_check_ snap_err snap_plan_refuse(struct snap_plan *plan, snap_err error);

/** Append a step. */
_must_check_ snap_err snap_plan_add(struct snap_plan *plan,
				    const struct snap_step *step);

#endif
