// SPDX-License-Identifier: GPL-3.0-or-later
#include <signal.h>

#include "core/inject/borrow.h"
#include "core/inject/rearm.h"

/**
 * All signals are blocked while we work, but the SIGSEGV that a bad frame brings:
 * forced on a thread that blocks it, it would lose the program's handler. One that is
 * pending already stays where it is. Nothing that we do forces another signal.
 */
static uint64_t choose_mask(struct snap_borrowed *borrowed, uint64_t pending)
{
	const uint64_t segv = snap_signal_bit(SIGSEGV);
	borrowed->had_sigsegv = borrowed->had_sigsegv || pending & segv;
	borrowed->stop_signal = snap_choose_stop_signal(pending);
	uint64_t mask = borrowed->had_sigsegv
				? UINT64_MAX
				: ~segv | (borrowed->thread.sigmask & segv);
	return mask & ~snap_signal_bit(borrowed->stop_signal);
}

snap_err snap_borrowed_expect(struct snap_borrowed *borrowed, uint64_t signals)
{
	return snap_tracee_write_sigmask(borrowed->tracee, borrowed->thread.tid,
					 choose_mask(borrowed, signals));
}

snap_err snap_borrowed_block(struct snap_borrowed *borrowed)
{
	struct snap_proc_status status;
	SNAP_TRY(
		snap_proc_read_status(borrowed->tracee, borrowed->thread.tid, &status));
	return snap_borrowed_expect(borrowed, status.pending | status.shared_pending);
}
