// SPDX-License-Identifier: GPL-3.0-or-later
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../gdb/story.h"

/*
 * Fills every vector register with ones, raises SIGUSR1, and writes into the file that
 * it is told what is in them behind that: its size for each register, lowest byte
 * first. Nothing but the kernel touches them in between.
 */

#ifdef __x86_64__

static uint8_t ones[64] __attribute__((aligned(64)));
static uint8_t found[32 * 64] __attribute__((aligned(64)));

#	define SIXTEEN    "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15"
#	define THIRTY_TWO SIXTEEN ",16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31"
/** One instruction for each of the registers; \\i stands for its number. */
#	define EACH(numbers, instruction) \
		".irp i," numbers "\n" instruction "\n.endr\n"

#	define CARRY(name, numbers, load, store)                                  \
		static void name(pid_t pid, pid_t tid)                             \
		{                                                                  \
			long result = SYS_tgkill;                                  \
			asm volatile(EACH(numbers, load) "syscall\n" EACH(numbers, \
									  store)   \
				     : "+a"(result)                                \
				     : [in] "r"(ones), [out] "r"(found), "D"(pid), \
				       "S"(tid), "d"(SIGUSR1)                      \
				     : "rcx", "r11", "memory");                    \
		}

CARRY(carry_xmm, SIXTEEN, "movups (%[in]), %%xmm\\i", "movups %%xmm\\i, \\i*16(%[out])")
CARRY(carry_ymm, SIXTEEN, "vmovups (%[in]), %%ymm\\i",
      "vmovups %%ymm\\i, \\i*32(%[out])")
CARRY(carry_zmm, THIRTY_TWO, "vmovups (%[in]), %%zmm\\i",
      "vmovups %%zmm\\i, \\i*64(%[out])")

int main(int argc, char **argv)
{
	size_t size = 16 * 16;
	void (*carry)(pid_t, pid_t) = carry_xmm;
	if (__builtin_cpu_supports("avx512f")) {
		size = 32 * 64;
		carry = carry_zmm;
	} else if (__builtin_cpu_supports("avx")) {
		size = 16 * 32;
		carry = carry_ymm;
	}
	memset(ones, 0xff, sizeof(ones));
	CHECK(argc == 2);
	int fd = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	CHECK(fd >= 0);

	carry(getpid(), (pid_t)syscall(SYS_gettid));
	CHECK(write(fd, found, size) == (ssize_t)size);
	return 0;
}

#else
int main(void)
{
	return 77;
}
#endif
