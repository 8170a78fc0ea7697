// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/newborn.h"

#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

/** waitpid() for one process, whoever's signals come meanwhile. */
static pid_t wait_for(pid_t pid, int *ret_status)
{
	pid_t got;
	do {
		got = waitpid(pid, ret_status, __WALL);
	} while (got < 0 && errno == EINTR);
	return got;
}

snap_err snap_newborn_collect(struct snap_tracee *tracee, pid_t pid)
{
	SNAP_TRY(snap_tracee_enter(tracee, "wait for process %d to start", (int)pid));
	int status;
	if (wait_for(pid, &status) < 0)
		return snap_error_os(errno, "cannot wait for process %d to start",
				     (int)pid);
	if (!WIFSTOPPED(status))
		return snap_error_create(SNAP_ERROR_GONE,
					 "process %d was killed as it started",
					 (int)pid);
	// Its options are those of the process that has started it, and that one is to
	// live on where the debugger has attached to it (kernel/ptrace.c,
	// __ptrace_link).
	SNAP_TRY(snap_tracee_enter(tracee, "bind process %d to us", (int)pid));
	if (ptrace(PTRACE_SETOPTIONS, pid, 0,
		   PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD) < 0)
		return snap_error_os(errno, "cannot bind process %d to us", (int)pid);
	return SNAP_OK;
}

void snap_newborn_end(pid_t pid)
{
	int status;
	if (!pid || kill(pid, SIGKILL) < 0)
		return;
	// A stop that nobody has collected may come first. ECHILD: the debugger has
	// waited for all of its children at the same time.
	while (wait_for(pid, &status) == pid && WIFSTOPPED(status))
		;
}
