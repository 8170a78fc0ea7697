// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Signals with a letter in each: one that is being delivered, and others that wait,
 * for the thread and for the process. Each must come once, with what was sent.
 */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "../story.h"

volatile int delivered;

static void handle(int number, siginfo_t *info, void *context)
{
	CHECK(info->si_code == SI_QUEUE);
	CHECK(info->si_pid == getpid());
	CHECK(info->si_value.sival_int == 1234);
	delivered++;
}

STORY_PLACE void waiting(void)
{
}

static void expect(const sigset_t *set, int number, int value)
{
	siginfo_t info;
	struct timespec none = { 0 };

	CHECK(sigtimedwait(set, &info, &none) == number);
	CHECK(info.si_code == SI_QUEUE);
	CHECK(info.si_value.sival_int == value);
}

int main(void)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO };
	sigset_t set;
	int ends[2];

	CHECK(!pipe(ends));
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGRTMIN);
	CHECK(!sigprocmask(SIG_BLOCK, &set, NULL));
	action.sa_sigaction = handle;
	CHECK(!sigaction(SIGUSR1, &action, NULL));

	CHECK(!sigqueue(getpid(), SIGUSR2, (union sigval){ .sival_int = 7 }));
	CHECK(!sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = 8 }));
	CHECK(!sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = 9 }));
	waiting();
	CHECK(!sigqueue(getpid(), SIGUSR1, (union sigval){ .sival_int = 1234 }));
	CHECK(delivered == 1);
	expect(&set, SIGUSR2, 7);
	expect(&set, SIGRTMIN, 8);
	expect(&set, SIGRTMIN, 9);
	siginfo_t info;
	struct timespec none = { 0 };
	CHECK(sigtimedwait(&set, &info, &none) == -1);
	return 0;
}
