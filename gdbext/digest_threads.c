// SPDX-License-Identifier: GPL-3.0-or-later
#include "gdbext/digest.h"

#include <string.h>

#include "core/tracee/proc.h"
#include "core/tracee/signals.h"

snap_err snap_digest_threads(struct snap_tracee *tracee, struct snap_buffer *ret)
{
	_cleanup_free_ pid_t *tids = NULL;
	size_t nr;
	SNAP_TRY(snap_proc_list_threads(tracee, &tids, &nr));
	for (size_t i = 0; i < nr; i++) {
		struct snap_proc_stat stat;
		SNAP_TRY(snap_proc_read_stat(tracee, tids[i], &stat));
		struct snap_thread thread = { .tid = tids[i] };
		memcpy(thread.comm, stat.comm, sizeof(thread.comm));
		SNAP_TRY(snap_tracee_read_rseq(tracee, &thread));
		SNAP_TRY(snap_tracee_read_robust_list(tracee, &thread));
		SNAP_TRY(snap_buffer_append(ret, &stat.start_time,
					    sizeof(stat.start_time)));
		SNAP_TRY(snap_buffer_append(ret, &thread, sizeof(thread)));
	}
	return SNAP_OK;
}
