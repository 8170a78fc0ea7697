// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Some MiB of memory, the first argument, filled before settled() and anew before
 * changed(). It looks out for children that it does not know of, and for their signals.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "../story.h"

static volatile sig_atomic_t nr_sigchld;
static size_t nr_words;
static uint64_t *words;

static void count_sigchld(int signal)
{
	nr_sigchld++;
}

static void fill(uint64_t seed)
{
	for (size_t i = 0; i < nr_words; i++)
		words[i] = seed ^ i * UINT64_C(0x9e3779b97f4a7c15);
}

static void check(uint64_t seed)
{
	for (size_t i = 0; i < nr_words; i++)
		CHECK(words[i] == (seed ^ i * UINT64_C(0x9e3779b97f4a7c15)));
}

static void look_around(void)
{
	CHECK(waitpid(-1, NULL, __WALL | WNOHANG) == -1 && errno == ECHILD);
	CHECK(!nr_sigchld);
}

STORY_PLACE void settled(void)
{
}

STORY_PLACE void changed(void)
{
}

int main(int argc, char **argv)
{
	CHECK(argc > 1);
	signal(SIGCHLD, count_sigchld);
	nr_words = (size_t)atol(argv[1]) << 17;
	words = malloc(nr_words * sizeof(uint64_t));
	CHECK(words);
	fill(1);
	settled();
	look_around();
	check(1);
	fill(2);
	changed();
	look_around();
	check(2);
	return 0;
}
