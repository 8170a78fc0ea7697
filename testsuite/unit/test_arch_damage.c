// SPDX-License-Identifier: GPL-3.0-or-later
/* A signal frame may come from anywhere: its bytes are never trusted, on any CPU. */
#include "testsuite/unit/sample.h"

#include <string.h>
#include <sys/mman.h>

/** Memory that ends where nothing may be read. */
#define ARENA_SIZE 131072

static uint8_t *arena_create(void)
{
	uint8_t *arena = mmap(NULL, 2 * ARENA_SIZE, PROT_NONE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(arena != MAP_FAILED);
	assert_int_equal(mprotect(arena, ARENA_SIZE, PROT_READ | PROT_WRITE), 0);
	return arena;
}

static void arena_cleanup(uint8_t *const *arena)
{
	munmap(*arena, 2 * ARENA_SIZE);
}

/** Decode bytes that lie just before the end of an arena: an overrun is fatal. */
static void decode_exactly(uint8_t *arena, const struct snap_arch *arch,
			   const struct snap_cpu *cpu, const uint8_t *bytes,
			   size_t size, uint64_t address)
{
	uint8_t *copy = arena + ARENA_SIZE - size;
	memcpy(copy, bytes, size);
	_cleanup_thread_ struct snap_thread landed = { 0 };
	_cleanup_error_ snap_err error =
		arch->sigframe_decode(cpu, copy, size, address, &landed);
	if (error)
		assert_int_equal(error->kind, SNAP_ERROR_CORRUPT);
}

static void test_a_frame_cut_anywhere_is_an_error_or_a_thread(void **state)
{
	_cleanup_(arena_cleanup) uint8_t *arena = arena_create();
	for_each_arch(row)
	{
		const struct samples *samples = sample_of(*row);
		for (size_t i = 0; i < samples->nr_cpus; i++) {
			struct sample_random random = { .state = i };
			_cleanup_cpu_ struct snap_cpu cpu;
			_cleanup_thread_ struct snap_thread thread;
			_cleanup_buffer_ struct snap_buffer frame = { 0 };
			samples->cpu(i, &cpu);
			samples->thread(&random, &cpu, &thread);
			assert_ok((*row)->sigframe_encode(&cpu, &thread, 0, &frame));
			for (size_t size = 0; size <= frame.size; size++)
				decode_exactly(arena, *row, &cpu, frame.data, size, 0);
		}
	}
}

static void check_damaged(const struct snap_arch *arch, const struct snap_cpu *cpu,
			  const struct snap_thread *thread,
			  struct sample_random *random)
{
	_cleanup_(arena_cleanup) uint8_t *arena = arena_create();
	_cleanup_buffer_ struct snap_buffer buffer = { 0 };
	assert_ok(arch->sigframe_encode(cpu, thread, 0x10000, &buffer));
	decode_exactly(arena, arch, cpu, buffer.data,
		       sample_random_next(random) % buffer.size, 0x10000);
	decode_exactly(arena, arch, cpu, buffer.data, buffer.size, 0x20000);
	for (size_t i = 0; i < 8; i++) {
		uint8_t *byte = &buffer.data[sample_random_next(random) % buffer.size];
		*byte ^= (uint8_t)(1 << sample_random_next(random) % 8);
		decode_exactly(arena, arch, cpu, buffer.data, buffer.size, 0x10000);
	}
	sample_random_fill(random, buffer.data, buffer.size);
	decode_exactly(arena, arch, cpu, buffer.data, buffer.size, 0x10000);
}

static void test_a_damaged_frame_is_an_error_or_a_thread(void **state)
{
	sample_threads(check_damaged);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_frame_cut_anywhere_is_an_error_or_a_thread),
		cmocka_unit_test(test_a_damaged_frame_is_an_error_or_a_thread),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
