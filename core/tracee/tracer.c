// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/tracer.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "core/tracee/lwps.h"
#include "core/tracee/proc.h"

/** What GDB sets (gdb/nat/linux-ptrace.c, gdb/linux-nat.c). */
#define OPTIONS                                                             \
	(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | \
	 PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEVFORKDONE)

static snap_err create(pid_t pid, struct snap_tracer **ret)
{
	_cleanup_tracer_ struct snap_tracer *tracer = calloc(1, sizeof(*tracer));
	if (!tracer)
		return &snap_enomem;
	SNAP_TRY(snap_tracee_init(&tracer->tracee, pid, 0));
	*ret = snap_take(tracer);
	return SNAP_OK;
}

void snap_tracer_destroy(struct snap_tracer *tracer)
{
	if (!tracer)
		return;
	snap_tracee_deinit(&tracer->tracee);
	free(tracer->lwps);
	free(tracer);
}

pid_t snap_tracer_pid(const struct snap_tracer *tracer)
{
	return tracer->tracee.pid;
}

/** ESRCH: it was killed, of which the next wait will tell. */
static snap_err set_options(struct snap_tracer *tracer, uintptr_t options)
{
	for (size_t i = 0; i < tracer->nr_lwps; i++)
		if (ptrace(PTRACE_SETOPTIONS, tracer->lwps[i].tid, NULL,
			   (void *)options) < 0 &&
		    errno != ESRCH)
			return snap_error_os(errno,
					     "cannot set how thread %d is traced",
					     (int)tracer->lwps[i].tid);
	return SNAP_OK;
}

/** In the new process: becomes the program, or tells why not. */
static _Noreturn void become(char *const argv[], int report_fd)
{
	// Python ignores these two, and what is ignored stays so through execve().
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	if (!ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		execvp(argv[0], argv);
	int os_errno = errno;
	ssize_t size = write(report_fd, &os_errno, sizeof(os_errno));
	_exit(size == sizeof(os_errno) ? 127 : 126);
}

/** A fork() whose child has a certain number, if that is free and we may choose it. */
static pid_t fork_as(pid_t wanted)
{
	if (!wanted)
		return fork();
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&wanted,
		.set_tid_size = 1,
	};
	long pid = syscall(SYS_clone3, &args, sizeof(args));
	return pid < 0 ? fork() : (pid_t)pid;
}

/** Fork and execute; *ret is stopped behind its execve(), not reaped on error there. */
static snap_err start(char *const argv[], pid_t wanted, pid_t *ret)
{
	int fds[2];
	if (pipe2(fds, O_CLOEXEC) < 0)
		return snap_error_os(errno, "cannot start %s", argv[0]);
	_cleanup_close_ int report_read = fds[0];
	_cleanup_close_ int report_write = fds[1];

	pid_t pid = fork_as(wanted);
	if (pid < 0)
		return snap_error_os(errno, "cannot start %s", argv[0]);
	if (!pid)
		become(argv, report_write);
	snap_close_cleanup(&report_write);
	report_write = -1;

	int os_errno = 0;
	ssize_t size =
		TEMP_FAILURE_RETRY(read(report_read, &os_errno, sizeof(os_errno)));
	int status;
	if (TEMP_FAILURE_RETRY(waitpid(pid, &status, __WALL)) != pid)
		return snap_error_os(errno, "cannot wait for process %d", (int)pid);
	if (size == sizeof(os_errno))
		return snap_error_os(os_errno, "cannot start %s", argv[0]);
	if (!WIFSTOPPED(status))
		return snap_error_create(SNAP_ERROR_GONE, "%s ended before it began",
					 argv[0]);
	*ret = pid;
	return SNAP_OK;
}

static snap_err adopt_started(pid_t pid, struct snap_tracer **ret)
{
	_cleanup_tracer_ struct snap_tracer *tracer = NULL;
	SNAP_TRY(create(pid, &tracer));
	SNAP_TRY(snap_lwp_add(tracer, pid));
	tracer->lwps[0].is_running = tracer->lwps[0].is_stop_due = false;
	SNAP_TRY(set_options(tracer, OPTIONS | PTRACE_O_EXITKILL));
	*ret = snap_take(tracer);
	return SNAP_OK;
}

snap_err snap_tracer_spawn(char *const argv[], pid_t wanted, struct snap_tracer **ret)
{
	pid_t pid;
	SNAP_TRY(start(argv, wanted, &pid));
	snap_err error = adopt_started(pid, ret);
	if (error) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, __WALL);
	}
	return error;
}

