// SPDX-License-Identifier: GPL-3.0-or-later
#include <signal.h>

#include "places.h"

/*
 * Does to its memory everything that a restore has a step for. It raises SIGUSR1 when
 * all is prepared, the place to take a snapshot of, and SIGUSR2 when all has changed.
 * Given the word "shrink", the heap grows in between, otherwise it shrinks.
 */

static volatile int rounds;

int main(int argc, char **argv)
{
	struct places places = { 0 };
	prepare_places(&places);
	raise(SIGUSR1);
	CHECK(rounds == 0);
	check_places(&places);
	rounds++;
	change_places(&places, argc > 1 && !strcmp(argv[1], "shrink"));
	raise(SIGUSR2);
	CHECK(rounds == 1);
	return 0;
}
