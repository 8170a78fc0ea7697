// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The best rung. The kernel protects pages for a userfaultfd of ours, and takes the
 * protection off a page, and notes it, when anybody writes to it: the program, the
 * kernel for it, a debugger. What is still protected has not changed.
 *
 * A page that is given back loses its protection with its memory, and so does one that
 * moves. A protected page in a mapping that somebody else watches would mislead us:
 * such mappings are told apart when they are read (core/tracee/mappings.c).
 */
#include <string.h>

#include "core/inject/room.h"
#include "core/inject/syscall_insn.h"
#include "core/inject/userfaultfd.h"
#include "core/tracee/dirty.h"
#include "core/tracee/pages.h"
#include "core/tracee/writes.h"
#include "core/track/rungs.h"
#include "core/track/trial.h"

/** How much memory one table of pages tells of: a table is one page of 8-byte entries.
 */
static uint64_t table_span(const struct snap_tracee *tracee)
{
	return (uint64_t)tracee->page_size / sizeof(uint64_t) * tracee->page_size;
}

static snap_err start_with(struct snap_borrowed *who,
			   const struct snap_snapshot *process,
			   struct snap_tracker *tracker, const char **ret_why)
{
	const char *why = NULL;
	_cleanup_close_ int uffd = -1;
	SNAP_TRY(snap_make_userfaultfd(who, SNAP_WRITES_FEATURES, &uffd, &why));
	if (why == snap_no_such_userfaultfd)
		why = "the kernel has no asynchronous write protection (Linux 6.7 has), "
		      "or does not let us use it";
	struct snap_trial trial = { 0 };
	if (!why)
		SNAP_TRY(snap_try_userfaultfd(who, process, uffd,
					      table_span(who->tracee), &trial));
	*ret_why = why ? why : trial.why;
	if (*ret_why)
		return SNAP_OK;
	tracker->uffd = snap_take_fd(uffd);
	tracker->is_careful = trial.is_careful;
	tracker->keeps_protection = trial.keeps_protection;
	return SNAP_OK;
}

static snap_err start(struct snap_tracee *tracee, const struct snap_snapshot *process,
		      struct snap_tracker *tracker, const char **ret_why)
{
	if (snap_snapshot_is_confined(process)) {
		*ret_why = "the process is under seccomp, which may forbid the system "
			   "calls for it";
		return SNAP_OK;
	}
	uint64_t insn;
	SNAP_TRY(snap_find_syscall_insn(tracee, &process->vmas, &insn));
	_cleanup_borrowed_ struct snap_borrowed who = { 0 };
	SNAP_TRY(snap_borrow(tracee, process->threads[0].tid, insn, NULL, &who));
	const char *why = NULL;
	SNAP_TRY(start_with(&who, process, tracker, &why));
	SNAP_TRY(snap_borrowed_return(&who));
	*ret_why = why;
	return SNAP_OK;
}

/**
 * Whether we watch a mapping: not one of a file. There the kernel keeps the protection
 * of pages that are given back, and MADV_GUARD_INSTALL, which waits for nothing to be
 * left, never ends (measured, Linux 6.18). Pages of their own are few in them.
 */
static bool is_ours(const struct snap_vma *vma)
{
	return snap_rung_knows(vma) && snap_vma_contents(vma) == SNAP_CONTENTS_ZERO;
}

static snap_err changed(struct snap_tracker *tracker, struct snap_tracee *tracee,
			const struct snap_vma *vma, const struct snap_writes_told *told,
			struct snap_ranges *ret)
{
	if (!is_ours(vma))
		return snap_ranges_append(ret, vma->start, vma->end);
	if (told && snap_ranges_cover(&told->asked, vma->start, vma->end))
		return snap_ranges_append_some(ret, &told->written, vma->start,
					       vma->end);
	const struct snap_page_question question = { .note = SNAP_NOTE_PROTECTION };
	bool is_watched = false;
	size_t nr = ret->nr;
	if (!tracker->is_careful)
		SNAP_TRY(snap_tracee_find_written(tracee, vma->start, vma->end, ret,
						  &is_watched));
	if (is_watched)
		return SNAP_OK;
	ret->nr = nr;
	return snap_tracee_find_dirty(tracee, vma->start, vma->end, question, ret);
}

/** From so many ranges on, a whole table is walked as fast as they are told of. */
#define MANY 16

/** The first range that begins in another table, and at most MANY behind `first`. */
static const struct snap_range *find_next(const struct snap_range *first,
					  const struct snap_range *end, uint64_t span)
{
	const struct snap_range *at = first + 1;
	while (at < end && at->start / span == first->start / span)
		at++;
	return at - first < MANY ? first + 1 : at;
}

/** Protect some ranges, each by itself. */
static snap_err protect_each(struct snap_tracee *tracee, const struct snap_ranges *some,
			     struct snap_ranges *ret)
{
	const struct snap_range *end = some->list + some->nr, *next;
	for (const struct snap_range *at = some->list; at < end; at = next) {
		next = find_next(at, end, table_span(tracee));
		SNAP_TRY(snap_tracee_protect(tracee, at->start,
					     next[-1].start + next[-1].size, ret));
	}
	return SNAP_OK;
}

