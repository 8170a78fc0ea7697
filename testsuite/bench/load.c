// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A process of stated size: MIB of memory that does not compress, THREADS that wait. It
 * stops itself with SIGUSR1; each time it goes on it writes to as many pages as `pages`
 * says, spread over all of its memory, and stops again. Who measures sets `pages`.
 */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096

/** How many pages the next round writes to. */
volatile uint64_t pages;

/** What the last round took, in nanoseconds: what tracking costs the program. */
volatile uint64_t round_ns;

static pthread_barrier_t all_are_there;

static void *sit_there(__attribute__((unused)) void *argument)
{
	pthread_barrier_wait(&all_are_there);
	for (;;)
		pause();
	return NULL;
}

static void start_threads(unsigned nr)
{
	pthread_attr_t attr;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 << 10);
	pthread_barrier_init(&all_are_there, NULL, nr + 1);
	for (unsigned i = 0; i < nr; i++) {
		pthread_t thread;
		if (pthread_create(&thread, &attr, sit_there, NULL)) {
			perror("pthread_create");
			exit(1);
		}
	}
	pthread_barrier_wait(&all_are_there);
}

/** xorshift64*: nothing compresses it, and no two pages are the same. */
static void fill(uint64_t *words, size_t nr)
{
	uint64_t state = 88172645463325252;
	for (size_t i = 0; i < nr; i++) {
		state ^= state >> 12;
		state ^= state << 25;
		state ^= state >> 27;
		words[i] = state * 2685821657736338717;
	}
}

static uint64_t now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void write_pages(uint8_t *memory, uint64_t size, uint64_t nr, uint64_t round)
{
	uint64_t stride = nr ? size / PAGE / nr : 0, before = now();
	for (uint64_t i = 0; i < nr; i++)
		*(volatile uint64_t *)(memory + i * stride * PAGE) += round;
	round_ns = now() - before;
}

int main(int argc, char **argv)
{
	uint64_t size = (argc > 1 ? strtoull(argv[1], NULL, 10) : 64) << 20;
	unsigned nr_threads = argc > 2 ? (unsigned)atoi(argv[2]) : 1;
	uint8_t *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	fill((uint64_t *)(void *)memory, size / sizeof(uint64_t));
	start_threads(nr_threads ? nr_threads - 1 : 0);
	for (uint64_t round = 1;; round++) {
		raise(SIGUSR1);
		write_pages(memory, size, pages, round);
	}
}
