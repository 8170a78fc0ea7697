#ifndef SNAP_GDBEXT_TRACER_H
#define SNAP_GDBEXT_TRACER_H

#include <sys/types.h>

#include "gdbext/module.h"

/** A process was restored: if it is one of spawn() or attach(), its signals are void.
 */
void snap_py_tracer_was_restored(struct snap_py_state *state, pid_t pid);

#endif
