// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What images of other programs say of a CPU and of a thread.
 *
 * Core files have the XSAVE area as the kernel gave it. Where its components lie is
 * said by a note since Linux 6.12 (NT_X86_XSAVE_LAYOUT, include/uapi/linux/elf.h);
 * before, one can tell by its size, as long as the CPU is one of those whose layout is
 * known. CRIU keeps the components one by one.
 */
#include <string.h>

#include "arch/criu.pb-c.h"
#include "arch/x86_64/x86_64.h"
#include "core/base/reader.h"

#define NT_X86_XSAVE_LAYOUT 0x205u

/** Intel SDM volume 1, 13.5; AMD has no hole where MPX was. Measured: see sample CPUs.
 */
static const struct place {
	unsigned i;
	uint16_t size;
	uint16_t intel;
	uint16_t amd;
} places[] = {
	{ 2, 256, 576, 576 },     { 5, 64, 1088, 832 }, { 6, 512, 1152, 896 },
	{ 7, 1024, 1664, 1408 },  { 9, 8, 2688, 2432 }, { 17, 64, 2752, 2752 },
	{ 18, 8192, 2816, 2816 },
};

#define AVX512_MASK UINT64_C(0xe0)

static snap_err set_place(struct snap_cpu *cpu, unsigned i, uint64_t size,
			  uint64_t offset)
{
	char name[X86_ITEM_NAME_SIZE];
	snap_x86_64_item_name(name, i, "size");
	SNAP_TRY(snap_cpu_set(cpu, name, size));
	snap_x86_64_item_name(name, i, "offset");
	return snap_cpu_set(cpu, name, offset);
}

/** Describe the known components of a mask as one of the two makers has them. */
static snap_err set_layout(struct snap_cpu *cpu, uint64_t mask, bool is_amd)
{
	for (size_t n = 0; n < SNAP_ARRAY_SIZE(places); n++) {
		const struct place *place = &places[n];
		unsigned offset = is_amd ? place->amd : place->intel;
		if (is_amd && place->i == X86_COMPONENT_PKRU && !(mask & AVX512_MASK))
			offset = places[1].amd;
		if (mask >> place->i & 1)
			SNAP_TRY(set_place(cpu, place->i, place->size, offset));
	}
	return SNAP_OK;
}

/** Would an area with these components end where this one does? */
static bool fits(const struct snap_cpu *cpu, uint64_t mask, size_t size)
{
	for (unsigned i = 2; i < X86_NR_COMPONENTS; i++) {
		size_t unused;
		if (mask >> i & 1 && !snap_x86_64_component(cpu, i, &unused, &unused))
			return false;
	}
	return snap_x86_64_area_size(cpu, mask) == size;
}

static snap_err core_thread(struct snap_cpu *cpu, struct snap_thread *thread)
{
	uint64_t mask = snap_x86_64_thread_mask(thread);
	if (!mask || snap_cpu_find(cpu, "xsave.mask"))
		return SNAP_OK;
	SNAP_TRY(snap_cpu_set(cpu, "xsave.mask", mask));
	if (snap_cpu_find(cpu, "xsave.2.offset"))
		return SNAP_OK;
	for (int is_amd = 0; is_amd < 2; is_amd++) {
		_cleanup_cpu_ struct snap_cpu tried = { 0 };
		SNAP_TRY(set_layout(&tried, mask, is_amd));
		if (fits(&tried, mask, thread->regsets[SNAP_X86_64_XSTATE].size))
			return set_layout(cpu, mask, is_amd);
	}
	return SNAP_OK;
}

/** An array of struct x86_xfeature_component: type, size, offset, flags; 32 bits each.
 */
static snap_err take_layout(struct snap_cpu *cpu, const uint8_t *data, size_t size)
{
	struct snap_reader reader = snap_reader_init(data, size, "the layout of XSAVE");
	while (snap_reader_left(&reader)) {
		uint32_t i, bytes, offset, flags;
		SNAP_TRY(snap_reader_u32(&reader, &i));
		SNAP_TRY(snap_reader_u32(&reader, &bytes));
		SNAP_TRY(snap_reader_u32(&reader, &offset));
		SNAP_TRY(snap_reader_u32(&reader, &flags));
		if (i >= 2 && i < X86_NR_COMPONENTS)
			SNAP_TRY(set_place(cpu, i, bytes, offset));
	}
	return SNAP_OK;
}

static snap_err core_note(struct snap_cpu *cpu, const char *owner, uint32_t type,
			  const uint8_t *data, size_t size)
{
	if (type != NT_X86_XSAVE_LAYOUT || strcmp(owner, "LINUX") != 0)
		return SNAP_OK;
	return take_layout(cpu, data, size);
}

