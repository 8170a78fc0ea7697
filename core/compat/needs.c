// SPDX-License-Identifier: GPL-3.0-or-later
#include "arch/arch.h"
#include "core/compat/compat.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

/** Set an item to the smaller of what it is and `value`. */
static snap_err set_least(struct snap_cpu *needs, const char *name, uint64_t value)
{
	uint64_t known = snap_cpu_get(needs, name, UINT64_MAX);
	return value < known ? snap_cpu_set(needs, name, value) : SNAP_OK;
}

/** SS_DISABLE of sigaltstack(2). */
#define ALTSTACK_DISABLED 2u

static snap_err add_thread(const struct snap_snapshot *snapshot,
			   const struct snap_thread *thread, struct snap_cpu *needs)
{
	const struct snap_arch *arch = snapshot->arch;
	if (snap_thread_has(thread, SNAP_THREAD_ALTSTACK) &&
	    !(thread->altstack.flags & ALTSTACK_DISABLED))
		SNAP_TRY(set_least(needs, "use.signal-stack", thread->altstack.size));
	if (thread->regsets[0].size && !arch->is_native(thread))
		SNAP_TRY(snap_cpu_set(needs, "use.foreign-mode", 1));
	const struct snap_vma *vma = snap_vmas_find(&snapshot->vmas, arch->pc(thread));
	if (vma && !strcmp(vma->name, "[vdso]"))
		SNAP_TRY(snap_cpu_set(needs, "use.vdso", 1));
	return arch->needs ? arch->needs(&snapshot->cpu, thread, needs) : SNAP_OK;
}

static snap_err add_memory(const struct snap_vmas *vmas, struct snap_cpu *needs)
{
	uint64_t highest = 0;
	for (size_t i = 0; i < vmas->nr; i++) {
		const struct snap_vma *vma = &vmas->list[i];
		if (vma->pkey)
			SNAP_TRY(snap_cpu_set(needs, "use.protection-keys", 1));
		// The vsyscall page of x86 lies with the kernel, above all bits.
		if (vma->end - 1 <= INT64_MAX)
			highest = vma->end - 1;
	}
	if (!highest)
		return SNAP_OK;
	uint64_t bits = 64 - (uint64_t)__builtin_clzll(highest);
	return snap_cpu_set(needs, "use.address-bits", bits);
}

/** What the kernel had told the program itself counts for more than what it tells us.
 */
static snap_err add_auxv(const struct snap_snapshot *snapshot, struct snap_cpu *needs)
{
	static const struct {
		uint64_t type;
		const char *name;
	} rows[] = {
		{ AT_PAGESZ, "auxv.pagesz" },
		{ AT_HWCAP, "auxv.hwcap" },
		{ AT_CLKTCK, "auxv.clktck" },
		{ AT_HWCAP2, "auxv.hwcap2" },
		{ 27, "auxv.rseq-size" },
		{ 28, "auxv.rseq-align" },
		{ AT_MINSIGSTKSZ, "auxv.minsigstksz" },
	};

	for (size_t i = 0; i < SNAP_ARRAY_SIZE(rows); i++) {
		uint64_t value = snap_snapshot_auxv(snapshot, rows[i].type, UINT64_MAX);
		if (value != UINT64_MAX)
			SNAP_TRY(snap_cpu_set(needs, rows[i].name, value));
	}
	return SNAP_OK;
}

static bool has_features(const struct snap_arch *arch, const struct snap_cpu *cpu)
{
	for (size_t i = 0; i < arch->nr_features; i++)
		if (snap_cpu_find(cpu, arch->features[i].name))
			return true;
	return !arch->nr_features;
}

snap_err snap_compat_needs(const struct snap_snapshot *snapshot, struct snap_cpu *ret)
{
	_cleanup_cpu_ struct snap_cpu needs = { 0 };
	SNAP_TRY(snap_cpu_copy(&snapshot->cpu, &needs));
	SNAP_TRY(snap_cpu_set_text(&needs, "arch", snapshot->arch->name));
	SNAP_TRY(add_auxv(snapshot, &needs));
	SNAP_TRY(add_memory(&snapshot->vmas, &needs));
	for (size_t i = 0; i < snapshot->nr_threads; i++)
		SNAP_TRY(add_thread(snapshot, &snapshot->threads[i], &needs));
	if (!has_features(snapshot->arch, &snapshot->cpu))
		SNAP_TRY(snap_cpu_set(&needs, "use.unknown-offers", 1));
	*ret = needs;
	needs = (struct snap_cpu){ 0 };
	return SNAP_OK;
}
