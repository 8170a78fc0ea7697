/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EVERYTHING_FILES_H
#define EVERYTHING_FILES_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "../../gdb/story.h"

/* The table of descriptors, and one open file of each kind, in the current folder. */

/** What is blocked, and sent for the pipe: at SIGUSR1, and at SIGUSR2. */
#define READY      (SIGRTMIN + 5)
#define READY_LATE (SIGRTMIN + 6)

/** The highest number that is open, and later the highest that may be. */
#define LAST 50

static struct {
	int file, copy, gone, fresh, locked, other, owned, same;
	int event, epoll, timer, signals, notify, pipe[2];
} fds;

static struct flock range(short type, off_t start)
{
	return (struct flock){
		.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = 5
	};
}

static int open_file(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT, 0600);
	CHECK(fd >= 0);
	return fd;
}

static void add_events(uint64_t count)
{
	CHECK(write(fds.event, &count, sizeof(count)) == sizeof(count));
}

static void watch(int operation, int fd, uint64_t data)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = data };
	CHECK(!epoll_ctl(fds.epoll, operation, fd, &event));
}

static void set_timerfd(time_t seconds)
{
	struct itimerspec time = { .it_value.tv_sec = seconds };
	CHECK(!timerfd_settime(fds.timer, 0, &time, NULL));
}

static int make_signalfd(int fd, int signal)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, signal);
	return signalfd(fd, &set, SFD_NONBLOCK);
}

/** Who is told of the pipe, and by which signal; nothing sends one meanwhile. */
static void set_owner(int type, int signal)
{
	struct f_owner_ex owner = { type, getpid() };
	CHECK(!fcntl(fds.pipe[0], F_SETFL, O_NONBLOCK));
	CHECK(!fcntl(fds.pipe[0], F_SETOWN_EX, &owner));
	CHECK(!fcntl(fds.pipe[0], F_SETSIG, signal));
	CHECK(!fcntl(fds.pipe[0], F_SETFL, O_NONBLOCK | O_ASYNC));
}

static void make_locks(void)
{
	struct flock lock = range(F_WRLCK, 20), owned = range(F_WRLCK, 40);
	fds.locked = open_file("locked");
	fds.other = open_file("locked");
	fds.owned = open_file("owned");
	fds.same = open_file("owned");
	CHECK(!flock(fds.locked, LOCK_EX | LOCK_NB));
	CHECK(!fcntl(fds.locked, F_OFD_SETLK, &lock));
	CHECK(!fcntl(fds.owned, F_SETLK, &owned));
}

static void make_files(void)
{
	// Whatever the debugger was started with is no business of ours.
	CHECK(!close_range(3, ~0U, 0));
	fds.file = open_file("file");
	fds.copy = dup(fds.file);
	fds.gone = open("/dev/zero", O_RDONLY);
	CHECK(fcntl(fds.file, F_DUPFD, LAST) == LAST);
	fds.event = eventfd(5, EFD_NONBLOCK);
	fds.epoll = epoll_create1(0);
	fds.timer = timerfd_create(CLOCK_MONOTONIC, 0);
	fds.signals = make_signalfd(-1, SIGWINCH);
	fds.notify = inotify_init1(IN_NONBLOCK);
	CHECK(fds.copy >= 0 && fds.gone >= 0 && fds.event >= 0 && fds.epoll >= 0);
	CHECK(fds.timer >= 0 && fds.signals >= 0 && fds.notify >= 0);
	CHECK(inotify_add_watch(fds.notify, "file", IN_ATTRIB) == 1);
	CHECK(lseek(fds.file, 100, SEEK_SET) == 100);
	CHECK(!pipe2(fds.pipe, O_NONBLOCK));
	set_owner(F_OWNER_PID, READY);
	CHECK(write(fds.pipe[1], "early", 5) == 5);
	watch(EPOLL_CTL_ADD, fds.event, 1);
	set_timerfd(5000);
	make_locks();
}

static void change_locks(void)
{
	struct flock none = range(F_UNLCK, 20), lock = range(F_RDLCK, 30);
	struct flock owned = range(F_WRLCK, 50), unlock = range(F_UNLCK, 40);
	CHECK(!flock(fds.locked, LOCK_UN) && !flock(fds.other, LOCK_SH | LOCK_NB));
	CHECK(!fcntl(fds.locked, F_OFD_SETLK, &none));
	CHECK(!fcntl(fds.locked, F_OFD_SETLK, &lock));
	CHECK(!fcntl(fds.owned, F_SETLK, &unlock));
	CHECK(!fcntl(fds.owned, F_SETLK, &owned));
}