/* CRIU */

/** Words of CPUID in the order of CRIU's (its file compel/…/uapi/asm/cpu.h). */
static const struct {
	uint32_t leaf, subleaf;
	unsigned reg;
} words[] = {
	[0] = { 1, 0, SNAP_X86_64_EDX },  [1] = { 0x80000001, 0, SNAP_X86_64_EDX },
	[4] = { 1, 0, SNAP_X86_64_ECX },  [6] = { 0x80000001, 0, SNAP_X86_64_ECX },
	[9] = { 7, 0, SNAP_X86_64_EBX },  [10] = { 0xd, 1, SNAP_X86_64_EAX },
	[11] = { 7, 0, SNAP_X86_64_ECX }, [13] = { 0x80000008, 0, SNAP_X86_64_EBX },
	[18] = { 7, 0, SNAP_X86_64_EDX },
};

static bool has_feature(const Snap__Criu__X86Machine *machine,
			const struct snap_x86_64_feature *feature)
{
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(words) && i < machine->n_words; i++)
		if (words[i].leaf == feature->leaf &&
		    words[i].subleaf == feature->subleaf &&
		    words[i].reg == (unsigned)feature->reg &&
		    machine->words[i] >> feature->bit & 1)
			return true;
	return false;
}

/** CRIU's numbers; it knows no others. */
static const char *const vendors[] = { NULL, "GenuineIntel", "AuthenticAMD" };

static snap_err take_machine(struct snap_cpu *cpu,
			     const Snap__Criu__X86Machine *machine)
{
	const char *vendor = machine->vendor < SNAP_ARRAY_SIZE(vendors)
				     ? vendors[machine->vendor]
				     : NULL;
	if (vendor)
		SNAP_TRY(snap_cpu_set_text(cpu, "vendor", vendor));
	SNAP_TRY(snap_cpu_set(cpu, "family", machine->family));
	SNAP_TRY(snap_cpu_set(cpu, "model", machine->model));
	SNAP_TRY(snap_cpu_set(cpu, "stepping", machine->stepping));
	for (size_t i = 0; i < snap_x86_64_nr_features; i++)
		if (has_feature(machine, &snap_x86_64_features[i]))
			SNAP_TRY(snap_cpu_set(cpu, snap_x86_64_features[i].name, 1));
	// Leaf 7 has a second page of instructions, of which CRIU says nothing.
	SNAP_TRY(snap_cpu_set(cpu, "features.partial", 1));
	if (!machine->components)
		return SNAP_OK;
	// CRIU forgets the bit of SSE (and that of MPX, which nobody has).
	uint64_t mask = machine->components | X86_LEGACY_MASK;
	SNAP_TRY(snap_cpu_set(cpu, "xsave.mask", mask));
	return set_layout(cpu, mask, machine->vendor == 2);
}

static snap_err criu_machine(struct snap_cpu *cpu, const uint8_t *data, size_t size)
{
	Snap__Criu__X86Machine *machine =
		snap__criu__x86_machine__unpack(NULL, size, data);
	if (!machine)
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "its CPU description cannot be read");
	snap_err error = take_machine(cpu, machine);
	snap__criu__x86_machine__free_unpacked(machine, NULL);
	return error;
}

static snap_err take_general(struct snap_thread *thread,
			     const Snap__Criu__X86General *general)
{
	uint8_t regs[X86_GENERAL_SIZE] = { 0 };
#define SNAP_GENERAL(name, ...) snap_x86_64_set_reg(regs, X86_##name, general->name);
#include "arch/x86_64/registers.def"
	return snap_thread_set_regset(thread, SNAP_X86_64_GENERAL, regs, sizeof(regs));
}

static void put_words(uint8_t *to, size_t room, const uint32_t *from, size_t nr)
{
	for (size_t i = 0; i < nr && i < room / 4; i++)
		snap_x86_64_store(to + 4 * i, from[i], 4);
}

static void put_longs(uint8_t *to, size_t room, const uint64_t *from, size_t nr)
{
	for (size_t i = 0; i < nr && i < room / 8; i++)
		snap_x86_64_store(to + 8 * i, from[i], 8);
}

