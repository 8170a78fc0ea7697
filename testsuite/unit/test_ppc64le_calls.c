// SPDX-License-Identifier: GPL-3.0-or-later
/* System calls of POWER: interrupted, made again and gone back into. */
#include "arch/ppc64le/sample.h"

#include <string.h>

/** How a thread comes into the kernel, and CR0.SO. */
#define SC    0xc00
#define SCV   0x3000
#define CR_SO UINT64_C(0x10000000)

/** A thread that the kernel has stopped inside of call `number`. */
static void stop_inside(struct snap_thread *ret, uint64_t trap, uint64_t number,
			int64_t result)
{
	_cleanup_cpu_ struct snap_cpu cpu;
	sample_ppc64le_cpu("POWER9", &cpu);
	sample_ppc64le_thread(3, &cpu, ret);
	uint8_t *regs = ret->regsets[SNAP_PPC64LE_GENERAL].data;
	bool is_error = trap == SC && result < 0;
	uint64_t cr = snap_ppc64le_reg(regs, PPC_CR) & 0xefffffff;
	snap_ppc64le_set_reg(regs, PPC_TRAP, trap);
	snap_ppc64le_set_reg(regs, PPC_R0, number);
	snap_ppc64le_set_reg(regs, PPC_NIP, 0x10004);
	snap_ppc64le_set_reg(regs, PPC_ORIG_R3, 512);
	snap_ppc64le_set_reg(regs, PPC_R3, (uint64_t)(is_error ? -result : result));
	snap_ppc64le_set_reg(regs, PPC_CR, is_error ? cr | CR_SO : cr);
}

static uint64_t reg(const struct snap_thread *thread, unsigned slot)
{
	return snap_ppc64le_reg(thread->regsets[SNAP_PPC64LE_GENERAL].data, slot);
}

static void test_a_call_is_known_by_its_trap_and_its_result_by_its_kind(void **state)
{
	static const uint64_t traps[] = { SC, SCV };
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(traps); i++) {
		_cleanup_thread_ struct snap_thread failed, done;
		stop_inside(&failed, traps[i], 3, -514);
		stop_inside(&done, traps[i], 3, 7);
		const uint8_t *regs = snap_ppc64le_general(&failed);
		assert_int_equal(snap_ppc64le_syscall_number(regs), 3);
		assert_int_equal(snap_ppc64le_syscall_result(regs), -514);
		regs = snap_ppc64le_general(&done);
		assert_int_equal(snap_ppc64le_syscall_result(regs), 7);
	}
	_cleanup_thread_ struct snap_thread barred, stepped;
	stop_inside(&barred, SC | 1, 3, -514);
	stop_inside(&stepped, 0xd00, 3, -514);
	assert_int_equal(snap_ppc64le_syscall_number(snap_ppc64le_general(&barred)),
			 -1);
	assert_int_equal(snap_ppc64le_syscall_number(snap_ppc64le_general(&stepped)),
			 -1);
}

/** The thread stands before its call, with its arguments, and the kernel does nothing.
 */
static void check_made_again(uint64_t trap, int64_t result, int32_t note)
{
	_cleanup_thread_ struct snap_thread thread, once;
	stop_inside(&thread, trap, 3, result);
	snap_ppc64le_rewind_syscall(&thread);

	assert_int_equal(thread.interrupted_syscall, 3);
	assert_int_equal(thread.interrupted_result, note);
	assert_int_equal(reg(&thread, PPC_NIP), 0x10000);
	assert_int_equal(reg(&thread, PPC_R0), 3);
	assert_int_equal(reg(&thread, PPC_R3), 512);
	assert_int_equal(snap_ppc64le_syscall_number(snap_ppc64le_general(&thread)),
			 -1);
	if (trap == SC)
		assert_int_equal(reg(&thread, PPC_CR) & CR_SO, 0);

	assert_ok(snap_thread_copy(&thread, &once));
	snap_ppc64le_rewind_syscall(&thread);
	assert_memory_equal(snap_ppc64le_general(&thread), snap_ppc64le_general(&once),
			    PPC_GENERAL_SIZE);
}

