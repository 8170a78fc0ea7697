// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/btf.h"

#include <fcntl.h>
#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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
		(const struct btf_type *)(const void *)(btf->data + *at);
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
	       !memcmp(btf->data + btf->strings + offset, name, size);
}

static const struct btf_type *get(const struct snap_btf *btf, uint32_t id)
{
	if (!id || id > btf->nr_types)
		return NULL;
	return (const struct btf_type *)(const void *)(btf->data + btf->index[id]);
}

/** The first type of a kind and a name, and its number. */
static const struct btf_type *find(const struct snap_btf *btf, uint32_t kind,
				   const char *name, uint32_t *ret_id)
{
	for (uint32_t id = 1; id <= btf->nr_types; id++) {
		const struct btf_type *type = get(btf, id);
		if (BTF_INFO_KIND(type->info) == kind &&
		    has_name(btf, type->name_off, name)) {
			*ret_id = id;
			return type;
		}
	}
	return NULL;
}

uint32_t snap_btf_find_function(const struct snap_btf *btf, const char *name)
{
	uint32_t id;
	return find(btf, BTF_KIND_FUNC, name, &id) ? id : 0;
}

static bool has_members(const struct btf_type *type)
{
	return type && (BTF_INFO_KIND(type->info) == BTF_KIND_STRUCT ||
			BTF_INFO_KIND(type->info) == BTF_KIND_UNION);
}

/** A member, and where it is, in bits. */
struct member {
	uint32_t bits;
	uint32_t type;
	/** How many bits it has, where it is no whole bytes; 0: it is. */
	uint32_t nr_bits;
};

/** Search a structure and those without a name in it; bits from its beginning. */
static bool find_member(const struct snap_btf *btf, const struct btf_type *type,
			const char *name, unsigned depth, struct member *ret)
{
	const struct btf_member *members = (const struct btf_member *)(type + 1);
	for (uint32_t i = 0; i < BTF_INFO_VLEN(type->info); i++) {
		uint32_t bits = BTF_INFO_KFLAG(type->info)
					? BTF_MEMBER_BIT_OFFSET(members[i].offset)
					: members[i].offset;
		*ret = (struct member){
			.bits = bits,
			.type = members[i].type,
			.nr_bits = BTF_INFO_KFLAG(type->info)
					   ? BTF_MEMBER_BITFIELD_SIZE(members[i].offset)
					   : 0,
		};
		if (has_name(btf, members[i].name_off, name))
			return true;
		const struct btf_type *inner = members[i].name_off || !depth
						       ? NULL
						       : get(btf, members[i].type);
		if (!has_members(inner))
			continue;
		if (find_member(btf, inner, name, depth - 1, ret)) {
			ret->bits += bits;
			return true;
		}
	}
	return false;
}

/** What a type is without its other names and qualifiers. */
static const struct btf_type *strip(const struct snap_btf *btf,
				    const struct btf_type *type)
{
	for (unsigned i = 0; type && i < DEPTH; i++)
		switch (BTF_INFO_KIND(type->info)) {
		case BTF_KIND_TYPEDEF:
		case BTF_KIND_VOLATILE:
		case BTF_KIND_CONST:
		case BTF_KIND_RESTRICT:
		case 18: // BTF_KIND_TYPE_TAG, newer than some headers
			type = get(btf, type->type);
			break;
		default:
			return type;
		}
	return NULL;
}

/** In bytes; 0: nothing that memory holds. */
static uint32_t size_of(const struct snap_btf *btf, const struct btf_type *type)
{
	uint32_t nr = 1;
	for (unsigned i = 0; i < DEPTH && (type = strip(btf, type)); i++)
		switch (BTF_INFO_KIND(type->info)) {
		case BTF_KIND_INT:
		case BTF_KIND_ENUM:
		case 19: // BTF_KIND_ENUM64
		case BTF_KIND_STRUCT:
		case BTF_KIND_UNION:
			return nr * type->size;
		case BTF_KIND_PTR:
			return nr * (uint32_t)sizeof(void *);
		case BTF_KIND_ARRAY: {
			const struct btf_array *array =
				(const struct btf_array *)(type + 1);
			// Of one without a length, its first element.
			nr *= array->nelems ? array->nelems : 1;
			type = get(btf, array->type);
			break;
		}
		default:
			return 0;
		}
	return 0;
}

uint32_t snap_btf_size(const struct snap_btf *btf, const char *structure)
{
	uint32_t id;
	const struct btf_type *type = find(btf, BTF_KIND_STRUCT, structure, &id);
	return type ? type->size : 0;
}

