/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef GUESTS_H
#define GUESTS_H

#include <pthread.h>

#include "../story.h"

/*
 * Threads that come, wait until they may leave, and find then that nothing of theirs
 * has changed.
 */

#define MOST 600

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t go = PTHREAD_COND_INITIALIZER, arrived = PTHREAD_COND_INITIALIZER;
static pthread_t threads[MOST];
static char is_there[MOST], may_leave[MOST];
static long sum;
static __thread long mine = -1;

static void *work(void *argument)
{
	long number = (long)argument;
	char *memory = malloc(1000);
	CHECK(mine == -1);
	mine = number;
	CHECK(!pthread_mutex_lock(&mutex));
	is_there[number] = 1;
	pthread_cond_broadcast(&arrived);
	while (!may_leave[number])
		CHECK(!pthread_cond_wait(&go, &mutex));
	CHECK(mine == number);
	sum += number;
	is_there[number] = 0;
	pthread_cond_broadcast(&arrived);
	CHECK(!pthread_mutex_unlock(&mutex));
	free(memory);
	return argument;
}

static void start(long number)
{
	CHECK(number < MOST);
	may_leave[number] = 0;
	CHECK(!pthread_create(&threads[number], NULL, work, (void *)number));
	CHECK(!pthread_mutex_lock(&mutex));
	while (!is_there[number])
		CHECK(!pthread_cond_wait(&arrived, &mutex));
	CHECK(!pthread_mutex_unlock(&mutex));
}

static void leave(long number)
{
	void *result;
	CHECK(!pthread_mutex_lock(&mutex));
	may_leave[number] = 1;
	pthread_cond_broadcast(&go);
	CHECK(!pthread_mutex_unlock(&mutex));
	CHECK(!pthread_join(threads[number], &result));
	CHECK(result == (void *)number);
}

#endif
