// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What is where in the sets of SVE, streaming SVE and ZA, whose size goes by the vector
 * length (Linux, arch/arm64/include/uapi/asm/ptrace.h). Z, P and FFR have the same
 * offsets in the record of a signal frame, whose header has 16 bytes, too.
 */
#include "arch/aarch64/aarch64.h"

void snap_aarch64_component(unsigned component, unsigned vl, size_t *ret_offset,
			    size_t *ret_size)
{
	size_t z_end = ARM64_SVE_HEADER_SIZE + 32 * (size_t)vl;
	if (component == ARM64_COMPONENT_ZA) {
		*ret_offset = ARM64_SVE_HEADER_SIZE;
		*ret_size = (size_t)vl * vl;
	} else if (component < ARM64_COMPONENT_P) {
		*ret_offset = ARM64_SVE_HEADER_SIZE + component * (size_t)vl;
		*ret_size = vl;
	} else {
		// FFR has the shape of a predicate and lies behind the last one.
		*ret_offset = z_end + (component - ARM64_COMPONENT_P) * (size_t)vl / 8;
		*ret_size = vl / 8;
	}
}

static size_t round_up(size_t size)
{
	return (size + 15) & ~(size_t)15;
}

size_t snap_aarch64_sve_set_size(unsigned vl)
{
	size_t offset, size;
	snap_aarch64_component(ARM64_COMPONENT_FFR, vl, &offset, &size);
	// FPSR and FPCR follow.
	return round_up(round_up(offset + size) + 8);
}

size_t snap_aarch64_za_set_size(unsigned vl)
{
	return ARM64_SVE_HEADER_SIZE + (size_t)vl * vl;
}

unsigned snap_aarch64_vl(const struct snap_thread *thread,
			 enum snap_aarch64_regset regset)
{
	const struct snap_regset *set = &thread->regsets[regset];
	if (set->size < ARM64_SVE_HEADER_SIZE)
		return 0;
	unsigned vl = (unsigned)snap_aarch64_load(set->data + ARM64_SVE_VL, 2);
	return vl % 16 || vl > ARM64_MAX_VL ? 0 : vl;
}

/** Z and P registers are in this set. */
static bool has_z(const struct snap_thread *thread, enum snap_aarch64_regset regset)
{
	const struct snap_regset *set = &thread->regsets[regset];
	unsigned vl = snap_aarch64_vl(thread, regset);
	return vl && set->size >= snap_aarch64_sve_set_size(vl) &&
	       snap_aarch64_load(set->data + ARM64_SVE_FLAGS, 2) & ARM64_SVE_HAS_Z;
}

bool snap_aarch64_is_streaming(const struct snap_thread *thread)
{
	return thread->regsets[SNAP_AARCH64_SSVE].size > ARM64_SVE_HEADER_SIZE;
}

enum snap_aarch64_regset snap_aarch64_vectors(const struct snap_thread *thread)
{
	enum snap_aarch64_regset regset = snap_aarch64_is_streaming(thread)
						  ? SNAP_AARCH64_SSVE
						  : SNAP_AARCH64_SVE;
	return has_z(thread, regset) ? regset : SNAP_AARCH64_GENERAL;
}

bool snap_aarch64_has_za(const struct snap_thread *thread)
{
	unsigned vl = snap_aarch64_vl(thread, SNAP_AARCH64_ZA);
	return vl &&
	       thread->regsets[SNAP_AARCH64_ZA].size >= snap_aarch64_za_set_size(vl);
}

bool snap_aarch64_has_length(const struct snap_cpu *cpu, const char *item, unsigned vl)
{
	return vl && snap_cpu_get(cpu, item, 0) >> (vl / 16 - 1) & 1;
}

bool snap_aarch64_locate_component(const struct snap_cpu *cpu,
				   const struct snap_thread *thread, unsigned *regset,
				   unsigned component, size_t *ret_offset,
				   size_t *ret_size)
{
	enum snap_aarch64_regset place = SNAP_AARCH64_ZA;
	if (component != ARM64_COMPONENT_ZA)
		place = snap_aarch64_vectors(thread);
	else if (!snap_aarch64_has_za(thread))
		return false;
	if (place == SNAP_AARCH64_GENERAL)
		return false;
	snap_aarch64_component(component, snap_aarch64_vl(thread, place), ret_offset,
			       ret_size);
	*regset = place;
	return true;
}
