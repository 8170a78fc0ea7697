#ifndef SNAP_INJECT_LAND_H
#define SNAP_INJECT_LAND_H

#include "core/inject/borrow.h"
#include "core/model/cpu.h"

/**
 * Land a borrowed thread: its registers, signal mask and altstack become those of
 * `wanted`, by a signal frame, and are read back and compared set by set. What a frame
 * does not carry is written afterwards.
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
 * Ask a landed thread for its altstack and compare it: to be done where it was another
 * one before.
 *
 * @param scratch Some free bytes in the process.
 */
_must_check_ snap_err snap_land_check_altstack(struct snap_borrowed *borrowed,
					       const struct snap_cpu *cpu,
					       const struct snap_thread *wanted,
					       uint64_t scratch);

/**
 * Make the stop of a landed thread look as it did at the snapshot, and end the
 * borrowing.
 */
_must_check_ snap_err snap_land_finish(struct snap_borrowed *borrowed,
				       const struct snap_thread *wanted);

#endif
