// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What this machine's CPU is. The one file of this folder that may ask which CPU it is
 * compiled for; so the architecture's table stands here, which tells the answer.
 */
#include "arch/x86_64/x86_64.h"

#include <elf.h>

#include "core/model/memory.h"

#if defined(__x86_64__)

#	include <cpuid.h>
#	include <errno.h>
#	include <stdio.h>
#	include <string.h>
#	include <sys/mman.h>
#	include <sys/syscall.h>

/** All zero for leaves that the CPU does not have. */
struct cpuid {
	/** Indexed by the register of struct snap_x86_64_feature. */
	uint32_t regs[4];
};

static struct cpuid read_cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid out = { { 0 } };
	// Intel CPUs answer for a leaf beyond the last one with the last one's bits.
	if (__get_cpuid_max(leaf & 0x80000000, NULL) >= leaf)
		__cpuid_count(leaf, subleaf, out.regs[SNAP_X86_64_EAX],
			      out.regs[SNAP_X86_64_EBX], out.regs[SNAP_X86_64_ECX],
			      out.regs[SNAP_X86_64_EDX]);
	return out;
}

static uint64_t read_xcr0(void)
{
	uint32_t low, high;
	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (uint64_t)high << 32 | low;
}

/** Copy registers as text, four characters each, and drop the padding around it. */
static snap_err set_text(struct snap_cpu *cpu, const char *name, const uint32_t *regs,
			 size_t nr_regs)
{
	char text[12 * sizeof(uint32_t) + 1] = "";
	memcpy(text, regs, nr_regs * sizeof(*regs));
	char *start = text + strspn(text, " ");
	size_t length = strlen(start);
	while (length && start[length - 1] == ' ')
		start[--length] = '\0';
	return snap_cpu_set_text(cpu, name, start);
}

/** Family, model and stepping: Intel SDM volume 2, CPUID leaf 1; AMD counts alike. */
static snap_err probe_model(struct snap_cpu *cpu)
{
	uint32_t version = read_cpuid(1, 0).regs[SNAP_X86_64_EAX];
	uint32_t family = version >> 8 & 0xf;
	uint32_t model = version >> 4 & 0xf;
	if (family == 6 || family == 15)
		model += (version >> 16 & 0xf) << 4;
	if (family == 15)
		family += version >> 20 & 0xff;
	SNAP_TRY(snap_cpu_set(cpu, "family", family));
	SNAP_TRY(snap_cpu_set(cpu, "model", model));
	return snap_cpu_set(cpu, "stepping", version & 0xf);
}

static snap_err probe_names(struct snap_cpu *cpu)
{
	SNAP_TRY(snap_cpu_set_text(cpu, "arch", "x86_64"));
	struct cpuid leaf = read_cpuid(0, 0);
	const uint32_t vendor[] = { leaf.regs[SNAP_X86_64_EBX],
				    leaf.regs[SNAP_X86_64_EDX],
				    leaf.regs[SNAP_X86_64_ECX] };
	SNAP_TRY(set_text(cpu, "vendor", vendor, SNAP_ARRAY_SIZE(vendor)));

	uint32_t brand[12];
	for (size_t i = 0; i < 3; i++) {
		leaf = read_cpuid(0x80000002 + (uint32_t)i, 0);
		memcpy(&brand[4 * i], leaf.regs, sizeof(leaf.regs));
	}
	return set_text(cpu, "model-name", brand, SNAP_ARRAY_SIZE(brand));
}

static snap_err probe_features(struct snap_cpu *cpu)
{
	// A hypervisor takes its time for each CPUID; the table is in their order.
	struct cpuid leaf = { { 0 } };
	for (size_t i = 0; i < snap_x86_64_nr_features; i++) {
		const struct snap_x86_64_feature *feature = &snap_x86_64_features[i];
		if (!i || feature->leaf != feature[-1].leaf ||
		    feature->subleaf != feature[-1].subleaf)
			leaf = read_cpuid(feature->leaf, feature->subleaf);
		if (leaf.regs[feature->reg] >> feature->bit & 1)
			SNAP_TRY(snap_cpu_set(cpu, feature->name, 1));
	}
	return SNAP_OK;
}

/** A number out of a leaf of CPUID; it counts where the feature is there. */
struct number {
	const char *feature;
	uint32_t leaf;
	uint32_t subleaf;
	unsigned reg;
	unsigned shift;
	uint32_t mask;
	const char *name;
};

