// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/unwind/vdso.h"

#include <elfutils/libdwelf.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>

/** The end of the file in memory: the kernel maps its vdso with its section headers. */
static size_t file_size(const ElfW(Ehdr) * header)
{
	return header->e_shoff + (size_t)header->e_shnum * header->e_shentsize;
}

static bool has_build_id(char *image, size_t size, const struct snap_vma *vma)
{
	Elf *elf = elf_memory(image, size);
	const void *id;
	ssize_t id_size = elf ? dwelf_elf_gnu_build_id(elf, &id) : -1;
	bool is_same = id_size > 0 && id_size == vma->build_id_size &&
		       !memcmp(id, vma->build_id, (size_t)id_size);
	elf_end(elf);
	return is_same;
}

int snap_unwind_open_vdso(const struct snap_vma *vma)
{
	const ElfW(Ehdr) *header = (const void *)getauxval(AT_SYSINFO_EHDR);
	if (!header || !vma->build_id_size)
		return -1;
	size_t size = file_size(header);
	_cleanup_free_ char *image = malloc(size);
	if (!image)
		return -1;
	memcpy(image, header, size);
	if (!has_build_id(image, size, vma))
		return -1;

	_cleanup_close_ int fd = memfd_create("vdso", MFD_CLOEXEC);
	if (fd < 0 || write(fd, image, size) != (ssize_t)size)
		return -1;
	return snap_take_fd(fd);
}
