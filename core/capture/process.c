// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/capture/process.h"

#include <string.h>

#include "core/capture/ask.h"
#include "core/capture/files.h"
#include "core/capture/signals.h"
#include "core/capture/task_book.h"
#include "core/inject/borrow.h"
#include "core/inject/rearm.h"
#include "core/tracee/attributes.h"
#include "core/tracee/mappings.h"
#include "core/tracee/pending.h"
#include "core/tracee/proc.h"
#include "core/tracee/registers.h"
#include "core/tracee/signals.h"
#include "core/tracee/timers.h"

/** Refuse a thread that is not stopped under our hands. */
static snap_err check_state(struct snap_tracee *tracee, pid_t tid,
			    const struct snap_proc_stat *stat,
			    const struct snap_proc_status *status)
{
	if (stat->state == 'Z' || stat->state == 'X')
		return snap_error_with_remedy(
			snap_error_create(
				SNAP_ERROR_REFUSED,
				"thread %d has ended and left its process behind",
				(int)tid),
			"a process whose main thread has called pthread_exit() cannot be "
			"saved or restored");
	if (status->tracer != getpid())
		return snap_error_with_remedy(
			snap_error_create(SNAP_ERROR_REFUSED,
					  "thread %d is not traced by this debugger",
					  (int)tid),
			"attach to process %d first", (int)tracee->pid);
	if (stat->state != 't' && stat->state != 'T')
		return snap_error_with_remedy(
			snap_error_create(SNAP_ERROR_REFUSED, "thread %d is running",
					  (int)tid),
			"type \"interrupt\" and wait until the program has stopped");
	return SNAP_OK;
}

/** What /proc tells of a thread. @param[out] pending Signals that wait for it alone. */
static snap_err read_texts(struct snap_tracee *tracee, struct snap_thread *thread,
			   uint64_t *pending)
{
	pid_t tid = thread->tid;
	struct snap_proc_stat stat;
	SNAP_TRY(snap_proc_read_stat(tracee, tid, &stat));
	_cleanup_buffer_ struct snap_buffer text = { 0 };
	SNAP_TRY(snap_proc_read_status_text(tracee, tid, &text));
	struct snap_proc_status status;
	snap_proc_parse_status((const char *)text.data, &status);
	SNAP_TRY(check_state(tracee, tid, &stat, &status));
	thread->start_time = stat.start_time;
	memcpy(thread->comm, stat.comm, sizeof(thread->comm));
	*pending = status.pending;
	return snap_tracee_read_thread_state(tracee, tid, (const char *)text.data,
					     &thread->state);
}

/** The same, where it is known. */
static snap_err copy_texts(const struct snap_task_entry *entry,
			   struct snap_thread *thread, uint64_t *pending)
{
	thread->start_time = entry->start_time;
	memcpy(thread->comm, entry->comm, sizeof(thread->comm));
	*pending = entry->pending;
	return snap_thread_state_copy(&entry->state, &thread->state);
}

/** All that can be read of a thread without making it do anything. */
static snap_err read_thread(struct snap_tracee *tracee, pid_t tid,
			    struct snap_thread *thread)
{
	const struct snap_task_entry *known =
		snap_task_book_find(tracee->task_book, tid);
	enum snap_stop_kind kind;
	uint64_t pending;
	thread->tid = tid;
	thread->interrupted_syscall = -1;
	SNAP_TRY(known ? copy_texts(known, thread, &pending)
		       : read_texts(tracee, thread, &pending));
	SNAP_TRY(snap_tracee_read_stop(tracee, thread, &kind));
	SNAP_TRY(snap_borrow_check(tid, kind));
	SNAP_TRY(snap_leave_syscall(tracee, thread, kind));
	SNAP_TRY(snap_tracee_read_regsets(tracee, thread));
	if (!tracee->arch->is_native(thread))
		return snap_error_with_remedy(
			snap_error_create(SNAP_ERROR_REFUSED,
					  "thread %d runs 32-bit code", (int)tid),
			"only 64-bit programs can be saved and restored");
	if (tracee->arch->check_live)
		SNAP_TRY(tracee->arch->check_live(thread));

	SNAP_TRY(snap_tracee_read_sigmask(tracee, tid, &thread->sigmask));
	thread->members |= SNAP_THREAD_SIGMASK;
	SNAP_TRY(snap_tracee_read_pending_of(tracee, tid, false, pending,
					     &thread->pending));
	SNAP_TRY(snap_tracee_read_rseq(tracee, thread));
	return snap_tracee_read_robust_list(tracee, thread);
}

static snap_err read_threads(struct snap_tracee *tracee, struct snap_snapshot *snapshot)
{
	_cleanup_free_ pid_t *tids = NULL;
	size_t nr;
	SNAP_TRY(snap_proc_list_threads(tracee, &tids, &nr));
	snapshot->threads = calloc(nr, sizeof(*snapshot->threads));
	if (!snapshot->threads)
		return &snap_enomem;
	for (size_t i = 0; i < nr; i++) {
		snapshot->nr_threads = i + 1;
		SNAP_TRY(read_thread(tracee, tids[i], &snapshot->threads[i]));
	}
	return SNAP_OK;
}

snap_err snap_capture_process(struct snap_tracee *tracee, pid_t current_tid,
			      struct snap_snapshot *snapshot)
{
	snapshot->page_size = tracee->page_size;
	_cleanup_buffer_ struct snap_buffer text = { 0 };
	struct snap_proc_status status;
	SNAP_TRY(snap_task_book_open(tracee->task_book, tracee));
	SNAP_TRY(snap_proc_read_status_text(tracee, tracee->pid, &text));
	snap_proc_parse_status((const char *)text.data, &status);
	SNAP_TRY(snap_proc_describe(tracee, &status, snapshot));
	SNAP_TRY(read_threads(tracee, snapshot));
	snapshot->current_tid = current_tid ? current_tid : tracee->pid;
	if (!snap_snapshot_thread(snapshot, snapshot->current_tid))
		return snap_error_create(SNAP_ERROR_INVALID,
					 "process %d has no thread %d",
					 (int)tracee->pid, (int)current_tid);
	SNAP_TRY(snap_tracee_read_vmas(tracee, &snapshot->vmas));
	SNAP_TRY(snap_capture_signals(tracee, &status, snapshot));
	SNAP_TRY(snap_tracee_read_timers(tracee, &snapshot->timers));
	SNAP_TRY(snap_tracee_read_process_state(tracee, (const char *)text.data,
						&snapshot->state));
	SNAP_TRY(snap_capture_files(tracee, snapshot));
	if (snap_snapshot_is_confined(snapshot))
		return snap_snapshot_omit(
			snapshot,
			"The process, or a thread of it, is under seccomp: signal "
			"handlers and stacks, timers, TID addresses and heap end could "
			"not be asked for.");
	if (snap_task_book_tell(tracee->task_book, snapshot))
		return SNAP_OK;
	SNAP_TRY(snap_ask_process(tracee, snapshot));
	return snap_task_book_learn(tracee->task_book, snapshot);
}