static snap_err probe_numbers(struct snap_cpu *cpu)
{
	static const struct number rows[] = {
		// Intel SDM volume 2, CPUID leaves 1DH and 1EH: the shape of the tiles.
		{ "amx_tile", 0x1d, 1, SNAP_X86_64_EAX, 16, 0xffff, "amx.tile-size" },
		{ "amx_tile", 0x1d, 1, SNAP_X86_64_EBX, 0, 0xffff, "amx.row-size" },
		{ "amx_tile", 0x1d, 1, SNAP_X86_64_EBX, 16, 0xffff, "amx.tiles" },
		{ "amx_tile", 0x1d, 1, SNAP_X86_64_ECX, 0, 0xffff, "amx.rows" },
		{ "amx_tile", 0x1e, 0, SNAP_X86_64_EBX, 0, 0xff, "amx.tmul-k" },
		{ "amx_tile", 0x1e, 0, SNAP_X86_64_EBX, 8, 0xffff, "amx.tmul-n" },
		// Intel AVX10.2 Architecture Specification, table 1-3.
		{ "avx10", 0x24, 0, SNAP_X86_64_EBX, 0, 0xff, "avx10.version" },
	};
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(rows); i++) {
		const struct number *row = &rows[i];
		if (!snap_cpu_get(cpu, row->feature, 0))
			continue;
		uint32_t value = read_cpuid(row->leaf, row->subleaf).regs[row->reg];
		SNAP_TRY(snap_cpu_set(cpu, row->name, value >> row->shift & row->mask));
	}
	return SNAP_OK;
}

static snap_err probe_mxcsr_mask(struct snap_cpu *cpu)
{
	uint8_t area[X86_FXSAVE_SIZE] __attribute__((__aligned__(16))) = { 0 };
	__asm__ volatile("fxsave64 %0" : "+m"(area));
	uint64_t mask = snap_x86_64_load(area + X86_MXCSR_MASK, 4);
	// Zero stands for the mask of the first CPUs (Intel SDM volume 1, 11.6.6).
	return snap_cpu_set(cpu, "mxcsr-mask", mask ? mask : 0xffbf);
}

static snap_err set_component(struct snap_cpu *cpu, unsigned i, const char *what,
			      uint64_t value)
{
	char name[X86_ITEM_NAME_SIZE];
	snap_x86_64_item_name(name, i, what);
	return snap_cpu_set(cpu, name, value);
}

/**
 * Size and place of each component that is switched on, out of CPUID leaf 0DH.
 *
 * The leaf goes on listing components that a hypervisor has masked off: what counts is
 * in EDX:EAX of subleaf 0 and in XCR0. The mask is the kernel's too: it switches XCR0
 * to what it manages.
 */
static snap_err probe_xsave(struct snap_cpu *cpu)
{
	if (!snap_cpu_get(cpu, "osxsave", 0))
		return SNAP_OK;
	uint64_t xcr0 = read_xcr0();
	struct cpuid main = read_cpuid(0xd, 0);
	uint64_t mask = xcr0 & (main.regs[SNAP_X86_64_EAX] |
				(uint64_t)main.regs[SNAP_X86_64_EDX] << 32);
	SNAP_TRY(snap_cpu_set(cpu, "xcr0", xcr0));
	SNAP_TRY(snap_cpu_set(cpu, "xsave.mask", mask));
	for (unsigned i = 2; i < X86_NR_COMPONENTS; i++) {
		if (!(mask >> i & 1))
			continue;
		struct cpuid leaf = read_cpuid(0xd, i);
		SNAP_TRY(set_component(cpu, i, "size", leaf.regs[SNAP_X86_64_EAX]));
		SNAP_TRY(set_component(cpu, i, "offset", leaf.regs[SNAP_X86_64_EBX]));
		SNAP_TRY(set_component(cpu, i, "flags", leaf.regs[SNAP_X86_64_ECX]));
	}
	return snap_cpu_set(cpu, "xsave.size", snap_x86_64_area_size(cpu, mask));
}

/** Linux, arch/x86/include/uapi/asm/prctl.h and asm/unistd_64.h. */
enum {
	GET_XCOMP_SUPP = 0x1021,
	MAP_SHADOW_STACK = 453,
};

/**
 * Whether programs can have shadow stacks: the call first looks for that, and then at
 * its flags, of which there are none like these (Linux, arch/x86/kernel/shstk.c).
 * ARCH_SHSTK_STATUS is answered on every CPU.
 */
static bool has_shadow_stacks(void)
{
	return syscall(MAP_SHADOW_STACK, 0, 0, ~0u) < 0 && errno == EINVAL;
}

/**
 * What of the CPU the kernel has switched on for programs, and XCR0 does not tell.
 *
 * It saves shadow stacks from 6.6 on, whatever CPUID says; it lets a process ask for
 * AMX tile data from 5.16 on.
 */
