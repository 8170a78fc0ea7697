// SPDX-License-Identifier: GPL-3.0-or-later
#include <signal.h>
#include <sys/mman.h>

#include "../gdb/story.h"

/* Maps files that have no name, and closes them: nothing leads to them. */

static void map_lost(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC);
	CHECK(fd >= 0 && !ftruncate(fd, (off_t)PAGE));
	CHECK(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0) != MAP_FAILED);
	CHECK(!close(fd));
}

int main(void)
{
	map_lost("one");
	map_lost("other");
	raise(SIGUSR1);
	return 0;
}
