// SPDX-License-Identifier: GPL-3.0-or-later
/* Runs until somebody clears `running`; that is somebody's debugger. */
#include <sched.h>

#include "../story.h"

volatile int running = 1;

STORY_PLACE void started(void)
{
}

int main(void)
{
	started();
	while (running)
		sched_yield();
	return 0;
}
