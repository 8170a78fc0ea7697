// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Eight threads that compute in vector registers, and the sixth is about to crash.
 *
 * Each thread keeps its numbers in registers alone, from its first step to its last:
 * 24 vectors of eight numbers where the CPU has AVX-512. At the end they are compared
 * with what plain arithmetic gives, so that a register that a rewind did not put back
 * cannot go unnoticed.
 *
 * The bug is in choice[]: the sixth thread looks for its key far outside of keys[].
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define MULTIPLIER 6364136223846793005u
#define INCREMENT  1442695040888963407u

enum {
	NR_THREADS = 8,
	MOST_VECTORS = 24,
	LANES = 8,
	STEPS = 1000000
};

/* The compiler makes one register of it, or two, or four: as the CPU has them. */
typedef uint64_t vector_t __attribute__((vector_size(LANES * sizeof(uint64_t))));

struct worker {
	pthread_t thread;
	vector_t numbers[MOST_VECTORS];
};

typedef void crunch_fn(unsigned int worker);

static const uint64_t keys[] = { 2, 3, 5, 7 };
static volatile unsigned int choice[NR_THREADS] = { 0, 1, 2, 3, 3, 1000000000, 1, 0 };
static struct worker workers[NR_THREADS];
static pthread_barrier_t all_here;

static uint64_t seed(unsigned int worker, unsigned int vector, unsigned int lane)
{
	return (worker * MOST_VECTORS + vector) * LANES + lane;
}

/*
 * A place for a breakpoint. The attributes make it keep every register, so that the
 * caller's numbers live on in theirs across the call.
 */
static __attribute__((noinline, no_caller_saved_registers,
		      target("general-regs-only"))) void
halfway(unsigned int worker)
{
	__asm__ volatile("" : : "r"(worker));
}

static __attribute__((noinline)) uint64_t find_key(unsigned int worker)
{
	return keys[choice[worker]];
}

static inline __attribute__((always_inline)) void step_often(unsigned int nr_vectors,
							     vector_t numbers[])
{
	for (unsigned int step = 0; step < STEPS; step++) {
#pragma GCC unroll 24
		for (unsigned int i = 0; i < nr_vectors; i++)
			numbers[i] = numbers[i] * MULTIPLIER + INCREMENT;
	}
}

static inline __attribute__((always_inline)) void crunch(unsigned int worker,
							 unsigned int nr_vectors)
{
	vector_t numbers[MOST_VECTORS];

#pragma GCC unroll 24
	for (unsigned int i = 0; i < nr_vectors; i++)
		for (unsigned int lane = 0; lane < LANES; lane++)
			numbers[i][lane] = seed(worker, i, lane);
	pthread_barrier_wait(&all_here);

	step_often(nr_vectors, numbers);
	halfway(worker);
	step_often(nr_vectors, numbers);

	uint64_t key = find_key(worker);
#pragma GCC unroll 24
	for (unsigned int i = 0; i < nr_vectors; i++)
		workers[worker].numbers[i] = numbers[i] ^ key;
	pthread_barrier_wait(&all_here);
}

static __attribute__((target("avx512f,avx512dq"))) void crunch_avx512(
	unsigned int worker)
{
	crunch(worker, 24);
}

static __attribute__((target("avx2"))) void crunch_avx2(unsigned int worker)
{
	crunch(worker, 4);
}

static void crunch_sse2(unsigned int worker)
{
	crunch(worker, 2);
}

struct isa {
	const char *name;
	unsigned int nr_vectors;
	crunch_fn *crunch;
};

static struct isa best_isa(void)
{
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq"))
		return (struct isa){ "AVX-512", 24, crunch_avx512 };
	if (__builtin_cpu_supports("avx2"))
		return (struct isa){ "AVX2", 4, crunch_avx2 };
	return (struct isa){ "SSE2", 2, crunch_sse2 };
}

static void *run(void *worker)
{
	best_isa().crunch((struct worker *)worker - workers);
	return NULL;
}

/* So many steps at once, by squaring the step, as one does for powers. */
static uint64_t after(uint64_t number, uint64_t nr_steps)
{
	uint64_t multiplier = MULTIPLIER;
	uint64_t increment = INCREMENT;

	for (; nr_steps; nr_steps >>= 1) {
		if (nr_steps & 1)
			number = number * multiplier + increment;
		increment *= multiplier + 1;
		multiplier *= multiplier;
	}
	return number;
}

static unsigned int count_right(unsigned int worker, unsigned int nr_vectors)
{
	unsigned int nr_right = 0;

	for (unsigned int i = 0; i < nr_vectors; i++)
		for (unsigned int lane = 0; lane < LANES; lane++)
			nr_right += workers[worker].numbers[i][lane] ==
				    (after(seed(worker, i, lane), 2 * STEPS) ^
				     keys[choice[worker]]);
	return nr_right;
}

int main(void)
{
	struct isa isa = best_isa();
	unsigned int nr_right = 0;
	unsigned int nr_numbers = NR_THREADS * isa.nr_vectors * LANES;

	pthread_barrier_init(&all_here, NULL, NR_THREADS);
	for (unsigned int i = 1; i < NR_THREADS; i++)
		if (pthread_create(&workers[i].thread, NULL, run, &workers[i]) != 0)
			return EXIT_FAILURE;
	run(&workers[0]);
	for (unsigned int i = 1; i < NR_THREADS; i++)
		pthread_join(workers[i].thread, NULL);

	for (unsigned int i = 0; i < NR_THREADS; i++)
		nr_right += count_right(i, isa.nr_vectors);
	printf("%u threads, %s: %u of %u numbers are right\n", NR_THREADS, isa.name,
	       nr_right, nr_numbers);
	return nr_right == nr_numbers ? EXIT_SUCCESS : EXIT_FAILURE;
}
