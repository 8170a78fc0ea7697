// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Many threads come to the same place at once, again and again: when a debugger stops
 * there for one, others have stopped on their own, and its SIGSTOPs are still on their
 * way to them. Nobody sends this program a signal.
 */
#include <pthread.h>
#include <signal.h>

#include "../story.h"

#define NR_THREADS 8
#define NR_ROUNDS  40

static pthread_barrier_t barrier;
static volatile int rounds[NR_THREADS];

STORY_PLACE void meet(int self)
{
	rounds[self]++;
}

static void *walk(void *self)
{
	for (int i = 0; i < NR_ROUNDS; i++) {
		pthread_barrier_wait(&barrier);
		meet((int)(long)self);
	}
	return NULL;
}

int main(void)
{
	pthread_t threads[NR_THREADS];
	CHECK(!pthread_barrier_init(&barrier, NULL, NR_THREADS));
	for (long i = 0; i < NR_THREADS; i++)
		CHECK(!pthread_create(&threads[i], NULL, walk, (void *)i));
	for (int i = 0; i < NR_THREADS; i++)
		CHECK(!pthread_join(threads[i], NULL));
	for (int i = 0; i < NR_THREADS; i++)
		CHECK(rounds[i] == NR_ROUNDS);
	return 0;
}
