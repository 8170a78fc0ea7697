// SPDX-License-Identifier: GPL-3.0-or-later
#include <fcntl.h>
#include <string.h>

#include "core/plan/files.h"

/** What F_SETFL can change (fs/fcntl.c, SETFL_MASK). */
#define SETTABLE (O_APPEND | O_NONBLOCK | O_ASYNC | SNAP_OPEN_DIRECT | O_NOATIME)

/** An open file of the image on its way to be put back. */
struct pair {
	struct snap_file_plan *files;
	int number;
	const struct snap_open_file *wanted;
	/** NULL: it is made anew. */
	const struct snap_open_file *is;
};

static snap_err add(const struct pair *pair, enum snap_step_kind kind)
{
	return snap_plan_add(pair->files->plan, &(struct snap_step){
							.kind = kind,
							.number = pair->number,
							.wanted = pair->wanted,
							.is = pair->is,
						});
}

static snap_err plan_flags(const struct pair *pair)
{
	uint32_t wanted = pair->wanted->flags;
	// What is opened anew does not wait, and open(2) does not arm O_ASYNC.
	bool is_odd = pair->wanted->kind == SNAP_FILE_PIPE ||
		      pair->wanted->kind == SNAP_FILE_DEVICE ||
		      pair->wanted->kind == SNAP_FILE_INOTIFY;
	uint32_t made = is_odd ? ~wanted : wanted & ~(uint32_t)O_ASYNC;
	uint32_t is = pair->is ? pair->is->flags : made;
	if (wanted & O_PATH || !((wanted ^ is) & SETTABLE))
		return SNAP_OK;
	return add(pair, SNAP_STEP_FILE_FLAGS);
}

static bool has_pos(const struct snap_open_file *file)
{
	return file->kind == SNAP_FILE_REGULAR || file->kind == SNAP_FILE_DIRECTORY;
}

static snap_err plan_pos(const struct pair *pair)
{
	uint64_t is = pair->is ? pair->is->pos : 0;
	if (!has_pos(pair->wanted) || pair->wanted->pos == is)
		return SNAP_OK;
	// What the debugger has printed there since shall not be printed over.
	if (pair->is && pair->is->is_ours)
		return SNAP_OK;
	return add(pair, SNAP_STEP_FILE_POS);
}

static snap_err plan_owner(const struct pair *pair)
{
	static const struct snap_open_file none;
	const struct snap_open_file *wanted = pair->wanted;
	const struct snap_open_file *is = pair->is ? pair->is : &none;
	if (!wanted->has_owner || (pair->is && !is->has_owner))
		return SNAP_OK;
	if (wanted->owner == is->owner && wanted->owner_signal == is->owner_signal &&
	    (!wanted->owner || wanted->owner_type == is->owner_type))
		return SNAP_OK;
	return add(pair, SNAP_STEP_FILE_OWNER);
}

static snap_err plan_counter(const struct pair *pair)
{
	if (pair->wanted->count == (pair->is ? pair->is->count : 0))
		return SNAP_OK;
	return add(pair, SNAP_STEP_FILE_COUNTER);
}

static snap_err plan_timer(const struct pair *pair)
{
	static const struct snap_open_file none;
	const struct snap_open_file *wanted = pair->wanted;
	const struct snap_open_file *is = pair->is ? pair->is : &none;
	if (wanted->remaining == is->remaining && wanted->interval == is->interval &&
	    wanted->count == is->count)
		return SNAP_OK;
	return add(pair, SNAP_STEP_FILE_TIMER);
}

static snap_err plan_mask(const struct pair *pair)
{
	if (!pair->is || pair->wanted->mask == pair->is->mask)
		return SNAP_OK;
	return add(pair, SNAP_STEP_FILE_MASK);
}

static bool has_same_contents(const struct snap_open_file *a,
			      const struct snap_open_file *b)
{
	size_t packets = a->nr_packets * sizeof(*a->packets);
	return a->capacity == b->capacity && a->contents_size == b->contents_size &&
	       (!a->contents_size ||
		!memcmp(a->contents, b->contents, a->contents_size)) &&
	       a->nr_packets == b->nr_packets &&
	       (!packets || !memcmp(a->packets, b->packets, packets));
}

/** The open file of a pipe with which its contents are kept: the first. */
static const struct snap_open_file *first_of_pipe(const struct snap_fd_table *table,
						  const struct snap_open_file *pipe)
{
	for (size_t i = 0; i < table->nr; i++)
		if (table->list[i].kind == SNAP_FILE_PIPE &&
		    table->list[i].inode == pipe->inode &&
		    table->list[i].device == pipe->device)
			return &table->list[i];
	return NULL;
}

