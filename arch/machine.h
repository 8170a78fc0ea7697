/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_ARCH_MACHINE_H
#define SNAP_ARCH_MACHINE_H

#include "core/model/cpu.h"

/**
 * Describe this machine: its CPU as the architecture's probe has it, and the items that
 * all architectures have (doc/cpu-json.md lists them): the kernel's release, what the
 * auxiliary vector says of the machine, the digest of the vDSO.
 *
 * SNAP_ERROR_UNSUPPORTED where this build has no architecture of its own.
 */
_must_check_ snap_err snap_machine_describe(struct snap_cpu *ret);

/**
 * The same from memory, which in a virtual machine is quicker by 0.3 ms: CPUID traps.
 *
 * @param known The description, if there is one already; empty or NULL: there is none.
 */
_must_check_ snap_err snap_machine_recall(const struct snap_cpu *known,
					  struct snap_cpu *ret);

#endif
