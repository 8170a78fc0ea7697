// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Threads come and go between now() and then(). The words say how, in their order: +N
 * starts thread N, -N lets it leave and waits for its end; dN and lN do that with a
 * detached one; *N starts threads 1 to N, /N lets them leave; "hold" waits for a
 * debugger, "nobody" gives up what root may. In the end all must have been there, and
 * found what is theirs as they had left it.
 */
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "guests.h"

volatile int is_held;
static volatile sig_atomic_t nr_signals;

STORY_PLACE void now(void)
{
}

STORY_PLACE void then(void)
{
}

static void note_signal(int number)
{
	nr_signals++;
}

static void hold(void)
{
	is_held = 1;
	while (is_held)
		sched_yield();
}

static void start_detached(long number)
{
	start(number);
	CHECK(!pthread_detach(threads[number]));
}

static void leave_detached(long number)
{
	CHECK(!pthread_mutex_lock(&mutex));
	may_leave[number] = 1;
	pthread_cond_broadcast(&go);
	while (is_there[number])
		CHECK(!pthread_cond_wait(&arrived, &mutex));
	CHECK(!pthread_mutex_unlock(&mutex));
}

/** Every thread gets a signal of its own and goes on waiting. */
static void poke_all(void)
{
	int wanted = nr_signals;
	for (long number = 0; number < MOST; number++) {
		if (!is_there[number])
			continue;
		CHECK(!pthread_kill(threads[number], SIGUSR1));
		wanted++;
		while (nr_signals != wanted)
			sched_yield();
	}
}

static void obey(const char *word)
{
	long number = atol(word + 1);
	switch (*word) {
	case '+':
		return start(number);
	case '-':
		return leave(number);
	case 'd':
		return start_detached(number);
	case 'l':
		return leave_detached(number);
	case '*':
		for (long i = 1; i <= number; i++)
			start(i);
		return;
	case '/':
		for (long i = 1; i <= number; i++)
			leave(i);
		return;
	case 'h':
		return hold();
	case 'p':
		return poke_all();
	case 'n':
		CHECK(!setresuid(65534, 65534, 65534));
		return;
	default:
		CHECK(!strcmp(word, "!"));
		now();
	}
}

int main(int argc, char **argv)
{
	long wanted = 0;
	CHECK(signal(SIGUSR1, note_signal) != SIG_ERR);
	for (int i = 1; i < argc; i++) {
		if (strchr("+d", *argv[i]))
			wanted += atol(argv[i] + 1);
		if (*argv[i] == '*')
			wanted += atol(argv[i] + 1) * (atol(argv[i] + 1) + 1) / 2;
		obey(argv[i]);
	}
	then();
	for (long number = 0; number < MOST; number++)
		if (is_there[number])
			leave_detached(number);
	CHECK(sum == wanted);
	return 0;
}
