// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A frame to the thread that it lands: what the kernel makes of the bytes, rule by rule
 * (Linux, arch/powerpc/kernel/signal_64.c, rt_sigreturn(), restore_sigcontext(),
 * restore_tm_sigcontexts()). What the kernel answers with SIGSEGV is an error here.
 */
#include "arch/ppc64le/sigframe.h"

#include <string.h>

#include "arch/ppc64le/ppc64le.h"

/** The bytes of a frame, none of them trusted. */
struct source {
	const uint8_t *frame;
	size_t size;
	uint64_t address;
	/** Of the first context: it counts for both. */
	uint64_t msr;
	/** Both contexts have a pointer to their VMX registers. */
	bool has_vmx;
};

/** Where the registers of one context go. */
struct target {
	enum snap_ppc64le_regset general, fp, vmx, vsx;
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

static snap_err take_general(const struct source *source, const uint8_t *context,
			     enum snap_ppc64le_regset set, struct snap_thread *ret)
{
	uint8_t regs[PPC_GENERAL_SIZE];
	memcpy(regs, context + CONTEXT_GENERAL, sizeof(regs));
	snap_ppc64le_set_reg(regs, PPC_MSR, source->msr);
	snap_ppc64le_set_reg(regs, PPC_SOFTE, 1);
	snap_ppc64le_set_reg(regs, PPC_TRAP, 0);
	for (unsigned slot = PPC_RESULT + 1; slot < PPC_NR_SLOTS; slot++)
		snap_ppc64le_set_reg(regs, slot, 0);
	return snap_thread_set_regset(ret, set, regs, sizeof(regs));
}

/** VRSAVE is taken wherever there is a pointer, the others where the MSR says so. */
static snap_err take_vmx(const struct source *source, const uint8_t *context,
			 enum snap_ppc64le_regset set, struct snap_thread *ret)
{
	uint8_t regs[PPC_VMX_SIZE] = { 0 };
	uint64_t place = snap_ppc64le_load(context + CONTEXT_VMX_POINTER, 8);
	if (place) {
		const uint8_t *bytes = bytes_at(source, place, sizeof(regs));
		if (!bytes)
			return corrupt("has its VMX registers elsewhere");
		if (source->msr & PPC_MSR_VEC && source->has_vmx)
			memcpy(regs, bytes, PPC_VRSAVE);
		memcpy(regs + PPC_VRSAVE, bytes + PPC_VRSAVE, 4);
	}
	return snap_thread_set_regset(ret, set, regs, sizeof(regs));
}

static snap_err take_vsx(const struct source *source, const uint8_t *context,
			 enum snap_ppc64le_regset set, struct snap_thread *ret)
{
	static const uint8_t zeros[PPC_VSX_SIZE];
	const uint8_t *bytes = zeros;
	if (source->msr & PPC_MSR_VSX) {
		uint64_t place = snap_ppc64le_load(context + CONTEXT_VMX_POINTER, 8);
		bytes = bytes_at(source, place + PPC_VMX_SIZE, PPC_VSX_SIZE);
		if (!bytes)
			return corrupt("has its VSX registers elsewhere");
	}
	return snap_thread_set_regset(ret, set, bytes, PPC_VSX_SIZE);
}

static snap_err take_context(const struct source *source, const uint8_t *context,
			     const struct target *to, struct snap_thread *ret)
{
	SNAP_TRY(take_general(source, context, to->general, ret));
	SNAP_TRY(
		snap_thread_set_regset(ret, to->fp, context + CONTEXT_FP, PPC_FP_SIZE));
	SNAP_TRY(take_vmx(source, context, to->vmx, ret));
	return take_vsx(source, context, to->vsx, ret);
}

static const struct target live = {
	SNAP_PPC64LE_GENERAL,
	SNAP_PPC64LE_FP,
	SNAP_PPC64LE_VMX,
	SNAP_PPC64LE_VSX,
};

static const struct target checkpointed = {
	SNAP_PPC64LE_CGPR,
	SNAP_PPC64LE_CFPR,
	SNAP_PPC64LE_CVMX,
	SNAP_PPC64LE_CVSX,
};

/** Where the transaction goes back to; the rest of TM_SPR is not in the frame. */
static snap_err take_handler(const uint8_t *frame, struct snap_thread *ret)
{
	uint8_t sprs[24] = { 0 };
	snap_ppc64le_store(sprs + PPC_TFHAR,
			   snap_ppc64le_reg(frame + CONTEXT_GENERAL, PPC_NIP), 8);
	snap_ppc64le_store(sprs + PPC_TEXASR, PPC_TEXASR_FS, 8);
	return snap_thread_set_regset(ret, SNAP_PPC64LE_TM_SPR, sprs, sizeof(sprs));
}

static snap_err take_transaction(const struct snap_cpu *cpu, struct source *source,
				 struct snap_thread *ret)
{
	const uint8_t *frame = source->frame;
	if (!snap_cpu_get(cpu, "htm", 0) || snap_cpu_get(cpu, "htm-no-suspend", 0))
		return corrupt("is inside of a transaction, which this machine "
			       "does not have");
	if ((source->msr & PPC_MSR_TS) == PPC_MSR_TS)
		return corrupt("is inside of a transaction of no known kind");
	const uint8_t *second =
		bytes_at(source, snap_ppc64le_load(frame + CONTEXT_LINK, 8),
			 CONTEXT_VMX);
	if (!second)
		return corrupt("has no second context");
	source->has_vmx =
		source->has_vmx && snap_ppc64le_load(second + CONTEXT_VMX_POINTER, 8);
	SNAP_TRY(take_context(source, frame, &checkpointed, ret));
	SNAP_TRY(take_context(source, second, &live, ret));
	uint8_t *regs = ret->regsets[SNAP_PPC64LE_GENERAL].data;
	for (unsigned slot = PPC_DAR; slot <= PPC_RESULT; slot++)
		snap_ppc64le_set_reg(regs, slot,
				     snap_ppc64le_reg(frame + CONTEXT_GENERAL, slot));
	return take_handler(frame, ret);
}

static void take_signals(const uint8_t *frame, struct snap_thread *ret)
{
	ret->sigmask = snap_ppc64le_load(frame + CONTEXT_SIGMASK, 8);
	ret->members |= SNAP_THREAD_SIGMASK;
	uint32_t flags = (uint32_t)snap_ppc64le_load(frame + CONTEXT_STACK_FLAGS, 4);
	if (flags & FRAME_SS_UNKNOWN)
		return;
	ret->altstack.sp = snap_ppc64le_load(frame + CONTEXT_STACK_SP, 8);
	ret->altstack.flags = flags;
	ret->altstack.size = snap_ppc64le_load(frame + CONTEXT_STACK_SIZE, 8);
	ret->members |= SNAP_THREAD_ALTSTACK;
}

snap_err snap_ppc64le_sigframe_decode(const struct snap_cpu *cpu, const uint8_t *frame,
				      size_t size, uint64_t address,
				      struct snap_thread *ret)
{
	struct source source = { .frame = frame, .size = size, .address = address };
	if (size < CONTEXT_VMX)
		return corrupt("is cut off");
	source.msr = snap_ppc64le_reg(frame + CONTEXT_GENERAL, PPC_MSR);
	source.has_vmx = snap_ppc64le_load(frame + CONTEXT_VMX_POINTER, 8);
	_cleanup_thread_ struct snap_thread thread = { .interrupted_syscall = -1 };
	if (source.msr & PPC_MSR_TS)
		SNAP_TRY(take_transaction(cpu, &source, &thread));
	else
		SNAP_TRY(take_context(&source, frame, &live, &thread));
	take_signals(frame, &thread);
	*ret = thread;
	thread = (struct snap_thread){ 0 };
	return SNAP_OK;
}
