// SPDX-License-Identifier: GPL-3.0-or-later
#include "arch/aarch64/aarch64.h"

uint64_t snap_aarch64_load(const uint8_t *from, size_t size)
{
	uint64_t value = 0;
	for (size_t i = 0; i < size; i++)
		value |= (uint64_t)from[i] << (8 * i);
	return value;
}

void snap_aarch64_store(uint8_t *to, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		to[i] = (uint8_t)(value >> (8 * i));
}
