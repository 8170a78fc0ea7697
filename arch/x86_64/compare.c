// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Two threads, register by register. A component whose bit in xstate_bv is clear has
 * its initial value, whatever its bytes are: so the header is not compared, the values
 * it stands for are.
 */
#include <string.h>

#include "arch/x86_64/x86_64.h"

/** The largest register, an AMX tile. */
#define MAX_REGISTER_SIZE 1024

/**
 * IOPL, IF, VIF, VIP, VM and ID: neither rt_sigreturn nor ptrace writes them (Linux,
 * arch/x86/kernel/signal_64.c, FIX_EFLAGS; arch/x86/kernel/ptrace.c, FLAG_MASK).
 */
#define EFLAGS_WRITABLE UINT64_C(0x54dd5)

/**
 * Reserved, and set in every CPU. On Linux 6.1, and not on 6.18, a tracer does not see
 * it at the stop behind execve(), before the program has executed anything
 * (arch/x86/kernel/process_64.c, start_thread_common()).
 */
#define EFLAGS_FIXED UINT64_C(0x2)

#define FSW_ERROR_SUMMARY 0x80u

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

/** Write the value that a piece has in a thread that never touched it. */
static void put_initial(const struct snap_register_piece *piece, uint8_t *ret)
{
	memset(ret, 0, piece->size);
	if (piece->regset == SNAP_X86_64_FP && piece->offset == X86_FCW)
		snap_x86_64_store(ret, X86_FCW_INIT, piece->size);
	if (piece->regset == SNAP_X86_64_FP && piece->offset == X86_MXCSR)
		snap_x86_64_store(ret, X86_MXCSR_INIT, piece->size);
}

/** The piece lies in a component of the FXSAVE area that is in its initial state. */
static bool is_initial_legacy(const struct snap_thread *thread,
			      const struct snap_register_piece *piece)
{
	// MXCSR belongs to no component: it is always as it stands there.
	if (!snap_x86_64_thread_mask(thread) || piece->offset == X86_MXCSR)
		return false;
	unsigned component =
		piece->offset < X86_XMM ? X86_COMPONENT_X87 : X86_COMPONENT_SSE;
	return !(snap_x86_64_thread_in_use(thread) >> component & 1);
}

/** A piece in a component; what is not there has its initial value, zero. */
static bool read_component(const struct snap_cpu *cpu, const struct snap_thread *thread,
			   const struct snap_register_piece *piece, uint8_t *ret)
{
	size_t offset, size;
	memset(ret, 0, piece->size);
	if (!snap_x86_64_locate_component(cpu, thread, piece->regset,
					  (unsigned)piece->component, &offset, &size) ||
	    piece->offset > size || piece->size > size - piece->offset)
		return false;
	if (snap_x86_64_thread_in_use(thread) >> piece->component & 1)
		memcpy(ret,
		       thread->regsets[piece->regset].data + offset + piece->offset,
		       piece->size);
	return true;
}

/** False when the thread does not have the piece; *ret is its initial value then. */
static bool read_piece(const struct snap_cpu *cpu, const struct snap_thread *thread,
		       const struct snap_register_piece *piece, uint8_t *ret)
{
	if (piece->component >= 0)
		return read_component(cpu, thread, piece, ret);
	const struct snap_regset *set = &thread->regsets[piece->regset];
	const uint8_t *data = set->data;
	size_t size = set->size;
	if (piece->regset == SNAP_X86_64_FP) {
		data = snap_x86_64_legacy(thread);
		size = data ? X86_FXSAVE_SIZE : 0;
	}
	if (!data || piece->offset > size || piece->size > size - piece->offset) {
		put_initial(piece, ret);
		return false;
	}
	if (piece->regset == SNAP_X86_64_FP && is_initial_legacy(thread, piece))
		put_initial(piece, ret);
	else
		memcpy(ret, data + piece->offset, piece->size);
	return true;
}

static bool read_register(const struct snap_cpu *cpu, const struct snap_thread *thread,
			  const struct snap_register_desc *desc, uint8_t *ret)
{
	bool has = true;
	for (size_t i = 0; i < SNAP_MAX_PIECES && desc->pieces[i].size; i++) {
		has = read_piece(cpu, thread, &desc->pieces[i], ret) && has;
		ret += desc->pieces[i].size;
	}
	return has;
}

/** A wider register that the thread has begins with this one: it will be reported. */
static bool is_part_of_wider(const struct comparison *it,
			     const struct snap_register_desc *desc)
{
	uint8_t unused[MAX_REGISTER_SIZE];
	for (size_t i = 0; i < X86_NR_REGISTERS; i++) {
		const struct snap_register_desc *other = &snap_x86_64_registers[i];
		if (other->size > desc->size &&
		    !memcmp(&other->pieces[0], &desc->pieces[0],
			    sizeof(desc->pieces[0])) &&
		    read_register(it->cpu, it->wanted, other, unused))
			return true;
	}
	return false;
}

/**
 * The x87 pointers to the last instruction and operand. Older AMD CPUs load and save
 * them only while an exception is pending (AMD64 Architecture Programmer's Manual
 * volume 2, 11.5; "xsaveerptr" is the bit of those that always do).
 */
