// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "../mappings/scene.h"

/* Every way in which memory comes to have other contents, with a store or without. */

#ifndef MADV_COLLAPSE
#	define MADV_COLLAPSE 25
#endif
#ifndef UFFD_USER_MODE_ONLY
#	define UFFD_USER_MODE_ONLY 1
#endif

static char *map(size_t size, int flags)
{
	return map_at(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | flags);
}

/** A store to a few pages, and to no others. */
static void store_few(char *memory, size_t size)
{
	memory[PAGE + 1] ^= 1;
	memory[size - PAGE] ^= 1;
}

static void change_store(void)
{
	store_few(place, SIZE);
}

static void change_make(void)
{
	other = map(SIZE, 0);
	fill(other, SIZE, 3);
}

static void prepare_growing(void)
{
	prepare_filled();
	// What lies behind is free.
	CHECK(!is_mapped(place + SIZE));
}

static void change_grow(void)
{
	CHECK(mremap(place, SIZE, SIZE + 4 * PAGE, 0) == place);
	fill(place + SIZE, 4 * PAGE, 5);
}

/** Shorter and longer again: the last pages are new, and nobody has stored to them. */
static void change_regrow(void)
{
	CHECK(mremap(place, SIZE, SIZE / 2, 0) == place);
	CHECK(mremap(place, SIZE / 2, SIZE, 0) == place);
	CHECK(place[SIZE - 1] == 0);
}

static void change_move(void)
{
	other = mremap(place, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, place + SIZE);
	CHECK(other == place + SIZE && !is_mapped(place));
}

static void prepare_two(void)
{
	place = map(SIZE, 0);
	other = map(SIZE, 0);
	fill(place, SIZE, 1);
	fill(other, SIZE, 2);
}

static void check_two(void)
{
	CHECK(is_filled(place, SIZE, 1) && is_filled(other, SIZE, 2));
}

