// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>

#include "scene.h"

/* What the kernel was told about memory: advice, locks, guards, keys. */

// Newer than the headers of Debian 12.
#ifndef MADV_GUARD_INSTALL
#	define MADV_GUARD_INSTALL 102
#	define MADV_GUARD_REMOVE  103
#endif
#ifndef SYS_mseal
#	define SYS_mseal 462
#endif

/** The advice of every kind that can be taken back. */
static const struct {
	int set, clear;
	const char *flag;
} advice[] = {
	{ MADV_DONTFORK, MADV_DOFORK, "dc" },
	{ MADV_DONTDUMP, MADV_DODUMP, "dd" },
	{ MADV_WIPEONFORK, MADV_KEEPONFORK, "wf" },
	{ MADV_MERGEABLE, MADV_UNMERGEABLE, "mg" },
	{ MADV_SEQUENTIAL, MADV_NORMAL, "sr" },
};

#define NR_ADVICE (sizeof(advice) / sizeof(*advice))

static int is_advised(size_t i)
{
	return has_flag(place, advice[i].flag);
}

static void advise_all(int is_set)
{
	for (size_t i = 0; i < NR_ADVICE; i++) {
		CHECK(!madvise(place, SIZE, is_set ? advice[i].set : advice[i].clear));
		CHECK(is_advised(i) == is_set);
	}
}

static void prepare_advised(void)
{
	prepare_filled();
	advise_all(1);
}

static void check_advised(void)
{
	check_filled();
	for (size_t i = 0; i < NR_ADVICE; i++)
		CHECK(is_advised(i));
}

static void check_unadvised(void)
{
	check_filled();
	for (size_t i = 0; i < NR_ADVICE; i++)
		CHECK(!is_advised(i));
}

static void change_unadvise(void)
{
	advise_all(0);
}

static void change_advise(void)
{
	advise_all(1);
}

static void change_gone(void)
{
	CHECK(!munmap(place, SIZE));
}

static void check_no_hint(void)
{
	check_filled();
	CHECK(!has_flag(place, "hg") && !has_flag(place, "nh"));
}

static void change_hint(void)
{
	CHECK(!madvise(place, SIZE / 2, MADV_HUGEPAGE));
	CHECK(!madvise(place + SIZE / 2, SIZE / 2, MADV_NOHUGEPAGE));
	CHECK(has_flag(place, "hg") && has_flag(place + SIZE / 2, "nh"));
	memset(place, 2, SIZE);
}

static void prepare_hinted(void)
{
	prepare_filled();
	CHECK(!madvise(place, SIZE, MADV_HUGEPAGE));
}

static void check_hinted(void)
{
	check_filled();
	CHECK(has_flag(place, "hg"));
}

static void change_hinted(void)
{
	CHECK(!madvise(place, PAGE, MADV_NOHUGEPAGE));
	CHECK(!munmap(place + 2 * PAGE, PAGE));
}

static void prepare_locked(void)
{
	prepare_filled();
	CHECK(!mlock(place, 4 * PAGE));
	CHECK(!mlock2(place + 4 * PAGE, 4 * PAGE, MLOCK_ONFAULT));
}

static void check_locked(void)
{
	check_filled();
	CHECK(has_flag(place, "lo") && has_flag(place + 4 * PAGE, "lo"));
	CHECK(!has_flag(place + 8 * PAGE, "lo"));
	CHECK(!has_flag(place, "lf"));
}

static void change_locked(void)
{
	CHECK(!munlock(place, 6 * PAGE));
	CHECK(!munmap(place + 7 * PAGE, PAGE));
	CHECK(!mlock(place + 8 * PAGE, 8 * PAGE));
}

static int locks_future(void)
{
	char *page = map_at(NULL, PAGE, PROT_READ, MAP_PRIVATE);
	int is_locked = has_flag(page, "lo");
	munmap(page, PAGE);
	return is_locked;
}

static void check_locked_alone(void)
{
	check_locked();
	CHECK(!locks_future());
}

static void change_lock_future(void)
{
	CHECK(!mlockall(MCL_FUTURE));
	CHECK(locks_future());
	CHECK(!munmap(place + PAGE, PAGE));
}

static void prepare_future(void)
{
	prepare_filled();
	CHECK(!mlockall(MCL_FUTURE | MCL_ONFAULT));
}

