// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Names as no one should give them: of a mapped file ("map"), of the folder where the
 * program is ("cwd"), of the program itself ("exe"). The file "name" has it: no command
 * line of GDB's holds a newline.
 */
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../story.h"

#define SIZE 4096

static char name[NAME_MAX + 1];
static char *private_map;
static char *shared_map;

static void read_name(void)
{
	int fd = open("name", O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0);
	CHECK(read(fd, name, sizeof(name) - 1) > 0);
	CHECK(!close(fd));
}

static char *map(int flags)
{
	int fd = open(name, O_RDWR | O_CLOEXEC);
	CHECK(fd >= 0);
	char *place = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, flags, fd, 0);
	CHECK(place != MAP_FAILED);
	CHECK(!close(fd));
	return place;
}

STORY_PLACE void ready(void)
{
}

STORY_PLACE void changed(void)
{
}

static void with_mappings(void)
{
	private_map = map(MAP_PRIVATE);
	shared_map = map(MAP_SHARED);
	private_map[1] = '!';
	ready();
	CHECK(!strcmp(private_map, "w!at the file says"));
	CHECK(!strcmp(shared_map, "what the file says"));
	private_map[2] = '?';
	CHECK(!munmap(private_map, SIZE));
	changed();
}

static void is_in(const char *folder)
{
	char path[PATH_MAX];
	CHECK(getcwd(path, sizeof(path)));
	const char *last = strrchr(path, '/') + 1;
	CHECK(!strcmp(last, folder));
}

static void with_folder(void)
{
	CHECK(!chdir(name));
	ready();
	is_in(name);
	CHECK(!chdir("/"));
	changed();
}

static void with_executable(void)
{
	char path[PATH_MAX];
	ssize_t size = readlink("/proc/self/exe", path, sizeof(path) - 1);
	CHECK(size > 0);
	path[size] = 0;
	static volatile int number;
	ready();
	CHECK(!strcmp(strrchr(path, '/') + 1, name));
	CHECK(number == 0);
	number = 1;
	changed();
}

int main(int argc, char **argv)
{
	CHECK(argc == 2);
	read_name();
	if (!strcmp(argv[1], "map"))
		with_mappings();
	else if (!strcmp(argv[1], "cwd"))
		with_folder();
	else
		with_executable();
	return 0;
}
