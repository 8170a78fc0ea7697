// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What this machine's CPU is. The one file of this folder that may ask which CPU it is
 * compiled for; so the architecture's table stands here, which tells the answer.
 */
#include "arch/ppc64le/ppc64le.h"

#include <elf.h>

#if defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)

#	include <stdio.h>
#	include <string.h>
#	include <sys/auxv.h>
#	include <sys/mman.h>
#	include <sys/prctl.h>
#	include <sys/syscall.h>

static void close_file(FILE *const *file)
{
	if (*file)
		(void)fclose(*file);
}

/** The rest of a line of /proc/cpuinfo behind "KEY : ", without what is not its name.
 */
static const char *value_of(char *line, const char *key)
{
	size_t length = strlen(key);
	char *colon = strchr(line, ':');
	if (strncmp(line, key, length) != 0 || !colon || !strchr(" \t:", line[length]))
		return NULL;
	colon[1 + strcspn(colon + 1, ",(\n")] = '\0';
	colon += 1 + strspn(colon + 1, " ");
	for (size_t end = strlen(colon); end && colon[end - 1] == ' ';)
		colon[--end] = '\0';
	return colon;
}

/** "POWER9", and "Radix" or "Hash": texts that no instruction gives. */
static snap_err probe_names(struct snap_cpu *cpu)
{
	SNAP_TRY(snap_cpu_set_text(cpu, "arch", "ppc64le"));
	_cleanup_(close_file) FILE *file = fopen("/proc/cpuinfo", "re");
	char line[256];
	while (file && fgets(line, sizeof(line), file)) {
		const char *value = value_of(line, "cpu");
		if (value)
			SNAP_TRY(snap_cpu_set_text(cpu, "model-name", value));
		value = value_of(line, "MMU");
		if (value)
			SNAP_TRY(snap_cpu_set_text(cpu, "page-table", value));
	}
	return SNAP_OK;
}

static snap_err probe_features(struct snap_cpu *cpu)
{
	SNAP_TRY(snap_ppc64le_add_features(cpu, 1, getauxval(AT_HWCAP)));
	return snap_ppc64le_add_features(cpu, 2, getauxval(AT_HWCAP2));
}

/** Linux, include/uapi/linux/prctl.h. */
enum {
	GET_DEXCR = 72,
	DEXCR_NPHIE = 4,
};

/** What of the CPU the kernel gives to programs, and HWCAP does not tell. */
static snap_err probe_kernel(struct snap_cpu *cpu)
{
	SNAP_TRY(snap_cpu_set(cpu, "cache-block", getauxval(AT_DCACHEBSIZE)));
	if (prctl(GET_DEXCR, DEXCR_NPHIE, 0, 0, 0) >= 0)
		SNAP_TRY(snap_cpu_set(cpu, "dexcr", 1));
	long key = syscall(SYS_pkey_alloc, 0, 0);
	if (key < 0)
		return SNAP_OK;
	(void)syscall(SYS_pkey_free, key);
	return snap_cpu_set(cpu, "pkeys", 1);
}

/**
 * User addresses have 46 bits where pages have 4 KiB, and 52 where they have 64: 47 by
 * default, and the higher ones for who asks for one (Linux,
 * arch/powerpc/include/asm/task_size_64.h). Older kernels ended at 49.
 */
static snap_err probe_address_bits(struct snap_cpu *cpu)
{
	static const unsigned candidates[] = { 52, 49, 47 };
	size_t size = getauxval(AT_PAGESZ);
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(candidates); i++) {
		uint8_t *wanted = (uint8_t *)(UINT64_C(1) << (candidates[i] - 1));
		uint8_t *got = mmap(wanted, size, PROT_NONE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (got == MAP_FAILED)
			continue;
		munmap(got, size);
		if (got >= wanted)
			return snap_cpu_set(cpu, "address-bits", candidates[i]);
	}
	return snap_cpu_set(cpu, "address-bits", 46);
}

static snap_err probe(struct snap_cpu *ret)
{
	_cleanup_cpu_ struct snap_cpu cpu = { 0 };
	SNAP_TRY(probe_names(&cpu));
	SNAP_TRY(probe_features(&cpu));
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

const struct snap_arch snap_arch_ppc64le = {
	.name = "ppc64le",
	.elf_machine = EM_PPC64,
	.elf_class = ELFCLASS64,
	.elf_data = ELFDATA2LSB,
	.regsets = snap_ppc64le_regsets,
	.nr_regsets = SNAP_PPC64LE_NR_REGSETS,
	.registers = snap_ppc64le_registers,
	.nr_registers = PPC_NR_REGISTERS,
	.features = snap_ppc64le_offers,
	.nr_features = PPC_NR_FEATURES,
	.syscall_insn = { 0x02, 0x00, 0x00, 0x44 }, // sc
	.syscall_insn_size = 4,
	.insn_alignment = 4,
	.syscalls = snap_ppc64le_syscalls,
	// 288 bytes by the 64-bit ELF V2 ABI, 2.2.3.4; the kernel leaves 512 alone
	// (asm/ ptrace.h, USER_REDZONE_SIZE), which the ABI reserves for it.
	.red_zone = 512,
	.pc = snap_ppc64le_pc,
	.sp = snap_ppc64le_sp,
	.dwarf_register = snap_ppc64le_dwarf_register,
	.nr_dwarf_registers = PPC_NR_DWARF_REGISTERS,
	// __SIGNAL_FRAMESIZE (arch/powerpc/include/asm/ptrace.h).
	.trampoline = { .is_in_vdso = true, .dwarf_sp = 1, .to_frame = 128 },
	.is_native = snap_ppc64le_is_native,
	.check_live = snap_ppc64le_check_live,
	.needs_sets_first = snap_ppc64le_needs_sets_first,
	.rewind_syscall = snap_ppc64le_rewind_syscall,
	.reenter_syscall = snap_ppc64le_reenter_syscall,
	.sigreturn_bars_restart = true,
	.syscall_number = snap_ppc64le_syscall_number,
	.prepare_syscall = snap_ppc64le_prepare_syscall,
	.batch_code = snap_ppc64le_batch_code,
	.batch_code_size = PPC_BATCH_CODE_SIZE,
	.batch_end = PPC_BATCH_END,
	.prepare_batch = snap_ppc64le_prepare_batch,
	.syscall_result = snap_ppc64le_syscall_result,
	.set_pc = snap_ppc64le_set_pc,
	.set_sp = snap_ppc64le_set_sp,
	.sigframe_size = snap_ppc64le_sigframe_size,
	.sigframe_encode = snap_ppc64le_sigframe_encode,
	.sigframe_decode = snap_ppc64le_sigframe_decode,
	.prepare_sigreturn = snap_ppc64le_prepare_sigreturn,
	.compare = snap_ppc64le_compare,
	.scrub = snap_ppc64le_scrub,
	.check_thread = snap_ppc64le_check_thread,
	.rules = snap_ppc64le_rules,
	.nr_rules = PPC_NR_RULES,
	.needs = snap_ppc64le_needs,
	.is_same_layout = snap_ppc64le_is_same_layout,
	.relayout = snap_ppc64le_relayout,
	.foreign = &snap_ppc64le_foreign,
	.vdso = &snap_ppc64le_vdso,
	.probe = PROBE,
};
