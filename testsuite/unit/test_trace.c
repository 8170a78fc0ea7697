// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Promise 3 where it is hardest to keep: stops in which a thread cannot simply be
 * lent for a system call and given back.
 */
#include "testsuite/unit/unit.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "arch/arch.h"
#include "core/session/session.h"

/** As GDB sets them for a program that it has started. */
#define OPTIONS (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL)

static void deinit_report(struct snap_restore_report *report)
{
	snap_notes_deinit(&report->notes);
}

/** A forked child that is traced and runs `program`, stopped before it. */
static pid_t start(int (*program)(void))
{
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(program());
	}
	int status;
	assert_int_equal(waitpid(pid, &status, __WALL), pid);
	assert_true(WIFSTOPPED(status));
	assert_int_equal(ptrace(PTRACE_SETOPTIONS, pid, NULL, OPTIONS), 0);
	return pid;
}

/** Resume with a signal and wait for the next status of this thread. */
static int resume(pid_t tid, int signal)
{
	int status;
	assert_int_equal(ptrace(PTRACE_CONT, tid, NULL, (void *)(uintptr_t)signal), 0);
	assert_int_equal(waitpid(tid, &status, __WALL), tid);
	return status;
}

static void end(pid_t pid, int status)
{
	if (!WIFEXITED(status))
		kill(pid, SIGKILL);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static struct snap_snapshot *capture(pid_t pid)
{
	struct snap_snapshot *snapshot = NULL;
	assert_ok(snap_session_capture(&(struct snap_target){ .pid = pid }, &snapshot));
	return snapshot;
}

static siginfo_t stop_info(pid_t tid)
{
	siginfo_t info;
	assert_int_equal(ptrace(PTRACE_GETSIGINFO, tid, NULL, &info), 0);
	return info;
}

static int start_a_thread(void *unused)
{
	return 0;
}

/** Exits with 0 when clone() has returned what it must. */
static int clones(void)
{
	static char stack[65536] __attribute__((__aligned__(16)));
	static pid_t tid;
	int result =
		clone(start_a_thread, stack + sizeof(stack),
		      CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_PARENT_SETTID,
		      NULL, &tid);
	return result == tid ? 0 : 1;
}

static void test_a_thread_that_starts_another_is_saved_with_its_result(void **state)
{
	pid_t pid = start(clones);
	int status = resume(pid, 0);
	assert_int_equal(status >> 8, SIGTRAP | PTRACE_EVENT_CLONE << 8);
	unsigned long tid;
	assert_int_equal(ptrace(PTRACE_GETEVENTMSG, pid, NULL, &tid), 0);
	assert_int_equal(waitpid((pid_t)tid, &status, __WALL), tid);

	_cleanup_snapshot_ struct snap_snapshot *snapshot = capture(pid);

	// What clone() returns is in the registers, not the kernel's "not yet"
	// (-ENOSYS).
	const struct snap_thread *thread = snap_snapshot_thread(snapshot, pid);
	const uint8_t *regs = thread->regsets[0].data;
	assert_int_equal(snapshot->arch->syscall_result(regs), tid);
	assert_int_equal(snapshot->arch->syscall_number(regs), -1);
	// And the program goes on as if nothing had been.
	assert_true(WIFEXITED(resume((pid_t)tid, 0)));
	end(pid, resume(pid, 0));
}

/** Exits with 0 when the blocked SIGCONT is still there. */
static int holds_a_sigcont(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGCONT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGCONT);
	raise(SIGUSR1);
	sigpending(&set);
	return sigismember(&set, SIGCONT) ? 0 : 1;
}

static void test_a_pending_sigcont_outlives_a_save(void **state)
{
	pid_t pid = start(holds_a_sigcont);
	assert_int_equal(WSTOPSIG(resume(pid, 0)), SIGUSR1);

	snap_snapshot_destroy(capture(pid));

	assert_int_equal(stop_info(pid).si_signo, SIGUSR1);
	end(pid, resume(pid, 0));
}

static volatile sig_atomic_t got_code, got_value;

static void on_signal(int signal, siginfo_t *info, void *context)
{
	got_code = info->si_code;
	got_value = info->si_value.sival_int;
}

/** Exits with 0 when sigsuspend() has let the queued SIGUSR1 in with all it carries. */
static int suspends(void)
{
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
	sigaction(SIGUSR1, &action, NULL);
	sigset_t blocked, none, now;
	sigemptyset(&none);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	sigqueue(getpid(), SIGUSR1, (union sigval){ .sival_int = 4711 });
	if (sigsuspend(&none) != -1 || errno != EINTR)
		return 1;
	sigprocmask(SIG_BLOCK, NULL, &now);
	if (!sigismember(&now, SIGUSR1))
		return 2;
	return got_code == SI_QUEUE && got_value == 4711 ? 0 : 3;
}

static void test_a_signal_that_only_sigsuspend_lets_in_still_arrives(void **state)
{
	pid_t pid = start(suspends);
	assert_int_equal(WSTOPSIG(resume(pid, 0)), SIGUSR1);

	for (int i = 0; i < 3; i++)
		snap_snapshot_destroy(capture(pid));

	assert_int_equal(stop_info(pid).si_code, SI_QUEUE);
	// It is blocked again until the call has been made anew: so it is seen twice.
	int status = resume(pid, SIGUSR1);
	assert_true(WIFSTOPPED(status) && WSTOPSIG(status) == SIGUSR1);
	end(pid, resume(pid, SIGUSR1));
}

