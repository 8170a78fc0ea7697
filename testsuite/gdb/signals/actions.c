// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Gives signals actions of every kind, stops by at saved(), looks at all of them, gives
 * them others and stops by at changed(). Whenever it comes past saved(), the first
 * actions must be in force, by what the kernel says and by what happens.
 */
#include <signal.h>
#include <string.h>

#include "../story.h"

/** What the C library adds, and its headers do not have. */
#define SA_RESTORER 0x04000000

static volatile int calls;
static volatile int other_calls;

static void count(int number)
{
	calls++;
}

static void count_others(int number)
{
	other_calls++;
}

STORY_PLACE void saved(void)
{
}

STORY_PLACE void changed(void)
{
}

/** Not those that cannot be set, nor the two that the C library keeps for itself. */
static int is_ours(int number)
{
	return number != SIGKILL && number != SIGSTOP && number != 32 && number != 33;
}

static struct sigaction first(int number)
{
	struct sigaction action = { .sa_handler = count };
	if (number % 3 == 0)
		action.sa_flags = SA_RESTART | SA_NODEFER;
	if (number % 3 == 1)
		sigaddset(&action.sa_mask, number == SIGURG ? SIGHUP : SIGURG);
	if (number == SIGPIPE)
		action.sa_handler = SIG_IGN;
	if (number == SIGUSR2)
		action.sa_flags = SA_RESETHAND;
	if (number == SIGWINCH || number == SIGCHLD)
		action.sa_handler = SIG_DFL;
	return action;
}

static void set_first(void)
{
	for (int number = 1; number <= SIGRTMAX; number++) {
		struct sigaction action = first(number);
		if (is_ours(number))
			CHECK(!sigaction(number, &action, NULL));
	}
}

static void check_first(void)
{
	for (int number = 1; number <= SIGRTMAX; number++) {
		struct sigaction wanted = first(number), is;
		if (!is_ours(number))
			continue;
		CHECK(!sigaction(number, NULL, &is));
		CHECK(is.sa_handler == wanted.sa_handler);
		CHECK((is.sa_flags & ~SA_RESTORER) == wanted.sa_flags);
		CHECK(!memcmp(&is.sa_mask, &wanted.sa_mask, 8));
	}
}

static void set_others(void)
{
	struct sigaction action = { .sa_handler = count_others };
	for (int number = 1; number <= SIGRTMAX; number++)
		if (is_ours(number) && number != SIGUSR2)
			CHECK(!sigaction(number, &action, NULL));
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_DFL);
}

int main(void)
{
	set_first();
	saved();
	CHECK(calls == 0);
	check_first();
	// Ignored; with a handler; with one that is good for one time.
	raise(SIGPIPE);
	CHECK(calls == 0);
	raise(SIGTERM);
	raise(SIGRTMAX);
	CHECK(calls == 2);
	raise(SIGUSR2);
	CHECK(calls == 3);
	struct sigaction used;
	CHECK(!sigaction(SIGUSR2, NULL, &used) && used.sa_handler == SIG_DFL);

	set_others();
	raise(SIGPIPE);
	CHECK(other_calls == 1);
	changed();
	return 0;
}
