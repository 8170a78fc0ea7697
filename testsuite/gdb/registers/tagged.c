// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Memory with tags (MTE), and pointers that have them: a load or a store through
 * another one is a SIGSEGV. 77 where there are none.
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
#	include <sys/mman.h>
#	include <sys/prctl.h>

// asm/hwcap.h, asm/mman.h and linux/prctl.h of kernels from 5.10 on.
#	define HAS_TAGS         (1ul << 18)
#	define WITH_TAGS        0x20
#	define TAGS_ARE_CHECKED (1ul | 1ul << 1 | 0xfffeul << 3)

#	define GRANULE  16
#	define NR_PAGES 4

/** Pages that have tags, that have none yet, and others. */
char *memory, *second;
volatile int wants_change;

STORY_PLACE void ready(void)
{
	asm volatile("" ::: "memory");
}

STORY_PLACE void changed(void)
{
	asm volatile("" ::: "memory");
}

static char *with_tag(char *address, unsigned tag)
{
	return (char *)((uintptr_t)address | (uintptr_t)tag << 56);
}

static unsigned tag_at(char *address)
{
	asm volatile(".arch armv8.5-a+memtag\n\tldg %0, [%0]" : "+r"(address));
	return (uintptr_t)address >> 56 & 0xf;
}

static void set_tag(char *address, unsigned tag)
{
	address = with_tag(address, tag);
	asm volatile(".arch armv8.5-a+memtag\n\tstg %0, [%0]" ::"r"(address)
		     : "memory");
}

/**
 * What the tag of a granule is in the first and in the second state. It differs from
 * its neighbour's and the next page's: QEMU 7.2 has one byte of tags for a page, where
 * the architecture has 128.
 */
static unsigned wanted_tag(size_t granule, int state)
{
	size_t page = granule * GRANULE / PAGE;
	return (unsigned)(granule % 2 * 5 + page * 3 + 7 * (size_t)state + 1) & 0xf;
}

static char *map(void)
{
	char *got = mmap(NULL, NR_PAGES * PAGE, PROT_READ | PROT_WRITE | WITH_TAGS,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(got != MAP_FAILED);
	return got;
}

/** Tag some pages, and write into them. */
static void fill(char *to, size_t first, size_t nr, int state)
{
	for (size_t i = first * PAGE / GRANULE; i < (first + nr) * PAGE / GRANULE;
	     i++) {
		set_tag(to + i * GRANULE, wanted_tag(i, state));
		*with_tag(to + i * GRANULE, wanted_tag(i, state)) = (char)(i + state);
	}
}

/** They are as they were filled: their tags, and what a pointer with the tag finds. */
static void check(char *in, size_t first, size_t nr, int state)
{
	for (size_t i = first * PAGE / GRANULE; i < (first + nr) * PAGE / GRANULE;
	     i++) {
		CHECK(tag_at(in + i * GRANULE) == wanted_tag(i, state));
		CHECK(*with_tag(in + i * GRANULE, wanted_tag(i, state)) ==
		      (char)(i + state));
	}
}

static void check_empty(char *page)
{
	for (size_t i = 0; i < PAGE / GRANULE; i++)
		CHECK(!tag_at(page + i * GRANULE) && !page[i * GRANULE]);
}

/** Pages 0 and 1 have tags and bytes, page 2 tags alone, page 3 nothing. */
static void begin(void)
{
	fill(memory, 0, 2, 0);
	for (size_t i = 0; i < PAGE / GRANULE; i++)
		set_tag(memory + 2 * PAGE + i * GRANULE, 9);
	fill(second, 0, NR_PAGES, 0);
}

static void change(void)
{
	fill(memory, 0, 1, 1);
	CHECK(!madvise(memory + PAGE, PAGE, MADV_DONTNEED));
	fill(memory, 2, 2, 1);
	CHECK(!munmap(second, NR_PAGES * PAGE));
	changed();
	check(memory, 0, 1, 1);
	check_empty(memory + PAGE);
	check(memory, 2, 2, 1);
	puts("as changed");
}

int main(void)
{
	if (!(getauxval(AT_HWCAP2) & HAS_TAGS))
		return 77;
	CHECK(!prctl(PR_SET_TAGGED_ADDR_CTRL, TAGS_ARE_CHECKED, 0, 0, 0));
	memory = map();
	second = map();
	begin();
	ready();
	if (wants_change) {
		change();
		return 0;
	}
	check(memory, 0, 2, 0);
	for (size_t i = 0; i < PAGE / GRANULE; i++) {
		CHECK(tag_at(memory + 2 * PAGE + i * GRANULE) == 9);
		CHECK(!*with_tag(memory + 2 * PAGE + i * GRANULE, 9));
	}
	check_empty(memory + 3 * PAGE);
	check(second, 0, NR_PAGES, 0);
	puts("as saved");
	return 0;
}

#endif
