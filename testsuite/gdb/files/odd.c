// SPDX-License-Identifier: GPL-3.0-or-later
#include "scene.h"

#include <sys/mman.h>
#include <sys/socket.h>

/* Odd names and files, and what cannot be made again. */

#define ODD "a b\nc\\012 (deleted)"

static int file, other, sockets[2];

static void set_up_odd(void)
{
	file = open(ODD, O_RDWR | O_CREAT, 0600);
	CHECK(file >= 0 && write(file, "letters", 7) == 7);
}

static void check_file(void)
{
	char letter;
	CHECK(offset(file) == 7 && pread(file, &letter, 1, 2) == 1 && letter == 't');
}

static void close_file(void)
{
	CHECK(!close(file));
}

/** A path of which the kernel says only that it is too long. */
static void set_up_deep(void)
{
	char name[201];
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (int i = 0; i < 25; i++)
		CHECK(!mkdir(name, 0700) && !chdir(name));
	set_up_odd();
}

static void seek(void)
{
	CHECK(lseek(file, 0, SEEK_SET) == 0);
}

static void set_up_removed(void)
{
	set_up_odd();
	CHECK(!unlink(ODD));
}

static void set_up_removed_twice(void)
{
	set_up_odd();
	other = open(ODD, O_RDONLY);
	CHECK(other >= 0 && !unlink(ODD));
}

static void set_up_nameless(void)
{
	file = open(".", O_RDWR | O_TMPFILE, 0600);
	CHECK(file >= 0 && write(file, "letters", 7) == 7);
}

static void set_up_memory(void)
{
	file = memfd_create("a name", 0);
	CHECK(file >= 0 && write(file, "letters", 7) == 7);
}

static void replace_file(void)
{
	close_file();
	CHECK(!rename(ODD, "aside") && open(ODD, O_RDWR | O_CREAT, 0600) == file);
}

static void set_up_device(void)
{
	file = open("/dev/null", O_WRONLY);
	other = open("/dev/zero", O_RDONLY);
	CHECK(file >= 0 && other >= 0);
}

static void check_device(void)
{
	char letter = 'x';
	CHECK(write(file, "x", 1) == 1 && read(other, &letter, 1) == 1 && !letter);
}

static void close_device(void)
{
	CHECK(!close(file) && !close(other));
}

static void set_up_sockets(void)
{
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	CHECK(!fcntl(sockets[0], F_SETFL, O_NONBLOCK));
}

static void check_sockets(void)
{
	char letter;
	CHECK(fcntl(sockets[0], F_GETFL) & O_NONBLOCK);
	while (read(sockets[0], &letter, 1) == 1)
		CHECK(letter == 'k');
	CHECK(errno == EAGAIN);
	CHECK(write(sockets[1], "x", 1) == 1);
	CHECK(read(sockets[0], &letter, 1) == 1 && letter == 'x');
}

static void change_sockets(void)
{
	CHECK(write(sockets[1], "kept", 1) == 1);
	CHECK(!fcntl(sockets[0], F_SETFL, 0));
	CHECK(socket(AF_INET, SOCK_DGRAM, 0) >= 0);
}

static void close_sockets(void)
{
	CHECK(!close(sockets[0]));
}

static const struct scene scenes[] = {
	{ "odd-name", set_up_odd, check_file, close_file },
	{ "deep", set_up_deep, check_file, seek },
	{ "deep-closed", set_up_deep, check_file, close_file },
	{ "removed", set_up_removed, check_file, seek },
	{ "removed-closed", set_up_removed, check_file, close_file },
	{ "removed-twice", set_up_removed_twice, check_file, close_file },
	{ "nameless", set_up_nameless, check_file, close_file },
	{ "memory", set_up_memory, check_file, close_file },
	{ "replaced", set_up_odd, check_file, replace_file },
	{ "device", set_up_device, check_device, close_device },
	{ "sockets", set_up_sockets, check_sockets, change_sockets },
	{ "socket-closed", set_up_sockets, check_sockets, close_sockets },
};

int main(int argc, char **argv)
{
	return PLAY(scenes, argc, argv);
}
