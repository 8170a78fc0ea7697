/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EVERYTHING_MEMORY_H
#define EVERYTHING_MEMORY_H

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>

#include "../places.h"

/*
 * Memory, which remaps.c looks at, too; and whether what comes will be locked. Of what
 * excludes each other, one is for each of the two runs of the program.
 */

static struct places places;

/** rt_sigprocmask() reads the set before it looks at what shall be done with it. */
static int is_readable(const void *address)
{
	CHECK(syscall(SYS_rt_sigprocmask, 99, address, NULL, 8) < 0);
	return errno == EINVAL;
}

static void make_memory(int shrinks)
{
	prepare_places(&places);
	if (!shrinks)
		CHECK(!mlockall(MCL_FUTURE));
}

/** Before anything is mapped: the stack of a thread is more than many may lock. */
static void unlock_memory(int shrinks)
{
	if (!shrinks)
		CHECK(!munlockall());
}

static void change_memory(int shrinks)
{
	change_places(&places, shrinks);
	if (shrinks)
		CHECK(!mlockall(MCL_FUTURE));
}

/** Whether a new mapping is locked: then nobody may drop its page. */
static int locks_all(void)
{
	char *memory = map(NULL, PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	int is_locked = madvise(memory, PAGE, MADV_DONTNEED) && errno == EINVAL;
	CHECK(!munmap(memory, PAGE));
	return is_locked;
}

static void check_memory(int shrinks, int is_late)
{
	CHECK(locks_all() == (is_late == shrinks));
	if (!is_late) {
		check_places(&places);
		CHECK(!places.has_guards || !is_readable(places.guarded));
		CHECK(!places.there);
		places.shared[0] = places.shared[0];
		places.changed[PAGE] = places.changed[PAGE];
		return;
	}
	CHECK(!memcmp(places.replaced, "\177ELF", 4) && places.replaced[5] == 42);
	CHECK(is_filled(places.changed, 3) && is_filled(places.grown, 10));
	CHECK(is_filled(places.alone, 11));
	CHECK(places.shared[0] == 8 && is_filled(places.there, 6));
	CHECK(is_readable(places.guarded) && !is_readable(places.file));
	CHECK(!places.has_guards || !is_readable(places.guarded + 2 * PAGE));
	CHECK(sbrk(0) == places.heap + (shrinks ? 48 : 8) * PAGE);
	CHECK(places.heap[0] == 8 && places.heap[PAGE] == 7);
}

#endif