static void *move(char *from, char *to)
{
	return mremap(from, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
}

/** No page is stored to, and all have other contents. */
static void change_swap(void)
{
	char *between = map(SIZE, 0);
	CHECK(move(place, between) == between);
	CHECK(move(other, place) == place && move(between, other) == other);
	CHECK(is_filled(place, SIZE, 2) && is_filled(other, SIZE, 1));
}

/** Something else at the same place, of which one page is never touched. */
static void change_replace(void)
{
	CHECK(!munmap(place, SIZE));
	CHECK(map_at(place, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE) == place);
	place[2 * PAGE] = 9;
}

static void change_protect(void)
{
	CHECK(!mprotect(place, SIZE, PROT_READ));
	CHECK(!mprotect(place + PAGE, PAGE, PROT_NONE));
	CHECK(!mprotect(place, SIZE, PROT_READ | PROT_WRITE));
	store_few(place, SIZE);
	CHECK(!mprotect(place, 8 * PAGE, PROT_READ));
}

static void prepare_readonly(void)
{
	prepare_filled();
	CHECK(!mprotect(place + 8 * PAGE, PAGE, PROT_READ));
}

static void change_drop(void)
{
	CHECK(!madvise(place + PAGE, 4 * PAGE, MADV_DONTNEED));
	CHECK(place[PAGE] == 0);
}

static void change_free(void)
{
	CHECK(!madvise(place, 8 * PAGE, MADV_FREE));
	// This makes the kernel take what it may, and what is left is looked at.
	CHECK(!madvise(place, SIZE, MADV_PAGEOUT));
	place[PAGE] = place[2 * PAGE];
}

/** Stores that the kernel does, for a process: pages that it never touches itself. */
static void change_by_kernel(void)
{
	int ends[2];
	char word[] = "kernel";
	CHECK(!pipe(ends));
	CHECK(write(ends[1], word, 6) == 6);
	CHECK(read(ends[0], place + PAGE - 3, 6) == 6);
	CHECK(write(ends[1], word, 6) == 6);
	struct iovec parts[] = { { place + 5 * PAGE, 3 }, { place + 7 * PAGE, 3 } };
	CHECK(readv(ends[0], parts, 2) == 6);
	close(ends[0]);
	close(ends[1]);
	CHECK(syscall(SYS_getrandom, place + 9 * PAGE, 16, 0) == 16);
	CHECK(!memcmp(place + PAGE - 3, word, 6));
}

/** Stores that another process does. */
static void change_by_other(void)
{
	pid_t parent = getpid(), child = fork();
	CHECK(child >= 0);
	if (!child) {
		char word[] = "other";
		struct iovec from = { word, 5 }, to = { place + 3 * PAGE, 5 };
		_exit(process_vm_writev(parent, &from, 1, &to, 1, 0) != 5);
	}
	int status;
	CHECK(waitpid(child, &status, 0) == child && !status);
	CHECK(!memcmp(place + 3 * PAGE, "other", 5));
}

/** After a fork the pages are shared with the child, until one of both stores. */
static void change_fork(void)
{
	pid_t child = fork();
	CHECK(child >= 0);
	if (!child) {
		fill(place, SIZE, 7);
		_exit(!is_filled(place, SIZE, 7));
	}
	place[PAGE] ^= 1;
	int status;
	CHECK(waitpid(child, &status, 0) == child && !status);
	CHECK(place[PAGE] != (char)(PAGE * 7 + 2));
	place[4 * PAGE] ^= 1;
}

#define HUGE ((size_t)2 << 20)

static void prepare_huge(void)
{
	place = map(8 * HUGE, 0);
	place = (char *)(((uintptr_t)place + HUGE - 1) / HUGE * HUGE);
	// A kernel without huge pages has small ones there.
	(void)madvise(place, 4 * HUGE, MADV_HUGEPAGE);
	fill(place, 4 * HUGE, 1);
}

static void check_huge(void)
{
	CHECK(is_filled(place, 4 * HUGE, 1));
}

static void change_huge(void)
{
	place[PAGE] ^= 1;
	CHECK(!madvise(place + HUGE + PAGE, PAGE, MADV_DONTNEED));
	CHECK(!madvise(place + 2 * HUGE, HUGE, MADV_DONTNEED));
	place[3 * HUGE + 5 * PAGE] ^= 1;
	(void)madvise(place, 4 * HUGE, MADV_COLLAPSE);
}

static void prepare_hugetlb(void)
{
	place = map(HUGE, MAP_HUGETLB);
	fill(place, HUGE, 1);
}

static void check_hugetlb(void)
{
	CHECK(is_filled(place, HUGE, 1));
}

static void change_hugetlb(void)
{
	place[3 * PAGE] ^= 1;
}

/** All pages alike, for the kernel to merge them, or not. */
static void prepare_merged(void)
{
	place = map(SIZE, 0);
	memset(place, 4, SIZE);
	CHECK(!madvise(place, SIZE, MADV_MERGEABLE));
}

static void check_merged(void)
{
	for (size_t i = 0; i < SIZE; i++)
		CHECK(place[i] == 4);
}

static void change_merged(void)
{
	store_few(place, SIZE);
	memset(place + 3 * PAGE, 5, PAGE);
	CHECK(!madvise(place, SIZE, MADV_UNMERGEABLE));
}

/** A userfaultfd of the program's own, for one page that is not there yet. */
static void watch(char *memory)
{
	int uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = {
		.range = { (uintptr_t)memory, PAGE },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	CHECK(uffd >= 0 && !ioctl(uffd, UFFDIO_API, &api));
	CHECK(!ioctl(uffd, UFFDIO_REGISTER, &range));
	fd = uffd;
}

static void bring(char *memory)
{
	struct uffdio_copy copy = {
		.dst = (uintptr_t)memory,
		.src = (uintptr_t)place,
		.len = PAGE,
	};
	CHECK(!ioctl(fd, UFFDIO_COPY, &copy));
	CHECK(!memcmp(memory, place, PAGE));
}

static void prepare_watching(void)
{
	prepare_two();
	CHECK(!madvise(other + PAGE, PAGE, MADV_DONTNEED));
	watch(other + PAGE);
}

static void check_filled_place(void)
{
	CHECK(is_filled(place, SIZE, 1));
}

static void change_bring(void)
{
	place[0] ^= 1;
	bring(other + PAGE);
}

static void change_watch_later(void)
{
	other = map(SIZE, 0);
	watch(other + PAGE);
	place[0] ^= 1;
	bring(other + PAGE);
}

static void prepare_confined(void)
{
	prepare_filled();

	// Everything is let through: what counts is that there is a filter.
	struct {
		uint16_t code;
		uint8_t jt, jf;
		uint32_t k;
	} allow = { .code = 6, .k = 0x7fff0000 };

	struct {
		uint16_t nr;
		void *filter;
	} program = { 1, &allow };

	CHECK(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	CHECK(!prctl(PR_SET_SECCOMP, 2, &program, 0, 0));
}

static char *self;

static void prepare_exec(void)
{
	prepare_filled();
}

/** Another program in the same process: this one, in the next scene. */
static void change_exec(void)
{
	execl(self, self, "store", NULL);
	CHECK(0);
}

/** Until somebody kills it. */
static void change_rest(void)
{
	for (;;)
		pause();
}

static const struct scene scenes[] = {
	{ "store", prepare_filled, check_filled, change_store },
	{ "make", prepare_filled, check_filled, change_make },
	{ "grow", prepare_growing, check_filled, change_grow },
	{ "regrow", prepare_growing, check_filled, change_regrow },
	{ "move", prepare_growing, check_filled, change_move },
	{ "swap", prepare_two, check_two, change_swap },
	{ "replace", prepare_filled, check_filled, change_replace },
	{ "protect", prepare_filled, check_filled, change_protect },
	{ "readonly", prepare_readonly, check_filled, change_store },
	{ "drop", prepare_filled, check_filled, change_drop },
	{ "free", prepare_filled, check_filled, change_free },
	{ "kernel", prepare_filled, check_filled, change_by_kernel },
	{ "other", prepare_filled, check_filled, change_by_other },
	{ "fork", prepare_filled, check_filled, change_fork },
	{ "huge", prepare_huge, check_huge, change_huge },
	{ "hugetlb", prepare_hugetlb, check_hugetlb, change_hugetlb },
	{ "merged", prepare_merged, check_merged, change_merged },
	{ "watching", prepare_watching, check_filled_place, change_bring },
	{ "watch-later", prepare_filled, check_filled, change_watch_later },
	{ "confined", prepare_confined, check_filled, change_store },
	{ "rest", prepare_filled, check_filled, change_rest },
	{ "exec", prepare_exec, check_filled, change_exec },
	{ 0 },
};

int main(int argc, char **argv)
{
	self = argv[0];
	return play(argc, argv, scenes);
}
