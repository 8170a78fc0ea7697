// SPDX-License-Identifier: GPL-3.0-or-later
#include "testsuite/unit/unit.h"

#include <string.h>

#include "testsuite/unit/unwind_scene.h"

#define NR_ROUNDS 25

/** Marsaglia's xorshift64: the same numbers in every run, so that a fault comes again.
 */
static uint64_t next_number(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/** An address that may mean something, or any number. */
static uint64_t next_address(const struct snap_snapshot *snapshot, uint64_t *state)
{
	const struct snap_vma *vma =
		&snapshot->vmas.list[next_number(state) % snapshot->vmas.nr];
	uint64_t inside = next_number(state) % snap_vma_size(vma);
	switch (next_number(state) % 4) {
	case 0:
		return next_number(state);
	case 1:
		return vma->start + inside;
	case 2:
		return vma->end - next_number(state) % 9;
	default:
		return -(next_number(state) % 17);
	}
}

static void spoil_registers(const struct snap_snapshot *snapshot, uint64_t *state)
{
	struct snap_thread *thread =
		&snapshot->threads[next_number(state) % snapshot->nr_threads];
	uint8_t *bytes = thread->regsets[0].data;
	for (size_t i = 0; i < 4; i++) {
		size_t nr = thread->regsets[0].size / sizeof(uint64_t);
		uint64_t value = next_address(snapshot, state);
		memcpy(bytes + next_number(state) % nr * sizeof(value), &value,
		       sizeof(value));
	}
}

/** Overwrite words where the stacks are. */
static void spoil_stacks(const struct snap_snapshot *snapshot, uint64_t *state)
{
	for (size_t i = 0; i < 200; i++) {
		uint64_t value = next_address(snapshot, state);
		size_t place = next_number(state) %
			       (snapshot->memory.size / sizeof(value)) * sizeof(value);
		struct snap_run run = { 0 };
		do {
			place -= run.size;
			assert_true(snap_memory_next_run(&snapshot->memory,
							 run.start + run.size, &run));
		} while (place >= run.size);
		memcpy((uint8_t *)(uintptr_t)run.bytes + place, &value, sizeof(value));
	}
}

static void spoil_mapping(const struct snap_snapshot *snapshot, uint64_t *state)
{
	size_t nr = snapshot->vmas.nr, index = next_number(state) % nr;
	struct snap_vma *vma = &snapshot->vmas.list[index];
	switch (next_number(state) % 4) {
	case 0:
		vma->offset = next_number(state);
		break;
	case 1:
		vma->prot ^= 1u << next_number(state) % 4;
		break;
	case 2:
		vma->build_id_size = (uint8_t)(next_number(state) % SNAP_BUILD_ID_SIZE);
		break;
	default: {
		// Another file's identity: the same code lies in two places.
		const struct snap_vma *other =
			&snapshot->vmas.list[next_number(state) % nr];
		struct snap_vma copy = *other;
		copy.start = vma->start;
		copy.end = vma->end;
		copy.name = strdup(other->name);
		assert_non_null(copy.name);
		free(vma->name);
		*vma = copy;
	}
	}
}

static void assert_bounded(const struct unwind_scene *scene)
{
	for (size_t i = 0; i < scene->snapshot->nr_threads; i++) {
		const struct snap_backtrace *backtrace = &scene->backtraces[i];
		assert_in_range(backtrace->nr_frames, 0, SNAP_MAX_FRAMES);
		for (size_t j = 1; j < backtrace->nr_frames; j++)
			assert_non_null(snap_vmas_find(&scene->snapshot->vmas,
						       backtrace->frames[j].pc - 1));
	}
}

typedef void spoil_fn(const struct snap_snapshot *snapshot, uint64_t *state);

static void spoil_and_walk(const char *path, spoil_fn *spoil)
{
	_cleanup_scene_ struct unwind_scene scene;
	uint64_t state = 0x9e3779b97f4a7c15;
	unwind_scene_open(&scene, path);
	for (size_t i = 0; i < NR_ROUNDS; i++) {
		spoil(scene.snapshot, &state);
		unwind_scene_walk(&scene);
		assert_bounded(&scene);
	}
}

static void test_no_registers_bring_the_unwinder_down(void **state)
{
	spoil_and_walk(UNWIND_TARGET, spoil_registers);
}

static void test_no_stack_brings_the_unwinder_down(void **state)
{
	spoil_and_walk(UNWIND_TARGET, spoil_stacks);
	spoil_and_walk(UNWIND_TARGET "_frame_pointers", spoil_stacks);
}

static void test_no_mapping_brings_the_unwinder_down(void **state)
{
	spoil_and_walk(UNWIND_TARGET, spoil_mapping);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_registers_bring_the_unwinder_down),
		cmocka_unit_test(test_no_stack_brings_the_unwinder_down),
		cmocka_unit_test(test_no_mapping_brings_the_unwinder_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
