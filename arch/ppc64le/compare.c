// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Two threads, register by register. What no kernel keeps is left out: bits of the MSR
 * that say which registers are loaded just now, and how the thread came into the kernel
 * (trap) as long as that is not a system call that it is still inside of.
 */
#include <string.h>

#include "arch/ppc64le/ppc64le.h"

#define MAX_REGISTER_SIZE 16

struct comparison {
	const struct snap_cpu *cpu;
	const struct snap_thread *wanted;
	const struct snap_thread *actual;
	snap_difference_fn *found;
	void *context;
};

/** The pieces of a register, joined; false when the thread does not have it. */
static bool read_register(const struct snap_thread *thread,
			  const struct snap_register_desc *desc, uint8_t *ret)
{
	for (size_t i = 0; i < SNAP_MAX_PIECES && desc->pieces[i].size; i++) {
		const struct snap_register_piece *piece = &desc->pieces[i];
		const struct snap_regset *set = &thread->regsets[piece->regset];
		if (set->size < (size_t)piece->offset + piece->size)
			return false;
		memcpy(ret, set->data + piece->offset, piece->size);
		ret += piece->size;
	}
	return true;
}

static bool is_same_piece(const struct snap_register_piece *a,
			  const struct snap_register_piece *b)
{
	return a->regset == b->regset && a->offset == b->offset && a->size == b->size;
}

/**
 * The register is a part of one that stands before it in the table and that the thread
 * has, or is the same under another name: that one will be reported.
 */
static bool is_reported_before(const struct comparison *it,
			       const struct snap_register_desc *desc)
{
	uint8_t unused[MAX_REGISTER_SIZE];
	for (const struct snap_register_desc *other = snap_ppc64le_registers;
	     other < desc; other++)
		for (size_t i = 0; i < SNAP_MAX_PIECES; i++)
			if (is_same_piece(&other->pieces[i], &desc->pieces[0]) &&
			    read_register(it->wanted, other, unused))
				return true;
	return false;
}

/** Take away what says nothing about the thread. */
static uint64_t comparable(const struct snap_thread *thread,
			   const struct snap_register_piece *piece, uint64_t value)
{
	if (piece->regset != SNAP_PPC64LE_GENERAL)
		return value;
	if (piece->offset == 8 * PPC_MSR)
		return value & (PPC_MSR_SF | PPC_MSR_LE | PPC_MSR_TS);
	if (piece->offset == 8 * PPC_TRAP &&
	    snap_ppc64le_syscall_number(snap_ppc64le_general(thread)) < 0)
		return 0;
	return value;
}

void snap_ppc64le_scrub(struct snap_thread *thread)
{
	struct snap_regset *set = &thread->regsets[SNAP_PPC64LE_GENERAL];
	if (set->size < PPC_GENERAL_SIZE)
		return;
	for (unsigned slot = PPC_MSR; slot <= PPC_RESULT; slot++) {
		const struct snap_register_piece piece = {
			.regset = SNAP_PPC64LE_GENERAL,
			.offset = (uint16_t)(8 * slot),
			.size = 8,
		};
		// Where a fault was, and what a call is going to return.
		uint64_t value = slot < PPC_DAR ? snap_ppc64le_reg(set->data, slot) : 0;
		snap_ppc64le_set_reg(set->data, slot,
				     comparable(thread, &piece, value));
	}
}

static void compare_register(const struct comparison *it,
			     const struct snap_register_desc *desc)
{
	uint8_t wanted[MAX_REGISTER_SIZE] = { 0 }, actual[MAX_REGISTER_SIZE] = { 0 };
	if (!read_register(it->wanted, desc, wanted))
		return;
	bool is_there = read_register(it->actual, desc, actual);
	if ((is_there && !memcmp(wanted, actual, desc->size)) ||
	    is_reported_before(it, desc))
		return;
	struct snap_difference difference = { .what = desc->name };
	if (desc->size <= 8 && is_there) {
		const struct snap_register_piece *piece = &desc->pieces[0];
		difference.is_number = true;
		difference.expected = snap_ppc64le_load(wanted, desc->size);
		difference.actual = snap_ppc64le_load(actual, desc->size);
		if (comparable(it->wanted, piece, difference.expected) ==
		    comparable(it->actual, piece, difference.actual))
			return;
	}
	it->found(it->context, &difference);
}

void snap_ppc64le_compare(const struct snap_cpu *cpu, const struct snap_thread *wanted,
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
	for (size_t i = 0; i < PPC_NR_REGISTERS; i++)
		compare_register(&it, &snap_ppc64le_registers[i]);
}
