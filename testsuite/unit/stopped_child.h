/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TESTSUITE_STOPPED_CHILD_H
#define SNAP_TESTSUITE_STOPPED_CHILD_H

#include <stddef.h>
#include <sys/types.h>

#define STOPPED_CHILD_MAX_THREADS 16

/** A traced program, all of whose threads were stopped in ppoll(2) as GDB stops them:
 * by SIGSTOP. */
struct stopped_child {
	pid_t pid;
	/** In the order in which they came to ppoll(2). */
	pid_t tids[STOPPED_CHILD_MAX_THREADS];
	size_t nr_threads;
	/** What it wrote to its standard output. */
	char output[64];
};

/**
 * Run a program until `nr_threads` threads wait in ppoll(2), and stop them there. Fails
 * the test when that does not happen.
 */
void stopped_child_start(struct stopped_child *child, const char *path,
			 size_t nr_threads);

/** Kill and reap it. */
void stopped_child_end(struct stopped_child *child);

#endif
