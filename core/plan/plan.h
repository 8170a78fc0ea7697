#ifndef SNAP_PLAN_PLAN_H
#define SNAP_PLAN_PLAN_H

#include "core/model/snapshot.h"

/**
 * @file
 * What has to be done to a live process to make it what a snapshot says, as a value:
 * computed from two models, validated, printed, and only then executed.
 */

enum snap_step_kind {
#define SNAP_STEP(kind, verb, why) SNAP_STEP_##kind,
#include "core/plan/steps.def"
#undef SNAP_STEP
	SNAP_NR_STEP_KINDS,
};

/** One step on the mappings. */
struct snap_step {
	enum snap_step_kind kind;
	/** The range it is about; with BRK: the heap's end now, and as it shall be. */
	uint64_t start;
	uint64_t end;
	/** PARK: where it is put until the restore is certain. */
	uint64_t parking;
	/**
	 * The mapping as it is (PARK), or as it shall be (MAP, PROTECT). Not owned: of
	 * one of the two models.
	 */
	const struct snap_vma *vma;
	/** PROTECT: what it is now. */
	uint32_t old_prot;
};

struct snap_plan {
	/** Not owned. */
	const struct snap_snapshot *image;
	const struct snap_snapshot *live;
	/** In the order of their kinds. */
	struct snap_step *steps;
	size_t nr_steps;
	/**
	 * A range that is free now and shall be afterwards: room for the frames, and
	 * behind it for what is parked.
	 */
	uint64_t arena;
	uint64_t arena_size;
	/** The part of it that the frames have. */
	uint64_t scratch_size;
};

void snap_plan_deinit(struct snap_plan *plan);
#define _cleanup_plan_ _cleanup_(snap_plan_deinit)

/**
 * Compare and plan. Touches nothing; SNAP_ERROR_REFUSED says what cannot be put back.
 *
 * @param image,live Live as snap_capture_process() reads it. They outlive the plan.
 * @param scratch_size Room for frames, whole pages.
 */
_must_check_ snap_err snap_plan_make(const struct snap_snapshot *image,
				     const struct snap_snapshot *live,
				     size_t scratch_size, struct snap_plan *ret);

/** Append a step; only remap.c and tests do. */
_must_check_ snap_err snap_plan_add(struct snap_plan *plan,
				    const struct snap_step *step);

#endif