/** All at once: closed, opened, replaced, and of what stays open everything else. */
static void change_files(void)
{
	CHECK(lseek(fds.file, 200, SEEK_SET) == 200);
	CHECK(!fcntl(fds.file, F_SETFL, O_APPEND) &&
	      !fcntl(fds.file, F_SETFD, FD_CLOEXEC));
	CHECK(dup2(fds.gone, fds.copy) == fds.copy);
	CHECK(!close(fds.gone) && !close(fds.notify));
	watch(EPOLL_CTL_DEL, fds.event, 0);
	watch(EPOLL_CTL_ADD, fds.pipe[0], 2);
	add_events(7);
	set_timerfd(9000);
	CHECK(make_signalfd(fds.signals, SIGURG) == fds.signals);
	set_owner(F_OWNER_TID, READY_LATE);
	CHECK(write(fds.pipe[1], "and late", 8) == 8);
	change_locks();
	// Whoever closes one loses the locks of the process on the file.
	fds.fresh = open_file("owned");
	CHECK(fcntl(fds.fresh, F_DUPFD, 30) == 30);
}

static void check_locks(int is_late)
{
	struct flock lock = range(F_WRLCK, 0), owned = range(F_WRLCK, 0);
	lock.l_len = owned.l_len = 0;
	if (is_late)
		CHECK(!flock(fds.locked, LOCK_SH | LOCK_NB) &&
		      !flock(fds.locked, LOCK_UN));
	CHECK(flock(is_late ? fds.locked : fds.other, LOCK_EX | LOCK_NB) < 0);
	CHECK(!fcntl(fds.other, F_OFD_GETLK, &lock));
	CHECK(lock.l_start == (is_late ? 30 : 20) && lock.l_len == 5);
	CHECK(lock.l_type == (is_late ? F_RDLCK : F_WRLCK));
	CHECK(!fcntl(fds.same, F_OFD_GETLK, &owned));
	CHECK(owned.l_start == (is_late ? 50 : 40) && owned.l_pid == getpid());
}

static void check_open(int is_late)
{
	struct stat one, other;
	CHECK(!fstat(fds.file, &one) && !fstat(fds.copy, &other));
	CHECK((one.st_ino == other.st_ino) == !is_late);
	CHECK(lseek(fds.file, 0, SEEK_CUR) == (is_late ? 200 : 100));
	CHECK((fcntl(fds.file, F_GETFL) & O_APPEND) == (is_late ? O_APPEND : 0));
	CHECK(fcntl(fds.file, F_GETFD) == (is_late ? FD_CLOEXEC : 0));
	CHECK((fcntl(30, F_GETFD) < 0) == !is_late);
	if (!is_late) {
		char zero = 1;
		CHECK(read(fds.gone, &zero, 1) == 1 && !zero);
		CHECK(!inotify_rm_watch(fds.notify, 1));
		CHECK(inotify_add_watch(fds.notify, "file", IN_ATTRIB) == 2);
	}
}

static void check_files(int is_late)
{
	char text[16];
	uint64_t count;
	struct epoll_event event;
	struct itimerspec time;
	struct f_owner_ex owner;
	check_open(is_late);
	check_locks(is_late);
	CHECK(epoll_wait(fds.epoll, &event, 1, 0) == 1);
	CHECK(event.data.u64 == (is_late ? 2 : 1));
	CHECK(read(fds.event, &count, sizeof(count)) == sizeof(count));
	CHECK(count == (is_late ? 7 : 5));
	CHECK(!timerfd_gettime(fds.timer, &time));
	CHECK(time.it_value.tv_sec <= (is_late ? 9000 : 5000));
	CHECK(time.it_value.tv_sec > (is_late ? 8000 : 4000));
	CHECK(!fcntl(fds.pipe[0], F_GETOWN_EX, &owner));
	CHECK(owner.type == (is_late ? F_OWNER_TID : F_OWNER_PID));
	CHECK(fcntl(fds.pipe[0], F_GETSIG) == (is_late ? READY_LATE : READY));
	ssize_t got = read(fds.pipe[0], text, sizeof(text));
	CHECK(got == (is_late ? 8 : 5));
	CHECK(!memcmp(text, is_late ? "and late" : "early", (size_t)got));
}

#endif
