// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A thread sleeps for three seconds and measures it; the main one stops by at
 * halfway() in the middle. An interruption that the program can see makes the sleep
 * end early or with an error; one that starts it afresh makes it a half longer.
 */
#include <errno.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "../story.h"

static const long long second = 1000000000;
static volatile long long started;
static volatile long long slept;
static volatile int result = -1;

static long long now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * second + time.tv_nsec;
}

static void *sleep_well(void *argument)
{
	struct timespec time = { .tv_sec = 3 };
	started = now();
	result = nanosleep(&time, NULL) ? errno : 0;
	slept = now() - started;
	return NULL;
}

STORY_PLACE void halfway(void)
{
}

int main(void)
{
	pthread_t thread;

	CHECK(!pthread_create(&thread, NULL, sleep_well, NULL));
	while (!started || now() < started + 3 * second / 2)
		usleep(1000);
	halfway();
	CHECK(!pthread_join(thread, NULL));
	printf("nanosleep: %d after %lld ms\n", result, slept / 1000000);
	CHECK(result == 0);
	CHECK(slept >= 3 * second);
	CHECK(slept < 4 * second + second / 4);
	return 0;
}
