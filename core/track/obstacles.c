// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Pages that the kernel, or a device, has taken hold of before they were protected are
 * written to without a fault. Some of that is counted as VmPin in /proc/PID/status,
 * and is asked for each time (tracker.c); what is not, shows in what is open or mapped.
 */
#include "core/track/obstacles.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/** Whether the process has opened an anonymous inode of a kind: "[io_uring]". */
static bool has_open(const struct snap_snapshot *process, const char *kind)
{
	for (size_t i = 0; i < process->files.nr; i++)
		if (strstr(process->files.list[i].path, kind))
			return true;
	return false;
}

static bool has_mapped(const struct snap_snapshot *process, const char *kind)
{
	for (size_t i = 0; i < process->vmas.nr; i++)
		if (strstr(process->vmas.list[i].name, kind))
			return true;
	return false;
}

/** Devices that only copy, to whoever reads (Documentation/admin-guide/devices.txt). */
static const struct {
	unsigned int major;
	unsigned int first, last;
} copying_devices[] = {
	{ 1, 0, UINT32_MAX },                         // null, zero, full, random
	{ 2, 0, UINT32_MAX },   { 3, 0, UINT32_MAX }, // old terminals
	{ 4, 0, UINT32_MAX },   { 5, 0, UINT32_MAX }, // terminals
	{ 7, 0, UINT32_MAX },                         // their contents
	{ 10, 135, 135 },                             // clock
	{ 10, 183, 183 },                             // random numbers
	{ 10, 200, 200 },                             // net/tun
	{ 10, 223, 223 },                             // uinput
	{ 10, 229, 229 },                             // fuse
	{ 10, 237, 237 },                             // loop-control
	{ 13, 0, UINT32_MAX },                        // input
	{ 136, 0, UINT32_MAX }, { 137, 0, UINT32_MAX }, { 138, 0, UINT32_MAX },
	{ 139, 0, UINT32_MAX }, { 140, 0, UINT32_MAX }, { 141, 0, UINT32_MAX },
	{ 142, 0, UINT32_MAX }, { 143, 0, UINT32_MAX }, // terminals
};

static bool only_copies(uint64_t device)
{
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(copying_devices); i++)
		if (major(device) == copying_devices[i].major &&
		    minor(device) >= copying_devices[i].first &&
		    minor(device) <= copying_devices[i].last)
			return true;
	return false;
}

/** Whether the process may have told a device of its memory. */
static bool has_device(const struct snap_snapshot *process)
{
	for (size_t i = 0; i < process->files.nr; i++) {
		const struct snap_open_file *file = &process->files.list[i];
		if (S_ISCHR(file->mode) && !only_copies(file->rdev))
			return true;
	}
	for (size_t i = 0; i < process->vmas.nr; i++) {
		const struct snap_vma *vma = &process->vmas.list[i];
		if (vma->flags & SNAP_VMA_DEVICE && !strncmp(vma->name, "/dev/", 5))
			return true;
	}
	return false;
}

static bool is_watched_by_others(const struct snap_snapshot *process)
{
	for (size_t i = 0; i < process->vmas.nr; i++)
		if (process->vmas.list[i].flags & SNAP_VMA_UFFD)
			return true;
	return has_open(process, "[userfaultfd]");
}

const char *snap_find_obstacle(const struct snap_snapshot *process, enum snap_rung rung)
{
	if (rung == SNAP_RUNG_CONTENTS)
		return NULL;
	if (has_open(process, "[io_uring]") || has_mapped(process, "[io_uring]"))
		return "io_uring may write to memory unnoticed";
	if (has_mapped(process, "/[aio]"))
		return "asynchronous input may write to memory unnoticed";
	// Rings of a socket; with AF_XDP also memory of the program's (net/xdp).
	if (has_mapped(process, "socket:["))
		return "a socket may write to memory unnoticed";
	if (has_device(process))
		return "a device may write to memory unnoticed";
	// A mapping has one userfaultfd: the program would get EBUSY for ours.
	if (rung == SNAP_RUNG_USERFAULTFD && is_watched_by_others(process))
		return "the program uses userfaultfd itself";
	return NULL;
}
