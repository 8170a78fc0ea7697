// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/unwind/modules.h"

#include <fcntl.h>
#include <gelf.h>
#include <string.h>

#include "arch/arch.h"
#include "core/unwind/vdso.h"

/** As for files: more than any program's backtraces cross. */
#define MAX_MODULES 1024

static void module_destroy(struct snap_module *module)
{
	if (!module)
		return;
	snap_lines_deinit(&module->lines);
	free(module);
}

static void module_cleanup(struct snap_module **module)
{
	module_destroy(*module);
}

void snap_modules_deinit(struct snap_modules *modules)
{
	for (size_t i = 0; i < modules->nr; i++)
		module_destroy(modules->list[i]);
	free(modules->list);
	*modules = (struct snap_modules){ 0 };
}

const char *snap_module_short_name(const struct snap_module *module)
{
	const char *slash = strrchr(module->vma->name, '/');
	return slash ? slash + 1 : module->vma->name;
}

static bool fits_arch(Elf *elf, const struct snap_arch *arch)
{
	GElf_Ehdr header;
	return gelf_getehdr(elf, &header) && header.e_machine == arch->elf_machine &&
	       header.e_ident[EI_CLASS] == arch->elf_class &&
	       header.e_ident[EI_DATA] == arch->elf_data &&
	       (header.e_type == ET_EXEC || header.e_type == ET_DYN);
}

static bool is_fixed(Elf *elf)
{
	GElf_Ehdr header;
	return gelf_getehdr(elf, &header) && header.e_type == ET_EXEC;
}

/** Where a file was loaded. */
struct placement {
	/** What memory's addresses are greater by than the file's. */
	uint64_t bias;
	/** Its first and its last segment, in memory. */
	uint64_t start;
	uint64_t end;
};

/**
 * Whether an executable segment is what the mapping shows.
 *
 * @param page_size By which the kernel maps files.
 * @param[out] ret_bias Set when it is.
 */
static bool explains(const GElf_Phdr *segment, const struct snap_vma *vma,
		     uint64_t page_size, uint64_t *ret_bias)
{
	if (!(segment->p_flags & PF_X) ||
	    segment->p_filesz > UINT64_MAX - segment->p_offset ||
	    vma->offset < snap_page_down(segment->p_offset, page_size) ||
	    vma->offset >= segment->p_offset + segment->p_filesz)
		return false;
	*ret_bias = vma->start - vma->offset + segment->p_offset - segment->p_vaddr;
	return true;
}

/**
 * Find out where the file was loaded from where its code lies.
 *
 * @return false when no segment explains the mapping, or when the file as placed would
 *	not cover it: nobody loaded it there.
 */
static bool place(Elf *elf, const struct snap_vma *vma, uint64_t page_size,
		  struct placement *ret)
{
	size_t nr;
	if (elf_getphdrnum(elf, &nr) < 0)
		return false;
	bool is_found = false, is_first = true;
	uint64_t low = 0, high = 0;
	for (size_t i = 0; i < nr; i++) {
		GElf_Phdr segment;
		if (!gelf_getphdr(elf, (int)i, &segment))
			return false;
		if (segment.p_type != PT_LOAD)
			continue;
		// The range that dwfl_report_elf() will work out.
		if (is_first)
			low = segment.p_vaddr & -segment.p_align;
		is_first = false;
		high = segment.p_vaddr + segment.p_memsz;
		is_found = is_found || explains(&segment, vma, page_size, &ret->bias);
	}
	if (!is_found || (is_fixed(elf) && ret->bias))
		return false;
	ret->start = low + ret->bias;
	ret->end = high + ret->bias;
	return ret->start <= vma->start && vma->start < ret->end;
}

/** A module of libdwfl that has an address in common with a range, or NULL. */
static Dwfl_Module *find_overlap(const struct snap_modules *modules,
				 const struct placement *range)
{
	for (size_t i = 0; i < modules->nr; i++) {
		Dwfl_Module *module = modules->list[i]->dwfl;
		Dwarf_Addr start = 0, end = 0;
		if (module)
			dwfl_module_info(module, NULL, &start, &end, NULL, NULL, NULL,
					 NULL);
		if (start < range->end && range->start < end)
			return module;
	}
	return NULL;
}

/**
 * The module of a file where it was placed; NULL: it would overlap another, and
 * libdwfl's table of addresses is not made for that.
 *
 * @param fd Taken over, also on failure.
 */
