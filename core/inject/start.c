// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inject/start.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "core/inject/end.h"
#include "core/inject/restorer.h"
#include "core/inject/syscall_insn.h"
#include "core/tracee/memory.h"
#include "core/tracee/proc.h"

/** What every thread has in common with its process (pthread_create(3)). */
#define FLAGS                                                                         \
	((uint64_t)CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | \
	 CLONE_SYSVSEM)

/** What clone3(2) is told: struct clone_args of include/uapi/linux/sched.h. */
struct order {
	uint64_t flags;
	uint64_t pidfd;
	uint64_t child_tid;
	uint64_t parent_tid;
	uint64_t exit_signal;
	uint64_t stack;
	uint64_t stack_size;
	uint64_t tls;
	uint64_t set_tid;
	uint64_t set_tid_size;
	uint64_t cgroup;
};

/** What lies in the room for each thread. */
struct place {
	struct snap_batch_entry entry;
	struct order order;
	uint64_t tid;
};

static bool is_start(const struct snap_step *step)
{
	return step->kind == SNAP_STEP_START_THREAD;
}

static bool has_any_tid(const struct snap_step *step)
{
	return step->number == SNAP_TID_IS_ANY;
}

static size_t count_starts(const struct snap_plan *plan)
{
	size_t nr = 0;
	for (size_t i = 0; i < plan->nr_steps; i++)
		nr += is_start(&plan->steps[i]);
	return nr;
}

bool snap_has_threads_to_start(const struct snap_plan *plan)
{
	return count_starts(plan);
}

_must_check_ static snap_err refuse(const struct snap_thread *thread, const char *why,
				    const char *remedy)
{
	return snap_error_with_remedy(
		snap_error_create(SNAP_ERROR_REFUSED,
				  "thread %d (%s) has ended since the snapshot, and %s",
				  (int)thread->tid, thread->comm, why),
		"%s", remedy);
}

static const char in_use[] = "its number is in use for another process";
static const char later[] = "restore a snapshot that was taken after it ended";

snap_err snap_start_validate(struct snap_tracee *tracee, const struct snap_plan *plan)
{
	for (size_t i = 0; i < plan->nr_steps; i++) {
		const struct snap_step *step = &plan->steps[i];
		if (!is_start(step))
			continue;
		if (snap_arch_has_shadow_stack(tracee->arch, step->wanted))
			return refuse(step->wanted, "its shadow stack with it", later);
		if (step->number != SNAP_TID_IS_WANTED)
			continue;
		struct snap_proc_status status;
		SNAP_TRY(snap_proc_read_status(tracee, tracee->pid, &status));
		if (!status.may_choose_tids)
			return refuse(
				step->wanted,
				"the process may not start one with the same number",
				"restore a snapshot that was taken after it ended, or run "
				"the program as root or with CAP_CHECKPOINT_RESTORE");
		if (status.pid_depth > 1)
			return refuse(
				step->wanted,
				"the process has a PID namespace of its own, where "
				"its number cannot be chosen from here",
				later);
		bool is_free;
		SNAP_TRY(snap_proc_is_tid_free(tracee, step->tid, &is_free));
		if (!is_free)
			return refuse(step->wanted, in_use, later);
	}
	return SNAP_OK;
}

/** Where a thread's place is: the table first, then the orders, then the numbers. */
static uint64_t order_address(const struct snap_room *room, size_t nr, size_t index)
{
	return room->data + nr * sizeof(struct snap_batch_entry) +
	       index * sizeof(struct order);
}

static uint64_t tid_address(const struct snap_room *room, size_t nr, size_t index)
{
	return order_address(room, nr, nr) + index * sizeof(pid_t);
}

