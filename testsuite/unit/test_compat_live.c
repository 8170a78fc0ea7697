// SPDX-License-Identifier: GPL-3.0-or-later
/* A thread from another CPU lands on this one: seen on a real thread of this machine.
 */
#include "testsuite/unit/traced_x86_64.h"

#include <string.h>

static const struct snap_arch *arch(void)
{
	return snap_arch_by_name("x86_64");
}

/** What the child does, without AMX: no other CPU here has that. */
static unsigned parts(void)
{
	return traced_supported() & (TRACED_AVX512 | TRACED_AVX | TRACED_PKRU);
}

/** The thread of a child, as a CPU of this name would have saved it. */
static void capture_elsewhere(const struct traced *traced, const char *name,
			      struct snap_cpu *cpu, struct snap_thread *ret)
{
	sample_x86_64_cpu(name, cpu);
	traced_capture(traced, ret);
	assert_ok(arch()->relayout(&traced->cpu, cpu, true, ret));
}

/** Skip the test on a machine that does not have some components. */
static void skip_without(struct traced *traced, uint64_t mask)
{
	if ((snap_x86_64_cpu_mask(&traced->cpu) & mask) == mask)
		return;
	// It leaves by longjmp(), past the scope guards.
	traced_deinit(traced);
	skip();
}

static void test_a_thread_from_zen_4_lands_with_all_its_registers(void **state)
{
	// GIVEN a thread whose components lie where Zen 4 has them
	_cleanup_traced_ struct traced traced;
	_cleanup_cpu_ struct snap_cpu zen;
	_cleanup_thread_ struct snap_thread before, elsewhere, landed;
	traced_init(&traced, parts(), 50);
	skip_without(&traced, 0x2e7);
	traced_capture(&traced, &before);
	capture_elsewhere(&traced, "Zen 4", &zen, &elsewhere);
	assert_int_equal(elsewhere.regsets[SNAP_X86_64_XSTATE].size, 2440);

	// WHEN it is re-laid for this machine, and landed in a thread with other values
	_cleanup_traced_ struct traced other;
	traced_init(&other, parts(), 51);
	assert_ok(arch()->relayout(&zen, &other.cpu, false, &elsewhere));
	traced_land(&other, &elsewhere, &landed);

	// THEN the thread has the registers of the first one
	assert_same(&other, &elsewhere, &landed);
	const struct snap_register_desc *rows = arch()->registers;
	for (size_t i = 0; i < arch()->nr_registers; i++) {
		uint8_t wanted[1024], actual[1024];
		if (rows[i].group == SNAP_GROUP_VECTOR &&
		    snap_arch_read_register(arch(), &traced.cpu, &before, &rows[i],
					    wanted) &&
		    strncmp(rows[i].name, "t", 1) != 0) {
			assert_true(snap_arch_read_register(arch(), &other.cpu, &landed,
							    &rows[i], actual));
			assert_memory_equal(wanted, actual, rows[i].size);
		}
	}
}

static void assert_register(const struct traced *traced,
			    const struct snap_thread *thread, const char *name,
			    const void *wanted)
{
	const struct snap_register_desc *desc = arch()->registers;
	while (strcmp(desc->name, name) != 0)
		desc++;
	uint8_t value[64];
	assert_true(snap_arch_read_register(arch(), &traced->cpu, thread, desc, value));
	assert_memory_equal(value, wanted, desc->size);
}

static void test_what_a_machine_did_not_have_is_cleared_here(void **state)
{
	static const struct {
		const char *cpu;
		const char *kept;
		uint64_t cleared;
	} rows[] = { { "AVX2", "ymm3", 0xe0 }, { "fxsave", "xmm3", 0xe4 } };

	for (size_t i = 0; i < SNAP_ARRAY_SIZE(rows); i++) {
		// GIVEN a thread saved on an older CPU
		_cleanup_traced_ struct traced traced;
		_cleanup_cpu_ struct snap_cpu old;
		_cleanup_thread_ struct snap_thread thread, landed;
		traced_init(&traced, parts(), 60);
		skip_without(&traced, 0xe7);
		capture_elsewhere(&traced, rows[i].cpu, &old, &thread);

		// WHEN it is landed in a thread that has all registers in use
		assert_ok(arch()->relayout(&old, &traced.cpu, false, &thread));
		traced_land(&traced, &thread, &landed);

		// THEN it has what there was, and nothing in the rest
		assert_same(&traced, &thread, &landed);
		assert_register(&traced, &landed, rows[i].kept,
				traced.shared->patterns.zmm[3]);
		assert_int_equal(snap_x86_64_thread_in_use(&landed) & rows[i].cleared,
				 0);
	}
}

static void test_the_verdict_and_the_landing_agree(void **state)
{
	// GIVEN a thread with AVX-512 in use, and a CPU without
	_cleanup_traced_ struct traced traced;
	_cleanup_cpu_ struct snap_cpu old;
	_cleanup_thread_ struct snap_thread thread;
	traced_init(&traced, parts(), 70);
	skip_without(&traced, 0xe7);
	traced_capture(&traced, &thread);
	sample_x86_64_cpu("AVX2", &old);

	// THEN it is not re-laid for that, and no frame is made of it
	_cleanup_buffer_ struct snap_buffer frame = { 0 };
	assert_error(arch()->relayout(&traced.cpu, &old, false, &thread), UNSUPPORTED);
	assert_error(arch()->sigframe_encode(&old, &thread, 0, &frame), UNSUPPORTED);
	assert_ok(arch()->relayout(&traced.cpu, &old, true, &thread));
	assert_ok(arch()->sigframe_encode(&old, &thread, 0, &frame));
}

int main(void)
{
	if (!traced_supported())
		return 77;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_thread_from_zen_4_lands_with_all_its_registers),
		cmocka_unit_test(test_what_a_machine_did_not_have_is_cleared_here),
		cmocka_unit_test(test_the_verdict_and_the_landing_agree),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
