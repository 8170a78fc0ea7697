/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SCENE_H
#define SCENE_H

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../story.h"

/*
 * A program with scenes, of which it plays the one that it is told: something is
 * prepared, the program comes to saved(), checks that all is as prepared, changes it,
 * checks that it is changed, and comes to changed(). Who goes back from there to
 * saved() is checked by the same words.
 */

#define SIZE (16 * PAGE)

struct scene {
	const char *name;
	void (*prepare)(void);
	void (*check)(void);
	void (*change)(void);
};

/** What the program has mapped; a scene says what. */
static __attribute__((unused)) char *place, *other;
static int fd = -1;

/** smaps as a text; no memory is allocated. */
static char text[1 << 20];

static __attribute__((unused)) char *read_proc(const char *path)
{
	int proc = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(proc >= 0);
	size_t size = 0;
	for (ssize_t got; (got = read(proc, text + size, sizeof(text) - 1 - size)) > 0;)
		size += (size_t)got;
	CHECK(size < sizeof(text) - 1);
	text[size] = 0;
	close(proc);
	return text;
}

/** The head of a mapping in smaps, or NULL where nothing is mapped. */
static __attribute__((unused)) char *find_mapping(const void *address)
{
	for (char *line = read_proc("/proc/self/smaps"); *line;) {
		unsigned long start, end;
		char dash;
		if (sscanf(line, "%lx%c%lx ", &start, &dash, &end) == 3 &&
		    dash == '-' && (uintptr_t)address >= start &&
		    (uintptr_t)address < end)
			return line;
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return NULL;
}

static __attribute__((unused)) int is_mapped(const void *address)
{
	return find_mapping(address) != NULL;
}

/** The letters of a mapping: "rw-p". */
static __attribute__((unused)) int has_letters(const void *address, const char *letters)
{
	char *head = find_mapping(address);
	return head && !strncmp(strchr(head, ' ') + 1, letters, 4);
}

/** Whether VmFlags of a mapping has this one. */
static __attribute__((unused)) int has_flag(const void *address, const char *flag)
{
	char *head = find_mapping(address);
	CHECK(head);
	char *flags = strstr(head, "VmFlags:");
	CHECK(flags);
	flags[strcspn(flags, "\n")] = 0;
	char wanted[8];
	snprintf(wanted, sizeof(wanted), " %s", flag);
	return strstr(flags, wanted) != NULL;
}

/** Whether a page is there, by /proc/self/pagemap. */
static __attribute__((unused)) int exists(const void *address)
{
	uint64_t entry;
	int map = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	CHECK(map >= 0);
	CHECK(pread(map, &entry, 8, (off_t)((uintptr_t)address / PAGE * 8)) == 8);
	close(map);
	return entry >> 62 != 0;
}

static __attribute__((unused)) void fill(char *memory, size_t size, int seed)
{
	for (size_t i = 0; i < size; i++)
		memory[i] = (char)(i * 7 + i / PAGE + (size_t)seed);
}

static __attribute__((unused)) int is_filled(const char *memory, size_t size, int seed)
{
	for (size_t i = 0; i < size; i++)
		if (memory[i] != (char)(i * 7 + i / PAGE + (size_t)seed))
			return 0;
	return 1;
}

static __attribute__((unused)) char *map_at(void *where, size_t size, int prot,
					    int flags)
{
	char *memory = mmap(where, size, prot,
			    flags | (where ? MAP_FIXED_NOREPLACE : 0) |
				    (fd < 0 ? MAP_ANONYMOUS : 0),
			    fd, 0);
	CHECK(memory != MAP_FAILED);
	return memory;
}

/** Plain memory, filled; with free space on both sides of it. */
static __attribute__((unused)) void prepare_filled(void)
{
	char *space = map_at(NULL, 3 * SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	CHECK(!munmap(space, SIZE) && !munmap(space + 2 * SIZE, SIZE));
	place = space + SIZE;
	fill(place, SIZE, 1);
}

static __attribute__((unused)) void check_filled(void)
{
	CHECK(is_filled(place, SIZE, 1));
	CHECK(has_letters(place, "rw-p"));
}

static STORY_PLACE void saved(void)
{
}

static STORY_PLACE void changed(void)
{
}

static int play(int argc, char **argv, const struct scene *scenes)
{
	CHECK(argc == 2);
	while (scenes->name && strcmp(scenes->name, argv[1]))
		scenes++;
	CHECK(scenes->name);
	scenes->prepare();
	saved();
	scenes->check();
	scenes->change();
	changed();
	return 0;
}

#endif
