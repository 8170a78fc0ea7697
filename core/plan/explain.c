// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/plan/explain.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/base/text.h"

static const struct {
	const char *verb;
	const char *why;
	const char *event;
	snap_err (*describe)(const struct snap_step *step, struct snap_buffer *ret);
} kinds[] = {

#define SNAP_STEP(kind, phase, family, describe, run, verb, why, event) \
	{ verb, why, event, snap_describe_##describe },
#include "core/plan/steps.def"
#undef SNAP_STEP
};

snap_err snap_describe(struct snap_buffer *buffer, const char *format, ...)
{
	va_list values;
	va_start(values, format);
	_cleanup_free_ char *line = NULL;
	int length = vasprintf(&line, format, values);
	va_end(values);
	if (length < 0)
		return &snap_enomem;
	return snap_buffer_append(buffer, line, (size_t)length);
}

snap_err snap_step_describe(const struct snap_step *step, struct snap_buffer *ret)
{
	return kinds[step->kind].describe(step, ret);
}

const char *snap_step_event(enum snap_step_kind kind)
{
	return kinds[kind].event;
}

snap_err snap_describe_path(struct snap_buffer *buffer, const char *path)
{
	return snap_escape(buffer, path);
}

snap_err snap_plan_explain_step(const struct snap_step *step, struct snap_buffer *ret)
{
	SNAP_TRY(snap_describe(ret, "%s ", kinds[step->kind].verb));
	SNAP_TRY(snap_step_describe(step, ret));
	return snap_describe(ret, ": %s", kinds[step->kind].why);
}

snap_err snap_plan_explain(const struct snap_plan *plan, struct snap_buffer *ret)
{
	for (size_t i = 0; i < plan->nr_steps; i++) {
		SNAP_TRY(snap_plan_explain_step(&plan->steps[i], ret));
		SNAP_TRY(snap_describe(ret, "\n"));
	}
	SNAP_TRY(snap_describe(ret, "write memory that differs\n"));
	for (size_t i = 0; i < plan->image->nr_threads; i++) {
		const struct snap_thread *thread = &plan->image->threads[i];
		SNAP_TRY(snap_describe(ret, "land thread %d (", (int)thread->tid));
		SNAP_TRY(snap_describe_path(ret, thread->comm));
		SNAP_TRY(snap_describe(ret, ")\n"));
	}
	return SNAP_OK;
}
