// SPDX-License-Identifier: GPL-3.0-or-later
/* System calls of a real thread: made, interrupted and made again. */
#include "testsuite/unit/traced_x86_64.h"

#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

/** Make one system call in the child; its result. */
static int64_t call(const struct traced *traced, int64_t number, uint64_t first,
		    uint64_t second)
{
	const uint64_t args[SNAP_MAX_SYSCALL_ARGS] = { first, second };
	_cleanup_thread_ struct snap_thread thread, after;
	traced_capture(traced, &thread);
	uint8_t *regs = thread.regsets[SNAP_X86_64_GENERAL].data;
	snap_x86_64_prepare_syscall(regs, traced_syscall_insn(), number, args);
	assert_int_equal(traced_write_regset(traced, &thread, SNAP_X86_64_GENERAL), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(WSTOPSIG(traced_run(traced)), SIGTRAP | 0x80);
	traced_capture(traced, &after);
	return snap_x86_64_syscall_result(after.regsets[SNAP_X86_64_GENERAL].data);
}

static void test_a_frame_lands_the_altstack_if_it_has_one(void **state)
{
	_cleanup_traced_ struct traced traced;
	_cleanup_thread_ struct snap_thread wanted, landed = { 0 }, again = { 0 };
	traced_init(&traced, 0, 60);
	traced_capture(&traced, &wanted);
	wanted.members |= SNAP_THREAD_ALTSTACK;
	wanted.altstack.sp = (uintptr_t)traced.shared->frame;
	wanted.altstack.size = sizeof(traced.shared->frame);
	traced_land(&traced, &wanted, &landed);
	wanted.members = SNAP_THREAD_SIGMASK;
	traced_land(&traced, &wanted, &again);

	assert_int_equal(call(&traced, snap_x86_64_syscalls[SNAP_SYS_SIGALTSTACK], 0,
			      (uintptr_t)&traced.shared->altstack),
			 0);
	assert_int_equal(traced.shared->altstack.sp, wanted.altstack.sp);
	assert_int_equal(traced.shared->altstack.size, wanted.altstack.size);
	assert_int_equal(traced.shared->altstack.flags, 0);
}

/** From the entry of a call: interrupt it, and stop inside of it, at the signal. */
static void interrupt(const struct traced *traced)
{
	assert_int_equal(syscall(SYS_tgkill, traced->pid, traced->pid, SIGSTOP), 0);
	assert_int_equal(WSTOPSIG(traced_run(traced)), SIGTRAP | 0x80);
	assert_int_equal(WSTOPSIG(traced_run(traced)), SIGSTOP);
}

static uint64_t general(const struct snap_thread *thread,
			enum snap_x86_64_offset offset)
{
	return snap_x86_64_reg(thread->regsets[SNAP_X86_64_GENERAL].data, offset);
}

/** Land the thread where its call was interrupted, and see it made in full again. */
static void check_sleeps_again(const struct traced *traced, struct snap_thread *thread)
{
	_cleanup_thread_ struct snap_thread landed, entry;
	snap_x86_64_rewind_syscall(thread);
	assert_int_equal(thread->interrupted_syscall, SYS_nanosleep);
	traced_land(traced, thread, &landed);
	assert_same(traced, thread, &landed);

	assert_int_equal(WSTOPSIG(traced_run(traced)), SIGTRAP | 0x80);
	traced_capture(traced, &entry);
	assert_int_equal(general(&entry, X86_orig_rax), SYS_nanosleep);
	assert_int_equal(general(&entry, X86_rdi), (uintptr_t)traced->shared->duration);
	assert_int_equal(general(&entry, X86_rip), traced_syscall_insn() + 2);
}

static void test_an_interrupted_call_is_made_again(void **state)
{
	_cleanup_traced_ struct traced traced;
	_cleanup_thread_ struct snap_thread thread;
	traced_init(&traced, TRACED_SLEEP, 70);
	interrupt(&traced);
	traced_capture(&traced, &thread);
	assert_int_equal((int64_t)general(&thread, X86_rax), -516);

	check_sleeps_again(&traced, &thread);
}

static void test_a_call_that_was_interrupted_twice_is_made_again(void **state)
{
	_cleanup_traced_ struct traced traced;
	_cleanup_thread_ struct snap_thread thread;
	traced_init(&traced, TRACED_SLEEP, 71);
	interrupt(&traced);
	assert_int_equal(WSTOPSIG(traced_run(&traced)), SIGTRAP | 0x80);
	interrupt(&traced);
	traced_capture(&traced, &thread);
	assert_int_equal(general(&thread, X86_orig_rax), SYS_restart_syscall);

	uint8_t code[SNAP_SYSCALL_CODE_SIZE];
	uint64_t pc = general(&thread, X86_rip);
	struct iovec here = { .iov_base = code, .iov_len = sizeof(code) };
	struct iovec there = { .iov_base = (void *)(uintptr_t)(pc - sizeof(code)),
			       .iov_len = sizeof(code) };
	assert_int_equal(process_vm_readv(traced.pid, &here, 1, &there, 1, 0),
			 sizeof(code));
	snap_x86_64_identify_syscall(&thread, code, sizeof(code));

	check_sleeps_again(&traced, &thread);
}

static void test_a_call_caught_at_its_entry_is_made_again(void **state)
{
	_cleanup_traced_ struct traced traced;
	_cleanup_thread_ struct snap_thread thread;
	traced_init(&traced, TRACED_SLEEP, 72);
	traced_capture(&traced, &thread);
	assert_int_equal((int64_t)general(&thread, X86_rax), -38);
	interrupt(&traced);

	check_sleeps_again(&traced, &thread);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_frame_lands_the_altstack_if_it_has_one),
		cmocka_unit_test(test_an_interrupted_call_is_made_again),
		cmocka_unit_test(test_a_call_that_was_interrupted_twice_is_made_again),
		cmocka_unit_test(test_a_call_caught_at_its_entry_is_made_again),
	};
	const struct snap_arch *host = snap_arch_host();
	if (!host || strcmp(host->name, "x86_64") != 0)
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
