// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inject/end.h"

#include <string.h>

#include "core/inject/restorer.h"
#include "core/tracee/registers.h"
#include "core/tracee/resume.h"

snap_err snap_end_thread(struct snap_borrowed *borrowed)
{
	const struct snap_arch *arch = borrowed->tracee->arch;
	const struct snap_regset *general = &borrowed->thread.regsets[0];
	pid_t tid = borrowed->thread.tid;
	_cleanup_free_ uint8_t *regs = malloc(general->size);
	if (!regs)
		return &snap_enomem;
	memcpy(regs, general->data, general->size);
	arch->prepare_syscall(regs, borrowed->insn, arch->syscalls[SNAP_SYS_EXIT],
			      SNAP_ARGS(0));
	SNAP_TRY(snap_tracee_write_regset(borrowed->tracee, tid, 0, regs,
					  general->size));
	SNAP_TRY(snap_tracee_run_to_end(borrowed->tracee, tid));
	snap_borrowed_keep(borrowed);
	return SNAP_OK;
}

snap_err snap_do_end_thread(struct snap_restorer *restorer,
			    const struct snap_step *step)
{
	return snap_end_thread(snap_restorer_thread(restorer, step->tid));
}
