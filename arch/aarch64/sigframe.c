// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A thread to the frame that lands it.
 *
 * Records are refused as a whole chain: one that the CPU does not have, or about a
 * vector length that the thread does not have at that moment, and nothing but general
 * registers is loaded (Linux, arch/arm64/kernel/signal.c). So a record is made only of
 * what the machine has, and whoever lands the thread sets the lengths first
 * (is_before_frame in regsets.def).
 */
#include "arch/aarch64/sigframe.h"

#include <assert.h>
#include <string.h>

#include "arch/aarch64/aarch64.h"

/** The sizes of the records that the thread gets; 0: none. */
struct shape {
	size_t tpidr2;
	size_t fpmr;
	size_t poe;
	size_t za;
	size_t zt;
	size_t sve;
	/** ZA, ZT and SVE do not fit beside the others. */
	bool has_extra;
};

static size_t word_if(const struct snap_cpu *cpu, const struct snap_thread *thread,
		      enum snap_aarch64_regset regset, const char *feature, size_t size)
{
	return snap_cpu_get(cpu, feature, 0) && thread->regsets[regset].size >= size
		       ? RECORD_WORD_SIZE
		       : 0;
}

static size_t sve_record_size(const struct snap_cpu *cpu,
			      const struct snap_thread *thread)
{
	enum snap_aarch64_regset regset = snap_aarch64_vectors(thread);
	if (regset == SNAP_AARCH64_GENERAL) {
		// The header tells a machine with this length that there is nothing. On
		// another machine its own length is as good: V registers are all.
		unsigned vl = snap_aarch64_vl(thread, SNAP_AARCH64_SVE);
		return snap_aarch64_has_length(cpu, "sve.lengths", vl)
			       ? RECORD_EMPTY_SIZE
			       : 0;
	}
	size_t offset, size;
	snap_aarch64_component(ARM64_COMPONENT_FFR, snap_aarch64_vl(thread, regset),
			       &offset, &size);
	return (offset + size + FRAME_ALIGNMENT - 1) & ~(size_t)(FRAME_ALIGNMENT - 1);
}

static size_t za_record_size(const struct snap_cpu *cpu,
			     const struct snap_thread *thread)
{
	unsigned vl = snap_aarch64_vl(thread, SNAP_AARCH64_ZA);
	if (snap_aarch64_has_za(thread))
		return snap_aarch64_za_set_size(vl);
	return snap_aarch64_has_length(cpu, "sme.lengths", vl) ? RECORD_EMPTY_SIZE : 0;
}

static struct shape shape_of(const struct snap_cpu *cpu,
			     const struct snap_thread *thread)
{
	struct shape shape = {
		// Its set has the second word on machines without it, too.
		.tpidr2 = word_if(cpu, thread, SNAP_AARCH64_TLS, "sme", 16),
		.fpmr = word_if(cpu, thread, SNAP_AARCH64_FPMR, "fpmr", 8),
		.poe = word_if(cpu, thread, SNAP_AARCH64_POE, "poe", 8),
		.za = za_record_size(cpu, thread),
		.sve = sve_record_size(cpu, thread),
	};
	if (snap_aarch64_has_za(thread) &&
	    thread->regsets[SNAP_AARCH64_ZT].size >= RECORD_ZT_SIZE - RECORD_ZT_DATA)
		shape.zt = RECORD_ZT_SIZE;
	shape.has_extra = RECORD_FPSIMD_SIZE + shape.tpidr2 + shape.fpmr + shape.poe +
				  shape.za + shape.zt + shape.sve + RECORD_END_SIZE >
			  FRAME_RECORDS_SIZE;
	return shape;
}

static size_t frame_size(const struct shape *shape)
{
	if (!shape->has_extra)
		return FRAME_SIZE;
	size_t size = FRAME_RECORDS + RECORD_FPSIMD_SIZE + shape->tpidr2 + shape->fpmr +
		      shape->poe + RECORD_EXTRA_SIZE + RECORD_END_SIZE + shape->za +
		      shape->zt + shape->sve + RECORD_END_SIZE;
	return size < FRAME_SIZE ? FRAME_SIZE : size;
}

/** What is wrong with a thread so that no frame can be made of it. */
_must_check_ static snap_err check_source(const struct snap_thread *thread)
{
	if (!snap_aarch64_general(thread))
		return snap_error_create(SNAP_ERROR_INVALID,
					 "thread %d has no general registers",
					 (int)thread->tid);
	if (!snap_thread_has(thread, SNAP_THREAD_SIGMASK))
		return snap_error_create(SNAP_ERROR_INVALID,
					 "the signal mask of thread %d is not known",
					 (int)thread->tid);
	return SNAP_OK;
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
	snap_aarch64_store(frame + FRAME_STACK_SP, sp, 8);
	snap_aarch64_store(frame + FRAME_STACK_FLAGS, flags, 4);
	snap_aarch64_store(frame + FRAME_STACK_SIZE, size, 8);
	snap_aarch64_store(frame + FRAME_SIGMASK, thread->sigmask, 8);
}

static void put_general(uint8_t *frame, const uint8_t *regs)
{
	memcpy(frame + FRAME_REGS, regs, ARM64_GENERAL_SIZE);
	// Single steps are the kernel's business.
	uint64_t pstate = snap_aarch64_reg(regs, ARM64_PSTATE) &
			  ~(ARM64_PSTATE_SS | ARM64_PSTATE_RESERVED);
	snap_aarch64_store(frame + FRAME_REGS + ARM64_PSTATE, pstate, 8);
}

