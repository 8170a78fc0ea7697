/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_INJECT_LAND_H
#define SNAP_INJECT_LAND_H

#include "core/inject/borrow.h"
#include "core/model/cpu.h"

/**
 * Land a borrowed thread: its registers and signal mask become those of `wanted`, by a
 * signal frame, and are read back and compared set by set. What a frame does not carry
 * is written afterwards.
 *
 * The frame has the altstack of `wanted` too, but the kernel does not take another one
 * while the thread is on one, and says nothing: snap_set_altstack() before.
 *
 * The thread is left in the system-call-exit-stop of rt_sigreturn(2);
 * snap_land_finish() brings it into a stop that a debugger knows.
 *
 * @param cpu Of this machine.
 * @param wanted In a form that needs no help from the kernel: arch->rewind_syscall().
 * @param frame Address of room for the frame, 64-byte aligned.
 */
_must_check_ snap_err snap_land(struct snap_borrowed *borrowed,
				const struct snap_cpu *cpu,
				const struct snap_thread *wanted, uint64_t frame);

/**
 * Whether a borrowed thread has to be landed. Not so where it was not let run and all
 * its register sets, read now, and its signal stack are those of `wanted` already; a
 * call that the kernel would resume with its restart block is always begun again.
 *
 * @param live The thread as it was read in this stop, after it was asked: it is in the
 *	kernel's signal path.
 */
_must_check_ snap_err snap_land_is_needed(struct snap_borrowed *borrowed,
					  const struct snap_cpu *cpu,
					  const struct snap_thread *wanted,
					  const struct snap_thread *live, bool *ret);

/** snap_land_finish() of a thread that was not landed. */
_must_check_ snap_err snap_land_stay(struct snap_borrowed *borrowed,
				     const struct snap_thread *wanted);

/**
 * Make the stop of a landed thread look as it did at the snapshot, and end the
 * borrowing. A SIGSTOP that is on its way from the debugger stays so; where it is known
 * what was pending at the snapshot, no other one does.
 */
_must_check_ snap_err snap_land_finish(struct snap_borrowed *borrowed,
				       const struct snap_cpu *cpu,
				       const struct snap_thread *wanted);

#endif
