// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/plan/diff.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "arch/arch.h"
#include "core/plan/diff_memory.h"
#include "core/plan/diff_threads.h"
#include "core/plan/explain.h"

void snap_diff_deinit(struct snap_diff *diff)
{
	free(diff->threads);
	free(diff->registers);
	free(diff->memory.list);
	snap_plan_deinit(&diff->plan);
	for (size_t i = 0; i < diff->nr_notes; i++)
		free(diff->notes[i]);
	free(diff->notes);
	*diff = (struct snap_diff){ 0 };
}

_must_check_ _printf_(2, 3) static snap_err
	note(struct snap_diff *diff, const char *format, ...)
{
	char **notes = reallocarray(diff->notes, diff->nr_notes + 1, sizeof(*notes));
	if (!notes)
		return &snap_enomem;
	diff->notes = notes;
	va_list values;
	va_start(values, format);
	int length = vasprintf(&notes[diff->nr_notes], format, values);
	va_end(values);
	if (length < 0)
		return &snap_enomem;
	diff->nr_notes++;
	return SNAP_OK;
}

static bool is_same_program(const struct snap_identity *a,
			    const struct snap_identity *b)
{
	if (a->exe_build_id_size || b->exe_build_id_size)
		return a->exe_build_id_size == b->exe_build_id_size &&
		       !memcmp(a->exe_build_id, b->exe_build_id, a->exe_build_id_size);
	return !strcmp(a->exe, b->exe);
}

/** Say what the reader of the rest has to know. */
static snap_err note_what_is_not_comparable(struct snap_diff *diff)
{
	const struct snap_snapshot *a = diff->a, *b = diff->b;
	if (a->arch != b->arch)
		SNAP_TRY(note(diff,
			      "The registers are not compared: they are those of a %s "
			      "and of a %s.",
			      a->arch->name, b->arch->name));
	if (!is_same_program(&a->identity, &b->identity))
		SNAP_TRY(note(diff,
			      "They are of two programs: memory is compared only where "
			      "both have the same file, or memory of no file, at the "
			      "same address."));
	if (!snap_diff_is_same_process(a, b))
		SNAP_TRY(note(diff,
			      "They are of two processes, %d and %d: their threads are "
			      "compared in the order of their numbers.",
			      (int)a->identity.pid, (int)b->identity.pid));
	return SNAP_OK;
}

static snap_err make(struct snap_diff *diff, const struct snap_diff_options *options)
{
	SNAP_TRY(note_what_is_not_comparable(diff));
	SNAP_TRY(snap_diff_pair_threads(diff));
	SNAP_TRY(snap_diff_compare_registers(diff));
	SNAP_TRY(snap_plan_compare(diff->a, diff->b, &diff->plan));
	return snap_diff_compare_memory(diff, options);
}

snap_err snap_diff_make(const struct snap_snapshot *a, const struct snap_snapshot *b,
			const struct snap_diff_options *options, struct snap_diff *ret)
{
	_cleanup_diff_ struct snap_diff diff = { .a = a, .b = b };
	SNAP_TRY(make(&diff, options));
	*ret = diff;
	diff = (struct snap_diff){ 0 };
	return SNAP_OK;
}

static const struct snap_thread_pair *find_pair(const struct snap_diff *diff, pid_t tid)
{
	for (size_t i = 0; i < diff->nr_threads; i++) {
		const struct snap_thread_pair *pair = &diff->threads[i];
		if ((pair->a && pair->a->tid == tid) ||
		    (pair->b && pair->b->tid == tid))
			return pair;
	}
	return NULL;
}

bool snap_diff_shows_step(const struct snap_diff *diff, const struct snap_step *step)
{
	if (!*snap_step_event(step->kind))
		return false;
	if (!step->tid)
		return true;
	const struct snap_thread_pair *pair = find_pair(diff, step->tid);
	return pair && pair->a && pair->b &&
	       snap_diff_is_same_process(diff->a, diff->b);
}

static bool has_steps(const struct snap_diff *diff)
{
	for (size_t i = 0; i < diff->plan.nr_steps; i++)
		if (snap_diff_shows_step(diff, &diff->plan.steps[i]))
			return true;
	return false;
}

bool snap_diff_is_empty(const struct snap_diff *diff)
{
	if (diff->nr_registers || diff->memory.nr_all || diff->plan.nr_refusals ||
	    has_steps(diff))
		return false;
	for (size_t i = 0; i < diff->nr_threads; i++) {
		const struct snap_thread_pair *pair = &diff->threads[i];
		if (!pair->a || !pair->b || pair->changed)
			return false;
	}
	return true;
}