/** Write a record's head, and return where the next one goes; size 0 writes nothing. */
static uint8_t *put_record(uint8_t *at, uint32_t magic, size_t size)
{
	if (!size)
		return at;
	snap_aarch64_store(at, magic, 4);
	snap_aarch64_store(at + 4, size, 4);
	return at + size;
}

/** The same, with 8 bytes of a register set. */
static uint8_t *put_word(uint8_t *at, uint32_t magic, size_t size,
			 const struct snap_thread *thread,
			 enum snap_aarch64_regset regset, size_t offset)
{
	if (size)
		memcpy(at + RECORD_HEAD_SIZE, thread->regsets[regset].data + offset, 8);
	return put_record(at, magic, size);
}

/** A thread without floating point registers gets those that a program starts with. */
static uint8_t *put_fpsimd(uint8_t *at, const struct snap_thread *thread)
{
	const struct snap_regset *fp = &thread->regsets[SNAP_AARCH64_FP];
	if (fp->size >= ARM64_FP_SIZE) {
		memcpy(at + RECORD_FPSR, fp->data + ARM64_FPSR, 8);
		memcpy(at + RECORD_V, fp->data + ARM64_V, ARM64_FPSR);
	}
	return put_record(at, RECORD_FPSIMD, RECORD_FPSIMD_SIZE);
}

static uint8_t *put_za(uint8_t *at, const struct snap_thread *thread, size_t size)
{
	if (!size)
		return at;
	const struct snap_regset *za = &thread->regsets[SNAP_AARCH64_ZA];
	snap_aarch64_store(at + RECORD_VL, snap_aarch64_vl(thread, SNAP_AARCH64_ZA), 2);
	memcpy(at + RECORD_EMPTY_SIZE, za->data + ARM64_SVE_HEADER_SIZE,
	       size - RECORD_EMPTY_SIZE);
	return put_record(at, RECORD_ZA, size);
}

static uint8_t *put_zt(uint8_t *at, const struct snap_thread *thread, size_t size)
{
	if (!size)
		return at;
	snap_aarch64_store(at + RECORD_ZT_NR, 1, 2);
	memcpy(at + RECORD_ZT_DATA, thread->regsets[SNAP_AARCH64_ZT].data,
	       RECORD_ZT_SIZE - RECORD_ZT_DATA);
	return put_record(at, RECORD_ZT, size);
}

/** Z, P and FFR lie in the record as in the set, behind a header of the same size. */
static uint8_t *put_sve(uint8_t *at, const struct snap_thread *thread, size_t size)
{
	if (!size)
		return at;
	enum snap_aarch64_regset regset = snap_aarch64_vectors(thread);
	if (regset == SNAP_AARCH64_GENERAL)
		regset = SNAP_AARCH64_SVE;
	snap_aarch64_store(at + RECORD_VL, snap_aarch64_vl(thread, regset), 2);
	if (regset == SNAP_AARCH64_SSVE)
		snap_aarch64_store(at + RECORD_SVE_FLAGS, RECORD_SVE_STREAMING, 2);
	memcpy(at + RECORD_EMPTY_SIZE,
	       thread->regsets[regset].data + ARM64_SVE_HEADER_SIZE,
	       size - RECORD_EMPTY_SIZE);
	return put_record(at, RECORD_SVE, size);
}

snap_err snap_aarch64_sigframe_size(const struct snap_cpu *cpu,
				    const struct snap_thread *thread, size_t *ret)
{
	SNAP_TRY(check_source(thread));
	struct shape shape = shape_of(cpu, thread);
	// Whoever makes room for frames aligns them to 64 bytes (arch.h).
	*ret = frame_size(&shape) + 63;
	return SNAP_OK;
}

snap_err snap_aarch64_sigframe_encode(const struct snap_cpu *cpu,
				      const struct snap_thread *thread,
				      uint64_t address, struct snap_buffer *ret)
{
	assert(address % FRAME_ALIGNMENT == 0);
	SNAP_TRY(check_source(thread));
	struct shape shape = shape_of(cpu, thread);
	uint8_t *frame;
	SNAP_TRY(snap_buffer_extend(ret, frame_size(&shape), &frame));
	put_general(frame, snap_aarch64_general(thread));
	put_signals(frame, thread);

	uint8_t *at = put_fpsimd(frame + FRAME_RECORDS, thread);
	at = put_word(at, RECORD_TPIDR2, shape.tpidr2, thread, SNAP_AARCH64_TLS, 8);
	at = put_word(at, RECORD_FPMR, shape.fpmr, thread, SNAP_AARCH64_FPMR, 0);
	at = put_word(at, RECORD_POE, shape.poe, thread, SNAP_AARCH64_POE, 0);
	if (shape.has_extra) {
		uint8_t *extra = at;
		// Behind it the chain ends, and goes on there.
		at = put_record(at, RECORD_EXTRA, RECORD_EXTRA_SIZE) + RECORD_END_SIZE;
		snap_aarch64_store(extra + RECORD_EXTRA_ADDRESS,
				   address + (uint64_t)(at - frame), 8);
		snap_aarch64_store(extra + RECORD_EXTRA_BYTES,
				   shape.za + shape.zt + shape.sve + RECORD_END_SIZE,
				   4);
	}
	at = put_za(at, thread, shape.za);
	at = put_zt(at, thread, shape.zt);
	(void)put_sve(at, thread, shape.sve);
	return SNAP_OK;
}
