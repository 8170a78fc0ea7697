// SPDX-License-Identifier: GPL-3.0-or-later
/* Takes another way each time that it runs on: the clock is not rewound. */
#include <time.h>

#include "../story.h"

volatile long ticks;
volatile long first;

STORY_PLACE void start(void)
{
	first = 1;
}

STORY_PLACE void look(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ticks = now.tv_sec * 1000000000 + now.tv_nsec;
}

STORY_PLACE void done(void)
{
}

int main(int argc, char **argv)
{
	start();
	look();
	/* Where it was told to, it never comes to where it was. */
	if (argc > 1 && ticks == first)
		exit(3);
	done();
	CHECK(ticks > 1);
	return 0;
}
