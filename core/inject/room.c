// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inject/room.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "core/plan/gap.h"
#include "core/tracee/memory.h"

/**
 * Put the code where it can be executed. A security module may forbid that: then calls
 * are made one by one.
 */
static snap_err place_code(struct snap_borrowed *owner, uint64_t address,
			   uint64_t *ret_code)
{
	struct snap_tracee *tracee = owner->tracee;
	int64_t result;
	SNAP_TRY(snap_borrowed_call(owner, SNAP_SYS_MPROTECT,
				    SNAP_ARGS(address, tracee->page_size,
					      PROT_READ | PROT_EXEC),
				    &result));
	*ret_code = result ? 0 : address;
	if (result)
		return SNAP_OK;
	return snap_tracee_write(tracee, address, tracee->arch->batch_code,
				 tracee->arch->batch_code_size);
}

snap_err snap_room_use(struct snap_borrowed *owner, uint64_t start, uint64_t size,
		       struct snap_room *ret)
{
	size_t page_size = owner->tracee->page_size;
	struct snap_room room = {
		.tracee = owner->tracee,
		.table = start + page_size,
		.data = start + SNAP_ROOM_OVERHEAD(page_size),
		.data_size = size - SNAP_ROOM_OVERHEAD(page_size),
	};
	SNAP_TRY(place_code(owner, start, &room.code));
	*ret = room;
	return SNAP_OK;
}

/** What there is without a mapping of our own. */
static snap_err use_scratch(struct snap_borrowed *owner,
			    const struct snap_snapshot *process, struct snap_room *ret)
{
	struct snap_room room = { .tracee = owner->tracee };
	SNAP_TRY(snap_scratch_init(&room.scratch, owner->tracee, process));
	room.data = room.scratch.address;
	room.data_size = SNAP_SCRATCH_SIZE;
	*ret = room;
	return SNAP_OK;
}

/** Map `size` bytes where nothing is; *ret_start 0: the process cannot. */
static snap_err map(struct snap_borrowed *owner, const struct snap_vmas *vmas,
		    uint64_t size, uint64_t *ret_start)
{
	*ret_start = 0;
	uint64_t start;
	snap_err error =
		snap_find_gap(vmas, vmas, owner->tracee->page_size, size, &start);
	if (error) { // A full address space.
		snap_error_destroy(error);
		return SNAP_OK;
	}
	int64_t result;
	SNAP_TRY(snap_borrowed_call(owner, SNAP_SYS_MMAP,
				    SNAP_ARGS(start, size, PROT_READ | PROT_WRITE,
					      MAP_PRIVATE | MAP_ANONYMOUS |
						      MAP_FIXED_NOREPLACE |
						      MAP_NORESERVE,
					      (uint64_t)-1, 0),
				    &result));
	if (!snap_call_failed(result))
		*ret_start = start;
	return SNAP_OK;
}

snap_err snap_room_open(struct snap_borrowed *owner,
			const struct snap_snapshot *process, uint64_t data_size,
			struct snap_room *ret)
{
	size_t page_size = owner->tracee->page_size;
	uint64_t size =
		SNAP_ROOM_OVERHEAD(page_size) + snap_page_up(data_size, page_size);
	uint64_t start;
	SNAP_TRY(map(owner, &process->vmas, size, &start));
	if (!start)
		return use_scratch(owner, process, ret);
	_cleanup_room_ struct snap_room room = {
		.tracee = owner->tracee,
		.owner = owner,
		.start = start,
		.size = size,
	};
	struct snap_room used;
	SNAP_TRY(snap_room_use(owner, start, size, &used));
	used.owner = snap_take(room.owner);
	used.start = start;
	used.size = size;
	*ret = used;
	return SNAP_OK;
}

