// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../gdb/story.h"

/* What a tracer has to live through, one event at a time: events EVENT. */

#define NR_THREADS 6
#define NR_SIGNALS 1000

static void *nothing(void *argument)
{
	return argument;
}

/** Threads come and go before SIGUSR1. */
static int threads_come_and_go(void)
{
	for (int i = 0; i < 50; i++) {
		pthread_t thread;
		CHECK(!pthread_create(&thread, NULL, nothing, NULL));
		CHECK(!pthread_join(thread, NULL));
	}
	raise(SIGUSR1);
	return 7;
}

static void *execute(void *path)
{
	execl(path, path, "exit", (char *)NULL);
	return NULL;
}

/** Another thread than the leader executes a program; that one ends with 42. */
static int thread_executes(void)
{
	pthread_t thread;
	CHECK(!pthread_create(&thread, NULL, execute, (void *)"/proc/self/exe"));
	for (;;)
		pause();
}

static void *outlive(void *leader)
{
	CHECK(!pthread_join(*(pthread_t *)leader, NULL));
	raise(SIGUSR1);
	exit(5);
}

/** The leader ends, another thread raises SIGUSR1. */
static int leader_ends(void)
{
	static pthread_t leader, thread;
	leader = pthread_self();
	CHECK(!pthread_create(&thread, NULL, outlive, &leader));
	pthread_exit(NULL);
}

/** A child that is none of the tracer's business must run and end. */
static int forks(pid_t (*fork_it)(void))
{
	pid_t child = fork_it();
	if (!child)
		_exit(9);
	int status;
	CHECK(waitpid(child, &status, 0) == child);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 9);
	raise(SIGUSR1);
	return 0;
}

/** Stops itself as job control does; there is nobody to continue it. */
static int stops_itself(void)
{
	raise(SIGSTOP);
	raise(SIGTSTP);
	raise(SIGUSR1);
	return 0;
}

/** The signal is not passed on: the instruction faults again. */
static int faults(void)
{
	*(volatile int *)NULL = 1;
	return 0;
}

static atomic_int nr_received;

static void receive(int number, siginfo_t *info, void *context)
{
	// Sent by sigqueue() with its sequence number: what the kernel made of it is
	// lost if a tracer passes on the number alone.
	if (info->si_code == SI_QUEUE && info->si_pid == getpid() &&
	    info->si_value.sival_int == number)
		atomic_fetch_add(&nr_received, 1);
}

static void *send(void *argument)
{
	for (int i = 0; i < NR_SIGNALS; i++) {
		union sigval value = { .sival_int = SIGRTMIN };
		while (pthread_sigqueue(pthread_self(), SIGRTMIN, value))
			CHECK(errno == EAGAIN);
	}
	return NULL;
}

/** Signals in many threads at once; every one must arrive, as it was sent. */
static int storm(void)
{
	struct sigaction action = { .sa_sigaction = receive, .sa_flags = SA_SIGINFO };
	CHECK(!sigaction(SIGRTMIN, &action, NULL));
	pthread_t threads[NR_THREADS];
	for (int i = 0; i < NR_THREADS; i++)
		CHECK(!pthread_create(&threads[i], NULL, send, NULL));
	for (int i = 0; i < NR_THREADS; i++)
		CHECK(!pthread_join(threads[i], NULL));
	CHECK(nr_received == NR_THREADS * NR_SIGNALS);
	return 0;
}

static void *raise_once(void *barrier)
{
	pthread_barrier_wait(barrier);
	raise(SIGUSR1);
	return NULL;
}

/** As many threads as there are raise SIGUSR1 at the same time. */
static int chorus(void)
{
	pthread_barrier_t barrier;
	CHECK(!pthread_barrier_init(&barrier, NULL, NR_THREADS));
	pthread_t threads[NR_THREADS];
	for (int i = 0; i < NR_THREADS; i++)
		CHECK(!pthread_create(&threads[i], NULL, raise_once, &barrier));
	for (int i = 0; i < NR_THREADS; i++)
		CHECK(!pthread_join(threads[i], NULL));
	return 0;
}

static _Noreturn void spin(void)
{
	volatile int turn = 0;
	for (;;)
		turn++;
}

int main(int argc, char **argv)
{
	const char *event = argc > 1 ? argv[1] : "";
	if (!strcmp(event, "threads"))
		return threads_come_and_go();
	if (!strcmp(event, "exec"))
		return thread_executes();
	if (!strcmp(event, "exit"))
		return 42;
	if (!strcmp(event, "leader"))
		return leader_ends();
	if (!strcmp(event, "fork"))
		return forks(fork);
	if (!strcmp(event, "vfork"))
		return forks(vfork);
	if (!strcmp(event, "stop"))
		return stops_itself();
	if (!strcmp(event, "fault"))
		return faults();
	if (!strcmp(event, "storm"))
		return storm();
	if (!strcmp(event, "chorus"))
		return chorus();
	if (!strcmp(event, "spin"))
		spin();
	return 2;
}