/** Go on to a member of what was come to. @param[in,out] type Becomes the member's. */
static bool step(const struct snap_btf *btf, const char *name, bool is_last,
		 const struct btf_type **type, struct snap_btf_path *ret)
{
	struct member member;
	if (BTF_INFO_KIND((*type)->info) == BTF_KIND_PTR) {
		if (ret->nr_hops == SNAP_BTF_HOPS)
			return false;
		ret->hops[ret->nr_hops++] = ret->offset;
		ret->offset = 0;
		*type = strip(btf, get(btf, (*type)->type));
	}
	if (!has_members(*type) || !find_member(btf, *type, name, DEPTH, &member))
		return false;
	*type = strip(btf, get(btf, member.type));
	if (!*type || (member.nr_bits && !is_last))
		return false;
	if (!member.nr_bits) {
		ret->offset += member.bits / 8;
		ret->size = size_of(btf, *type);
		return true;
	}
	uint32_t first = member.bits % 32;
	if (first + member.nr_bits > 32)
		return false;
	ret->offset += member.bits / 32 * 4;
	ret->size = sizeof(uint32_t);
	ret->mask = (uint32_t)(((UINT64_C(1) << member.nr_bits) - 1) << first);
	return true;
}

bool snap_btf_find_path(const struct snap_btf *btf, const char *structure,
			const char *path, struct snap_btf_path *ret)
{
	uint32_t id;
	const struct btf_type *type = find(btf, BTF_KIND_STRUCT, structure, &id);
	*ret = (struct snap_btf_path){ 0 };
	for (const char *end = path; type && *end; path = end + 1) {
		char name[64];
		end = strchrnul(path, '.');
		if ((size_t)(end - path) >= sizeof(name))
			return false;
		memcpy(name, path, (size_t)(end - path));
		name[end - path] = '\0';
		if (!step(btf, name, !*end, &type, ret))
			return false;
	}
	return type && ret->size;
}

/** Of a file that is read by the page: what there is of it. */
static snap_err read_pages(int fd, size_t size, struct snap_btf *ret)
{
	uint8_t *data = malloc(size ? size : 1);
	if (!data)
		return &snap_enomem;
	size_t done = 0;
	for (ssize_t got = 1; got > 0 && done < size; done += (size_t)got) {
		got = read(fd, data + done, size - done);
		if (got < 0)
			break;
	}
	ret->data = data;
	ret->size = done;
	return SNAP_OK;
}

/** The kernel's own can be mapped since Linux 6.16. */
static snap_err read_file(const char *path, struct snap_btf *ret)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat stat;
	if (fd < 0 || fstat(fd, &stat) < 0)
		return SNAP_OK;
	size_t size = (size_t)stat.st_size;
	void *data =
		size ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
	if (data == MAP_FAILED)
		return read_pages(fd, size, ret);
	ret->data = data;
	ret->size = size;
	ret->is_mapped = true;
	return SNAP_OK;
}

/** Find out where each type is. */
static snap_err make_index(struct snap_btf *btf)
{
	uint32_t at = btf->types, nr = 0;
	while (next_type(btf, &at))
		nr++;
	btf->index = malloc(((size_t)nr + 1) * sizeof(*btf->index));
	if (!btf->index)
		return &snap_enomem;
	btf->nr_types = nr;
	at = btf->types;
	for (uint32_t id = 1; id <= nr; id++) {
		btf->index[id] = at;
		next_type(btf, &at);
	}
	return SNAP_OK;
}

snap_err snap_btf_read(const char *path, struct snap_btf *ret)
{
	_cleanup_btf_ struct snap_btf btf = { 0 };
	SNAP_TRY(read_file(path, &btf));
	struct btf_header header;
	if (btf.size < sizeof(header))
		return SNAP_OK;
	memcpy(&header, btf.data, sizeof(header));
	uint64_t types = (uint64_t)header.hdr_len + header.type_off;
	uint64_t strings = (uint64_t)header.hdr_len + header.str_off;
	if (header.magic != BTF_MAGIC || types % 4 ||
	    types + header.type_len > btf.size || strings + header.str_len > btf.size)
		return SNAP_OK;
	btf.types = (uint32_t)types;
	btf.types_end = (uint32_t)(types + header.type_len);
	btf.strings = (uint32_t)strings;
	btf.strings_end = (uint32_t)(strings + header.str_len);
	SNAP_TRY(make_index(&btf));
	*ret = btf;
	btf = (struct snap_btf){ 0 };
	return SNAP_OK;
}

void snap_btf_deinit(struct snap_btf *btf)
{
	if (btf->is_mapped)
		munmap((void *)(uintptr_t)btf->data, btf->size);
	else
		free((void *)(uintptr_t)btf->data);
	free(btf->index);
	*btf = (struct snap_btf){ 0 };
}
