// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/headers.h"

#include <libelf.h>
#include <string.h>

#include "core/image/format.h"

/** PN_XNUM and above do not fit into e_phnum: section 0 has the number (gABI). */
static bool has_section(size_t nr_headers)
{
	return nr_headers >= PN_XNUM;
}

uint64_t snap_headers_size(size_t nr_segments)
{
	uint64_t nr_headers = (uint64_t)nr_segments + 1;
	return sizeof(Elf64_Ehdr) + nr_headers * sizeof(Elf64_Phdr) +
	       (has_section(nr_headers) ? sizeof(Elf64_Shdr) : 0);
}

/** Append what is in memory as it is in a file. */
static snap_err put(struct snap_buffer *ret, Elf_Type type, void *data, size_t size,
		    unsigned encoding)
{
	uint8_t *place;
	SNAP_TRY(snap_buffer_extend(ret, size, &place));
	Elf_Data to = { .d_buf = place, .d_size = size, .d_version = EV_CURRENT };
	const Elf_Data from = {
		.d_buf = data, .d_size = size, .d_type = type, .d_version = EV_CURRENT
	};
	if (!elf64_xlatetof(&to, &from, encoding))
		return snap_error_create(SNAP_ERROR_INVALID,
					 "the headers of the image cannot be made: %s",
					 elf_errmsg(-1));
	return SNAP_OK;
}

static snap_err put_file_header(const struct snap_arch *arch, size_t nr_headers,
				struct snap_buffer *ret)
{
	bool section = has_section(nr_headers);
	Elf64_Ehdr header = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, arch->elf_class,
			     arch->elf_data, EV_CURRENT, ELFOSABI_NONE },
		.e_type = ET_CORE,
		.e_machine = arch->elf_machine,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(Elf64_Ehdr),
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = section ? PN_XNUM : (Elf64_Half)nr_headers,
	};
	if (section) {
		header.e_shoff = sizeof(Elf64_Ehdr) + nr_headers * sizeof(Elf64_Phdr);
		header.e_shentsize = sizeof(Elf64_Shdr);
		header.e_shnum = 1;
	}
	return put(ret, ELF_T_EHDR, &header, sizeof(header), arch->elf_data);
}

static snap_err put_segment(const struct snap_snapshot *snapshot,
			    const struct snap_segment *segment, uint64_t memory_offset,
			    struct snap_buffer *ret)
{
	Elf64_Phdr header = {
		.p_type = PT_LOAD,
		.p_flags = segment->flags,
		.p_offset = memory_offset + segment->offset,
		.p_vaddr = segment->start,
		.p_filesz = segment->is_in_file ? segment->size : 0,
		.p_memsz = segment->size,
		.p_align = snapshot->page_size,
	};
	return put(ret, ELF_T_PHDR, &header, sizeof(header), snapshot->arch->elf_data);
}

/**
 * As the kernel's own cores have the tags of memory (Linux,
 * Documentation/arch/arm64/memory-tagging-extension.rst), but that they lie in our
 * note.
 */
static snap_err put_tags(const struct snap_snapshot *snapshot,
			 const struct snap_tag_run *run, uint64_t offset,
			 struct snap_buffer *ret)
{
	uint64_t size = run->end - run->start;
	Elf64_Phdr header = {
		.p_type = snapshot->arch->memory_tags->segment_type,
		.p_offset = offset,
		.p_vaddr = run->start,
		.p_filesz = snap_tags_size(snapshot->tags.granule, size),
		.p_memsz = size,
	};
	return put(ret, ELF_T_PHDR, &header, sizeof(header), snapshot->arch->elf_data);
}

snap_err snap_headers_put(const struct snap_snapshot *snapshot,
			  const struct snap_layout *layout, uint64_t notes_size,
			  uint64_t memory_offset, const uint64_t *tags_offsets,
			  struct snap_buffer *ret)
{
	const struct snap_arch *arch = snapshot->arch;
	elf_version(EV_CURRENT);
	const struct snap_tags *tags = &snapshot->tags;
	size_t nr_segments = layout->nr_segments + tags->nr;
	size_t nr_headers = nr_segments + 1;
	SNAP_TRY(put_file_header(arch, nr_headers, ret));
	Elf64_Phdr notes = {
		.p_type = PT_NOTE,
		.p_offset = snap_headers_size(nr_segments),
		.p_filesz = notes_size,
		.p_align = 4,
	};
	SNAP_TRY(put(ret, ELF_T_PHDR, &notes, sizeof(notes), arch->elf_data));
	for (size_t i = 0; i < layout->nr_segments; i++)
		SNAP_TRY(put_segment(snapshot, &layout->segments[i], memory_offset,
				     ret));
	for (size_t i = 0; i < tags->nr; i++)
		SNAP_TRY(put_tags(snapshot, &tags->list[i],
				  notes.p_offset + tags_offsets[i], ret));
	if (!has_section(nr_headers))
		return SNAP_OK;
	// As fill_extnum_info in the kernel's fs/binfmt_elf.c.
	Elf64_Shdr section = {
		.sh_type = SHT_NULL,
		.sh_size = 1,
		.sh_info = (Elf64_Word)nr_headers,
	};
	return put(ret, ELF_T_SHDR, &section, sizeof(section), arch->elf_data);
}

/** The first bytes as a header of ELF-64, little endian: all that we write. */
static bool take(const uint8_t *bytes, Elf_Type type, void *data, size_t size)
{
	Elf_Data to = { .d_buf = data, .d_size = size, .d_version = EV_CURRENT };
	const Elf_Data from = { .d_buf = (void *)bytes,
				.d_size = size,
				.d_type = type,
				.d_version = EV_CURRENT };
	return elf64_xlatetom(&to, &from, ELFDATA2LSB);
}

snap_err snap_headers_find_notes(const uint8_t *bytes, uint64_t *ret_offset,
				 uint64_t *ret_size)
{
	elf_version(EV_CURRENT);
	Elf64_Ehdr header;
	Elf64_Phdr notes;
	if (!take(bytes, ELF_T_EHDR, &header, sizeof(header)) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG))
		return snap_error_create(SNAP_ERROR_CORRUPT, "it is not an ELF file");
	if (header.e_type != ET_CORE)
		return snap_error_create(SNAP_ERROR_CORRUPT, "it is not a core file");
	if (!take(bytes + sizeof(header), ELF_T_PHDR, &notes, sizeof(notes)) ||
	    notes.p_type != PT_NOTE)
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "it does not begin with notes");
	*ret_offset = notes.p_offset;
	*ret_size = notes.p_filesz;
	return SNAP_OK;
}
