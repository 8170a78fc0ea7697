// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/capture/task_book.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "core/capture/attributes.h"
#include "core/inject/borrow.h"

/** What is asked, of what a thread has. */
#define MEMBERS ((uint32_t)(SNAP_THREAD_ALTSTACK | SNAP_THREAD_TID_ADDRESS))

static void forget_entries(struct snap_task_book *book)
{
	for (size_t i = 0; i < book->nr_entries; i++)
		snap_thread_state_deinit(&book->entries[i].state);
	free(book->entries);
	book->entries = NULL;
	book->nr_entries = 0;
}

void snap_task_book_deinit(struct snap_task_book *book)
{
	snap_task_words_deinit(&book->words);
	snap_buffer_deinit(&book->now);
	snap_buffer_deinit(&book->then);
	forget_entries(book);
	*book = (struct snap_task_book){ 0 };
}

snap_err snap_task_book_open(struct snap_task_book *book, struct snap_tracee *tracee)
{
	if (!book)
		return SNAP_OK;
	book->is_same = false;
	SNAP_TRY(snap_task_words_read(&book->words, book->programs, tracee, &book->now,
				      &book->has_owners));
	book->is_same = book->now.size && book->now.size == book->then.size &&
			!memcmp(book->now.data, book->then.data, book->now.size);
	return SNAP_OK;
}

