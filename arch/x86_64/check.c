// SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>

#include "arch/x86_64/x86_64.h"

snap_err snap_x86_64_missing_component(const struct snap_thread *thread, unsigned i)
{
	return snap_error_with_remedy(
		snap_error_create(
			SNAP_ERROR_UNSUPPORTED,
			"thread %d uses XSAVE component %u (%s), which this CPU "
			"or kernel does not have",
			(int)thread->tid, i, snap_x86_64_component_name(i)),
		"restore on a machine that has it");
}

snap_err snap_x86_64_check_components(const struct snap_cpu *cpu,
				      const struct snap_thread *thread)
{
	uint64_t target = snap_x86_64_cpu_mask(cpu) | X86_LEGACY_MASK;
	uint64_t in_use = snap_x86_64_thread_in_use(thread) & ~X86_LEGACY_MASK;
	for (unsigned i = 0; i <= X86_NR_COMPONENTS; i++) {
		size_t offset, size;
		if (!(in_use >> i & 1))
			continue;
		if (!(snap_x86_64_thread_mask(thread) >> i & 1))
			return snap_error_create(
				SNAP_ERROR_CORRUPT,
				"the extended state of thread %d has component %u, "
				"which its own mask does not",
				(int)thread->tid, i);
		if (!(target >> i & 1) ||
		    !snap_x86_64_component(cpu, i, &offset, &size))
			return snap_x86_64_missing_component(thread, i);
		if (!snap_x86_64_locate_component(cpu, thread, SNAP_X86_64_XSTATE, i,
						  &offset, &size))
			return snap_error_create(
				SNAP_ERROR_CORRUPT,
				"the extended state of thread %d ends before "
				"component %u (%s)",
				(int)thread->tid, i, snap_x86_64_component_name(i));
	}
	return SNAP_OK;
}

_must_check_ static snap_err check_mode(const struct snap_thread *thread,
					const uint8_t *regs)
{
	if (snap_x86_64_reg(regs, X86_cs) != X86_USER_CS)
		return snap_error_with_remedy(
			snap_error_create(SNAP_ERROR_UNSUPPORTED,
					  "thread %d does not run 64-bit code",
					  (int)thread->tid),
			"let it run on until it is back in 64-bit code");
	return SNAP_OK;
}

_must_check_ static snap_err check_shadow_stack(const struct snap_thread *thread)
{
	const struct snap_regset *set = &thread->regsets[SNAP_X86_64_SHSTK];
	if (set->size >= 8 && snap_x86_64_load(set->data, 8))
		return snap_error_with_remedy(
			snap_error_create(SNAP_ERROR_UNSUPPORTED,
					  "thread %d has a shadow stack, which cannot "
					  "be put back yet",
					  (int)thread->tid),
			"run the program with "
			"GLIBC_TUNABLES=glibc.cpu.x86_shstk=off in its environment");
	return SNAP_OK;
}

_must_check_ static snap_err check_header(const struct snap_thread *thread)
{
	static const uint8_t zeros[X86_XSAVE_EXTENDED - X86_XCOMP_BV];
	const struct snap_regset *set = &thread->regsets[SNAP_X86_64_XSTATE];
	if (!set->size)
		return SNAP_OK;
	if (set->size < X86_XSAVE_EXTENDED)
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "the extended state of thread %d is cut off",
					 (int)thread->tid);
	if (memcmp(set->data + X86_XCOMP_BV, zeros, sizeof(zeros)) != 0)
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "the extended state of thread %d is not in "
					 "XSAVE's standard form",
					 (int)thread->tid);
	return SNAP_OK;
}

/** Reserved bits in MXCSR make rt_sigreturn fail after it has loaded the rest. */
_must_check_ static snap_err check_mxcsr(const struct snap_cpu *cpu,
					 const struct snap_thread *thread)
{
	const uint8_t *legacy = snap_x86_64_legacy(thread);
	if (!legacy)
		return SNAP_OK;
	uint64_t mxcsr = snap_x86_64_load(legacy + X86_MXCSR, 4);
	uint64_t mask = snap_cpu_get(cpu, "mxcsr-mask", 0xffbf);
	if (mxcsr & ~mask)
		return snap_error_with_remedy(
			snap_error_create(SNAP_ERROR_UNSUPPORTED,
					  "thread %d has bits in MXCSR (%#x) that this "
					  "CPU reserves",
					  (int)thread->tid, (unsigned)mxcsr),
			"restore on a CPU with denormals-are-zero and the like");
	return SNAP_OK;
}

snap_err snap_x86_64_check_thread(const struct snap_cpu *cpu,
				  const struct snap_thread *thread)
{
	const uint8_t *regs = snap_x86_64_general(thread);
	if (!regs)
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "thread %d has no general registers",
					 (int)thread->tid);
	SNAP_TRY(check_mode(thread, regs));
	SNAP_TRY(check_shadow_stack(thread));
	SNAP_TRY(check_header(thread));
	SNAP_TRY(check_mxcsr(cpu, thread));
	return snap_x86_64_check_components(cpu, thread);
}
