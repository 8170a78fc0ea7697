// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * @file
 * Threads in places that an unwinder must find its way out of. Prints the line of the
 * call marked below, then every thread waits for good in ppoll(2).
 */

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>

#define NOINLINE __attribute__((noinline, noclone))

/** Written after every call, so that none is a jump. */
static volatile int calls_done;

static const int marked_line = __LINE__ + 4;

static NOINLINE void third(void)
{
	ppoll(NULL, 0, NULL, NULL); // the marked line
	calls_done++;
}

static NOINLINE void second(void)
{
	third();
	calls_done++;
}

static NOINLINE void first(void)
{
	second();
	calls_done++;
}

static NOINLINE void on_signal(int number)
{
	third();
	calls_done++;
}

static NOINLINE void interrupted(void)
{
	raise(SIGUSR1);
	calls_done++;
}

/** Has the name that a C++ compiler would give it. */
static NOINLINE void recurse(int levels) __asm__("_ZN4snap7recurseEi");

static NOINLINE void recurse(int levels)
{
	if (levels)
		recurse(levels - 1);
	else
		third();
	calls_done++;
}

static void *waiter(void *nothing)
{
	prctl(PR_SET_NAME, "waiter");
	first();
	return NULL;
}

static void *handler(void *nothing)
{
	prctl(PR_SET_NAME, "handler");
	interrupted();
	return NULL;
}

static void *deep(void *nothing)
{
	prctl(PR_SET_NAME, "deep");
	recurse(100);
	return NULL;
}

static void *too_deep(void *nothing)
{
	prctl(PR_SET_NAME, "too deep");
	recurse(2000);
	return NULL;
}

int main(void)
{
	static void *(*const bodies[])(void *) = { waiter, handler, deep, too_deep };
	printf("%d\n", marked_line);
	fflush(stdout);
	signal(SIGUSR1, on_signal);
	prctl(PR_SET_NAME, "main");
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		pthread_t thread;
		if (pthread_create(&thread, NULL, bodies[i], NULL))
			return 1;
	}
	first();
	return 0;
}
