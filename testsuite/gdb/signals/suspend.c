// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A thread waits in sigsuspend(), which lets SIGUSR1 in and nothing else, when the main
 * thread is at saved(). At changed() it has been woken and waits for another. The mask
 * around it must be its own whenever it comes back.
 */
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "../story.h"

static volatile int calls;
static volatile pid_t tid;
static volatile int woken;
static pthread_t thread;

static void count(int number)
{
	calls++;
}

STORY_PLACE void saved(void)
{
}

STORY_PLACE void changed(void)
{
}

/** Wait until the thread sleeps in a system call. */
static void wait_for_sleep(void)
{
	char path[64], state = 0;
	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)tid);
	while (state != 'S') {
		FILE *file = fopen(path, "r");
		CHECK(file);
		CHECK(fscanf(file, "%*d (suspend.story) %c", &state) == 1);
		fclose(file);
	}
}

static void check_mask(void)
{
	sigset_t mask;
	CHECK(!pthread_sigmask(SIG_SETMASK, NULL, &mask));
	CHECK(sigismember(&mask, SIGUSR1) && sigismember(&mask, SIGTERM));
	CHECK(!sigismember(&mask, SIGUSR2));
}

static void *suspend(void *unused)
{
	sigset_t inside;
	sigfillset(&inside);
	sigdelset(&inside, SIGUSR1);
	for (int i = 0; i < 2; i++) {
		tid = gettid();
		sigsuspend(&inside);
		check_mask();
		woken++;
	}
	return NULL;
}

int main(void)
{
	sigset_t mask;
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigaddset(&mask, SIGTERM);
	CHECK(!pthread_sigmask(SIG_SETMASK, &mask, NULL));
	signal(SIGUSR1, count);
	signal(SIGUSR2, count);
	CHECK(!pthread_create(&thread, NULL, suspend, NULL));
	while (!tid)
		;
	wait_for_sleep();
	saved();
	CHECK(calls == 0 && woken == 0);
	// After a stop it makes its call again, and has its own mask until then.
	wait_for_sleep();
	// Blocked inside, and waiting there.
	CHECK(!pthread_kill(thread, SIGUSR2));
	CHECK(!pthread_kill(thread, SIGUSR1));
	while (woken < 1)
		;
	CHECK(calls == 2);
	wait_for_sleep();
	changed();
	CHECK(!pthread_kill(thread, SIGUSR1));
	CHECK(!pthread_join(thread, NULL));
	CHECK(calls == 3 && woken == 2);
	return 0;
}
