// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/lwps.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "core/tracee/proc.h"

/*
 * Several threads run, any may stop first, and waitpid(-1) is forbidden: it would eat
 * the statuses of children that are not ours. So each thread is asked by its number
 * without waiting, and between two rounds we sleep until the next SIGCHLD, which the
 * kernel sends to the tracer for every stop and every end (kernel/signal.c,
 * do_notify_parent_cldstop). It is blocked from before the first round on, so that none
 * is missed. Another thread of our process may still swallow one; hence the time-out.
 */
#define WAIT_NS 50000000L

struct snap_lwp *snap_lwp_find(const struct snap_tracer *tracer, pid_t tid)
{
	for (size_t i = 0; i < tracer->nr_lwps; i++)
		if (tracer->lwps[i].tid == tid)
			return &tracer->lwps[i];
	return NULL;
}

bool snap_lwps_are_running(const struct snap_tracer *tracer)
{
	for (size_t i = 0; i < tracer->nr_lwps; i++)
		if (tracer->lwps[i].is_running && !tracer->lwps[i].is_zombie)
			return true;
	return false;
}

snap_err snap_lwp_add(struct snap_tracer *tracer, pid_t tid)
{
	struct snap_lwp *lwps =
		reallocarray(tracer->lwps, tracer->nr_lwps + 1, sizeof(*tracer->lwps));
	if (!lwps)
		return &snap_enomem;
	tracer->lwps = lwps;
	lwps[tracer->nr_lwps++] = (struct snap_lwp){
		.tid = tid,
		.is_running = true,
		.is_stop_due = true,
	};
	return SNAP_OK;
}

static void forget(struct snap_tracer *tracer, struct snap_lwp *lwp)
{
	struct snap_lwp *end = tracer->lwps + tracer->nr_lwps--;
	memmove(lwp, lwp + 1, (size_t)(end - (lwp + 1)) * sizeof(*lwp));
}

snap_err snap_lwp_resume(struct snap_tracer *tracer, struct snap_lwp *lwp)
{
	// ESRCH: killed in its stop. It counts as running, to be waited for.
	if (ptrace(PTRACE_CONT, lwp->tid, NULL, (void *)(intptr_t)lwp->signal) < 0 &&
	    errno != ESRCH)
		return snap_error_os(errno, "cannot resume thread %d", (int)lwp->tid);
	lwp->signal = 0;
	lwp->is_running = true;
	return SNAP_OK;
}

snap_err snap_lwp_interrupt(struct snap_tracer *tracer, struct snap_lwp *lwp)
{
	if (lwp->is_stop_due)
		return SNAP_OK;
	// ESRCH: it has ended; its status is on the way.
	if (syscall(SYS_tgkill, tracer->tracee.pid, lwp->tid, SIGSTOP) < 0 &&
	    errno != ESRCH)
		return snap_error_os(errno, "cannot stop thread %d", (int)lwp->tid);
	lwp->is_stop_due = true;
	return SNAP_OK;
}

/** The number that comes with a PTRACE_EVENT stop: the new thread or process. */
static snap_err event_message(pid_t tid, pid_t *ret)
{
	unsigned long message;
	if (ptrace(PTRACE_GETEVENTMSG, tid, NULL, &message) < 0)
		return snap_error_os(errno, "cannot ask thread %d what it started",
				     (int)tid);
	*ret = (pid_t)message;
	return SNAP_OK;
}

/** A forked child is traced from its birth; it is not ours to look after. */
static snap_err release_child(pid_t parent)
{
	pid_t child;
	SNAP_TRY(event_message(parent, &child));
	int status;
	if (waitpid(child, &status, __WALL) != child)
		return snap_error_os(errno, "cannot wait for process %d", (int)child);
	if (WIFSTOPPED(status) && ptrace(PTRACE_DETACH, child, NULL, NULL) < 0 &&
	    errno != ESRCH)
		return snap_error_os(errno, "cannot let process %d go", (int)child);
	return SNAP_OK;
}

/** After execve() only one thread is left, and it has the leader's number. */
static void keep_leader(struct snap_tracer *tracer)
{
	struct snap_lwp *leader = snap_lwp_find(tracer, tracer->tracee.pid);
	assert(leader);
	tracer->lwps[0] = *leader;
	tracer->lwps[0].is_zombie = false;
	tracer->nr_lwps = 1;
}

static snap_err note_event(struct snap_tracer *tracer, pid_t tid, int event)
{
	pid_t started;
	switch (event) {
	case PTRACE_EVENT_CLONE:
		SNAP_TRY(event_message(tid, &started));
		return snap_lwp_add(tracer, started);
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
		return release_child(tid);
	case PTRACE_EVENT_EXEC:
		keep_leader(tracer);
		return SNAP_OK;
	default:
		return SNAP_OK;
	}
}

/** The signal that a stopped thread is about to get; 0: it stopped for another reason.
 */
static int signal_of_stop(pid_t tid, int status)
{
	siginfo_t info;
	// A stop without siginfo is a group stop (ptrace(2), "Group-stop"). Its signal
	// has done its work; a tracer that did not PTRACE_SEIZE can only let go on.
	if (status >> 16 ||
	    (ptrace(PTRACE_GETSIGINFO, tid, NULL, &info) < 0 && errno == EINVAL))
		return 0;
	return WSTOPSIG(status);
}

