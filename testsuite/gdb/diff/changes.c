// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Changes one thing of each kind between two places, and undoes nothing: what has
 * changed is known, and checked at the end.
 */
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "../story.h"
#include "cpu.h"

#define HEAP_SIZE (64 * PAGE)
#define MANY_SIZE ((size_t)256 << 10)

volatile long counter = 1;
volatile int table[64] = { 1, 2, 3 };
static char *heap, *doomed, *fixed, *made;
static char second_stack[65536];
static sem_t come, gone;

/** Each place is a call: this is where the story stops the program. */
STORY_PLACE void begin(void)
{
}

STORY_PLACE void variables(void)
{
}

STORY_PLACE void memory(void)
{
}

STORY_PLACE void mappings(void)
{
}

STORY_PLACE void signals(void)
{
}

STORY_PLACE void threads(void)
{
}

STORY_PLACE void many(void)
{
}

STORY_PLACE void shared(void)
{
}

static void *map(size_t size, int flags)
{
	void *memory =
		mmap(NULL, size, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
	CHECK(memory != MAP_FAILED);
	return memory;
}

static void *work(void *post)
{
	sem_post(post);
	sem_wait(&gone);
	return NULL;
}

/** Put ones into a vector register, and stop where they are still there. */
static void change_vector(void)
{
	CPU_SET_VECTOR(".globl vector_is_set\n"
		       "vector_is_set: nop\n");
}

static void change_memory(void)
{
	heap[5 * PAGE + 100] = 7;
	memset(heap + 7 * PAGE, 9, 1000);
	memset(second_stack + 100, 3, 4);
}

static void change_mappings(void)
{
	made = map(3 * PAGE, MAP_PRIVATE);
	CHECK(!munmap(doomed, 2 * PAGE));
	CHECK(!mprotect(fixed, PAGE, PROT_READ));
}

static void change_signals(void)
{
	stack_t stack = { .ss_sp = second_stack, .ss_size = sizeof(second_stack) };
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	CHECK(!sigprocmask(SIG_BLOCK, &set, NULL));
	CHECK(!sigaltstack(&stack, NULL));
}

int main(void)
{
	pthread_t first, second;
	char *parted = map(PAGE, MAP_SHARED);

	heap = map(HEAP_SIZE, MAP_PRIVATE);
	doomed = map(2 * PAGE, MAP_PRIVATE);
	fixed = map(PAGE, MAP_PRIVATE);
	sem_init(&come, 0, 0);
	sem_init(&gone, 0, 0);
	CHECK(!pthread_create(&first, NULL, work, &come));
	sem_wait(&come);
	begin();
	counter = 0x102;
	table[2] = 4;
	variables();
	change_vector();
	change_memory();
	memory();
	change_mappings();
	mappings();
	change_signals();
	signals();
	sem_post(&gone);
	CHECK(!pthread_join(first, NULL));
	CHECK(!pthread_create(&second, NULL, work, &come));
	sem_wait(&come);
	threads();
	for (size_t i = 0; i < MANY_SIZE; i += 64)
		heap[i] = 1;
	many();
	CHECK(!munmap(parted, PAGE));
	CHECK(!prctl(PR_SET_NAME, "two\nlines"));
	shared();
	sem_post(&gone);
	CHECK(!pthread_join(second, NULL));
	CHECK(counter == 0x102 && table[2] == 4 && heap[7 * PAGE + 999] == 9);
	CHECK(second_stack[103] == 3 && !made[0]);
	return 0;
}
