/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_ARCH_FOREIGN_H
#define SNAP_ARCH_FOREIGN_H

#include <stddef.h>
#include <stdint.h>

#include "core/model/cpu.h"
#include "core/model/thread.h"

/**
 * What images of other programs (core/foreign) say in a way that is an architecture's
 * own. All of it is from files that nobody vouches for; what is said of the CPU goes
 * into `cpu`. Functions that are NULL have nothing to say.
 */
struct snap_foreign {
	/** The register that leads to what the C library knows of a thread. */
	const char *thread_pointer;

	/** A note of a core file, of any owner and type. */
	_must_check_ snap_err (*core_note)(struct snap_cpu *cpu, const char *owner,
					   uint32_t type, const uint8_t *data,
					   size_t size);

	/** A word of the auxiliary vector: what the kernel had told the program. */
	_must_check_ snap_err (*core_auxv)(struct snap_cpu *cpu, uint64_t type,
					   uint64_t value);

	/**
	 * A thread of a core file whose notes have all been there. Sets that gcore
	 * writes in another way than the kernel are made the kernel's.
	 */
	_must_check_ snap_err (*core_thread)(struct snap_cpu *cpu,
					     struct snap_thread *thread);

	/**
	 * The number that CRIU gives the architecture: `machine` in arch/criu.proto.
	 * Without criu_thread() its images are not read.
	 */
	uint32_t criu_machine_type;

	/** A machine of CRIU's cpuinfo.img, the architecture's own message. */
	_must_check_ snap_err (*criu_machine)(struct snap_cpu *cpu, const uint8_t *data,
					      size_t size);

	/**
	 * The architecture's own message in a core-TID.img, into register sets.
	 *
	 * @param cpu Complete: it had its criu_machine() before, if there is one.
	 */
	_must_check_ snap_err (*criu_thread)(const struct snap_cpu *cpu,
					     const uint8_t *data, size_t size,
					     struct snap_thread *thread);
};

#endif
