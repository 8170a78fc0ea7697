// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A frozen copy of a process: it stays as it was, nobody can tell that it is there, and
 * it goes with us.
 */
#include "testsuite/unit/unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/capture/process.h"
#include "core/inject/syscall_insn.h"
#include "core/inject/twin.h"
#include "core/tracee/memory.h"

/** As GDB sets them for a program that it has started. */
#define OPTIONS                                                             \
	(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | \
	 PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC)

/** What a program knows of itself: the same address in all its copies. */
static struct {
	int number;
	int pipe[2];
	volatile sig_atomic_t nr_sigchld;
} here;

static void count_sigchld(int signal)
{
	here.nr_sigchld++;
}

/** Exits with 0 when nobody but itself was ever there. */
static int looks_around(void)
{
	struct sigaction action = { .sa_handler = count_sigchld };
	sigaction(SIGCHLD, &action, NULL);
	close(here.pipe[0]);
	here.number = 1;
	raise(SIGUSR1);
	here.number = 2;
	if (waitpid(-1, NULL, __WALL | WNOHANG) != -1 || errno != ECHILD)
		return 1;
	close(here.pipe[1]);
	raise(SIGUSR2);
	if (waitpid(-1, NULL, __WALL | WNOHANG) != -1 || errno != ECHILD)
		return 2;
	return here.nr_sigchld ? 3 : 0;
}

static int waits_for_ever(void)
{
	signal(SIGUSR1, SIG_IGN);
	raise(SIGUSR1);
	for (;;)
		pause();
	return 0;
}

static int run_to_signal(pid_t pid)
{
	int status;
	assert_int_equal(ptrace(PTRACE_CONT, pid, NULL, NULL), 0);
	assert_int_equal(waitpid(pid, &status, __WALL), pid);
	assert_true(WIFSTOPPED(status));
	return WSTOPSIG(status);
}

