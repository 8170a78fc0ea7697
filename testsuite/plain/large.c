// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Has large memory of every kind that a new process is filled with, and looks at all of
 * it after SIGUSR1 and after SIGUSR2.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>

#include "../gdb/story.h"

#define MIB ((size_t)1 << 20)

/** Memory of its own, and what may be done with it. */
struct part {
	uint8_t *start;
	size_t size;
	int prot;
};

/** Of the first half each fifth page does not exist. */
static bool exists(const struct part *part, size_t at)
{
	return at / 4096 % 5 || at > part->size / 2;
}

/** Some pages are zeros; others begin with which part they are of, and their number. */
static uint8_t wanted(const struct part *part, size_t at)
{
	size_t page = at / 4096;
	uint64_t name = page << 8 | part->size / MIB;
	if (page % 40 == 0)
		return 0;
	return (uint8_t)(at % 4096 < 8 ? name >> at % 4096 * 8 : at * 7 + page);
}

static void fill(const struct part *part)
{
	for (size_t at = 0; at < part->size; at++)
		if (exists(part, at))
			part->start[at] = wanted(part, at);
}

static void check(const struct part *part)
{
	CHECK(!mprotect(part->start, part->size, PROT_READ));
	for (size_t at = 0; at < part->size; at++)
		CHECK(part->start[at] == (exists(part, at) ? wanted(part, at) : 0));
	CHECK(!mprotect(part->start, part->size, part->prot));
}

static struct part make(uint8_t *start, size_t size, int prot)
{
	const struct part part = { start, size, prot };
	CHECK(start != MAP_FAILED);
	fill(&part);
	CHECK(!mprotect(start, size, prot));
	return part;
}

static uint8_t *map(size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0);
}

int main(void)
{
	const int rw = PROT_READ | PROT_WRITE;
	// Two neighbours that agree, and that the kernel has not made one: their pages
	// were made when they did not.
	uint8_t *twins = map(6 * MIB);
	CHECK(!madvise(twins + 3 * MIB, 3 * MIB, MADV_DONTFORK));
	const struct part parts[] = {
		make(map(40 * MIB), 40 * MIB, rw),
		make(map(2 * MIB), 2 * MIB, PROT_READ),
		make(map(2 * MIB), 2 * MIB, PROT_NONE),
		make(twins, 3 * MIB, rw),
		make(twins + 3 * MIB, 3 * MIB, rw),
		make(mmap(NULL, 4 * MIB, rw, MAP_SHARED | MAP_ANONYMOUS, -1, 0),
		     4 * MIB, rw),
		make(map(MIB), MIB, rw),
	};
	const size_t nr = sizeof(parts) / sizeof(*parts);
	CHECK(!madvise(twins + 3 * MIB, 3 * MIB, MADV_DOFORK));
	// All of it is there before it is filled.
	CHECK(!mlock(parts[nr - 1].start, MIB));
	raise(SIGUSR1);
	for (size_t i = 0; i < nr; i++)
		check(&parts[i]);
	raise(SIGUSR2);
	for (size_t i = 0; i < nr; i++)
		check(&parts[i]);
	return 0;
}
