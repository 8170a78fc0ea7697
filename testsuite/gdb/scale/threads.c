// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Five hundred threads, each of which waits for its turn. With "run" a few of them have
 * their turns; with "replace" a few of them end, and others come.
 */
#include <pthread.h>
#include <string.h>

#include "../story.h"

#define NR_THREADS 500

struct worker {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	long turns;
	long done;
	int is_to_end;
};

static struct worker workers[NR_THREADS];
static __thread long own;

static void *work(void *argument)
{
	struct worker *worker = argument;
	long on_stack = worker - workers;

	pthread_mutex_lock(&worker->lock);
	own = on_stack;
	for (;;) {
		worker->done = worker->turns;
		CHECK(own == on_stack + worker->done);
		pthread_cond_broadcast(&worker->changed);
		while (worker->turns == worker->done && !worker->is_to_end)
			pthread_cond_wait(&worker->changed, &worker->lock);
		if (worker->is_to_end)
			break;
		own++;
	}
	pthread_mutex_unlock(&worker->lock);
	return (void *)own;
}

static void start(struct worker *worker)
{
	pthread_attr_t attributes;

	CHECK(!pthread_attr_init(&attributes));
	CHECK(!pthread_attr_setstacksize(&attributes, 128 << 10));
	worker->turns = 0;
	worker->done = -1;
	worker->is_to_end = 0;
	CHECK(!pthread_create(&worker->thread, &attributes, work, worker));
	pthread_attr_destroy(&attributes);
	pthread_mutex_lock(&worker->lock);
	while (worker->done < 0)
		pthread_cond_wait(&worker->changed, &worker->lock);
	pthread_mutex_unlock(&worker->lock);
}

/** Its next turn, and wait for it; how many it has had then. */
static long take_turn(struct worker *worker)
{
	pthread_mutex_lock(&worker->lock);
	worker->turns++;
	pthread_cond_broadcast(&worker->changed);
	while (worker->done != worker->turns)
		pthread_cond_wait(&worker->changed, &worker->lock);
	long done = worker->done;
	pthread_mutex_unlock(&worker->lock);
	return done;
}

static void *end(struct worker *worker)
{
	void *result;

	pthread_mutex_lock(&worker->lock);
	worker->is_to_end = 1;
	pthread_cond_broadcast(&worker->changed);
	pthread_mutex_unlock(&worker->lock);
	CHECK(!pthread_join(worker->thread, &result));
	return result;
}

/** A few of them, far from each other. */
static void change(int replaces)
{
	for (long i = 7; i < NR_THREADS; i += 100) {
		if (replaces) {
			CHECK(end(&workers[i]) == (void *)i);
			start(&workers[i]);
		}
		CHECK(take_turn(&workers[i]) == 1);
		CHECK(take_turn(&workers[i]) == 2);
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
	for (long i = 0; i < NR_THREADS; i++) {
		pthread_mutex_init(&workers[i].lock, NULL);
		pthread_cond_init(&workers[i].changed, NULL);
		start(&workers[i]);
	}
	ready();
	change(!strcmp(argv[1], "replace"));
	changed();
	for (long i = 0; i < NR_THREADS; i++) {
		long turns = workers[i].turns;
		CHECK(turns == (i % 100 == 7 ? 2 : 0));
		CHECK(take_turn(&workers[i]) == turns + 1);
		CHECK(end(&workers[i]) == (void *)(i + turns + 1));
	}
	return 0;
}
