/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_PLAN_EXPLAIN_H
#define SNAP_PLAN_EXPLAIN_H

#include "core/base/buffer.h"
#include "core/plan/plan.h"

/** A plan in words, a line each. */
_must_check_ snap_err snap_plan_explain(const struct snap_plan *plan,
					struct snap_buffer *ret);

/** What a step is about, in words. */
_must_check_ snap_err snap_step_describe(const struct snap_step *step,
					 struct snap_buffer *ret);

/** What has happened that makes the step necessary: "new", "gone". */
const char *snap_step_event(enum snap_step_kind kind);

/** One step in words, without the end of the line. */
_must_check_ snap_err snap_plan_explain_step(const struct snap_step *step,
					     struct snap_buffer *ret);

/** Append words to what is told of a step: for the snap_describe_…() of steps.def. */
_must_check_ _printf_(2, 3) snap_err
	snap_describe(struct snap_buffer *buffer, const char *format, ...);

/** Append a name from outside, its control characters escaped: a path, a thread's name.
 */
_must_check_ snap_err snap_describe_path(struct snap_buffer *buffer, const char *path);

#define SNAP_STEP(kind, phase, family, describe, run, verb, why, event)              \
	_must_check_ snap_err snap_describe_##describe(const struct snap_step *step, \
						       struct snap_buffer *ret);
#include "core/plan/steps.def"
#undef SNAP_STEP

#endif
