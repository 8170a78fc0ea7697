// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Does to its memory what the board says, and raises SIGUSR1 after each step. It knows
 * nothing of snapshots. A step that fails leaves things as they are: at random, that is
 * as good as any.
 */
#include "testsuite/unit/track_board.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/seccomp.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/** Newer than the headers of Debian 12. */
#define GUARD_INSTALL  102
#define GUARD_REMOVE   103
#define POPULATE_READ  22
#define POPULATE_WRITE 23
#define COLLAPSE       25

static struct track_board *board;
static size_t page_size;
static int zero, file;

static uint64_t random_below(uint64_t most)
{
	board->seed = board->seed * UINT64_C(6364136223846793005) + 1;
	return (board->seed >> 33) % most;
}

static void fill(uint8_t *memory, size_t size)
{
	for (size_t i = 0; i + 8 <= size; i += 512)
		*(volatile uint64_t *)(memory + i) = random_below(UINT64_MAX) | 1;
}

static void *map(void *where, size_t size, int prot, int flags, int fd)
{
	void *memory = mmap(where, size, prot, flags, fd, 0);
	return memory == MAP_FAILED ? NULL : memory;
}

/** Mappings of the random steps: a part of the area is as good as a whole mapping. */
#define MOST 24

static struct {
	uint8_t *start;
	size_t size;
} places[MOST];

static const int advice[] = { MADV_DONTNEED,  MADV_DONTNEED,   MADV_FREE,
			      MADV_HUGEPAGE,  MADV_NOHUGEPAGE, COLLAPSE,
			      GUARD_INSTALL,  GUARD_REMOVE,    POPULATE_READ,
			      POPULATE_WRITE, MADV_COLD,       MADV_PAGEOUT,
			      MADV_MERGEABLE, MADV_UNMERGEABLE };

static void make_place(size_t i)
{
	static const int flags[] = { MAP_ANONYMOUS, MAP_ANONYMOUS, MAP_ANONYMOUS,
				     MAP_ANONYMOUS | MAP_NORESERVE, 0 };
	size_t kind = random_below(5);
	size_t size = (1 + random_below(random_below(8) ? 40 : 2000)) * page_size;
	if (places[i].start)
		munmap(places[i].start, places[i].size);
	places[i].start =
		map(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | flags[kind],
		    flags[kind] & MAP_ANONYMOUS ? -1 : file);
	places[i].size = places[i].start ? size : 0;
}

/** Whether a store there succeeds: by a system call, which says so. */
static bool is_writable(uint8_t *byte)
{
	return read(zero, byte, 1) == 1;
}

static void write_some(uint8_t *start, size_t size)
{
	for (uint64_t n = random_below(20); n; n--) {
		uint64_t offset = random_below(size / 8) * 8;
		uint8_t *at = start + offset;
		size_t most = size - offset, many = random_below(3 * page_size);
		if (random_below(3) && is_writable(at))
			*(volatile uint64_t *)at = random_below(UINT64_MAX);
		else
			(void)!read(zero, at, many < most ? many : most);
	}
}

static void remap(size_t i)
{
	size_t size = (1 + random_below(60)) * page_size;
	uint8_t *moved = mremap(places[i].start, places[i].size, size,
				random_below(2) ? MREMAP_MAYMOVE : 0);
	if (moved == MAP_FAILED)
		return;
	places[i].start = moved;
	places[i].size = size;
}

static void fork_and_write(uint8_t *start, size_t size)
{
	pid_t child = fork();
	if (!child) {
		// The board is shared, and so would be the choices.
		struct track_board own = *board;
		board = &own;
		write_some(start, size);
		_exit(0);
	}
	write_some(start, size);
	waitpid(child, NULL, 0);
}

/** A deep stack, and a heap that grows and shrinks. */
static __attribute__((noinline)) void grow(void)
{
	uint8_t stack[65536];
	fill(stack, 1 + random_below(sizeof(stack) - 1));
	static uint8_t *lowest;
	uint8_t *now = sbrk(0);
	lowest = lowest ? lowest : now;
	intptr_t more = ((intptr_t)random_below(32) - 12) * (intptr_t)page_size;
	if (now + more < lowest || sbrk(more) == (void *)-1)
		return;
	if (more > 0)
		fill(now, (size_t)more);
}

/** One step in a part of one mapping. */
static void step_in(size_t i)
{
	size_t pages = places[i].size / page_size;
	size_t first = random_below(pages), nr = 1 + random_below(pages - first);
	uint8_t *start = places[i].start + first * page_size;
	size_t size = nr * page_size;
	switch (random_below(12)) {
	case 0:
		mprotect(start, size,
			 random_below(3) ? PROT_READ | PROT_WRITE : PROT_READ);
		break;
	case 1:
		munmap(start, size);
		if (random_below(2))
			map(start, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1);
		break;
	case 2:
	case 3:
	case 4:
		madvise(start, size,
			advice[random_below(sizeof(advice) / sizeof(*advice))]);
		break;
	case 5:
		remap(i);
		break;
	case 6:
		fork_and_write(start, size);
		break;
	default:
		write_some(start, size);
	}
}

static void step(void)
{
	for (uint64_t n = 1 + random_below(6); n; n--) {
		size_t i = random_below(MOST);
		if (!places[i].start || !random_below(12))
			make_place(i);
		else if (!random_below(12))
			grow();
		else
			step_in(i);
	}
}