/** One more call for the batch, with what it is told. */
snap_err snap_do_start_thread(struct snap_restorer *restorer,
			      const struct snap_step *step)
{
	struct snap_tracee *tracee = restorer->tracee;
	const struct snap_room *room = &restorer->room;
	size_t nr = count_starts(restorer->plan), index = restorer->nr_started++;
	struct order order = {
		.flags = FLAGS,
		.set_tid = has_any_tid(step) ? 0 : tid_address(room, nr, index),
		.set_tid_size = has_any_tid(step) ? 0 : 1,
	};
	struct snap_batch_entry entry = {
		.number = (uint64_t)tracee->arch->syscalls[SNAP_SYS_CLONE3],
		.args = { order_address(room, nr, index), sizeof(order) },
		.result = SNAP_NOT_MADE,
	};
	SNAP_TRY(snap_tracee_write(tracee, tid_address(room, nr, index), &step->tid,
				   sizeof(step->tid)));
	SNAP_TRY(snap_tracee_write(tracee, order_address(room, nr, index), &order,
				   sizeof(order)));
	return snap_tracee_write(tracee, room->data + index * sizeof(entry), &entry,
				 sizeof(entry));
}

static snap_err read_result(const struct snap_restorer *restorer, size_t index,
			    struct snap_batch_entry *ret)
{
	return snap_tracee_read(restorer->tracee,
				restorer->room.data + index * sizeof(*ret), ret,
				sizeof(*ret));
}

/** What the kernel has said to a call. */
static snap_err check_result(const struct snap_step *step, int64_t result)
{
	if (result == step->tid || (step->number != SNAP_TID_IS_WANTED && result > 0))
		return SNAP_OK;
	// The number was free when it was planned; numbers come round soon where
	// kernel.pid_max is small.
	if (result == -EEXIST)
		return refuse(step->wanted, in_use, later);
	if (snap_call_failed(result))
		return snap_error_os((int)-result,
				     "the process cannot start thread %d again",
				     (int)step->tid);
	return snap_error_create(SNAP_ERROR_MISMATCH, "thread %d was not started again",
				 (int)step->tid);
}

/** The call is made again, as the next of a new table, and may be given any number. */
static snap_err order_again(const struct snap_restorer *restorer,
			    struct snap_batch_entry *entry, size_t index)
{
	struct order order;
	struct snap_tracee *tracee = restorer->tracee;
	SNAP_TRY(snap_tracee_read(tracee, entry->args[0], &order, sizeof(order)));
	order.set_tid = order.set_tid_size = 0;
	SNAP_TRY(snap_tracee_write(tracee, entry->args[0], &order, sizeof(order)));
	entry->result = SNAP_NOT_MADE;
	return snap_tracee_write(tracee, restorer->room.data + index * sizeof(*entry),
				 entry, sizeof(*entry));
}

/** *ret_again: how many have been ordered again. */
static snap_err check_results(const struct snap_restorer *restorer, size_t *ret_again)
{
	size_t index = 0;
	*ret_again = 0;
	for (size_t i = 0; i < restorer->plan->nr_steps; i++) {
		const struct snap_step *step = &restorer->plan->steps[i];
		struct snap_batch_entry entry;
		if (!is_start(step))
			continue;
		SNAP_TRY(read_result(restorer, index++, &entry));
		if (step->number == SNAP_TID_IS_PREFERRED && entry.result == -EEXIST)
			SNAP_TRY(order_again(restorer, &entry, (*ret_again)++));
		else
			SNAP_TRY(check_result(step, entry.result));
	}
	return SNAP_OK;
}

/** All get the numbers that they had, or none is started. */
static bool is_strict(const struct snap_plan *plan)
{
	for (size_t i = 0; i < plan->nr_steps; i++)
		if (is_start(&plan->steps[i]) &&
		    plan->steps[i].number == SNAP_TID_IS_WANTED)
			return true;
	return false;
}

static snap_err run_table(struct snap_restorer *restorer,
			  const struct snap_runner *runner, size_t nr)
{
	struct snap_borrowed *worker = restorer->worker;
	const struct snap_room *room = &restorer->room;
	SNAP_TRY(snap_borrowed_prepare(worker, room->code, room->data, nr,
				       is_strict(restorer->plan)));
	SNAP_TRY(snap_tracee_enter(restorer->tracee, "let thread %d start the others",
				   (int)worker->thread.tid));
	return runner->run(runner->context, worker->thread.tid,
			   room->code + restorer->tracee->arch->batch_end,
			   worker->stop_signal);
}

