// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Fills some memory, and fills it anew after SIGUSR1: with what it was at which moment
 * is its first argument in MiB. It looks out for processes that it does not know of.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "../gdb/story.h"

static volatile sig_atomic_t nr_sigchld;

static void count_sigchld(int signal)
{
	nr_sigchld++;
}

/** Every fourth page stays zero, and every fifth does not exist. */
static void fill(uint64_t *words, size_t size, uint64_t salt)
{
	for (size_t at = 0; at < size; at += 4096)
		for (size_t i = at; at / 4096 % 5 && i < at + 4096; i += 8)
			words[i / 8] =
				at / 4096 % 4 ? i * 0x9e3779b97f4a7c15 + salt : 0;
}

static void check(const uint64_t *words, size_t size, uint64_t salt)
{
	for (size_t at = 0; at < size; at += 4096)
		for (size_t i = at; at / 4096 % 5 && i < at + 4096; i += 8)
			CHECK(words[i / 8] ==
			      (at / 4096 % 4 ? i * 0x9e3779b97f4a7c15 + salt : 0));
}

int main(int argc, char **argv)
{
	size_t size = (size_t)atoi(argv[1]) << 20;
	uint64_t *words = mmap(NULL, size, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(words != MAP_FAILED);
	signal(SIGCHLD, count_sigchld);
	fill(words, size, 1);
	raise(SIGUSR1);
	check(words, size, 1);
	fill(words, size, 2);
	CHECK(waitpid(-1, NULL, __WALL | WNOHANG) == -1 && errno == ECHILD);
	raise(SIGUSR2);
	check(words, size, 2);
	CHECK(waitpid(-1, NULL, __WALL | WNOHANG) == -1 && errno == ECHILD);
	CHECK(!nr_sigchld);
	return 0;
}
