// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Core files that others wrote, read as the ELF specification and Linux
 * (fs/binfmt_elf.c) have them, from a file that may be anything. All machines here are
 * 64-bit and little endian, and so are the machines that this runs on.
 */
#include "core/foreign/core.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>

#include "arch/arch.h"
#include "core/foreign/foreign.h"
#include "core/image/format.h"
#include "core/image/head.h"

/** The most program headers: Linux allows a process fewer mappings by far. */
#define MAX_HEADERS (UINT32_C(1) << 24)

/** Memory is read in pieces of this size, so that somebody can interrupt. */
#define PIECE_SIZE ((uint64_t)1 << 20)

struct core {
	int fd;
	uint64_t size;
	Elf64_Ehdr header;
	/** Owned. */
	Elf64_Phdr *segments;
	size_t nr_segments;
};

static void core_deinit(struct core *core)
{
	snap_close_cleanup(&core->fd);
	free(core->segments);
}

#define _cleanup_core_ _cleanup_(core_deinit)

static snap_err open_core(const char *path, struct core *core)
{
	core->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (core->fd < 0)
		return snap_error_os(errno, "cannot open it");
	struct stat st;
	if (fstat(core->fd, &st))
		return snap_error_os(errno, "cannot look at it");
	if (!S_ISREG(st.st_mode))
		return snap_error_create(SNAP_ERROR_INVALID,
					 "it is not a regular file");
	core->size = (uint64_t)st.st_size;
	return SNAP_OK;
}

/** A part of the file; one that is not in it is SNAP_ERROR_CORRUPT. */
static snap_err read_part(const struct core *core, void *to, uint64_t size,
			  uint64_t offset)
{
	uint64_t end;
	if (__builtin_add_overflow(offset, size, &end) || end > core->size)
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "it ends at byte %llu, and has something at "
					 "byte %llu: it was cut short",
					 (unsigned long long)core->size,
					 (unsigned long long)offset);
	return snap_file_read(core->fd, to, (size_t)size, offset);
}

/** How many program headers there are; PN_XNUM: section 0 has the number (gABI). */
static snap_err count_segments(const struct core *core, uint32_t *ret)
{
	*ret = core->header.e_phnum;
	if (*ret != PN_XNUM)
		return SNAP_OK;
	Elf64_Shdr section;
	SNAP_TRY(read_part(core, &section, sizeof(section), core->header.e_shoff));
	*ret = section.sh_info;
	return SNAP_OK;
}

static snap_err read_headers(struct core *core)
{
	Elf64_Ehdr *header = &core->header;
	uint32_t nr;
	SNAP_TRY(read_part(core, header, sizeof(*header), 0));
	if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
	    header->e_ident[EI_CLASS] != ELFCLASS64 ||
	    header->e_ident[EI_DATA] != ELFDATA2LSB || header->e_type != ET_CORE)
		return snap_error_create(SNAP_ERROR_INVALID,
					 "it is no core file of a 64-bit machine");
	SNAP_TRY(count_segments(core, &nr));
	if (header->e_phentsize != sizeof(*core->segments) || nr > MAX_HEADERS)
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "its program headers cannot be those of a "
					 "core file");
	uint64_t size = (uint64_t)nr * sizeof(*core->segments);
	if (size > core->size)
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "it is shorter than its program headers");
	core->segments = malloc(size ? size : 1);
	if (!core->segments)
		return &snap_enomem;
	core->nr_segments = nr;
	return read_part(core, core->segments, size, header->e_phoff);
}

static snap_err find_arch(const struct core *core, struct snap_snapshot *snapshot)
{
	snapshot->arch =
		snap_arch_by_elf(core->header.e_machine, core->header.e_ident[EI_CLASS],
				 core->header.e_ident[EI_DATA]);
	if (snapshot->arch && snapshot->arch->nr_regsets)
		return SNAP_OK;
	return snap_error_with_remedy(
		snap_error_create(SNAP_ERROR_UNSUPPORTED,
				  "it is of a CPU that this build does not know (ELF "
				  "machine %u)",
				  core->header.e_machine),
		"use a newer gdb-snapshot");
}

static snap_err take_mapping(struct snap_snapshot *snapshot, const Elf64_Phdr *segment)
{
	struct snap_vmas *vmas = &snapshot->vmas;
	uint64_t behind = vmas->nr ? vmas->list[vmas->nr - 1].end : 0;
	uint64_t end;
	if (!segment->p_memsz)
		return SNAP_OK;
	if (segment->p_vaddr < behind ||
	    (segment->p_vaddr | segment->p_memsz) % SNAP_PAGE_SIZE ||
	    __builtin_add_overflow(segment->p_vaddr, segment->p_memsz, &end))
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "its mapping at 0x%llx cannot be one",
					 (unsigned long long)segment->p_vaddr);
	struct snap_vma vma = {
		.start = segment->p_vaddr,
		.end = end,
		.prot = (segment->p_flags & PF_R ? SNAP_VMA_READ : 0) |
			(segment->p_flags & PF_W ? SNAP_VMA_WRITE : 0) |
			(segment->p_flags & PF_X ? SNAP_VMA_EXEC : 0),
		.name = strdup(""),
	};
	return vma.name ? snap_vmas_append(vmas, &vma) : &snap_enomem;
}

