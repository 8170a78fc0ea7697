/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TESTSUITE_SAMPLE_PPC64LE_H
#define SNAP_TESTSUITE_SAMPLE_PPC64LE_H

#include "testsuite/unit/sample.h"

#include "arch/ppc64le/ppc64le.h"

/** The sample CPU of a name: "POWER8", "POWER9", "POWER10". */
void sample_ppc64le_cpu(const char *name, struct snap_cpu *ret);

/** A random thread that has all sets of its CPU, in no transaction. */
void sample_ppc64le_thread(uint64_t seed, const struct snap_cpu *cpu,
			   struct snap_thread *ret);

/** The same inside of a transaction; `state` is a bit of PPC_MSR_TS. */
void sample_ppc64le_transaction(uint64_t seed, const struct snap_cpu *cpu,
				uint64_t state, struct snap_thread *ret);

#endif
