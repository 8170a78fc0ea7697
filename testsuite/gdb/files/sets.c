// SPDX-License-Identifier: GPL-3.0-or-later
#include "scene.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>

/* Descriptors that watch others: epoll and inotify. */

static int set, counter, ends[2], watcher, first, second;

static void add(int fd, uint32_t events, uint64_t data, int operation)
{
	struct epoll_event event = { .events = events, .data.u64 = data };
	CHECK(!epoll_ctl(set, operation, fd, &event));
}

static void set_up(void)
{
	set = epoll_create1(EPOLL_CLOEXEC);
	counter = eventfd(1, EFD_NONBLOCK);
	CHECK(set >= 0 && counter >= 0 && !pipe(ends) && write(ends[1], "x", 1) == 1);
	add(counter, EPOLLIN, 111, EPOLL_CTL_ADD);
	add(ends[0], EPOLLIN | EPOLLRDHUP, UINT64_MAX - 5, EPOLL_CTL_ADD);
}

/** Both are ready, each with its data, and nothing else is in the set. */
static void check(void)
{
	struct epoll_event events[8];
	CHECK(epoll_wait(set, events, 8, 0) == 2);
	uint64_t sum = events[0].data.u64 + events[1].data.u64;
	CHECK(sum == (uint64_t)(111 + UINT64_MAX - 5));
	CHECK(events[0].events == EPOLLIN && events[1].events == EPOLLIN);
	CHECK(epoll_ctl(set, EPOLL_CTL_DEL, ends[1], NULL) < 0 && errno == ENOENT);
}

static void remove_one(void)
{
	CHECK(!epoll_ctl(set, EPOLL_CTL_DEL, counter, NULL));
}

static void change(void)
{
	add(counter, EPOLLOUT | EPOLLET, 5, EPOLL_CTL_MOD);
	add(ends[1], EPOLLOUT, 7, EPOLL_CTL_ADD);
}

/** The kernel removes from a set what is closed. */
static void close_target(void)
{
	CHECK(!close(counter) && !close(ends[0]));
}

/** Another file has the number, and is in the set. */
static void replace_target(void)
{
	int other = eventfd(9, 0);
	CHECK(other >= 0 && dup2(other, ends[0]) == ends[0] && !close(other));
	add(ends[0], EPOLLIN, 99, EPOLL_CTL_ADD);
}

static void close_set(void)
{
	CHECK(!close(set));
}

static void move_set(void)
{
	CHECK(dup2(set, 60) == 60 && !close(set));
	CHECK(eventfd(0, 0) == set);
}

static void set_up_watcher(void)
{
	CHECK(!mkdir("watched", 0700) && !chdir("watched"));
	watcher = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	CHECK(watcher >= 0);
	// The first number is not used any more.
	first = inotify_add_watch(watcher, "..", IN_DELETE_SELF);
	CHECK(first == 1 && !inotify_rm_watch(watcher, first));
	char buffer[4096];
	CHECK(read(watcher, buffer, sizeof(buffer)) > 0);
	second = inotify_add_watch(watcher, ".", IN_CREATE);
	CHECK(second == 2);
}

static void check_watcher(void)
{
	char buffer[4096];
	CHECK(read(watcher, buffer, sizeof(buffer)) < 0 && errno == EAGAIN);
	CHECK(!close(open("new", O_CREAT | O_RDWR | O_EXCL, 0600)));
	CHECK(read(watcher, buffer, sizeof(buffer)) > 0);
	const struct inotify_event *event = (const struct inotify_event *)buffer;
	CHECK(event->wd == second && event->mask == IN_CREATE);
	CHECK(!strcmp(event->name, "new") && !unlink("new"));
}

static void change_watcher(void)
{
	CHECK(!inotify_rm_watch(watcher, second));
	CHECK(inotify_add_watch(watcher, "..", IN_ALL_EVENTS) == 3);
}

static void close_watcher(void)
{
	CHECK(!close(watcher));
}

static const struct scene scenes[] = {
	{ "removed", set_up, check, remove_one },
	{ "changed", set_up, check, change },
	{ "target-closed", set_up, check, close_target },
	{ "target-replaced", set_up, check, replace_target },
	{ "set-closed", set_up, check, close_set },
	{ "set-moved", set_up, check, move_set },
	{ "inotify", set_up_watcher, check_watcher, change_watcher },
	{ "inotify-closed", set_up_watcher, check_watcher, close_watcher },
};

int main(int argc, char **argv)
{
	return PLAY(scenes, argc, argv);
}
