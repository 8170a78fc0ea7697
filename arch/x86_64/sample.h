/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TESTSUITE_SAMPLE_X86_64_H
#define SNAP_TESTSUITE_SAMPLE_X86_64_H

#include "testsuite/unit/sample.h"

#include "arch/x86_64/x86_64.h"

/** The sample CPU of a name: "fxsave", "AVX2", "AVX-512", "Zen 4", "AMX", "APX". */
void sample_x86_64_cpu(const char *name, struct snap_cpu *ret);

/** A random thread that has all components of its CPU in use. */
void sample_x86_64_busy_thread(const struct snap_cpu *cpu, struct snap_thread *ret);

/** Say which components are in use, and leave their bytes. */
void sample_x86_64_set_in_use(struct snap_thread *thread, uint64_t in_use);

#endif
