// SPDX-License-Identifier: GPL-3.0-or-later
#include <linux/prctl.h>

#include "core/inject/restorer.h"
#include "core/tracee/attributes.h"
#include "core/tracee/memory.h"

// Newer than the headers of the distributions that we build on.
#ifndef PR_SET_MEMORY_MERGE
#	define PR_SET_MEMORY_MERGE 67
#endif

/** The calls that set an attribute; prctl() with an option in front of the value. */
static bool find_call(enum snap_attribute attribute, uint64_t value,
		      struct snap_call *ret)
{
	switch (attribute) {
	case SNAP_ATTRIBUTE_UMASK:
		*ret = (struct snap_call)SNAP_CALL(UMASK, value);
		return true;
	case SNAP_ATTRIBUTE_PERSONALITY:
		*ret = (struct snap_call)SNAP_CALL(PERSONALITY, value);
		return true;
	case SNAP_ATTRIBUTE_DUMPABLE:
		*ret = (struct snap_call)SNAP_CALL(PRCTL, PR_SET_DUMPABLE, value);
		return true;
	case SNAP_ATTRIBUTE_CHILD_SUBREAPER:
		*ret = (struct snap_call)SNAP_CALL(PRCTL, PR_SET_CHILD_SUBREAPER,
						   value);
		return true;
	case SNAP_ATTRIBUTE_THP_DISABLE:
		// Linux 6.18: flags of their own beside the switch (kernel/sys.c).
		*ret = (struct snap_call)SNAP_CALL(PRCTL, PR_SET_THP_DISABLE, value & 1,
						   value & ~UINT64_C(1));
		return true;
	case SNAP_ATTRIBUTE_MEMORY_MERGE:
		*ret = (struct snap_call)SNAP_CALL(PRCTL, PR_SET_MEMORY_MERGE, value);
		return true;
	case SNAP_ATTRIBUTE_PARENT_DEATH_SIGNAL:
		*ret = (struct snap_call)SNAP_CALL(PRCTL, PR_SET_PDEATHSIG, value);
		return true;
	case SNAP_ATTRIBUTE_TIMER_SLACK:
		*ret = (struct snap_call)SNAP_CALL(PRCTL, PR_SET_TIMERSLACK, value);
		return true;
	case SNAP_ATTRIBUTE_TSC:
		*ret = (struct snap_call)SNAP_CALL(PRCTL, PR_SET_TSC, value);
		return true;
	case SNAP_ATTRIBUTE_MCE_KILL:
		*ret = (struct snap_call)SNAP_CALL(PRCTL, PR_MCE_KILL, PR_MCE_KILL_SET,
						   value);
		return true;
	default:
		return false;
	}
}

/** prctl(PR_SET_SPECULATION_CTRL): the lowest bit of what is read is not the state's.
 */
static bool find_speculation(enum snap_attribute attribute, uint64_t value,
			     struct snap_call *ret)
{
	uint64_t which = attribute == SNAP_ATTRIBUTE_STORE_BYPASS ? PR_SPEC_STORE_BYPASS
			 : attribute == SNAP_ATTRIBUTE_INDIRECT_BRANCH
				 ? PR_SPEC_INDIRECT_BRANCH
				 : PR_SPEC_L1D_FLUSH;
	*ret = (struct snap_call)SNAP_CALL(PRCTL, PR_SET_SPECULATION_CTRL, which,
					   value & ~(uint64_t)PR_SPEC_PRCTL);
	return true;
}

static bool make_call(enum snap_attribute attribute, uint64_t value,
		      struct snap_call *ret)
{
	switch (attribute) {
	case SNAP_ATTRIBUTE_STORE_BYPASS:
	case SNAP_ATTRIBUTE_INDIRECT_BRANCH:
	case SNAP_ATTRIBUTE_L1D_FLUSH:
		return find_speculation(attribute, value, ret);
	default:
		return find_call(attribute, value, ret);
	}
}