static snap_err note_stop(struct snap_tracer *tracer, struct snap_lwp *lwp, int status)
{
	pid_t tid = lwp->tid;
	lwp->is_running = false;
	lwp->is_zombie = false;
	lwp->signal = signal_of_stop(tid, status);
	if (lwp->signal == SIGSTOP && lwp->is_stop_due) {
		lwp->is_stop_due = false;
		lwp->signal = 0;
	}
	return note_event(tracer, tid, status >> 16);
}

static snap_err note_status(struct snap_tracer *tracer, struct snap_lwp *lwp,
			    int status)
{
	if (WIFSTOPPED(status))
		return note_stop(tracer, lwp, status);
	if (lwp->tid == tracer->tracee.pid) {
		tracer->has_ended = true;
		tracer->exit_status = WIFEXITED(status) ? WEXITSTATUS(status)
							: 128 + WTERMSIG(status);
	}
	forget(tracer, lwp);
	return SNAP_OK;
}

/**
 * A thread that is traced and yet unknown to the kernel has called execve(): it goes on
 * under the leader's number (fs/exec.c, de_thread), what is queued for it comes along.
 */
static void become_leader(struct snap_tracer *tracer, struct snap_lwp *lwp)
{
	struct snap_lwp *leader = snap_lwp_find(tracer, tracer->tracee.pid);
	if (leader) {
		leader->is_running = true;
		leader->is_stop_due = lwp->is_stop_due;
		leader->signal = 0;
	}
	forget(tracer, lwp);
}

/** Ask every running thread once; *ret: one had something to tell. */
static snap_err poll_once(struct snap_tracer *tracer, bool *ret)
{
	*ret = true;
	for (size_t i = 0; i < tracer->nr_lwps; i++) {
		struct snap_lwp *lwp = &tracer->lwps[i];
		if (!lwp->is_running)
			continue;
		int status;
		pid_t tid = waitpid(lwp->tid, &status, __WALL | WNOHANG);
		if (tid > 0)
			return note_status(tracer, lwp, status);
		if (tid < 0 && errno == ECHILD && lwp->tid != tracer->tracee.pid) {
			become_leader(tracer, lwp);
			return SNAP_OK;
		}
		if (tid < 0)
			return snap_error_os(errno, "cannot wait for thread %d",
					     (int)lwp->tid);
	}
	*ret = false;
	return SNAP_OK;
}

/** A leader that ended before its threads is silent: /proc alone can tell. */
static snap_err look_for_zombie_leader(struct snap_tracer *tracer)
{
	struct snap_lwp *leader = snap_lwp_find(tracer, tracer->tracee.pid);
	if (!leader || !leader->is_running)
		return SNAP_OK;
	leader->is_zombie = false;
	if (tracer->nr_lwps == 1)
		return SNAP_OK;
	struct snap_proc_stat stat;
	SNAP_TRY(snap_proc_read_stat(&tracer->tracee, leader->tid, &stat));
	leader->is_zombie = stat.state == 'Z';
	return SNAP_OK;
}

static snap_err wait_blocked(struct snap_tracer *tracer,
			     const struct snap_progress *progress,
			     const sigset_t *sigchld)
{
	for (;;) {
		bool is_done;
		SNAP_TRY(poll_once(tracer, &is_done));
		if (is_done)
			return SNAP_OK;
		SNAP_TRY(look_for_zombie_leader(tracer));
		if (!snap_lwps_are_running(tracer))
			return SNAP_OK;
		SNAP_TRY(snap_progress_report(progress, "Waiting", 0, 0));
		struct timespec limit = { .tv_nsec = WAIT_NS };
		(void)sigtimedwait(sigchld, NULL, &limit);
	}
}

snap_err snap_lwps_wait(struct snap_tracer *tracer,
			const struct snap_progress *progress)
{
	sigset_t sigchld, before;
	sigemptyset(&sigchld);
	sigaddset(&sigchld, SIGCHLD);
	int os_errno = pthread_sigmask(SIG_BLOCK, &sigchld, &before);
	if (os_errno)
		return snap_error_os(os_errno, "cannot block SIGCHLD");
	snap_err error = wait_blocked(tracer, progress, &sigchld);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

snap_err snap_lwps_notice_ends(struct snap_tracer *tracer)
{
	for (size_t i = 0; i < tracer->nr_lwps;) {
		struct snap_lwp *lwp = &tracer->lwps[i];
		int status;
		pid_t tid = lwp->is_running || lwp->is_zombie
				    ? 0
				    : waitpid(lwp->tid, &status, __WALL | WNOHANG);
		if (tid < 0)
			return snap_error_os(errno, "cannot wait for thread %d",
					     (int)lwp->tid);
		// Who has ended is forgotten, and the next one has its place.
		if (tid)
			SNAP_TRY(note_status(tracer, lwp, status));
		i += !tid || WIFSTOPPED(status);
	}
	return SNAP_OK;
}

/** Threads at a stop that is nobody's business, before the SIGSTOP that is due. */
static snap_err pass_by(struct snap_tracer *tracer)
{
	for (size_t i = 0; i < tracer->nr_lwps; i++) {
		struct snap_lwp *lwp = &tracer->lwps[i];
		if (!lwp->is_running && lwp->is_stop_due && !lwp->signal)
			SNAP_TRY(snap_lwp_resume(tracer, lwp));
	}
	return SNAP_OK;
}

snap_err snap_lwps_settle(struct snap_tracer *tracer)
{
	while (!tracer->has_ended && snap_lwps_are_running(tracer)) {
		SNAP_TRY(snap_lwps_wait(tracer, NULL));
		SNAP_TRY(pass_by(tracer));
	}
	return SNAP_OK;
}