static Dwfl_Module *report(const struct snap_modules *modules,
			   const struct snap_vma *vma, const char *path, int fd,
			   const struct placement *range)
{
	_cleanup_close_ int guarded = fd;
	Dwfl_Module *module = find_overlap(modules, range);
	if (module) {
		// Code whose mapping was split, by mprotect(2) for one.
		Dwarf_Addr start;
		const char *name = dwfl_module_info(module, NULL, &start, NULL, NULL,
						    NULL, NULL, NULL);
		return start == range->start && !strcmp(name, vma->name) ? module
									 : NULL;
	}
	module = dwfl_report_elf(modules->dwfl, vma->name, path, guarded, range->bias,
				 true);
	if (module)
		guarded = -1;
	return module;
}

/** Make the module usable if the file fits. Takes over `fd`. */
static void load(struct snap_modules *modules, struct snap_module *module, Elf *elf,
		 const char *path, int fd)
{
	_cleanup_close_ int guarded = fd;
	struct placement range;
	module->state = SNAP_MODULE_UNFIT;
	if (guarded < 0 || !fits_arch(elf, modules->snapshot->arch) ||
	    !place(elf, module->vma, modules->snapshot->page_size, &range))
		return;
	module->dwfl =
		report(modules, module->vma, path, snap_take_fd(guarded), &range);
	if (module->dwfl)
		module->state = SNAP_MODULE_USABLE;
}

static void load_vdso(struct snap_modules *modules, struct snap_module *module)
{
	module->state = SNAP_MODULE_VDSO;
	int fd = snap_unwind_open_vdso(module->vma);
	if (fd < 0)
		return;
	Elf *elf = elf_begin(fd, ELF_C_READ_MMAP_PRIVATE, NULL);
	load(modules, module, elf, module->vma->name, fd);
	elf_end(elf);
}

static snap_err load_file(struct snap_modules *modules, struct snap_module *module)
{
	const struct snap_file *file;
	SNAP_TRY(snap_files_get(modules->files, module->vma, &file));
	switch (file->state) {
	case SNAP_FILE_GONE:
		module->state = SNAP_MODULE_FILE_GONE;
		break;
	case SNAP_FILE_CHANGED:
		module->state = SNAP_MODULE_FILE_CHANGED;
		break;
	case SNAP_FILE_TOO_MANY:
		module->state = SNAP_MODULE_TOO_MANY;
		break;
	case SNAP_FILE_USABLE:
		load(modules, module, file->elf, file->path,
		     fcntl(file->fd, F_DUPFD_CLOEXEC, 0));
		break;
	}
	return SNAP_OK;
}

bool snap_module_is_vdso(const struct snap_module *module)
{
	return !strcmp(module->vma->name, "[vdso]");
}

static snap_err load_module(struct snap_modules *modules, struct snap_module *module)
{
	if (snap_vma_is_file(module->vma))
		return load_file(modules, module);
	if (snap_module_is_vdso(module))
		load_vdso(modules, module);
	else
		module->state = SNAP_MODULE_ANONYMOUS;
	return SNAP_OK;
}

static snap_err append(struct snap_modules *modules, struct snap_module *module)
{
	struct snap_module **list =
		reallocarray(modules->list, modules->nr + 1, sizeof(*list));
	if (!list)
		return &snap_enomem;
	modules->list = list;
	list[modules->nr++] = module;
	return SNAP_OK;
}

snap_err snap_modules_find(struct snap_modules *modules, uint64_t address,
			   struct snap_module **ret)
{
	const struct snap_vma *vma = snap_vmas_find(&modules->snapshot->vmas, address);
	*ret = NULL;
	if (!vma || !(vma->prot & SNAP_VMA_EXEC))
		return SNAP_OK;
	for (size_t i = 0; i < modules->nr; i++)
		if (modules->list[i]->vma == vma) {
			*ret = modules->list[i];
			return SNAP_OK;
		}

	_cleanup_(module_cleanup) struct snap_module *module =
		calloc(1, sizeof(*module));
	if (!module)
		return &snap_enomem;
	module->vma = vma;
	module->state = SNAP_MODULE_TOO_MANY;
	if (modules->nr < MAX_MODULES)
		SNAP_TRY(load_module(modules, module));
	SNAP_TRY(append(modules, module));
	*ret = snap_take(module);
	return SNAP_OK;
}
