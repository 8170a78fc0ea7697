// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A frame to the thread that it lands: what the kernel makes of the bytes, rule by rule
 * (Linux, arch/arm64/kernel/signal.c, parse_user_sigframe and restore_sigframe). What
 * it answers with SIGSEGV is an error here, but for vector lengths: the frame is that
 * of a thread which has the ones that its records are about.
 */
#include "arch/aarch64/sigframe.h"

#include <string.h>

#include "arch/aarch64/aarch64.h"

/** The records of a frame, none of them trusted; NULL: not there. */
struct records {
	const uint8_t *fpsimd;
	const uint8_t *tpidr2;
	const uint8_t *fpmr;
	const uint8_t *poe;
	const uint8_t *za;
	const uint8_t *zt;
	const uint8_t *sve;
	const uint8_t *gcs;
};

/** A stretch of records. */
struct chain {
	const struct snap_cpu *cpu;
	const uint8_t *frame;
	size_t size;
	uint64_t address;
	/** Offsets in the frame. */
	size_t at;
	size_t end;
	bool has_extra;
};

_must_check_ static snap_err corrupt(const char *what)
{
	return snap_error_create(SNAP_ERROR_CORRUPT, "the signal frame %s", what);
}

/** One kind of record. */
struct kind {
	uint32_t magic;
	/** struct records. */
	size_t place;
	size_t size;
	/** It may be longer. */
	bool is_open;
	/** The machine must have this; NULL: all have it. */
	const char *feature;
};

static const struct kind kinds[] = {
	{ RECORD_FPSIMD, offsetof(struct records, fpsimd), RECORD_FPSIMD_SIZE, false,
	  NULL },
	{ RECORD_TPIDR2, offsetof(struct records, tpidr2), RECORD_WORD_SIZE, false,
	  "sme" },
	{ RECORD_FPMR, offsetof(struct records, fpmr), RECORD_WORD_SIZE, false,
	  "fpmr" },
	{ RECORD_POE, offsetof(struct records, poe), RECORD_WORD_SIZE, false, "poe" },
	{ RECORD_ZA, offsetof(struct records, za), RECORD_EMPTY_SIZE, true, "sme" },
	{ RECORD_ZT, offsetof(struct records, zt), RECORD_ZT_SIZE, false, "sme2" },
	{ RECORD_SVE, offsetof(struct records, sve), RECORD_EMPTY_SIZE, true, "sve" },
	{ RECORD_GCS, offsetof(struct records, gcs), RECORD_GCS_SIZE, false, "gcs" },
};

/** Note a record of `size` bytes at `at`, which has them. */
_must_check_ static snap_err take_record(const struct snap_cpu *cpu, const uint8_t *at,
					 uint32_t magic, size_t size,
					 struct records *ret)
{
	if (magic == RECORD_ESR)
		return SNAP_OK;
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(kinds); i++) {
		const struct kind *kind = &kinds[i];
		if (kind->magic != magic)
			continue;
		const uint8_t **place =
			(const uint8_t **)(void *)((char *)ret + kind->place);
		if (kind->feature && !snap_cpu_get(cpu, kind->feature, 0))
			return corrupt("has a record of what this CPU does not have");
		if (*place)
			return corrupt("has a record twice");
		if (kind->is_open ? size < kind->size : size != kind->size)
			return corrupt("has a record of a wrong size");
		*place = at;
		return SNAP_OK;
	}
	return corrupt("has a record of an unknown kind");
}

/** Go on in the records that an EXTRA record, `size` bytes of it, tells of. */
_must_check_ static snap_err follow_extra(struct chain *chain, size_t size)
{
	const uint8_t *record = chain->frame + chain->at;
	size_t end = chain->at + size;
	if (chain->has_extra || size < RECORD_EXTRA_SIZE ||
	    chain->end - end < RECORD_END_SIZE ||
	    snap_aarch64_load(chain->frame + end, 8))
		return corrupt("has its records beyond the first ones in no order");
	size_t start = end + RECORD_END_SIZE;
	size_t bytes = snap_aarch64_load(record + RECORD_EXTRA_BYTES, 4);
	if (snap_aarch64_load(record + RECORD_EXTRA_ADDRESS, 8) !=
		    chain->address + start ||
	    bytes % FRAME_ALIGNMENT || bytes > FRAME_MAX_SIZE - start)
		return corrupt("has its records beyond the first ones at an odd place");
	if (start > chain->size || bytes > chain->size - start)
		return corrupt("ends before its records do");
	chain->has_extra = true;
	chain->at = start;
	chain->end = start + bytes;
	return SNAP_OK;
}

