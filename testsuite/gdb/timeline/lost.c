// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A pool whose workers each have a lock of their own, where one for all was meant: two
 * deposits at once, and one is lost.
 */
#include <pthread.h>

#include "../story.h"

enum {
	WORKERS = 2
};

struct worker {
	pthread_t thread;
	pthread_mutex_t lock;
};

static struct worker workers[WORKERS];
static pthread_barrier_t has_work;
volatile long balance;

STORY_PLACE void deposit(struct worker *self, long amount)
{
	pthread_mutex_lock(&self->lock);
	long seen = balance;
	balance = seen + amount;
	pthread_mutex_unlock(&self->lock);
}

static void *work(void *self)
{
	pthread_barrier_wait(&has_work);
	deposit(self, 10);
	return NULL;
}

STORY_PLACE void report(void)
{
	printf("%ld\n", balance);
}

int main(void)
{
	pthread_barrier_init(&has_work, NULL, WORKERS);
	for (int i = 0; i < WORKERS; i++) {
		pthread_mutex_init(&workers[i].lock, NULL);
		pthread_create(&workers[i].thread, NULL, work, &workers[i]);
	}
	for (int i = 0; i < WORKERS; i++)
		pthread_join(workers[i].thread, NULL);
	report();
	CHECK(balance == 20);
	return 0;
}