static void test_a_restored_sigsuspend_is_ended_by_its_signal(void **state)
{
	pid_t pid = start(suspends);
	assert_int_equal(WSTOPSIG(resume(pid, 0)), SIGUSR1);
	_cleanup_snapshot_ struct snap_snapshot *snapshot = capture(pid);

	for (int i = 0; i < 3; i++) {
		_cleanup_(deinit_report) struct snap_restore_report report = { 0 };
		assert_ok(snap_session_restore(&(struct snap_target){ .pid = pid },
					       snapshot,
					       &(struct snap_restore_options){
						       .verify_memory = true },
					       &report));
	}

	// It stands inside of the call, and the handler that runs now ends the call.
	assert_int_equal(stop_info(pid).si_code, SI_QUEUE);
	int status = resume(pid, SIGUSR1);
	assert_true(WIFSTOPPED(status) && WSTOPSIG(status) == SIGUSR1);
	end(pid, resume(pid, SIGUSR1));
}

static int raises(void)
{
	raise(SIGUSR1);
	return 0;
}

static void test_a_stop_that_the_debugger_has_asked_for_is_still_due(void **state)
{
	pid_t pid = start(raises);
	assert_int_equal(WSTOPSIG(resume(pid, 0)), SIGUSR1);
	assert_int_equal(syscall(SYS_tgkill, pid, pid, SIGSTOP), 0);

	snap_snapshot_destroy(capture(pid));

	assert_int_equal(stop_info(pid).si_signo, SIGUSR1);
	assert_int_equal(WSTOPSIG(resume(pid, 0)), SIGSTOP);
	end(pid, resume(pid, 0));
}

/** Exits with 0 when a SIGTRAP and a SIGSEGV that somebody sent have both arrived. */
static int gets_two(void)
{
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
	sigaction(SIGTRAP, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);
	raise(SIGUSR1);
	return got_code == SI_TKILL ? 0 : 1;
}

static void test_signals_of_faults_that_are_only_pending_stay_pending(void **state)
{
	pid_t pid = start(gets_two);
	assert_int_equal(WSTOPSIG(resume(pid, 0)), SIGUSR1);
	assert_int_equal(syscall(SYS_tgkill, pid, pid, SIGTRAP), 0);
	assert_int_equal(syscall(SYS_tgkill, pid, pid, SIGSEGV), 0);

	_cleanup_snapshot_ struct snap_snapshot *snapshot = capture(pid);
	_cleanup_(deinit_report) struct snap_restore_report report = { 0 };
	assert_ok(snap_session_restore(&(struct snap_target){ .pid = pid }, snapshot,
				       &(struct snap_restore_options){ 0 }, &report));

	assert_int_equal(stop_info(pid).si_signo, SIGUSR1);
	assert_int_equal(WSTOPSIG(resume(pid, 0)), SIGTRAP);
	assert_int_equal(WSTOPSIG(resume(pid, SIGTRAP)), SIGSEGV);
	end(pid, resume(pid, SIGSEGV));
}

/** Exits with 0 when its first signal stack is there each time that it looks. */
static int changes_its_altstack(void)
{
	static char first[65536], second[131072];
	const stack_t stacks[] = {
		{ .ss_sp = first, .ss_size = sizeof(first) },
		{ .ss_sp = second, .ss_size = sizeof(second) },
	};
	stack_t now;
	sigaltstack(&stacks[0], NULL);
	raise(SIGUSR1);
	sigaltstack(NULL, &now);
	if (now.ss_sp != first || now.ss_size != sizeof(first))
		return 1;
	sigaltstack(&stacks[1], NULL);
	raise(SIGUSR2);
	return 0;
}

static void test_a_signal_stack_that_was_changed_is_put_back(void **state)
{
	pid_t pid = start(changes_its_altstack);
	assert_int_equal(WSTOPSIG(resume(pid, 0)), SIGUSR1);
	_cleanup_snapshot_ struct snap_snapshot *snapshot = capture(pid);
	assert_int_equal(snapshot->threads[0].altstack.size, 65536);

	for (int i = 0; i < 3; i++) {
		assert_int_equal(WSTOPSIG(resume(pid, 0)), SIGUSR2);
		_cleanup_(deinit_report) struct snap_restore_report report = { 0 };
		assert_ok(snap_session_restore(&(struct snap_target){ .pid = pid },
					       snapshot,
					       &(struct snap_restore_options){ 0 },
					       &report));
	}

	assert_int_equal(WSTOPSIG(resume(pid, 0)), SIGUSR2);
	end(pid, resume(pid, 0));
}

static int stops_at_a_call(void)
{
	getppid();
	return 0;
}

static void test_a_thread_at_the_entry_of_a_call_is_refused_untouched(void **state)
{
	pid_t pid = start(stops_at_a_call);
	int status;
	assert_int_equal(ptrace(PTRACE_SYSCALL, pid, NULL, NULL), 0);
	assert_int_equal(waitpid(pid, &status, __WALL), pid);
	assert_int_equal(WSTOPSIG(status), SIGTRAP | 0x80);

	struct snap_snapshot *snapshot = NULL;
	assert_error(snap_session_capture(&(struct snap_target){ .pid = pid },
					  &snapshot),
		     REFUSED);

	assert_null(snapshot);
	end(pid, resume(pid, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_a_thread_that_starts_another_is_saved_with_its_result),
		cmocka_unit_test(test_a_pending_sigcont_outlives_a_save),
		cmocka_unit_test(
			test_a_signal_that_only_sigsuspend_lets_in_still_arrives),
		cmocka_unit_test(test_a_restored_sigsuspend_is_ended_by_its_signal),
		cmocka_unit_test(
			test_a_stop_that_the_debugger_has_asked_for_is_still_due),
		cmocka_unit_test(
			test_signals_of_faults_that_are_only_pending_stay_pending),
		cmocka_unit_test(test_a_signal_stack_that_was_changed_is_put_back),
		cmocka_unit_test(
			test_a_thread_at_the_entry_of_a_call_is_refused_untouched),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
