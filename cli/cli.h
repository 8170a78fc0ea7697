/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_CLI_CLI_H
#define SNAP_CLI_CLI_H

#include <stdio.h>

#include "core/compat/compat.h"
#include "core/model/snapshot.h"

/**
 * @file
 * The command gdb-snapshot: what can be done with images where there is no GDB.
 */

/** What the command exits with: gdb-snapshot(1). */
enum cli_exit {
	CLI_FITS = 0,
	CLI_RISKY = 1,
	CLI_IMPOSSIBLE = 2,
	CLI_ERROR = 3,
};

/** A word of the command: `argv[0]` is the word. Prints what it does not return. */
typedef int cli_verb(int argc, char **argv);

cli_verb cli_show;
cli_verb cli_check;
cli_verb cli_cpu;

/** Print an error and its remedy; consumes it. Returns CLI_ERROR. */
int cli_complain(snap_err error);

/** Print how the word is used, after a mistake in its use. Returns CLI_ERROR. */
int cli_misused(const char *word);

/** `status`, or CLI_ERROR with a complaint when the output could not be written. */
int cli_finish(int status);

/** The machine that a file describes, or that an image was saved on. */
_must_check_ snap_err cli_read_cpu(const char *path, struct snap_cpu *ret);

/** Text from an image: what a terminal would take for a command becomes '?'. */
void cli_put_text(FILE *file, const char *text);

#endif
