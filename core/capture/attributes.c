// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/capture/attributes.h"

#include <linux/membarrier.h>
#include <linux/prctl.h>
#include <string.h>

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
/** ARCH_GET_XCOMP_PERM of arch/x86/include/uapi/asm/prctl.h. */
#define GET_WIDE_REGISTERS 0x1022

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
	{ SNAP_ATTRIBUTE_WIDE_REGISTERS, SNAP_SYS_ARCH_PRCTL, GET_WIDE_REGISTERS, 0,
	  true },
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
_Static_assert(SNAP_ARRAY_SIZE(of_thread) == SNAP_NR_THREAD_QUESTIONS, "they fit");

/** Those that are answered in memory have 8 bytes each, one behind the other. */
static void make_calls(const struct question *questions, size_t nr, uint64_t data,
		       struct snap_call *ret)
{
	for (size_t i = 0; i < nr; i++) {
		ret[i] = (struct snap_call){ .number = questions[i].call };
		ret[i].args[0] = questions[i].option;
		ret[i].args[1] = questions[i].is_in_memory ? data : questions[i].which;
		data += questions[i].is_in_memory ? sizeof(uint64_t) : 0;
	}
}

static void take_answers(const struct question *questions, size_t nr,
			 const struct snap_call *calls, const uint8_t *answers,
			 struct snap_attribute_values *ret)
{
	for (size_t i = 0; i < nr; i++) {
		uint32_t in_memory = 0;
		if (questions[i].is_in_memory) {
			memcpy(&in_memory, answers, sizeof(in_memory));
			answers += sizeof(uint64_t);
		}
		if (calls[i].result >= 0)
			snap_attribute_set(ret, questions[i].attribute,
					   questions[i].is_in_memory
						   ? in_memory
						   : (uint64_t)calls[i].result);
	}
}

snap_err snap_ask_process_attributes(struct snap_room *room, struct snap_borrowed *who,
				     struct snap_snapshot *snapshot)
{
	const size_t nr = SNAP_ARRAY_SIZE(of_process);
	struct snap_call calls[MOST];
	uint8_t answers[MOST * sizeof(uint64_t)];
	make_calls(of_process, nr, room->data, calls);
	SNAP_TRY(snap_room_call(room, who, calls, nr, false));
	SNAP_TRY(snap_tracee_read(room->tracee, room->data, answers, sizeof(answers)));
	take_answers(of_process, nr, calls, answers, &snapshot->state.attributes);
	return SNAP_OK;
}

void snap_make_thread_questions(uint64_t data,
				struct snap_call ret[SNAP_NR_THREAD_QUESTIONS])
{
	make_calls(of_thread, SNAP_NR_THREAD_QUESTIONS, data, ret);
}

void snap_take_thread_answers(const struct snap_call calls[SNAP_NR_THREAD_QUESTIONS],
			      const uint8_t answers[SNAP_THREAD_QUESTIONS_SPACE],
			      struct snap_attribute_values *ret)
{
	take_answers(of_thread, SNAP_NR_THREAD_QUESTIONS, calls, answers, ret);
}

void snap_copy_process_answers(const struct snap_attribute_values *from,
			       struct snap_attribute_values *to)
{
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(of_process); i++) {
		enum snap_attribute attribute = of_process[i].attribute;
		if (snap_attribute_is_known(from, attribute))
			snap_attribute_set(to, attribute, from->list[attribute]);
	}
}
