// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A thread to the frame that lands it.
 *
 * Whether a thread has used VMX or VSX is not for a tracer to see: the sets are always
 * there. So both are always in the frame, and the bits in its MSR that make the kernel
 * take them are always set. Since Linux 4.9 that also marks both as used
 * (e1c0d66fcb17), so that the frames of signals that the thread catches later have
 * them. Without the bits the kernel would clear the registers.
 *
 * Inside of a transaction the MSR of the first context decides for both. The kernel
 * marks the transaction as failed: where the thread goes on, it goes back.
 */
#include "arch/ppc64le/sigframe.h"

#include <assert.h>
#include <string.h>

#include "arch/ppc64le/ppc64le.h"

/** The register sets that go into one context. */
struct source {
	enum snap_ppc64le_regset general, fp, vmx, vsx;
};

static const struct source live = {
	SNAP_PPC64LE_GENERAL,
	SNAP_PPC64LE_FP,
	SNAP_PPC64LE_VMX,
	SNAP_PPC64LE_VSX,
};

static const struct source checkpointed = {
	SNAP_PPC64LE_CGPR,
	SNAP_PPC64LE_CFPR,
	SNAP_PPC64LE_CVMX,
	SNAP_PPC64LE_CVSX,
};

/** What is wrong with a thread so that no frame can be made of it. */
_must_check_ static snap_err check_source(const struct snap_thread *thread)
{
	if (!snap_ppc64le_general(thread))
		return snap_error_create(SNAP_ERROR_INVALID,
					 "thread %d has no general registers",
					 (int)thread->tid);
	if (!snap_thread_has(thread, SNAP_THREAD_SIGMASK))
		return snap_error_create(SNAP_ERROR_INVALID,
					 "the signal mask of thread %d is not known",
					 (int)thread->tid);
	if (snap_ppc64le_transaction(thread) &&
	    !snap_ppc64le_set(thread, SNAP_PPC64LE_CGPR))
		return snap_error_create(SNAP_ERROR_INVALID,
					 "thread %d is inside of a transaction, and "
					 "what that began with is not known",
					 (int)thread->tid);
	return SNAP_OK;
}

static void put_set(uint8_t *to, const struct snap_thread *thread,
		    enum snap_ppc64le_regset set)
{
	const uint8_t *bytes = snap_ppc64le_set(thread, set);
	if (bytes)
		memcpy(to, bytes, snap_ppc64le_regsets[set].max_size);
}

/** The MSR bits that say which of the sets count; the kernel takes no other. */
static uint64_t msr_of(const struct snap_thread *thread)
{
	uint64_t msr = PPC_MSR_SF | PPC_MSR_LE | snap_ppc64le_transaction(thread);
	if (snap_ppc64le_set(thread, SNAP_PPC64LE_FP))
		msr |= PPC_MSR_FP;
	if (snap_ppc64le_set(thread, SNAP_PPC64LE_VMX))
		msr |= PPC_MSR_VEC;
	if (snap_ppc64le_set(thread, SNAP_PPC64LE_VSX))
		msr |= PPC_MSR_VSX;
	return msr;
}

static void put_context(uint8_t *context, uint64_t address,
			const struct snap_thread *thread, const struct source *from)
{
	put_set(context + CONTEXT_GENERAL, thread, from->general);
	snap_ppc64le_set_reg(context + CONTEXT_GENERAL, PPC_MSR, msr_of(thread));
	put_set(context + CONTEXT_FP, thread, from->fp);
	put_set(context + CONTEXT_VMX, thread, from->vmx);
	put_set(context + CONTEXT_VSX, thread, from->vsx);
	// Also for a thread without VMX: the VSX set is found through it.
	snap_ppc64le_store(context + CONTEXT_VMX_POINTER, address + CONTEXT_VMX, 8);
}

static void put_signals(uint8_t *context, const struct snap_thread *thread)
{
	uint64_t sp = 0, size = 0;
	uint32_t flags = FRAME_SS_UNKNOWN;
	if (snap_thread_has(thread, SNAP_THREAD_ALTSTACK)) {
		sp = thread->altstack.sp;
		size = thread->altstack.size;
		// Being on the altstack is a matter of the stack pointer.
		flags = thread->altstack.flags & ~LINUX_SS_ONSTACK;
	}
	snap_ppc64le_store(context + CONTEXT_STACK_SP, sp, 8);
	snap_ppc64le_store(context + CONTEXT_STACK_FLAGS, flags, 4);
	snap_ppc64le_store(context + CONTEXT_STACK_SIZE, size, 8);
	snap_ppc64le_store(context + CONTEXT_SIGMASK, thread->sigmask, 8);
}

/** Where the transaction began is its handler's address, not what the set says. */
static void put_checkpoint(uint8_t *context, uint64_t address,
			   const struct snap_thread *thread)
{
	const uint8_t *sprs = snap_ppc64le_set(thread, SNAP_PPC64LE_TM_SPR);
	const uint8_t *general = snap_ppc64le_general(thread);
	uint8_t *regs = context + CONTEXT_GENERAL;
	put_context(context, address, thread, &checkpointed);
	if (sprs)
		snap_ppc64le_set_reg(regs, PPC_NIP,
				     snap_ppc64le_load(sprs + PPC_TFHAR, 8));
	// The kernel has one of these for both, and takes the first context's.
	for (unsigned slot = PPC_DAR; slot <= PPC_RESULT; slot++)
		snap_ppc64le_set_reg(regs, slot, snap_ppc64le_reg(general, slot));
}

static size_t frame_size(const struct snap_thread *thread)
{
	return snap_ppc64le_transaction(thread) ? 2 * CONTEXT_SIZE : CONTEXT_SIZE;
}

snap_err snap_ppc64le_sigframe_size(const struct snap_cpu *cpu,
				    const struct snap_thread *thread, size_t *ret)
{
	SNAP_TRY(check_source(thread));
	*ret = frame_size(thread) + FRAME_ALIGNMENT - 1;
	return SNAP_OK;
}

snap_err snap_ppc64le_sigframe_encode(const struct snap_cpu *cpu,
				      const struct snap_thread *thread,
				      uint64_t address, struct snap_buffer *ret)
{
	assert(address % FRAME_ALIGNMENT == 0);
	SNAP_TRY(check_source(thread));
	uint8_t *frame;
	SNAP_TRY(snap_buffer_extend(ret, frame_size(thread), &frame));
	if (snap_ppc64le_transaction(thread)) {
		uint64_t second = address + CONTEXT_SIZE;
		put_checkpoint(frame, address, thread);
		put_context(frame + CONTEXT_SIZE, second, thread, &live);
		snap_ppc64le_store(frame + CONTEXT_LINK, second, 8);
	} else {
		put_context(frame, address, thread, &live);
	}
	put_signals(frame, thread);
	return SNAP_OK;
}