/** A pipe to the outside stays as it is: only whoever has both ends may be rewound. */
static snap_err plan_contents(const struct pair *pair)
{
	const struct snap_fd_table *image = pair->files->image;
	const struct snap_open_file *wanted = pair->wanted;
	if (!wanted->has_contents || !snap_fd_table_has_both_ends(image, wanted))
		return SNAP_OK;
	const struct snap_open_file *is = first_of_pipe(pair->files->live, wanted);
	if (is && is->has_contents && has_same_contents(wanted, is))
		return SNAP_OK;
	if (is && !is->has_contents)
		return snap_refuse_fd(pair->number, wanted,
				      "is a pipe that cannot be looked into any more");
	struct pair pipe = *pair;
	pipe.is = is;
	return add(&pipe, SNAP_STEP_FILE_CONTENTS);
}

/** Locks of the open file, not of the process. */
static bool is_of_file(const struct snap_file_lock *lock)
{
	return lock->kind == SNAP_LOCK_FLOCK || lock->kind == SNAP_LOCK_OFD;
}

static bool has_lock(const struct snap_open_file *file,
		     const struct snap_file_lock *lock)
{
	for (size_t i = 0; file && i < file->nr_locks; i++)
		if (file->locks[i].kind == lock->kind &&
		    file->locks[i].is_write == lock->is_write &&
		    file->locks[i].start == lock->start &&
		    file->locks[i].end == lock->end)
			return true;
	return false;
}

/** Whether `a` has a lock of its own that `b` lacks. */
static bool has_more_locks(const struct snap_open_file *a,
			   const struct snap_open_file *b)
{
	for (size_t i = 0; a && i < a->nr_locks; i++)
		if (is_of_file(&a->locks[i]) && !has_lock(b, &a->locks[i]))
			return true;
	return false;
}

static bool has_own_locks(const struct snap_open_file *file)
{
	for (size_t i = 0; file && i < file->nr_locks; i++)
		if (is_of_file(&file->locks[i]))
			return true;
	return false;
}

/** All are let go of before one is taken: they may stand in each other's way. */
static snap_err plan_unlock(struct snap_file_plan *files, uint32_t live)
{
	uint32_t image = files->to_image[live];
	const struct snap_open_file *is = &files->live->list[live];
	const struct snap_open_file *wanted =
		image == SNAP_NO_FILE ? NULL : &files->image->list[image];
	if (!has_own_locks(is) ||
	    (!has_more_locks(wanted, is) && !has_more_locks(is, wanted)))
		return SNAP_OK;
	return snap_plan_add(files->plan, &(struct snap_step){
						  .kind = SNAP_STEP_FILE_UNLOCK,
						  .number = files->live_first[live],
						  .is = is,
					  });
}

static snap_err plan_locks(const struct pair *pair)
{
	if (!has_own_locks(pair->wanted) || (!has_more_locks(pair->wanted, pair->is) &&
					     !has_more_locks(pair->is, pair->wanted)))
		return SNAP_OK;
	return add(pair, SNAP_STEP_FILE_LOCKS);
}

/** Whether a step reads or writes what O_ASYNC sends signals for. */
static bool has_traffic(const struct snap_plan *plan)
{
	for (size_t i = 0; i < plan->nr_steps; i++)
		if (plan->steps[i].kind == SNAP_STEP_FILE_CONTENTS ||
		    plan->steps[i].kind == SNAP_STEP_FILE_COUNTER)
			return true;
	return false;
}

/** The flags are set once more where O_ASYNC is taken away for the time. */
static snap_err plan_quiet(struct snap_file_plan *files)
{
	struct snap_plan *plan = files->plan;
	if (!has_traffic(plan))
		return SNAP_OK;
	for (size_t i = 0; i < plan->nr_steps; i++)
		plan->steps[i].start |= plan->steps[i].kind == SNAP_STEP_FILE_FLAGS;
	for (uint32_t i = 0; i < files->image->nr; i++) {
		uint32_t live = files->to_live[i];
		const struct snap_open_file *wanted = &files->image->list[i];
		const struct snap_open_file *is =
			live == SNAP_NO_FILE ? NULL : &files->live->list[live];
		if (!is || !(is->flags & O_ASYNC))
			continue;
		struct snap_step step = {
			.kind = SNAP_STEP_FILE_QUIET,
			.number = files->image_first[i],
			.wanted = wanted,
			.is = is,
		};
		SNAP_TRY(snap_plan_add(plan, &step));
		step.kind = SNAP_STEP_FILE_FLAGS;
		step.start = 1;
		if (!((wanted->flags ^ is->flags) & SETTABLE))
			SNAP_TRY(snap_plan_add(plan, &step));
	}
	return SNAP_OK;
}

