// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * queue old: has signals queued at saved(), for the process and for each of its
 * threads, and takes them all before changed(). queue new: has none at saved(), and
 * many at changed(). queue file: as old, by a signalfd. Whenever it comes past saved()
 * exactly the first ones must be there, in their order, each as it was sent.
 */
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "../story.h"

#define NR_THREADS 3
#define NR_SIGNALS 300

static pthread_t threads[NR_THREADS];
static pthread_barrier_t barrier;
static int is_old;

STORY_PLACE void saved(void)
{
}

STORY_PLACE void changed(void)
{
}

static int take(int number, siginfo_t *info)
{
	const struct timespec none = { 0 };
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, number);
	return sigtimedwait(&set, info, &none);
}

/** All of one signal: sent by sigqueue() with these values, or none. */
static void take_all(int number, int first, int nr)
{
	siginfo_t info;
	for (int i = 0; i < nr; i++) {
		CHECK(take(number, &info) == number);
		CHECK(info.si_code == SI_QUEUE && info.si_pid == getpid());
		CHECK(info.si_uid == getuid());
		CHECK(info.si_value.sival_int == first + i);
	}
	CHECK(take(number, &info) == -1);
}

static void queue_for(pthread_t thread, int number, int first, int nr)
{
	for (int i = 0; i < nr; i++) {
		union sigval value = { .sival_int = first + i };
		CHECK(!pthread_sigqueue(thread, number, value));
	}
}

static void queue(int number, int first, int nr)
{
	for (int i = 0; i < nr; i++) {
		union sigval value = { .sival_int = first + i };
		CHECK(!sigqueue(getpid(), number, value));
	}
}

static void *be_thread(void *argument)
{
	int self = (int)(long)argument;
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	take_all(SIGRTMIN + 5, 100 * self, is_old ? 10 + self : 0);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	return NULL;
}

static void queue_all(void)
{
	queue(SIGRTMIN + 1, 5000, NR_SIGNALS);
	queue(SIGRTMIN, 1, 2);
	queue(SIGTERM, 77, 1);
	CHECK(!kill(getpid(), SIGHUP));
	CHECK(!pthread_kill(pthread_self(), SIGINT));
	for (int i = 0; i < NR_THREADS; i++)
		queue_for(threads[i], SIGRTMIN + 5, 100 * i, 10 + i);
}

static void take_ours(void)
{
	siginfo_t info;
	take_all(SIGRTMIN + 1, 5000, is_old ? NR_SIGNALS : 0);
	take_all(SIGRTMIN, 1, is_old ? 2 : 0);
	take_all(SIGTERM, 77, is_old ? 1 : 0);
	CHECK(take(SIGHUP, &info) == (is_old ? SIGHUP : -1));
	CHECK(!is_old || (info.si_code == SI_USER && info.si_pid == getpid()));
	CHECK(take(SIGINT, &info) == (is_old ? SIGINT : -1));
	// The C library makes a SI_USER of SI_TKILL.
	CHECK(!is_old || (info.si_code == SI_USER && info.si_pid == getpid()));
}

static int be_file(const sigset_t *set)
{
	struct signalfd_siginfo info;
	int fd = signalfd(-1, set, SFD_NONBLOCK);
	CHECK(fd >= 0);
	queue(SIGRTMIN + 1, 5000, NR_SIGNALS);
	saved();
	for (int i = 0; i < NR_SIGNALS; i++) {
		CHECK(read(fd, &info, sizeof(info)) == sizeof(info));
		CHECK((int)info.ssi_signo == SIGRTMIN + 1);
		CHECK(info.ssi_int == 5000 + i);
	}
	CHECK(read(fd, &info, sizeof(info)) == -1);
	changed();
	return 0;
}

int main(int argc, char **argv)
{
	CHECK(argc == 2);
	is_old = !strcmp(argv[1], "old");
	sigset_t set;
	sigfillset(&set);
	CHECK(!sigprocmask(SIG_SETMASK, &set, NULL));
	if (!strcmp(argv[1], "file"))
		return be_file(&set);

	CHECK(!pthread_barrier_init(&barrier, NULL, NR_THREADS + 1));
	for (long i = 0; i < NR_THREADS; i++)
		CHECK(!pthread_create(&threads[i], NULL, be_thread, (void *)i));
	pthread_barrier_wait(&barrier);
	if (is_old)
		queue_all();
	saved();
	take_ours();
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	if (!is_old)
		queue_all();
	changed();
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < NR_THREADS; i++)
		CHECK(!pthread_join(threads[i], NULL));
	return 0;
}
