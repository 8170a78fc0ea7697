// SPDX-License-Identifier: GPL-3.0-or-later
#include "scene.h"

#include <sys/syscall.h>

/* What an open file is: offset, status flags, who gets its signals, directory streams.
 */

static int file, pipe_ends[2];
static int folder, first_name[2];

#define FLAGS (O_APPEND | O_NONBLOCK | O_ASYNC)

static void set_up_file(void)
{
	file = open("file", O_RDWR | O_CREAT, 0600);
	CHECK(file >= 0 && write(file, "0123456789", 10) == 10);
	CHECK(lseek(file, 4, SEEK_SET) == 4);
}

static void check_offset(void)
{
	char letter;
	CHECK(offset(file) == 4 && read(file, &letter, 1) == 1 && letter == '4');
}

static void seek(void)
{
	CHECK(lseek(file, 1LL << 40, SEEK_SET) == 1LL << 40);
}

static void check_flags(void)
{
	CHECK((fcntl(file, F_GETFL) & (O_APPEND | O_NONBLOCK)) == O_APPEND);
}

static void set_up_flags(void)
{
	set_up_file();
	CHECK(!fcntl(file, F_SETFL, O_APPEND));
}

static void change_flags(void)
{
	CHECK(!fcntl(file, F_SETFL, O_NONBLOCK));
}

static volatile sig_atomic_t signals, of_descriptor;

static void count(int number, siginfo_t *info, void *context)
{
	signals++;
	of_descriptor = info->si_fd;
}

static void set_up_owner(void)
{
	struct sigaction action = { .sa_sigaction = count, .sa_flags = SA_SIGINFO };
	struct f_owner_ex owner = { F_OWNER_PID, getpid() };
	CHECK(!sigaction(SIGRTMIN, &action, NULL) && !pipe(pipe_ends));
	CHECK(!fcntl(pipe_ends[0], F_SETOWN_EX, &owner));
	CHECK(!fcntl(pipe_ends[0], F_SETSIG, SIGRTMIN));
	CHECK(!fcntl(pipe_ends[0], F_SETFL, O_ASYNC));
}

static void check_owner(void)
{
	struct f_owner_ex owner;
	CHECK(!fcntl(pipe_ends[0], F_GETOWN_EX, &owner));
	CHECK(owner.type == F_OWNER_PID && owner.pid == getpid());
	CHECK(fcntl(pipe_ends[0], F_GETSIG) == SIGRTMIN);
	CHECK(fcntl(pipe_ends[0], F_GETFL) & O_ASYNC);
	CHECK(write(pipe_ends[1], "x", 1) == 1);
	CHECK(signals == 1 && of_descriptor == pipe_ends[0]);
}

static void change_owner(void)
{
	struct f_owner_ex owner = { F_OWNER_PGRP, getpgrp() };
	CHECK(!fcntl(pipe_ends[0], F_SETFL, 0));
	CHECK(!fcntl(pipe_ends[0], F_SETOWN_EX, &owner));
	CHECK(!fcntl(pipe_ends[0], F_SETSIG, 0));
}

/** Names of a folder, read with the system call: one buffer after the other. */
static int read_names(void)
{
	char buffer[256] = { 0 };
	int size = (int)syscall(SYS_getdents64, folder, buffer, sizeof(buffer));
	CHECK(size >= 0);
	int sum = size;
	for (int i = 0; i < size; i++)
		sum = sum * 31 + (unsigned char)buffer[i];
	return sum;
}

static void set_up_folder(void)
{
	char name[32];
	CHECK(!mkdir("folder", 0700));
	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "folder/name%d", i);
		CHECK(!close(open(name, O_RDWR | O_CREAT, 0600)));
	}
	folder = open("folder", O_RDONLY | O_DIRECTORY);
	CHECK(folder >= 0);
	read_names();
	long long here = offset(folder);
	first_name[0] = read_names();
	CHECK(lseek(folder, here, SEEK_SET) == here);
}

static void check_folder(void)
{
	CHECK(read_names() == first_name[0]);
}

static void change_folder(void)
{
	read_names();
	read_names();
}

static void close_folder(void)
{
	change_folder();
	CHECK(!close(folder));
}

static const struct scene scenes[] = {
	{ "offset", set_up_file, check_offset, seek },
	{ "flags", set_up_flags, check_flags, change_flags },
	{ "owner", set_up_owner, check_owner, change_owner },
	{ "folder", set_up_folder, check_folder, change_folder },
	{ "folder-closed", set_up_folder, check_folder, close_folder },
};

int main(int argc, char **argv)
{
	return PLAY(scenes, argc, argv);
}