static snap_err run_orders(struct snap_restorer *restorer,
			   const struct snap_runner *runner)
{
	SNAP_TRY(snap_run_steps(restorer, SNAP_IN_ADVANCE));
	SNAP_TRY(run_table(restorer, runner, restorer->nr_started));
	size_t nr_again;
	SNAP_TRY(check_results(restorer, &nr_again));
	if (!nr_again)
		return SNAP_OK;
	SNAP_TRY(run_table(restorer, runner, nr_again));
	for (size_t i = 0; i < nr_again; i++) {
		struct snap_batch_entry entry;
		SNAP_TRY(read_result(restorer, i, &entry));
		if (entry.result <= 0)
			return snap_error_os((int)-entry.result,
					     "the process cannot start a thread");
	}
	return SNAP_OK;
}

/** By one thread, which does not remember it. */
static snap_err start_by(struct snap_restorer *restorer,
			 const struct snap_runner *runner)
{
	_cleanup_room_ struct snap_room room = { 0 };
	uint64_t size = count_starts(restorer->plan) * sizeof(struct place);
	SNAP_TRY(snap_room_open(restorer->worker, restorer->plan->live, size, &room));
	if (!room.code || room.data_size < size)
		return snap_error_create(
			SNAP_ERROR_UNSUPPORTED,
			"the process cannot map the memory that it takes to start "
			"threads again");
	restorer->room = room;
	_cleanup_error_ snap_err error = run_orders(restorer, runner);
	snap_err unclosed = snap_room_close(&room);
	if (unclosed && !error)
		return unclosed;
	snap_error_destroy(unclosed);
	return snap_take(error);
}

static void deinit(struct snap_restorer *restorer)
{
	// Nothing has been pushed, but there is room for it.
	snap_undo_deinit(&restorer->undo);
}

snap_err snap_start_threads(struct snap_tracee *tracee, const struct snap_plan *plan,
			    const struct snap_runner *runner)
{
	uint64_t insn;
	SNAP_TRY(snap_find_syscall_insn(tracee, &plan->live->vmas, &insn));
	_cleanup_borrowed_ struct snap_borrowed worker = { 0 };
	SNAP_TRY(snap_borrow(tracee, plan->live->threads[0].tid, insn, NULL, &worker));
	_cleanup_(deinit) struct snap_restorer restorer = {
		.tracee = tracee,
		.plan = plan,
		.worker = &worker,
	};
	snap_err error = start_by(&restorer, runner);
	if (!error)
		error = snap_borrowed_return(&worker);
	return error ? snap_unstart_threads(tracee, plan, error) : SNAP_OK;
}

/** Whether a thread of the process has this number now. */
static bool exists(const pid_t *tids, size_t nr, pid_t tid)
{
	for (size_t i = 0; i < nr; i++)
		if (tids[i] == tid)
			return true;
	return false;
}

static snap_err end_started(struct snap_tracee *tracee, pid_t tid, uint64_t insn)
{
	struct snap_borrowed borrowed = { 0 };
	snap_err error = snap_borrow(tracee, tid, insn, NULL, &borrowed);
	if (!error)
		error = snap_end_thread(&borrowed);
	snap_borrowed_deinit(&borrowed);
	return error;
}

static snap_err end_all_started(struct snap_tracee *tracee,
				const struct snap_plan *plan)
{
	_cleanup_free_ pid_t *tids = NULL;
	size_t nr;
	uint64_t insn;
	SNAP_TRY(snap_proc_list_threads(tracee, &tids, &nr));
	SNAP_TRY(snap_find_syscall_insn(tracee, &plan->live->vmas, &insn));
	for (size_t i = 0; i < plan->nr_steps; i++)
		if (is_start(&plan->steps[i]) && exists(tids, nr, plan->steps[i].tid))
			SNAP_TRY(end_started(tracee, plan->steps[i].tid, insn));
	return SNAP_OK;
}

snap_err snap_unstart_threads(struct snap_tracee *tracee, const struct snap_plan *plan,
			      snap_err cause)
{
	snap_err failure = end_all_started(tracee, plan);
	if (!failure)
		return cause;
	snap_err told = snap_error_with_remedy(
		snap_error_create(
			SNAP_ERROR_UNDO,
			"%s; and then it could not end the threads that it had "
			"started again: %s",
			cause->message, failure->message),
		"the process has threads that do nothing: restore a snapshot, or end it");
	snap_error_destroy(cause);
	snap_error_destroy(failure);
	return told;
}
