// SPDX-License-Identifier: GPL-3.0-or-later
/* As little of a program as there can be, for an image that is small. */
#include "cpu.h"

volatile unsigned long ticks;
volatile unsigned char block[64];

__attribute__((noipa)) void tick(void)
{
	block[ticks % 64] += 3;
	ticks++;
}

__attribute__((noreturn)) void _start(void)
{
	unsigned sum = 0;

	// For whoever looks at the registers.
	CPU_SET_VECTOR("");

	for (int i = 0; i < 128; i++)
		tick();
	for (int i = 0; i < 64; i++)
		sum += block[i];
	// 0 if each byte was raised twice
	cpu_exit(sum == 64 * 6 && ticks == 128 ? 0 : 1);
}
