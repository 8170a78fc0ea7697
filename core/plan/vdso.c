// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/plan/vdso.h"

#include <elf.h>
#include <inttypes.h>
#include <string.h>

/** More than any kernel has by far. */
#define MAX_FUNCTIONS 256

/** A function of a vdso, at an offset that lies in it. */
struct function {
	/** Not owned. */
	const char *name;
	uint64_t offset;
	uint64_t size;
};

struct functions {
	struct function list[MAX_FUNCTIONS];
	size_t nr;
};

_must_check_ static snap_err corrupt(void)
{
	return snap_error_create(SNAP_ERROR_CORRUPT,
				 "the vdso, which the kernel maps into every process, "
				 "has no list of functions that can be read");
}

/** Whether a part of it is there. */
static bool has(const struct snap_vdso *vdso, uint64_t offset, uint64_t size)
{
	return offset <= vdso->size && size <= vdso->size - offset;
}

static bool read_part(const struct snap_vdso *vdso, uint64_t offset, void *ret,
		      size_t size)
{
	if (!has(vdso, offset, size))
		return false;
	memcpy(ret, vdso->bytes + offset, size);
	return true;
}

/** Addresses count from that of the first segment, which older kernels do not put at 0.
 */
static bool find_base(const struct snap_vdso *vdso, const Elf64_Ehdr *header,
		      uint64_t *ret)
{
	for (size_t i = 0; i < header->e_phnum; i++) {
		Elf64_Phdr segment;
		if (!read_part(vdso, header->e_phoff + i * sizeof(segment), &segment,
			       sizeof(segment)))
			return false;
		if (segment.p_type != PT_LOAD)
			continue;
		*ret = segment.p_vaddr;
		return true;
	}
	return false;
}

/** @param ret_names The section with the names. */
static bool find_symbols(const struct snap_vdso *vdso, const Elf64_Ehdr *header,
			 Elf64_Shdr *ret, Elf64_Shdr *ret_names)
{
	for (size_t i = 0; i < header->e_shnum; i++)
		if (read_part(vdso, header->e_shoff + i * sizeof(*ret), ret,
			      sizeof(*ret)) &&
		    ret->sh_type == SHT_DYNSYM)
			return ret->sh_link < header->e_shnum &&
			       read_part(vdso,
					 header->e_shoff +
						 ret->sh_link * sizeof(*ret_names),
					 ret_names, sizeof(*ret_names)) &&
			       has(vdso, ret->sh_offset, ret->sh_size) &&
			       has(vdso, ret_names->sh_offset, ret_names->sh_size);
	return false;
}

static bool is_function(const Elf64_Sym *symbol)
{
	return ELF64_ST_TYPE(symbol->st_info) == STT_FUNC &&
	       symbol->st_shndx != SHN_UNDEF && symbol->st_shndx != SHN_ABS;
}

static bool add(const struct snap_vdso *vdso, const Elf64_Sym *symbol,
		const Elf64_Shdr *names, uint64_t base, struct functions *ret)
{
	uint64_t offset = symbol->st_value - base;
	const char *name = (const char *)vdso->bytes + names->sh_offset;
	if (symbol->st_name >= names->sh_size || ret->nr == MAX_FUNCTIONS ||
	    !memchr(name + symbol->st_name, 0, names->sh_size - symbol->st_name) ||
	    offset >= vdso->size || !has(vdso, offset, symbol->st_size))
		return false;
	ret->list[ret->nr++] = (struct function){
		.name = name + symbol->st_name,
		.offset = offset,
		.size = symbol->st_size,
	};
	return true;
}

