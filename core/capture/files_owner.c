// SPDX-License-Identifier: GPL-3.0-or-later
#include <fcntl.h>
#include <string.h>

#include "core/capture/files.h"
#include "core/tracee/memory.h"

/** The lowest descriptor of each open file. Owned by the caller: free(). */
static snap_err list_numbers(const struct snap_fd_table *table, int **ret)
{
	int *numbers = malloc((table->nr + 1) * sizeof(*numbers));
	if (!numbers)
		return &snap_enomem;
	for (size_t i = table->nr_fds; i; i--)
		numbers[table->fds[i - 1].file] = table->fds[i - 1].number;
	*ret = numbers;
	return SNAP_OK;
}

/** Who it is: only asked where there is somebody, which is seldom. */
static snap_err ask_owner(struct snap_room *room, struct snap_borrowed *who, int number,
			  struct snap_open_file *file)
{
	struct snap_call call =
		SNAP_CALL(FCNTL, (uint64_t)number, F_GETOWN_EX, room->data);
	SNAP_TRY(snap_room_call(room, who, &call, 1, false));
	if (snap_call_failed(call.result))
		return snap_error_os((int)-call.result,
				     "cannot ask who gets the signals of descriptor %d",
				     number);
	struct f_owner_ex owner;
	SNAP_TRY(snap_tracee_read(room->tracee, room->data, &owner, sizeof(owner)));
	file->owner_type = (int32_t)owner.type;
	file->owner = owner.pid;
	return SNAP_OK;
}

/** Calls for each open file: F_GETOWN tells, without memory, whether there is one. */
enum {
	OWNER,
	SIGNAL,
	NR_CALLS,
};

static snap_err take_answers(struct snap_room *room, struct snap_borrowed *who,
			     const struct snap_call *calls, const int *numbers,
			     struct snap_fd_table *table)
{
	for (size_t i = 0; i < table->nr; i++) {
		struct snap_open_file *file = &table->list[i];
		const struct snap_call *answers = &calls[i * NR_CALLS];
		// A mere path has no owner: EBADF.
		if (file->flags & O_PATH)
			continue;
		// A process group is a negative number, like an error.
		if (answers[OWNER].result)
			SNAP_TRY(ask_owner(room, who, numbers[i], file));
		if (!snap_call_failed(answers[SIGNAL].result))
			file->owner_signal = (int32_t)answers[SIGNAL].result;
		file->has_owner = true;
	}
	return SNAP_OK;
}

snap_err snap_ask_file_owners(struct snap_room *room, struct snap_borrowed *who,
			      struct snap_snapshot *snapshot)
{
	struct snap_fd_table *table = &snapshot->files;
	if (!table->nr)
		return SNAP_OK;
	_cleanup_free_ int *numbers = NULL;
	SNAP_TRY(list_numbers(table, &numbers));
	_cleanup_free_ struct snap_call *calls =
		calloc(table->nr * NR_CALLS, sizeof(*calls));
	if (!calls)
		return &snap_enomem;
	for (size_t i = 0; i < table->nr; i++) {
		uint64_t number = (uint64_t)numbers[i];
		calls[i * NR_CALLS + OWNER] =
			(struct snap_call)SNAP_CALL(FCNTL, number, F_GETOWN);
		calls[i * NR_CALLS + SIGNAL] =
			(struct snap_call)SNAP_CALL(FCNTL, number, F_GETSIG);
	}
	SNAP_TRY(snap_room_call(room, who, calls, table->nr * NR_CALLS, false));
	return take_answers(room, who, calls, numbers, table);
}
