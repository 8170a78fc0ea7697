// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/capture/rseq.h"

#include "core/tracee/memory.h"

#define RSEQ_CS_NO_RESTART_ON_STOP 2 // RSEQ_CS_FLAG_NO_RESTART_ON_SIGNAL

/** struct rseq_cs of include/uapi/linux/rseq.h. */
struct critical_section {
	uint32_t version;
	uint32_t flags;
	uint64_t start_ip;
	uint64_t post_commit_offset;
	uint64_t abort_ip;
};

size_t snap_rseq_kernel_ranges(const struct snap_thread *thread,
			       struct snap_range ret[SNAP_RSEQ_RANGES])
{
	uint64_t address = thread->rseq.address;
	if (!snap_thread_has(thread, SNAP_THREAD_RSEQ) || !address)
		return 0;
	ret[0] = (struct snap_range){ address, 8 }; // cpu_id_start, cpu_id
	ret[1] = (struct snap_range){ address + 20,
				      12 }; // node_id, mm_cid, what may come
	return SNAP_RSEQ_RANGES;
}

static snap_err settle_thread(struct snap_tracee *tracee, struct snap_copy *copy,
			      struct snap_snapshot *snapshot,
			      struct snap_thread *thread)
{
	static const uint64_t none;
	uint64_t pointer = thread->rseq.address + SNAP_RSEQ_CS_OFFSET, address;
	SNAP_TRY(snap_tracee_read(tracee, pointer, &address, sizeof(address)));
	if (!address)
		return SNAP_OK;
	SNAP_TRY(snap_copy_overwrite(copy, &snapshot->memory, pointer, &none,
				     sizeof(none)));

	struct critical_section section;
	SNAP_TRY(snap_tracee_read(tracee, address, &section, sizeof(section)));
	uint64_t pc = snapshot->arch->pc(thread);
	if (pc - section.start_ip < section.post_commit_offset &&
	    !(section.flags & RSEQ_CS_NO_RESTART_ON_STOP))
		snapshot->arch->set_pc(thread->regsets[0].data, section.abort_ip);
	return SNAP_OK;
}

snap_err snap_rseq_settle(struct snap_tracee *tracee, struct snap_copy *copy,
			  struct snap_snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->nr_threads; i++) {
		struct snap_thread *thread = &snapshot->threads[i];
		if (snap_thread_has(thread, SNAP_THREAD_RSEQ) && thread->rseq.address)
			SNAP_TRY(settle_thread(tracee, copy, snapshot, thread));
	}
	return SNAP_OK;
}
