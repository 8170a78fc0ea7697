// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What this machine's CPU is. The one file of this folder that may ask which CPU it is
 * compiled for; so the architecture's table stands here, which tells the answer.
 */
#include "arch/aarch64/aarch64.h"

#include <elf.h>

#if defined(__aarch64__)

#	include <errno.h>
#	include <fcntl.h>
#	include <stdio.h>
#	include <sys/mman.h>
#	include <sys/prctl.h>
#	include <unistd.h>

/** Linux, include/uapi/linux/prctl.h; the SME ones are newer than many C libraries. */
enum {
	SVE_SET_VL = 50,
	SVE_GET_VL = 51,
	SME_SET_VL = 63,
	SME_GET_VL = 64,
};

/** In what the GET calls say: the length, and that children inherit it. */
#	define VL_MASK    0xffffL
#	define VL_INHERIT 0x20000L

/** The kernel's words about its CPUs; 0 where it says nothing. */
static snap_err read_words(uint64_t ret[ARM64_NR_WORDS])
{
	_cleanup_close_ int fd = open("/proc/self/auxv", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return snap_error_os(errno, "cannot open /proc/self/auxv");
	uint64_t pair[2];
	while (read(fd, pair, sizeof(pair)) == sizeof(pair))
		for (size_t i = 0; i < ARM64_NR_WORDS; i++)
			if (pair[0] == snap_aarch64_words[i])
				ret[i] = pair[1];
	return SNAP_OK;
}

static snap_err probe_features(struct snap_cpu *cpu)
{
	uint64_t words[ARM64_NR_WORDS] = { 0 };
	SNAP_TRY(read_words(words));
	for (unsigned i = 0; i < ARM64_NR_WORDS; i++)
		SNAP_TRY(snap_aarch64_add_features(cpu, i, words[i]));
	return SNAP_OK;
}

/**
 * Which vector lengths there are: the kernel gives the longest one that is not longer
 * than what is asked for. It forgets vectors at each of these calls, as at any.
 */
static snap_err probe_lengths(struct snap_cpu *cpu, const char *item, int get, int set)
{
	long before = prctl(get, 0, 0, 0, 0);
	if (before < 0)
		return SNAP_OK;
	uint64_t lengths = 0;
	for (long vl = 16; vl <= ARM64_MAX_VL; vl += 16)
		if ((prctl(set, vl, 0, 0, 0) & VL_MASK) == vl)
			lengths |= UINT64_C(1) << (vl / 16 - 1);
	if (prctl(set, before & (VL_MASK | VL_INHERIT), 0, 0, 0) < 0)
		return snap_error_os(errno, "cannot set the vector length back");
	return snap_cpu_set(cpu, item, lengths);
}

#	define READ_ID(name)                                             \
		({                                                        \
			uint64_t value_;                                  \
			__asm__ volatile("mrs %0, " name : "=r"(value_)); \
			value_;                                           \
		})

/**
 * The registers that identify a CPU, as the kernel shows them to programs (Linux,
 * Documentation/arch/arm64/cpu-feature-registers.rst).
 *
 * What signs pointers is one of three algorithms: QARMA5 (bits 7:4 of
 * ID_AA64ISAR1_EL1), the maker's own (11:8) or QARMA3 (15:12 of ID_AA64ISAR2_EL1).
 */
static snap_err probe_identity(struct snap_cpu *cpu)
{
	if (!snap_cpu_get(cpu, "cpuid", 0))
		return SNAP_OK;
	SNAP_TRY(snap_cpu_set(cpu, "midr", READ_ID("S3_0_C0_C0_0")));
	uint64_t isar1 = READ_ID("S3_0_C0_C6_1");
	uint64_t isar2 = READ_ID("S3_0_C0_C6_2");
	if (!snap_cpu_get(cpu, "paca", 0))
		return SNAP_OK;
	const char *algorithm = "QARMA5";
	if (isar1 >> 8 & 0xf)
		algorithm = "implementation defined";
	else if (isar2 >> 12 & 0xf)
		algorithm = "QARMA3";
	return snap_cpu_set_text(cpu, "pac.algorithm", algorithm);
}

/** What programs read themselves, without asking the kernel. */
static snap_err probe_registers(struct snap_cpu *cpu)
{
	uint64_t dczid = READ_ID("dczid_el0");
	// Bit 4: DC ZVA is prohibited.
	if (!(dczid & 0x10))
		SNAP_TRY(snap_cpu_set(cpu, "dc-zva.size", 4u << (dczid & 0xf)));
	SNAP_TRY(snap_cpu_set(cpu, "cache.type", READ_ID("ctr_el0")));
	return snap_cpu_set(cpu, "timer.frequency", READ_ID("cntfrq_el0"));
}

/**
 * Addresses of user memory have 48 bits, or 52, which the kernel gives out to who asks
 * for one (Linux, Documentation/arch/arm64/memory.rst).
 */
static snap_err probe_address_bits(struct snap_cpu *cpu)
{
	void *wanted = (void *)(UINT64_C(1) << 48);
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	void *got = mmap(wanted, size, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	bool is_high = got != MAP_FAILED && got >= wanted;
	if (got != MAP_FAILED)
		munmap(got, size);
	return snap_cpu_set(cpu, "address-bits", is_high ? 52 : 48);
}

/** Which bits of a pointer hold its signature: what XPACD takes away. */
static snap_err probe_pac_mask(struct snap_cpu *cpu)
{
	if (!snap_cpu_get(cpu, "paca", 0))
		return SNAP_OK;
	// All bits set but bit 55, by which XPAC tells user from kernel addresses.
	register uint64_t value __asm__("x0") = ~(UINT64_C(1) << 55);
	// xpacd x0, spelled so that assemblers of any age take it.
	__asm__ volatile(".inst 0xdac147e0" : "+r"(value));
	return snap_cpu_set(cpu, "pac.mask", ~(UINT64_C(1) << 55) & ~value);
}

static snap_err probe(struct snap_cpu *ret)
{
	_cleanup_cpu_ struct snap_cpu cpu = { 0 };
	SNAP_TRY(snap_cpu_set_text(&cpu, "arch", "aarch64"));
	SNAP_TRY(probe_features(&cpu));
	SNAP_TRY(probe_lengths(&cpu, "sve.lengths", SVE_GET_VL, SVE_SET_VL));
	SNAP_TRY(probe_lengths(&cpu, "sme.lengths", SME_GET_VL, SME_SET_VL));
	SNAP_TRY(probe_identity(&cpu));
	SNAP_TRY(probe_registers(&cpu));
	SNAP_TRY(probe_pac_mask(&cpu));
	SNAP_TRY(probe_address_bits(&cpu));
	*ret = cpu;
	cpu = (struct snap_cpu){ 0 };
	return SNAP_OK;
}

#	define PROBE probe
#else
#	define PROBE NULL
#endif

const struct snap_arch snap_arch_aarch64 = {
	.name = "aarch64",
	.elf_machine = EM_AARCH64,
	.elf_class = ELFCLASS64,
	.elf_data = ELFDATA2LSB,
	.regsets = snap_aarch64_regsets,
	.nr_regsets = SNAP_AARCH64_NR_REGSETS,
	.registers = snap_aarch64_registers,
	.nr_registers = ARM64_NR_REGISTERS,
	.features = snap_aarch64_offers,
	.nr_features = ARM64_NR_FEATURES,
	.syscall_insn = { 0x01, 0x00, 0x00, 0xd4 },
	.syscall_insn_size = 4,
	.insn_alignment = 4,
	.syscalls = snap_aarch64_syscalls,
	.red_zone =
		0, // Procedure Call Standard for the Arm 64-bit Architecture, 6.4.5.1
	.memory_tags = &snap_aarch64_memory_tags,
	.pc = snap_aarch64_pc,
	.sp = snap_aarch64_sp,
	.dwarf_register = snap_aarch64_dwarf_register,
	.nr_dwarf_registers = ARM64_NR_DWARF_REGISTERS,
	.signature_bits = snap_aarch64_signature_bits,
	.trampoline = { .is_in_vdso = true, .dwarf_sp = 31 },
	.is_native = snap_aarch64_is_native,
	.locate_component = snap_aarch64_locate_component,
	.identify_syscall = snap_aarch64_identify_syscall,
	.rewinds_early = true,
	.syscall_regset = SNAP_AARCH64_CALL,
	.shadow_stack_regset = SNAP_AARCH64_GCS,
	.rewind_syscall = snap_aarch64_rewind_syscall,
	.reenter_syscall = snap_aarch64_reenter_syscall,
	.syscall_number = snap_aarch64_syscall_number,
	.prepare_syscall = snap_aarch64_prepare_syscall,
	.batch_code = snap_aarch64_batch_code,
	.batch_code_size = ARM64_BATCH_CODE_SIZE,
	.batch_end = ARM64_BATCH_END,
	.prepare_batch = snap_aarch64_prepare_batch,
	.syscall_result = snap_aarch64_syscall_result,
	.set_pc = snap_aarch64_set_pc,
	.set_sp = snap_aarch64_set_sp,
	.sigframe_size = snap_aarch64_sigframe_size,
	.sigframe_encode = snap_aarch64_sigframe_encode,
	.sigframe_decode = snap_aarch64_sigframe_decode,
	.prepare_sigreturn = snap_aarch64_prepare_sigreturn,
	.compare = snap_aarch64_compare,
	.scrub = snap_aarch64_scrub,
	.check_thread = snap_aarch64_check_thread,
	.rules = snap_aarch64_rules,
	.nr_rules = ARM64_NR_RULES,
	.needs = snap_aarch64_needs,
	.is_same_layout = snap_aarch64_is_same_layout,
	.relayout = snap_aarch64_relayout,
	.foreign = &snap_aarch64_foreign,
	.vdso = &snap_aarch64_vdso,
	.probe = PROBE,
};
