/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SCENE_H
#define SCENE_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../story.h"

/*
 * A program of scenes: the first argument says which one is played. It sets something
 * up and comes to saved(); checks it, changes it, and comes to changed(). Whoever
 * brings it back to saved() has it checked once more, and then changed again.
 *
 * For a debugger that cannot set breakpoints the places raise signals, if STORY_SIGNALS
 * is in the environment.
 */

struct scene {
	const char *name;
	void (*set_up)(void);
	void (*check)(void);
	void (*change)(void);
};

STORY_PLACE void saved(void)
{
	if (getenv("STORY_SIGNALS"))
		raise(SIGUSR1);
}

STORY_PLACE void changed(void)
{
	if (getenv("STORY_SIGNALS"))
		raise(SIGUSR2);
}

/** Whether a descriptor is open. */
static inline int is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

/** Whether two descriptors are of the same file. */
static inline int is_same(int a, int b)
{
	struct stat one, other;
	return !fstat(a, &one) && !fstat(b, &other) && one.st_ino == other.st_ino &&
	       one.st_dev == other.st_dev;
}

/** The offset of a descriptor. */
static inline long long offset(int fd)
{
	return lseek(fd, 0, SEEK_CUR);
}

static inline int play(const struct scene *scenes, size_t nr, int argc, char **argv)
{
	// Whatever the debugger was started with is no business of ours.
	CHECK(argc > 1 && !close_range(3, ~0U, 0));
	for (size_t i = 0; i < nr; i++) {
		if (strcmp(scenes[i].name, argv[1]))
			continue;
		scenes[i].set_up();
		saved();
		scenes[i].check();
		scenes[i].change();
		changed();
		return 0;
	}
	CHECK(!"there is no such scene");
	return 1;
}

#define PLAY(scenes, argc, argv) \
	play(scenes, sizeof(scenes) / sizeof((scenes)[0]), argc, argv)

#endif
