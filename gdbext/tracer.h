/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_GDBEXT_TRACER_H
#define SNAP_GDBEXT_TRACER_H

#include <sys/types.h>

#include "core/inject/start.h"
#include "gdbext/module.h"

/** A process was restored: if it is one of spawn() or attach(), its signals are void.
 */
void snap_py_tracer_was_restored(struct snap_py_state *state, pid_t pid);

/** How a thread of such a process is let run; of another one: not at all. */
struct snap_runner snap_py_tracer_runner(struct snap_py_state *state, pid_t pid);

/** Take note of the threads of such a process that a restore has ended. */
_must_check_ snap_err snap_py_tracer_notice(struct snap_py_state *state, pid_t pid);

#endif
