// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/plan/process.h"

#include <stdio.h>
#include <string.h>

#include "core/plan/explain.h"

/** Of prctl(PR_GET_SPECULATION_CTRL): it may be set, and nobody may any more. */
#define SPEC_PRCTL         1
#define SPEC_FORCE_DISABLE 8

/** Of a thread nothing but what it is called: the same of many is told once. */
static snap_err note_loss(struct snap_plan *plan, const struct snap_step *step)
{
	_cleanup_buffer_ struct snap_buffer what = { 0 };
	if (step->kind == SNAP_STEP_ATTRIBUTE)
		return snap_notes_add(
			&plan->losses,
			"The %s of the new process is not the snapshot's.",
			snap_attributes[step->number].words);
	SNAP_TRY(snap_step_describe(step, &what));
	return snap_notes_add(&plan->losses,
			      "The new process may not be given back: %.*s.",
			      (int)what.size, (const char *)what.data);
}

/** A refusal that a new process need not have; consumed. *ret: it had not. */
static snap_err forgive(struct snap_plan *plan, const struct snap_step *step,
			snap_err refusal, bool *ret)
{
	*ret = refusal && refusal->kind == SNAP_ERROR_REFUSED &&
	       plan->live->state.is_new;
	if (!*ret)
		return snap_plan_refuse(plan, refusal);
	snap_error_destroy(refusal);
	return note_loss(plan, step);
}

static snap_err add(struct snap_plan *plan, const struct snap_step *step,
		    snap_err refusal)
{
	bool is_forgiven;
	SNAP_TRY(forgive(plan, step, refusal, &is_forgiven));
	return is_forgiven ? SNAP_OK : snap_plan_add(plan, step);
}

static snap_err refuse_one_way(const struct snap_step *step)
{
	const char *words = snap_attributes[step->number].words;
	char who[32];
	snprintf(who, sizeof(who), step->tid ? "thread %d" : "the process",
		 (int)step->tid);
	snap_err error = snap_error_create(
		SNAP_ERROR_REFUSED,
		"%s has changed its %s since the snapshot, and there is no way back",
		who, words);
	return snap_error_with_remedy(
		error, "restore a snapshot that was taken after that change");
}

static bool is_speculation(enum snap_attribute attribute)
{
	return attribute == SNAP_ATTRIBUTE_STORE_BYPASS ||
	       attribute == SNAP_ATTRIBUTE_INDIRECT_BRANCH ||
	       attribute == SNAP_ATTRIBUTE_L1D_FLUSH;
}

/** Hardening that nobody can take back, and no program notices. */
static bool is_kept(enum snap_attribute attribute, uint64_t wanted, uint64_t is)
{
	return snap_attributes[attribute].policy == SNAP_ATTRIBUTE_IS_KEEP ||
	       (is_speculation(attribute) &&
		((wanted | is) & SPEC_FORCE_DISABLE || !(wanted & is & SPEC_PRCTL)));
}

static snap_err plan_attribute(struct snap_plan *plan, pid_t tid,
			       enum snap_attribute attribute, const uint64_t *wanted,
			       const uint64_t *is)
{
	enum snap_attribute_policy policy = snap_attributes[attribute].policy;
	bool is_forgiven;
	struct snap_step step = {
		.kind = SNAP_STEP_ATTRIBUTE,
		.tid = tid,
		.number = (int)attribute,
		.wanted = wanted,
		.is = is,
	};
	if (policy == SNAP_ATTRIBUTE_IS_GROUP)
		return SNAP_OK;
	if (is_kept(attribute, *wanted, *is))
		step.kind = SNAP_STEP_KEEP;
	if (policy == SNAP_ATTRIBUTE_IS_ONE_WAY)
		return forgive(plan, &step, refuse_one_way(&step), &is_forgiven);
	return add(plan, &step, snap_check_attribute(plan, &step));
}

