// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A function that signs its return address, and in its middle may get other keys: it
 * could not return then. 77 on a CPU that does not sign.
 */
#include "../story.h"

#ifndef __aarch64__

int main(void)
{
	return 77;
}

#else

#	include <stdint.h>
#	include <sys/auxv.h>
#	include <sys/prctl.h>
#	include <unistd.h>

volatile int wants_other_keys;

STORY_PLACE void inside(void)
{
	asm volatile("" ::: "memory");
}

STORY_PLACE void changed(void)
{
	asm volatile("" ::: "memory");
}

/** What the keys make of a number. */
static uint64_t sign(uint64_t value)
{
	register uint64_t x0 asm("x0") = value;
	register uint64_t x1 asm("x1") = 42;
	// pacga x0, x0, x1
	asm volatile(".inst 0x9ac13000" : "+r"(x0) : "r"(x1));
	return x0;
}

static int has_generic;
static uint64_t number;

/** Signs its return address, and checks it before it returns. */
__attribute__((noipa, target("branch-protection=pac-ret+leaf"))) static void guarded(
	void)
{
	inside();
	if (wants_other_keys) {
		CHECK(!prctl(PR_PAC_RESET_KEYS, 0, 0, 0, 0));
		CHECK(!has_generic || sign(1) != number);
		changed();
		// There is no way back from here.
		_exit(3);
	}
	CHECK(!has_generic || sign(1) == number);
}

int main(void)
{
	uint64_t hwcap = getauxval(AT_HWCAP);
	if (!(hwcap & HWCAP_PACA))
		return 77;
	has_generic = !!(hwcap & HWCAP_PACG);
	if (has_generic)
		number = sign(1);
	guarded();
	puts("returned");
	return 0;
}

#endif