static snap_err probe_kernel(struct snap_cpu *cpu)
{
	uint64_t value = 0;
	if (!syscall(SYS_arch_prctl, GET_XCOMP_SUPP, &value))
		SNAP_TRY(snap_cpu_set(cpu, "xsave.supported", value));
	if (has_shadow_stacks())
		SNAP_TRY(snap_cpu_set(cpu, "user_shstk", 1));
	return SNAP_OK;
}

/**
 * Addresses of user memory have 47 bits, or 56 where the kernel uses LA57. It gives out
 * the higher ones to who asks for one (Linux,
 * Documentation/arch/x86/x86_64/5level-paging).
 */
static snap_err probe_address_bits(struct snap_cpu *cpu)
{
	void *wanted = (void *)(UINT64_C(1) << 47);
	void *got = mmap(wanted, SNAP_PAGE_SIZE, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	bool is_high = got != MAP_FAILED && got >= wanted;
	if (got != MAP_FAILED)
		munmap(got, SNAP_PAGE_SIZE);
	return snap_cpu_set(cpu, "address-bits", is_high ? 56 : 47);
}

static snap_err probe(struct snap_cpu *ret)
{
	_cleanup_cpu_ struct snap_cpu cpu = { 0 };
	SNAP_TRY(probe_names(&cpu));
	SNAP_TRY(probe_model(&cpu));
	SNAP_TRY(probe_features(&cpu));
	SNAP_TRY(probe_numbers(&cpu));
	SNAP_TRY(probe_mxcsr_mask(&cpu));
	SNAP_TRY(probe_xsave(&cpu));
	SNAP_TRY(probe_kernel(&cpu));
	SNAP_TRY(probe_address_bits(&cpu));
	*ret = cpu;
	cpu = (struct snap_cpu){ 0 };
	return SNAP_OK;
}

#	define PROBE probe
#else
#	define PROBE NULL
#endif

const struct snap_arch snap_arch_x86_64 = {
	.name = "x86_64",
	.elf_machine = EM_X86_64,
	.elf_class = ELFCLASS64,
	.elf_data = ELFDATA2LSB,
	.regsets = snap_x86_64_regsets,
	.nr_regsets = SNAP_X86_64_NR_REGSETS,
	.registers = snap_x86_64_registers,
	.nr_registers = X86_NR_REGISTERS,
	.features = snap_x86_64_offers,
	.nr_features = X86_NR_FEATURES,
	.syscall_insn = { 0x0f, 0x05 },
	.syscall_insn_size = 2,
	.insn_alignment = 1,
	.syscalls = snap_x86_64_syscalls,
	.red_zone = 128, // System V ABI, AMD64 supplement, 3.2.2
	.pc = snap_x86_64_pc,
	.sp = snap_x86_64_sp,
	.dwarf_register = snap_x86_64_dwarf_register,
	.nr_dwarf_registers = X86_NR_DWARF_REGISTERS,
	.is_native = snap_x86_64_is_native,
	.locate_component = snap_x86_64_locate,
	.identify_syscall = snap_x86_64_identify_syscall,
	.note_size = snap_x86_64_note_size,
	.rewind_syscall = snap_x86_64_rewind_syscall,
	.reenter_syscall = snap_x86_64_reenter_syscall,
	.syscall_number = snap_x86_64_syscall_number,
	.prepare_syscall = snap_x86_64_prepare_syscall,
	.batch_code = snap_x86_64_batch_code,
	.batch_code_size = X86_BATCH_CODE_SIZE,
	.wide_registers = X86_WIDE_COMPONENTS,
	.widen_code = snap_x86_64_widen_code,
	.widen_code_size = X86_WIDEN_CODE_SIZE,
	.widen_use = X86_WIDEN_USE,
	.batch_end = X86_BATCH_END,
	.prepare_batch = snap_x86_64_prepare_batch,
	.syscall_result = snap_x86_64_syscall_result,
	.set_pc = snap_x86_64_set_pc,
	.set_sp = snap_x86_64_set_sp,
	.sigframe_size = snap_x86_64_sigframe_size,
	.sigframe_encode = snap_x86_64_sigframe_encode,
	.sigframe_decode = snap_x86_64_sigframe_decode,
	.prepare_sigreturn = snap_x86_64_prepare_sigreturn,
	.compare = snap_x86_64_compare,
	.scrub = snap_x86_64_scrub,
	.check_thread = snap_x86_64_check_thread,
	.rules = snap_x86_64_rules,
	.nr_rules = X86_NR_RULES,
	.needs = snap_x86_64_needs,
	.is_same_layout = snap_x86_64_is_same_layout,
	.relayout = snap_x86_64_relayout,
	.foreign = &snap_x86_64_foreign,
	.vdso = &snap_x86_64_vdso,
	.probe = PROBE,
};
