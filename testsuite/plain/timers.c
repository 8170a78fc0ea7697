// SPDX-License-Identifier: GPL-3.0-or-later
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "../gdb/story.h"

/*
 * Has timers of all kinds, so long that none can expire, and raises SIGUSR1: the place
 * to take a snapshot of. Then it looks at all of them, deletes some, makes others, sets
 * others anew and raises SIGUSR2: the place to go back from.
 */

#define NR_TIMERS  5
#define NEW_TIMERS 3

static timer_t timers[NR_TIMERS];
static timer_t others[NEW_TIMERS];

static void make(timer_t *timer, clockid_t clock, int notify, int value)
{
	struct sigevent event = {
		.sigev_notify = notify,
		.sigev_signo = SIGRTMIN + value,
		.sigev_value.sival_int = value,
	};
	event._sigev_un._tid = notify & SIGEV_THREAD_ID ? gettid() : 0;
	CHECK(!timer_create(clock, &event, timer));
}

static void set(timer_t timer, time_t seconds, time_t interval)
{
	struct itimerspec time = { { interval, 5 }, { seconds, 0 } };
	CHECK(!timer_settime(timer, 0, &time, NULL));
}

/** Set to so many seconds, less than a hundred of which have passed since. */
static void check(timer_t timer, time_t seconds, time_t interval)
{
	struct itimerspec time;
	CHECK(!timer_gettime(timer, &time));
	CHECK(time.it_value.tv_sec <= seconds);
	CHECK(time.it_value.tv_sec >= (seconds > 100 ? seconds - 100 : 0));
	CHECK(!seconds == !(time.it_value.tv_sec || time.it_value.tv_nsec));
	CHECK(time.it_interval.tv_sec == interval);
	CHECK(time.it_interval.tv_nsec == (seconds ? 5 : 0));
}

static void set_interval(int which, time_t seconds, time_t interval)
{
	struct itimerval time = { { interval, 7 }, { seconds, 0 } };
	CHECK(!setitimer(which, &time, NULL));
}

static void check_interval(int which, time_t seconds, time_t interval)
{
	struct itimerval time;
	CHECK(!getitimer(which, &time));
	CHECK(time.it_value.tv_sec <= seconds);
	CHECK(time.it_value.tv_sec >= (seconds > 100 ? seconds - 100 : 0));
	CHECK(!seconds == !(time.it_value.tv_sec || time.it_value.tv_usec));
	if (seconds)
		CHECK(time.it_interval.tv_sec == interval &&
		      time.it_interval.tv_usec == 7);
}

static int is_there(timer_t timer)
{
	struct itimerspec time;
	return !syscall(SYS_timer_gettime, (int)(intptr_t)timer, &time);
}

int main(void)
{
	make(&timers[0], CLOCK_MONOTONIC, SIGEV_SIGNAL, 0);
	make(&timers[1], CLOCK_REALTIME, SIGEV_NONE, 1);
	make(&timers[2], CLOCK_MONOTONIC, SIGEV_SIGNAL | SIGEV_THREAD_ID, 2);
	make(&timers[3], CLOCK_PROCESS_CPUTIME_ID, SIGEV_SIGNAL, 3);
	make(&timers[4], CLOCK_MONOTONIC, SIGEV_SIGNAL, 4);
	set(timers[0], 10000, 77);
	set(timers[1], 20000, 0);
	set(timers[2], 30000, 1);
	set(timers[3], 40000, 2);
	set_interval(ITIMER_REAL, 50000, 3);
	set_interval(ITIMER_VIRTUAL, 60000, 0);

	raise(SIGUSR1);
	check(timers[0], 10000, 77);
	check(timers[1], 20000, 0);
	check(timers[2], 30000, 1);
	check(timers[3], 40000, 2);
	check(timers[4], 0, 0);
	check_interval(ITIMER_REAL, 50000, 3);
	check_interval(ITIMER_VIRTUAL, 60000, 0);
	check_interval(ITIMER_PROF, 0, 0);
	for (int i = 0; i < NEW_TIMERS; i++)
		CHECK(!is_there((timer_t)((intptr_t)timers[NR_TIMERS - 1] + 1 + i)));

	CHECK(!timer_delete(timers[0]));
	CHECK(!timer_delete(timers[2]));
	CHECK(!timer_delete(timers[3]));
	set(timers[1], 500, 6);
	set(timers[4], 600, 0);
	set_interval(ITIMER_REAL, 0, 0);
	set_interval(ITIMER_VIRTUAL, 700, 1);
	set_interval(ITIMER_PROF, 800, 2);
	for (int i = 0; i < NEW_TIMERS; i++) {
		make(&others[i], CLOCK_MONOTONIC, SIGEV_SIGNAL, 5 + i);
		set(others[i], 900, i);
	}
	raise(SIGUSR2);
	CHECK(!is_there(timers[0]) && !is_there(timers[2]) && !is_there(timers[3]));
	check(timers[1], 500, 6);
	check(timers[4], 600, 0);
	check_interval(ITIMER_REAL, 0, 0);
	check_interval(ITIMER_VIRTUAL, 700, 1);
	check_interval(ITIMER_PROF, 800, 2);
	for (int i = 0; i < NEW_TIMERS; i++)
		check(others[i], 900, i);
	return 0;
}