static int run_to_end(pid_t pid)
{
	int status;
	assert_int_equal(ptrace(PTRACE_CONT, pid, NULL, NULL), 0);
	assert_int_equal(waitpid(pid, &status, __WALL), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/** A traced child of ours that has come to its SIGUSR1. */
static pid_t start_own(int (*program)(void))
{
	assert_int_equal(pipe2(here.pipe, O_CLOEXEC), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(program());
	}
	close(here.pipe[1]);
	int status;
	assert_int_equal(waitpid(pid, &status, __WALL), pid);
	assert_int_equal(ptrace(PTRACE_SETOPTIONS, pid, NULL, OPTIONS), 0);
	assert_int_equal(run_to_signal(pid), SIGUSR1);
	return pid;
}

/** What the parent of a program waits for: its end and nothing else. 0: it was so. */
static int watch(pid_t child)
{
	int status;
	siginfo_t info;
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	// Its stops are news for the parent, too, until it is traced.
	pid_t got = waitpid(-1, &status, __WALL);
	if (got != child || !WIFEXITED(status) || WEXITSTATUS(status))
		return 1;
	if (waitpid(-1, &status, __WALL) != -1 || errno != ECHILD)
		return 2;
	static const struct timespec now = { 0 };
	int nr = 0;
	while (sigtimedwait(&set, &info, &now) == SIGCHLD)
		nr += info.si_pid != child;
	return nr ? 3 : 0;
}

/** A process of somebody else that we have attached to. */
struct strangers {
	pid_t parent;
	pid_t pid;
};

static struct strangers attach_to_stranger(int (*program)(void))
{
	struct strangers ret;
	int told[2];
	assert_int_equal(pipe2(told, O_CLOEXEC), 0);
	assert_int_equal(pipe2(here.pipe, O_CLOEXEC), 0);
	ret.parent = fork();
	assert_true(ret.parent >= 0);
	if (!ret.parent) {
		sigset_t set;
		sigemptyset(&set);
		sigaddset(&set, SIGCHLD);
		sigprocmask(SIG_BLOCK, &set, NULL);
		pid_t pid = fork();
		if (!pid) {
			sigprocmask(SIG_UNBLOCK, &set, NULL);
			char go;
			if (read(here.pipe[0], &go, 1) != 1)
				_exit(9);
			_exit(program());
		}
		close(here.pipe[0]);
		close(here.pipe[1]);
		if (write(told[1], &pid, sizeof(pid)) != sizeof(pid))
			_exit(9);
		_exit(watch(pid));
	}
	assert_int_equal(read(told[0], &ret.pid, sizeof(ret.pid)), sizeof(ret.pid));
	close(told[0]);
	close(told[1]);
	assert_int_equal(ptrace(PTRACE_ATTACH, ret.pid, NULL, NULL), 0);
	int status;
	assert_int_equal(waitpid(ret.pid, &status, __WALL), ret.pid);
	assert_int_equal(ptrace(PTRACE_SETOPTIONS, ret.pid, NULL, OPTIONS), 0);
	assert_int_equal(write(here.pipe[1], "g", 1), 1);
	close(here.pipe[1]);
	assert_int_equal(run_to_signal(ret.pid), SIGUSR1);
	return ret;
}

static int end_of(pid_t parent)
{
	int status;
	assert_int_equal(waitpid(parent, &status, 0), parent);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/** Make the twin; the number of calls into the kernel goes to *ret_nr_calls. */
static snap_err make(pid_t pid, uint64_t fail_at, struct snap_twin *ret,
		     uint64_t *ret_nr_calls)
{
	_cleanup_tracee_ struct snap_tracee tracee;
	SNAP_TRY(snap_tracee_init(&tracee, pid, 0));
	_cleanup_snapshot_ struct snap_snapshot *process = NULL;
	SNAP_TRY(snap_snapshot_create(&process));
	SNAP_TRY(snap_capture_process(&tracee, 0, process));
	uint64_t insn;
	SNAP_TRY(snap_find_syscall_insn(&tracee, &process->vmas, &insn));
	_cleanup_borrowed_ struct snap_borrowed worker = { 0 };
	SNAP_TRY(snap_borrow(&tracee, pid, insn, process, &worker));
	tracee.nr_calls = 0;
	tracee.fail_at = fail_at;
	snap_err error = snap_twin_make(&worker, process, ret);
	if (ret_nr_calls)
		*ret_nr_calls = tracee.nr_calls;
	return error ? error : snap_borrowed_return(&worker);
}

/** The number in a process's memory. */
static int number_in(pid_t pid)
{
	_cleanup_tracee_ struct snap_tracee tracee;
	assert_ok(snap_tracee_init(&tracee, pid, 0));
	int number = -1;
	assert_ok(snap_tracee_read(&tracee, (uint64_t)(uintptr_t)&here.number, &number,
				   sizeof(number)));
	return number;
}

/** How many processes we trace. */
static int count_tracees(void)
{
	int nr = 0;
	DIR *proc = opendir("/proc");
	assert_non_null(proc);
	for (const struct dirent *entry; (entry = readdir(proc));) {
		char path[300], line[256];
		snprintf(path, sizeof(path), "/proc/%s/status", entry->d_name);
		FILE *file = fopen(path, "re");
		while (file && fgets(line, sizeof(line), file)) {
			int tracer;
			if (sscanf(line, "TracerPid: %d", &tracer) == 1)
				nr += tracer == getpid();
		}
		if (file)
			fclose(file);
	}
	closedir(proc);
	return nr;
}

/** Whether the last writer of the program's pipe has closed it. */
static bool is_at_end(void)
{
	char byte;
	struct pollfd poll_it = { .fd = here.pipe[0], .events = POLLIN };
	return poll(&poll_it, 1, 0) == 1 && read(here.pipe[0], &byte, 1) == 0;
}

/** A program whose twin lives as it goes on does not change it and is not changed. */
static void check_is_apart(pid_t pid)
{
	struct snap_twin twin = { 0 };
	assert_ok(make(pid, 0, &twin, NULL));
	assert_int_equal(count_tracees(), 2);
	assert_false(is_at_end());

	assert_int_equal(run_to_signal(pid), SIGUSR2);

	assert_int_equal(number_in(pid), 2);
	assert_int_equal(number_in(twin.pid), 1);
	assert_true(is_at_end());
	pid_t was = twin.pid;
	snap_twin_deinit(&twin);
	assert_int_equal(count_tracees(), 1);
	assert_int_equal(waitpid(was, NULL, __WALL), -1);
	snap_twin_deinit(&twin);
	assert_int_equal(run_to_end(pid), 0);
	close(here.pipe[0]);
}

static void test_a_twin_is_apart_and_not_noticed(void **state)
{
	check_is_apart(start_own(looks_around));
	assert_int_equal(waitpid(-1, NULL, __WALL | WNOHANG), -1);
}

static void test_a_twin_is_not_noticed_by_the_parent_of_a_stranger(void **state)
{
	struct strangers strangers = attach_to_stranger(looks_around);

	check_is_apart(strangers.pid);

	assert_int_equal(end_of(strangers.parent), 0);
	assert_int_equal(waitpid(-1, NULL, __WALL | WNOHANG), -1);
}

static void test_a_twin_outlives_the_process(void **state)
{
	pid_t pid = start_own(looks_around);
	_cleanup_twin_ struct snap_twin twin = { 0 };
	assert_ok(make(pid, 0, &twin, NULL));

	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, __WALL), pid);

	assert_int_equal(number_in(twin.pid), 1);
	assert_true(is_at_end());
	close(here.pipe[0]);
}

/** Whichever call fails: there is no twin, and no other process. */
static void sweep(pid_t pid)
{
	uint64_t nr_calls;
	struct snap_twin twin = { 0 };
	assert_ok(make(pid, 0, &twin, &nr_calls));
	snap_twin_deinit(&twin);
	int failures = 0;
	for (uint64_t call = 1; call <= nr_calls; call++) {
		snap_err error = make(pid, call, &twin, NULL);
		failures += !!error;
		assert_int_equal(!twin.pid, !!error);
		snap_error_destroy(error);
		snap_twin_deinit(&twin);
		assert_int_equal(count_tracees(), 1);
	}
	assert_true(failures > 5);
	assert_int_equal(run_to_signal(pid), SIGUSR2);
	assert_int_equal(run_to_end(pid), 0);
	close(here.pipe[0]);
}

static void test_a_failure_leaves_no_process(void **state)
{
	sweep(start_own(looks_around));
	assert_int_equal(waitpid(-1, NULL, __WALL | WNOHANG), -1);
}

static void test_a_failure_leaves_no_process_with_a_stranger(void **state)
{
	struct strangers strangers = attach_to_stranger(looks_around);
	sweep(strangers.pid);
	assert_int_equal(end_of(strangers.parent), 0);
}

/** Wait until a process is gone, or nobody has waited for it yet. */
static void wait_for_end(int pidfd)
{
	struct pollfd poll_it = { .fd = pidfd, .events = POLLIN };
	assert_int_equal(poll(&poll_it, 1, 60000), 1);
	close(pidfd);
}

/** A tracer that is killed while there is a twin; the twin's pid goes to the pipe. */
static void be_a_tracer(bool of_stranger, int told)
{
	pid_t pids[2] = { 0 };
	struct snap_twin twin = { 0 };
	pids[0] = of_stranger ? attach_to_stranger(waits_for_ever).pid
			      : start_own(waits_for_ever);
	if (make(pids[0], 0, &twin, NULL))
		_exit(1);
	pids[1] = twin.pid;
	if (write(told, pids, sizeof(pids)) != sizeof(pids))
		_exit(1);
	for (;;)
		pause();
}

static void check_dies_with_us(bool of_stranger)
{
	int told[2];
	assert_int_equal(pipe2(told, O_CLOEXEC), 0);
	pid_t tracer = fork();
	assert_true(tracer >= 0);
	if (!tracer)
		be_a_tracer(of_stranger, told[1]);
	close(told[1]);
	pid_t pids[2];
	assert_int_equal(read(told[0], pids, sizeof(pids)), sizeof(pids));
	close(told[0]);
	int twin = (int)syscall(SYS_pidfd_open, pids[1], 0);
	assert_true(twin >= 0);

	kill(tracer, SIGKILL);
	assert_int_equal(waitpid(tracer, NULL, 0), tracer);

	wait_for_end(twin);
	if (of_stranger) // It is nobody's to end.
		assert_int_equal(kill(pids[0], SIGKILL), 0);
	else
		kill(pids[0], SIGKILL);
}

static void test_a_twin_dies_with_a_tracer_that_is_killed(void **state)
{
	check_dies_with_us(false);
}

static void test_a_twin_dies_with_a_tracer_but_not_the_stranger(void **state)
{
	check_dies_with_us(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_twin_is_apart_and_not_noticed),
		cmocka_unit_test(
			test_a_twin_is_not_noticed_by_the_parent_of_a_stranger),
		cmocka_unit_test(test_a_twin_outlives_the_process),
		cmocka_unit_test(test_a_failure_leaves_no_process),
		cmocka_unit_test(test_a_failure_leaves_no_process_with_a_stranger),
		cmocka_unit_test(test_a_twin_dies_with_a_tracer_that_is_killed),
		cmocka_unit_test(test_a_twin_dies_with_a_tracer_but_not_the_stranger),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
