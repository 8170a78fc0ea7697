// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Two threads, register by register. A thread that has not touched SVE since its last
 * system call has V registers alone: the rest of Z, and all of P and FFR, are zero
 * (Linux, Documentation/arch/arm64/sve.rst). So sets are not compared, registers are.
 */
#include <stdlib.h>
#include <string.h>

#include "arch/aarch64/aarch64.h"

struct comparison {
	const struct snap_cpu *cpu;
	const struct snap_thread *wanted;
	const struct snap_thread *actual;
	snap_difference_fn *found;
	void *context;
};

static void report(const struct comparison *it, const char *what, bool is_number,
		   uint64_t expected, uint64_t actual)
{
	const struct snap_difference difference = {
		.what = what,
		.is_number = is_number,
		.expected = expected,
		.actual = actual,
	};
	it->found(it->context, &difference);
}

/** The vector length that is in force for Z and P registers; 0: there are none. */
static unsigned current_vl(const struct snap_thread *thread)
{
	return snap_aarch64_vl(thread, snap_aarch64_is_streaming(thread)
					       ? SNAP_AARCH64_SSVE
					       : SNAP_AARCH64_SVE);
}

/** A Z register where there are V registers only, or zeros for P and FFR. */
static void read_implied(const struct snap_thread *thread, unsigned component,
			 size_t size, uint8_t *ret)
{
	const struct snap_regset *fp = &thread->regsets[SNAP_AARCH64_FP];
	memset(ret, 0, size);
	if (component < ARM64_COMPONENT_P && fp->size >= ARM64_FP_SIZE)
		memcpy(ret, fp->data + ARM64_V + 16 * (size_t)component, 16);
}

/** Z and P registers are compared; otherwise V registers, which are all there is. */
static bool compares_z(const struct comparison *it)
{
	unsigned vl = current_vl(it->wanted);
	// Another length, or another mode, is reported as such.
	return vl && vl == current_vl(it->actual) &&
	       (snap_aarch64_vectors(it->wanted) || snap_aarch64_vectors(it->actual));
}

/** A Z or P register or FFR, of a thread with vectors of `vl` bytes. */
static size_t read_vector(const struct comparison *it, const struct snap_thread *thread,
			  unsigned component, unsigned vl, uint8_t *ret)
{
	unsigned regset;
	size_t offset, size;
	snap_aarch64_component(component, vl, &offset, &size);
	if (snap_aarch64_locate_component(it->cpu, thread, &regset, component, &offset,
					  &size))
		memcpy(ret, thread->regsets[regset].data + offset, size);
	else
		read_implied(thread, component, size, ret);
	return size;
}

static void compare_vector(const struct comparison *it,
			   const struct snap_register_desc *desc)
{
	unsigned component = (unsigned)desc->pieces[0].component;
	unsigned vl = current_vl(it->wanted);
	uint8_t wanted[ARM64_MAX_VL], actual[ARM64_MAX_VL];
	if (!compares_z(it))
		return;
	size_t size = read_vector(it, it->wanted, component, vl, wanted);
	(void)read_vector(it, it->actual, component, vl, actual);
	if (memcmp(wanted, actual, size) != 0)
		report(it, desc->name, false, 0, 0);
}

static void compare_modes(const struct comparison *it)
{
	static const struct {
		enum snap_aarch64_regset regset;
		const char *name;
	} rows[] = { { SNAP_AARCH64_SVE, "vl" }, { SNAP_AARCH64_ZA, "svl" } };

	for (size_t i = 0; i < SNAP_ARRAY_SIZE(rows); i++) {
		unsigned wanted = snap_aarch64_vl(it->wanted, rows[i].regset);
		unsigned actual = snap_aarch64_vl(it->actual, rows[i].regset);
		if (wanted && wanted != actual)
			report(it, rows[i].name, true, wanted, actual);
	}
	bool wanted = snap_aarch64_is_streaming(it->wanted);
	bool actual = snap_aarch64_is_streaming(it->actual);
	if (wanted != actual)
		report(it, snap_aarch64_regsets[SNAP_AARCH64_SSVE].name, true, wanted,
		       actual);
}

