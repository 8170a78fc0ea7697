// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Has a timer that calls a function in a thread of its own (SIGEV_THREAD: the C library
 * has a helper thread for it), stops by at saved(), lets it expire once, deletes it,
 * and stops by at changed().
 */
#include <semaphore.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "../story.h"

static sem_t called;
static volatile int calls;

STORY_PLACE void saved(void)
{
}

STORY_PLACE void changed(void)
{
}

static void call(union sigval value)
{
	CHECK(value.sival_int == 31);
	calls++;
	sem_post(&called);
}

static void set(timer_t timer, time_t seconds, long ns)
{
	struct itimerspec time = { .it_value = { seconds, ns } };
	CHECK(!timer_settime(timer, 0, &time, NULL));
}

int main(void)
{
	timer_t timer;
	struct itimerspec time;
	struct sigevent event = {
		.sigev_notify = SIGEV_THREAD,
		.sigev_notify_function = call,
		.sigev_value.sival_int = 31,
	};
	CHECK(!sem_init(&called, 0, 0));
	CHECK(!timer_create(CLOCK_MONOTONIC, &event, &timer));
	set(timer, 100000, 0);
	saved();
	CHECK(!calls);
	CHECK(!timer_gettime(timer, &time));
	CHECK(time.it_value.tv_sec > 90000);
	CHECK(!timer_delete(timer));
	changed();
	// Only now: a thread that has come and gone is another story.
	CHECK(!timer_create(CLOCK_MONOTONIC, &event, &timer));
	set(timer, 0, 1);
	while (sem_wait(&called))
		;
	CHECK(calls == 1);
	return 0;
}
