// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Threads with a guarded control stack: every return takes its address from there, too,
 * and the CPU ends a program whose two addresses differ. Functions call each other in
 * an order that is another one in each round, with a signal handler between, and call
 * tick() when they are deepest.
 *
 * guarded [late]: exits with 0 after some rounds, 77 where the CPU or the kernel has no
 * such stacks. With an argument, ready() is called before they are switched on, and
 * tick() without other threads.
 */
#include "../story.h"

#ifndef __aarch64__

int main(void)
{
	return 77;
}

#else

#	include <pthread.h>
#	include <signal.h>
#	include <stdbool.h>
#	include <stdint.h>
#	include <stdlib.h>
#	include <sys/syscall.h>

enum {
	NR_THREADS = 3,
	NR_ROUNDS = 6,
	DEPTH = 12,
	// include/uapi/linux/prctl.h, since Linux 6.6.
	SET_SHADOW_STACK_STATUS = 75,
	SHADOW_STACK_ENABLE = 1
};

static pthread_barrier_t deepest, ticked;
static int nr_threads = NR_THREADS;
static __thread int nr_signals;

STORY_PLACE void ready(void)
{
}

STORY_PLACE void tick(void)
{
}

static void handle(int signal)
{
	nr_signals++;
}

/** A function that has returned would find no address: so this is none. */
static inline __attribute__((always_inline)) long switch_on(void)
{
	register long number asm("x8") = SYS_prctl;
	register long result asm("x0") = SET_SHADOW_STACK_STATUS;
	register long mode asm("x1") = SHADOW_STACK_ENABLE;
	register long third asm("x2") = 0;
	register long fourth asm("x3") = 0;
	register long fifth asm("x4") = 0;
	asm volatile("svc #0"
		     : "+r"(result)
		     : "r"(number), "r"(mode), "r"(third), "r"(fourth), "r"(fifth)
		     : "memory");
	return result;
}

static int left(int depth, int path, bool ticks);

static __attribute__((noipa)) int right(int depth, int path, bool ticks)
{
	return 2 * left(depth, path, ticks) + 1;
}

static __attribute__((noipa)) int left(int depth, int path, bool ticks)
{
	if (depth == DEPTH / 2)
		CHECK(!raise(SIGUSR1));
	if (depth < DEPTH)
		return (path >> depth & 1 ? right : left)(depth + 1, path, ticks) + 1;
	pthread_barrier_wait(&deepest);
	if (ticks)
		tick();
	pthread_barrier_wait(&ticked);
	return 0;
}

/** What left() of 0 returns. */
static int expected(int path)
{
	int value = 0;
	for (int depth = DEPTH - 1; depth >= 0; depth--)
		value = (path >> depth & 1 ? 2 * value + 1 : value) + 1;
	return value;
}

static void play(int index)
{
	for (int round = 0; round < NR_ROUNDS; round++) {
		int path = (index + 1) * 1103515245 + round * 12345;
		int before = nr_signals;
		CHECK(left(0, path, index == 0) == expected(path));
		CHECK(nr_signals > before);
	}
}

static void *work(void *argument)
{
	play((int)(intptr_t)argument);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[NR_THREADS];
	signal(SIGUSR1, handle);
	if (argc > 1) {
		nr_threads = 1;
		ready();
	}
	CHECK(!pthread_barrier_init(&deepest, NULL, nr_threads));
	CHECK(!pthread_barrier_init(&ticked, NULL, nr_threads));
	if (switch_on())
		exit(77);
	for (int i = 1; i < nr_threads; i++)
		CHECK(!pthread_create(&threads[i], NULL, work, (void *)(intptr_t)i));
	play(0);
	for (int i = 1; i < nr_threads; i++)
		CHECK(!pthread_join(threads[i], NULL));
	puts("all have returned");
	exit(0);
}

#endif
