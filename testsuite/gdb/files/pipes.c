// SPDX-License-Identifier: GPL-3.0-or-later
#include "scene.h"

/* Pipes both ends of which are in the process: what is in them comes back. */

static int ends[2];

static void fill(const char *text)
{
	CHECK(write(ends[1], text, strlen(text)) == (ssize_t)strlen(text));
}

static int there(void)
{
	int size = -1;
	CHECK(!ioctl(ends[0], FIONREAD, &size));
	return size;
}

static void drain(void)
{
	char text[4096];
	while (there())
		CHECK(read(ends[0], text, sizeof(text)) > 0);
}

/** Exactly this is read at once. */
static void expect(const char *wanted)
{
	char text[4096];
	ssize_t size = read(ends[0], text, sizeof(text));
	CHECK(size == (ssize_t)strlen(wanted) && !memcmp(text, wanted, strlen(wanted)));
}

static void set_up(void)
{
	CHECK(!pipe2(ends, O_CLOEXEC));
	fill("what is in the pipe");
}

static void check(void)
{
	expect("what is in the pipe");
	CHECK(!there());
}

static void refill(void)
{
	drain();
	fill("another text, which is longer");
}

static void close_both(void)
{
	CHECK(!close(ends[0]) && !close(ends[1]));
}

static void close_writer(void)
{
	drain();
	CHECK(!close(ends[1]));
}

static void close_reader(void)
{
	CHECK(!close(ends[0]));
}

/** The numbers of the ends are the wrong way round. */
static void set_up_crossed(void)
{
	int fds[2];
	CHECK(!pipe(fds) && dup2(fds[0], 50) == 50);
	CHECK(dup2(fds[1], fds[0]) == fds[0] && dup2(50, fds[1]) == fds[1]);
	CHECK(!close(50));
	ends[0] = fds[1];
	ends[1] = fds[0];
	fill("what is in the pipe");
}

static void set_up_large(void)
{
	CHECK(!pipe(ends) && fcntl(ends[1], F_SETPIPE_SZ, 1 << 18) == 1 << 18);
	CHECK(!fcntl(ends[1], F_SETFL, O_NONBLOCK));
	char block[4096];
	for (int i = 0; i < 1 << 6; i++) {
		memset(block, i, sizeof(block));
		CHECK(write(ends[1], block, sizeof(block)) == sizeof(block));
	}
	CHECK(write(ends[1], "", 1) < 0 && errno == EAGAIN);
}

static void check_large(void)
{
	char block[4096];
	CHECK(fcntl(ends[0], F_GETPIPE_SZ) == 1 << 18);
	CHECK(write(ends[1], "", 1) < 0 && errno == EAGAIN);
	for (int i = 0; i < 1 << 6; i++) {
		CHECK(read(ends[0], block, sizeof(block)) == sizeof(block));
		CHECK(block[0] == i && block[4095] == i);
	}
}

static void shrink(void)
{
	drain();
	CHECK(fcntl(ends[1], F_SETPIPE_SZ, PAGE) == (int)PAGE);
	fill("less");
}

static void set_up_packets(void)
{
	CHECK(!pipe2(ends, O_DIRECT));
	fill("one");
	fill("and two");
	fill("3");
}

static void check_packets(void)
{
	expect("one");
	expect("and two");
	expect("3");
	CHECK(!there());
}

static void change_packets(void)
{
	CHECK(!fcntl(ends[1], F_SETFL, 0));
	fill("four");
}

static void set_up_fifo(void)
{
	CHECK(!mkfifo("fifo", 0600));
	ends[0] = open("fifo", O_RDONLY | O_NONBLOCK);
	ends[1] = open("fifo", O_WRONLY);
	CHECK(ends[0] >= 0 && ends[1] >= 0);
	fill("what is in the pipe");
}

static const struct scene scenes[] = {
	{ "drained", set_up, check, drain },
	{ "refilled", set_up, check, refill },
	{ "closed", set_up, check, close_both },
	{ "writer-closed", set_up, check, close_writer },
	{ "reader-closed", set_up, check, close_reader },
	{ "crossed", set_up_crossed, check, close_both },
	{ "large", set_up_large, check_large, shrink },
	{ "large-closed", set_up_large, check_large, close_both },
	{ "packets", set_up_packets, check_packets, change_packets },
	{ "packets-closed", set_up_packets, check_packets, close_both },
	{ "fifo", set_up_fifo, check, refill },
	{ "fifo-closed", set_up_fifo, check, close_both },
};

int main(int argc, char **argv)
{
	return PLAY(scenes, argc, argv);
}
