// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Three threads and the main one, each in a function of its own with a local variable
 * of its own, in step: the main thread ticks when all others wait.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>

#include "../story.h"

#define ROUNDS 6

static sem_t go[3], inside, done;
volatile long sums[3];
volatile long ticks;

STORY_PLACE void wait_in_red(long round)
{
	volatile long red = 100 + round;
	sem_post(&inside);
	sem_wait(&go[0]);
	sums[0] += red;
}

STORY_PLACE void wait_in_green(long round)
{
	volatile long green = 200 + round;
	sem_post(&inside);
	sem_wait(&go[1]);
	sums[1] += green;
}

STORY_PLACE void wait_in_blue(long round)
{
	volatile long blue = 300 + round;
	sem_post(&inside);
	sem_wait(&go[2]);
	sums[2] += blue;
}

static void (*const waits[3])(long) = { wait_in_red, wait_in_green, wait_in_blue };

static void *work(void *argument)
{
	for (long round = 0; round < ROUNDS; round++) {
		waits[(intptr_t)argument](round);
		sem_post(&done);
	}
	return NULL;
}

STORY_PLACE void tick(long round)
{
	volatile long black = 400 + round;
	ticks += black - 400 - round + 1;
}

int main(void)
{
	pthread_t threads[3];

	sem_init(&inside, 0, 0);
	sem_init(&done, 0, 0);
	for (intptr_t i = 0; i < 3; i++) {
		sem_init(&go[i], 0, 0);
		CHECK(!pthread_create(&threads[i], NULL, work, (void *)i));
	}
	for (long round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < 3; i++)
			sem_wait(&inside);
		tick(round);
		for (int i = 0; i < 3; i++)
			sem_post(&go[i]);
		for (int i = 0; i < 3; i++)
			sem_wait(&done);
	}
	for (int i = 0; i < 3; i++)
		CHECK(!pthread_join(threads[i], NULL));
	CHECK(ticks == ROUNDS);
	for (int i = 0; i < 3; i++)
		CHECK(sums[i] == ROUNDS * 100 * (i + 1) + ROUNDS * (ROUNDS - 1) / 2);
	return 0;
}