static void put_legacy(uint8_t *area, const Snap__Criu__X86Fpu *fpu)
{
	snap_x86_64_store(area + X86_FCW, fpu->fctrl, 2);
	snap_x86_64_store(area + X86_FSW, fpu->fstat, 2);
	snap_x86_64_store(area + X86_FTW, fpu->ftag, 2);
	snap_x86_64_store(area + X86_FOP, fpu->fop, 2);
	snap_x86_64_store(area + X86_FIP, fpu->fip, 8);
	snap_x86_64_store(area + X86_FDP, fpu->fdp, 8);
	snap_x86_64_store(area + X86_MXCSR, fpu->mxcsr, 4);
	snap_x86_64_store(area + X86_MXCSR_MASK, fpu->mxcsr_mask, 4);
	put_words(area + X86_ST, X86_XMM - X86_ST, fpu->st, fpu->n_st);
	put_words(area + X86_XMM, X86_XMM_END - X86_XMM, fpu->xmm, fpu->n_xmm);
}

/** Where a component's bytes go, or NULL. */
static uint8_t *place_of(uint8_t *area, const struct snap_cpu *cpu, unsigned i,
			 size_t *ret_size)
{
	size_t offset;
	return snap_x86_64_component(cpu, i, &offset, ret_size) ? area + offset : NULL;
}

static void put_components(uint8_t *area, const struct snap_cpu *cpu,
			   const Snap__Criu__X86Xsave *xsave)
{
	size_t size;
	uint8_t *to;
	if ((to = place_of(area, cpu, 2, &size)))
		put_words(to, size, xsave->avx, xsave->n_avx);
	if ((to = place_of(area, cpu, 5, &size)))
		put_longs(to, size, xsave->mask, xsave->n_mask);
	if ((to = place_of(area, cpu, 6, &size)))
		put_longs(to, size, xsave->zmm_low, xsave->n_zmm_low);
	if ((to = place_of(area, cpu, 7, &size)))
		put_longs(to, size, xsave->zmm_high, xsave->n_zmm_high);
	if ((to = place_of(area, cpu, X86_COMPONENT_PKRU, &size)))
		put_words(to, size, xsave->pkru, xsave->n_pkru);
}

static snap_err take_xsave(const struct snap_cpu *cpu, struct snap_thread *thread,
			   const uint8_t *legacy, const Snap__Criu__X86Xsave *xsave)
{
	// What is in use counts, also where CRIU has not kept it (AMX).
	uint64_t mask = snap_x86_64_cpu_mask(cpu) | xsave->in_use | X86_LEGACY_MASK;
	_cleanup_cpu_ struct snap_cpu layout = { 0 };
	SNAP_TRY(snap_cpu_copy(cpu, &layout));
	if (!snap_cpu_find(cpu, "xsave.2.offset"))
		SNAP_TRY(set_layout(&layout, mask, false));
	size_t size = snap_x86_64_area_size(&layout, ~UINT64_C(0));
	_cleanup_free_ uint8_t *area = calloc(1, size);
	if (!area)
		return &snap_enomem;
	memcpy(area, legacy, X86_FXSAVE_SIZE);
	snap_x86_64_store(area + X86_SW_RESERVED, mask, 8);
	snap_x86_64_store(area + X86_XSTATE_BV, xsave->in_use, 8);
	put_components(area, &layout, xsave);
	return snap_thread_set_regset(thread, SNAP_X86_64_XSTATE, area, size);
}

static snap_err take_thread(const struct snap_cpu *cpu, struct snap_thread *thread,
			    const Snap__Criu__X86Thread *from)
{
	if (!from->general)
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "it has no general registers");
	SNAP_TRY(take_general(thread, from->general));
	if (!from->fpu)
		return SNAP_OK;
	uint8_t legacy[X86_FXSAVE_SIZE] = { 0 };
	put_legacy(legacy, from->fpu);
	SNAP_TRY(
		snap_thread_set_regset(thread, SNAP_X86_64_FP, legacy, sizeof(legacy)));
	if (!from->fpu->xsave)
		return SNAP_OK;
	return take_xsave(cpu, thread, legacy, from->fpu->xsave);
}

static snap_err criu_thread(const struct snap_cpu *cpu, const uint8_t *data,
			    size_t size, struct snap_thread *thread)
{
	Snap__Criu__X86Thread *from = snap__criu__x86_thread__unpack(NULL, size, data);
	if (!from)
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "its registers cannot be read");
	snap_err error = take_thread(cpu, thread, from);
	snap__criu__x86_thread__free_unpacked(from, NULL);
	return error;
}

const struct snap_foreign snap_x86_64_foreign = {
	.thread_pointer = "fs_base",
	.core_note = core_note,
	.core_thread = core_thread,
	.criu_machine_type = 1,
	.criu_machine = criu_machine,
	.criu_thread = criu_thread,
};
