// SPDX-License-Identifier: GPL-3.0-or-later
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../gdb/story.h"

/*
 * Fills every kind of private memory with a pattern and raises SIGUSR1: the place to
 * take a snapshot of. Then it fills all with another one and raises SIGUSR2: the place
 * to go back from. Whenever it comes past SIGUSR1 the first pattern must be there.
 */

#define SIZE (1 << 18)

static unsigned char bss[SIZE];
static unsigned char data[SIZE] = { 1 };

struct places {
	unsigned char *list[6];
	/** Written before, read-only since: a save must hold it all the same. */
	unsigned char *sealed;
	volatile int rounds;
};

static unsigned char *map(int prot, int flags, int fd)
{
	unsigned char *memory = mmap(NULL, SIZE, prot, flags, fd, 0);
	CHECK(memory != MAP_FAILED);
	return memory;
}

/** A file of our own, mapped privately. */
static unsigned char *map_file(void)
{
	FILE *file = tmpfile();
	CHECK(file);
	CHECK(!ftruncate(fileno(file), SIZE));
	unsigned char *memory = map(PROT_READ | PROT_WRITE, MAP_PRIVATE, fileno(file));
	fclose(file);
	return memory;
}

static void fill(unsigned char *memory, unsigned seed)
{
	for (size_t i = 0; i < SIZE; i++)
		memory[i] = (unsigned char)(i * 31 + (i >> 12) + seed);
}

static int is_filled(const unsigned char *memory, unsigned seed)
{
	for (size_t i = 0; i < SIZE; i++)
		if (memory[i] != (unsigned char)(i * 31 + (i >> 12) + seed))
			return 0;
	return 1;
}

static STORY_PLACE void fill_all(const struct places *places, unsigned seed)
{
	for (size_t i = 0; i < 6; i++)
		fill(places->list[i], seed + (unsigned)i);
}

static STORY_PLACE void check_all(const struct places *places, unsigned seed)
{
	for (size_t i = 0; i < 6; i++)
		CHECK(is_filled(places->list[i], seed + (unsigned)i));
	CHECK(is_filled(places->sealed, 77));
}

int main(void)
{
	unsigned char stack[SIZE];
	struct places places = {
		.list = { bss, data, stack, malloc(SIZE), map_file(),
			  map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			      -1) },
		.sealed = map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1),
	};
	fill(places.sealed, 77);
	CHECK(!mprotect(places.sealed, SIZE, PROT_READ));
	fill_all(&places, 100);

	raise(SIGUSR1);
	CHECK(places.rounds == 0);
	check_all(&places, 100);

	places.rounds++;
	fill_all(&places, 200);
	raise(SIGUSR2);
	CHECK(places.rounds == 1);
	check_all(&places, 200);
	return 0;
}
