/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STORY_ROUNDS_H
#define STORY_ROUNDS_H

#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>

#include "../story.h"
#include "values.h"

/*
 * Four threads that go through rounds together, with values of their own in registers,
 * and the conductor, who calls tick() when all are in the next one: a debugger may stop
 * there, and do what it wants. Who includes this has struct state before, the registers
 * of a thread, and tick().
 */

#define NR_WORKERS 4

static struct worker {
	int index;
	/** The round that it is in. */
	volatile uint64_t round;
	struct state want, have;
	pthread_t thread;
} workers[NR_WORKERS];

/** The round that they may go on from. */
volatile uint64_t released;
volatile uint64_t wanted_rounds = 50;
/** Bytes of a vector, 0: as it is. */
volatile int wanted_vl;

void tick(void);

/** Forget the last round. Returns the seed of this one's values. */
static uint64_t begin_round(struct worker *w)
{
	memset(&w->want, 0, sizeof(w->want));
	memset(&w->have, 0, sizeof(w->have));
	return mix((uint64_t)w->index * 1000003 + w->round);
}

/** The first two arguments of the program: [ROUNDS [LENGTH]]. */
static void read_arguments(int argc, char **argv)
{
	if (argc > 1)
		wanted_rounds = strtoul(argv[1], NULL, 0);
	if (argc > 2)
		wanted_vl = atoi(argv[2]);
}

/** Go through all rounds with threads that do this work. */
static void conduct(void *(*work)(void *worker))
{
	for (int i = 0; i < NR_WORKERS; i++) {
		workers[i].index = i;
		CHECK(!pthread_create(&workers[i].thread, NULL, work, &workers[i]));
	}
	for (uint64_t round = 1; round <= wanted_rounds; round++) {
		for (int i = 0; i < NR_WORKERS; i++)
			while (workers[i].round < round)
				sched_yield();
		tick();
		__atomic_store_n(&released, round, __ATOMIC_SEQ_CST);
	}
	for (int i = 0; i < NR_WORKERS; i++)
		CHECK(!pthread_join(workers[i].thread, NULL));
	puts("all registers right");
}

#endif
