// SPDX-License-Identifier: GPL-3.0-or-later
#include "scene.h"

#include <sys/file.h>
#include <sys/wait.h>

/* Locks on files: another process says whether they are held. */

static int file, other;

static struct flock range(short type, off_t start, off_t size)
{
	return (struct flock){
		.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = size
	};
}

static void set_up(void)
{
	file = open("file", O_RDWR | O_CREAT, 0600);
	other = open("file", O_RDWR);
	CHECK(file >= 0 && other >= 0);
}

static void set_up_flock(void)
{
	set_up();
	CHECK(!flock(file, LOCK_EX));
}

static void check_flock(void)
{
	CHECK(flock(other, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK);
}

static void change_flock(void)
{
	CHECK(!flock(file, LOCK_UN) && !flock(other, LOCK_SH));
}

static void close_file(void)
{
	CHECK(!close(file));
}

static void set_up_ofd(void)
{
	struct flock lock = range(F_WRLCK, 10, 5);
	set_up();
	CHECK(!fcntl(file, F_OFD_SETLK, &lock));
}

static void check_ofd(void)
{
	struct flock lock = range(F_RDLCK, 0, 0);
	CHECK(!fcntl(other, F_OFD_GETLK, &lock));
	CHECK(lock.l_type == F_WRLCK && lock.l_start == 10 && lock.l_len == 5);
}

static void change_ofd(void)
{
	struct flock unlock = range(F_UNLCK, 0, 0), lock = range(F_RDLCK, 100, 0);
	CHECK(!fcntl(file, F_OFD_SETLK, &unlock) && !fcntl(file, F_OFD_SETLK, &lock));
}

static void set_up_posix(void)
{
	struct flock lock = range(F_WRLCK, 20, 7);
	set_up();
	CHECK(!fcntl(file, F_SETLK, &lock));
}

/** Seen by an open file description, which is somebody else. */
static void check_posix(void)
{
	struct flock lock = range(F_RDLCK, 0, 0);
	CHECK(!fcntl(other, F_OFD_GETLK, &lock));
	CHECK(lock.l_type == F_WRLCK && lock.l_start == 20 && lock.l_len == 7);
	CHECK(lock.l_pid == getpid());
}

static void change_posix(void)
{
	struct flock unlock = range(F_UNLCK, 0, 0);
	CHECK(!fcntl(file, F_SETLK, &unlock));
}

/** It loses its locks by closing any descriptor: one that is closed by the rewind, too.
 */
static void open_more(void)
{
	CHECK(open("file", O_RDONLY) >= 0);
}

static const struct scene scenes[] = {
	{ "flock", set_up_flock, check_flock, change_flock },
	{ "flock-closed", set_up_flock, check_flock, close_file },
	{ "ofd", set_up_ofd, check_ofd, change_ofd },
	{ "ofd-closed", set_up_ofd, check_ofd, close_file },
	{ "posix", set_up_posix, check_posix, change_posix },
	{ "posix-closed", set_up_posix, check_posix, close_file },
	{ "posix-opened", set_up_posix, check_posix, open_more },
};

int main(int argc, char **argv)
{
	return PLAY(scenes, argc, argv);
}
