// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/unwind/memory.h"

#include <elf.h>
#include <endian.h>
#include <string.h>

#include "arch/arch.h"

static bool read_file(uint64_t page_size, struct snap_files *files,
		      const struct snap_vma *vma, uint64_t address, void *ret,
		      size_t size)
{
	const struct snap_file *file;
	_cleanup_error_ snap_err error = snap_files_get(files, vma, &file);
	if (error || file->state != SNAP_FILE_USABLE)
		return false;
	uint64_t offset;
	if (__builtin_add_overflow(vma->offset, address - vma->start, &offset) ||
	    offset > INT64_MAX)
		return false;
	ssize_t got = pread(file->fd, ret, size, (off_t)offset);
	if (got < 0)
		return false;
	// Behind the end of a file, its last page is zeros, and there are no others.
	uint64_t end = offset + (uint64_t)got;
	if (size > snap_page_up(end, page_size) - offset)
		return false;
	memset((uint8_t *)ret + got, 0, size - (size_t)got);
	return true;
}

/** What stands behind a page that is not held. */
static bool read_backing(uint64_t page_size, struct snap_files *files,
			 const struct snap_vma *vma, uint64_t address, void *ret,
			 size_t size)
{
	switch (snap_vma_contents(vma)) {
	case SNAP_CONTENTS_ZERO:
	case SNAP_CONTENTS_SHARED:
		memset(ret, 0, size);
		return true;
	case SNAP_CONTENTS_FILE:
		return read_file(page_size, files, vma, address, ret, size);
	case SNAP_CONTENTS_NONE:
		break;
	}
	return false;
}

static size_t at_most(size_t size, uint64_t limit)
{
	return size < limit ? size : (size_t)limit;
}

bool snap_unwind_read(const struct snap_snapshot *snapshot, struct snap_files *files,
		      uint64_t address, void *ret, size_t size)
{
	uint8_t *out = ret;
	while (size) {
		uint64_t there;
		const uint8_t *held =
			snap_memory_at(&snapshot->memory, address, &there);
		size_t step = at_most(size, there);
		if (held) {
			memcpy(out, held, step);
		} else {
			const struct snap_vma *vma =
				snap_vmas_find(&snapshot->vmas, address);
			if (!vma)
				return false;
			step = at_most(step, vma->end - address);
			if (!read_backing(snapshot->page_size, files, vma, address, out,
					  step))
				return false;
		}
		out += step;
		address += step;
		size -= step;
	}
	return true;
}

bool snap_unwind_read_word(const struct snap_snapshot *snapshot,
			   struct snap_files *files, uint64_t address, uint64_t *ret)
{
	bool is_little = snapshot->arch->elf_data == ELFDATA2LSB;
	if (snapshot->arch->elf_class == ELFCLASS64) {
		uint64_t word;
		if (!snap_unwind_read(snapshot, files, address, &word, sizeof(word)))
			return false;
		*ret = is_little ? le64toh(word) : be64toh(word);
	} else {
		uint32_t word;
		if (!snap_unwind_read(snapshot, files, address, &word, sizeof(word)))
			return false;
		*ret = is_little ? le32toh(word) : be32toh(word);
	}
	return true;
}