snap_err snap_room_close(struct snap_room *room)
{
	if (room->scratch.tracee)
		SNAP_TRY(snap_scratch_return(&room->scratch));
	if (!room->owner)
		return SNAP_OK;
	SNAP_TRY(snap_must_call(room->owner, SNAP_SYS_MUNMAP,
				SNAP_ARGS(room->start, room->size),
				"unmap our working space in the process"));
	room->owner = NULL;
	return SNAP_OK;
}

void snap_room_deinit(struct snap_room *room)
{
	_cleanup_error_ snap_err ignored = snap_room_close(room);
	(void)ignored;
}

static snap_err call_one_by_one(struct snap_borrowed *who, struct snap_call *calls,
				size_t nr, bool stops_at_error)
{
	for (size_t i = 0; i < nr; i++) {
		SNAP_TRY(snap_borrowed_call(who, calls[i].number, calls[i].args,
					    &calls[i].result));
		if (stops_at_error && snap_call_failed(calls[i].result))
			break;
	}
	return SNAP_OK;
}

/** The calls are made now whatever we say: their results have to be known. */
static snap_err read_results(struct snap_room *room, struct snap_batch_entry *entries,
			     size_t nr)
{
	size_t size = nr * sizeof(*entries);
	snap_err error = snap_tracee_read(room->tracee, room->table, entries, size);
	if (!error)
		return SNAP_OK;
	snap_error_destroy(error);
	return snap_tracee_read(room->tracee, room->table, entries, size);
}

/** As many calls as the table holds, or fewer. */
static snap_err call_table(struct snap_room *room, struct snap_borrowed *who,
			   struct snap_call *calls, size_t nr, bool stops_at_error)
{
	_cleanup_free_ struct snap_batch_entry *entries = calloc(nr, sizeof(*entries));
	if (!entries)
		return &snap_enomem;
	for (size_t i = 0; i < nr; i++) {
		entries[i].number =
			(uint64_t)room->tracee->arch->syscalls[calls[i].number];
		memcpy(entries[i].args, calls[i].args, sizeof(entries[i].args));
		entries[i].result = SNAP_NOT_MADE;
	}
	SNAP_TRY(snap_tracee_write(room->tracee, room->table, entries,
				   nr * sizeof(*entries)));
	snap_err error =
		snap_borrowed_batch(who, room->code, room->table, nr, stops_at_error);
	_cleanup_error_ snap_err unread = read_results(room, entries, nr);
	for (size_t i = 0; i < nr && !unread; i++)
		calls[i].result = entries[i].result;
	return error ? error : snap_take(unread);
}

snap_err snap_room_call(struct snap_room *room, struct snap_borrowed *who,
			struct snap_call *calls, size_t nr, bool stops_at_error)
{
	size_t most = room->tracee->page_size / sizeof(struct snap_batch_entry);
	for (size_t i = 0; i < nr; i++)
		calls[i].result = SNAP_NOT_MADE;
	if (!room->code)
		return call_one_by_one(who, calls, nr, stops_at_error);
	for (size_t done = 0; done < nr; done += most) {
		size_t some = nr - done < most ? nr - done : most;
		SNAP_TRY(call_table(room, who, calls + done, some, stops_at_error));
		int64_t last = calls[done + some - 1].result;
		if (stops_at_error && (last == SNAP_NOT_MADE || snap_call_failed(last)))
			break;
	}
	return SNAP_OK;
}

snap_err snap_must_call(struct snap_borrowed *who, enum snap_syscall number,
			const uint64_t args[SNAP_MAX_SYSCALL_ARGS], const char *what,
			...)
{
	int64_t result;
	SNAP_TRY(snap_borrowed_call(who, number, args, &result));
	if (!snap_call_failed(result))
		return SNAP_OK;
	va_list values;
	va_start(values, what);
	_cleanup_free_ char *text = NULL;
	int length = vasprintf(&text, what, values);
	va_end(values);
	if (length < 0)
		return &snap_enomem;
	return snap_error_os((int)-result, "the process cannot %s", text);
}
