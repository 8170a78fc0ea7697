// SPDX-License-Identifier: GPL-3.0-or-later
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../gdb/story.h"

/*
 * Loads a known pattern into every vector register, byte J of register I being
 * (I * 64 + J) % 251, and raises SIGUSR1 without touching them; checks that they are
 * still there; zeroes them all and raises SIGUSR2. One instruction stands between the
 * system call and the store: nothing but the kernel keeps the registers.
 */

#ifdef __x86_64__

static uint8_t wanted[32][64] __attribute__((aligned(64)));
static uint8_t found[32][64] __attribute__((aligned(64)));

#	define SIXTEEN    "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15"
#	define THIRTY_TWO SIXTEEN ",16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31"
/** One instruction for each of the registers; \\i stands for its number. */
#	define EACH(numbers, instruction) \
		".irp i," numbers "\n" instruction "\n.endr\n"

/** Load, raise SIGUSR1, store, zero, raise SIGUSR2. */
#	define CYCLE(name, numbers, load, store, zero)                              \
		static void name(pid_t pid, pid_t tid)                               \
		{                                                                    \
			long result = SYS_tgkill;                                    \
			asm volatile(EACH(numbers, load) "syscall\n" EACH(numbers,   \
									  store)     \
				     : "+a"(result)                                  \
				     : [in] "r"(wanted), [out] "r"(found), "D"(pid), \
				       "S"(tid), "d"(SIGUSR1)                        \
				     : "rcx", "r11", "memory");                      \
			result = SYS_tgkill;                                         \
			asm volatile(EACH(numbers, zero) "syscall\n"                 \
				     : "+a"(result)                                  \
				     : "D"(pid), "S"(tid), "d"(SIGUSR2)              \
				     : "rcx", "r11", "memory");                      \
		}

CYCLE(cycle_xmm, SIXTEEN, "movups \\i*64(%[in]), %%xmm\\i",
      "movups %%xmm\\i, \\i*64(%[out])", "xorps %%xmm\\i, %%xmm\\i")
CYCLE(cycle_ymm, SIXTEEN, "vmovups \\i*64(%[in]), %%ymm\\i",
      "vmovups %%ymm\\i, \\i*64(%[out])", "vxorps %%ymm\\i, %%ymm\\i, %%ymm\\i")
CYCLE(cycle_zmm, THIRTY_TWO, "vmovups \\i*64(%[in]), %%zmm\\i",
      "vmovups %%zmm\\i, \\i*64(%[out])", "vpxorq %%zmm\\i, %%zmm\\i, %%zmm\\i")

int main(void)
{
	size_t nr = 16, size = 16;
	void (*cycle)(pid_t, pid_t) = cycle_xmm;
	if (__builtin_cpu_supports("avx512f")) {
		nr = 32;
		size = 64;
		cycle = cycle_zmm;
	} else if (__builtin_cpu_supports("avx2")) {
		size = 32;
		cycle = cycle_ymm;
	}
	for (size_t i = 0; i < 32; i++)
		for (size_t j = 0; j < 64; j++)
			wanted[i][j] = (uint8_t)((i * 64 + j) % 251);

	cycle(getpid(), (pid_t)syscall(SYS_gettid));
	for (size_t i = 0; i < nr; i++)
		CHECK(!memcmp(wanted[i], found[i], size));
	return 0;
}

#else
int main(void)
{
	return 77;
}
#endif