static snap_err plan_attributes(struct snap_plan *plan, pid_t tid,
				const struct snap_attribute_values *image,
				const struct snap_attribute_values *live)
{
	for (enum snap_attribute i = 0; i < SNAP_NR_ATTRIBUTES; i++)
		if (snap_attribute_differs(image, live, i))
			SNAP_TRY(plan_attribute(plan, tid, i, &image->list[i],
						&live->list[i]));
	return SNAP_OK;
}

static snap_err plan_limits(struct snap_plan *plan)
{
	const struct snap_process_state *image = &plan->image->state;
	const struct snap_process_state *live = &plan->live->state;
	for (unsigned i = 0; i < image->nr_limits && i < live->nr_limits; i++) {
		const struct snap_limit *wanted = &image->limits[i];
		const struct snap_limit *is = &live->limits[i];
		if (wanted->soft == is->soft && wanted->hard == is->hard)
			continue;
		struct snap_step step = {
			.kind = wanted->soft > is->soft ? SNAP_STEP_LIMIT_UP
							: SNAP_STEP_LIMIT_DOWN,
			.number = (int)i,
			.wanted = wanted,
			.is = is,
		};
		SNAP_TRY(add(plan, &step, snap_check_limit(plan, &step)));
	}
	return SNAP_OK;
}

static snap_err plan_folder(struct snap_plan *plan)
{
	const struct snap_process_state *image = &plan->image->state;
	const struct snap_process_state *live = &plan->live->state;
	if (!image->folder || !live->folder ||
	    !(snap_attribute_differs(&image->attributes, &live->attributes,
				     SNAP_ATTRIBUTE_FOLDER_DEVICE) ||
	      snap_attribute_differs(&image->attributes, &live->attributes,
				     SNAP_ATTRIBUTE_FOLDER_INODE)))
		return SNAP_OK;
	return snap_plan_add(plan, &(struct snap_step){
					   .kind = SNAP_STEP_FOLDER,
					   .wanted = image,
					   .is = live,
				   });
}

/** Another thread at the same number, or nothing captured: nothing to compare. */
static snap_err plan_thread(struct snap_plan *plan, const struct snap_thread *image,
			    const struct snap_thread *live)
{
	struct snap_step step = {
		.tid = image->tid,
		.wanted = &image->state,
		.is = &live->state,
	};
	SNAP_TRY(plan_attributes(plan, image->tid, &image->state.attributes,
				 &live->state.attributes));
	step.kind = SNAP_STEP_PRIVILEGES;
	if (snap_privileges_differ(&image->state, &live->state))
		SNAP_TRY(add(plan, &step, snap_check_privileges(plan, &step)));
	step.kind = SNAP_STEP_SCHEDULING;
	if (snap_scheduling_differs(&image->state, &live->state))
		SNAP_TRY(add(plan, &step, snap_check_scheduling(plan, &step)));
	step.kind = SNAP_STEP_CPUS;
	if (image->state.cpus && live->state.cpus &&
	    strcmp(image->state.cpus, live->state.cpus))
		SNAP_TRY(snap_plan_add(plan, &step));
	if (!strcmp(image->comm, live->comm))
		return SNAP_OK;
	step.kind = SNAP_STEP_THREAD_NAME;
	step.wanted = image->comm;
	step.is = live->comm;
	return snap_plan_add(plan, &step);
}

snap_err snap_plan_process(struct snap_plan *plan)
{
	SNAP_TRY(plan_attributes(plan, 0, &plan->image->state.attributes,
				 &plan->live->state.attributes));
	SNAP_TRY(plan_limits(plan));
	SNAP_TRY(plan_folder(plan));
	for (size_t i = 0; i < plan->image->nr_threads; i++) {
		const struct snap_thread *image = &plan->image->threads[i];
		const struct snap_thread *live =
			snap_snapshot_thread(plan->live, image->tid);
		if (live)
			SNAP_TRY(plan_thread(plan, image, live));
	}
	return SNAP_OK;
}
