#ifndef STORY_H
#define STORY_H

#include <stdio.h>
#include <stdlib.h>

/*
 * What the target programs share. A program states its own expectation: CHECK() ends
 * it with a sentence and exit status 1.
 */

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