/** One step along the chain. */
_must_check_ static snap_err next_record(struct chain *chain, struct records *records,
					 bool *ret_is_over)
{
	*ret_is_over = chain->end - chain->at < RECORD_HEAD_SIZE;
	if (*ret_is_over)
		return SNAP_OK;
	if (chain->at % FRAME_ALIGNMENT)
		return corrupt("has a record at an odd place");
	const uint8_t *at = chain->frame + chain->at;
	uint32_t magic = (uint32_t)snap_aarch64_load(at, 4);
	size_t size = snap_aarch64_load(at + 4, 4);
	if (!magic) {
		*ret_is_over = true;
		return size ? corrupt("has a last record with a size") : SNAP_OK;
	}
	if (size < RECORD_HEAD_SIZE || size > chain->end - chain->at)
		return corrupt("has a record that reaches beyond its end");
	if (magic == RECORD_EXTRA)
		return follow_extra(chain, size);
	SNAP_TRY(take_record(chain->cpu, at, magic, size, records));
	chain->at += size;
	return SNAP_OK;
}

_must_check_ static snap_err read_records(struct chain *chain, struct records *ret)
{
	for (bool is_over = false; !is_over;)
		SNAP_TRY(next_record(chain, ret, &is_over));
	return ret->fpsimd ? SNAP_OK : corrupt("has no floating point registers");
}

_must_check_ static snap_err take_general(const uint8_t *frame, struct snap_thread *ret)
{
	uint8_t regs[ARM64_GENERAL_SIZE];
	memcpy(regs, frame + FRAME_REGS, sizeof(regs));
	uint64_t pstate = snap_aarch64_reg(regs, ARM64_PSTATE);
	if (pstate & (ARM64_PSTATE_MODE | ARM64_PSTATE_DAIF))
		return corrupt("is not of a thread in 64-bit user mode");
	snap_aarch64_set_reg(regs, ARM64_PSTATE,
			     pstate & ~(ARM64_PSTATE_RESERVED | ARM64_PSTATE_SS));
	return snap_thread_set_regset(ret, SNAP_AARCH64_GENERAL, regs, sizeof(regs));
}

static void take_signals(const uint8_t *frame, struct snap_thread *ret)
{
	ret->sigmask = snap_aarch64_load(frame + FRAME_SIGMASK, 8);
	ret->members |= SNAP_THREAD_SIGMASK;
	uint32_t flags = (uint32_t)snap_aarch64_load(frame + FRAME_STACK_FLAGS, 4);
	if (flags & FRAME_SS_UNKNOWN)
		return;
	ret->altstack.sp = snap_aarch64_load(frame + FRAME_STACK_SP, 8);
	ret->altstack.flags = flags;
	ret->altstack.size = snap_aarch64_load(frame + FRAME_STACK_SIZE, 8);
	ret->members |= SNAP_THREAD_ALTSTACK;
}

/** 8 bytes of a record as a set of `size`, at its end. */
_must_check_ static snap_err take_word(const uint8_t *record, unsigned regset,
				       size_t size, struct snap_thread *ret)
{
	uint8_t set[16] = { 0 };
	if (!record)
		return SNAP_OK;
	memcpy(set + size - 8, record + RECORD_HEAD_SIZE, 8);
	return snap_thread_set_regset(ret, regset, set, size);
}

/** The header of a set about vectors, as the kernel writes it; of what it knows not. */
static void put_header(uint8_t *set, size_t size, unsigned vl, unsigned flags)
{
	snap_aarch64_store(set + ARM64_SVE_SIZE, size, 4);
	snap_aarch64_store(set + ARM64_SVE_VL, vl, 2);
	snap_aarch64_store(set + ARM64_SVE_FLAGS, flags, 2);
}

/** The vector length of a record; 0: none that this machine has. */
static unsigned length_of(const uint8_t *record, const struct snap_cpu *cpu,
			  const char *item)
{
	unsigned vl = (unsigned)snap_aarch64_load(record + RECORD_VL, 2);
	return vl % 16 || vl > ARM64_MAX_VL || !snap_aarch64_has_length(cpu, item, vl)
		       ? 0
		       : vl;
}

/** The V registers are those of the FPSIMD record, whatever the Z registers say. */
static void put_sve(uint8_t *set, const uint8_t *record, const uint8_t *fpsimd,
		    unsigned vl)
{
	size_t offset, size;
	snap_aarch64_component(ARM64_COMPONENT_FFR, vl, &offset, &size);
	memcpy(set + ARM64_SVE_HEADER_SIZE, record + RECORD_EMPTY_SIZE,
	       offset + size - ARM64_SVE_HEADER_SIZE);
	for (size_t i = 0; i < 32; i++)
		memcpy(set + ARM64_SVE_HEADER_SIZE + i * vl, fpsimd + RECORD_V + 16 * i,
		       16);
	memcpy(set + snap_aarch64_sve_set_size(vl) - 16, fpsimd + RECORD_FPSR, 8);
}

