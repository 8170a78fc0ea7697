// SPDX-License-Identifier: GPL-3.0-or-later
#include "scene.h"

#include <sys/resource.h>

/* The table of descriptors: what is closed, opened, duplicated and moved. */

static int one, two, three, copy;

/** A file of 100 letters, read up to `offset`. */
static int make(const char *name, off_t at)
{
	int fd = open(name, O_RDWR | O_CREAT, 0600);
	CHECK(fd >= 0);
	for (int i = 0; i < 100; i++)
		CHECK(pwrite(fd, &"abcdefghij"[i % 10], 1, i) == 1);
	CHECK(lseek(fd, at, SEEK_SET) == at);
	return fd;
}

static void set_up(void)
{
	one = make("one", 11);
	two = make("two two", 22);
	copy = dup(one);
	CHECK(copy >= 0);
	CHECK(!fcntl(two, F_SETFD, FD_CLOEXEC));
	three = copy + 1;
}

/** One open file with two descriptors, another one, and nothing else. */
static void check(void)
{
	char letter;
	CHECK(offset(one) == 11 && offset(copy) == 11 && offset(two) == 22);
	CHECK(is_same(one, copy) && !is_same(one, two) && !is_open(three));
	CHECK(fcntl(one, F_GETFD) == 0 && fcntl(copy, F_GETFD) == 0);
	CHECK(fcntl(two, F_GETFD) == FD_CLOEXEC);
	CHECK(read(two, &letter, 1) == 1 && letter == 'c');
	CHECK(read(copy, &letter, 1) == 1 && letter == 'b');
	CHECK(offset(one) == 12);
	for (int fd = three; fd < 64; fd++)
		CHECK(!is_open(fd));
}

static void close_all(void)
{
	CHECK(!close(one) && !close(two) && !close(copy));
}

static void close_copy(void)
{
	CHECK(!close(copy));
}

static void open_more(void)
{
	CHECK(dup2(two, 20) == 20 && dup2(one, 31) == 31);
	CHECK(make("new", 5) == three);
}

static void swap(void)
{
	int aside = dup(one);
	CHECK(aside >= 0 && dup2(two, one) == one && dup2(aside, two) == two);
	CHECK(!close(aside) && !close(copy));
	CHECK(lseek(one, 77, SEEK_SET) == 77);
}

static void move(void)
{
	CHECK(dup2(one, 40) == 40 && dup2(two, 41) == 41);
	close_all();
	CHECK(make("new", 1) == one);
}

static void replace(void)
{
	close_all();
	CHECK(open("/dev/null", O_RDWR) == one && open("/dev/zero", O_RDONLY) == two);
	CHECK(open("one", O_RDONLY) == copy);
}

static void set_flags(void)
{
	CHECK(!fcntl(one, F_SETFD, FD_CLOEXEC) && !fcntl(two, F_SETFD, 0));
}

static void break_up(void)
{
	close_copy();
	CHECK(open("one", O_RDWR) == copy && lseek(copy, 50, SEEK_SET) == 50);
}

/** No number is left: what is put aside needs one all the same. */
static void set_up_full(void)
{
	struct rlimit limit;
	set_up();
	CHECK(!getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = (rlim_t)three;
	CHECK(!setrlimit(RLIMIT_NOFILE, &limit));
}

static void check_full(void)
{
	struct rlimit limit;
	CHECK(dup(one) < 0 && errno == EMFILE);
	CHECK(!getrlimit(RLIMIT_NOFILE, &limit) && (int)limit.rlim_cur == three);
	check();
}

#define MANY 4000

static int many[MANY];

static void set_up_many(void)
{
	struct rlimit limit;
	CHECK(!getrlimit(RLIMIT_NOFILE, &limit));
	if (limit.rlim_cur < 3 * MANY)
		limit.rlim_cur = limit.rlim_max < 3 * MANY ? limit.rlim_max : 3 * MANY;
	CHECK(!setrlimit(RLIMIT_NOFILE, &limit));
	set_up();
	for (int i = 0; i < MANY; i++) {
		many[i] = i % 2 ? dup(many[i - 1]) : open("one", O_RDONLY);
		CHECK(many[i] >= 0 && lseek(many[i], i / 2, SEEK_SET) == i / 2);
	}
}

static void check_many(void)
{
	for (int i = 0; i < MANY; i++) {
		CHECK(offset(many[i]) == i / 2 && is_same(many[i], one));
		CHECK(fcntl(many[i], F_GETFD) == 0);
	}
	CHECK(lseek(many[1], 3, SEEK_SET) == 3 && offset(many[0]) == 3);
	CHECK(lseek(many[1], 0, SEEK_SET) == 0);
}

/** A third is closed, a third moves, and the rest is something else. */
static void change_many(void)
{
	for (int i = 0; i < MANY; i++)
		switch (i % 3) {
		case 0:
			CHECK(!close(many[i]));
			break;
		case 1:
			CHECK(lseek(many[i], 5000 + i, SEEK_SET) == 5000 + i);
			break;
		default:
			CHECK(dup2(two, many[i]) == many[i]);
		}
}

static const struct scene scenes[] = {
	{ "closed", set_up, check, close_all },
	{ "copy-closed", set_up, check, close_copy },
	{ "opened", set_up, check, open_more },
	{ "swapped", set_up, check, swap },
	{ "moved", set_up, check, move },
	{ "replaced", set_up, check, replace },
	{ "close-on-exec", set_up, check, set_flags },
	{ "broken-up", set_up, check, break_up },
	{ "full", set_up_full, check_full, replace },
	{ "many", set_up_many, check_many, change_many },
};

int main(int argc, char **argv)
{
	return PLAY(scenes, argc, argv);
}
