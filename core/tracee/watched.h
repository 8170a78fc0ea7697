/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACEE_WATCHED_H
#define SNAP_TRACEE_WATCHED_H

#include <limits.h>

#include "core/model/files.h"
#include "core/tracee/tracee.h"

/**
 * A path of a file that inotify watches, as the process sees it: the kernel tells only
 * its handle. With the powers to open that (CAP_DAC_READ_SEARCH), any; else one that
 * leads to a file that the process has open, or to its working folder.
 *
 * SNAP_ERROR_REFUSED where there is none.
 *
 * @param number The inotify descriptor, for messages.
 */
_must_check_ snap_err snap_tracee_find_watched(struct snap_tracee *tracee, int number,
					       const struct snap_watch *watch,
					       char ret[PATH_MAX]);

#endif
