// SPDX-License-Identifier: GPL-3.0-or-later
#include <sys/resource.h>

#include "core/inject/twin.h"
#include "core/tracee/headroom.h"
#include "core/tracee/proc.h"

bool snap_twin_has(const struct snap_vma *vma)
{
	// What is shared changes under the twin, too. A huge page that the process
	// writes to is taken from its copy where the pool has no other (mm/hugetlb.c,
	// hugetlb_wp()). The rest is not copied by a fork, or not as it was.
	return !(vma->prot & SNAP_VMA_SHARED) &&
	       !(vma->flags & (SNAP_VMA_DONTFORK | SNAP_VMA_WIPEONFORK |
			       SNAP_VMA_HUGETLB | SNAP_VMA_DEVICE));
}

/** A fork waits for whoever handles the faults, who may be a stopped thread of it. */
static bool has_userfaultfd(const struct snap_vmas *vmas)
{
	for (size_t i = 0; i < vmas->nr; i++)
		if (vmas->list[i].flags & SNAP_VMA_UFFD)
			return true;
	return false;
}

/** RLIMIT_NPROC, from which root is exempt (kernel/fork.c, copy_process()). */
static uint64_t max_processes(const struct snap_snapshot *process)
{
	return process->uid && process->state.nr_limits > RLIMIT_NPROC
		       ? process->state.limits[RLIMIT_NPROC].soft
		       : UINT64_MAX;
}

/** Whether orphans of the process become its children; where that is not known, too. */
static bool collects_orphans(const struct snap_snapshot *process)
{
	const struct snap_attribute_values *values = &process->state.attributes;
	return !snap_attribute_is_known(values, SNAP_ATTRIBUTE_CHILD_SUBREAPER) ||
	       values->list[SNAP_ATTRIBUTE_CHILD_SUBREAPER];
}

snap_err snap_twin_objection(struct snap_tracee *tracee,
			     const struct snap_snapshot *process, uint64_t bytes,
			     const char **ret_why)
{
	struct snap_proc_status status;
	SNAP_TRY(snap_proc_read_status(tracee, tracee->pid, &status));
	*ret_why = NULL;
	if (snap_snapshot_is_confined(process))
		*ret_why = "it is under seccomp";
	else if (status.pid_depth > 1)
		*ret_why = "it has a PID namespace of its own";
	else if (has_userfaultfd(&process->vmas))
		*ret_why = "its page faults are handled by a userfaultfd";
	else if (process->ppid != getpid() && collects_orphans(process))
		*ret_why = "orphans become its children (PR_SET_CHILD_SUBREAPER)";
	if (*ret_why)
		return SNAP_OK;
	return snap_tracee_find_headroom(tracee, bytes, max_processes(process),
					 ret_why);
}
