// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/track/trial.h"

#include <sys/mman.h>

#include "core/tracee/dirty.h"
#include "core/tracee/memory.h"
#include "core/tracee/writes.h"

/** The pages of the trial. */
enum page {
	/** The batch code of the process writes results into it. */
	STORED,
	BY_KERNEL,
	BY_DEBUGGER,
	GIVEN_BACK,
	KEPT,
	/** Is not made before another page is moved there. */
	HOLE,
	NR_PAGES,
};

#define BIT(page) (1u << (page))

/** What is there when the trial begins. */
#define THERE \
	(BIT(STORED) | BIT(BY_KERNEL) | BIT(BY_DEBUGGER) | BIT(GIVEN_BACK) | BIT(KEPT))

struct bench {
	struct snap_room *room;
	struct snap_borrowed *who;
	struct snap_tracee *tracee;
	int uffd;
};

/** The table, and the data behind it, are all in a row. */
static uint64_t address_of(const struct bench *bench, enum page page)
{
	return bench->room->table + (uint64_t)page * bench->tracee->page_size;
}

static uint64_t end_of_pages(const struct bench *bench)
{
	return address_of(bench, NR_PAGES);
}

/** Which pages are in a list. */
static unsigned int find_pages(const struct bench *bench,
			       const struct snap_ranges *ranges)
{
	unsigned int found = 0;
	for (enum page page = 0; page < NR_PAGES; page++) {
		uint64_t address = address_of(bench, page), end = address + 1;
		if (snap_ranges_have(ranges, address, &end))
			found |= BIT(page);
	}
	return found;
}

/** Which pages are told of as changed. */
static snap_err look(const struct bench *bench, bool is_careful, unsigned int *ret)
{
	_cleanup_ranges_ struct snap_ranges ranges = { 0 };
	bool is_watched = true;
	if (is_careful)
		SNAP_TRY(snap_tracee_find_dirty(bench->tracee, address_of(bench, 0),
						end_of_pages(bench),
						(struct snap_page_question){
							.note = SNAP_NOTE_PROTECTION },
						&ranges));
	else
		SNAP_TRY(snap_tracee_find_written(bench->tracee, address_of(bench, 0),
						  end_of_pages(bench), &ranges,
						  &is_watched));
	*ret = is_watched ? find_pages(bench, &ranges) : BIT(NR_PAGES) - 1;
	return SNAP_OK;
}

/** Whether just these pages are told of. */
static snap_err check(const struct bench *bench, unsigned int wanted,
		      unsigned int unimportant, bool *ret)
{
	unsigned int quick, careful;
	SNAP_TRY(look(bench, false, &quick));
	SNAP_TRY(look(bench, true, &careful));
	*ret = (quick & ~unimportant) == wanted && (careful & ~unimportant) == wanted;
	return SNAP_OK;
}

static snap_err touch(const struct bench *bench, enum page page)
{
	uint8_t byte = 1;
	return snap_tracee_write(bench->tracee, address_of(bench, page), &byte, 1);
}

/** Every kind of write, and giving a page back. *ret: the process could do them. */
static snap_err write_all(const struct bench *bench, bool *ret)
{
	struct snap_call calls[] = {
		SNAP_CALL(SIGALTSTACK, 0, address_of(bench, BY_KERNEL)),
		SNAP_CALL(MADVISE, address_of(bench, GIVEN_BACK),
			  bench->tracee->page_size, MADV_DONTNEED),
	};
	SNAP_TRY(touch(bench, BY_DEBUGGER));
	SNAP_TRY(snap_room_call(bench->room, bench->who, calls, SNAP_ARRAY_SIZE(calls),
				true));
	*ret = !calls[0].result && !calls[1].result;
	return SNAP_OK;
}