/** By the thread that it is about, or by any. */
static snap_err set(struct snap_restorer *restorer, const struct snap_step *step,
		    uint64_t value)
{
	enum snap_attribute attribute = (enum snap_attribute)step->number;
	if (attribute == SNAP_ATTRIBUTE_OOM_SCORE_ADJ ||
	    attribute == SNAP_ATTRIBUTE_COREDUMP_FILTER)
		return snap_tracee_write_attribute_file(restorer->tracee, attribute,
							value);
	if (attribute == SNAP_ATTRIBUTE_IO_PRIORITY)
		return snap_tracee_write_io_priority(restorer->tracee, step->tid,
						     value);
	struct snap_call call;
	if (!make_call(attribute, value, &call))
		return snap_error_create(SNAP_ERROR_UNSUPPORTED,
					 "nobody knows how to set the %s",
					 snap_attributes[attribute].words);
	struct snap_borrowed *who = step->tid
					    ? snap_restorer_thread(restorer, step->tid)
					    : restorer->worker;
	return snap_must_call(who, call.number, call.args, "set its %s",
			      snap_attributes[attribute].words);
}

static snap_err undo_attribute(struct snap_restorer *restorer,
			       const struct snap_step *step,
			       const uint64_t values[SNAP_UNDO_VALUES])
{
	return set(restorer, step, *(const uint64_t *)step->is);
}

snap_err snap_do_set_attribute(struct snap_restorer *restorer,
			       const struct snap_step *step)
{
	snap_restorer_push(restorer, "set an attribute back", undo_attribute, step, 0,
			   0, 0);
	return set(restorer, step, *(const uint64_t *)step->wanted);
}

snap_err snap_do_keep_attribute(struct snap_restorer *restorer,
				const struct snap_step *step)
{
	return SNAP_OK; // It is a step so that it is named.
}

/** prctl(PR_SET_NAME) takes SNAP_COMM_SIZE bytes. */
static snap_err set_name(struct snap_restorer *restorer, const struct snap_step *step,
			 const char *name)
{
	SNAP_TRY(snap_tracee_write(restorer->tracee, restorer->room.data, name,
				   SNAP_COMM_SIZE));
	return snap_must_call(snap_restorer_thread(restorer, step->tid), SNAP_SYS_PRCTL,
			      SNAP_ARGS(PR_SET_NAME, restorer->room.data),
			      "set the name of thread %d", (int)step->tid);
}

static snap_err undo_name(struct snap_restorer *restorer, const struct snap_step *step,
			  const uint64_t values[SNAP_UNDO_VALUES])
{
	return set_name(restorer, step, step->is);
}

snap_err snap_do_set_thread_name(struct snap_restorer *restorer,
				 const struct snap_step *step)
{
	snap_restorer_push(restorer, "put back the name of a thread", undo_name, step,
			   0, 0, 0);
	return set_name(restorer, step, step->wanted);
}

static snap_err set_scheduling(struct snap_restorer *restorer,
			       const struct snap_step *step,
			       const struct snap_thread_state *state)
{
	return snap_tracee_write_scheduling(restorer->tracee, step->tid,
					    &state->attributes);
}

static snap_err undo_scheduling(struct snap_restorer *restorer,
				const struct snap_step *step,
				const uint64_t values[SNAP_UNDO_VALUES])
{
	return set_scheduling(restorer, step, step->is);
}

snap_err snap_do_set_scheduling(struct snap_restorer *restorer,
				const struct snap_step *step)
{
	snap_restorer_push(restorer, "put back the scheduling of a thread",
			   undo_scheduling, step, 0, 0, 0);
	return set_scheduling(restorer, step, step->wanted);
}

static snap_err set_cpus(struct snap_restorer *restorer, const struct snap_step *step,
			 const struct snap_thread_state *state)
{
	return snap_tracee_write_cpus(restorer->tracee, step->tid, state->cpus);
}

static snap_err undo_cpus(struct snap_restorer *restorer, const struct snap_step *step,
			  const uint64_t values[SNAP_UNDO_VALUES])
{
	return set_cpus(restorer, step, step->is);
}

snap_err snap_do_set_cpus(struct snap_restorer *restorer, const struct snap_step *step)
{
	snap_restorer_push(restorer, "put back the CPUs of a thread", undo_cpus, step,
			   0, 0, 0);
	return set_cpus(restorer, step, step->wanted);
}