_must_check_ static snap_err take_sve(const struct records *records,
				      const struct snap_cpu *cpu,
				      struct snap_thread *ret)
{
	const uint8_t *record = records->sve;
	if (!record)
		return SNAP_OK;
	bool is_streaming =
		snap_aarch64_load(record + RECORD_SVE_FLAGS, 2) & RECORD_SVE_STREAMING;
	unsigned vl =
		length_of(record, cpu, is_streaming ? "sme.lengths" : "sve.lengths");
	if (!vl || (is_streaming && !snap_cpu_get(cpu, "sme", 0)))
		return corrupt("is about a vector length that this CPU does not have");
	size_t record_size = snap_aarch64_load(record + 4, 4), offset, size;
	snap_aarch64_component(ARM64_COMPONENT_FFR, vl, &offset, &size);
	bool has_z = record_size > RECORD_EMPTY_SIZE;
	if (has_z ? record_size < offset + size : is_streaming)
		return corrupt("ends before its vector registers do");

	uint8_t header[ARM64_SVE_HEADER_SIZE] = { 0 };
	put_header(header, sizeof(header), vl, 0);
	if (!has_z)
		return snap_thread_set_regset(ret, SNAP_AARCH64_SVE, header,
					      sizeof(header));
	size_t set_size = snap_aarch64_sve_set_size(vl);
	_cleanup_free_ uint8_t *set = calloc(1, set_size);
	if (!set)
		return &snap_enomem;
	put_header(set, set_size, vl, ARM64_SVE_HAS_Z);
	put_sve(set, record, records->fpsimd, vl);
	return snap_thread_set_regset(ret,
				      is_streaming ? SNAP_AARCH64_SSVE
						   : SNAP_AARCH64_SVE,
				      set, set_size);
}

_must_check_ static snap_err take_za(const struct records *records,
				     const struct snap_cpu *cpu,
				     struct snap_thread *ret)
{
	const uint8_t *record = records->za;
	size_t size = record ? snap_aarch64_load(record + 4, 4) : 0;
	if (records->zt && size <= RECORD_EMPTY_SIZE)
		return corrupt("has ZT0 without ZA");
	if (!record)
		return SNAP_OK;
	unsigned vl = length_of(record, cpu, "sme.lengths");
	if (!vl)
		return corrupt("is about a vector length that this CPU does not have");
	size_t set_size = ARM64_SVE_HEADER_SIZE;
	if (size > RECORD_EMPTY_SIZE)
		set_size = snap_aarch64_za_set_size(vl);
	if (size < set_size)
		return corrupt("ends before ZA does");
	_cleanup_free_ uint8_t *set = calloc(1, set_size);
	if (!set)
		return &snap_enomem;
	put_header(set, set_size, vl, 0);
	memcpy(set + ARM64_SVE_HEADER_SIZE, record + RECORD_EMPTY_SIZE,
	       set_size - ARM64_SVE_HEADER_SIZE);
	SNAP_TRY(snap_thread_set_regset(ret, SNAP_AARCH64_ZA, set, set_size));
	if (!records->zt)
		return SNAP_OK;
	return snap_thread_set_regset(ret, SNAP_AARCH64_ZT,
				      records->zt + RECORD_ZT_DATA,
				      RECORD_ZT_SIZE - RECORD_ZT_DATA);
}

_must_check_ static snap_err take_records(const struct records *records,
					  const struct snap_cpu *cpu,
					  struct snap_thread *ret)
{
	uint8_t fp[ARM64_FP_SIZE] = { 0 };
	memcpy(fp + ARM64_V, records->fpsimd + RECORD_V, ARM64_FPSR);
	memcpy(fp + ARM64_FPSR, records->fpsimd + RECORD_FPSR, 8);
	SNAP_TRY(snap_thread_set_regset(ret, SNAP_AARCH64_FP, fp, sizeof(fp)));
	SNAP_TRY(take_word(records->tpidr2, SNAP_AARCH64_TLS, 16, ret));
	SNAP_TRY(take_word(records->fpmr, SNAP_AARCH64_FPMR, 8, ret));
	SNAP_TRY(take_word(records->poe, SNAP_AARCH64_POE, 8, ret));
	SNAP_TRY(take_sve(records, cpu, ret));
	return take_za(records, cpu, ret);
}

snap_err snap_aarch64_sigframe_decode(const struct snap_cpu *cpu, const uint8_t *frame,
				      size_t size, uint64_t address,
				      struct snap_thread *ret)
{
	if (size < FRAME_SIZE)
		return corrupt("is too short");
	if (address % FRAME_ALIGNMENT)
		return corrupt("lies at an odd place");
	struct chain chain = {
		.cpu = cpu,
		.frame = frame,
		.size = size,
		.address = address,
		.at = FRAME_RECORDS,
		.end = FRAME_SIZE,
	};
	struct records records = { 0 };
	_cleanup_thread_ struct snap_thread thread = { .interrupted_syscall = -1 };
	SNAP_TRY(take_general(frame, &thread));
	take_signals(frame, &thread);
	SNAP_TRY(read_records(&chain, &records));
	SNAP_TRY(take_records(&records, cpu, &thread));
	*ret = thread;
	thread = (struct snap_thread){ 0 };
	return SNAP_OK;
}
