// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A thread to the frame that lands it.
 *
 * The kernel does not refuse a frame whose account of itself (struct _fpx_sw_bytes) it
 * does not like: it takes x87 and SSE from it and resets all other components (Linux,
 * arch/x86/kernel/fpu/signal.c, check_xstate_in_sigframe). One reason for dislike is a
 * size beyond the thread's own buffer, and that has no room for a dynamic component
 * (AMX tile data) until the thread has used it. So the area ends with the last
 * component that the thread needs, and whoever lands a thread reads it back.
 */
#include "arch/x86_64/sigframe.h"

#include <assert.h>
#include <string.h>

#include "arch/x86_64/x86_64.h"

/** The shape of the floating point state in a frame. */
struct area {
	/** In sw_reserved; 0: an FXSAVE area alone, without header and magic. */
	uint64_t features;
	/** Up to the second magic. */
	size_t size;
	/** All bytes from the start of the area to the end of the frame. */
	size_t room;
};

/** Which components the frame carries: the thread's, less unused dynamic ones. */
static uint64_t frame_features(const struct snap_cpu *cpu,
			       const struct snap_thread *thread)
{
	uint64_t mask = snap_x86_64_thread_mask(thread);
	uint64_t in_use = snap_x86_64_thread_in_use(thread);
	for (unsigned i = 2; i < X86_NR_COMPONENTS; i++)
		if (mask >> i & 1 && !(in_use >> i & 1) &&
		    snap_x86_64_is_dynamic(cpu, i))
			mask &= ~(UINT64_C(1) << i);
	return mask;
}

static struct area area_shape(const struct snap_cpu *cpu,
			      const struct snap_thread *thread)
{
	if (!snap_x86_64_legacy(thread))
		return (struct area){ 0 };
	uint64_t target = snap_x86_64_cpu_mask(cpu);
	if (!target)
		return (struct area){ .size = X86_FXSAVE_SIZE,
				      .room = X86_FXSAVE_SIZE };

	struct area area = { .features = frame_features(cpu, thread) & target };
	// A thread without XSAVE state (from a CPU without it) is x87 and SSE alone.
	area.features |= X86_LEGACY_MASK;
	area.size = snap_x86_64_area_size(cpu, area.features);
	// When XRSTOR meets a page that is not present, the kernel faults in as many
	// bytes as its buffer for the thread has, whatever the frame says of its size
	// (Linux d877550eaf2d, "x86/fpu: Stop relying on userspace for info to fault in
	// xsave buffer"): they must be there.
	area.room = snap_x86_64_area_size(cpu, target) + SW_MAGIC2_SIZE;
	return area;
}

/** What is wrong with a thread so that no frame can be made of it. */
_must_check_ static snap_err check_source(const struct snap_cpu *cpu,
					  const struct snap_thread *thread)
{
	if (!snap_x86_64_general(thread))
		return snap_error_create(SNAP_ERROR_INVALID,
					 "thread %d has no general registers",
					 (int)thread->tid);
	if (!snap_thread_has(thread, SNAP_THREAD_SIGMASK))
		return snap_error_create(SNAP_ERROR_INVALID,
					 "the signal mask of thread %d is not known",
					 (int)thread->tid);
	return snap_x86_64_check_components(cpu, thread);
}

