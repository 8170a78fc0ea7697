/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EVERYTHING_SIGNALS_H
#define EVERYTHING_SIGNALS_H

#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "files.h"
#include "process.h"

/* Handlers, a signal stack, what is pending, and timers that never expire. */

/** Since Linux 6.15 (include/uapi/linux/prctl.h). */
#define TIMER_RESTORE_IDS 77

static char signal_stacks[2][1 << 15];

enum {
	DELETED,
	SET_ANEW,
	REPLACED,
	FRESH,
	NR_TIMERS
};

static int timers[NR_TIMERS];

static void ignore_it(int signal)
{
}

static void ignore_it_late(int signal)
{
}

static int of_process(void)
{
	return SIGRTMIN + 3;
}

static int of_thread(void)
{
	return SIGRTMIN + 4;
}

static void queue(int signal, int value)
{
	CHECK(!sigqueue(getpid(), signal, (union sigval){ .sival_int = value }));
}

static void queue_for_me(int value)
{
	CHECK(!pthread_sigqueue(pthread_self(), of_thread(),
				(union sigval){ .sival_int = value }));
}

/** The next one of a signal, or -1 if there is none. */
static int take(int signal, siginfo_t *info)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, signal);
	return sigtimedwait(&set, info, &(struct timespec){ 0 });
}

static void expect(int signal, int value)
{
	siginfo_t info;
	CHECK(take(signal, &info) == signal);
	CHECK(info.si_code == SI_QUEUE && info.si_value.sival_int == value);
}

static void expect_none(int signal)
{
	siginfo_t info;
	CHECK(take(signal, &info) == -1);
}

static void use_stack(int is_late)
{
	stack_t stack = { .ss_sp = signal_stacks[is_late],
			  .ss_size = sizeof(signal_stacks[is_late]) };
	CHECK(!sigaltstack(&stack, NULL));
}

static void block_signals(void)
{
	sigset_t set;
	sigfillset(&set);
	sigdelset(&set, SIGUSR1);
	sigdelset(&set, SIGUSR2);
	CHECK(!sigprocmask(SIG_SETMASK, &set, NULL));
}

static void make_signals(void)
{
	CHECK(signal(SIGHUP, ignore_it) != SIG_ERR);
	use_stack(0);
	for (int i = 0; i < 3; i++)
		queue(of_process(), 10 + i);
	queue_for_me(20);
	// More are pending than may be: a limit that is lowered is no reason to lose
	// them.
	set_limit(RLIMIT_SIGPENDING, 0);
}

/** Before anything is changed that sends some. */
static void allow_signals(void)
{
	struct rlimit limit;
	CHECK(!getrlimit(RLIMIT_SIGPENDING, &limit));
	set_limit(RLIMIT_SIGPENDING, limit.rlim_max);
}

static void change_signals(void)
{
	CHECK(signal(SIGHUP, ignore_it_late) != SIG_ERR);
	use_stack(1);
	queue(of_process(), 30);
	queue_for_me(40);
	queue_for_me(41);
}

/** Takes what is pending: whoever changes them queues others. */
static void check_signals(int is_late)
{
	stack_t stack;
	siginfo_t info;
	struct sigaction action;
	CHECK(!sigaction(SIGHUP, NULL, &action));
	CHECK(action.sa_handler == (is_late ? ignore_it_late : ignore_it));
	CHECK(!sigaltstack(NULL, &stack) && stack.ss_sp == signal_stacks[is_late]);
	for (int i = 0; i < (is_late ? 1 : 3); i++)
		expect(of_process(), (is_late ? 30 : 10) + i);
	for (int i = 0; i < (is_late ? 2 : 1); i++)
		expect(of_thread(), (is_late ? 40 : 20) + i);
	expect_none(of_process());
	expect_none(of_thread());
	// What the pipe has sent once, when it was written to.
	CHECK(take(is_late ? READY_LATE : READY, &info) > 0);
	CHECK(info.si_code == POLL_IN && info.si_fd == fds.pipe[0]);
	expect_none(READY);
	expect_none(READY_LATE);
}

static int make_timer(clockid_t clock, int id, time_t seconds)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL,
				  .sigev_signo = SIGWINCH };
	struct itimerspec time = { .it_value.tv_sec = seconds };
	CHECK(!syscall(SYS_timer_create, clock, &event, &id));
	CHECK(!syscall(SYS_timer_settime, id, 0, &time, NULL));
	return id;
}

static int seconds_left(int timer)
{
	struct itimerspec time;
	long error = syscall(SYS_timer_gettime, timer, &time);
	return error ? -1 : (int)(time.it_value.tv_sec + 999) / 1000 * 1000;
}

static void set_interval(time_t seconds)
{
	struct itimerval time = { .it_value.tv_sec = seconds };
	CHECK(!setitimer(ITIMER_REAL, &time, NULL));
}

static void make_timers(void)
{
	set_interval(1000);
	timers[DELETED] = make_timer(CLOCK_MONOTONIC, 0, 2000);
	timers[SET_ANEW] = make_timer(CLOCK_MONOTONIC, 0, 3000);
	timers[REPLACED] = make_timer(CLOCK_MONOTONIC, 0, 4000);
	timers[FRESH] = timers[REPLACED] + 1;
}

static void change_timers(void)
{
	struct itimerspec time = { .it_value.tv_sec = 6000 };
	set_interval(5000);
	CHECK(!syscall(SYS_timer_delete, timers[DELETED]));
	CHECK(!syscall(SYS_timer_settime, timers[SET_ANEW], 0, &time, NULL));
	CHECK(make_timer(CLOCK_MONOTONIC, 0, 7000) == timers[FRESH]);
	CHECK(!syscall(SYS_timer_delete, timers[REPLACED]));
	// Before Linux 6.15 not all of this can be put back.
	if (prctl(TIMER_RESTORE_IDS, 1, 0, 0, 0))
		exit(77);
	CHECK(make_timer(CLOCK_BOOTTIME, timers[REPLACED], 8000) == timers[REPLACED]);
	CHECK(!prctl(TIMER_RESTORE_IDS, 0, 0, 0, 0));
}

static void check_timers(int is_late)
{
	static const int wanted[2][NR_TIMERS] = { { 2000, 3000, 4000, -1 },
						  { -1, 6000, 8000, 7000 } };
	struct itimerval time;
	for (int i = 0; i < NR_TIMERS; i++)
		CHECK(seconds_left(timers[i]) == wanted[is_late][i]);
	CHECK(!getitimer(ITIMER_REAL, &time));
	CHECK((time.it_value.tv_sec + 999) / 1000 == (is_late ? 5 : 1));
}

#endif
