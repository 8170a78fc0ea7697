/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_CAPTURE_SHARING_H
#define SNAP_CAPTURE_SHARING_H

#include "core/model/snapshot.h"
#include "core/tracee/tracee.h"

/**
 * Decide which shared mappings are rewound (SNAP_VMA_REWOUND), and name in the
 * omissions those that are not although the program may write to them.
 *
 * Anonymous shared memory that no other process maps is as good as private: it always
 * is. With `rewinds_shared`, what others see is rewound, too, as long as it is memory:
 * anonymous, memfd, SysV, files of a tmpfs. Files on disks never are, as files are not
 * that were written to by other means; nor is what the process cannot write to.
 *
 * @param snapshot Its vmas are there.
 */
_must_check_ snap_err snap_capture_sharing(struct snap_tracee *tracee,
					   bool rewinds_shared,
					   struct snap_snapshot *snapshot);

#endif
