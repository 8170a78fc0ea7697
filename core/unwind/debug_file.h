/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_UNWIND_DEBUG_FILE_H
#define SNAP_UNWIND_DEBUG_FILE_H

#include <elfutils/libdwfl.h>

/**
 * The find_debuginfo callback of libdwfl: separate debug files, on this machine's disk.
 *
 * dwfl_standard_find_debuginfo() would go on to ask the servers of $DEBUGINFOD_URLS and
 * block the debugger for as long as the network likes.
 */
int snap_unwind_find_debuginfo(Dwfl_Module *module, void **userdata, const char *name,
			       Dwarf_Addr base, const char *file, const char *debuglink,
			       GElf_Word crc, char **ret);

#endif
