// SPDX-License-Identifier: GPL-3.0-or-later
#include "arch/aarch64/aarch64.h"

_must_check_ static snap_err missing(const struct snap_thread *thread, const char *what)
{
	return snap_error_with_remedy(
		snap_error_create(SNAP_ERROR_UNSUPPORTED,
				  "thread %d uses %s, which this CPU or kernel does "
				  "not have",
				  (int)thread->tid, what),
		"restore on a machine that has it");
}

_must_check_ static snap_err check_mode(const struct snap_thread *thread,
					const uint8_t *regs)
{
	if (!snap_aarch64_is_native(thread))
		return snap_error_with_remedy(
			snap_error_create(SNAP_ERROR_UNSUPPORTED,
					  "thread %d does not run 64-bit code",
					  (int)thread->tid),
			"let it run on until it is back in 64-bit code");
	if (snap_aarch64_reg(regs, ARM64_PSTATE) &
	    (ARM64_PSTATE_MODE | ARM64_PSTATE_DAIF))
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "the state of thread %d is not that of a "
					 "program",
					 (int)thread->tid);
	return SNAP_OK;
}

/** A set has the size that its vector length asks for. */
_must_check_ static snap_err check_set(const struct snap_thread *thread,
				       enum snap_aarch64_regset regset)
{
	const struct snap_regset *set = &thread->regsets[regset];
	unsigned vl = snap_aarch64_vl(thread, regset);
	bool is_empty = set->size == ARM64_SVE_HEADER_SIZE;
	bool is_whole = set->size >= snap_aarch64_za_set_size(vl);
	if (regset != SNAP_AARCH64_ZA && vl && set->size > ARM64_SVE_HEADER_SIZE)
		is_whole = snap_aarch64_load(set->data + ARM64_SVE_FLAGS, 2) &
					   ARM64_SVE_HAS_Z
				   ? set->size >= snap_aarch64_sve_set_size(vl)
				   : set->size >= ARM64_SVE_HEADER_SIZE + ARM64_FP_SIZE;
	if (!set->size || (vl && (is_empty || is_whole)))
		return SNAP_OK;
	return snap_error_create(SNAP_ERROR_CORRUPT,
				 "the %s registers of thread %d make no sense",
				 snap_aarch64_regsets[regset].name, (int)thread->tid);
}

_must_check_ static snap_err check_vectors(const struct snap_cpu *cpu,
					   const struct snap_thread *thread)
{
	SNAP_TRY(check_set(thread, SNAP_AARCH64_SVE));
	SNAP_TRY(check_set(thread, SNAP_AARCH64_SSVE));
	SNAP_TRY(check_set(thread, SNAP_AARCH64_ZA));
	enum snap_aarch64_regset regset = snap_aarch64_vectors(thread);
	unsigned vl = snap_aarch64_vl(thread, regset);
	if (regset == SNAP_AARCH64_SVE &&
	    !snap_aarch64_has_length(cpu, "sve.lengths", vl))
		return missing(thread, "SVE vectors of their length");
	if (snap_aarch64_is_streaming(thread) &&
	    (regset != SNAP_AARCH64_SSVE ||
	     !snap_aarch64_has_length(cpu, "sme.lengths", vl)))
		return missing(thread, "streaming vectors of their length");
	if (snap_aarch64_has_za(thread) &&
	    !snap_aarch64_has_length(cpu, "sme.lengths",
				     snap_aarch64_vl(thread, SNAP_AARCH64_ZA)))
		return missing(thread, "ZA with vectors of its length");
	return SNAP_OK;
}

snap_err snap_aarch64_check_thread(const struct snap_cpu *cpu,
				   const struct snap_thread *thread)
{
	const uint8_t *regs = snap_aarch64_general(thread);
	if (!regs)
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "thread %d has no general registers",
					 (int)thread->tid);
	SNAP_TRY(check_mode(thread, regs));
	return check_vectors(cpu, thread);
}
