// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/capture/ask.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>

#include "core/capture/attributes.h"
#include "core/capture/files.h"
#include "core/capture/locks.h"
#include "core/capture/signals.h"
#include "core/capture/timers.h"
#include "core/inject/borrow.h"
#include "core/inject/room.h"
#include "core/inject/syscall_insn.h"
#include "core/tracee/memory.h"

/** What the calls of one thread answer into: at most SNAP_SCRATCH_SIZE. */
struct answers {
	/** stack_t of every 64-bit Linux (include/uapi/asm-generic/signal.h). */
	struct {
		uint64_t sp;
		uint32_t flags;
		uint32_t pad;
		uint64_t size;
	} altstack;

	uint64_t tid_address;
	uint8_t attributes[SNAP_THREAD_QUESTIONS_SPACE];
};

_Static_assert(sizeof(struct answers) <= SNAP_SCRATCH_SIZE, "they fit");

enum {
	ALTSTACK,
	TID_ADDRESS,
	ATTRIBUTES,
	NR_CALLS = ATTRIBUTES + SNAP_NR_THREAD_QUESTIONS,
};

/** What the kernel holds for one thread. */
static snap_err ask_kernel(struct snap_room *room, struct snap_borrowed *borrowed,
			   struct snap_thread *thread)
{
	struct snap_call calls[NR_CALLS] = {
		[ALTSTACK] = SNAP_CALL(SIGALTSTACK, 0,
				       room->data + offsetof(struct answers, altstack)),
		[TID_ADDRESS] =
			SNAP_CALL(PRCTL, PR_GET_TID_ADDRESS,
				  room->data + offsetof(struct answers, tid_address)),
	};
	snap_make_thread_questions(room->data + offsetof(struct answers, attributes),
				   calls + ATTRIBUTES);
	SNAP_TRY(snap_room_call(room, borrowed, calls, NR_CALLS, false));
	// EINVAL: a kernel without CONFIG_CHECKPOINT_RESTORE.
	bool has_tid_address = calls[TID_ADDRESS].result != -EINVAL;
	int64_t failed = calls[ALTSTACK].result ? calls[ALTSTACK].result
			 : has_tid_address      ? calls[TID_ADDRESS].result
						: 0;
	if (failed)
		return snap_error_os((int)-failed,
				     "cannot ask thread %d for its signal stack and "
				     "TID address",
				     (int)thread->tid);
	struct answers answers;
	SNAP_TRY(snap_tracee_read(room->tracee, room->data, &answers, sizeof(answers)));
	thread->altstack.sp = answers.altstack.sp;
	thread->altstack.flags = answers.altstack.flags;
	thread->altstack.size = answers.altstack.size;
	thread->members |= SNAP_THREAD_ALTSTACK;
	if (has_tid_address) {
		thread->tid_address = answers.tid_address;
		thread->members |= SNAP_THREAD_TID_ADDRESS;
	}
	snap_take_thread_answers(calls + ATTRIBUTES, answers.attributes,
				 &thread->state.attributes);
	return SNAP_OK;
}

/**
 * The registers that count are those of the borrowed thread: one that was just starting
 * another has meanwhile come out of its clone call.
 */
static snap_err take_registers(const struct snap_borrowed *borrowed,
			       struct snap_thread *thread)
{
	for (size_t i = 0; i < SNAP_MAX_REGSETS; i++) {
		const struct snap_regset *set = &borrowed->thread.regsets[i];
		SNAP_TRY(snap_thread_set_regset(thread, i, set->data, set->size));
	}
	if (!snap_thread_has(&borrowed->thread, SNAP_THREAD_SIGINFO))
		thread->members &= ~(uint32_t)SNAP_THREAD_SIGINFO;
	return SNAP_OK;
}

static snap_err ask_thread(struct snap_room *room, struct snap_borrowed *borrowed,
			   struct snap_thread *thread)
{
	SNAP_TRY(take_registers(borrowed, thread));
	return ask_kernel(room, borrowed, thread);
}

static snap_err ask_brk(struct snap_room *room, struct snap_borrowed *who,
			struct snap_snapshot *snapshot)
{
	struct snap_call call = SNAP_CALL(BRK, 0);
	SNAP_TRY(snap_room_call(room, who, &call, 1, false));
	snapshot->brk = (uint64_t)call.result;
	return SNAP_OK;
}

/** What any thread can tell of the process. */
static snap_err (*const questions[])(struct snap_room *room, struct snap_borrowed *who,
				     struct snap_snapshot *snapshot) = {
	ask_brk,
	snap_ask_locks,
	snap_ask_actions,
	snap_ask_timers,
	snap_ask_process_attributes,
	snap_ask_file_owners,
};

static snap_err ask_others(struct snap_room *room, uint64_t insn,
			   struct snap_snapshot *snapshot)
{
	for (size_t i = 1; i < snapshot->nr_threads; i++) {
		struct snap_thread *thread = &snapshot->threads[i];
		_cleanup_borrowed_ struct snap_borrowed borrowed = { 0 };
		SNAP_TRY(snap_borrow(room->tracee, thread->tid, insn, snapshot,
				     &borrowed));
		SNAP_TRY(ask_thread(room, &borrowed, thread));
		SNAP_TRY(snap_borrowed_return(&borrowed));
	}
	return SNAP_OK;
}

snap_err snap_ask_process(struct snap_tracee *tracee, struct snap_snapshot *snapshot)
{
	struct snap_thread *first = &snapshot->threads[0];
	uint64_t insn;
	SNAP_TRY(snap_find_syscall_insn(tracee, &snapshot->vmas, &insn));
	_cleanup_borrowed_ struct snap_borrowed borrowed = { 0 };
	SNAP_TRY(snap_borrow(tracee, first->tid, insn, snapshot, &borrowed));
	_cleanup_room_ struct snap_room room = { 0 };
	SNAP_TRY(snap_room_open(&borrowed, snapshot, 2 * tracee->page_size, &room));
	SNAP_TRY(ask_thread(&room, &borrowed, first));
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(questions); i++)
		SNAP_TRY(questions[i](&room, &borrowed, snapshot));
	SNAP_TRY(ask_others(&room, insn, snapshot));
	SNAP_TRY(snap_room_close(&room));
	return snap_borrowed_return(&borrowed);
}
