// SPDX-License-Identifier: GPL-3.0-or-later
#include "../gdb/threads/guests.h"

#include "everything/files.h"
#include "everything/memory.h"
#include "everything/process.h"
#include "everything/signals.h"

/*
 * Has one of everything that a restore puts back and raises SIGUSR1: the place to take
 * a snapshot of. Then it changes all of it and raises SIGUSR2: the place to go back
 * from. Whenever it comes past one of the two, all must be as it was there.
 *
 * Given the word "shrink", those steps follow that exclude some of the others: the heap
 * has grown, not shrunk, and what comes will be locked late, not early.
 *
 * Only for root does a thread end, too: nobody else may start it again.
 */

enum {
	ENDS = 1,
	STAYS,
	COMES
};

static volatile int rounds;

static void make_threads(void)
{
	start(ENDS);
	start(STAYS);
}

static void change_threads(void)
{
	if (!geteuid())
		leave(ENDS);
	start(COMES);
}

static void check_threads(int is_late)
{
	CHECK(is_there[STAYS] && is_there[COMES] == is_late);
	CHECK(is_there[ENDS] == (!is_late || geteuid()));
}

static void check(int shrinks, int is_late)
{
	CHECK(rounds == is_late);
	check_threads(is_late);
	check_memory(shrinks, is_late);
	check_files(is_late);
	check_signals(is_late);
	check_timers(is_late);
	check_process(is_late);
}

int main(int argc, char **argv)
{
	int shrinks = argc > 1 && !strcmp(argv[1], "shrink");
	block_signals();
	make_threads();
	make_files();
	make_process();
	make_timers();
	make_signals();
	make_memory(shrinks);
	raise(SIGUSR1);
	check(shrinks, 0);

	rounds++;
	allow_signals();
	unlock_memory(shrinks);
	change_threads();
	change_files();
	change_timers();
	change_signals();
	set_process(1);
	change_memory(shrinks);
	raise(SIGUSR2);
	check(shrinks, 1);
	return 0;
}
