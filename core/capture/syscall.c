// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/capture/syscall.h"

#include "core/tracee/memory.h"

snap_err snap_settle_syscall(struct snap_tracee *tracee, struct snap_thread *thread)
{
	const struct snap_arch *arch = tracee->arch;
	bool may_be_inside = arch->rewinds_early ||
			     arch->syscall_number(thread->regsets[0].data) >= 0;
	if (may_be_inside && arch->identify_syscall) {
		uint8_t code[SNAP_SYSCALL_CODE_SIZE];
		uint64_t end = arch->pc(thread);
		if (arch->rewinds_early)
			end += arch->syscall_insn_size;
		size_t size;
		SNAP_TRY(snap_tracee_read_some(tracee, end - sizeof(code), code,
					       sizeof(code), &size));
		arch->identify_syscall(thread, code, size == sizeof(code) ? size : 0);
	}
	arch->rewind_syscall(thread);
	return SNAP_OK;
}
