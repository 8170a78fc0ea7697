#include "core/capture/syscall.h"

#include "core/tracee/memory.h"

snap_err snap_settle_syscall(struct snap_tracee *tracee, struct snap_thread *thread)
{
	const struct snap_arch *arch = tracee->arch;
	if (arch->syscall_number(thread->regsets[0].data) >= 0 &&
	    arch->identify_syscall) {
		uint8_t code[SNAP_SYSCALL_CODE_SIZE];
		size_t size;
		SNAP_TRY(snap_tracee_read_some(tracee, arch->pc(thread) - sizeof(code),
					       code, sizeof(code), &size));
		arch->identify_syscall(thread, code, size == sizeof(code) ? size : 0);
	}
	arch->rewind_syscall(thread);
	return SNAP_OK;
}
