// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/btf.h"

#include <fcntl.h>
#include <linux/btf.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/** How deep unnamed structures are inside of each other, at most. */
#define DEPTH 8

/** What follows a type in the file (uapi/linux/btf.h). */
static uint32_t size_behind(const struct btf_type *type)
{
	uint32_t nr = BTF_INFO_VLEN(type->info);
	switch (BTF_INFO_KIND(type->info)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case 17: // BTF_KIND_DECL_TAG, newer than some headers
		return 4;
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return nr * (uint32_t)sizeof(struct btf_member);
	case BTF_KIND_ENUM:
	case BTF_KIND_FUNC_PROTO:
		return nr * 8;
	case BTF_KIND_DATASEC:
	case 19: // BTF_KIND_ENUM64
		return nr * 12;
	default:
		return 0;
	}
}

/** The type at a place in the file; *at is put behind it. NULL at the end. */
static const struct btf_type *next_type(const struct snap_btf *btf, uint32_t *at)
{
	if (*at + sizeof(struct btf_type) > btf->types_end)
		return NULL;
	const struct btf_type *type =
		(const struct btf_type *)(const void *)(btf->file.data + *at);
	uint64_t end = (uint64_t)*at + sizeof(*type) + size_behind(type);
	if (end > btf->types_end)
		return NULL;
	*at = (uint32_t)end;
	return type;
}

static bool has_name(const struct snap_btf *btf, uint32_t offset, const char *name)
{
	size_t size = strlen(name) + 1;
	return offset < btf->strings_end - btf->strings &&
	       size <= btf->strings_end - btf->strings - offset &&
	       !memcmp(btf->file.data + btf->strings + offset, name, size);
}

/** The first type of a kind and a name, and its number. */
static const struct btf_type *find(const struct snap_btf *btf, uint32_t kind,
				   const char *name, uint32_t *ret_id)
{
	uint32_t at = btf->types, id = 1;
	for (const struct btf_type *type; (type = next_type(btf, &at)); id++)
		if (BTF_INFO_KIND(type->info) == kind &&
		    has_name(btf, type->name_off, name)) {
			*ret_id = id;
			return type;
		}
	return NULL;
}

static const struct btf_type *get(const struct snap_btf *btf, uint32_t id)
{
	uint32_t at = btf->types;
	const struct btf_type *type = NULL;
	for (uint32_t i = 0; i < id; i++) {
		type = next_type(btf, &at);
		if (!type)
			return NULL;
	}
	return type;
}

uint32_t snap_btf_find_function(const struct snap_btf *btf, const char *name)
{
	uint32_t id;
	return find(btf, BTF_KIND_FUNC, name, &id) ? id : 0;
}

/** Search a structure and those without a name in it; bits from its beginning. */
static bool find_member(const struct snap_btf *btf, const struct btf_type *type,
			const char *name, unsigned depth, uint32_t *ret_bits)
{
	const struct btf_member *members = (const struct btf_member *)(type + 1);
	for (uint32_t i = 0; i < BTF_INFO_VLEN(type->info); i++) {
		uint32_t bits = BTF_INFO_KFLAG(type->info)
					? BTF_MEMBER_BIT_OFFSET(members[i].offset)
					: members[i].offset;
		*ret_bits = bits;
		if (has_name(btf, members[i].name_off, name))
			return true;
		const struct btf_type *inner = members[i].name_off || !depth
						       ? NULL
						       : get(btf, members[i].type);
		if (!inner || (BTF_INFO_KIND(inner->info) != BTF_KIND_STRUCT &&
			       BTF_INFO_KIND(inner->info) != BTF_KIND_UNION))
			continue;
		if (find_member(btf, inner, name, depth - 1, ret_bits)) {
			*ret_bits += bits;
			return true;
		}
	}
	return false;
}

bool snap_btf_find_members(const struct snap_btf *btf, const char *structure,
			   const char *const *names, uint32_t *offsets, unsigned nr)
{
	uint32_t id;
	const struct btf_type *type = find(btf, BTF_KIND_STRUCT, structure, &id);
	for (unsigned i = 0; type && i < nr; i++) {
		uint32_t bits;
		if (!find_member(btf, type, names[i], DEPTH, &bits) || bits % 8)
			return false;
		offsets[i] = bits / 8;
	}
	return type;
}

static snap_err read_file(const char *path, struct snap_buffer *ret)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat stat;
	if (fd < 0 || fstat(fd, &stat) < 0)
		return SNAP_OK;
	uint8_t *place;
	SNAP_TRY(snap_buffer_extend(ret, (size_t)stat.st_size, &place));
	size_t done = 0;
	for (ssize_t got = 1; got > 0 && done < ret->size; done += (size_t)got) {
		got = read(fd, place + done, ret->size - done);
		if (got < 0)
			break;
	}
	ret->size = done;
	return SNAP_OK;
}

snap_err snap_btf_read(const char *path, struct snap_btf *ret)
{
	_cleanup_btf_ struct snap_btf btf = { 0 };
	SNAP_TRY(read_file(path, &btf.file));
	struct btf_header header;
	if (btf.file.size < sizeof(header))
		return SNAP_OK;
	memcpy(&header, btf.file.data, sizeof(header));
	uint64_t types = (uint64_t)header.hdr_len + header.type_off;
	uint64_t strings = (uint64_t)header.hdr_len + header.str_off;
	if (header.magic != BTF_MAGIC || types % 4 ||
	    types + header.type_len > btf.file.size ||
	    strings + header.str_len > btf.file.size)
		return SNAP_OK;
	btf.types = (uint32_t)types;
	btf.types_end = (uint32_t)(types + header.type_len);
	btf.strings = (uint32_t)strings;
	btf.strings_end = (uint32_t)(strings + header.str_len);
	*ret = btf;
	btf = (struct snap_btf){ 0 };
	return SNAP_OK;
}

void snap_btf_deinit(struct snap_btf *btf)
{
	snap_buffer_deinit(&btf->file);
}
