// SPDX-License-Identifier: GPL-3.0-or-later
#include <sys/wait.h>

#include "scene.h"

/* Memory that others can see. */

static void prepare_alone(void)
{
	place = map_at(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED);
	fill(place, SIZE, 1);
}

static void check_alone(void)
{
	CHECK(is_filled(place, SIZE, 1));
	CHECK(has_letters(place, "rw-s"));
}

static void change_alone(void)
{
	fill(place, SIZE, 2);
	CHECK(!mprotect(place, PAGE, PROT_READ));
}

static void change_moved(void)
{
	other = mremap(place, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
		       mmap(NULL, SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	CHECK(other != MAP_FAILED && other != place);
	fill(other, SIZE, 2);
}

/** The same, and something else is in its place. */
static void change_replaced(void)
{
	change_moved();
	CHECK(mmap(place, SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		   0) == place);
}

static void change_gone(void)
{
	CHECK(!munmap(place, SIZE));
}

static pid_t child;
static int to_child[2], from_child[2];

/** The child adds one to the first byte whenever it is asked to. */
static void serve(void)
{
	char letter;
	while (read(to_child[0], &letter, 1) == 1) {
		place[0]++;
		CHECK(write(from_child[1], &letter, 1) == 1);
	}
	exit(0);
}

static void ask_child(void)
{
	char letter = 'x';
	CHECK(write(to_child[1], &letter, 1) == 1);
	CHECK(read(from_child[0], &letter, 1) == 1);
}

static void start_child(void)
{
	CHECK(!pipe(to_child) && !pipe(from_child));
	child = fork();
	CHECK(child >= 0);
	if (child)
		return;
	close(to_child[1]);
	serve();
}

static void stop_child(void)
{
	close(to_child[1]);
	CHECK(waitpid(child, NULL, 0) == child);
}

static void prepare_with_child(void)
{
	prepare_alone();
	place[0] = 10;
	start_child();
	ask_child();
	CHECK(place[0] == 11);
}

/** In memory that is nobody else's: it is rewound, always. */
static int is_first = 1;
/** Set by the debugger: what has been shared was rewound as well. */
static volatile int expects_rewind = 1;

static void check_with_child(void)
{
	CHECK(is_first);
	CHECK(place[0] == 11 || (!expects_rewind && place[0] == 12));
}

static void change_with_child(void)
{
	ask_child();
	is_first = 0;
}

static void prepare_memfd(void)
{
	fd = memfd_create("a memfd", MFD_CLOEXEC);
	CHECK(fd >= 0 && !ftruncate(fd, SIZE));
	prepare_alone();
}

static void check_kept(void)
{
	CHECK(is_first);
	CHECK(is_filled(place, SIZE,
			expects_rewind     ? 1
			: is_mapped(other) ? 2
					   : 1) ||
	      (!expects_rewind && is_filled(place, SIZE, 2)));
	CHECK(has_letters(place, "rw-s"));
}

static void change_memfd(void)
{
	fill(place, SIZE, 2);
	CHECK(!munmap(place, SIZE / 2));
	is_first = 0;
}

static void change_memfd_lost(void)
{
	CHECK(!munmap(place, SIZE));
	CHECK(!close(fd));
}

static void prepare_file(void)
{
	fd = open("a file on a disk", O_RDWR | O_CREAT | O_TRUNC, 0600);
	CHECK(fd >= 0 && !ftruncate(fd, SIZE));
	prepare_alone();
	CHECK(!close(fd));
}

static const struct scene scenes[] = {
	{ "alone", prepare_alone, check_alone, change_alone },
	{ "moved", prepare_alone, check_alone, change_moved },
	{ "replaced", prepare_alone, check_alone, change_replaced },
	{ "gone", prepare_alone, check_alone, change_gone },
	{ "child", prepare_with_child, check_with_child, change_with_child },
	{ "memfd", prepare_memfd, check_kept, change_memfd },
	{ "memfd-lost", prepare_memfd, check_kept, change_memfd_lost },
	{ "file", prepare_file, check_kept, change_memfd },
	{ 0 },
};

int main(int argc, char **argv)
{
	int status = play(argc, argv, scenes);
	if (child)
		stop_child();
	return status;
}
