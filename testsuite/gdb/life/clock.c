// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "../story.h"

/*
 * Threads ask for the time and for their processor by all functions that the kernel
 * gives to programs as code, and expect that time goes on. Each round ends with tick(),
 * when no thread is in that code and none has ended. With an argument the process sends
 * itself a signal in the middle, that leaves a core file.
 */

enum {
	NR_THREADS = 3,
	NR_ROUNDS = 100
};

/** Each is passed by all threads in each round: before tick(), and behind it. */
static pthread_barrier_t asked, ticked;

STORY_PLACE void tick(void)
{
}

static void ask(struct timespec *last)
{
	struct timespec now, step;
	struct timeval day;
	CHECK(!clock_gettime(CLOCK_MONOTONIC, &now));
	CHECK(now.tv_sec > last->tv_sec ||
	      (now.tv_sec == last->tv_sec && now.tv_nsec >= last->tv_nsec));
	*last = now;
	CHECK(!clock_getres(CLOCK_MONOTONIC, &step));
	CHECK(step.tv_sec == 0 && step.tv_nsec > 0);
	CHECK(!gettimeofday(&day, NULL));
	time_t second = time(NULL);
	// The two clocks are as far apart as a tick is long.
	CHECK(second >= day.tv_sec - 1 && second <= day.tv_sec + 60);
	CHECK(sched_getcpu() >= 0);
	CHECK(clock_gettime(99, &now) == -1 && errno == EINVAL);
}

static void *work(void *unused)
{
	struct timespec last = { 0 };
	for (int round = 0; round < NR_ROUNDS; round++) {
		ask(&last);
		pthread_barrier_wait(&asked);
		pthread_barrier_wait(&ticked);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct timespec last = { 0 };
	pthread_t threads[NR_THREADS];
	bool quits = argc > 1;
	CHECK(!pthread_barrier_init(&asked, NULL, NR_THREADS + 1));
	CHECK(!pthread_barrier_init(&ticked, NULL, NR_THREADS + 1));
	for (int i = 0; i < NR_THREADS; i++)
		CHECK(!pthread_create(&threads[i], NULL, work, NULL));
	for (int round = 0; round < NR_ROUNDS; round++) {
		ask(&last);
		pthread_barrier_wait(&asked);
		tick();
		if (quits && round == NR_ROUNDS / 2)
			CHECK(!kill(getpid(), SIGQUIT));
		pthread_barrier_wait(&ticked);
	}
	for (int i = 0; i < NR_THREADS; i++)
		CHECK(!pthread_join(threads[i], NULL));
	return 0;
}
