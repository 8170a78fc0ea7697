// SPDX-License-Identifier: GPL-3.0-or-later
#include "arch/machine.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/utsname.h>
#include <xxhash.h>

#include "arch/arch.h"

/** Linux, include/uapi/linux/auxvec.h; older C libraries do not name all of them. */
static const struct {
	unsigned long type;
	const char *name;
} auxv[] = {
	{ 6, "auxv.pagesz" },  { 16, "auxv.hwcap" },     { 17, "auxv.clktck" },
	{ 26, "auxv.hwcap2" }, { 27, "auxv.rseq-size" }, { 28, "auxv.rseq-align" },
	{ 29, "auxv.hwcap3" }, { 30, "auxv.hwcap4" },    { 51, "auxv.minsigstksz" },
};

/**
 * The kernel's own vector: what getauxval(3) says on x86 of AT_HWCAP is glibc's idea of
 * it (elf/dl-hwcaps; it has put its own number there).
 */
static snap_err describe_auxv(struct snap_cpu *cpu)
{
	_cleanup_close_ int fd = open("/proc/self/auxv", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return snap_error_os(errno, "cannot open /proc/self/auxv");
	unsigned long pair[2];
	while (read(fd, pair, sizeof(pair)) == sizeof(pair))
		for (size_t i = 0; i < SNAP_ARRAY_SIZE(auxv); i++)
			if (pair[0] == auxv[i].type)
				SNAP_TRY(snap_cpu_set(cpu, auxv[i].name, pair[1]));
	const char *platform = (const char *)getauxval(AT_PLATFORM);
	return platform ? snap_cpu_set_text(cpu, "auxv.platform", platform) : SNAP_OK;
}

/** The vDSO is the same memory in all processes of a kernel: ours will do. */
static snap_err describe_vdso(struct snap_cpu *cpu)
{
	const uint8_t *base = (const uint8_t *)getauxval(AT_SYSINFO_EHDR);
	if (!base)
		return SNAP_OK;
	Elf64_Ehdr header;
	memcpy(&header, base, sizeof(header));
	for (size_t i = 0; i < header.e_phnum; i++) {
		Elf64_Phdr segment;
		memcpy(&segment, base + header.e_phoff + i * sizeof(segment),
		       sizeof(segment));
		if (segment.p_type != PT_LOAD)
			continue;
		XXH128_hash_t hash =
			XXH3_128bits(base + segment.p_offset, segment.p_filesz);
		char digest[2 * sizeof(hash) + 1];
		(void)snprintf(digest, sizeof(digest), "%016" PRIx64 "%016" PRIx64,
			       (uint64_t)hash.high64, (uint64_t)hash.low64);
		return snap_cpu_set_text(cpu, "vdso.digest", digest);
	}
	return SNAP_OK;
}

snap_err snap_machine_describe(struct snap_cpu *ret)
{
	const struct snap_arch *arch = snap_arch_host();
	if (!arch)
		return snap_error_create(SNAP_ERROR_UNSUPPORTED,
					 "this machine's CPU is of no architecture "
					 "that this build knows");
	_cleanup_cpu_ struct snap_cpu cpu = { 0 };
	SNAP_TRY(arch->probe(&cpu));
	struct utsname kernel;
	if (uname(&kernel))
		return snap_error_os(errno, "cannot ask for the kernel's release");
	SNAP_TRY(snap_cpu_set_text(&cpu, "kernel", kernel.release));
	SNAP_TRY(describe_auxv(&cpu));
	SNAP_TRY(describe_vdso(&cpu));
	*ret = cpu;
	cpu = (struct snap_cpu){ 0 };
	return SNAP_OK;
}

snap_err snap_machine_recall(const struct snap_cpu *known, struct snap_cpu *ret)
{
	return known && known->nr_items ? snap_cpu_copy(known, ret)
					: snap_machine_describe(ret);
}
