// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/foreign/foreign.h"

#include <elf.h>
#include <string.h>
#include <sys/stat.h>

#include "core/image/image.h"

snap_err snap_foreign_create(struct snap_snapshot **ret)
{
	SNAP_TRY(snap_snapshot_create(ret));
	memset((*ret)->uuid, 0, sizeof((*ret)->uuid));
	(*ret)->time_ns = 0;
	return SNAP_OK;
}

void snap_foreign_find_page_size(struct snap_snapshot *snapshot)
{
	uint64_t size = snap_snapshot_auxv(snapshot, AT_PAGESZ, 0);
	if (snap_is_page_size(size))
		snapshot->page_size = size;
}

/** Room grows at powers of two. */
snap_err snap_foreign_add_thread(struct snap_snapshot *snapshot,
				 struct snap_thread **ret)
{
	size_t nr = snapshot->nr_threads;
	if (!(nr & (nr - 1))) {
		struct snap_thread *threads =
			reallocarray(snapshot->threads, nr ? nr * 2 : 1,
				     sizeof(*threads));
		if (!threads)
			return &snap_enomem;
		snapshot->threads = threads;
	}
	*ret = &snapshot->threads[snapshot->nr_threads++];
	**ret = (struct snap_thread){ .interrupted_syscall = -1 };
	return SNAP_OK;
}

snap_err snap_foreign_read(const char *path, const struct snap_progress *progress,
			   struct snap_snapshot **ret)
{
	struct stat st;
	if (!stat(path, &st) && S_ISDIR(st.st_mode))
		return snap_foreign_read_criu(path, ret);
	snap_err error = snap_image_read(path, progress, ret);
	// This is how it says that the core file is not ours.
	if (!error || error->kind != SNAP_ERROR_INVALID)
		return error;
	_cleanup_error_ snap_err ours = error;
	_cleanup_error_ snap_err theirs = snap_foreign_read_core(path, progress, ret);
	return theirs ? snap_take(theirs) : SNAP_OK;
}
