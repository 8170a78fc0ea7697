/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TESTSUITE_SAMPLE_H
#define SNAP_TESTSUITE_SAMPLE_H

#include "testsuite/unit/unit.h"

#include <stdbool.h>

#include "arch/arch.h"

/**
 * @file
 * CPUs and random threads of every architecture, for tests of promises that all of
 * arch/ makes. Each folder has them in its sample.c,
 * as `const struct samples samples_<cpu>`.
 */

/** Numbers that are random and the same in every run (SplitMix64). */
struct sample_random {
	uint64_t state;
};

uint64_t sample_random_next(struct sample_random *random);
void sample_random_fill(struct sample_random *random, uint8_t *data, size_t size);

struct samples {
	/** As snap_arch.name. */
	const char *arch;
	size_t nr_cpus;
	/** For messages. */
	const char *(*cpu_name)(size_t index);
	/** A CPU's description; fails the test when it cannot be had. */
	void (*cpu)(size_t index, struct snap_cpu *ret);
	/** A thread as PTRACE_GETREGSET could give it on that CPU. */
	void (*thread)(struct sample_random *random, const struct snap_cpu *cpu,
		       struct snap_thread *ret);
	/** The signal frame has a place for this register. */
	bool (*is_in_frame)(const struct snap_register_desc *desc);
};

#define SNAP_ARCH(name) extern const struct samples samples_##name;
#include "arch/arches.def"
#undef SNAP_ARCH

/** Ends with NULL. */
extern const struct samples *const all_samples[];

#define for_each_arch(row) \
	for (const struct snap_arch *const *row = snap_arches; *row; row++)

/** Those of an architecture; fails the test when it has none. */
const struct samples *sample_of(const struct snap_arch *arch);

/** Call `check` with many threads on each sample CPU of each architecture. */
void sample_threads(void (*check)(const struct snap_arch *arch,
				  const struct snap_cpu *cpu,
				  const struct snap_thread *thread,
				  struct sample_random *random));

/** Collects the names of differences, each followed by a space. */
struct sample_differences {
	char names[4096];
	size_t nr;
};

/** A snap_difference_fn; the context is a struct sample_differences. */
void sample_collect(void *context, const struct snap_difference *difference);

#endif
