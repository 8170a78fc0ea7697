// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * rounds: memory that is all different, of which each round changes some pages and
 * looks at all. Stops by at tick() before each round, and checks itself.
 */
#include <stdint.h>
#include <sys/mman.h>

#include "../story.h"

#define NR_PAGES  2048
#define STRIDE    32
#define NR_ROUNDS 12

static uint64_t *memory;
size_t page_words;
volatile int round_number;

STORY_PLACE void tick(void)
{
}

/** Every 32nd page is changed in each round. */
static uint64_t expected(size_t page, int rounds)
{
	return page + 1 + (page % STRIDE ? 0 : (uint64_t)rounds * 1000000);
}

int main(void)
{
	page_words = PAGE / sizeof(*memory);
	memory = mmap(NULL, NR_PAGES * PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(memory != MAP_FAILED);
	for (size_t i = 0; i < NR_PAGES * page_words; i++)
		memory[i] = i / page_words + 1;
	for (round_number = 0; round_number < NR_ROUNDS; round_number++) {
		tick();
		for (size_t page = 0; page < NR_PAGES; page++)
			CHECK(memory[page * page_words] ==
			      expected(page, round_number));
		for (size_t page = 0; page < NR_PAGES; page += STRIDE)
			memory[page * page_words] += 1000000;
	}
	return 0;
}
