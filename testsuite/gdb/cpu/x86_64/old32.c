// SPDX-License-Identifier: GPL-3.0-or-later
/* A 32-bit program without a C library, so that no 32-bit packages are needed. */
volatile int ticks;

__attribute__((noipa)) void tick(void)
{
	ticks++;
}

__attribute__((noreturn)) void _start(void)
{
	for (int i = 0; i < 3; i++)
		tick();
	// exit(ticks == 3 ? 0 : 1)
	asm volatile("int $0x80" : : "a"(1), "b"(ticks == 3 ? 0 : 1));
	__builtin_unreachable();
}
