// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What core files of the kernel and of gcore say of a CPU: the auxiliary vector has the
 * words of which the features are bits, and a set of registers the bits of a pointer
 * that hold its signature. What gcore writes in another way becomes the kernel's.
 */
#include "arch/aarch64/aarch64.h"

#include <string.h>

/** AT_HWCAP, AT_HWCAP2, AT_HWCAP3; the last is newer than many C libraries. */
const uint64_t snap_aarch64_words[ARM64_NR_WORDS] = { 16, 26, 29 };

snap_err snap_aarch64_add_features(struct snap_cpu *cpu, unsigned word, uint64_t bits)
{
	for (size_t i = 0; i < ARM64_NR_FEATURES; i++) {
		const struct snap_aarch64_feature *feature = &snap_aarch64_features[i];
		if (feature->word == word && bits >> feature->bit & 1)
			SNAP_TRY(snap_cpu_set(cpu, feature->name, 1));
	}
	return SNAP_OK;
}

static snap_err core_auxv(struct snap_cpu *cpu, uint64_t type, uint64_t value)
{
	for (unsigned i = 0; i < ARM64_NR_WORDS; i++)
		if (type == snap_aarch64_words[i])
			return snap_aarch64_add_features(cpu, i, value);
	return SNAP_OK;
}

/** The registers of SVE as gcore writes them. */
struct packed {
	const uint8_t *set;
	size_t vl;
	/** Where FPSR is, with FPCR behind it. */
	size_t fpsr;
};

/**
 * GDB writes the registers of SVE without those of FP, which are parts of them, and
 * FPSR right behind FFR, where the kernel aligns it (seen of GDB 13: its size of the
 * set in gdb/aarch64-linux-tdep.c has no room for that).
 */
static bool is_packed(const struct snap_thread *thread, struct packed *ret)
{
	const struct snap_regset *set = &thread->regsets[SNAP_AARCH64_SVE];
	unsigned vl = snap_aarch64_vl(thread, SNAP_AARCH64_SVE);
	size_t offset, size;
	if (!vl || thread->regsets[SNAP_AARCH64_FP].size ||
	    !(snap_aarch64_load(set->data + ARM64_SVE_FLAGS, 2) & ARM64_SVE_HAS_Z))
		return false;
	snap_aarch64_component(ARM64_COMPONENT_FFR, vl, &offset, &size);
	*ret = (struct packed){ set->data, vl, offset + size };
	return set->size == ret->fpsr + 8;
}

/** Nothing is in use but what FP has, too: the kernel does not write the rest then. */
static bool is_idle(const struct packed *from)
{
	static const uint8_t zeros[ARM64_MAX_VL];
	const uint8_t *z = from->set + ARM64_SVE_HEADER_SIZE;
	for (size_t i = 0; i < 32; i++)
		if (memcmp(z + i * from->vl + 16, zeros, from->vl - 16) != 0)
			return false;
	for (size_t at = ARM64_SVE_HEADER_SIZE + 32 * from->vl; at < from->fpsr; at++)
		if (from->set[at])
			return false;
	return true;
}

/** The FP set, of ARM64_FP_SIZE bytes that are zero. */
static void take_fp(const struct packed *from, uint8_t *ret)
{
	for (size_t i = 0; i < 32; i++)
		memcpy(ret + 16 * i, from->set + ARM64_SVE_HEADER_SIZE + i * from->vl,
		       16);
	memcpy(ret + ARM64_FPSR, from->set + from->fpsr, 8);
}

/** The SVE set as the kernel has it. */
static snap_err take_sve(const struct packed *from, const uint8_t *fp,
			 struct snap_buffer *ret)
{
	uint8_t *set;
	bool has_z = !is_idle(from);
	size_t size = has_z ? snap_aarch64_sve_set_size((unsigned)from->vl)
			    : ARM64_SVE_HEADER_SIZE + (size_t)ARM64_FP_SIZE;
	SNAP_TRY(snap_buffer_extend(ret, size, &set));
	memset(set, 0, size);
	memcpy(set, from->set, has_z ? from->fpsr : (size_t)ARM64_SVE_HEADER_SIZE);
	if (has_z)
		memcpy(set + ((from->fpsr + 15) & ~(size_t)15), fp + ARM64_FPSR, 8);
	else
		memcpy(set + ARM64_SVE_HEADER_SIZE, fp, ARM64_FP_SIZE);
	snap_aarch64_store(set + ARM64_SVE_SIZE, size, 4);
	snap_aarch64_store(set + ARM64_SVE_FLAGS, has_z ? ARM64_SVE_HAS_Z : 0, 2);
	return SNAP_OK;
}

static snap_err unpack(struct snap_thread *thread, const struct packed *from)
{
	uint8_t fp[ARM64_FP_SIZE] = { 0 };
	_cleanup_buffer_ struct snap_buffer sve = { 0 };
	take_fp(from, fp);
	SNAP_TRY(take_sve(from, fp, &sve));
	SNAP_TRY(snap_thread_set_regset(thread, SNAP_AARCH64_FP, fp, sizeof(fp)));
	return snap_thread_set_regset(thread, SNAP_AARCH64_SVE, sve.data, sve.size);
}

/**
 * Where a thread is not in streaming mode gcore writes V registers, all zeros, as its
 * streaming vectors (gdb/aarch64-linux-tdep.c, SVE_CORE_DUMMY_SIZE). In that mode the
 * kernel always has Z registers.
 */
static snap_err drop_unused(struct snap_thread *thread)
{
	const struct snap_regset *set = &thread->regsets[SNAP_AARCH64_SSVE];
	if (set->size < ARM64_SVE_HEADER_SIZE ||
	    snap_aarch64_load(set->data + ARM64_SVE_FLAGS, 2) & ARM64_SVE_HAS_Z)
		return SNAP_OK;
	return snap_thread_set_regset(thread, SNAP_AARCH64_SSVE, NULL, 0);
}

static snap_err core_thread(struct snap_cpu *cpu, struct snap_thread *thread)
{
	SNAP_TRY(drop_unused(thread));
	struct packed packed;
	if (is_packed(thread, &packed))
		SNAP_TRY(unpack(thread, &packed));
	// struct user_pac_mask: of pointers to data, and to code; they are the same.
	const struct snap_regset *mask = &thread->regsets[SNAP_AARCH64_PAC_MASK];
	if (mask->size < 8)
		return SNAP_OK;
	return snap_cpu_set(cpu, "pac.mask", snap_aarch64_load(mask->data, 8));
}

const struct snap_foreign snap_aarch64_foreign = {
	.thread_pointer = "tpidr",
	.core_auxv = core_auxv,
	.core_thread = core_thread,
};
