// SPDX-License-Identifier: GPL-3.0-or-later
/* System calls of aarch64, which the kernel rewinds before a tracer sees the thread. */
#include "arch/aarch64/sample.h"

#include <signal.h>
#include <string.h>

static void thread_init(struct snap_thread *ret)
{
	struct sample_random random = { .state = 5 };
	_cleanup_cpu_ struct snap_cpu cpu;
	sample_aarch64_cpu("no SVE", &cpu);
	sample_aarch64_thread(&random, &cpu, SAMPLE_V, ret);
}

static uint8_t *general(struct snap_thread *thread)
{
	return thread->regsets[SNAP_AARCH64_GENERAL].data;
}

/** The bytes up to and including an svc that x8 = `number` was loaded for. */
static void put_code(uint8_t code[SNAP_SYSCALL_CODE_SIZE], uint32_t number)
{
	uint8_t *end = code + SNAP_SYSCALL_CODE_SIZE;
	memset(code, 0x1f, SNAP_SYSCALL_CODE_SIZE);
	snap_aarch64_store(end - 8, 0xd2800008 | number << 5, 4);
	snap_aarch64_store(end - 4, 0xd4000001, 4);
}

static void stop_by(struct snap_thread *thread, int32_t signal)
{
	thread->members |= SNAP_THREAD_SIGINFO;
	memcpy(thread->siginfo, &signal, sizeof(signal));
}

static void test_a_call_that_the_kernel_has_rewound_is_told_from_the_code(void **state)
{
	static const struct {
		int signal;
		uint32_t number;
		uint64_t timeout;
		int32_t call;
		int32_t result;
	} rows[] = {
		{ SIGSTOP, 101, 0, 101, -514 }, // nanosleep
		{ SIGINT, 63, 0, 63, -512 },    // read
		{ SIGINT, 98, 0, 98, -512 },    // futex
		{ SIGINT, 98, 8, 98, -514 },    // futex with a timeout
		{ SIGINT, 172, 0, -1, 0 },      // getpid waits for nothing
		{ SIGTRAP, 63, 0, -1, 0 },      // a breakpoint
	};

	for (size_t i = 0; i < SNAP_ARRAY_SIZE(rows); i++) {
		_cleanup_thread_ struct snap_thread thread;
		uint8_t code[SNAP_SYSCALL_CODE_SIZE];
		thread_init(&thread);
		stop_by(&thread, rows[i].signal);
		snap_aarch64_set_reg(general(&thread), 64, rows[i].number);
		snap_aarch64_set_reg(general(&thread), 24, rows[i].timeout);
		put_code(code, rows[i].number);
		snap_aarch64_identify_syscall(&thread, code, sizeof(code));
		assert_int_equal(thread.interrupted_syscall, rows[i].call);
		assert_int_equal(thread.interrupted_result, rows[i].result);
	}
}

static void test_other_code_is_no_call(void **state)
{
	_cleanup_thread_ struct snap_thread thread;
	uint8_t code[SNAP_SYSCALL_CODE_SIZE];
	thread_init(&thread);
	stop_by(&thread, SIGINT);
	snap_aarch64_set_reg(general(&thread), 64, 63);
	put_code(code, 63);
	code[SNAP_SYSCALL_CODE_SIZE - 1] ^= 1;
	snap_aarch64_identify_syscall(&thread, code, sizeof(code));
	assert_int_equal(thread.interrupted_syscall, -1);
}

static void test_a_call_that_was_resumed_gets_its_first_number_or_ends(void **state)
{
	// GIVEN a thread that the kernel was going on with by restart_syscall(2)
	for (int is_known = 0; is_known < 2; is_known++) {
		_cleanup_thread_ struct snap_thread thread;
		uint8_t code[SNAP_SYSCALL_CODE_SIZE];
		thread_init(&thread);
		stop_by(&thread, SIGINT);
		snap_aarch64_set_reg(general(&thread), 64, 128);
		uint64_t pc = snap_aarch64_pc(&thread);

		// WHEN the code says what it was, or does not
		put_code(code, is_known ? 115 : 63);
		snap_aarch64_identify_syscall(&thread, code, sizeof(code));

		// THEN it is made again, or ends with EINTR
		const uint8_t *regs = general(&thread);
		if (is_known) {
			assert_int_equal(snap_aarch64_reg(regs, 64), 115);
			assert_int_equal(snap_aarch64_pc(&thread), pc);
			assert_int_equal(thread.interrupted_result, -514);
		} else {
			assert_int_equal(snap_aarch64_syscall_result(regs), -4);
			assert_int_equal(snap_aarch64_pc(&thread), pc + 4);
			assert_int_equal(thread.interrupted_result, 0);
		}
	}
}

static void test_a_thread_put_back_into_a_call_is_where_the_kernel_left_it(void **state)
{
	_cleanup_thread_ struct snap_thread thread;
	thread_init(&thread);
	uint64_t pc = snap_aarch64_pc(&thread);
	thread.interrupted_result = -514;
	snap_aarch64_reenter_syscall(general(&thread), &thread);
	assert_int_equal(snap_aarch64_pc(&thread), pc + 4);
	assert_int_equal(snap_aarch64_syscall_result(general(&thread)), -514);
}

static void test_at_its_end_an_interrupted_call_has_lost_its_argument(void **state)
{
	_cleanup_thread_ struct snap_thread thread;
	thread_init(&thread);
	snap_aarch64_store(thread.regsets[SNAP_AARCH64_CALL].data, 63, 4);
	snap_aarch64_set_reg(general(&thread), 0, (uint64_t)-512);
	snap_aarch64_rewind_syscall(&thread);
	assert_int_equal(snap_aarch64_syscall_result(general(&thread)), -4);
	assert_int_equal(thread.interrupted_syscall, 63);
	assert_int_equal((int32_t)snap_aarch64_load(thread.regsets[SNAP_AARCH64_CALL]
							    .data,
						    4),
			 -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_a_call_that_the_kernel_has_rewound_is_told_from_the_code),
		cmocka_unit_test(test_other_code_is_no_call),
		cmocka_unit_test(
			test_a_call_that_was_resumed_gets_its_first_number_or_ends),
		cmocka_unit_test(
			test_a_thread_put_back_into_a_call_is_where_the_kernel_left_it),
		cmocka_unit_test(
			test_at_its_end_an_interrupted_call_has_lost_its_argument),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
