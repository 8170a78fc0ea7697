// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A thread that has set its DSCR, of a program whose first thread never has. It comes
 * to now(), leaves, and is joined before then(); it checks its DSCR whenever it goes
 * on. The kernel loads a thread's own DSCR where it knows that the thread has one.
 */
#include <pthread.h>
#include <stdint.h>

#include "../../story.h"

#define OWN UINT64_C(0x15)

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int is_there, may_leave;

STORY_PLACE void now(void)
{
}

STORY_PLACE void then(void)
{
}

static uint64_t dscr(void)
{
	uint64_t value;
	__asm__ volatile("mfspr %0, 3" : "=r"(value));
	return value;
}

static void *work(void *argument)
{
	__asm__ volatile("mtspr 3, %0" : : "r"(OWN));
	CHECK(!pthread_mutex_lock(&mutex));
	is_there = 1;
	CHECK(!pthread_cond_broadcast(&changed));
	while (!may_leave)
		CHECK(!pthread_cond_wait(&changed, &mutex));
	CHECK(!pthread_mutex_unlock(&mutex));
	CHECK(dscr() == OWN);
	return NULL;
}

int main(void)
{
	pthread_t thread;
	uint64_t others = dscr();
	CHECK(others != OWN);
	CHECK(!pthread_create(&thread, NULL, work, NULL));
	CHECK(!pthread_mutex_lock(&mutex));
	while (!is_there)
		CHECK(!pthread_cond_wait(&changed, &mutex));
	CHECK(!pthread_mutex_unlock(&mutex));
	now();
	CHECK(!pthread_mutex_lock(&mutex));
	may_leave = 1;
	CHECK(!pthread_cond_broadcast(&changed));
	CHECK(!pthread_mutex_unlock(&mutex));
	CHECK(!pthread_join(thread, NULL));
	CHECK(dscr() == others);
	then();
	return 0;
}
