// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * stack inside: is stopped in a handler on one signal stack (saved()), and later in one
 * on another (changed()). stack outside: has a signal stack at saved(), and none at
 * changed(). stack disarmed: as inside, with stacks that are disarmed while they are in
 * use. Whenever it comes past saved(), the first stack must be the one.
 */
#include <signal.h>
#include <string.h>

#include "../story.h"

/** Linux 4.7; the headers of the C library have it only in newer versions. */
#define SS_AUTODISARM_FLAG (1u << 31)

static char stacks[2][1 << 16] __attribute__((aligned(16)));
static volatile int at_round;
static unsigned flags;

STORY_PLACE void saved(void)
{
}

STORY_PLACE void changed(void)
{
}

static void use(int round)
{
	stack_t stack = {
		.ss_sp = stacks[round],
		.ss_size = sizeof(stacks[round]),
		.ss_flags = (int)flags,
	};
	CHECK(!sigaltstack(&stack, NULL));
}

static void check(int round, unsigned expected)
{
	stack_t stack;
	CHECK(!sigaltstack(NULL, &stack));
	CHECK((unsigned)stack.ss_flags == expected);
	if (expected != SS_DISABLE)
		CHECK(stack.ss_sp == stacks[round] &&
		      stack.ss_size == sizeof(stacks[round]));
}

static int is_on(int round, const char *place)
{
	return place >= stacks[round] && place < stacks[round] + sizeof(stacks[round]);
}

/** Runs on the stack of the round. */
static void stop_here(int number)
{
	char here;
	unsigned expected = flags ? SS_DISABLE : SS_ONSTACK;
	int round = at_round;
	CHECK(is_on(round, &here));
	check(round, expected);
	if (round)
		changed();
	else
		saved();
	CHECK(is_on(round, &here));
	check(round, expected);
}

static int be_inside(void)
{
	for (int round = 0; round < 2; round++) {
		at_round = round;
		use(round);
		raise(SIGUSR1);
		check(round, flags);
		// It can be used again.
		at_round = round;
	}
	return 0;
}

static void look(int number)
{
	char here;
	CHECK(is_on(0, &here));
}

static int be_outside(void)
{
	signal(SIGUSR2, look);
	struct sigaction action = { .sa_handler = look, .sa_flags = SA_ONSTACK };
	CHECK(!sigaction(SIGUSR2, &action, NULL));
	use(0);
	saved();
	check(0, 0);
	raise(SIGUSR2);
	stack_t none = { .ss_flags = SS_DISABLE };
	CHECK(!sigaltstack(&none, NULL));
	changed();
	return 0;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = stop_here, .sa_flags = SA_ONSTACK };
	CHECK(argc == 2);
	CHECK(!sigaction(SIGUSR1, &action, NULL));
	if (!strcmp(argv[1], "outside"))
		return be_outside();
	flags = strcmp(argv[1], "disarmed") ? 0 : SS_AUTODISARM_FLAG;
	return be_inside();
}
