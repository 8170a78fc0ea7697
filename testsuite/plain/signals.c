// SPDX-License-Identifier: GPL-3.0-or-later
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../gdb/story.h"

/*
 * Has signals pending for the process, for its main thread and for another one, and
 * handlers of several kinds, and raises SIGUSR1 on a signal stack: the place to take a
 * snapshot of. Then it takes all that is pending and looks at each, queues others,
 * changes the handlers and the stack, and raises SIGUSR2 on that one: the place to go
 * back from.
 */

/** What the C library adds, and its headers do not have. */
#define SA_RESTORER 0x04000000

#define NR_SHARED 70 /* more than a batch, and more than are read at once */

static char stacks[2][1 << 16] __attribute__((aligned(16)));
static volatile int at_round;
static volatile int nr_wrong;
static pthread_barrier_t barrier;

static int of_process(void)
{
	return SIGRTMIN + 3;
}

static int of_main(void)
{
	return SIGRTMIN + 2;
}

static int of_other(void)
{
	return SIGRTMIN + 1;
}

static void ignore_it(int signal)
{
}

static void take_info(int signal, siginfo_t *info, void *context)
{
}

/** Runs on the stack of the round, and is stopped there. */
static void stop_here(int signal)
{
	stack_t stack;
	sigaltstack(NULL, &stack);
	nr_wrong += stack.ss_sp != stacks[at_round] || stack.ss_flags != SS_ONSTACK;
	raise(at_round ? SIGUSR2 : SIGUSR1);
	sigaltstack(NULL, &stack);
	nr_wrong += stack.ss_sp != stacks[at_round] || stack.ss_flags != SS_ONSTACK;
}

/** The next one of a signal: its value must be `value`; -1: there must be none. */
static void expect(int signal, int value)
{
	const struct timespec none = { 0 };
	siginfo_t info;
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, signal);
	int got = sigtimedwait(&set, &info, &none);
	if (value < 0) {
		CHECK(got == -1);
		return;
	}
	CHECK(got == signal);
	CHECK(info.si_code == SI_QUEUE && info.si_pid == getpid());
	CHECK(info.si_value.sival_int == value);
}

static void queue(int signal, int value)
{
	CHECK(!sigqueue(getpid(), signal, (union sigval){ .sival_int = value }));
}

static void queue_for(pthread_t thread, int signal, int value)
{
	CHECK(!pthread_sigqueue(thread, signal, (union sigval){ .sival_int = value }));
}

static void *be_other(void *unused)
{
	for (int round = 0; round < 2; round++) {
		pthread_barrier_wait(&barrier); // it is queued
		pthread_barrier_wait(&barrier); // the stop is over
		for (int i = 0; i < 3 + round; i++)
			expect(of_other(), 10 * round + i);
		expect(of_other(), -1);
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

static void queue_all(pthread_t other, int round)
{
	for (int i = 0; i < NR_SHARED + round; i++)
		queue(of_process(), 1000 * round + i);
	queue(SIGTERM, 5 + round);
	if (round)
		queue(SIGPIPE, 3);
	for (int i = 0; i < 2 - round; i++)
		queue_for(pthread_self(), of_main(), 50 * round + i);
	for (int i = 0; i < 3 + round; i++)
		queue_for(other, of_other(), 10 * round + i);
	CHECK(!kill(getpid(), SIGHUP)); // si_code is not negative
}

static void expect_all(int round)
{
	for (int i = 0; i < NR_SHARED + round; i++)
		expect(of_process(), 1000 * round + i);
	expect(of_process(), -1);
	expect(SIGTERM, 5 + round);
	expect(SIGPIPE, round ? 3 : -1);
	for (int i = 0; i < 2 - round; i++)
		expect(of_main(), 50 * round + i);
	expect(of_main(), -1);

	const struct timespec none = { 0 };
	siginfo_t info;
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	CHECK(sigtimedwait(&set, &info, &none) == SIGHUP);
	CHECK(info.si_code == SI_USER && info.si_pid == getpid());
}

static void set_action(int signal, void (*handler)(int), int flags, int masked)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };
	if (masked)
		sigaddset(&action.sa_mask, masked);
	CHECK(!sigaction(signal, &action, NULL));
}

static void set_actions(int round)
{
	set_action(SIGTERM, round ? SIG_IGN : ignore_it, 0, SIGURG);
	set_action(SIGHUP, round ? ignore_it : SIG_DFL, SA_RESTART, 0);
	set_action(SIGALRM, ignore_it, round ? SA_NODEFER : 0, round ? SIGINT : 0);
	set_action(SIGRTMAX, (void (*)(int))(void *)take_info,
		   SA_SIGINFO | (round ? SA_RESETHAND : SA_ONSTACK), 0);
}

static void expect_action(int signal, void *handler, int flags, int masked)
{
	struct sigaction action;
	CHECK(!sigaction(signal, NULL, &action));
	CHECK((void *)action.sa_handler == handler);
	CHECK((action.sa_flags & ~SA_RESTORER) == flags);
	for (int other = 1; other < SIGRTMIN; other++)
		CHECK(sigismember(&action.sa_mask, other) <= 0 || other == masked);
	CHECK(!masked || sigismember(&action.sa_mask, masked));
}

static void expect_actions(int round)
{
	expect_action(SIGTERM, round ? (void *)SIG_IGN : (void *)ignore_it, 0, SIGURG);
	expect_action(SIGHUP, round ? (void *)ignore_it : (void *)SIG_DFL, SA_RESTART,
		      0);
	expect_action(SIGALRM, (void *)ignore_it, round ? SA_NODEFER : 0,
		      round ? SIGINT : 0);
	expect_action(SIGRTMAX, (void *)take_info,
		      SA_SIGINFO | (round ? (int)SA_RESETHAND : SA_ONSTACK), 0);
}

static void use_stack(int round)
{
	stack_t stack = { .ss_sp = stacks[round], .ss_size = sizeof(stacks[round]) };
	CHECK(!sigaltstack(&stack, NULL));
}

int main(void)
{
	sigset_t set;
	sigfillset(&set);
	sigdelset(&set, SIGUSR1);
	sigdelset(&set, SIGUSR2);
	sigdelset(&set, SIGWINCH);
	CHECK(!sigprocmask(SIG_SETMASK, &set, NULL));
	set_action(SIGWINCH, stop_here, SA_ONSTACK, 0);
	pthread_t other;
	CHECK(!pthread_barrier_init(&barrier, NULL, 2));
	CHECK(!pthread_create(&other, NULL, be_other, NULL));

	for (int round = 0; round < 2; round++) {
		set_actions(round);
		queue_all(other, round);
		use_stack(round);
		pthread_barrier_wait(&barrier);
		at_round = round;
		raise(SIGWINCH);
		CHECK(at_round == round);
		CHECK(!nr_wrong);
		expect_actions(round);
		expect_all(round);
		pthread_barrier_wait(&barrier);
		pthread_barrier_wait(&barrier);
	}
	CHECK(!pthread_join(other, NULL));
	return 0;
}
