// SPDX-License-Identifier: GPL-3.0-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/tracee/attributes.h"

snap_err snap_tracee_write_limit(struct snap_tracee *tracee, unsigned resource,
				 const struct snap_limit *limit)
{
	const char *name = snap_limit_name(resource);
	SNAP_TRY(snap_tracee_enter(tracee, "set limit %s of process %d", name,
				   (int)tracee->pid));
	const struct rlimit value = { limit->soft, limit->hard };
	if (prlimit(tracee->pid, (enum __rlimit_resource)resource, &value, NULL) < 0)
		return snap_error_os(errno, "cannot set limit %s of process %d", name,
				     (int)tracee->pid);
	return SNAP_OK;
}

snap_err snap_tracee_write_scheduling(struct snap_tracee *tracee, pid_t tid,
				      const struct snap_attribute_values *values)
{
	// struct sched_attr in its first form (include/uapi/linux/sched/types.h).
	const struct {
		uint32_t size;
		uint32_t policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t runtime;
		uint64_t deadline;
		uint64_t period;
	} sched = {
		.size = sizeof(sched),
		.policy = (uint32_t)values->list[SNAP_ATTRIBUTE_POLICY],
		.flags = values->list[SNAP_ATTRIBUTE_SCHED_FLAGS],
		.nice = (int32_t)values->list[SNAP_ATTRIBUTE_NICE],
		.priority = (uint32_t)values->list[SNAP_ATTRIBUTE_PRIORITY],
		.runtime = values->list[SNAP_ATTRIBUTE_RUNTIME],
		.deadline = values->list[SNAP_ATTRIBUTE_DEADLINE],
		.period = values->list[SNAP_ATTRIBUTE_PERIOD],
	};

	SNAP_TRY(
		snap_tracee_enter(tracee, "set the scheduling of thread %d", (int)tid));
	if (syscall(SYS_sched_setattr, tid, &sched, 0) < 0)
		return snap_error_os(errno, "cannot set the scheduling of thread %d",
				     (int)tid);
	return SNAP_OK;
}

/** The most CPUs that a kernel is built for (NR_CPUS of arch/x86/Kconfig). */
#define MAX_CPUS 8192

/** Parse "0-3,8" into bits. */
static bool parse_cpus(const char *text, uint8_t bits[MAX_CPUS / 8])
{
	while (*text) {
		char *end;
		unsigned long first = strtoul(text, &end, 10), last = first;
		if (end == text)
			return false;
		if (*end == '-') {
			text = end + 1;
			last = strtoul(text, &end, 10);
			if (end == text)
				return false;
		}
		if (last >= MAX_CPUS || first > last || (*end && *end != ','))
			return false;
		for (unsigned long cpu = first; cpu <= last; cpu++)
			bits[cpu / 8] |= (uint8_t)(1 << cpu % 8);
		text = *end ? end + 1 : end;
	}
	return true;
}

snap_err snap_tracee_write_cpus(struct snap_tracee *tracee, pid_t tid, const char *cpus)
{
	uint8_t bits[MAX_CPUS / 8] = { 0 };
	if (!parse_cpus(cpus, bits))
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "the CPUs of thread %d are not a list",
					 (int)tid);
	SNAP_TRY(snap_tracee_enter(tracee, "set the CPUs of thread %d", (int)tid));
	if (sched_setaffinity(tid, sizeof(bits), (const cpu_set_t *)bits) < 0)
		return snap_error_os(errno, "cannot let thread %d run on CPUs %s",
				     (int)tid, cpus);
	return SNAP_OK;
}

snap_err snap_tracee_write_io_priority(struct snap_tracee *tracee, pid_t tid,
				       uint64_t value)
{
	SNAP_TRY(snap_tracee_enter(tracee, "set the I/O priority of thread %d",
				   (int)tid));
	if (syscall(SYS_ioprio_set, 1 /* IOPRIO_WHO_PROCESS */, tid, (int)value) < 0)
		return snap_error_os(errno, "cannot set the I/O priority of thread %d",
				     (int)tid);
	return SNAP_OK;
}

snap_err snap_tracee_write_attribute_file(struct snap_tracee *tracee,
					  enum snap_attribute attribute, uint64_t value)
{
	bool is_oom = attribute == SNAP_ATTRIBUTE_OOM_SCORE_ADJ;
	const char *name = is_oom ? "oom_score_adj" : "coredump_filter";
	char text[32];
	int size =
		snprintf(text, sizeof(text), is_oom ? "%" PRId64 : "%#" PRIx64, value);
	SNAP_TRY(
		snap_tracee_enter(tracee, "write /proc/%d/%s", (int)tracee->pid, name));
	_cleanup_close_ int fd = openat(tracee->proc_fd, name, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, (size_t)size) < 0)
		return snap_error_os(errno, "cannot write %s into /proc/%d/%s", text,
				     (int)tracee->pid, name);
	return SNAP_OK;
}

static bool is_folder(struct snap_tracee *tracee, const char *path, uint64_t device,
		      uint64_t inode)
{
	struct stat stat;
	return !fstatat(tracee->proc_fd, path, &stat, 0) && S_ISDIR(stat.st_mode) &&
	       stat.st_dev == device && stat.st_ino == inode;
}

static void close_listing(DIR **listing)
{
	if (*listing)
		closedir(*listing);
}

static snap_err find_descriptor(struct snap_tracee *tracee, uint64_t device,
				uint64_t inode, int *ret)
{
	_cleanup_close_ int fd =
		openat(tracee->proc_fd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(close_listing) DIR *listing = fd < 0 ? NULL : fdopendir(fd);
	if (!listing)
		return snap_error_os(errno, "cannot list the open files of process %d",
				     (int)tracee->pid);
	fd = -1; // closedir() closes it.
	for (struct dirent *entry; (entry = readdir(listing));) {
		char path[NAME_MAX + 8];
		snprintf(path, sizeof(path), "fd/%s", entry->d_name);
		if (*entry->d_name != '.' && is_folder(tracee, path, device, inode)) {
			*ret = (int)strtol(entry->d_name, NULL, 10);
			break;
		}
	}
	return SNAP_OK;
}

snap_err snap_tracee_find_folder(struct snap_tracee *tracee, const char *path,
				 uint64_t device, uint64_t inode, bool *ret_is_there,
				 int *ret_fd)
{
	*ret_fd = -1;
	SNAP_TRY(snap_tracee_enter(tracee, "look at %s", path));
	char inside[PATH_MAX];
	*ret_is_there = snprintf(inside, sizeof(inside), "root%s", path) <
				(int)sizeof(inside) &&
			*path == '/' && is_folder(tracee, inside, device, inode);
	return *ret_is_there ? SNAP_OK : find_descriptor(tracee, device, inode, ret_fd);
}
