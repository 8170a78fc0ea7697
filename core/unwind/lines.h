/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_UNWIND_LINES_H
#define SNAP_UNWIND_LINES_H

#include <elfutils/libdwfl.h>

#include "core/base/error.h"

/** Addresses of one compilation unit. */
struct snap_unit_range {
	/** As in the file. */
	Dwarf_Addr start;
	Dwarf_Addr end;
	/** Of the unit's entry in .debug_info. */
	Dwarf_Off unit;
};

/** The compilation units of a module by address, made when it is first needed. */
struct snap_lines {
	bool is_complete;
	struct snap_unit_range *ranges;
	size_t nr_ranges;
};

void snap_lines_deinit(struct snap_lines *lines);

/**
 * The source line of an address of a module.
 *
 * @param[out] ret_file Owned by libdwfl; NULL: not known.
 */
_must_check_ snap_err snap_lines_find(struct snap_lines *lines, Dwfl_Module *module,
				      Dwarf_Addr address, const char **ret_file,
				      int *ret_line);

#endif
