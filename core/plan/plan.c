// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/plan/plan.h"

#include <inttypes.h>
#include <string.h>

#include "core/plan/files.h"
#include "core/plan/gap.h"
#include "core/plan/process.h"
#include "core/plan/remap.h"
#include "core/plan/signals.h"
#include "core/plan/threads.h"
#include "core/plan/timers.h"

void snap_plan_deinit(struct snap_plan *plan)
{
	free(plan->steps);
	for (size_t i = 0; i < plan->nr_refusals; i++)
		free(plan->refusals[i]);
	free(plan->refusals);
	snap_foreseen_destroy(plan->foreseen);
	snap_notes_deinit(&plan->losses);
	*plan = (struct snap_plan){ 0 };
}

snap_err snap_plan_add(struct snap_plan *plan, const struct snap_step *step)
{
	size_t nr = plan->nr_steps;
	if (!(nr & (nr - 1))) {
		struct snap_step *steps =
			reallocarray(plan->steps, nr ? nr * 2 : 1, sizeof(*steps));
		if (!steps)
			return &snap_enomem;
		plan->steps = steps;
	}
	plan->steps[plan->nr_steps++] = *step;
	return SNAP_OK;
}

static snap_err note_refusal(struct snap_plan *plan, const char *message)
{
	char **refusals =
		reallocarray(plan->refusals, plan->nr_refusals + 1, sizeof(*refusals));
	if (!refusals)
		return &snap_enomem;
	plan->refusals = refusals;
	refusals[plan->nr_refusals] = strdup(message);
	if (!refusals[plan->nr_refusals])
		return &snap_enomem;
	plan->nr_refusals++;
	return SNAP_OK;
}

snap_err snap_plan_refuse(struct snap_plan *plan, snap_err error)
{
	if (!error || !plan->is_comparison || error->kind != SNAP_ERROR_REFUSED)
		return error;
	_cleanup_error_ snap_err guarded = error;
	return note_refusal(plan, guarded->message);
}

enum snap_phase snap_step_phase(enum snap_step_kind kind)
{
	static const enum snap_phase phases[] = {

#define SNAP_STEP(kind, phase, family, describe, run, verb, why, event) SNAP_##phase,
#include "core/plan/steps.def"
#undef SNAP_STEP
	};
	return phases[kind];
}

enum snap_family snap_step_family(enum snap_step_kind kind)
{
	static const enum snap_family of_kind[] = {

#define SNAP_STEP(kind, phase, family, describe, run, verb, why, event) \
	SNAP_FAMILY_##family,
#include "core/plan/steps.def"
#undef SNAP_STEP
	};
	return of_kind[kind];
}

/** Moving whole page tables is fast: addresses that are equal modulo their reach. */
#define PARKING_ALIGNMENT (UINT64_C(2) << 20)

static uint64_t parked_size(const struct snap_plan *plan)
{
	uint64_t size = 0;
	for (size_t i = 0; i < plan->nr_steps; i++)
		if (plan->steps[i].kind == SNAP_STEP_PARK)
			size += plan->steps[i].end - plan->steps[i].start +
				PARKING_ALIGNMENT;
	return size;
}

/** Where something will be that is at `address` now: the steps are sorted. */
static uint64_t find_parked(const struct snap_plan *plan, uint64_t address)
{
	size_t low = 0, high = plan->nr_steps;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct snap_step *step = &plan->steps[middle];
		if (step->kind == SNAP_STEP_PARK && step->start <= address &&
		    address < step->end)
			return step->parking + (address - step->start);
		if (step->kind < SNAP_STEP_PARK ||
		    (step->kind == SNAP_STEP_PARK && step->end <= address))
			low = middle + 1;
		else
			high = middle;
	}
	return address;
}

/** Find room, and give every parked mapping its place there. */
static snap_err place_arena(struct snap_plan *plan)
{
	plan->arena_size = plan->room_size + parked_size(plan);
	SNAP_TRY(snap_find_gap(&plan->image->vmas, &plan->live->vmas,
			       plan->live->page_size, plan->arena_size, &plan->arena));
	uint64_t parking = plan->arena + plan->room_size;
	for (size_t i = 0; i < plan->nr_steps; i++) {
		struct snap_step *step = &plan->steps[i];
		if (step->kind == SNAP_STEP_SHARE)
			step->parking = find_parked(plan, step->parking);
		if (step->kind != SNAP_STEP_PARK)
			continue;
		parking += (step->start - parking) & (PARKING_ALIGNMENT - 1);
		step->parking = parking;
		parking += step->end - step->start;
	}
	return SNAP_OK;
}

static int compare_steps(const void *a, const void *b)
{
	const struct snap_step *left = a, *right = b;
	if (left->kind != right->kind)
		return left->kind < right->kind ? -1 : 1;
	if (left->start != right->start)
		return left->start < right->start ? -1 : 1;
	if (left->tid != right->tid)
		return left->tid < right->tid ? -1 : 1;
	return (left->number > right->number) - (left->number < right->number);
}

/** What may add steps, each about one kind of thing. */
static snap_err (*const families[])(struct snap_plan *plan) = {
	snap_plan_remap,   snap_plan_files,
	snap_plan_timers, // before signals, which look at its steps
	snap_plan_signals, snap_plan_process, snap_plan_threads,
};

static snap_err add_steps(struct snap_plan *plan)
{
	// A family that does not know of comparisons ends with what it refuses.
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(families); i++)
		SNAP_TRY(snap_plan_refuse(plan, families[i](plan)));
	if (plan->nr_steps)
		qsort(plan->steps, plan->nr_steps, sizeof(*plan->steps), compare_steps);
	return SNAP_OK;
}

/** Families find every thread of the image in the live process. */
static snap_err foresee(struct snap_plan *plan)
{
	SNAP_TRY(snap_foresee_threads(plan->image, plan->live, &plan->foreseen));
	if (!plan->foreseen)
		return SNAP_OK;
	plan->nr_foreseen = plan->foreseen->nr_threads - plan->live->nr_threads;
	plan->live = plan->foreseen;
	return SNAP_OK;
}

static snap_err check_page_size(const struct snap_snapshot *image,
				const struct snap_snapshot *live)
{
	if (image->page_size == live->page_size)
		return SNAP_OK;
	return snap_error_create(SNAP_ERROR_REFUSED,
				 "the snapshot is of a machine with pages of %" PRIu64
				 " bytes, and here they have %" PRIu64,
				 image->page_size, live->page_size);
}

snap_err snap_plan_make(const struct snap_snapshot *image,
			const struct snap_snapshot *live, size_t room_size,
			struct snap_plan *ret)
{
	_cleanup_plan_ struct snap_plan plan = {
		.image = image,
		.live = live,
		.room_size = room_size,
	};
	SNAP_TRY(check_page_size(image, live));
	SNAP_TRY(foresee(&plan));
	SNAP_TRY(add_steps(&plan));
	SNAP_TRY(place_arena(&plan));
	*ret = plan;
	plan = (struct snap_plan){ 0 };
	return SNAP_OK;
}

snap_err snap_plan_compare(const struct snap_snapshot *image,
			   const struct snap_snapshot *live, struct snap_plan *ret)
{
	_cleanup_plan_ struct snap_plan plan = {
		.image = image,
		.live = live,
		.is_comparison = true,
	};
	SNAP_TRY(add_steps(&plan));
	*ret = plan;
	plan = (struct snap_plan){ 0 };
	return SNAP_OK;
}