static uint64_t try_to_watch(uint64_t address)
{
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | 1);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = {
		.range = { address, page_size },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) < 0)
		return 2;
	// Stays open.
	return !ioctl(fd, UFFDIO_REGISTER, &range);
}

/** A filter that lets everything through: what counts is that there is one. */
static void enter_seccomp(void)
{
	struct {
		uint16_t code;
		uint8_t jt, jf;
		uint32_t k;
	} allow = { .code = 6, .k = SECCOMP_RET_ALLOW };

	struct {
		uint16_t nr;
		void *filter;
	} program = { 1, &allow };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	board->result = !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static void fork_for(volatile uint8_t *page)
{
	int ready[2], go[2];
	char byte = 0;
	if (pipe(ready) || pipe(go))
		abort();
	pid_t child = fork();
	if (!child) {
		page[1]++;
		(void)!write(ready[1], &byte, 1);
		(void)!read(go[0], &byte, 1);
		_exit(0);
	}
	(void)!read(ready[0], &byte, 1);
	page[page_size]++;
	(void)!write(go[1], &byte, 1);
	waitpid(child, NULL, 0);
	for (int i = 0; i < 2; i++) {
		close(ready[i]);
		close(go[i]);
	}
}

static void map_other(enum track_order order)
{
	size_t size = (size_t)8 << 20;
	int prot = PROT_READ | PROT_WRITE, flags = MAP_PRIVATE | MAP_ANONYMOUS;
	uint8_t *memory = NULL;
	if (order == TRACK_MAP_HUGE) {
		memory = map(NULL, size, prot, flags, -1);
		madvise(memory, size, MADV_HUGEPAGE);
	} else if (order == TRACK_MAP_HUGETLB) {
		memory = map(NULL, size, prot, flags | MAP_HUGETLB, -1);
	} else if (order == TRACK_MAP_SHARED) {
		memory = map(NULL, size, prot, MAP_SHARED | MAP_ANONYMOUS, -1);
	} else if (order == TRACK_MAP_FILE) {
		memory = map(NULL, size, prot, MAP_PRIVATE, file);
	} else {
		memory = map(NULL, (size_t)1 << 40, prot, flags | MAP_NORESERVE, -1);
	}
	if (memory && order != TRACK_MAP_NOTHING)
		fill(memory, size);
	board->address = (uint64_t)(uintptr_t)memory;
}

static void obey(char *argv[])
{
	uint8_t *page = (uint8_t *)(uintptr_t)board->address;
	void *to = (void *)(uintptr_t)board->to;
	switch ((enum track_order)board->order) {
	case TRACK_RANDOM:
		step();
		break;
	case TRACK_STORE:
	case TRACK_MAKE:
		++*(volatile uint8_t *)page;
		break;
	case TRACK_READ:
		board->result = (uint64_t)read(zero, page, page_size);
		break;
	case TRACK_DROP:
		madvise(page, page_size, MADV_DONTNEED);
		break;
	case TRACK_DROP_AND_LOOK:
		madvise(page, page_size, MADV_DONTNEED);
		board->result = *(volatile uint8_t *)page;
		break;
	case TRACK_MOVE:
		board->result = mremap(page, page_size, page_size,
				       MREMAP_MAYMOVE | MREMAP_FIXED, to) == to;
		break;
	case TRACK_REPLACE:
		munmap(page, page_size);
		map(page, page_size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1);
		break;
	case TRACK_PROTECT:
		mprotect(page, page_size, PROT_READ);
		mprotect(page, page_size, PROT_READ | PROT_WRITE);
		break;
	case TRACK_FORK:
		fork_for(page);
		break;
	case TRACK_WATCH:
		board->result = try_to_watch(board->address);
		break;
	case TRACK_EXEC:
		execv("/proc/self/exe", argv);
		abort();
	case TRACK_SECCOMP:
		enter_seccomp();
		break;
	case TRACK_IO_URING: {
		struct io_uring_params params = { 0 };
		board->result = syscall(SYS_io_uring_setup, 4, &params) >= 0;
		break;
	}
	case TRACK_LEAVE:
		_exit(0);
	default:
		map_other((enum track_order)board->order);
	}
}

int main(int argc, char *argv[])
{
	page_size = (size_t)sysconf(_SC_PAGESIZE);
	board = map(NULL, page_size, PROT_READ | PROT_WRITE, MAP_SHARED,
		    TRACK_BOARD_FD);
	zero = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	char name[] = "/tmp/track_target.XXXXXX";
	file = mkstemp(name);
	if (!board || zero < 0 || file < 0 || unlink(name) < 0)
		abort();
	for (int i = 0; i < 2048; i++)
		if (write(file, &i, sizeof(i)) < 0 || lseek(file, 4092, SEEK_CUR) < 0)
			abort();
	board->area_size = 1024 * page_size;
	uint8_t *area = map(NULL, board->area_size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (!area)
		abort();
	madvise(area, board->area_size, MADV_NOHUGEPAGE);
	fill(area, board->area_size);
	board->area = (uint64_t)(uintptr_t)area;
	for (;;) {
		raise(SIGUSR1);
		obey(argv);
	}
}
