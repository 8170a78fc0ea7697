// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Much memory and several threads; the first thread takes small steps. The others
 * count, each in its own page, whenever they run.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "../story.h"

enum {
	WORKERS = 4,
	MIB = 1 << 20
};

static atomic_int are_wanted = 1;
static _Atomic long counted[WORKERS][512];
static pthread_barrier_t is_there;

volatile long steps;
volatile int is_enough;
volatile unsigned char *memory;
size_t size;

static void *work(void *number)
{
	_Atomic long *mine = counted[(long)number];

	pthread_barrier_wait(&is_there);
	while (are_wanted)
		for (int i = 0; i < 512; i++)
			mine[i]++;
	for (int i = 1; i < 512; i++)
		CHECK(mine[i] == mine[0]);
	return NULL;
}

STORY_PLACE void ready(void)
{
}

/* A line for each `next`, which touches a page of its own. */
STORY_PLACE void walk(void)
{
	for (;;) {
		steps++;
		memory[steps % (size / PAGE) * PAGE]++;
		if (is_enough)
			break;
	}
}

/* How often walk() has come to a page. */
static long visits(long page, long nr_pages)
{
	if (page > steps)
		return 0;
	return (steps - page) / nr_pages + (page != 0);
}

STORY_PLACE void check(void)
{
	long nr_pages = size / PAGE;

	for (long page = 0; page < nr_pages; page++)
		CHECK(memory[page * PAGE] ==
		      (unsigned char)(page + visits(page, nr_pages)));
}

int main(int argc, char **argv)
{
	pthread_t workers[WORKERS];

	size = (argc > 1 ? atoi(argv[1]) : 8) * (size_t)MIB;
	memory = malloc(size);
	for (size_t page = 0; page < size / PAGE; page++)
		memset((void *)(memory + page * PAGE), (int)page, PAGE);
	pthread_barrier_init(&is_there, NULL, WORKERS + 1);
	for (long i = 0; i < WORKERS; i++)
		pthread_create(&workers[i], NULL, work, (void *)i);
	pthread_barrier_wait(&is_there);
	ready();
	walk();
	check();
	are_wanted = 0;
	for (int i = 0; i < WORKERS; i++)
		pthread_join(workers[i], NULL);
	return 0;
}
