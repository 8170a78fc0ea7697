// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/foreign/criu_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arch/criu.pb-c.h"
#include "core/image/head.h"

/** The first magic number of each image file. */
#define COMMON_MAGIC 0x54564319u

/** A core file of CRIU has kilobytes; the mappings of a process at most megabytes. */
#define MAX_FILE ((uint64_t)1 << 26)

void snap_criu_file_deinit(struct snap_criu_file *file)
{
	snap_buffer_deinit(&file->bytes);
}

static snap_err load_file(const char *path, struct snap_buffer *ret)
{
	_cleanup_close_ int fd =
		open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	if (fd < 0 || fstat(fd, &st))
		return snap_error_os(errno, "cannot open it");
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size > MAX_FILE)
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "it is no image of CRIU of this kind");
	uint8_t *place;
	SNAP_TRY(snap_buffer_extend(ret, (size_t)st.st_size, &place));
	return snap_file_read(fd, place, (size_t)st.st_size, 0);
}

snap_err snap_criu_file_open(const char *path, uint32_t magic,
			     struct snap_criu_file *file)
{
	uint32_t common, its;
	SNAP_TRY(load_file(path, &file->bytes));
	file->reader = snap_reader_init(file->bytes.data, file->bytes.size, "it");
	SNAP_TRY(snap_reader_u32(&file->reader, &common));
	SNAP_TRY(snap_reader_u32(&file->reader, &its));
	if (common != COMMON_MAGIC || its != magic)
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "it is no image of CRIU of this kind");
	return SNAP_OK;
}

snap_err snap_criu_file_next(struct snap_criu_file *file, const uint8_t **ret,
			     uint32_t *ret_size)
{
	SNAP_TRY(snap_reader_u32(&file->reader, ret_size));
	return snap_reader_bytes(&file->reader, *ret_size, ret);
}

snap_err snap_criu_unreadable(void)
{
	return snap_error_create(SNAP_ERROR_CORRUPT, "its contents cannot be read");
}

/** CRIU has a build-id in words of four bytes, the first byte lowest. */
static uint8_t take_build_id(const Snap__Criu__RegularFile *file,
			     uint8_t ret[SNAP_BUILD_ID_SIZE])
{
	size_t size = 4 * file->n_build_id;
	if (size > SNAP_BUILD_ID_SIZE)
		size = SNAP_BUILD_ID_SIZE;
	for (size_t i = 0; i < size; i++)
		ret[i] = (uint8_t)(file->build_id[i / 4] >> (8 * (i % 4)));
	return (uint8_t)size;
}

/** A path, as a text of its own; a NUL ends it early. */
static snap_err take_name(const Snap__Criu__RegularFile *file, char **ret)
{
	char *name = strndup((const char *)file->name.data, file->name.len);
	if (!name)
		return &snap_enomem;
	free(*ret);
	*ret = name;
	return SNAP_OK;
}

/** The mappings of files, by CRIU's number of the file. */
struct index {
	struct snap_vma **list;
	size_t nr;
};

static void index_deinit(struct index *index)
{
	free(index->list);
}

#define _cleanup_index_ _cleanup_(index_deinit)

static int by_inode(const void *a, const void *b)
{
	const struct snap_vma *one = *(struct snap_vma *const *)a;
	const struct snap_vma *two = *(struct snap_vma *const *)b;
	return (one->inode > two->inode) - (one->inode < two->inode);
}

static snap_err make_index(const struct snap_vmas *vmas, struct index *ret)
{
	ret->list = malloc((vmas->nr + 1) * sizeof(*ret->list));
	if (!ret->list)
		return &snap_enomem;
	for (size_t i = 0; i < vmas->nr; i++)
		if (vmas->list[i].inode)
			ret->list[ret->nr++] = &vmas->list[i];
	qsort(ret->list, ret->nr, sizeof(*ret->list), by_inode);
	return SNAP_OK;
}

/** The first mapping of a file or of one with a higher number. */
static size_t find_first(const struct index *index, uint64_t id)
{
	size_t low = 0, high = index->nr;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (index->list[middle]->inode < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static snap_err name_mappings(const struct index *index, uint64_t id,
			      const Snap__Criu__RegularFile *file)
{
	size_t at = find_first(index, id);
	// That it has a name is that another entry had this number, too.
	for (; at < index->nr && index->list[at]->inode == id; at++) {
		struct snap_vma *vma = index->list[at];
		if (*vma->name)
			return SNAP_OK;
		vma->build_id_size = take_build_id(file, vma->build_id);
		SNAP_TRY(take_name(file, &vma->name));
	}
	return SNAP_OK;
}

static snap_err take_file(struct snap_identity *identity, const struct index *index,
			  const Snap__Criu__File *file, uint32_t exe)
{
	const Snap__Criu__RegularFile *regular = file->regular;
	if (!regular || !regular->name.len || !file->id)
		return SNAP_OK;
	SNAP_TRY(name_mappings(index, file->id, regular));
	if (file->id != exe)
		return SNAP_OK;
	identity->exe_build_id_size = take_build_id(regular, identity->exe_build_id);
	return take_name(regular, &identity->exe);
}

static snap_err take_files(const char *path, uint32_t exe,
			   struct snap_snapshot *snapshot)
{
	_cleanup_criu_file_ struct snap_criu_file file = { 0 };
	_cleanup_index_ struct index index = { 0 };
	SNAP_TRY(make_index(&snapshot->vmas, &index));
	SNAP_TRY(snap_criu_file_open(path, SNAP_CRIU_FILES, &file));
	while (snap_reader_left(&file.reader)) {
		const uint8_t *data;
		uint32_t size;
		SNAP_TRY(snap_criu_file_next(&file, &data, &size));
		Snap__Criu__File *entry = snap__criu__file__unpack(NULL, size, data);
		if (!entry)
			return snap_criu_unreadable();
		snap_err error = take_file(&snapshot->identity, &index, entry, exe);
		snap__criu__file__free_unpacked(entry, NULL);
		SNAP_TRY(error);
	}
	return SNAP_OK;
}

snap_err snap_criu_name_files(const char *path, uint32_t exe,
			      struct snap_snapshot *snapshot)
{
	if (access(path, F_OK))
		SNAP_TRY(snap_snapshot_omit(snapshot, "there is no files.img: which "
						      "files are mapped is not known"));
	else
		SNAP_TRY(take_files(path, exe, snapshot));
	for (size_t i = 0; i < snapshot->vmas.nr; i++)
		if (snapshot->vmas.list[i].inode)
			snapshot->vmas.list[i].inode = UINT64_MAX;
	return SNAP_OK;
}
