// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "../story.h"

/*
 * Threads ask for the time and for their processor by all functions that the kernel
 * gives to programs as code, and expect that time goes on. With an argument the process
 * sends itself a signal halfway, that leaves a core file: when no thread is in that
 * code.
 */

enum {
	NR_THREADS = 3,
	NR_ROUNDS = 200
};

static bool quits;
static atomic_int nr_waiting;
static pthread_barrier_t halfway;

void tick(int round);

void __attribute__((noinline)) tick(int round)
{
	asm volatile("" : : "r"(round) : "memory");
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
		if (!quits || round != NR_ROUNDS / 2)
			continue;
		nr_waiting++;
		pthread_barrier_wait(&halfway);
	}
	return NULL;
}

/** When all others wait. */
static void quit(void)
{
	while (nr_waiting < NR_THREADS)
		sched_yield();
	CHECK(!kill(getpid(), SIGQUIT));
	pthread_barrier_wait(&halfway);
}

int main(int argc, char **argv)
{
	struct timespec last = { 0 };
	pthread_t threads[NR_THREADS];
	quits = argc > 1;
	CHECK(!pthread_barrier_init(&halfway, NULL, NR_THREADS + 1));
	ask(&last);
	for (int i = 0; i < NR_THREADS; i++)
		CHECK(!pthread_create(&threads[i], NULL, work, NULL));
	for (int round = 0; round < NR_ROUNDS; round++) {
		ask(&last);
		tick(round);
		if (quits && round == NR_ROUNDS / 2)
			quit();
	}
	for (int i = 0; i < NR_THREADS; i++)
		CHECK(!pthread_join(threads[i], NULL));
	return 0;
}
