// SPDX-License-Identifier: GPL-3.0-or-later
/* A child by vfork, which shares the memory until it ends. */
#include <sys/wait.h>
#include <unistd.h>

#include "../story.h"

volatile int child_was_here;

STORY_PLACE void in_child(void)
{
	child_was_here = 1;
}

int main(void)
{
	int status;
	pid_t child = vfork();
	if (!child) {
		in_child();
		_exit(7);
	}
	CHECK(child > 0);
	CHECK(waitpid(child, &status, 0) == child);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	CHECK(child_was_here);
	return 0;
}