static void compare_za(const struct comparison *it)
{
	const struct snap_regset *wanted = &it->wanted->regsets[SNAP_AARCH64_ZA];
	const struct snap_regset *actual = &it->actual->regsets[SNAP_AARCH64_ZA];
	if (!snap_aarch64_vl(it->wanted, SNAP_AARCH64_ZA))
		return;
	bool has_za = snap_aarch64_has_za(it->wanted);
	if (has_za != snap_aarch64_has_za(it->actual) ||
	    (has_za && (wanted->size != actual->size ||
			memcmp(wanted->data + ARM64_SVE_HEADER_SIZE,
			       actual->data + ARM64_SVE_HEADER_SIZE,
			       wanted->size - ARM64_SVE_HEADER_SIZE) != 0)))
		report(it, "za", false, 0, 0);
}

/** Take away the bits of a number that are the kernel's business. */
static uint64_t comparable(const struct snap_register_piece *piece, uint64_t value)
{
	if (piece->regset == SNAP_AARCH64_GENERAL && piece->offset == ARM64_PSTATE)
		return value & ~(ARM64_PSTATE_RESERVED | ARM64_PSTATE_SS);
	return value;
}

void snap_aarch64_scrub(struct snap_thread *thread)
{
	struct snap_regset *set = &thread->regsets[SNAP_AARCH64_GENERAL];
	const struct snap_register_piece piece = {
		.regset = SNAP_AARCH64_GENERAL,
		.offset = ARM64_PSTATE,
		.size = 8,
	};
	if (set->size < ARM64_GENERAL_SIZE)
		return;
	snap_aarch64_set_reg(set->data, ARM64_PSTATE,
			     comparable(&piece,
					snap_aarch64_reg(set->data, ARM64_PSTATE)));
}

static void compare_fixed(const struct comparison *it,
			  const struct snap_register_desc *desc)
{
	const struct snap_register_piece *piece = &desc->pieces[0];
	const struct snap_regset *wanted = &it->wanted->regsets[piece->regset];
	const struct snap_regset *actual = &it->actual->regsets[piece->regset];
	size_t end = (size_t)piece->offset + piece->size;
	if (wanted->size < end)
		return;
	if (desc->size > 8) {
		if (actual->size < end ||
		    memcmp(wanted->data + piece->offset, actual->data + piece->offset,
			   desc->size) != 0)
			report(it, desc->name, false, 0, 0);
		return;
	}
	uint64_t expected = snap_aarch64_load(wanted->data + piece->offset, desc->size);
	uint64_t got =
		actual->size < end
			? ~expected
			: snap_aarch64_load(actual->data + piece->offset, desc->size);
	if (comparable(piece, expected) != comparable(piece, got))
		report(it, desc->name, true, expected, got);
}

/** Registers that others tell of, or that mean nothing in this thread. */
static bool is_idle(const struct comparison *it, const struct snap_register_desc *desc)
{
	const struct snap_register_piece *piece = &desc->pieces[0];
	switch (piece->regset) {
	case SNAP_AARCH64_FP:
		// V registers are the lowest bytes of the Z registers.
		return piece->offset < ARM64_FPSR && compares_z(it);
	case SNAP_AARCH64_ZT:
		return !snap_aarch64_has_za(it->wanted);
	case SNAP_AARCH64_SVE:
	case SNAP_AARCH64_ZA:
		// The lengths.
		return true;
	default:
		return false;
	}
}

void snap_aarch64_compare(const struct snap_cpu *cpu, const struct snap_thread *wanted,
			  const struct snap_thread *actual, snap_difference_fn *found,
			  void *context)
{
	const struct comparison it = {
		.cpu = cpu,
		.wanted = wanted,
		.actual = actual,
		.found = found,
		.context = context,
	};
	compare_modes(&it);
	for (size_t i = 0; i < ARM64_NR_REGISTERS; i++) {
		const struct snap_register_desc *desc = &snap_aarch64_registers[i];
		if (desc->is_scalable &&
		    desc->pieces[0].component != ARM64_COMPONENT_ZA)
			compare_vector(&it, desc);
		else if (!desc->is_scalable && !is_idle(&it, desc))
			compare_fixed(&it, desc);
	}
	compare_za(&it);
}
