/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TESTSUITE_SAMPLE_AARCH64_H
#define SNAP_TESTSUITE_SAMPLE_AARCH64_H

#include "testsuite/unit/sample.h"

#include "arch/aarch64/aarch64.h"

/** The sample CPU of a name: "no SVE", "SVE 128", "SVE 512", "SVE 2048", "SME". */
void sample_aarch64_cpu(const char *name, struct snap_cpu *ret);

/** Which vector registers a thread has. */
enum sample_aarch64_mode {
	SAMPLE_V,         /**< none but V: SVE was not used since the last call */
	SAMPLE_SVE,       /**< SVE */
	SAMPLE_STREAMING, /**< streaming SVE, with ZA */
};

/** A random thread in one of the modes, with the longest vectors of its CPU. */
void sample_aarch64_thread(struct sample_random *random, const struct snap_cpu *cpu,
			   enum sample_aarch64_mode mode, struct snap_thread *ret);

#endif
