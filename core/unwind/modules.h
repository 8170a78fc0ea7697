/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_UNWIND_MODULES_H
#define SNAP_UNWIND_MODULES_H

#include <elfutils/libdwfl.h>

#include "core/unwind/files.h"
#include "core/unwind/lines.h"

/** What is known of the code in an executable mapping. */
enum snap_module_state {
	/** libdwfl has it. */
	SNAP_MODULE_USABLE,
	/** Made by the program itself: no file holds it. */
	SNAP_MODULE_ANONYMOUS,
	/** The kernel's, and not in the snapshot. */
	SNAP_MODULE_VDSO,
	SNAP_MODULE_FILE_GONE,
	SNAP_MODULE_FILE_CHANGED,
	/** Its program headers do not explain the mapping. */
	SNAP_MODULE_UNFIT,
	SNAP_MODULE_TOO_MANY,
};

/** The code of one executable mapping. */
struct snap_module {
	const struct snap_vma *vma;
	enum snap_module_state state;
	/** NULL unless it is usable. Owned by the session of libdwfl. */
	Dwfl_Module *dwfl;
	struct snap_lines lines;
};

/**
 * The modules of a snapshot, told to libdwfl at the first address that is asked for in
 * each: a backtrace crosses a few of hundreds.
 */
struct snap_modules {
	const struct snap_snapshot *snapshot;
	struct snap_files *files;
	Dwfl *dwfl;
	struct snap_module **list;
	size_t nr;
};

void snap_modules_deinit(struct snap_modules *modules);

/**
 * The module of an address.
 *
 * @param[out] ret Owned by `modules`; NULL: there is no code at the address.
 */
_must_check_ snap_err snap_modules_find(struct snap_modules *modules, uint64_t address,
					struct snap_module **ret);

/** Whether it is the kernel's vdso, whatever is known of that. */
bool snap_module_is_vdso(const struct snap_module *module);

/** The name of the file without its folders, or what else names the mapping. */
const char *snap_module_short_name(const struct snap_module *module);

#endif
