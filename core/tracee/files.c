#include "core/tracee/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

snap_err snap_tracee_check_file(struct snap_tracee *tracee, const struct snap_vma *vma)
{
	SNAP_TRY(snap_tracee_enter(tracee, "look at %s", vma->name));
	char path[PATH_MAX];
	struct stat stat;
	if (snprintf(path, sizeof(path), "root%s", vma->name) >= (int)sizeof(path) ||
	    fstatat(tracee->proc_fd, path, &stat, 0) < 0)
		return snap_error_with_remedy(
			snap_error_create(
				SNAP_ERROR_REFUSED,
				"the file %s, which was mapped at the snapshot, is "
				"not there any more",
				vma->name),
			"put the file back; a copy will not do");
	if (stat.st_ino != vma->inode || major(stat.st_dev) != vma->dev_major ||
	    minor(stat.st_dev) != vma->dev_minor)
		return snap_error_create(
			SNAP_ERROR_REFUSED,
			"the file %s is another one than was mapped at the "
			"snapshot",
			vma->name);
	return SNAP_OK;
}
