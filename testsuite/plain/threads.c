// SPDX-License-Identifier: GPL-3.0-or-later
#include <pthread.h>
#include <signal.h>
#include <stdint.h>

#include "../gdb/story.h"

/*
 * Eight threads, or as many as the argument says, count, each in memory and in a
 * register at once, and look at every step that both agree: they do only if both were
 * put back to the same instant. SIGUSR1 is raised once all count, SIGUSR2 once each has
 * counted on for a while.
 */

#define MAX_THREADS 8
#define A_WHILE     1000

static struct counter {
	volatile uint64_t value;
} __attribute__((aligned(64))) counters[MAX_THREADS];

static int nr_threads = MAX_THREADS;

static volatile int is_over;

static void *count(void *argument)
{
	struct counter *counter = argument;
	register uint64_t mine = 0;
	while (!is_over) {
		mine++;
		asm volatile("" : "+r"(mine));
		counter->value++;
		CHECK(counter->value == mine);
	}
	return NULL;
}

static void wait_for(uint64_t steps)
{
	uint64_t before[MAX_THREADS];
	for (int i = 0; i < nr_threads; i++)
		before[i] = counters[i].value;
	for (int i = 0; i < nr_threads; i++)
		while (counters[i].value < before[i] + steps)
			sched_yield();
}

int main(int argc, char **argv)
{
	if (argc > 1)
		nr_threads = atoi(argv[1]);
	CHECK(nr_threads > 0 && nr_threads <= MAX_THREADS);
	pthread_t threads[MAX_THREADS];
	for (int i = 0; i < nr_threads; i++)
		CHECK(!pthread_create(&threads[i], NULL, count, &counters[i]));
	wait_for(1);
	raise(SIGUSR1);
	wait_for(A_WHILE);
	raise(SIGUSR2);
	is_over = 1;
	for (int i = 0; i < nr_threads; i++)
		CHECK(!pthread_join(threads[i], NULL));
	return 0;
}
