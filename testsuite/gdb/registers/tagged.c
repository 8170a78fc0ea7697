/* A mapping whose memory has tags (MTE); 77 where there are none. */
#include "../story.h"

#ifndef __aarch64__

int main(void)
{
	return 77;
}

#else

#	include <sys/auxv.h>
#	include <sys/mman.h>

// asm/hwcap.h and asm/mman.h of kernels from 5.10 on.
#	define HAS_TAGS  (1ul << 18)
#	define WITH_TAGS 0x20

STORY_PLACE void ready(void)
{
	asm volatile("" ::: "memory");
}

int main(void)
{
	if (!(getauxval(AT_HWCAP2) & HAS_TAGS))
		return 77;
	char *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE | WITH_TAGS,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(memory != MAP_FAILED);
	memory[7] = 42;
	ready();
	CHECK(memory[7] == 42);
	return 0;
}

#endif
