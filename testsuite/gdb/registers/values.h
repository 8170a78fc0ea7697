/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STORY_VALUES_H
#define STORY_VALUES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/*
 * What the patterns of all CPUs are made of. patterns.h of a CPU's folder has:
 *
 * struct cpu: all registers that a program has; struct cpu_layout: which there are.
 * cpu_layout_init(): 0, or -1 where this program cannot do its work.
 * pattern_make(): values for all registers of one thread in one round.
 * cpu_set_call(), cpu_result(): a system call, and its result, or its error negative.
 * cpu_set_count(): how often an idle loop goes round.
 * cpu_allow_handler(): nothing of what the pattern has may hurt a handler in C.
 * cpu_run(): load all, do the call or count down, store all.
 * cpu_compare(): says what is not as it must be afterwards, and how much that is.
 * cpu_set_rest(), cpu_compare_rest(): registers that no instruction of cpu_run() loads.
 */

static inline uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

static inline void fill(void *to, size_t size, uint64_t seed)
{
	for (size_t i = 0; i < size; i += 8) {
		uint64_t value = mix(seed + i);
		memcpy((uint8_t *)to + i, &value, size - i < 8 ? size - i : 8);
	}
}

/** Says the first byte that differs; the number of differing bytes. */
static inline int differ(const char *who, const char *name, size_t register_size,
			 const uint8_t *want, const uint8_t *have, size_t size)
{
	int nr = 0;

	for (size_t i = 0; i < size; i++) {
		if (want[i] == have[i])
			continue;
		if (!nr++)
			fprintf(stderr, "%s: %s%zu byte %zu: 0x%02x, not 0x%02x\n", who,
				name, i / register_size, i % register_size, have[i],
				want[i]);
	}
	return nr;
}

#endif