const struct snap_task_entry *snap_task_book_find(const struct snap_task_book *book,
						  pid_t tid)
{
	size_t low = 1, high = book && book->is_same ? book->nr_entries : 0;
	if (high && book->entries[0].tid == tid)
		return &book->entries[0];
	// By their numbers, but for the first.
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct snap_task_entry *entry = &book->entries[middle];
		if (entry->tid == tid)
			return entry;
		if (entry->tid < tid)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/**
 * Whether a thread's stack is its signal stack: that is told with the signal stack
 * (kernel/signal.c, sas_ss_flags()), and changes with the registers.
 */
static bool is_on_altstack(const struct snap_arch *arch,
			   const struct snap_thread *thread, uint64_t start,
			   uint64_t size)
{
	return arch->sp(thread) - start <= size;
}

/** Whether a thread is where asking it would leave it, and answers what it did. */
static bool is_settled(const struct snap_snapshot *snapshot,
		       const struct snap_thread *thread,
		       const struct snap_task_entry *entry)
{
	return entry && snap_borrow_changes_nothing(thread) &&
	       !is_on_altstack(snapshot->arch, thread, entry->altstack_sp,
			       entry->altstack_size);
}

static void give_thread(const struct snap_task_entry *entry, struct snap_thread *thread)
{
	thread->members |= entry->members;
	thread->altstack.sp = entry->altstack_sp;
	thread->altstack.size = entry->altstack_size;
	thread->altstack.flags = entry->altstack_flags;
	thread->tid_address = entry->tid_address;
}

/** No descriptor has anybody who gets its signals. */
static void give_owners(struct snap_fd_table *table)
{
	for (size_t i = 0; i < table->nr; i++)
		table->list[i].has_owner = !(table->list[i].flags & O_PATH);
}

bool snap_task_book_tell(const struct snap_task_book *book,
			 struct snap_snapshot *snapshot)
{
	if (!book || !book->is_same || !book->has_answers || book->has_owners ||
	    snapshot->timers.nr || snapshot->nr_threads != book->nr_entries)
		return false;
	for (size_t i = 0; i < snapshot->nr_threads; i++) {
		const struct snap_thread *thread = &snapshot->threads[i];
		if (!is_settled(snapshot, thread,
				snap_task_book_find(book, thread->tid)))
			return false;
	}
	for (size_t i = 0; i < snapshot->nr_threads; i++)
		give_thread(snap_task_book_find(book, snapshot->threads[i].tid),
			    &snapshot->threads[i]);
	snapshot->brk = book->brk;
	snapshot->lock_future = book->lock_future;
	memcpy(snapshot->signals.actions, book->actions, sizeof(book->actions));
	snapshot->signals.is_captured = true;
	snapshot->timers.can_choose_ids = book->can_choose_timer_ids;
	snapshot->timers.chooses_ids = book->chooses_timer_ids;
	snapshot->timers.is_captured = true;
	snap_copy_process_answers(&book->attributes, &snapshot->state.attributes);
	give_owners(&snapshot->files);
	return true;
}

static bool is_thread_with(const struct snap_thread *thread,
			   const struct snap_thread_words *words)
{
	return thread->altstack.sp == words->altstack_sp &&
	       thread->altstack.size == words->altstack_size &&
	       thread->tid_address == words->tid_address;
}

/** A thread that has answered with some words: most likely this one. */
static bool has_thread_with(const struct snap_snapshot *snapshot, size_t likely,
			    const struct snap_thread_words *words)
{
	if (is_thread_with(&snapshot->threads[likely], words))
		return true;
	for (size_t i = 0; i < snapshot->nr_threads; i++)
		if (is_thread_with(&snapshot->threads[i], words))
			return true;
	return false;
}

/** Of the registers that may be used the answer tells fewer, or is not known. */
static bool is_process_with(const struct snap_snapshot *snapshot,
			    const struct snap_process_words *words)
{
	const struct snap_attribute_values *values = &snapshot->state.attributes;
	uint64_t wide = snap_attribute_is_known(values, SNAP_ATTRIBUTE_WIDE_REGISTERS)
				? values->list[SNAP_ATTRIBUTE_WIDE_REGISTERS]
				: 0;
	return words->brk == snapshot->brk &&
	       (uint32_t)wide == ((uint32_t)wide & words->wide_registers);
}

/**
 * Whether the words are what we take them for: those that are answers as they are have
 * to be the answers.
 */
static bool are_words_right(const struct snap_task_book *book,
			    const struct snap_snapshot *snapshot)
{
	const uint8_t *at = book->now.data;
	size_t size = book->now.size, each = book->words.thread_size;
	struct snap_process_words process;
	if (!size || size != book->words.process_size + snapshot->nr_threads * each)
		return false;
	memcpy(&process, at, sizeof(process));
	if (!is_process_with(snapshot, &process))
		return false;
	at += book->words.process_size;
	for (size_t i = 0; i < snapshot->nr_threads; i++, at += each) {
		struct snap_thread_words words;
		memcpy(&words, at, sizeof(words));
		if (!has_thread_with(snapshot, i, &words))
			return false;
	}
	return true;
}

static size_t count_words(const char *text)
{
	size_t nr = 0;
	for (; text && *(text += strspn(text, " ")); text += strcspn(text, " "))
		nr++;
	return nr;
}

static snap_err make_entry(const struct snap_thread *thread,
			   struct snap_task_entry *ret)
{
	*ret = (struct snap_task_entry){
		.tid = thread->tid,
		.start_time = thread->start_time,
		.pending =
			snap_pending_set(&thread->pending) |
			(thread->pending.has_stop_due ? snap_signal_bit(SIGSTOP) : 0),
		.members = thread->members & MEMBERS,
		.altstack_sp = thread->altstack.sp,
		.altstack_size = thread->altstack.size,
		.altstack_flags = thread->altstack.flags,
		.tid_address = thread->tid_address,
	};
	memcpy(ret->comm, thread->comm, sizeof(ret->comm));
	return snap_thread_state_copy(&thread->state, &ret->state);
}

static snap_err make_entries(struct snap_task_book *book,
			     const struct snap_snapshot *snapshot)
{
	forget_entries(book);
	book->entries = calloc(snapshot->nr_threads, sizeof(*book->entries));
	if (!book->entries)
		return &snap_enomem;
	for (size_t i = 0; i < snapshot->nr_threads; i++) {
		SNAP_TRY(make_entry(&snapshot->threads[i], &book->entries[i]));
		book->nr_entries = i + 1;
	}
	return SNAP_OK;
}

/** Whether answers hold for longer: what changes by itself is in no word. */
static bool are_answers_lasting(const struct snap_snapshot *snapshot)
{
	const struct snap_timers *timers = &snapshot->timers;
	bool is_lasting = !timers->nr;
	for (size_t i = 0; i < SNAP_NR_INTERVALS; i++)
		is_lasting &=
			!timers->intervals[i].left && !timers->intervals[i].interval;
	for (size_t i = 0; i < snapshot->nr_threads; i++) {
		const struct snap_thread *thread = &snapshot->threads[i];
		is_lasting &=
			!is_on_altstack(snapshot->arch, thread, thread->altstack.sp,
					thread->altstack.size);
	}
	return is_lasting;
}

/** Whether the words say all of what a thread has. */
static bool are_words_enough(const struct snap_snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->nr_threads; i++)
		if (count_words(snapshot->threads[i].state.groups) >
		    SNAP_NR_GROUP_WORDS)
			return false;
	return true;
}

snap_err snap_task_book_learn(struct snap_task_book *book,
			      const struct snap_snapshot *snapshot)
{
	if (!book)
		return SNAP_OK;
	book->then.size = 0;
	if (!are_words_right(book, snapshot) || !are_words_enough(snapshot))
		return SNAP_OK;
	SNAP_TRY(make_entries(book, snapshot));
	book->has_answers = are_answers_lasting(snapshot);
	book->brk = snapshot->brk;
	book->lock_future = snapshot->lock_future;
	memcpy(book->actions, snapshot->signals.actions, sizeof(book->actions));
	book->can_choose_timer_ids = snapshot->timers.can_choose_ids;
	book->chooses_timer_ids = snapshot->timers.chooses_ids;
	snap_copy_process_answers(&snapshot->state.attributes, &book->attributes);
	return snap_buffer_append(&book->then, book->now.data, book->now.size);
}
