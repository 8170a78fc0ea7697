// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A frame to the thread that it lands: what the kernel makes of the bytes, rule by rule
 * (Linux, arch/x86/kernel/signal_64.c, restore_sigcontext; fpu/signal.c,
 * __fpu_restore_sig). That includes its silence: where its account of the extended
 * state is wrong, x87 and SSE are all that the thread gets. What the kernel answers
 * with SIGSEGV is an error here.
 */
#include "arch/x86_64/sigframe.h"

#include <string.h>

#include "arch/x86_64/x86_64.h"

/** The bytes of a frame, none of them trusted. */
struct source {
	const struct snap_cpu *cpu;
	const uint8_t *frame;
	size_t size;
	uint64_t address;
};

_must_check_ static snap_err corrupt(const char *what)
{
	return snap_error_create(SNAP_ERROR_CORRUPT, "the signal frame %s", what);
}

/** `size` bytes of the inferior's memory, or NULL when the frame does not have them. */
static const uint8_t *bytes_at(const struct source *source, uint64_t address,
			       size_t size)
{
	uint64_t offset = address - source->address;
	if (offset > source->size || size > source->size - offset)
		return NULL;
	return source->frame + offset;
}

static snap_err take_registers(const uint8_t *frame, struct snap_thread *ret)
{
	uint8_t regs[X86_GENERAL_SIZE] = { 0 };
#define SNAP_FRAME_REGISTER(name, offset)     \
	snap_x86_64_set_reg(regs, X86_##name, \
			    snap_x86_64_load(frame + FRAME_SIGCONTEXT + (offset), 8));
	SNAP_FRAME_REGISTERS
#undef SNAP_FRAME_REGISTER
	// The kernel forces the privilege of user mode on both.
	snap_x86_64_set_reg(regs, X86_cs, snap_x86_64_load(frame + FRAME_CS, 2) | 3);
	snap_x86_64_set_reg(regs, X86_ss, snap_x86_64_load(frame + FRAME_SS, 2) | 3);
	snap_x86_64_set_reg(regs, X86_orig_rax, UINT64_MAX);
	return snap_thread_set_regset(ret, SNAP_X86_64_GENERAL, regs, sizeof(regs));
}

static void take_signals(const uint8_t *frame, struct snap_thread *ret)
{
	ret->sigmask = snap_x86_64_load(frame + FRAME_SIGMASK, 8);
	ret->members |= SNAP_THREAD_SIGMASK;
	uint32_t flags = (uint32_t)snap_x86_64_load(frame + FRAME_STACK_FLAGS, 4);
	if (flags & FRAME_SS_UNKNOWN)
		return;
	ret->altstack.sp = snap_x86_64_load(frame + FRAME_STACK_SP, 8);
	ret->altstack.flags = flags;
	ret->altstack.size = snap_x86_64_load(frame + FRAME_STACK_SIZE, 8);
	ret->members |= SNAP_THREAD_ALTSTACK;
}

/**
 * The components that the account of an area promises, as far as the kernel believes
 * it; only the legacy ones when it does not.
 *
 * @param[out] ret_size Of the area.
 */
_must_check_ static snap_err read_account(const struct source *source, uint64_t place,
					  uint64_t *ret, size_t *ret_size)
{
	*ret = X86_LEGACY_MASK;
	*ret_size = X86_FXSAVE_SIZE;
	uint64_t supported = snap_x86_64_cpu_mask(source->cpu);
	if (!supported)
		return SNAP_OK;
	const uint8_t *area = bytes_at(source, place, X86_FXSAVE_SIZE);
	if (!area)
		return corrupt("ends before its floating point state");
	size_t size = snap_x86_64_load(area + SW_XSTATE_SIZE, 4);
	if (snap_x86_64_load(area + SW_MAGIC1, 4) != SW_MAGIC1_VALUE ||
	    size < X86_XSAVE_EXTENDED ||
	    size > snap_x86_64_area_size(source->cpu, supported) ||
	    size > snap_x86_64_load(area + SW_EXTENDED_SIZE, 4))
		return SNAP_OK;
	const uint8_t *magic2 = bytes_at(source, place + size, SW_MAGIC2_SIZE);
	if (!magic2)
		return corrupt("ends before the mark behind its extended state");
	if (snap_x86_64_load(magic2, SW_MAGIC2_SIZE) != SW_MAGIC2_VALUE)
		return SNAP_OK;
	*ret = snap_x86_64_load(area + SW_XFEATURES, 8) & supported;
	*ret_size = size;
	return SNAP_OK;
}

