/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STORY_CPU_H
#define STORY_CPU_H

/** What a debugger takes for a breakpoint. */
#define CPU_TRAP() __asm__ volatile("int3")

/** Put ones into all of xmm15, and stop being C at `text` while they are there. */
#define CPU_SET_VECTOR(text) \
	__asm__ volatile("pcmpeqd %%xmm15, %%xmm15\n" text : : : "xmm15")

/** What the offsets of thread-local storage count from. */
static inline char *cpu_thread_pointer(void)
{
	return (char *)__builtin_thread_pointer();
}

/** exit_group(2), without a C library. */
__attribute__((noreturn)) static inline void cpu_exit(int status)
{
	__asm__ volatile("syscall" : : "a"(231), "D"(status));
	__builtin_unreachable();
}

#endif
