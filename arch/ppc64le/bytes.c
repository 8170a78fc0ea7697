// SPDX-License-Identifier: GPL-3.0-or-later
#include "arch/ppc64le/ppc64le.h"

uint64_t snap_ppc64le_load(const uint8_t *from, size_t size)
{
	uint64_t value = 0;
	for (size_t i = 0; i < size; i++)
		value |= (uint64_t)from[i] << (8 * i);
	return value;
}

void snap_ppc64le_store(uint8_t *to, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		to[i] = (uint8_t)(value >> (8 * i));
}

const uint8_t *snap_ppc64le_set(const struct snap_thread *thread,
				enum snap_ppc64le_regset set)
{
	const struct snap_regset *bytes = &thread->regsets[set];
	return bytes->size >= snap_ppc64le_regsets[set].max_size ? bytes->data : NULL;
}
