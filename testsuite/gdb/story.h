/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STORY_H
#define STORY_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * What the target programs share. A program states its own expectation: CHECK() ends
 * it with a sentence and exit status 1.
 */

/** The size of the kernel's pages, which is not the same on all machines. */
#define PAGE ((size_t)sysconf(_SC_PAGESIZE))

/** Stays a function that is called, whatever the optimiser thinks. */
#define STORY_PLACE __attribute__((noipa))

#define CHECK(condition)                                                             \
	do {                                                                         \
		if (!(condition)) {                                                  \
			fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, \
				#condition);                                         \
			exit(1);                                                     \
		}                                                                    \
	} while (0)

#endif