static snap_err attach_to_thread(struct snap_tracer *tracer, pid_t tid)
{
	struct snap_proc_stat stat;
	SNAP_TRY(snap_proc_read_stat(&tracer->tracee, tid, &stat));
	if (stat.state == 'Z' || stat.state == 'X')
		return SNAP_OK;
	if (ptrace(PTRACE_ATTACH, tid, NULL, NULL) < 0)
		return snap_error_os(errno, "cannot attach to thread %d", (int)tid);
	return snap_lwp_add(tracer, tid);
}

/** *ret: how many threads were found that were not traced yet. */
static snap_err attach_to_new_threads(struct snap_tracer *tracer, size_t *ret)
{
	_cleanup_free_ pid_t *tids = NULL;
	size_t nr;
	SNAP_TRY(snap_proc_list_threads(&tracer->tracee, &tids, &nr));
	size_t before = tracer->nr_lwps;
	for (size_t i = 0; i < nr; i++) {
		if (snap_lwp_find(tracer, tids[i]))
			continue;
		snap_err error = attach_to_thread(tracer, tids[i]);
		// It ended since it was listed; the leader's end is the process's.
		if (error && error->kind == SNAP_ERROR_GONE && tids[i] != tids[0])
			snap_error_destroy(error);
		else
			SNAP_TRY(error);
	}
	*ret = tracer->nr_lwps - before;
	return SNAP_OK;
}

/** A thread that is not stopped yet can start others: look until none is new. */
static snap_err attach_to_all(struct snap_tracer *tracer)
{
	size_t nr_new;
	do {
		SNAP_TRY(attach_to_new_threads(tracer, &nr_new));
		SNAP_TRY(snap_lwps_settle(tracer));
		if (tracer->has_ended)
			return snap_error_create(SNAP_ERROR_GONE,
						 "process %d has ended",
						 (int)tracer->tracee.pid);
	} while (nr_new);
	return set_options(tracer, OPTIONS);
}

snap_err snap_tracer_attach(pid_t pid, struct snap_tracer **ret)
{
	_cleanup_tracer_ struct snap_tracer *tracer = NULL;
	snap_err error = create(pid, &tracer);
	if (!error)
		error = attach_to_all(tracer);
	if (error && tracer && !tracer->has_ended)
		snap_error_destroy(snap_tracer_detach(tracer));
	if (error && (error->os_errno == EPERM || error->os_errno == EACCES))
		return snap_error_with_remedy(
			error, "see that no other debugger is attached, that the "
			       "process is yours, and that "
			       "/proc/sys/kernel/yama/ptrace_scope is 0");
	SNAP_TRY(error);
	*ret = snap_take(tracer);
	return SNAP_OK;
}

snap_err snap_tracer_resume(struct snap_tracer *tracer)
{
	for (size_t i = 0; i < tracer->nr_lwps; i++)
		if (!tracer->lwps[i].is_running)
			SNAP_TRY(snap_lwp_resume(tracer, &tracer->lwps[i]));
	return SNAP_OK;
}

/** Take one signal of the set from a stopped thread; 0: there is none. */
static int take_signal(struct snap_tracer *tracer, uint64_t signals)
{
	for (size_t i = 0; i < tracer->nr_lwps; i++) {
		struct snap_lwp *lwp = &tracer->lwps[i];
		int signal = lwp->is_running ? 0 : lwp->signal;
		if (signal && (signals >> (signal - 1) & 1)) {
			lwp->signal = 0;
			return signal;
		}
	}
	return 0;
}

/** *ret: 0 when the process has ended instead. */
static snap_err run_to_signal(struct snap_tracer *tracer, uint64_t signals,
			      const struct snap_progress *progress, int *ret)
{
	while (!tracer->has_ended) {
		*ret = take_signal(tracer, signals);
		if (*ret)
			return SNAP_OK;
		SNAP_TRY(snap_tracer_resume(tracer));
		SNAP_TRY(snap_lwps_wait(tracer, progress));
	}
	return SNAP_OK;
}

/** Stop all threads that run; the process may end instead. */
static snap_err stop_all(struct snap_tracer *tracer)
{
	for (size_t i = 0; i < tracer->nr_lwps; i++)
		if (tracer->lwps[i].is_running && !tracer->lwps[i].is_zombie)
			SNAP_TRY(snap_lwp_interrupt(tracer, &tracer->lwps[i]));
	return snap_lwps_settle(tracer);
}

