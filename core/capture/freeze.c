// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/capture/freeze.h"

#include <stdio.h>

#include "core/inject/syscall_insn.h"
#include "core/tracee/proc.h"

/**
 * Copying so many bytes takes as long as a twin of a process that has few: 0.3 ms.
 * Measured: doc/kernel-notes.md.
 */
#define SMALL ((uint64_t)1 << 20)

/** Copying the page tables takes a fraction of copying the pages: measured, 1/35. */
#define FORK_FRACTION 24

_must_check_ static snap_err tell(struct snap_snapshot *snapshot, const char *why)
{
	_cleanup_free_ char *text = NULL;
	if (!why)
		return snap_snapshot_set_text(&snapshot->copying,
					      "in the background, from a frozen copy");
	if (asprintf(&text, "while the process was stopped: %s", why) < 0)
		return &snap_enomem;
	return snap_snapshot_set_text(&snapshot->copying, text);
}

static snap_err find_objection(struct snap_tracee *tracee, enum snap_copying how,
			       uint64_t bytes, const struct snap_snapshot *snapshot,
			       const char **ret)
{
	struct snap_proc_status status;
	SNAP_TRY(snap_proc_read_status(tracee, tracee->pid, &status));
	if (bytes > status.own_memory)
		bytes = status.own_memory;
	*ret = NULL;
	if (how == SNAP_COPY_AT_ONCE)
		*ret = "that was asked for";
	else if (how == SNAP_COPY_AS_FITS &&
		 bytes < SMALL + status.own_memory / FORK_FRACTION)
		*ret = bytes ? "that is quicker for so little"
			     : "most of it is in the last snapshot";
	if (*ret)
		return SNAP_OK;
	return snap_twin_objection(tracee, snapshot, status.own_memory, ret);
}

/** A failure to make it is a reason to do without. */
static snap_err make_twin(struct snap_tracee *tracee, struct snap_snapshot *snapshot,
			  struct snap_twin *ret, snap_err *ret_failure)
{
	uint64_t insn;
	SNAP_TRY(snap_find_syscall_insn(tracee, &snapshot->vmas, &insn));
	_cleanup_borrowed_ struct snap_borrowed worker = { 0 };
	SNAP_TRY(
		snap_borrow(tracee, snapshot->threads[0].tid, insn, snapshot, &worker));
	*ret_failure = snap_twin_make(&worker, snapshot, ret);
	return snap_borrowed_return(&worker);
}

snap_err snap_freeze(struct snap_tracee *tracee, enum snap_copying how, uint64_t bytes,
		     struct snap_snapshot *snapshot, struct snap_copy **ret)
{
	const char *why;
	*ret = NULL;
	SNAP_TRY(find_objection(tracee, how, bytes, snapshot, &why));
	if (why)
		return tell(snapshot, why);
	_cleanup_twin_ struct snap_twin twin = { 0 };
	_cleanup_error_ snap_err failure = NULL;
	SNAP_TRY(make_twin(tracee, snapshot, &twin, &failure));
	_cleanup_copy_ struct snap_copy *copy = NULL;
	if (!failure)
		failure = snap_copy_create(&twin, &copy);
	SNAP_TRY(tell(snapshot, failure ? failure->message : NULL));
	*ret = snap_take(copy);
	return SNAP_OK;
}
