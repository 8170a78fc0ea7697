// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * posix NAME: has timers of timer_create(), stops by at saved(), looks at them, changes
 * them and stops by at changed(). Those that expire do so when the program has used up
 * processor time.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../story.h"

static volatile sig_atomic_t fired;
static volatile pid_t fired_in;
static volatile int fired_value;
static volatile unsigned long turns;

static void fire(int number, siginfo_t *info, void *context)
{
	fired++;
	fired_in = gettid();
	fired_value = info->si_code == SI_TIMER ? info->si_value.sival_int : -1;
}

STORY_PLACE void saved(void)
{
}

STORY_PLACE void changed(void)
{
}

static int try_make(timer_t *timer, clockid_t clock, pid_t tid, int value)
{
	struct sigevent event = {
		.sigev_notify = tid ? SIGEV_THREAD_ID : SIGEV_SIGNAL,
		.sigev_signo = SIGRTMIN,
		.sigev_value.sival_int = value,
	};
	event._sigev_un._tid = tid;
	return timer_create(clock, &event, timer);
}

static timer_t make(clockid_t clock, pid_t tid, int value)
{
	timer_t timer;
	CHECK(!try_make(&timer, clock, tid, value));
	return timer;
}

static void set(timer_t timer, long ns, long interval_ns)
{
	struct itimerspec time = {
		.it_interval = { interval_ns / 1000000000, interval_ns % 1000000000 },
		.it_value = { ns / 1000000000, ns % 1000000000 },
	};
	CHECK(!timer_settime(timer, 0, &time, NULL));
}

static long left(timer_t timer, long *interval)
{
	struct itimerspec time;
	CHECK(!timer_gettime(timer, &time));
	*interval = time.it_interval.tv_sec * 1000000000 + time.it_interval.tv_nsec;
	return time.it_value.tv_sec * 1000000000 + time.it_value.tv_nsec;
}

static int is_there(timer_t timer)
{
	struct itimerspec time;
	return !syscall(SYS_timer_gettime, (int)(intptr_t)timer, &time);
}

#define LONG (100000l * 1000000000)

static int is_long(timer_t timer)
{
	long interval, now = left(timer, &interval);
	return now <= LONG && now > LONG / 10 * 9 && interval == 77;
}

/** Deleted since; then it expires by processor time, with its value. */
static int be_deleted(void)
{
	timer_t before = make(CLOCK_MONOTONIC, 0, 1);
	timer_t timer = make(CLOCK_PROCESS_CPUTIME_ID, 0, 42);
	timer_t after = make(CLOCK_REALTIME, 0, 2);
	set(timer, LONG, 77);
	set(after, LONG, 77);
	saved();
	CHECK(is_long(timer) && is_long(after) && is_there(before));
	set(timer, 20000000, 0);
	while (!fired)
		turns++;
	CHECK(fired == 1 && fired_value == 42);
	CHECK(!timer_delete(timer) && !timer_delete(before) && !timer_delete(after));
	changed();
	return 0;
}

/** Made since. */
static int be_new(void)
{
	timer_t old = make(CLOCK_MONOTONIC, 0, 1);
	saved();
	// The numbers of those that were made before a rewind are not used again.
	for (int i = 1; i < 100; i++)
		CHECK(!is_there((timer_t)((intptr_t)old + i)));
	timer_t timers[20];
	for (int i = 0; i < 20; i++) {
		timers[i] = make(CLOCK_MONOTONIC, 0, i);
		set(timers[i], LONG, i);
	}
	CHECK(is_there(timers[0]) && is_there(timers[19]));
	changed();
	return 0;
}

static int be_set(void)
{
	long interval;
	timer_t running = make(CLOCK_MONOTONIC, 0, 1);
	timer_t idle = make(CLOCK_MONOTONIC, 0, 2);
	set(running, LONG, 77);
	saved();
	CHECK(is_long(running));
	CHECK(!left(idle, &interval));
	set(running, 0, 0);
	set(idle, LONG, 77);
	changed();
	return 0;
}

static pthread_barrier_t barrier;
static timer_t threads_timer;

