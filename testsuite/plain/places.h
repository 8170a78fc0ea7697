/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PLACES_H
#define PLACES_H

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../gdb/story.h"

/* Memory, and everything done to it that a restore has a step for. */

#define SIZE (8 * PAGE)
#define RW   (PROT_READ | PROT_WRITE)

// Newer than the headers of Debian 12.
#define GUARD_INSTALL 102
#define GUARD_REMOVE  103

struct places {
	char *replaced, *gone, *changed, *guarded, *shared, *moved, *file;
	/** Where what was moved is then, and what is new. */
	char *there, *grown, *alone;
	char *heap;
	int has_guards;
};

static char *map(char *where, size_t size, int flags, int fd)
{
	char *memory =
		mmap(where, size, RW, flags | (where ? MAP_FIXED_NOREPLACE : 0), fd, 0);
	CHECK(memory != MAP_FAILED);
	return memory;
}

static char *map_filled(int flags, char seed)
{
	char *memory = map(NULL, SIZE, flags | MAP_ANONYMOUS, -1);
	for (size_t i = 0; i < SIZE; i++)
		memory[i] = (char)(seed + (char)i);
	return memory;
}

static int is_filled(const char *memory, char seed)
{
	for (size_t i = 0; i < SIZE; i++)
		if (memory[i] != (char)(seed + (char)i))
			return 0;
	return 1;
}

static char *map_file(char *where)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0);
	char *memory = map(where, PAGE, MAP_PRIVATE, fd);
	close(fd);
	memory[5] = 42;
	return memory;
}

static void prepare_places(struct places *places)
{
	places->replaced = map_filled(MAP_PRIVATE, 1);
	places->gone = map_filled(MAP_PRIVATE, 2);
	places->changed = map_filled(MAP_PRIVATE, 3);
	places->guarded = map_filled(MAP_PRIVATE, 4);
	places->shared = map_filled(MAP_SHARED, 5);
	places->moved = map_filled(MAP_SHARED, 6);
	places->file = map_file(NULL);
	CHECK(!mlock(places->changed, 2 * PAGE));
	CHECK(!madvise(places->changed, 3 * PAGE, MADV_DONTFORK));
	places->has_guards = !madvise(places->guarded, PAGE, GUARD_INSTALL);
	places->heap = sbrk(16 * (intptr_t)PAGE);
	memset(places->heap, 7, 16 * PAGE);
}

static STORY_PLACE void check_places(const struct places *places)
{
	CHECK(is_filled(places->replaced, 1) && is_filled(places->gone, 2));
	CHECK(is_filled(places->changed, 3));
	CHECK(is_filled(places->shared, 5) && is_filled(places->moved, 6));
	CHECK(places->guarded[PAGE] == 4 && places->guarded[SIZE - 1] == 3);
	CHECK(places->file[5] == 42 && !memcmp(places->file, "\177ELF", 4));
	CHECK(sbrk(0) == places->heap + 16 * PAGE);
	for (size_t i = 0; i < 16 * PAGE; i++)
		CHECK(places->heap[i] == 7);
}

static void change_places(struct places *places, int heap_grows)
{
	CHECK(!munmap(places->replaced, SIZE));
	CHECK(map_file(places->replaced) == places->replaced);
	CHECK(!munmap(places->gone, SIZE));
	CHECK(!munlock(places->changed, PAGE));
	CHECK(!mlock(places->changed + 4 * PAGE, PAGE));
	CHECK(!madvise(places->changed, PAGE, MADV_DOFORK));
	CHECK(!mprotect(places->changed + PAGE, PAGE, PROT_READ));
	if (places->has_guards) {
		CHECK(!madvise(places->guarded, PAGE, GUARD_REMOVE));
		CHECK(!madvise(places->guarded + 2 * PAGE, PAGE, GUARD_INSTALL));
	}
	memset(places->shared, 8, SIZE);
	CHECK(!mprotect(places->shared, PAGE, PROT_READ));
	places->there = map(NULL, SIZE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	CHECK(mremap(places->moved, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
		     places->there) == places->there);
	CHECK(!munmap(places->file, PAGE));
	places->grown = map_filled(MAP_PRIVATE, 10);
	places->alone = map_filled(MAP_PRIVATE, 11);
	CHECK(!madvise(places->alone, SIZE, MADV_DONTDUMP));
	CHECK(sbrk(heap_grows ? 32 * (intptr_t)PAGE : -8 * (intptr_t)PAGE) !=
	      (void *)-1);
	memset(places->heap, 8, PAGE);
}

#endif
