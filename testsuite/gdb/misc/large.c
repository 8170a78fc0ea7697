// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A gibibyte of memory, all of it filled: once before settled(), and anew before
 * changed(). Each time it comes from there it looks whether all is there.
 */
#include <stdint.h>
#include <stdlib.h>

#include "../story.h"

static size_t nr_words = ((size_t)1 << 30) / sizeof(uint64_t);
static uint64_t *words;

static void fill(uint64_t seed)
{
	for (size_t i = 0; i < nr_words; i++)
		words[i] = seed ^ i;
}

static void check(uint64_t seed)
{
	for (size_t i = 0; i < nr_words; i++)
		CHECK(words[i] == (seed ^ i));
}

STORY_PLACE void settled(void)
{
}

STORY_PLACE void changed(void)
{
}

int main(int argc, char **argv)
{
	if (argc > 1)
		nr_words = (size_t)atol(argv[1]) << 17;
	words = malloc(nr_words * sizeof(uint64_t));
	CHECK(words);
	fill(UINT64_C(0x1234567800000000));
	settled();
	check(UINT64_C(0x1234567800000000));
	fill(UINT64_C(0x8765432100000000));
	changed();
	check(UINT64_C(0x8765432100000000));
	return 0;
}