/** XRSTOR faults on a header like this. */
_must_check_ static snap_err check_header(const struct source *source,
					  const uint8_t *area)
{
	static const uint8_t zeros[X86_XSAVE_EXTENDED - X86_XCOMP_BV];
	if (memcmp(area + X86_XCOMP_BV, zeros, sizeof(zeros)) != 0)
		return corrupt("has its extended state in a form other than standard");
	uint64_t in_use = snap_x86_64_load(area + X86_XSTATE_BV, 8);
	if (in_use & ~snap_x86_64_cpu_mask(source->cpu))
		return corrupt("has extended state that this CPU does not know");
	return SNAP_OK;
}

/** Write the legacy area of an xstate set: what is not loaded gets its first state. */
static void take_legacy(const struct source *source, const uint8_t *area,
			uint64_t loaded, uint8_t *ret)
{
	snap_x86_64_store(ret + X86_FCW, X86_FCW_INIT, 2);
	snap_x86_64_store(ret + X86_MXCSR, X86_MXCSR_INIT, 4);
	if (area) {
		if (loaded & UINT64_C(1) << X86_COMPONENT_X87) {
			memcpy(ret, area, X86_MXCSR);
			memcpy(ret + X86_MXCSR_MASK + 4, area + X86_MXCSR_MASK + 4,
			       X86_XMM - X86_MXCSR_MASK - 4);
		}
		if (loaded & UINT64_C(1) << X86_COMPONENT_SSE)
			memcpy(ret + X86_XMM, area + X86_XMM, X86_XMM_END - X86_XMM);
		// Loaded even where the SSE component is not (Intel SDM volume 1,
		// 13.8.1).
		memcpy(ret + X86_MXCSR, area + X86_MXCSR, 4);
	}
	snap_x86_64_store(ret + X86_MXCSR_MASK,
			  snap_cpu_get(source->cpu, "mxcsr-mask", 0xffbf), 4);
}

/**
 * Write header and extended components of an xstate set.
 *
 * XRSTOR reads them from where the CPU has them, also behind the size that the account
 * gives.
 */
_must_check_ static snap_err take_extended(const struct source *source, uint64_t place,
					   uint64_t loaded, uint8_t *ret)
{
	snap_x86_64_store(ret + X86_SW_RESERVED, snap_x86_64_cpu_mask(source->cpu), 8);
	snap_x86_64_store(ret + X86_XSTATE_BV, loaded, 8);
	for (unsigned i = 2; i < X86_NR_COMPONENTS; i++) {
		size_t offset, size;
		if (!(loaded >> i & 1) ||
		    !snap_x86_64_component(source->cpu, i, &offset, &size))
			continue;
		const uint8_t *bytes = bytes_at(source, place + offset, size);
		if (!bytes)
			return corrupt("ends before its extended state");
		memcpy(ret + offset, bytes, size);
	}
	return SNAP_OK;
}

_must_check_ static snap_err take_fpstate(const struct source *source,
					  struct snap_thread *ret)
{
	uint64_t place = snap_x86_64_load(source->frame + FRAME_FPSTATE, 8);
	uint64_t supported = snap_x86_64_cpu_mask(source->cpu);
	uint64_t loaded = 0;
	size_t size = 0;
	const uint8_t *area = NULL;
	if (place) {
		if (place % FRAME_ALIGNMENT)
			return corrupt("has its floating point state at an odd place");
		SNAP_TRY(read_account(source, place, &loaded, &size));
		area = bytes_at(source, place, size);
		if (!area)
			return corrupt("ends before its floating point state");
	}
	if (size > X86_FXSAVE_SIZE) {
		SNAP_TRY(check_header(source, area));
		loaded &= snap_x86_64_load(area + X86_XSTATE_BV, 8);
	}

	size_t set_size = supported ? snap_x86_64_area_size(source->cpu, supported)
				    : X86_FXSAVE_SIZE;
	_cleanup_free_ uint8_t *set = calloc(1, set_size);
	if (!set)
		return &snap_enomem;
	take_legacy(source, area, loaded, set);
	SNAP_TRY(snap_thread_set_regset(ret, SNAP_X86_64_FP, set, X86_FXSAVE_SIZE));
	if (!supported)
		return SNAP_OK;
	SNAP_TRY(take_extended(source, place, loaded, set));
	return snap_thread_set_regset(ret, SNAP_X86_64_XSTATE, set, set_size);
}

snap_err snap_x86_64_sigframe_decode(const struct snap_cpu *cpu, const uint8_t *frame,
				     size_t size, uint64_t address,
				     struct snap_thread *ret)
{
	if (size < FRAME_SIZE)
		return corrupt("is too short");
	const struct source source = {
		.cpu = cpu,
		.frame = frame,
		.size = size,
		.address = address,
	};
	_cleanup_thread_ struct snap_thread thread = { .interrupted_syscall = -1 };
	SNAP_TRY(take_registers(frame, &thread));
	take_signals(frame, &thread);
	SNAP_TRY(take_fpstate(&source, &thread));
	*ret = thread;
	thread = (struct snap_thread){ 0 };
	return SNAP_OK;
}
