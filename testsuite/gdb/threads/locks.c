// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Mutexes of threads that end. The word says which story is played, each with a place
 * inside(), where a mutex is held, and one after(), where its holder has ended.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "../story.h"

static pthread_mutex_t mutex;
static pthread_barrier_t barrier;
static int count;

STORY_PLACE void before(void)
{
}

STORY_PLACE void inside(void)
{
}

STORY_PLACE void after(void)
{
}

static void init(int is_robust)
{
	pthread_mutexattr_t attributes;
	CHECK(!pthread_mutexattr_init(&attributes));
	CHECK(!pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK));
	if (is_robust)
		CHECK(!pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST));
	CHECK(!pthread_mutex_init(&mutex, &attributes));
	CHECK(!pthread_barrier_init(&barrier, NULL, 2));
}

static void *lock_and_unlock(void *unused)
{
	CHECK(!pthread_mutex_lock(&mutex));
	// The mutex knows its owner by number.
	CHECK(pthread_mutex_lock(&mutex) == EDEADLK);
	if (!count++)
		inside();
	CHECK(!pthread_mutex_unlock(&mutex));
	return &count;
}

static void join(pthread_t thread)
{
	void *result;
	CHECK(!pthread_join(thread, &result));
	CHECK(result == &count);
}

/** One holds it, two wait for it. */
static void play_held(void)
{
	pthread_t all[3];
	for (int i = 0; i < 3; i++)
		CHECK(!pthread_create(&all[i], NULL, lock_and_unlock, NULL));
	for (int i = 0; i < 3; i++)
		join(all[i]);
	after();
	CHECK(count == 3);
	CHECK(!pthread_mutex_lock(&mutex));
	CHECK(!pthread_mutex_unlock(&mutex));
}

static void *lock_and_end(void *unused)
{
	CHECK(!pthread_mutex_lock(&mutex));
	inside();
	return &count;
}

/** The holder ends, and the next one is told. */
static void play_robust(void)
{
	pthread_t holder;
	CHECK(!pthread_create(&holder, NULL, lock_and_end, NULL));
	join(holder);
	after();
	CHECK(pthread_mutex_lock(&mutex) == EOWNERDEAD);
	CHECK(!pthread_mutex_consistent(&mutex));
	CHECK(!pthread_mutex_unlock(&mutex));
	CHECK(!pthread_mutex_lock(&mutex));
	CHECK(!pthread_mutex_unlock(&mutex));
}

static void *lock_and_wait(void *unused)
{
	CHECK(!pthread_mutex_lock(&mutex));
	pthread_barrier_wait(&barrier);
	inside();
	pthread_barrier_wait(&barrier);
	CHECK(!pthread_mutex_unlock(&mutex));
	return &count;
}

/** Somebody locks it who was not there before(). */
static void play_new(void)
{
	before();
	// Nobody has it, and nobody has died with it.
	CHECK(!pthread_mutex_lock(&mutex));
	CHECK(!pthread_mutex_unlock(&mutex));
	pthread_t holder;
	CHECK(!pthread_create(&holder, NULL, lock_and_wait, NULL));
	pthread_barrier_wait(&barrier);
	CHECK(pthread_mutex_trylock(&mutex) == EBUSY);
	pthread_barrier_wait(&barrier);
	join(holder);
	after();
}

int main(int argc, char **argv)
{
	CHECK(argc == 2);
	init(strcmp(argv[1], "held"));
	if (!strcmp(argv[1], "held"))
		play_held();
	else if (!strcmp(argv[1], "robust"))
		play_robust();
	else
		play_new();
	return 0;
}
