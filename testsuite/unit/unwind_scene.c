// SPDX-License-Identifier: GPL-3.0-or-later
#include "testsuite/unit/unwind_scene.h"

#include "testsuite/unit/unit.h"

#include <string.h>

#include "arch/arch.h"
#include "core/session/session.h"

void unwind_scene_open(struct unwind_scene *scene, const char *path)
{
	*scene = (struct unwind_scene){ 0 };
	stopped_child_start(&scene->child, path, UNWIND_NR_THREADS);
	unwind_scene_capture(scene);
}

void unwind_scene_capture(struct unwind_scene *scene)
{
	const struct snap_target target = { .pid = scene->child.pid };
	assert_ok(snap_session_capture(&target, &scene->snapshot));
}

void unwind_scene_close(struct unwind_scene *scene)
{
	snap_backtraces_destroy(scene->backtraces, UNWIND_NR_THREADS);
	snap_snapshot_destroy(scene->snapshot);
	stopped_child_end(&scene->child);
}

void unwind_scene_walk(struct unwind_scene *scene)
{
	snap_backtraces_destroy(scene->backtraces, UNWIND_NR_THREADS);
	scene->backtraces = NULL;
	assert_ok(snap_unwind_snapshot(scene->snapshot, &scene->backtraces));
}

static size_t find_thread(const struct unwind_scene *scene, const char *comm)
{
	for (size_t i = 0; i < scene->snapshot->nr_threads; i++)
		if (!strcmp(scene->snapshot->threads[i].comm, comm))
			return i;
	fail_msg("there is no thread %s", comm);
	return 0;
}

const struct snap_backtrace *unwind_scene_find(const struct unwind_scene *scene,
					       const char *comm)
{
	return &scene->backtraces[find_thread(scene, comm)];
}

struct snap_thread *unwind_scene_thread(const struct unwind_scene *scene,
					const char *comm)
{
	return &scene->snapshot->threads[find_thread(scene, comm)];
}

void unwind_scene_set_register(const struct unwind_scene *scene,
			       struct snap_thread *thread, const char *name,
			       uint64_t value)
{
	const struct snap_arch *arch = scene->snapshot->arch;
	for (size_t i = 0; i < arch->nr_registers; i++) {
		const struct snap_register_desc *desc = &arch->registers[i];
		if (strcmp(desc->name, name))
			continue;
		assert_int_equal(desc->pieces[0].regset, 0);
		memcpy(thread->regsets[0].data + desc->pieces[0].offset, &value,
		       sizeof(value));
		return;
	}
	skip();
}

static bool is_in(const struct snap_frame *frame, const char *function)
{
	return frame->function && !strcmp(frame->function, function);
}

const struct snap_frame *unwind_scene_frame(const struct snap_backtrace *backtrace,
					    const char *function)
{
	for (size_t i = 0; i < backtrace->nr_frames; i++)
		if (is_in(&backtrace->frames[i], function))
			return &backtrace->frames[i];
	return NULL;
}

void assert_target_functions(const struct unwind_scene *scene)
{
	static const struct {
		const char *comm;
		const char *functions[5];
	} rows[] = {
		{ "main", { "third", "second", "first", "main" } },
		{ "waiter", { "third", "second", "first", "waiter" } },
		{ "handler", { "third", "on_signal", "interrupted", "handler" } },
		{ "deep", { "third", "recurse", "deep" } },
		{ "too deep", { "third", "recurse" } },
	};

	for (size_t i = 0; i < SNAP_ARRAY_SIZE(rows); i++) {
		const struct snap_backtrace *backtrace =
			unwind_scene_find(scene, rows[i].comm);
		const char *const *wanted = rows[i].functions;
		// With libstdc++ loaded, by a sanitizer for one, recurse() has its C++
		// name.
		for (size_t j = 0; *wanted && j < backtrace->nr_frames; j++) {
			const char *function = backtrace->frames[j].function;
			if (function && strstr(function, *wanted))
				wanted++;
		}
		if (*wanted)
			fail_msg("thread %s: no %s after what comes before it",
				 rows[i].comm, *wanted);
	}
}

void assert_marked_line(const struct unwind_scene *scene)
{
	const struct snap_frame *frame =
		unwind_scene_frame(unwind_scene_find(scene, "main"), "third");
	assert_non_null(frame);
	assert_non_null(frame->file);
	assert_non_null(strstr(frame->file, "unwind_target.c"));
	assert_int_equal(frame->line, atoi(scene->child.output));
}
