#include "core/capture/attributes.h"

#include <linux/membarrier.h>
#include <linux/prctl.h>

#include "core/tracee/memory.h"

// Newer than the headers of the distributions that we build on (uapi/linux/prctl.h,
// uapi/linux/membarrier.h).
#ifndef PR_GET_MDWE
#	define PR_GET_MDWE 66
#endif
#ifndef PR_GET_MEMORY_MERGE
#	define PR_GET_MEMORY_MERGE 68
#endif
#define GET_REGISTRATIONS (1 << 9)

/** A call that answers with one number. */
struct question {
	enum snap_attribute attribute;
	enum snap_syscall call;
	uint64_t option;
	uint64_t which;
	/** An int at the address that is the second argument, not the result. */
	bool is_in_memory;
};

/** The most questions at once: what SNAP_SCRATCH_SIZE has room for, 8 bytes each. */
#define MOST 8

static const struct question of_process[] = {
	{ SNAP_ATTRIBUTE_DUMPABLE, SNAP_SYS_PRCTL, PR_GET_DUMPABLE, 0, false },
	{ SNAP_ATTRIBUTE_CHILD_SUBREAPER, SNAP_SYS_PRCTL, PR_GET_CHILD_SUBREAPER, 0,
	  true },
	{ SNAP_ATTRIBUTE_THP_DISABLE, SNAP_SYS_PRCTL, PR_GET_THP_DISABLE, 0, false },
	{ SNAP_ATTRIBUTE_MEMORY_MERGE, SNAP_SYS_PRCTL, PR_GET_MEMORY_MERGE, 0, false },
	{ SNAP_ATTRIBUTE_MDWE, SNAP_SYS_PRCTL, PR_GET_MDWE, 0, false },
	{ SNAP_ATTRIBUTE_MEMBARRIER, SNAP_SYS_MEMBARRIER, GET_REGISTRATIONS, 0, false },
};

static const struct question of_thread[] = {
	{ SNAP_ATTRIBUTE_PARENT_DEATH_SIGNAL, SNAP_SYS_PRCTL, PR_GET_PDEATHSIG, 0,
	  true },
	{ SNAP_ATTRIBUTE_TSC, SNAP_SYS_PRCTL, PR_GET_TSC, 0, true },
	{ SNAP_ATTRIBUTE_TIMER_SLACK, SNAP_SYS_PRCTL, PR_GET_TIMERSLACK, 0, false },
	{ SNAP_ATTRIBUTE_SECUREBITS, SNAP_SYS_PRCTL, PR_GET_SECUREBITS, 0, false },
	{ SNAP_ATTRIBUTE_MCE_KILL, SNAP_SYS_PRCTL, PR_MCE_KILL_GET, 0, false },
	{ SNAP_ATTRIBUTE_STORE_BYPASS, SNAP_SYS_PRCTL, PR_GET_SPECULATION_CTRL,
	  PR_SPEC_STORE_BYPASS, false },
	{ SNAP_ATTRIBUTE_INDIRECT_BRANCH, SNAP_SYS_PRCTL, PR_GET_SPECULATION_CTRL,
	  PR_SPEC_INDIRECT_BRANCH, false },
	{ SNAP_ATTRIBUTE_L1D_FLUSH, SNAP_SYS_PRCTL, PR_GET_SPECULATION_CTRL,
	  PR_SPEC_L1D_FLUSH, false },
};

_Static_assert(SNAP_ARRAY_SIZE(of_process) <= MOST, "they fit");
_Static_assert(SNAP_ARRAY_SIZE(of_thread) <= MOST, "they fit");

static snap_err ask(struct snap_room *room, struct snap_borrowed *who,
		    const struct question *questions, size_t nr,
		    struct snap_attribute_values *ret)
{
	struct snap_call calls[MOST] = { 0 };
	uint64_t answers[MOST];
	for (size_t i = 0; i < nr; i++) {
		calls[i].number = questions[i].call;
		calls[i].args[0] = questions[i].option;
		calls[i].args[1] = questions[i].is_in_memory
					   ? room->data + i * sizeof(*answers)
					   : questions[i].which;
	}
	SNAP_TRY(snap_room_call(room, who, calls, nr, false));
	SNAP_TRY(snap_tracee_read(room->tracee, room->data, answers,
				  nr * sizeof(*answers)));
	for (size_t i = 0; i < nr; i++)
		if (calls[i].result >= 0)
			snap_attribute_set(ret, questions[i].attribute,
					   questions[i].is_in_memory
						   ? (uint32_t)answers[i]
						   : (uint64_t)calls[i].result);
	return SNAP_OK;
}

snap_err snap_ask_process_attributes(struct snap_room *room, struct snap_borrowed *who,
				     struct snap_snapshot *snapshot)
{
	return ask(room, who, of_process, SNAP_ARRAY_SIZE(of_process),
		   &snapshot->state.attributes);
}

snap_err snap_ask_thread_attributes(struct snap_room *room,
				    struct snap_borrowed *borrowed,
				    struct snap_thread *thread)
{
	return ask(room, borrowed, of_thread, SNAP_ARRAY_SIZE(of_thread),
		   &thread->state.attributes);
}
