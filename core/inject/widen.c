// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inject/widen.h"

#include "core/tracee/memory.h"

/** Behind the batch code, in its page. */
static uint64_t place(const struct snap_arch *arch, const struct snap_room *room)
{
	return room->code + ((arch->batch_code_size + 63) & ~(size_t)63);
}

/** The code is the thread's system call instruction for as long as that takes. */
static snap_err run(struct snap_borrowed *borrowed, uint64_t code, int64_t *ret)
{
	uint64_t insn = borrowed->insn;
	borrowed->insn = code;
	snap_err error =
		snap_borrowed_call(borrowed, SNAP_SYS_GETPID, SNAP_ARGS(0), ret);
	borrowed->insn = insn;
	return error;
}

static bool is_wide(const struct snap_snapshot *image)
{
	const struct snap_attribute_values *values = &image->state.attributes;
	return snap_attribute_is_known(values, SNAP_ATTRIBUTE_WIDE_REGISTERS) &&
	       values->list[SNAP_ATTRIBUTE_WIDE_REGISTERS] &
		       image->arch->wide_registers;
}

snap_err snap_widen_thread(struct snap_borrowed *borrowed, const struct snap_room *room,
			   const struct snap_snapshot *image)
{
	const struct snap_arch *arch = borrowed->tracee->arch;
	if (!is_wide(image) || !room->code)
		return SNAP_OK;
	uint64_t code = place(arch, room);
	SNAP_TRY(snap_tracee_write(borrowed->tracee, code, arch->widen_code,
				   arch->widen_code_size));
	int64_t result;
	SNAP_TRY(run(borrowed, code, &result));
	if (result)
		return snap_error_os((int)-result,
				     "the process may not use all the registers that "
				     "it had");
	return run(borrowed, code + arch->widen_use, &result);
}
