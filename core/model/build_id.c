// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/build_id.h"

#include <elfutils/libdwelf.h>
#include <gelf.h>
#include <libelf.h>
#include <string.h>

static void end_elf(Elf **elf)
{
	elf_end(*elf);
}

static uint8_t copy_id(const void *id, size_t size, uint8_t ret[SNAP_BUILD_ID_SIZE])
{
	if (size > SNAP_BUILD_ID_SIZE)
		size = SNAP_BUILD_ID_SIZE;
	memcpy(ret, id, size);
	return (uint8_t)size;
}

/** The build-id in one note segment. */
static uint8_t find_in_notes(Elf *elf, const GElf_Phdr *segment,
			     uint8_t ret[SNAP_BUILD_ID_SIZE])
{
	Elf_Data *data =
		elf_getdata_rawchunk(elf, (int64_t)segment->p_offset, segment->p_filesz,
				     segment->p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
	GElf_Nhdr note;
	size_t name, desc;
	for (size_t at = 0; data && (at = gelf_getnote(data, at, &note, &name, &desc));)
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof("GNU") &&
		    !memcmp((const char *)data->d_buf + name, "GNU", sizeof("GNU")))
			return copy_id((const char *)data->d_buf + desc, note.n_descsz,
				       ret);
	return 0;
}

uint8_t snap_build_id_of_memory(const uint8_t *head, size_t size,
				uint8_t ret[SNAP_BUILD_ID_SIZE])
{
	if (size < SELFMAG || memcmp(head, ELFMAG, SELFMAG))
		return 0;
	elf_version(EV_CURRENT);
	_cleanup_(end_elf) Elf *elf = elf_memory((char *)(uintptr_t)head, size);
	size_t nr = 0;
	if (!elf || elf_getphdrnum(elf, &nr) < 0)
		return 0;
	for (size_t i = 0; i < nr; i++) {
		GElf_Phdr segment;
		if (!gelf_getphdr(elf, (int)i, &segment))
			return 0;
		uint8_t found =
			segment.p_type == PT_NOTE && segment.p_offset < size &&
					segment.p_filesz <= size - segment.p_offset
				? find_in_notes(elf, &segment, ret)
				: 0;
		if (found)
			return found;
	}
	return 0;
}

uint8_t snap_build_id_of_file(int fd, uint8_t ret[SNAP_BUILD_ID_SIZE])
{
	elf_version(EV_CURRENT);
	_cleanup_(end_elf) Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	const void *id;
	ssize_t size = elf ? dwelf_elf_gnu_build_id(elf, &id) : 0;
	return size > 0 ? copy_id(id, (size_t)size, ret) : 0;
}
