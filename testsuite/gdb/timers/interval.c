// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * interval NAME: sets a timer of setitimer(), stops by at saved(), looks at it and lets
 * it do what it does, stops by at changed(). Times are such that a timer cannot expire
 * at all, or does when the program has used up processor time.
 */
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "../story.h"

static volatile sig_atomic_t fired;
static volatile unsigned long turns;

static void fire(int number)
{
	fired++;
}

STORY_PLACE void saved(void)
{
}

STORY_PLACE void changed(void)
{
}

static void set(int which, long us, long interval_us)
{
	struct itimerval time = {
		.it_interval = { interval_us / 1000000, interval_us % 1000000 },
		.it_value = { us / 1000000, us % 1000000 },
	};
	CHECK(!setitimer(which, &time, NULL));
}

static long left(int which, long *interval)
{
	struct itimerval time;
	CHECK(!getitimer(which, &time));
	*interval = time.it_interval.tv_sec * 1000000 + time.it_interval.tv_usec;
	return time.it_value.tv_sec * 1000000 + time.it_value.tv_usec;
}

static void burn_until(int wanted)
{
	while (fired < wanted)
		turns++;
}

static int be_alarm(void)
{
	alarm(100000);
	saved();
	// Seconds, rounded up: most of them must be left.
	unsigned seconds = alarm(0);
	CHECK(seconds > 90000 && seconds <= 100000);
	alarm(7);
	alarm(0);
	changed();
	CHECK(!fired);
	return 0;
}

/** A timer that somebody sets, when there was none. */
static int be_none(void)
{
	long interval;
	saved();
	for (int which = ITIMER_REAL; which <= ITIMER_PROF; which++) {
		CHECK(!left(which, &interval));
		CHECK(!interval);
		set(which, 5000000000, 6000000);
	}
	changed();
	CHECK(!fired);
	return 0;
}

static int be_once(int which)
{
	long interval;
	set(which, 30000, 0);
	CHECK(!fired);
	saved();
	CHECK(!fired);
	CHECK(left(which, &interval) > 0 && !interval);
	burn_until(1);
	CHECK(!left(which, &interval));
	changed();
	CHECK(fired == 1);
	return 0;
}

static int be_often(int which)
{
	long interval;
	set(which, 20000, 10000);
	burn_until(2);
	saved();
	CHECK(left(which, &interval) > 0 && interval == 10000);
	burn_until(5);
	set(which, 0, 0);
	int before = fired;
	changed();
	CHECK(fired == before);
	return 0;
}

/** Of real time: it expires while the program is stopped, or when it waits for it. */
static int be_real(void)
{
	sigset_t blocked, open;
	sigemptyset(&open);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGALRM);
	CHECK(!sigprocmask(SIG_BLOCK, &blocked, NULL));
	set(ITIMER_REAL, 20000, 0);
	saved();
	CHECK(!fired);
	sigsuspend(&open);
	CHECK(fired == 1);
	changed();
	// Nothing is left over.
	sigset_t pending;
	CHECK(!sigpending(&pending) && !sigismember(&pending, SIGALRM));
	return 0;
}

int main(int argc, char **argv)
{
	CHECK(argc == 2);
	signal(SIGALRM, fire);
	signal(SIGVTALRM, fire);
	signal(SIGPROF, fire);
	if (!strcmp(argv[1], "alarm"))
		return be_alarm();
	if (!strcmp(argv[1], "none"))
		return be_none();
	if (!strcmp(argv[1], "virtual"))
		return be_once(ITIMER_VIRTUAL);
	if (!strcmp(argv[1], "prof"))
		return be_often(ITIMER_PROF);
	CHECK(!strcmp(argv[1], "real"));
	return be_real();
}
