// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/tracee.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/tracee/proc.h"

static snap_err open_files(struct snap_tracee *tracee)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d", (int)tracee->pid);
	tracee->proc_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (tracee->proc_fd < 0 && errno == ENOENT)
		return snap_error_create(SNAP_ERROR_GONE, "there is no process %d",
					 (int)tracee->pid);
	if (tracee->proc_fd < 0)
		return snap_error_os(errno, "cannot open %s", path);

	tracee->mem_fd = openat(tracee->proc_fd, "mem", O_RDWR | O_CLOEXEC);
	if (tracee->mem_fd < 0)
		return snap_error_os(errno, "cannot open the memory of process %d",
				     (int)tracee->pid);
	tracee->pagemap_fd = openat(tracee->proc_fd, "pagemap", O_RDONLY | O_CLOEXEC);
	if (tracee->pagemap_fd < 0)
		return snap_error_os(errno, "cannot open the page map of process %d",
				     (int)tracee->pid);
	return SNAP_OK;
}

snap_err snap_tracee_init(struct snap_tracee *tracee, pid_t pid, uint64_t fail_at)
{
	*tracee = snap_no_tracee();
	_cleanup_tracee_ struct snap_tracee made = snap_no_tracee();
	made.pid = pid;
	made.arch = snap_arch_host();
	made.page_size = (size_t)sysconf(_SC_PAGESIZE);
	made.fail_at = fail_at;
	if (!made.arch)
		return snap_error_create(
			SNAP_ERROR_UNSUPPORTED,
			"this build knows nothing about the CPU it runs on");
	SNAP_TRY(open_files(&made));
	*tracee = made;
	made = snap_no_tracee();
	return SNAP_OK;
}

void snap_tracee_deinit(struct snap_tracee *tracee)
{
	snap_close_cleanup(&tracee->proc_fd);
	snap_close_cleanup(&tracee->mem_fd);
	snap_close_cleanup(&tracee->pagemap_fd);
	snap_close_cleanup(&tracee->status_fd);
	snap_ranges_deinit(&tracee->told.asked);
	snap_ranges_deinit(&tracee->told.written);
	*tracee = snap_no_tracee();
}

snap_err snap_tracee_enter(struct snap_tracee *tracee, const char *what, ...)
{
	if (++tracee->nr_calls != tracee->fail_at)
		return SNAP_OK;
	va_list values;
	va_start(values, what);
	_cleanup_free_ char *text = NULL;
	int length = vasprintf(&text, what, values);
	va_end(values);
	if (length < 0)
		return &snap_enomem;
	return snap_error_os(EIO, "cannot %s (made to fail)", text);
}
