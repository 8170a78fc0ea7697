// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What a thread has registered with the kernel, as steps of a restore: where its
 * restartable sequences, its robust futexes and the word to clear at its end are.
 *
 * Only the registration of restartable sequences touches memory: the kernel writes the
 * CPU's number there as long as it is registered, and resets it when it no longer is.
 * So what is registered and shall not be is taken back before memory is rewound, and
 * what is missing is registered behind that.
 */
#include "core/inject/restorer.h"

#include <string.h>

#include "core/tracee/memory.h"

/** RSEQ_FLAG_UNREGISTER of include/uapi/linux/rseq.h. */
#define UNREGISTER 1

/** The robust list has one form (kernel/futex/syscalls.c), 24 bytes on 64 bits. */
#define ROBUST_LIST_LENGTH 24

_must_check_ static snap_err call_rseq(struct snap_restorer *restorer,
				       const struct snap_thread *thread, uint64_t flags)
{
	return snap_must_call(snap_restorer_thread(restorer, thread->tid),
			      SNAP_SYS_RSEQ,
			      SNAP_ARGS(thread->rseq.address, thread->rseq.size, flags,
					thread->rseq.signature),
			      "%s the restartable sequences of thread %d",
			      flags ? "forget" : "register", (int)thread->tid);
}

static snap_err undo_unregister(struct snap_restorer *restorer,
				const struct snap_step *step,
				const uint64_t values[SNAP_UNDO_VALUES])
{
	return call_rseq(restorer, step->is, 0);
}

snap_err snap_do_unregister_rseq(struct snap_restorer *restorer,
				 const struct snap_step *step)
{
	SNAP_TRY(call_rseq(restorer, step->is, UNREGISTER));
	snap_restorer_push(restorer, "register restartable sequences again",
			   undo_unregister, step, 0, 0, 0);
	return SNAP_OK;
}

/** Where the kernel writes when it forgets: all of the first 32 bytes but the pointer.
 */
struct kernel_words {
	uint64_t numbers;
	uint64_t pointer;
	uint64_t rest[2];
};

static snap_err undo_register(struct snap_restorer *restorer,
			      const struct snap_step *step,
			      const uint64_t values[SNAP_UNDO_VALUES])
{
	const struct snap_thread *wanted = step->wanted;
	SNAP_TRY(call_rseq(restorer, wanted, UNREGISTER));
	SNAP_TRY(snap_tracee_write(restorer->tracee, wanted->rseq.address, &values[0],
				   sizeof(values[0])));
	return snap_tracee_write(restorer->tracee,
				 wanted->rseq.address +
					 offsetof(struct kernel_words, rest),
				 &values[1], sizeof(((struct kernel_words *)0)->rest));
}

snap_err snap_do_register_rseq(struct snap_restorer *restorer,
			       const struct snap_step *step)
{
	const struct snap_thread *wanted = step->wanted;
	struct kernel_words words;
	SNAP_TRY(snap_tracee_read(restorer->tracee, wanted->rseq.address, &words,
				  sizeof(words)));
	SNAP_TRY(call_rseq(restorer, wanted, 0));
	snap_restorer_push(restorer, "forget restartable sequences", undo_register,
			   step, words.numbers, words.rest[0], words.rest[1]);
	return SNAP_OK;
}

_must_check_ static snap_err call_robust_list(struct snap_restorer *restorer, pid_t tid,
					      uint64_t head)
{
	return snap_must_call(snap_restorer_thread(restorer, tid),
			      SNAP_SYS_SET_ROBUST_LIST,
			      SNAP_ARGS(head, ROBUST_LIST_LENGTH),
			      "set the robust list of thread %d", (int)tid);
}

static snap_err undo_robust_list(struct snap_restorer *restorer,
				 const struct snap_step *step,
				 const uint64_t values[SNAP_UNDO_VALUES])
{
	return call_robust_list(restorer, step->tid, values[0]);
}

snap_err snap_do_set_robust_list(struct snap_restorer *restorer,
				 const struct snap_step *step)
{
	const struct snap_thread *wanted = step->wanted, *is = step->is;
	SNAP_TRY(call_robust_list(restorer, step->tid,
				  wanted ? wanted->robust_list.head : 0));
	snap_restorer_push(restorer, "put back a robust list", undo_robust_list, step,
			   is->robust_list.head, 0, 0);
	return SNAP_OK;
}

_must_check_ static snap_err call_tid_address(struct snap_restorer *restorer, pid_t tid,
					      uint64_t address)
{
	return snap_must_call(snap_restorer_thread(restorer, tid),
			      SNAP_SYS_SET_TID_ADDRESS, SNAP_ARGS(address),
			      "set the TID address of thread %d", (int)tid);
}

static snap_err undo_tid_address(struct snap_restorer *restorer,
				 const struct snap_step *step,
				 const uint64_t values[SNAP_UNDO_VALUES])
{
	return call_tid_address(restorer, step->tid, values[0]);
}

snap_err snap_do_set_tid_address(struct snap_restorer *restorer,
				 const struct snap_step *step)
{
	const struct snap_thread *wanted = step->wanted, *is = step->is;
	SNAP_TRY(call_tid_address(restorer, step->tid,
				  wanted ? wanted->tid_address : 0));
	snap_restorer_push(restorer, "put back a TID address", undo_tid_address, step,
			   is->tid_address, 0, 0);
	return SNAP_OK;
}