static snap_err list_functions(const struct snap_vdso *vdso, struct functions *ret)
{
	Elf64_Ehdr header;
	Elf64_Shdr table, names;
	uint64_t base;
	ret->nr = 0;
	if (!vdso->size)
		return SNAP_OK;
	if (!read_part(vdso, 0, &header, sizeof(header)) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
	    header.e_phentsize != sizeof(Elf64_Phdr) ||
	    header.e_shentsize != sizeof(Elf64_Shdr) ||
	    !find_base(vdso, &header, &base) ||
	    !find_symbols(vdso, &header, &table, &names))
		return corrupt();
	for (uint64_t at = 0; at + sizeof(Elf64_Sym) <= table.sh_size;
	     at += sizeof(Elf64_Sym)) {
		Elf64_Sym symbol;
		memcpy(&symbol, vdso->bytes + table.sh_offset + at, sizeof(symbol));
		if (is_function(&symbol) && !add(vdso, &symbol, &names, base, ret))
			return corrupt();
	}
	return SNAP_OK;
}

/** What is known of a function. */
static struct snap_vdso_function know(const struct snap_vdso_code *code,
				      const char *name)
{
	for (size_t i = 0; i < code->nr_functions; i++)
		if (!strcmp(code->functions[i].name, name))
			return code->functions[i];
	return (struct snap_vdso_function){ .way = SNAP_VDSO_JUMP, .syscall = -1 };
}

static const struct function *find(const struct functions *functions, const char *name)
{
	for (size_t i = 0; i < functions->nr; i++)
		if (!strcmp(functions->list[i].name, name))
			return &functions->list[i];
	return NULL;
}

/** How many bytes there are before the next function begins; a second name is none. */
static uint64_t room_at(const struct snap_vdso *vdso, const struct functions *functions,
			uint64_t offset)
{
	uint64_t room = vdso->size - offset;
	for (size_t i = 0; i < functions->nr; i++)
		if (functions->list[i].offset > offset &&
		    functions->list[i].offset - offset < room)
			room = functions->list[i].offset - offset;
	return room;
}

/** One function on its way. */
struct redirection {
	const struct snap_vdso_code *code;
	const struct snap_vdso *present;
	struct functions of_image;
	struct functions of_present;
};

static snap_err redirect(const struct redirection *it, const struct snap_vdso *image,
			 const struct function *function, uint8_t *ret)
{
	struct snap_vdso_function known = know(it->code, function->name);
	const struct function *to = find(&it->of_present, function->name);
	bool jumps = known.way == SNAP_VDSO_JUMP && to;
	if (known.way == SNAP_VDSO_KEEP)
		return SNAP_OK;
	if (room_at(image, &it->of_image, function->offset) <
	    (jumps ? it->code->jump_size : it->code->call_size))
		return snap_error_create(
			SNAP_ERROR_REFUSED,
			"the function %.64s of the snapshot's vdso has no room to lead "
			"to that of this kernel",
			function->name);
	if (jumps)
		it->code->encode_jump(ret + function->offset,
				      it->present->start + to->offset);
	else
		it->code->encode_call(ret + function->offset, known.syscall);
	return SNAP_OK;
}

snap_err snap_vdso_redirect(const struct snap_arch *arch, const struct snap_vdso *image,
			    const struct snap_vdso *present, uint8_t *ret)
{
	struct redirection it = { .code = arch->vdso, .present = present };
	SNAP_TRY(list_functions(image, &it.of_image));
	SNAP_TRY(list_functions(present, &it.of_present));
	memcpy(ret, image->bytes, image->size);
	for (size_t i = 0; i < it.of_image.nr; i++)
		SNAP_TRY(redirect(&it, image, &it.of_image.list[i], ret));
	return SNAP_OK;
}

snap_err snap_vdso_may_continue(const struct snap_arch *arch,
				const struct snap_vdso *image, uint64_t address,
				bool *ret)
{
	struct functions functions;
	SNAP_TRY(list_functions(image, &functions));
	uint64_t offset = address - image->start;
	*ret = false;
	for (size_t i = 0; i < functions.nr; i++) {
		const struct function *function = &functions.list[i];
		bool is_kept = know(arch->vdso, function->name).way == SNAP_VDSO_KEEP &&
			       offset - function->offset < function->size;
		*ret = *ret || offset == function->offset || is_kept;
	}
	return SNAP_OK;
}
