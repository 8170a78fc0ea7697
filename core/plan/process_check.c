// SPDX-License-Identifier: GPL-3.0-or-later
#include <linux/capability.h>
#include <sched.h>
#include <sys/resource.h>

#include "core/plan/process.h"

/*
 * What the kernel asks of a debugger that changes a process (Linux, kernel/sys.c,
 * kernel/sched/syscalls.c, block/ioprio.c, fs/proc/base.c). A change must be allowed in
 * both directions: it may have to be undone.
 */

static bool may(const struct snap_plan *plan, int capability)
{
	return plan->live->state.debugger_capabilities >> capability & 1;
}

static snap_err refuse(const char *what, const char *capability)
{
	return snap_error_with_remedy(
		snap_error_create(SNAP_ERROR_REFUSED,
				  "the kernel lets only a debugger with %s put back %s",
				  capability, what),
		"run GDB as root, or restore a snapshot that was taken after that change");
}

snap_err snap_check_limit(const struct snap_plan *plan, const struct snap_step *step)
{
	const struct snap_limit *wanted = step->wanted, *is = step->is;
	if (wanted->hard == is->hard || may(plan, CAP_SYS_RESOURCE))
		return SNAP_OK;
	return snap_error_with_remedy(
		snap_error_create(
			SNAP_ERROR_REFUSED,
			"the hard limit %s of the process has changed since the "
			"snapshot, and only a debugger with CAP_SYS_RESOURCE may "
			"raise one",
			snap_limit_name((unsigned)step->number)),
		"run GDB as root, or restore a snapshot that was taken after that change");
}

/** IOPRIO_PRIO_CLASS() of include/uapi/linux/ioprio.h, and its real-time class. */
static bool is_real_time_io(uint64_t priority)
{
	return (priority >> 13 & 7) == 1;
}

snap_err snap_check_attribute(const struct snap_plan *plan,
			      const struct snap_step *step)
{
	uint64_t wanted = *(const uint64_t *)step->wanted;
	uint64_t is = *(const uint64_t *)step->is;
	switch ((enum snap_attribute)step->number) {
	case SNAP_ATTRIBUTE_DUMPABLE:
		// prctl(2): it takes 0 and 1. The kernel itself sets 2.
		if (wanted <= 1 && is <= 1)
			return SNAP_OK;
		return snap_error_with_remedy(
			snap_error_create(
				SNAP_ERROR_REFUSED,
				"the dumpable flag of the process is or was 2 "
				"(by fs.suid_dumpable), which no process can set"),
			"restore a snapshot that was taken after that change");
	case SNAP_ATTRIBUTE_OOM_SCORE_ADJ:
		if (((int64_t)wanted >= 0 && (int64_t)is >= 0) ||
		    may(plan, CAP_SYS_RESOURCE))
			return SNAP_OK;
		return refuse("an OOM score adjustment below 0", "CAP_SYS_RESOURCE");
	case SNAP_ATTRIBUTE_IO_PRIORITY:
		if (!(is_real_time_io(wanted) || is_real_time_io(is)) ||
		    may(plan, CAP_SYS_ADMIN) || may(plan, CAP_SYS_NICE))
			return SNAP_OK;
		return refuse("a real-time I/O priority", "CAP_SYS_NICE");
	default:
		return SNAP_OK;
	}
}

static const enum snap_attribute scheduling[] = {
	SNAP_ATTRIBUTE_POLICY,   SNAP_ATTRIBUTE_SCHED_FLAGS, SNAP_ATTRIBUTE_NICE,
	SNAP_ATTRIBUTE_PRIORITY, SNAP_ATTRIBUTE_RUNTIME,     SNAP_ATTRIBUTE_DEADLINE,
	SNAP_ATTRIBUTE_PERIOD,
};

bool snap_scheduling_differs(const struct snap_thread_state *a,
			     const struct snap_thread_state *b)
{
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(scheduling); i++)
		if (snap_attribute_differs(&a->attributes, &b->attributes,
					   scheduling[i]))
			return true;
	return false;
}

static uint64_t limit_of(const struct snap_plan *plan, unsigned resource)
{
	const struct snap_process_state *state = &plan->live->state;
	return resource < state->nr_limits ? state->limits[resource].soft : 0;
}

static int nice_of(const struct snap_attribute_values *values)
{
	return (int)(int64_t)values->list[SNAP_ATTRIBUTE_NICE];
}

/** user_check_sched_setscheduler() of kernel/sched/syscalls.c. */
static bool may_change_scheduling(const struct snap_plan *plan,
				  const struct snap_attribute_values *from,
				  const struct snap_attribute_values *to)
{
	uint64_t policy = to->list[SNAP_ATTRIBUTE_POLICY];
	uint64_t priority = to->list[SNAP_ATTRIBUTE_PRIORITY];
	bool is_same = policy == from->list[SNAP_ATTRIBUTE_POLICY];
	if (policy == SCHED_OTHER || policy == SCHED_BATCH)
		if (nice_of(to) < nice_of(from) &&
		    (uint64_t)(20 - nice_of(to)) > limit_of(plan, RLIMIT_NICE))
			return false;
	if (policy == SCHED_FIFO || policy == SCHED_RR) {
		if (!is_same && !limit_of(plan, RLIMIT_RTPRIO))
			return false;
		if (priority > from->list[SNAP_ATTRIBUTE_PRIORITY] &&
		    priority > limit_of(plan, RLIMIT_RTPRIO))
			return false;
	}
	if (from->list[SNAP_ATTRIBUTE_POLICY] == SCHED_IDLE && !is_same &&
	    (uint64_t)(20 - nice_of(from)) > limit_of(plan, RLIMIT_NICE))
		return false;
	return policy != 6 /* SCHED_DEADLINE */ &&
	       !(from->list[SNAP_ATTRIBUTE_SCHED_FLAGS] &
		 ~to->list[SNAP_ATTRIBUTE_SCHED_FLAGS] & 1 /* RESET_ON_FORK */);
}

snap_err snap_check_scheduling(const struct snap_plan *plan,
			       const struct snap_step *step)
{
	const struct snap_thread_state *wanted = step->wanted, *is = step->is;
	if (may(plan, CAP_SYS_NICE) ||
	    (may_change_scheduling(plan, &is->attributes, &wanted->attributes) &&
	     may_change_scheduling(plan, &wanted->attributes, &is->attributes)))
		return SNAP_OK;
	return snap_error_with_remedy(
		snap_error_create(SNAP_ERROR_REFUSED,
				  "the scheduling of thread %d has changed since the "
				  "snapshot, and only a debugger with CAP_SYS_NICE may "
				  "put it back",
				  (int)step->tid),
		"run GDB as root, or raise the limits RLIMIT_NICE and RLIMIT_RTPRIO");
}
