// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Blocks SIGCONT and stops by at saved() and changed(). Somebody outside sends SIGCONT
 * or SIGSTOP; the program says on its end how many SIGCONT it has found.
 */
#include <signal.h>
#include <time.h>

#include "../story.h"

static volatile int found;

STORY_PLACE void saved(void)
{
}

STORY_PLACE void changed(void)
{
}

int main(void)
{
	const struct timespec none = { 0 };
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGCONT);
	CHECK(!sigprocmask(SIG_SETMASK, &set, NULL));
	saved();
	while (sigtimedwait(&set, NULL, &none) == SIGCONT)
		found++;
	changed();
	while (sigtimedwait(&set, NULL, &none) == SIGCONT)
		found++;
	printf("found %d\n", found);
	return 0;
}
