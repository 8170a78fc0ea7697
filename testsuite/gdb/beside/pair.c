// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Two threads, each in a function of its own; the main one waits until it may go on.
 */
#include <pthread.h>

#include "../story.h"

enum {
	ROUNDS = 5
};

volatile int may_go_on;
volatile long lefts, rights;

STORY_PLACE void left(long number)
{
	lefts++;
	lefts += number;
}

STORY_PLACE void right(long number)
{
	rights++;
	rights += number;
}

static void *work(void *argument)
{
	for (long i = 0; i < ROUNDS; i++)
		left(i);
	return argument;
}

int main(void)
{
	pthread_t thread;

	CHECK(!pthread_create(&thread, NULL, work, NULL));
	while (!may_go_on)
		continue;
	for (long i = 0; i < ROUNDS; i++)
		right(i);
	CHECK(!pthread_join(thread, NULL));
	CHECK(lefts == ROUNDS * (ROUNDS + 1) / 2 && lefts == rights);
	return 0;
}
