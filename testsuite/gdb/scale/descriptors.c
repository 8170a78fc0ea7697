// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Four thousand descriptors of four kinds. With "change" a few of them are closed,
 * opened, moved and used; with "keep" they stay, and only memory changes.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../story.h"

#define NR_EACH 1000
#define FIRST   10
#define LAST    (FIRST + 4 * NR_EACH)

static volatile long number;

/** A descriptor of its own number. */
static int place(int fd, int wanted)
{
	CHECK(fd >= 0);
	if (fd == wanted)
		return fd;
	CHECK(dup2(fd, wanted) == wanted);
	CHECK(!close(fd));
	return wanted;
}

static int file_of(int i)
{
	return FIRST + i;
}

static int pipe_of(int i)
{
	return FIRST + NR_EACH + i;
}

static int event_of(int i)
{
	return FIRST + 2 * NR_EACH + i;
}

static int copy_of(int i)
{
	return FIRST + 3 * NR_EACH + i;
}

static void build_pipe(int i)
{
	int ends[2];
	CHECK(!pipe2(ends, O_CLOEXEC | O_NONBLOCK));
	place(ends[0], pipe_of(i));
	place(ends[1], pipe_of(i + 1));
	CHECK(write(pipe_of(i + 1), &i, sizeof(i)) == sizeof(i));
}

static void build(void)
{
	struct rlimit limit;
	CHECK(!getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = LAST + 100;
	CHECK(!setrlimit(RLIMIT_NOFILE, &limit));
	// What the numbers below these are for is the shell's and the debugger's.
	for (int i = 0; i < NR_EACH; i++) {
		place(open("data", O_RDWR | O_CREAT, 0600), file_of(i));
		CHECK(lseek(file_of(i), i, SEEK_SET) == i);
	}
	for (int i = 0; i < NR_EACH; i += 2)
		build_pipe(i);
	for (int i = 0; i < NR_EACH; i++)
		place(eventfd((unsigned int)i, EFD_NONBLOCK), event_of(i));
	for (int i = 0; i < NR_EACH; i++)
		CHECK(dup2(file_of(i), copy_of(i)) == copy_of(i));
}

/** Every descriptor is the one that was built; what is read of them is put back. */
static void verify(void)
{
	CHECK(number == 1);
	for (int i = 0; i < NR_EACH; i++) {
		CHECK(lseek(file_of(i), 0, SEEK_CUR) == i);
		CHECK(lseek(copy_of(i), 0, SEEK_CUR) == i);
		CHECK(fcntl(file_of(i), F_GETFL) == fcntl(copy_of(i), F_GETFL));
	}
	for (int i = 0; i < NR_EACH; i += 2) {
		int got = -1;
		CHECK(read(pipe_of(i), &got, sizeof(got)) == sizeof(got) && got == i);
		CHECK(read(pipe_of(i), &got, sizeof(got)) < 0 && errno == EAGAIN);
		CHECK(write(pipe_of(i + 1), &i, sizeof(i)) == sizeof(i));
	}
	for (int i = 1; i < NR_EACH; i++) {
		eventfd_t count;
		CHECK(!eventfd_read(event_of(i), &count) && count == (eventfd_t)i);
		CHECK(!eventfd_write(event_of(i), count));
	}
	CHECK(fcntl(LAST + 1, F_GETFD) < 0);
}

/** A few of each. */
static void change(void)
{
	for (int i = 100; i < NR_EACH; i += 300) {
		CHECK(lseek(file_of(i), 7, SEEK_SET) == 7);
		CHECK(!close(file_of(i + 1)));
		CHECK(dup2(file_of(i), copy_of(i + 2)) >= 0);
		CHECK(!close(pipe_of(i)) && !close(pipe_of(i + 1)));
		CHECK(!eventfd_write(event_of(i), 5));
		CHECK(!close(event_of(i + 1)));
	}
	CHECK(place(open("/dev/null", O_RDONLY), LAST + 1) == LAST + 1);
}

STORY_PLACE void ready(void)
{
}

STORY_PLACE void changed(void)
{
}

int main(int argc, char **argv)
{
	CHECK(argc == 2);
	build();
	number = 1;
	ready();
	verify();
	number = 2;
	if (!strcmp(argv[1], "change"))
		change();
	changed();
	return 0;
}
