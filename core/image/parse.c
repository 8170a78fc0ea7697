// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/parse.h"

#include <gelf.h>
#include <string.h>

void snap_parse_deinit(struct snap_parse *parse)
{
	snap_snapshot_destroy(parse->snapshot);
	free(parse->places);
	free(parse->extents);
	*parse = (struct snap_parse){ 0 };
}

static void elf_cleanup(Elf **elf)
{
	elf_end(*elf);
}

static snap_err find_arch(Elf *elf, const struct snap_arch **ret)
{
	GElf_Ehdr header;
	if (!gelf_getehdr(elf, &header))
		return snap_error_create(SNAP_ERROR_CORRUPT, "it has no ELF header: %s",
					 elf_errmsg(-1));
	const struct snap_arch *arch =
		snap_arch_by_elf(header.e_machine, header.e_ident[EI_CLASS],
				 header.e_ident[EI_DATA]);
	if (!arch || !arch->nr_regsets)
		return snap_error_with_remedy(
			snap_error_create(SNAP_ERROR_UNSUPPORTED,
					  "it is of a CPU that this build does not "
					  "know (ELF machine %u)",
					  header.e_machine),
			"use a newer gdb-snapshot");
	*ret = arch;
	return SNAP_OK;
}

static bool is_owner(const GElf_Nhdr *note, const char *name, const char *owner)
{
	size_t size = strlen(owner) + 1;
	return note->n_namesz == size && !memcmp(name, owner, size);
}

static snap_err parse_note(struct snap_parse *parse, const GElf_Nhdr *note,
			   const char *name, const uint8_t *data)
{
	static const char *const owners[] = { "CORE", "LINUX" };
	if (is_owner(note, name, SNAP_NOTE_OWNER))
		return snap_parse_ours(parse, note->n_type, data, note->n_descsz);
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(owners); i++)
		if (is_owner(note, name, owners[i]))
			return snap_parse_core(parse, owners[i], note->n_type, data,
					       note->n_descsz);
	return SNAP_OK;
}

static snap_err parse_notes(struct snap_parse *parse, Elf *elf,
			    const struct snap_head *head)
{
	Elf_Data *data = elf_getdata_rawchunk(elf, (int64_t)head->notes_offset,
					      head->notes_size, ELF_T_NHDR);
	if (!data)
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "its notes cannot be read: %s",
					 elf_errmsg(-1));
	const char *bytes = data->d_buf;
	size_t at = 0, next, name, contents;
	GElf_Nhdr note;
	for (; (next = gelf_getnote(data, at, &note, &name, &contents)); at = next)
		SNAP_TRY(parse_note(parse, &note, bytes + name,
				    (const uint8_t *)bytes + contents));
	if (at != head->notes_size)
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "its note at byte %zu does not fit",
					 head->notes_offset + at);
	return SNAP_OK;
}

/** Where the file ends, as its segments have it. */
static snap_err find_end(Elf *elf, const struct snap_head *head, uint64_t *ret)
{
	size_t nr;
	uint64_t end = head->size;
	if (elf_getphdrnum(elf, &nr))
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "its segments cannot be counted: %s",
					 elf_errmsg(-1));
	for (size_t i = 0; i < nr; i++) {
		GElf_Phdr header;
		uint64_t header_end;
		if (!gelf_getphdr(elf, (int)i, &header) ||
		    __builtin_add_overflow(header.p_offset, header.p_filesz,
					   &header_end) ||
		    header_end > INT64_MAX)
			return snap_error_create(SNAP_ERROR_CORRUPT,
						 "its segment %zu cannot be read", i);
		if (header_end > end)
			end = header_end;
	}
	*ret = end;
	return SNAP_OK;
}

snap_err snap_parse_init(struct snap_parse *parse, const struct snap_head *head)
{
	_cleanup_parse_ struct snap_parse begun = { 0 };
	elf_version(EV_CURRENT);
	_cleanup_(elf_cleanup) Elf *elf = elf_memory((char *)head->data, head->size);
	if (!elf)
		return snap_error_create(SNAP_ERROR_CORRUPT, "it is not an ELF file");
	SNAP_TRY(snap_snapshot_create(&begun.snapshot));
	SNAP_TRY(find_arch(elf, &begun.snapshot->arch));
	begun.start = head->size;
	SNAP_TRY(find_end(elf, head, &begun.end));
	SNAP_TRY(parse_notes(&begun, elf, head));
	SNAP_TRY(snap_parse_finish(&begun));
	*parse = begun;
	begun = (struct snap_parse){ 0 };
	return SNAP_OK;
}
