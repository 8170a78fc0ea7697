// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/unwind/debug_file.h"

#include <elfutils/libdwelf.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>

#include "core/unwind/files.h"

/** Whether the file is the debug file of a module with this build-id. */
static bool matches(int fd, const unsigned char *id, int id_size)
{
	Elf *elf = elf_begin(fd, ELF_C_READ_MMAP_PRIVATE, NULL);
	const void *its_id;
	ssize_t its_size = elf ? dwelf_elf_gnu_build_id(elf, &its_id) : -1;
	bool is_same = its_size == id_size && !memcmp(its_id, id, (size_t)id_size);
	elf_end(elf);
	return is_same;
}

/** The places where GDB looks for a file named by .gnu_debuglink, in its order. */
static int find_by_name(const char *file, const char *debuglink,
			const unsigned char *id, int id_size, char **ret)
{
	static const char *const formats[] = { "%s/%s", "%s/.debug/%s",
					       "/usr/lib/debug%s/%s" };
	_cleanup_free_ char *copy = strdup(file);
	if (!copy)
		return -1;
	const char *folder = dirname(copy);
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(formats); i++) {
		_cleanup_free_ char *path = NULL;
		if (asprintf(&path, formats[i], folder, debuglink) < 0) {
			path = NULL;
			return -1;
		}
		_cleanup_close_ int fd = snap_file_open_regular(path);
		if (fd >= 0 && matches(fd, id, id_size)) {
			*ret = snap_take(path);
			return snap_take_fd(fd);
		}
	}
	return -1;
}

/**
 * Whether libdwfl has the debug information and looks for its supplement (dwz's
 * .gnu_debugaltlink): the bias is -1 before.
 */
static bool is_for_supplement(Dwfl_Module *module)
{
	Dwarf_Addr bias;
	dwfl_module_info(module, NULL, NULL, NULL, &bias, NULL, NULL, NULL);
	return bias != (Dwarf_Addr)-1;
}

int snap_unwind_find_debuginfo(Dwfl_Module *module, void **userdata, const char *name,
			       Dwarf_Addr base, const char *file, const char *debuglink,
			       GElf_Word crc, char **ret)
{
	const unsigned char *id = NULL;
	GElf_Addr address;
	int id_size = dwfl_module_build_id(module, &id, &address);
	bool is_supplement = is_for_supplement(module);

	int fd = dwfl_build_id_find_debuginfo(module, userdata, name, base, file,
					      debuglink, crc, ret);
	if (fd >= 0 || is_supplement)
		return fd;
	// Without a build-id there is nothing to ask a server for.
	if (id_size <= 0)
		return dwfl_standard_find_debuginfo(module, userdata, name, base, file,
						    debuglink, crc, ret);
	return debuglink && file ? find_by_name(file, debuglink, id, id_size, ret) : -1;
}
