// SPDX-License-Identifier: GPL-3.0-or-later
#include <signal.h>

#include "core/tracee/pending.h"
#include "core/tracee/proc.h"
#include "gdbext/digest.h"

/** A SIGSTOP is left out: sent again from outside, it is of another sender. */
static snap_err add_queue(struct snap_tracee *tracee, pid_t tid, bool is_shared,
			  struct snap_buffer *ret)
{
	_cleanup_pending_ struct snap_pending pending = { 0 };
	SNAP_TRY(snap_tracee_read_pending(tracee, tid, is_shared, &pending));
	SNAP_TRY(snap_buffer_append(ret, &tid, sizeof(tid)));
	for (size_t i = 0; i < pending.nr; i++)
		if (snap_siginfo_signal(&pending.list[i]) != SIGSTOP)
			SNAP_TRY(snap_buffer_append(ret, &pending.list[i],
						    sizeof(pending.list[i])));
	return SNAP_OK;
}

snap_err snap_digest_signals(struct snap_tracee *tracee, struct snap_buffer *ret)
{
	_cleanup_free_ pid_t *tids = NULL;
	size_t nr;
	SNAP_TRY(snap_proc_list_threads(tracee, &tids, &nr));
	for (size_t i = 0; i < nr; i++)
		SNAP_TRY(add_queue(tracee, tids[i], false, ret));
	return add_queue(tracee, tracee->pid, true, ret);
}
