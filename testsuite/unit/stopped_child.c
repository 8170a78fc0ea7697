// SPDX-License-Identifier: GPL-3.0-or-later
#include "testsuite/unit/stopped_child.h"

#include "testsuite/unit/unit.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/ptrace.h>

#define OPTIONS                                                         \
	(PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL | \
	 PTRACE_O_TRACESYSGOOD)

static void run(enum __ptrace_request how, pid_t tid, int signal)
{
	if (ptrace(how, tid, NULL, (void *)(uintptr_t)signal) < 0)
		fail_msg("cannot resume thread %d: %s", (int)tid, strerror(errno));
}

static _Noreturn void become(const char *path, const int go[2], int output)
{
	char byte;
	// When the test ends first, this end is the last, and the read ends too.
	close(go[1]);
	if (read(go[0], &byte, 1) == 1 && dup2(output, STDOUT_FILENO) >= 0)
		execl(path, path, (char *)NULL);
	_exit(127);
}

static bool enters_ppoll(pid_t tid)
{
	struct __ptrace_syscall_info info = { 0 };
	return ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(info), &info) > 0 &&
	       info.op == PTRACE_SYSCALL_INFO_ENTRY && info.entry.nr == SYS_ppoll;
}

static bool is_waiting(const struct stopped_child *child, pid_t tid)
{
	for (size_t i = 0; i < child->nr_threads; i++)
		if (child->tids[i] == tid)
			return true;
	return false;
}

/** Let one stop of a thread pass; counts the threads that stay stopped. */
static void handle_stop(struct stopped_child *child, pid_t tid, int status,
			size_t *nr_stopped)
{
	int signal = WSTOPSIG(status), event = status >> 16;
	if (signal == SIGSTOP && !event && is_waiting(child, tid)) {
		++*nr_stopped;
	} else if (signal == (SIGTRAP | 0x80) && enters_ppoll(tid)) {
		// It goes to sleep, or would have: the signal is already pending.
		assert_true(child->nr_threads < STOPPED_CHILD_MAX_THREADS);
		child->tids[child->nr_threads++] = tid;
		run(PTRACE_CONT, tid, 0);
		assert_int_equal(syscall(SYS_tgkill, child->pid, tid, SIGSTOP), 0);
	} else {
		bool is_signal = !event && signal != (SIGTRAP | 0x80);
		run(PTRACE_SYSCALL, tid, is_signal ? signal : 0);
	}
}

void stopped_child_start(struct stopped_child *child, const char *path,
			 size_t nr_threads)
{
	int go[2], output[2];
	*child = (struct stopped_child){ 0 };
	assert_int_equal(pipe(go), 0);
	assert_int_equal(pipe(output), 0);
	child->pid = fork();
	assert_true(child->pid >= 0);
	if (!child->pid)
		become(path, go, output[1]);
	assert_int_equal(ptrace(PTRACE_SEIZE, child->pid, NULL, OPTIONS), 0);
	assert_int_equal(write(go[1], "", 1), 1);

	for (size_t nr_stopped = 0; nr_stopped < nr_threads;) {
		int status;
		pid_t tid = waitpid(-1, &status, __WALL);
		if (tid < 0 || !WIFSTOPPED(status))
			fail_msg("%s ended instead of waiting", path);
		handle_stop(child, tid, status, &nr_stopped);
	}
	ssize_t length = read(output[0], child->output, sizeof(child->output) - 1);
	assert_true(length > 0);
	for (size_t i = 0; i < 2; i++) {
		close(go[i]);
		close(output[i]);
	}
}

void stopped_child_end(struct stopped_child *child)
{
	kill(child->pid, SIGKILL);
	// The thread group leader ends last.
	int status;
	for (size_t i = 0; i < child->nr_threads; i++)
		if (child->tids[i] != child->pid)
			waitpid(child->tids[i], &status, __WALL);
	waitpid(child->pid, &status, __WALL);
	*child = (struct stopped_child){ 0 };
}