snap_err snap_plan_file_states(struct snap_file_plan *files)
{
	static snap_err (*const kinds[SNAP_NR_FILE_KINDS])(const struct pair *pair) = {
		[SNAP_FILE_EVENTFD] = plan_counter,
		[SNAP_FILE_TIMERFD] = plan_timer,
		[SNAP_FILE_SIGNALFD] = plan_mask,
		[SNAP_FILE_PIPE] = plan_contents,
	};
	for (uint32_t i = 0; i < files->live->nr; i++)
		SNAP_TRY(plan_unlock(files, i));
	for (uint32_t i = 0; i < files->image->nr; i++) {
		uint32_t live = files->to_live[i];
		struct pair pair = {
			.files = files,
			.number = files->image_first[i],
			.wanted = &files->image->list[i],
			.is = live == SNAP_NO_FILE ? NULL : &files->live->list[live],
		};
		SNAP_TRY(plan_flags(&pair));
		SNAP_TRY(plan_pos(&pair));
		SNAP_TRY(plan_owner(&pair));
		SNAP_TRY(plan_locks(&pair));
		if (kinds[pair.wanted->kind])
			SNAP_TRY(kinds[pair.wanted->kind](&pair));
	}
	return plan_quiet(files);
}

/** Of the process: how many there are, and whether another table has them all. */
static bool has_posix_locks_of(const struct snap_fd_table *a,
			       const struct snap_fd_table *b)
{
	for (size_t i = 0; i < a->nr; i++)
		for (size_t j = 0; j < a->list[i].nr_locks; j++) {
			const struct snap_file_lock *lock = &a->list[i].locks[j];
			bool is_there = lock->kind != SNAP_LOCK_POSIX;
			for (size_t k = 0; k < b->nr && !is_there; k++)
				is_there = b->list[k].inode == a->list[i].inode &&
					   b->list[k].device == a->list[i].device &&
					   has_lock(&b->list[k], lock);
			if (!is_there)
				return false;
		}
	return true;
}

static bool has_posix_lock_on(const struct snap_fd_table *table,
			      const struct snap_open_file *file)
{
	for (size_t i = 0; i < table->nr; i++)
		for (size_t j = 0; j < table->list[i].nr_locks; j++)
			if (table->list[i].locks[j].kind == SNAP_LOCK_POSIX &&
			    table->list[i].inode == file->inode &&
			    table->list[i].device == file->device)
				return true;
	return false;
}

/**
 * A process that closes any descriptor of a file loses its locks on it (fcntl(2)): does
 * a step do that to a file that is locked?
 */
static bool step_unlocks(const struct snap_file_plan *files,
			 const struct snap_step *step)
{
	const struct snap_open_file *file = NULL;
	switch (step->kind) {
	case SNAP_STEP_FD_PARK:
	case SNAP_STEP_FD_DROP:
	case SNAP_STEP_FD_CLOSE:
		file = step->is;
		break;
	case SNAP_STEP_FD_MAKE:
		file = step->wanted;
		break;
	default:
		return false;
	}
	return has_posix_lock_on(files->image, file) ||
	       has_posix_lock_on(files->live, file);
}

static snap_err add_locks(struct snap_file_plan *files, enum snap_step_kind kind)
{
	return snap_plan_add(files->plan, &(struct snap_step){ .kind = kind });
}

snap_err snap_plan_posix_locks(struct snap_file_plan *files)
{
	bool unlocks = false;
	for (size_t i = 0; i < files->plan->nr_steps && !unlocks; i++)
		unlocks = step_unlocks(files, &files->plan->steps[i]);
	if (!unlocks && has_posix_locks_of(files->image, files->live) &&
	    has_posix_locks_of(files->live, files->image))
		return SNAP_OK;
	SNAP_TRY(add_locks(files, SNAP_STEP_LOCKS_KEEP));
	SNAP_TRY(add_locks(files, SNAP_STEP_LOCKS_SET));
	return unlocks ? add_locks(files, SNAP_STEP_LOCKS_AGAIN) : SNAP_OK;
}
