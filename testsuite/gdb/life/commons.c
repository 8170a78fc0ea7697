// SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "../story.h"

/*
 * commons [others]: has two pieces of shared anonymous memory, mapped in parts, in
 * another order and more than once; stops by at saved(); then looks whether they are
 * still that, and whether a child shares them. With `others` a child has them before.
 */

STORY_PLACE void saved(void)
{
}

enum {
	NR_PAGES = 8
};

static char *map(size_t size, int flags)
{
	char *place = mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS | flags, -1, 0);
	CHECK(place != MAP_FAILED);
	return place;
}

/** A part of some shared memory in one more place. */
static char *map_again(char *place, size_t size)
{
	char *again = mremap(place, 0, size, MREMAP_MAYMOVE);
	CHECK(again != MAP_FAILED);
	return again;
}

static void fill(char *place, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		memset(place + i * PAGE, 'a' + (int)i, PAGE);
}

static void check_filled(const char *place, size_t first, size_t nr)
{
	for (size_t i = 0; i < nr * PAGE; i++)
		CHECK(place[i] == 'a' + (int)(first + i / PAGE));
}

/** What one writes the other sees. */
static void check_shared(char *a, const char *b)
{
	char was = *a;
	*a = '!';
	CHECK(*b == '!');
	*a = was;
	CHECK(*b == was);
}

static void check_child(char *place)
{
	char was = *place;
	pid_t child = fork();
	CHECK(child >= 0);
	if (!child) {
		*place = '?';
		_exit(0);
	}
	int status;
	CHECK(waitpid(child, &status, 0) == child && !status);
	CHECK(*place == '?');
	*place = was;
}

/** Somebody who has the memory, too, until its other end of a pipe is closed. */
static int start_other(void)
{
	int ends[2];
	char byte;
	CHECK(!pipe(ends));
	pid_t child = fork();
	CHECK(child >= 0);
	if (!child) {
		close(ends[1]);
		_exit((int)read(ends[0], &byte, 1));
	}
	close(ends[0]);
	return ends[1];
}

int main(int argc, char **argv)
{
	char *whole = map(NR_PAGES * PAGE, 0);
	char *reserved = map(PAGE << 10, MAP_NORESERVE);
	fill(whole, NR_PAGES);
	strcpy(reserved + (PAGE << 9), "in the middle");

	char *tail = map_again(whole + 5 * PAGE, 3 * PAGE);
	char *read_only = map_again(whole + 2 * PAGE, PAGE);
	CHECK(!mprotect(read_only, PAGE, PROT_READ));
	// Of the first mapping the head goes, and a page of the middle.
	CHECK(!munmap(whole, PAGE));
	CHECK(!munmap(whole + 4 * PAGE, PAGE));
	int other = argc > 1 ? start_other() : -1;
	saved();

	check_filled(whole + PAGE, 1, 3);
	check_filled(whole + 5 * PAGE, 5, 3);
	check_filled(tail, 5, 3);
	check_filled(read_only, 2, 1);
	CHECK(!strcmp(reserved + (PAGE << 9), "in the middle"));
	CHECK(!reserved[0]);
	check_shared(whole + 2 * PAGE, read_only);
	check_shared(tail + PAGE, whole + 6 * PAGE);
	check_child(tail);
	check_child(reserved);
	if (other >= 0)
		CHECK(!close(other));
	return 0;
}