static void check_future(void)
{
	check_filled();
	CHECK(!has_flag(place, "lo"));
	char *page = map_at(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	CHECK(has_flag(page, "lf") && !exists(page));
	munmap(page, PAGE);
}

static void change_future(void)
{
	CHECK(!munlockall());
	CHECK(!locks_future());
	CHECK(!munmap(place + PAGE, PAGE));
}

/** Pages that were never touched, some of them locked as soon as they come. */
static void prepare_sparse(void)
{
	place = map_at(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	CHECK(!madvise(place, SIZE, MADV_NOHUGEPAGE));
	CHECK(!mlock2(place, SIZE / 2, MLOCK_ONFAULT));
	for (size_t at = 0; at < SIZE; at += 2 * PAGE)
		place[at] = 1;
}

static void check_sparse(void)
{
	for (size_t at = 0; at < SIZE; at += PAGE) {
		CHECK(exists(place + at) == !(at / PAGE & 1));
		if (exists(place + at))
			CHECK(place[at] == 1);
	}
}

static void change_sparse(void)
{
	memset(place, 3, SIZE);
}

/** Memory that the kernel may take as long as nobody writes to it. */
static size_t lazy_size;

static void prepare_lazy_size(size_t size)
{
	lazy_size = size;
	place = map_at(NULL, lazy_size, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	fill(place, lazy_size, 1);
}

static void prepare_lazy(void)
{
	prepare_lazy_size(512 * PAGE);
}

/** So few that the kernel has not come to them yet: it takes 15 at a time and more. */
static void prepare_lazy_few(void)
{
	prepare_lazy_size(8 * PAGE);
	// Only pages in its lists can be given up; this brings them there.
	int nowhere;
	CHECK(!syscall(SYS_move_pages, 0, 0UL, &place, &nowhere, &nowhere, 0));
}

static void check_lazy(void)
{
	// This makes the kernel take what it may.
	CHECK(!madvise(place, lazy_size, MADV_PAGEOUT));
	CHECK(is_filled(place, lazy_size, 1));
}

static void change_lazy(void)
{
	CHECK(!madvise(place, lazy_size, MADV_FREE));
}

static int has_guards(void)
{
	char *page = map_at(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	int has = !madvise(page, PAGE, MADV_GUARD_INSTALL);
	munmap(page, PAGE);
	return has;
}

/** Whether the kernel can read there for us. */
static int is_readable(char *address)
{
	int ends[2];
	CHECK(!pipe(ends));
	int can = write(ends[1], address, 1) == 1;
	CHECK(can || errno == EFAULT);
	close(ends[0]);
	close(ends[1]);
	return can;
}

static void prepare_guarded(void)
{
	CHECK(has_guards());
	prepare_filled();
	CHECK(!madvise(place + 4 * PAGE, 2 * PAGE, MADV_GUARD_INSTALL));
}

static void check_guarded(void)
{
	CHECK(is_filled(place, 4 * PAGE, 1));
	CHECK(!is_readable(place + 4 * PAGE) && !is_readable(place + 5 * PAGE));
	for (size_t page = 6; page < 16; page++)
		CHECK(place[page * PAGE] == (char)(page * PAGE * 7 + page + 1));
}

static void change_guarded(void)
{
	CHECK(!madvise(place + 5 * PAGE, PAGE, MADV_GUARD_REMOVE));
	memset(place + 5 * PAGE, 1, 2 * PAGE);
	CHECK(!madvise(place + 8 * PAGE, 3 * PAGE, MADV_GUARD_INSTALL));
	CHECK(!is_readable(place + 9 * PAGE));
}

static void prepare_keyed(void)
{
	prepare_filled();
	fd = pkey_alloc(0, 0);
	CHECK(fd > 0);
	CHECK(!pkey_mprotect(place, SIZE / 2, PROT_READ | PROT_WRITE, fd));
}

static int key_of(char *address)
{
	char *line = strstr(find_mapping(address), "ProtectionKey:");
	CHECK(line);
	return atoi(line + 14);
}

static void check_keyed(void)
{
	check_filled();
	CHECK(key_of(place) == fd && key_of(place + SIZE / 2) == 0);
}

static void change_keyed(void)
{
	CHECK(!pkey_mprotect(place, SIZE / 4, PROT_READ, 0));
	CHECK(!pkey_mprotect(place + SIZE / 2, SIZE / 2, PROT_READ | PROT_WRITE, fd));
	CHECK(!munmap(place + SIZE / 4, PAGE));
}

static void change_sealed(void)
{
	CHECK(!syscall(SYS_mseal, place, PAGE, 0));
}

static const struct scene scenes[] = {
	{ "advised", prepare_advised, check_advised, change_unadvise },
	{ "unadvised", prepare_filled, check_unadvised, change_advise },
	{ "advised-gone", prepare_advised, check_advised, change_gone },
	{ "no-hint", prepare_filled, check_no_hint, change_hint },
	{ "hinted", prepare_hinted, check_hinted, change_hinted },
	{ "locked", prepare_locked, check_locked, change_locked },
	{ "lock-future", prepare_locked, check_locked_alone, change_lock_future },
	{ "future", prepare_future, check_future, change_future },
	{ "sparse", prepare_sparse, check_sparse, change_sparse },
	{ "lazy-few", prepare_lazy_few, check_lazy, change_lazy },
	{ "lazy", prepare_lazy, check_lazy, change_lazy },
	{ "guarded", prepare_guarded, check_guarded, change_guarded },
	{ "keyed", prepare_keyed, check_keyed, change_keyed },
	{ "sealed", prepare_filled, check_filled, change_sealed },
	{ 0 },
};

int main(int argc, char **argv)
{
	return play(argc, argv, scenes);
}