static void put_registers(uint8_t *frame, const uint8_t *regs)
{
#define SNAP_FRAME_REGISTER(name, offset)                      \
	snap_x86_64_store(frame + FRAME_SIGCONTEXT + (offset), \
			  snap_x86_64_reg(regs, X86_##name), 8);
	SNAP_FRAME_REGISTERS
#undef SNAP_FRAME_REGISTER
	uint64_t ss = snap_x86_64_reg(regs, X86_ss);
	snap_x86_64_store(frame + FRAME_CS, snap_x86_64_reg(regs, X86_cs), 2);
	// A null selector would fault on the way back to 64-bit user mode.
	snap_x86_64_store(frame + FRAME_SS, ss ? ss : X86_USER_DS, 2);
}

static void put_signals(uint8_t *frame, const struct snap_thread *thread)
{
	uint64_t sp = 0, size = 0;
	uint32_t flags = FRAME_SS_UNKNOWN;
	if (snap_thread_has(thread, SNAP_THREAD_ALTSTACK)) {
		sp = thread->altstack.sp;
		size = thread->altstack.size;
		// Being on the altstack is a matter of the stack pointer.
		flags = thread->altstack.flags & ~LINUX_SS_ONSTACK;
	}
	snap_x86_64_store(frame + FRAME_STACK_SP, sp, 8);
	snap_x86_64_store(frame + FRAME_STACK_FLAGS, flags, 4);
	snap_x86_64_store(frame + FRAME_STACK_SIZE, size, 8);
	snap_x86_64_store(frame + FRAME_SIGMASK, thread->sigmask, 8);
}

/** The XSAVE header, the components and the kernel's account of them. */
static void put_extended(uint8_t *area, const struct snap_cpu *cpu,
			 const struct snap_thread *thread, const struct area *shape)
{
	uint64_t in_use = snap_x86_64_thread_mask(thread)
				  ? snap_x86_64_thread_in_use(thread)
				  : X86_LEGACY_MASK;
	// Protection keys: say their value even if it is the initial one, which is not
	// what older kernels (before 5.14) initialise it to.
	in_use |= UINT64_C(1) << X86_COMPONENT_PKRU;
	snap_x86_64_store(area + X86_XSTATE_BV, in_use & shape->features, 8);
	for (unsigned i = 2; i < X86_NR_COMPONENTS; i++)
		if (in_use & shape->features & UINT64_C(1) << i)
			snap_x86_64_copy_component(area, cpu, cpu, thread, i);

	snap_x86_64_store(area + SW_MAGIC1, SW_MAGIC1_VALUE, 4);
	snap_x86_64_store(area + SW_EXTENDED_SIZE, shape->size + SW_MAGIC2_SIZE, 4);
	snap_x86_64_store(area + SW_XFEATURES, shape->features, 8);
	snap_x86_64_store(area + SW_XSTATE_SIZE, shape->size, 4);
	snap_x86_64_store(area + shape->size, SW_MAGIC2_VALUE, SW_MAGIC2_SIZE);
}

static size_t frame_size(const struct area *shape)
{
	return shape->room ? FRAME_FPSTATE_PLACE + shape->room : FRAME_SIZE;
}

snap_err snap_x86_64_sigframe_size(const struct snap_cpu *cpu,
				   const struct snap_thread *thread, size_t *ret)
{
	SNAP_TRY(check_source(cpu, thread));
	struct area shape = area_shape(cpu, thread);
	*ret = frame_size(&shape) + FRAME_ALIGNMENT - 1;
	return SNAP_OK;
}

snap_err snap_x86_64_sigframe_encode(const struct snap_cpu *cpu,
				     const struct snap_thread *thread, uint64_t address,
				     struct snap_buffer *ret)
{
	assert(address % FRAME_ALIGNMENT == 0);
	SNAP_TRY(check_source(cpu, thread));
	struct area shape = area_shape(cpu, thread);
	uint8_t *frame;
	SNAP_TRY(snap_buffer_extend(ret, frame_size(&shape), &frame));

	unsigned flags = UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS |
			 (shape.features ? UC_FP_XSTATE : 0);
	snap_x86_64_store(frame + FRAME_UC_FLAGS, flags, 8);
	put_registers(frame, snap_x86_64_general(thread));
	put_signals(frame, thread);
	// Without floating point state in the thread the pointer stays NULL, and the
	// kernel gives it the state that a program starts with.
	if (shape.size) {
		uint8_t *area = frame + FRAME_FPSTATE_PLACE;
		snap_x86_64_store(frame + FRAME_FPSTATE, address + FRAME_FPSTATE_PLACE,
				  8);
		memcpy(area, snap_x86_64_legacy(thread), X86_SW_RESERVED);
		if (shape.features)
			put_extended(area, cpu, thread, &shape);
	}
	return SNAP_OK;
}
