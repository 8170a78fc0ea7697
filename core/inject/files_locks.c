// SPDX-License-Identifier: GPL-3.0-or-later
#include <fcntl.h>
#include <sys/file.h>

#include "core/inject/files.h"
#include "core/tracee/memory.h"

/*
 * Locks of the process (fcntl(2), F_SETLK). It loses those on a file when it closes any
 * descriptor of it: so they are set at the end, and once more behind the last close.
 */

static snap_err set_range(struct snap_restorer *restorer, int number, int command,
			  short type, const struct snap_file_lock *lock)
{
	struct flock range = {
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = (off_t)lock->start,
		.l_len = lock->end == UINT64_MAX ? 0
						 : (off_t)(lock->end - lock->start + 1),
	};
	uint64_t data = restorer->room.data;
	SNAP_TRY(snap_tracee_write(restorer->tracee, data, &range, sizeof(range)));
	return snap_fd_call(restorer,
			    &(struct snap_call)SNAP_CALL(FCNTL, (uint64_t)number,
							 (uint64_t)command, data),
			    "put back a lock of", number, NULL);
}

static snap_err set_lock(struct snap_restorer *restorer, int number, short type,
			 const struct snap_file_lock *lock)
{
	return set_range(restorer, number, F_SETLK, type, lock);
}

/** A lock that was taken through another file of the table is on the same inode. */
static int find_number(const struct snap_fd_table *table,
		       const struct snap_open_file *file)
{
	for (size_t i = 0; i < table->nr_fds; i++) {
		const struct snap_open_file *other = &table->list[table->fds[i].file];
		if (other->inode == file->inode && other->device == file->device)
			return table->fds[i].number;
	}
	return -1;
}

/** Let go of every lock that a table has, on what `now` still has open. */
static snap_err let_go(struct snap_restorer *restorer,
		       const struct snap_fd_table *table,
		       const struct snap_fd_table *now)
{
	for (size_t i = 0; i < table->nr; i++) {
		const struct snap_open_file *file = &table->list[i];
		int number = file->nr_locks ? find_number(now, file) : -1;
		for (size_t j = 0; number >= 0 && j < file->nr_locks; j++)
			if (file->locks[j].kind == SNAP_LOCK_POSIX)
				SNAP_TRY(set_lock(restorer, number, F_UNLCK,
						  &file->locks[j]));
	}
	return SNAP_OK;
}

static snap_err take(struct snap_restorer *restorer, const struct snap_fd_table *table)
{
	for (size_t i = 0; i < table->nr; i++) {
		const struct snap_open_file *file = &table->list[i];
		for (size_t j = 0; j < file->nr_locks; j++) {
			const struct snap_file_lock *lock = &file->locks[j];
			if (lock->kind == SNAP_LOCK_POSIX)
				SNAP_TRY(set_lock(restorer,
						  snap_fd_table_first(table, i),
						  lock->is_write ? F_WRLCK : F_RDLCK,
						  lock));
		}
	}
	return SNAP_OK;
}

/** The last of what is undone: the table of descriptors is what it was. */
static snap_err undo_keep(struct snap_restorer *restorer, const struct snap_step *step,
			  const uint64_t values[SNAP_UNDO_VALUES])
{
	const struct snap_fd_table *live = &restorer->plan->live->files;
	SNAP_TRY(let_go(restorer, &restorer->plan->image->files, live));
	return take(restorer, live);
}

snap_err snap_do_keep_locks(struct snap_restorer *restorer,
			    const struct snap_step *step)
{
	snap_restorer_push(restorer, "put back locks on files", undo_keep, step, 0, 0,
			   0);
	return SNAP_OK;
}

snap_err snap_do_set_locks(struct snap_restorer *restorer, const struct snap_step *step)
{
	const struct snap_fd_table *image = &restorer->plan->image->files;
	SNAP_TRY(let_go(restorer, &restorer->plan->live->files, image));
	return take(restorer, image);
}

/** There is no way back: whoever has taken a lock in the moment between keeps it. */
snap_err snap_do_set_locks_again(struct snap_restorer *restorer,
				 const struct snap_step *step)
{
	for (int tries = 0; tries < 2; tries++) {
		_cleanup_error_ snap_err error =
			take(restorer, &restorer->plan->image->files);
		if (!error)
			return SNAP_OK;
	}
	return snap_notes_add(restorer->notes,
			      "Locks on files could not be set again: somebody else "
			      "has taken one.");
}

/*
 * Locks of open files: flock(2) and F_OFD_SETLK. The process takes them itself: the
 * kernel notes for /proc/locks who it was.
 */

/** What flock(2) an open file has: LOCK_UN, LOCK_SH or LOCK_EX. */
static int flock_of(const struct snap_open_file *file)
{
	for (size_t i = 0; file && i < file->nr_locks; i++)
		if (file->locks[i].kind == SNAP_LOCK_FLOCK)
			return file->locks[i].is_write ? LOCK_EX : LOCK_SH;
	return LOCK_UN;
}

/** Let go of what `is` has (it may be NULL), take what `wanted` has. */
static snap_err set_own_locks(struct snap_restorer *restorer, int number,
			      const struct snap_open_file *is,
			      const struct snap_open_file *wanted)
{
	if (flock_of(is) != flock_of(wanted))
		SNAP_TRY(snap_fd_call(restorer,
				      &(struct snap_call)
					      SNAP_CALL(FLOCK, (uint64_t)number,
							(uint64_t)(flock_of(wanted) |
								   LOCK_NB)),
				      "put back the lock of", number, NULL));
	for (size_t i = 0; is && i < is->nr_locks; i++)
		if (is->locks[i].kind == SNAP_LOCK_OFD)
			SNAP_TRY(set_range(restorer, number, F_OFD_SETLK, F_UNLCK,
					   &is->locks[i]));
	for (size_t i = 0; i < wanted->nr_locks; i++)
		if (wanted->locks[i].kind == SNAP_LOCK_OFD)
			SNAP_TRY(
				set_range(restorer, number, F_OFD_SETLK,
					  wanted->locks[i].is_write ? F_WRLCK : F_RDLCK,
					  &wanted->locks[i]));
	return SNAP_OK;
}

static const struct snap_open_file without_locks;

static snap_err undo_unlock(struct snap_restorer *restorer,
			    const struct snap_step *step,
			    const uint64_t values[SNAP_UNDO_VALUES])
{
	return set_own_locks(restorer, step->number, NULL, step->is);
}

snap_err snap_do_unlock_file(struct snap_restorer *restorer,
			     const struct snap_step *step)
{
	snap_restorer_push(restorer, "put back the locks of a file", undo_unlock, step,
			   0, 0, 0);
	return set_own_locks(restorer, step->number, step->is, &without_locks);
}

static snap_err undo_locks(struct snap_restorer *restorer, const struct snap_step *step,
			   const uint64_t values[SNAP_UNDO_VALUES])
{
	return set_own_locks(restorer, step->number, step->wanted, &without_locks);
}

snap_err snap_do_set_file_locks(struct snap_restorer *restorer,
				const struct snap_step *step)
{
	snap_restorer_push(restorer, "let go of the locks of a file", undo_locks, step,
			   0, 0, 0);
	return set_own_locks(restorer, step->number, NULL, step->wanted);
}