static void test_an_interrupted_call_is_made_again(void **state)
{
	static const uint64_t traps[] = { SC, SCV };
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(traps); i++) {
		check_made_again(traps[i], -512, -512);
		check_made_again(traps[i], -513, -513);
		check_made_again(traps[i], -514, -514);
		check_made_again(traps[i], -516, -514);
	}
}

static void test_a_thread_goes_back_into_its_call_as_it_was(void **state)
{
	static const uint64_t traps[] = { SC, SCV };
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(traps); i++)
		for (int note = -514; note <= -512; note++) {
			_cleanup_thread_ struct snap_thread raw, thread;
			stop_inside(&raw, traps[i], 3, note);
			assert_ok(snap_thread_copy(&raw, &thread));
			snap_ppc64le_rewind_syscall(&thread);

			uint8_t *regs = thread.regsets[SNAP_PPC64LE_GENERAL].data;
			snap_ppc64le_reenter_syscall(regs, &thread);

			assert_memory_equal(regs, snap_ppc64le_general(&raw),
					    PPC_GENERAL_SIZE);
		}
}

static void test_a_call_that_was_resumed_before_ends_with_eintr(void **state)
{
	static const struct {
		uint64_t trap, value, so;
	} rows[] = { { SC, 4, CR_SO }, { SCV, UINT64_MAX - 3, 0 } };

	for (size_t i = 0; i < SNAP_ARRAY_SIZE(rows); i++) {
		_cleanup_thread_ struct snap_thread thread;
		stop_inside(&thread, rows[i].trap, 0, -516);
		snap_ppc64le_rewind_syscall(&thread);
		assert_int_equal(reg(&thread, PPC_R3), rows[i].value);
		assert_int_equal(reg(&thread, PPC_CR) & CR_SO, rows[i].so);
		assert_int_equal(reg(&thread, PPC_NIP), 0x10004);
		assert_int_equal(reg(&thread, PPC_TRAP), 0);
		assert_int_equal(thread.interrupted_syscall, 0);
		assert_int_equal(thread.interrupted_result, 0);
	}
}

static void test_a_call_that_is_over_keeps_its_result(void **state)
{
	_cleanup_thread_ struct snap_thread thread;
	stop_inside(&thread, SC, 3, -11);
	snap_ppc64le_rewind_syscall(&thread);
	assert_int_equal(reg(&thread, PPC_R3), 11);
	assert_int_equal(reg(&thread, PPC_CR) & CR_SO, CR_SO);
	assert_int_equal(reg(&thread, PPC_NIP), 0x10004);
	assert_int_equal(reg(&thread, PPC_TRAP), 0);
	assert_int_equal(thread.interrupted_syscall, -1);
}

static void test_a_frame_is_loaded_from_where_the_stack_pointer_is(void **state)
{
	_cleanup_thread_ struct snap_thread thread;
	stop_inside(&thread, SCV, 3, 7);
	uint8_t *regs = thread.regsets[SNAP_PPC64LE_GENERAL].data;
	snap_ppc64le_prepare_sigreturn(regs, 0x7000, 0x9000);
	assert_int_equal(reg(&thread, PPC_NIP), 0x7000);
	assert_int_equal(reg(&thread, PPC_R1), 0x9000);
	assert_int_equal(reg(&thread, PPC_R0), 172);
	assert_int_equal(reg(&thread, PPC_TRAP), 0);
}

static void test_the_pc_is_set_without_touching_how_a_fault_came(void **state)
{
	_cleanup_thread_ struct snap_thread thread;
	stop_inside(&thread, 0x300, 3, 7);
	snap_ppc64le_set_pc(thread.regsets[SNAP_PPC64LE_GENERAL].data, 0x7000);
	assert_int_equal(reg(&thread, PPC_TRAP), 0x300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_a_call_is_known_by_its_trap_and_its_result_by_its_kind),
		cmocka_unit_test(test_an_interrupted_call_is_made_again),
		cmocka_unit_test(test_a_thread_goes_back_into_its_call_as_it_was),
		cmocka_unit_test(test_a_call_that_was_resumed_before_ends_with_eintr),
		cmocka_unit_test(test_a_call_that_is_over_keeps_its_result),
		cmocka_unit_test(
			test_a_frame_is_loaded_from_where_the_stack_pointer_is),
		cmocka_unit_test(test_the_pc_is_set_without_touching_how_a_fault_came),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
