// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Very many mappings: the pages of a range have two protections in turn, so that no two
 * of them can be one mapping. The argument says how many there are.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../story.h"

/** Every so many pages one holds a number. */
#define STEP 16

static char *range;
static long nr_pages;

static int prot_of(long page)
{
	return page % 2 ? PROT_READ | PROT_WRITE : PROT_READ;
}

static volatile long *number_of(long page)
{
	return (volatile long *)(range + page * PAGE);
}

static void build(void)
{
	range = mmap(NULL, (size_t)nr_pages * PAGE, PROT_READ,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	CHECK(range != MAP_FAILED);
	for (long page = 1; page < nr_pages; page += 2)
		CHECK(!mprotect(range + page * PAGE, PAGE, prot_of(page)));
	for (long page = 1; page < nr_pages; page += STEP)
		*number_of(page) = page;
}

/** The kernel's list is the one that was built. */
static void verify_list(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512], prot[5];
	long page = 0;

	CHECK(maps);
	while (fgets(line, sizeof(line), maps)) {
		char *start, *end;
		CHECK(sscanf(line, "%p-%p %4s", (void **)&start, (void **)&end, prot) ==
		      3);
		if (start < range || start >= range + nr_pages * PAGE)
			continue;
		CHECK(start == range + page * PAGE && end == start + PAGE);
		CHECK(!strcmp(prot, page % 2 ? "rw-p" : "r--p"));
		page++;
	}
	CHECK(page == nr_pages);
	fclose(maps);
}

static void verify(void)
{
	verify_list();
	for (long page = 0; page < nr_pages; page++)
		CHECK(*number_of(page) == (page % STEP == 1 ? page : 0));
}

/** A few of them, far from each other, in every way that there is. */
static void change(void)
{
	for (long page = 1; page + 4 * STEP < nr_pages;
	     page += nr_pages / 7 / STEP * STEP) {
		*number_of(page) = -1;
		CHECK(!munmap(range + (page + STEP) * PAGE, PAGE));
		CHECK(!mprotect(range + (page + 2 * STEP) * PAGE, PAGE, PROT_NONE));
		CHECK(mmap(range + (page + 3 * STEP) * PAGE, PAGE,
			   PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
			   0) != MAP_FAILED);
	}
}

STORY_PLACE void ready(void)
{
}

STORY_PLACE void changed(void)
{
}

int main(int argc, char **argv)
{
	CHECK(argc == 2);
	nr_pages = atol(argv[1]);
	build();
	ready();
	verify();
	change();
	changed();
	return 0;
}
