/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STORY_CPU_H
#define STORY_CPU_H

/** What a debugger takes for a breakpoint. */
#define CPU_TRAP() __asm__ volatile("brk #0")

/** Put ones into all of v15, and stop being C at `text` while they are there. */
#define CPU_SET_VECTOR(text) __asm__ volatile("movi v15.16b, #0xff\n" text : : : "v15")

/** What the offsets of thread-local storage count from. */
static inline char *cpu_thread_pointer(void)
{
	return (char *)__builtin_thread_pointer();
}

/** exit_group(2), without a C library. */
__attribute__((noreturn)) static inline void cpu_exit(int status)
{
	register long number __asm__("x8") = 94;
	register long argument __asm__("x0") = status;
	__asm__ volatile("svc #0" : : "r"(number), "r"(argument));
	__builtin_unreachable();
}

#endif
