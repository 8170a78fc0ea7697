#ifndef SNAP_INJECT_ADDRESS_SPACE_H
#define SNAP_INJECT_ADDRESS_SPACE_H

#include "core/inject/restorer.h"

/**
 * Let the process have as much address space as we may give it: while mappings are
 * changed, what is there and what shall be there count both. Pushes its undo.
 */
_must_check_ snap_err snap_address_space_open(struct snap_restorer *restorer);

/** Put the limit back. */
_must_check_ snap_err snap_address_space_close(struct snap_restorer *restorer);

#endif
