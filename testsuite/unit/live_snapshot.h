#ifndef SNAP_TESTSUITE_LIVE_SNAPSHOT_H
#define SNAP_TESTSUITE_LIVE_SNAPSHOT_H

#include "core/model/snapshot.h"
#include "testsuite/unit/stopped_child.h"

/**
 * A snapshot of a stopped child with what an unwinder needs: mappings with their
 * build-ids, writable private memory, general registers as they are now (an interrupted
 * system call is not rewound).
 */
struct snap_snapshot *live_snapshot_take(const struct stopped_child *child);

#endif