snap_err snap_tracer_run_until(struct snap_tracer *tracer, uint64_t signals,
			       const struct snap_progress *progress, int *ret,
			       bool *ret_has_ended)
{
	int signal = 0;
	_cleanup_error_ snap_err error =
		run_to_signal(tracer, signals, progress, &signal);
	snap_err stop_error = stop_all(tracer);
	if (error) {
		snap_error_destroy(stop_error);
		return snap_take(error);
	}
	SNAP_TRY(stop_error);
	*ret_has_ended = tracer->has_ended;
	*ret = tracer->has_ended ? -tracer->exit_status : signal;
	return SNAP_OK;
}

snap_err snap_tracer_stop(struct snap_tracer *tracer)
{
	SNAP_TRY(stop_all(tracer));
	if (tracer->has_ended)
		return snap_error_create(SNAP_ERROR_GONE, "process %d has ended",
					 (int)tracer->tracee.pid);
	return SNAP_OK;
}

/** Whether it has been stopped by the signal, which is taken away from it. */
static bool is_stopped_by(struct snap_tracer *tracer, pid_t tid, int signal)
{
	struct snap_lwp *lwp = snap_lwp_find(tracer, tid);
	if (!lwp || lwp->is_running || lwp->signal != signal)
		return false;
	lwp->signal = 0;
	return true;
}

/** Only `tid` is let run on: by its events it tells of the threads that it starts. */
static snap_err run_one_to_signal(struct snap_tracer *tracer, pid_t tid, int signal)
{
	while (!tracer->has_ended && !is_stopped_by(tracer, tid, signal)) {
		struct snap_lwp *lwp = snap_lwp_find(tracer, tid);
		if (!lwp)
			break;
		if (!lwp->is_running)
			SNAP_TRY(snap_lwp_resume(tracer, lwp));
		SNAP_TRY(snap_lwps_wait(tracer, NULL));
	}
	return SNAP_OK;
}

snap_err snap_tracer_run_one(struct snap_tracer *tracer, pid_t tid, int signal)
{
	struct snap_lwp *lwp = snap_lwp_find(tracer, tid);
	if (!lwp)
		return snap_error_create(SNAP_ERROR_GONE, "there is no thread %d",
					 (int)tid);
	int kept = lwp->signal;
	lwp->signal = 0;
	_cleanup_error_ snap_err error = run_one_to_signal(tracer, tid, signal);
	SNAP_TRY(snap_tracer_stop(tracer));
	lwp = snap_lwp_find(tracer, tid);
	if (lwp)
		lwp->signal = kept;
	return snap_take(error);
}

snap_err snap_tracer_notice_ends(struct snap_tracer *tracer)
{
	return snap_lwps_notice_ends(tracer);
}

void snap_tracer_drop_signals(struct snap_tracer *tracer)
{
	for (size_t i = 0; i < tracer->nr_lwps; i++)
		tracer->lwps[i].signal = 0;
}

/** Let every thread that has a SIGSTOP of ours in its queue take it. */
static snap_err take_due_stops(struct snap_tracer *tracer)
{
	bool is_clean = false;
	while (!is_clean && !tracer->has_ended) {
		is_clean = true;
		for (size_t i = 0; i < tracer->nr_lwps; i++) {
			if (!tracer->lwps[i].is_stop_due || tracer->lwps[i].is_zombie)
				continue;
			is_clean = false;
			SNAP_TRY(snap_lwp_resume(tracer, &tracer->lwps[i]));
		}
		SNAP_TRY(snap_lwps_settle(tracer));
	}
	return SNAP_OK;
}

snap_err snap_tracer_detach(struct snap_tracer *tracer)
{
	SNAP_TRY(stop_all(tracer));
	SNAP_TRY(take_due_stops(tracer));
	for (size_t i = 0; i < tracer->nr_lwps; i++) {
		struct snap_lwp *lwp = &tracer->lwps[i];
		if (ptrace(PTRACE_DETACH, lwp->tid, NULL,
			   (void *)(intptr_t)lwp->signal) < 0 &&
		    errno != ESRCH)
			return snap_error_os(errno, "cannot detach from thread %d",
					     (int)lwp->tid);
	}
	tracer->nr_lwps = 0;
	return SNAP_OK;
}

snap_err snap_tracer_kill(struct snap_tracer *tracer)
{
	if (kill(tracer->tracee.pid, SIGKILL) < 0 && errno != ESRCH)
		return snap_error_os(errno, "cannot kill process %d",
				     (int)tracer->tracee.pid);
	while (!tracer->has_ended) {
		// A stop from before the SIGKILL may still be reported: it is void.
		for (size_t i = 0; i < tracer->nr_lwps; i++)
			tracer->lwps[i].is_running = true;
		SNAP_TRY(snap_lwps_wait(tracer, NULL));
	}
	return SNAP_OK;
}