static snap_err take_mappings(const struct core *core, struct snap_snapshot *snapshot)
{
	for (size_t i = 0; i < core->nr_segments; i++)
		if (core->segments[i].p_type == PT_LOAD)
			SNAP_TRY(take_mapping(snapshot, &core->segments[i]));
	return SNAP_OK;
}

static snap_err take_notes(const struct core *core, const Elf64_Phdr *segment,
			   struct snap_snapshot *snapshot)
{
	if (segment->p_filesz > SNAP_HEAD_MAX || segment->p_filesz > core->size)
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "its notes are larger than notes can be");
	_cleanup_free_ uint8_t *notes = malloc(segment->p_filesz + 1);
	if (!notes)
		return &snap_enomem;
	SNAP_TRY(read_part(core, notes, segment->p_filesz, segment->p_offset));
	return snap_core_take_notes(snapshot, notes, segment->p_filesz);
}

/** As much memory as the file has; a core file may have been cut to a limit. */
static snap_err read_segment(const struct core *core, const Elf64_Phdr *segment,
			     const struct snap_progress *progress, uint64_t *done,
			     uint64_t total, struct snap_memory *memory)
{
	uint64_t size = segment->p_filesz / SNAP_PAGE_SIZE * SNAP_PAGE_SIZE;
	for (uint64_t at = 0; at < size; at += PIECE_SIZE) {
		uint64_t piece = size - at < PIECE_SIZE ? size - at : PIECE_SIZE;
		uint8_t *bytes;
		SNAP_TRY(snap_memory_append(memory, segment->p_vaddr + at, piece,
					    &bytes));
		SNAP_TRY(read_part(core, bytes, piece, segment->p_offset + at));
		*done += piece;
		SNAP_TRY(snap_progress_report(progress, "Reading the core file", *done,
					      total));
	}
	return SNAP_OK;
}

static snap_err check_segment(const struct core *core, const Elf64_Phdr *segment,
			      uint64_t *total)
{
	uint64_t end;
	if (segment->p_filesz > segment->p_memsz ||
	    __builtin_add_overflow(segment->p_offset, segment->p_filesz, &end) ||
	    __builtin_add_overflow(*total, segment->p_filesz, total))
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "its memory at 0x%llx cannot be there",
					 (unsigned long long)segment->p_vaddr);
	return end <= core->size
		       ? SNAP_OK
		       : snap_error_create(SNAP_ERROR_CORRUPT,
					   "it has %llu bytes instead of %llu: it was "
					   "cut short",
					   (unsigned long long)core->size,
					   (unsigned long long)end);
}

static snap_err read_memory(const struct core *core,
			    const struct snap_progress *progress,
			    struct snap_memory *memory)
{
	uint64_t total = 0, done = 0;
	for (size_t i = 0; i < core->nr_segments; i++)
		if (core->segments[i].p_type == PT_LOAD)
			SNAP_TRY(check_segment(core, &core->segments[i], &total));
	// Segments may lie on each other: then there is more than the file has.
	struct sysinfo machine;
	if (!sysinfo(&machine) &&
	    total / machine.mem_unit >= machine.totalram + machine.totalswap)
		return snap_error_create(
			SNAP_ERROR_REFUSED,
			"it holds %llu bytes of memory, more than this "
			"machine has",
			(unsigned long long)total);
	for (size_t i = 0; i < core->nr_segments; i++)
		if (core->segments[i].p_type == PT_LOAD)
			SNAP_TRY(read_segment(core, &core->segments[i], progress, &done,
					      total, memory));
	snap_memory_trim(memory);
	return SNAP_OK;
}

static snap_err read_core(const char *path, const struct snap_progress *progress,
			  struct snap_snapshot **ret)
{
	_cleanup_core_ struct core core = { .fd = -1 };
	_cleanup_snapshot_ struct snap_snapshot *snapshot = NULL;
	SNAP_TRY(open_core(path, &core));
	SNAP_TRY(read_headers(&core));
	SNAP_TRY(snap_foreign_create(&snapshot));
	SNAP_TRY(find_arch(&core, snapshot));
	SNAP_TRY(take_mappings(&core, snapshot));
	for (size_t i = 0; i < core.nr_segments; i++)
		if (core.segments[i].p_type == PT_NOTE)
			SNAP_TRY(take_notes(&core, &core.segments[i], snapshot));
	SNAP_TRY(snap_core_finish(snapshot));
	SNAP_TRY(read_memory(&core, progress, &snapshot->memory));
	SNAP_TRY(snap_core_identify_files(snapshot));
	*ret = snap_take(snapshot);
	return SNAP_OK;
}

snap_err snap_foreign_read_core(const char *path, const struct snap_progress *progress,
				struct snap_snapshot **ret)
{
	snap_err error = read_core(path, progress, ret);
	return error ? snap_error_prefix(error, "%s", path) : SNAP_OK;
}
