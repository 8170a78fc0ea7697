/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_MODEL_CPU_H
#define SNAP_MODEL_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

/**
 * What a machine's CPU is, as named numbers and texts.
 *
 * The names belong to the architecture (arch/<cpu>/features.def says which there are):
 * "xcr0", "xsave.2.offset", "avx512f", "model-name". A name that is not there means
 * that the machine does not have the thing. Sorted by name, each name once.
 */
struct snap_cpu_item {
	char *name;
	uint64_t value;
	/** NULL where the item is a number. */
	char *text;
};

struct snap_cpu {
	struct snap_cpu_item *items;
	size_t nr_items;
};

void snap_cpu_deinit(struct snap_cpu *cpu);
#define _cleanup_cpu_ _cleanup_(snap_cpu_deinit)

/** Set a number, replacing what had the name. */
_must_check_ snap_err snap_cpu_set(struct snap_cpu *cpu, const char *name,
				   uint64_t value);

/** Set a text, replacing what had the name. The text is copied. */
_must_check_ snap_err snap_cpu_set_text(struct snap_cpu *cpu, const char *name,
					const char *text);

/** The item of a name, or NULL. */
const struct snap_cpu_item *snap_cpu_find(const struct snap_cpu *cpu, const char *name);

/** The number of a name, or `otherwise`. */
uint64_t snap_cpu_get(const struct snap_cpu *cpu, const char *name, uint64_t otherwise);

/** Deep copy into an uninitialised *ret. */
_must_check_ snap_err snap_cpu_copy(const struct snap_cpu *cpu, struct snap_cpu *ret);

#endif