/** Whether writes are told of, and nothing else. */
static snap_err try_writes(const struct bench *bench, bool *ret)
{
	// Without the code the calls are made one by one, and nothing is stored.
	unsigned int written = BIT(BY_KERNEL) | BIT(BY_DEBUGGER) | BIT(GIVEN_BACK) |
			       (bench->room->code ? BIT(STORED) : 0);
	uint64_t start = address_of(bench, 0), end = end_of_pages(bench);
	bool is_watched;
	_cleanup_ranges_ struct snap_ranges first = { 0 }, second = { 0 };
	SNAP_TRY(check(bench, THERE, BIT(HOLE), ret));
	if (!*ret)
		return SNAP_OK;
	SNAP_TRY(snap_tracee_protect(bench->tracee, start, end, &first));
	SNAP_TRY(check(bench, 0, BIT(HOLE), ret));
	if (!*ret)
		return SNAP_OK;
	SNAP_TRY(write_all(bench, ret));
	if (!*ret)
		return SNAP_OK;
	SNAP_TRY(check(bench, written, BIT(HOLE), ret));
	if (!*ret)
		return SNAP_OK;
	// Those of them that exist come first.
	SNAP_TRY(snap_tracee_protect_all(bench->tracee, start,
					 address_of(bench, GIVEN_BACK), &second,
					 &is_watched));
	*ret = is_watched && find_pages(bench, &second) == (written & ~BIT(GIVEN_BACK));
	return *ret ? check(bench, BIT(GIVEN_BACK), BIT(HOLE), ret) : SNAP_OK;
}

/** Whether a protected page that is moved elsewhere, and watched there, still seems so.
 */
static snap_err try_move(const struct bench *bench, bool *ret)
{
	size_t page_size = bench->tracee->page_size;
	uint64_t to = address_of(bench, HOLE);
	struct snap_call call = SNAP_CALL(MREMAP, address_of(bench, KEPT), page_size,
					  page_size, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	SNAP_TRY(snap_room_call(bench->room, bench->who, &call, 1, true));
	bool is_watched;
	SNAP_TRY(snap_writes_watch(bench->tracee, bench->uffd, to, to + page_size,
				   &is_watched));
	_cleanup_ranges_ struct snap_ranges ranges = { 0 };
	SNAP_TRY(snap_tracee_find_written(bench->tracee, to, to + page_size, &ranges,
					  &is_watched));
	*ret = !ranges.nr;
	return SNAP_OK;
}

/** Whether the quick way tells of pages whose table is gone. */
static snap_err try_missing_table(const struct bench *bench, uint64_t span, bool *ret)
{
	uint64_t table = (end_of_pages(bench) + span - 1) & ~(span - 1);
	bool is_watched;
	_cleanup_ranges_ struct snap_ranges ranges = { 0 };
	SNAP_TRY(snap_tracee_find_written(bench->tracee, table, table + span, &ranges,
					  &is_watched));
	*ret = is_watched && ranges.nr == 1 && ranges.list[0].size == span;
	return SNAP_OK;
}

static snap_err try_in(const struct bench *bench, uint64_t span, struct snap_trial *ret)
{
	for (enum page page = 0; page < NR_PAGES; page++)
		if (THERE & BIT(page))
			SNAP_TRY(touch(bench, page));
	bool is_good;
	SNAP_TRY(snap_writes_watch(bench->tracee, bench->uffd, address_of(bench, 0),
				   bench->room->start + bench->room->size, &is_good));
	if (is_good)
		SNAP_TRY(try_writes(bench, &is_good));
	if (!is_good) {
		ret->why = "a trial in the process has shown that writes are missed";
		return SNAP_OK;
	}
	bool tells;
	SNAP_TRY(try_missing_table(bench, span, &tells));
	ret->is_careful = !tells;
	return try_move(bench, &ret->keeps_protection);
}

snap_err snap_try_userfaultfd(struct snap_borrowed *who,
			      const struct snap_snapshot *process, int uffd,
			      uint64_t table_span, struct snap_trial *ret)
{
	struct snap_trial trial = { 0 };
	_cleanup_room_ struct snap_room room = { 0 };
	struct bench bench = { &room, who, who->tracee, uffd };
	// With a whole table behind the pages, wherever it begins.
	SNAP_TRY(snap_room_open(who, process,
				NR_PAGES * who->tracee->page_size + 2 * table_span,
				&room));
	if (room.size)
		SNAP_TRY(try_in(&bench, table_span, &trial));
	else
		trial.why = "the process has no space for a trial";
	SNAP_TRY(snap_room_close(&room));
	*ret = trial;
	return SNAP_OK;
}