static void *burn(void *unused)
{
	threads_timer = make(CLOCK_THREAD_CPUTIME_ID, gettid(), 5);
	set(threads_timer, 30000000, 0);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	while (!fired)
		turns++;
	CHECK(fired == 1 && fired_in == gettid() && fired_value == 5);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	return NULL;
}

/** Signals one thread, by its own time; "refused" has it deleted since. */
static int be_thread(int is_deleted)
{
	pthread_t thread;
	CHECK(!pthread_barrier_init(&barrier, NULL, 2));
	CHECK(!pthread_create(&thread, NULL, burn, NULL));
	pthread_barrier_wait(&barrier);
	saved();
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	if (is_deleted)
		CHECK(!timer_delete(threads_timer));
	changed();
	pthread_barrier_wait(&barrier);
	CHECK(!pthread_join(thread, NULL));
	return 0;
}

static int take(siginfo_t *info)
{
	const struct timespec none = { 0 };
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	return sigtimedwait(&set, info, &none);
}

static void burn_until_pending(void)
{
	sigset_t pending;
	do {
		turns++;
		CHECK(!sigpending(&pending));
	} while (!sigismember(&pending, SIGRTMIN));
}

/** Its signal waits at saved(), or only at changed(). */
static int be_pending(int is_before)
{
	siginfo_t info;
	sigset_t set_of_it;
	sigemptyset(&set_of_it);
	sigaddset(&set_of_it, SIGRTMIN);
	CHECK(!sigprocmask(SIG_BLOCK, &set_of_it, NULL));
	timer_t timer = make(CLOCK_PROCESS_CPUTIME_ID, 0, 9);
	if (is_before) {
		set(timer, 1000000, 0);
		burn_until_pending();
	}
	saved();
	if (is_before) {
		CHECK(take(&info) == SIGRTMIN);
		CHECK(info.si_code == SI_TIMER && info.si_value.sival_int == 9);
		CHECK(info.si_timerid == (int)(intptr_t)timer);
	}
	CHECK(take(&info) == -1);
	set(timer, 1000000, 0);
	burn_until_pending();
	changed();
	return 0;
}

/** Every clock that the kernel lets us have a timer on; "?": some it does not. */
static int be_clocks(void)
{
	const clockid_t clocks[] = {
		CLOCK_REALTIME, CLOCK_MONOTONIC,         CLOCK_PROCESS_CPUTIME_ID,
		CLOCK_BOOTTIME, CLOCK_REALTIME_ALARM,    CLOCK_BOOTTIME_ALARM,
		CLOCK_TAI,      CLOCK_THREAD_CPUTIME_ID,
	};
	timer_t timers[8];
	int nr = 0;
	for (size_t i = 0; i < sizeof(clocks) / sizeof(*clocks); i++) {
		if (try_make(&timers[nr], clocks[i], 0, 0)) {
			CHECK(errno == EPERM || errno == EOPNOTSUPP || errno == EINVAL);
			printf("no timer on clock %d: %s\n", (int)clocks[i],
			       strerror(errno));
			continue;
		}
		set(timers[nr++], LONG, 77);
	}
	CHECK(nr >= 4);
	saved();
	for (int i = 0; i < nr; i++)
		CHECK(is_long(timers[i]));
	for (int i = 0; i < nr; i++)
		CHECK(!timer_delete(timers[i]));
	changed();
	return 0;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_sigaction = fire, .sa_flags = SA_SIGINFO };
	CHECK(argc == 2);
	CHECK(!sigaction(SIGRTMIN, &action, NULL));
	if (!strcmp(argv[1], "deleted"))
		return be_deleted();
	if (!strcmp(argv[1], "new"))
		return be_new();
	if (!strcmp(argv[1], "set"))
		return be_set();
	if (!strcmp(argv[1], "thread"))
		return be_thread(0);
	if (!strcmp(argv[1], "refused"))
		return be_thread(1);
	if (!strcmp(argv[1], "waiting"))
		return be_pending(1);
	if (!strcmp(argv[1], "late"))
		return be_pending(0);
	CHECK(!strcmp(argv[1], "clocks"));
	return be_clocks();
}
