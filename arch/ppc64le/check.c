// SPDX-License-Identifier: GPL-3.0-or-later
#include "arch/ppc64le/ppc64le.h"

/** A set that is there has its size, so that nobody else has to look at that again. */
_must_check_ static snap_err check_sets(const struct snap_thread *thread)
{
	for (unsigned i = 0; i < SNAP_PPC64LE_NR_REGSETS; i++)
		if (thread->regsets[i].size &&
		    thread->regsets[i].size != snap_ppc64le_regsets[i].max_size)
			return snap_error_create(
				SNAP_ERROR_CORRUPT,
				"the %s registers of thread %d have %zu bytes",
				snap_ppc64le_regsets[i].name, (int)thread->tid,
				thread->regsets[i].size);
	return SNAP_OK;
}

/**
 * The sets without which a frame for a thread inside of a transaction cannot be made. A
 * transaction that is not marked as failed would crash some kernels
 * (https://github.com/linuxppc/issues/issues/217), and cannot be: stopping a thread
 * fails it.
 */
_must_check_ static snap_err check_transaction(const struct snap_cpu *cpu,
					       const struct snap_thread *thread)
{
	static const enum snap_ppc64le_regset needed[] = {
		SNAP_PPC64LE_CGPR, SNAP_PPC64LE_CFPR,   SNAP_PPC64LE_CVMX,
		SNAP_PPC64LE_CVSX, SNAP_PPC64LE_TM_SPR,
	};

	uint64_t state = snap_ppc64le_transaction(thread);
	if (!state)
		return SNAP_OK;
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(needed); i++)
		if (!snap_ppc64le_set(thread, needed[i]))
			return snap_error_create(
				SNAP_ERROR_CORRUPT,
				"thread %d is inside of a transaction and has no %s "
				"registers",
				(int)thread->tid, snap_ppc64le_regsets[needed[i]].name);
	const uint8_t *sprs = snap_ppc64le_set(thread, SNAP_PPC64LE_TM_SPR);
	if (state == PPC_MSR_TS ||
	    !(snap_ppc64le_load(sprs + PPC_TEXASR, 8) & PPC_TEXASR_FS))
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "thread %d is inside of a transaction that "
					 "no stopped thread can be inside of",
					 (int)thread->tid);
	if (!snap_cpu_get(cpu, "htm", 0) || snap_cpu_get(cpu, "htm-no-suspend", 0))
		return snap_error_with_remedy(
			snap_error_create(SNAP_ERROR_UNSUPPORTED,
					  "thread %d is inside of a transaction, which "
					  "this CPU or kernel does not have",
					  (int)thread->tid),
			"restore on a machine with transactional memory");
	return SNAP_OK;
}

snap_err snap_ppc64le_check_thread(const struct snap_cpu *cpu,
				   const struct snap_thread *thread)
{
	if (!snap_ppc64le_general(thread))
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "thread %d has no general registers",
					 (int)thread->tid);
	SNAP_TRY(check_sets(thread));
	if (!snap_ppc64le_is_native(thread))
		return snap_error_with_remedy(
			snap_error_create(SNAP_ERROR_UNSUPPORTED,
					  "thread %d does not run 64-bit little "
					  "endian code",
					  (int)thread->tid),
			"let it run on until it is back in such code");
	return check_transaction(cpu, thread);
}

snap_err snap_ppc64le_check_live(const struct snap_thread *thread)
{
	if (!(snap_ppc64le_transaction(thread) & PPC_MSR_TRANSACTIONAL))
		return SNAP_OK;
	return snap_error_with_remedy(
		snap_error_create(SNAP_ERROR_REFUSED,
				  "thread %d is inside of a transaction that its stop "
				  "has failed",
				  (int)thread->tid),
		"type \"stepi\" in that thread to get to the transaction's handler, and "
		"try again");
}

/*
 * Outside of a transaction TEXASR may say that none has failed. A thread that is still
 * inside of one must not get that: the kernel puts the transaction back where the
 * thread runs next, and stops at a BUG there (__tm_recheckpoint(),
 * arch/powerpc/kernel/tm.S).
 */
bool snap_ppc64le_needs_sets_first(const struct snap_thread *thread)
{
	return snap_ppc64le_transaction(thread);
}
