/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_UNWIND_SYMBOLS_H
#define SNAP_UNWIND_SYMBOLS_H

#include "core/unwind/modules.h"
#include "core/unwind/unwind.h"

/**
 * What was found out about addresses. libdwfl walks through all symbols of a file for
 * each question, and threads, like recursions, ask for the same addresses.
 *
 * Zero-initialise: { 0 } knows nothing.
 */
struct snap_symbols {
	void *tree;
};

void snap_symbols_deinit(struct snap_symbols *symbols);

/**
 * Fill in a frame's function, file, line and module.
 *
 * @param module Of the code; usable or not.
 * @param address Within the instruction that the frame is at: the pc, or for a frame
 *	that is to be returned to, the byte before, which is still the call.
 */
_must_check_ snap_err snap_symbols_describe(struct snap_symbols *symbols,
					    struct snap_module *module,
					    uint64_t address, struct snap_frame *frame);

#endif
