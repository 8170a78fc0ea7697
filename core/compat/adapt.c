// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/compat/adapt.h"

#include "arch/arch.h"

void snap_adapted_deinit(struct snap_adapted *adapted)
{
	for (size_t i = 0; i < adapted->snapshot.nr_threads; i++)
		snap_thread_deinit(&adapted->snapshot.threads[i]);
	free(adapted->snapshot.threads);
	snap_cpu_deinit(&adapted->snapshot.cpu);
	*adapted = (struct snap_adapted){ 0 };
}

static snap_err relay(const struct snap_snapshot *snapshot,
		      const struct snap_cpu *machine, bool may_drop,
		      struct snap_adapted *ret)
{
	_cleanup_adapted_ struct snap_adapted made = { .snapshot = *snapshot };
	made.snapshot.nr_threads = 0;
	made.snapshot.cpu = (struct snap_cpu){ 0 };
	made.snapshot.threads =
		calloc(snapshot->nr_threads, sizeof(*made.snapshot.threads));
	if (!made.snapshot.threads)
		return &snap_enomem;
	for (size_t i = 0; i < snapshot->nr_threads; i++) {
		struct snap_thread *thread = &made.snapshot.threads[i];
		SNAP_TRY(snap_thread_copy(&snapshot->threads[i], thread));
		made.snapshot.nr_threads++;
		SNAP_TRY(snapshot->arch->relayout(&snapshot->cpu, machine, may_drop,
						  thread));
	}
	SNAP_TRY(snap_cpu_copy(machine, &made.snapshot.cpu));
	*ret = made;
	made = (struct snap_adapted){ 0 };
	return SNAP_OK;
}

snap_err snap_compat_adapt(const struct snap_snapshot *snapshot,
			   const struct snap_cpu *machine, enum snap_compat_mode mode,
			   struct snap_adapted *adapted,
			   const struct snap_snapshot **ret)
{
	const struct snap_arch *arch = snapshot->arch;
	_cleanup_verdict_ struct snap_verdict verdict = { 0 };
	SNAP_TRY(snap_compat_check_snapshot(snapshot, machine, mode, &verdict));
	SNAP_TRY(snap_verdict_refuse(&verdict));
	if (!arch->relayout || arch->is_same_layout(&snapshot->cpu, machine)) {
		*ret = snapshot;
		return SNAP_OK;
	}
	SNAP_TRY(relay(snapshot, machine, mode == SNAP_MODE_ANY, adapted));
	*ret = &adapted->snapshot;
	return SNAP_OK;
}