/** Whether there are more than a few holes from `start` to before `end`. */
static bool has_many(const struct snap_ranges *holes, uint64_t start, uint64_t end)
{
	const struct snap_range *first = snap_ranges_find_from(holes, start);
	return first && holes->list + holes->nr - first > MANY &&
	       first[MANY].start < end;
}

/** Protect ranges in one pass over all that lies between them: what is no hole exists.
 */
static snap_err protect_at_once(struct snap_tracee *tracee,
				const struct snap_ranges *some,
				const struct snap_ranges *holes,
				struct snap_ranges *ret)
{
	const struct snap_range *last = &some->list[some->nr - 1];
	uint64_t end = last->start + last->size;
	for (uint64_t at = some->list[0].start, to; at < end; at = to) {
		to = end;
		size_t nr = ret->nr;
		bool is_watched = false;
		if (!snap_ranges_have(holes, at, &to))
			SNAP_TRY(snap_tracee_protect_all(tracee, at, to, ret,
							 &is_watched));
		if (is_watched)
			continue;
		ret->nr = nr;
		_cleanup_ranges_ struct snap_ranges rest = { 0 };
		SNAP_TRY(snap_ranges_append_some(&rest, some, at, to));
		SNAP_TRY(protect_each(tracee, &rest, ret));
	}
	return SNAP_OK;
}

/** Protect what has changed from `start` to before `end`. */
static snap_err protect(struct snap_tracee *tracee, uint64_t start, uint64_t end,
			const struct snap_ranges *changed, struct snap_ranges *ret)
{
	_cleanup_ranges_ struct snap_ranges within = { 0 }, holes = { 0 };
	SNAP_TRY(snap_ranges_append_some(&within, changed, start, end));
	if (!within.nr)
		return SNAP_OK;
	const struct snap_range *last = &within.list[within.nr - 1];
	uint64_t nr_tables =
		(last->start + last->size - within.list[0].start) / table_span(tracee);
	// A call for each takes as long as a pass over a table.
	if (within.nr < MANY || within.nr < nr_tables)
		return protect_each(tracee, &within, ret);
	SNAP_TRY(snap_tracee_find_absent(tracee, &within, &holes));
	return has_many(&holes, start, end)
		       ? protect_each(tracee, &within, ret)
		       : protect_at_once(tracee, &within, &holes, ret);
}

/**
 * How many rows are one mapping of the kernel's, told apart by guards: to watch some of
 * them alone would split it, and there may be no more mappings than so many.
 */
static size_t count_parts(const struct snap_vmas *vmas, size_t first)
{
	size_t i = first + 1;
	for (; i < vmas->nr; i++) {
		const struct snap_vma *before = &vmas->list[i - 1];
		const struct snap_vma *vma = &vmas->list[i];
		if (before->end != vma->start || before->prot != vma->prot ||
		    (before->flags ^ vma->flags) != SNAP_VMA_GUARD ||
		    strcmp(before->name, vma->name) != 0)
			break;
	}
	return i - first;
}

/** So much is compared in less time than one would notice. */
#define SMALL ((uint64_t)4 << 20)

/**
 * Whether to watch the rows of one mapping. Not so when it agrees with a neighbour, as
 * bss and heap do: to begin watching, or to end it, would join them under the program's
 * eyes (mm/vma.c, vma_modify()). Large ones are watched even so.
 */
static bool is_to_be_watched(const struct snap_vmas *vmas, size_t first, size_t nr)
{
	const struct snap_vma *list = vmas->list;
	bool has_ours = false;
	for (size_t i = first; i < first + nr; i++)
		has_ours |= is_ours(&list[i]);
	size_t from = first, to = first + nr;
	while (from && snap_vmas_may_join(&list[from - 1], &list[from]))
		from--;
	while (to < vmas->nr && snap_vmas_may_join(&list[to - 1], &list[to]))
		to++;
	bool is_alone = from == first && to == first + nr;
	return has_ours && (is_alone || list[to - 1].end - list[from].start > SMALL);
}

/**
 * Watch a mapping. On kernels where pages keep their protection when they are moved,
 * what was not watched before may be full of it: it is taken off, and put on anew.
 *
 * @param[out] ret_is_new All of its pages have to be protected.
 */
static snap_err watch(struct snap_tracker *tracker, struct snap_tracee *tracee,
		      uint64_t start, uint64_t end, bool *ret, bool *ret_is_new)
{
	bool was_watched = true;
	_cleanup_ranges_ struct snap_ranges ignored = { 0 };
	if (tracker->keeps_protection)
		SNAP_TRY(snap_tracee_find_written(tracee, start, end, &ignored,
						  &was_watched));
	SNAP_TRY(snap_writes_watch(tracee, tracker->uffd, start, end, ret));
	*ret_is_new = *ret && !was_watched;
	return *ret_is_new ? snap_writes_unprotect(tracee, tracker->uffd, start, end)
			   : SNAP_OK;
}