static bool has_volatile_fpu_pointers(const struct comparison *it)
{
	const struct snap_cpu_item *vendor = snap_cpu_find(it->cpu, "vendor");
	const uint8_t *legacy = snap_x86_64_legacy(it->wanted);
	bool is_amd = vendor && vendor->text &&
		      (!strcmp(vendor->text, "AuthenticAMD") ||
		       !strcmp(vendor->text, "HygonGenuine"));
	return is_amd && !snap_cpu_get(it->cpu, "xsaveerptr", 0) && legacy &&
	       !(legacy[X86_FSW] & FSW_ERROR_SUMMARY);
}

static bool is_fpu_pointer(const struct snap_register_piece *piece)
{
	return piece->regset == SNAP_X86_64_FP && piece->offset >= X86_FOP &&
	       piece->offset < X86_MXCSR;
}

/** Take away the bits of a number that no kernel writes. */
static uint64_t comparable(const struct snap_register_piece *piece, uint64_t value)
{
	if (piece->regset != SNAP_X86_64_GENERAL)
		return value;
	if (piece->offset == X86_eflags)
		return value & EFLAGS_WRITABLE;
	// Every negative number says the same: in no system call.
	if (piece->offset == X86_orig_rax && (int64_t)value < 0)
		return UINT64_MAX;
	return value;
}

static void compare_register(const struct comparison *it,
			     const struct snap_register_desc *desc)
{
	uint8_t wanted[MAX_REGISTER_SIZE], actual[MAX_REGISTER_SIZE];
	if (!read_register(it->cpu, it->wanted, desc, wanted))
		return;
	(void)read_register(it->cpu, it->actual, desc, actual);
	if (!memcmp(wanted, actual, desc->size) || is_part_of_wider(it, desc))
		return;
	if (desc->size > 8) {
		report(it, desc->name, false, 0, 0);
		return;
	}
	uint64_t expected = snap_x86_64_load(wanted, desc->size);
	uint64_t got = snap_x86_64_load(actual, desc->size);
	if (comparable(&desc->pieces[0], expected) != comparable(&desc->pieces[0], got))
		report(it, desc->name, true, expected, got);
}

static bool has_rows(unsigned component)
{
	for (size_t i = 0; i < X86_NR_REGISTERS; i++)
		for (size_t j = 0; j < SNAP_MAX_PIECES; j++)
			if (snap_x86_64_registers[i].pieces[j].size &&
			    snap_x86_64_registers[i].pieces[j].component ==
				    (int)component)
				return true;
	return false;
}

/** A component that no register lies in: one that is newer than this program. */
static void compare_component(const struct comparison *it, unsigned i)
{
	size_t offset, size;
	if (!(snap_x86_64_thread_in_use(it->wanted) >> i & 1) || has_rows(i) ||
	    !snap_x86_64_locate_component(it->cpu, it->wanted, SNAP_X86_64_XSTATE, i,
					  &offset, &size))
		return;
	if (!(snap_x86_64_thread_in_use(it->actual) >> i & 1) ||
	    it->actual->regsets[SNAP_X86_64_XSTATE].size < offset + size ||
	    memcmp(it->wanted->regsets[SNAP_X86_64_XSTATE].data + offset,
		   it->actual->regsets[SNAP_X86_64_XSTATE].data + offset, size) != 0)
		report(it, snap_x86_64_component_name(i), false, 0, 0);
}

/** The sets that have no registers of their own: GDT slots, ports. */
static void compare_set(const struct comparison *it, unsigned i)
{
	const struct snap_regset *wanted = &it->wanted->regsets[i];
	const struct snap_regset *actual = &it->actual->regsets[i];
	if (wanted->size && (wanted->size != actual->size ||
			     memcmp(wanted->data, actual->data, wanted->size) != 0))
		report(it, snap_x86_64_regsets[i].name, false, 0, 0);
}

void snap_x86_64_compare(const struct snap_cpu *cpu, const struct snap_thread *wanted,
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
	bool ignore_pointers = has_volatile_fpu_pointers(&it);
	for (size_t i = 0; i < X86_NR_REGISTERS; i++) {
		const struct snap_register_desc *desc = &snap_x86_64_registers[i];
		if (!ignore_pointers || !is_fpu_pointer(&desc->pieces[0]))
			compare_register(&it, desc);
	}
	for (unsigned i = 2; i < X86_NR_COMPONENTS; i++)
		compare_component(&it, i);
	compare_set(&it, SNAP_X86_64_TLS);
	compare_set(&it, SNAP_X86_64_IOPERM);
}

void snap_x86_64_scrub(struct snap_thread *thread)
{
	struct snap_regset *set = &thread->regsets[SNAP_X86_64_GENERAL];
	if (set->size >= X86_eflags + sizeof(uint64_t))
		snap_x86_64_set_reg(set->data, X86_eflags,
				    snap_x86_64_reg(set->data, X86_eflags) |
					    EFLAGS_FIXED);
}
