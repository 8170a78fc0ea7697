/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STORY_CPU_H
#define STORY_CPU_H

/** What a debugger takes for a breakpoint. */
#define CPU_TRAP() __asm__ volatile("trap")

/** Put ones into all of vs63, and stop being C at `text` while they are there. */
#define CPU_SET_VECTOR(text) __asm__ volatile("vspltisw 31, -1\n" text : : : "v31")

/** What the offsets of thread-local storage count from. */
static inline char *cpu_thread_pointer(void)
{
	char *pointer;
	__asm__("mr %0, 13" : "=r"(pointer));
	return pointer;
}

/** exit_group(2), without a C library. */
__attribute__((noreturn)) static inline void cpu_exit(int status)
{
	register long number __asm__("r0") = 234;
	register long argument __asm__("r3") = status;
	__asm__ volatile("sc" : : "r"(number), "r"(argument));
	__builtin_unreachable();
}

#endif