/** Watch the rows of one mapping, and protect what has changed in them. */
static snap_err mark_mapping(struct snap_tracker *tracker, struct snap_tracee *tracee,
			     const struct snap_vma *rows, size_t nr,
			     const struct snap_ranges *changed,
			     struct snap_ranges *ret_there)
{
	bool is_watched, is_new;
	SNAP_TRY(watch(tracker, tracee, rows[0].start, rows[nr - 1].end, &is_watched,
		       &is_new));
	for (size_t i = 0; i < nr && is_watched; i++) {
		struct snap_range whole = { rows[i].start, snap_vma_size(&rows[i]) };
		const struct snap_ranges all = { .list = &whole, .nr = 1 };
		if (is_ours(&rows[i]))
			SNAP_TRY(protect(tracee, rows[i].start, rows[i].end,
					 is_new ? &all : changed, ret_there));
	}
	return SNAP_OK;
}

static snap_err mark(struct snap_tracker *tracker, struct snap_tracee *tracee,
		     const struct snap_vmas *vmas, const struct snap_ranges *changed,
		     struct snap_ranges *ret_there)
{
	for (size_t i = 0, nr; i < vmas->nr; i += nr) {
		nr = count_parts(vmas, i);
		if (is_to_be_watched(vmas, i, nr))
			SNAP_TRY(mark_mapping(tracker, tracee, &vmas->list[i], nr,
					      changed, ret_there));
	}
	return SNAP_OK;
}

/** Take a part of a watched mapping, in which pages may not exist. */
static snap_err take_hole(struct snap_tracee *tracee, uint64_t start, uint64_t end,
			  struct snap_ranges *ret, struct snap_ranges *ret_there,
			  bool *ret_is_watched)
{
	_cleanup_ranges_ struct snap_ranges written = { 0 };
	SNAP_TRY(
		snap_tracee_find_written(tracee, start, end, &written, ret_is_watched));
	if (!*ret_is_watched)
		return SNAP_OK;
	SNAP_TRY(snap_ranges_append_some(ret, &written, start, end));
	return protect(tracee, start, end, &written, ret_there);
}

/** Take a watched mapping. */
static snap_err take_row(struct snap_tracee *tracee, const struct snap_vma *vma,
			 const struct snap_ranges *holes, struct snap_ranges *ret,
			 struct snap_ranges *ret_there, bool *ret_is_watched)
{
	if (has_many(holes, vma->start, vma->end))
		return take_hole(tracee, vma->start, vma->end, ret, ret_there,
				 ret_is_watched);
	*ret_is_watched = true;
	for (uint64_t at = vma->start, to; at < vma->end && *ret_is_watched; at = to) {
		to = vma->end;
		if (snap_ranges_have(holes, at, &to))
			SNAP_TRY(take_hole(tracee, at, to, ret, ret_there,
					   ret_is_watched));
		else
			SNAP_TRY(snap_tracee_protect_all(tracee, at, to, ret,
							 ret_is_watched));
	}
	return SNAP_OK;
}

/** Take the rows of one mapping. */
static snap_err take_mapping(struct snap_tracker *tracker, struct snap_tracee *tracee,
			     const struct snap_vma *rows, size_t nr,
			     const struct snap_ranges *holes, struct snap_ranges *ret,
			     struct snap_ranges *ret_there)
{
	bool is_watched, is_new;
	SNAP_TRY(watch(tracker, tracee, rows[0].start, rows[nr - 1].end, &is_watched,
		       &is_new));
	for (size_t i = 0; i < nr; i++) {
		size_t nr_before = ret->nr;
		bool is_taken = false;
		if (is_watched && is_ours(&rows[i]))
			SNAP_TRY(take_row(tracee, &rows[i], holes, ret, ret_there,
					  &is_taken));
		if (is_taken)
			continue;
		ret->nr = nr_before;
		SNAP_TRY(snap_ranges_append(ret, rows[i].start, rows[i].end));
	}
	return SNAP_OK;
}

static snap_err take(struct snap_tracker *tracker, struct snap_tracee *tracee,
		     const struct snap_vmas *vmas, const struct snap_ranges *holes,
		     struct snap_ranges *ret, struct snap_ranges *ret_there)
{
	for (size_t i = 0, nr; i < vmas->nr; i += nr) {
		const struct snap_vma *rows = &vmas->list[i];
		nr = count_parts(vmas, i);
		if (is_to_be_watched(vmas, i, nr))
			SNAP_TRY(take_mapping(tracker, tracee, rows, nr, holes, ret,
					      ret_there));
		else
			SNAP_TRY(snap_ranges_append(ret, rows[0].start,
						    rows[nr - 1].end));
	}
	return SNAP_OK;
}

const struct snap_rung_ops snap_rung_userfaultfd = {
	.name = "userfaultfd",
	.start = start,
	.changed = changed,
	.mark = mark,
	.take = take,
};
