// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/attributes.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/tracee/proc.h"

/** The text behind "\nname:\t" in a status file, up to its newline, or NULL. */
static const char *find_line(const char *text, const char *name)
{
	char key[32];
	snprintf(key, sizeof(key), "\n%s:", name);
	const char *line = strstr(text, key);
	return line ? line + strlen(key) + strspn(line + strlen(key), " \t") : NULL;
}

/** Of the line, without the blanks at its end. Owned by the caller. */
static snap_err copy_line(const char *line, char **ret)
{
	size_t length = strcspn(line, "\n");
	while (length && line[length - 1] == ' ')
		length--;
	*ret = strndup(line, length);
	return *ret ? SNAP_OK : &snap_enomem;
}

/** One line of a status file, with `nr` numbers for attributes that follow each other.
 */
struct status_row {
	const char *name;
	enum snap_attribute first;
	unsigned nr;
	int base;
};

static void take_rows(const char *text, const struct status_row *rows, size_t nr,
		      struct snap_attribute_values *values)
{
	for (size_t i = 0; i < nr; i++) {
		const char *line = find_line(text, rows[i].name);
		for (unsigned k = 0; line && k < rows[i].nr; k++) {
			char *end;
			uint64_t value = strtoull(line, &end, rows[i].base);
			if (end == line)
				break;
			snap_attribute_set(values, rows[i].first + k, value);
			line = end;
		}
	}
}

/** A link of /proc/PID; *ret has no NUL inside, and is empty where it cannot be read.
 */
static void read_link(struct snap_tracee *tracee, const char *name, char ret[PATH_MAX])
{
	ssize_t size = readlinkat(tracee->proc_fd, name, ret, PATH_MAX - 1);
	ret[size < 0 ? 0 : size] = '\0';
}

static bool identify(struct snap_tracee *tracee, const char *name,
		     struct snap_attribute_values *values, enum snap_attribute device)
{
	struct stat stat;
	if (fstatat(tracee->proc_fd, name, &stat, 0) < 0)
		return false;
	snap_attribute_set(values, device, stat.st_dev);
	snap_attribute_set(values, device + 1, stat.st_ino);
	return true;
}

snap_err snap_tracee_identify_folder(struct snap_tracee *tracee, const char *path,
				     struct snap_attribute_values *ret)
{
	SNAP_TRY(snap_tracee_enter(tracee, "look for a folder"));
	char inside[PATH_MAX];
	// The last dot is there in a folder alone.
	if (snprintf(inside, sizeof(inside), "root%s/.", path) < (int)sizeof(inside))
		identify(tracee, inside, ret, SNAP_ATTRIBUTE_FOLDER_DEVICE);
	return SNAP_OK;
}

/** Links are told as we see them; a process with a root of its own sees less. */
static snap_err read_folders(struct snap_tracee *tracee,
			     struct snap_process_state *state)
{
	SNAP_TRY(snap_tracee_enter(tracee, "read the folder of process %d",
				   (int)tracee->pid));
	char folder[PATH_MAX], root[PATH_MAX];
	identify(tracee, "root", &state->attributes, SNAP_ATTRIBUTE_ROOT_DEVICE);
	if (!identify(tracee, "cwd", &state->attributes, SNAP_ATTRIBUTE_FOLDER_DEVICE))
		return SNAP_OK;
	read_link(tracee, "cwd", folder);
	read_link(tracee, "root", root);
	size_t prefix = strlen(root);
	const char *inside = folder;
	if (prefix > 1 && !strncmp(folder, root, prefix) &&
	    (folder[prefix] == '/' || !folder[prefix]))
		inside = folder[prefix] ? folder + prefix : "/";
	state->folder = strdup(inside);
	return state->folder ? SNAP_OK : &snap_enomem;
}

/** A file that is one number; unknown where the kernel has none. */
static snap_err read_number(struct snap_tracee *tracee, const char *path, int base,
			    struct snap_attribute_values *values,
			    enum snap_attribute attribute)
{
	_cleanup_buffer_ struct snap_buffer text = { 0 };
	snap_err error = snap_proc_read_file(tracee, path, &text);
	// Not built into every kernel, and not shown to everybody.
	if (error && (error->os_errno == ESRCH || error->os_errno == EACCES ||
		      error->os_errno == EPERM)) {
		snap_error_destroy(error);
		return SNAP_OK;
	}
	if (error)
		return error;
	snap_attribute_set(values, attribute,
			   (uint64_t)strtoll((const char *)text.data, NULL, base));
	return SNAP_OK;
}

/** "unlimited" or a number, at the end of a name and blanks. */
static bool take_limit(const char **text, uint64_t *ret)
{
	static const char unlimited[] = "unlimited";
	char *end;
	*text += strspn(*text, " ");
	*ret = UINT64_MAX;
	if (!strncmp(*text, unlimited, strlen(unlimited))) {
		*text += strlen(unlimited);
		return true;
	}
	*ret = strtoull(*text, &end, 10);
	bool is_number = end != *text;
	*text = end;
	return is_number;
}

/**
 * By the text: prlimit(2) refuses to tell a debugger without CAP_SYS_RESOURCE of a
 * process that has changed its ids. A line has a name in 25 columns, and is in the
 * order of the resources (fs/proc/base.c, proc_pid_limits).
 */
static snap_err read_limits(struct snap_tracee *tracee,
			    struct snap_process_state *state)
{
	_cleanup_buffer_ struct snap_buffer text = { 0 };
	SNAP_TRY(snap_proc_read_file(tracee, "limits", &text));
	const char *line = strchr((const char *)text.data, '\n');
	for (unsigned i = 0; i < SNAP_NR_LIMITS && line; i++) {
		struct snap_limit limit;
		if (strnlen(++line, 26) < 26)
			break;
		const char *at = line + 25;
		if (!take_limit(&at, &limit.soft) || !take_limit(&at, &limit.hard))
			break;
		state->limits[i] = limit;
		state->nr_limits = i + 1;
		line = strchr(at, '\n');
	}
	return SNAP_OK;
}

/** What we may do. */
static snap_err read_debugger(struct snap_tracee *tracee,
			      struct snap_process_state *state)
{
	SNAP_TRY(snap_tracee_enter(tracee, "read what the debugger may do"));
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct words[_LINUX_CAPABILITY_U32S_3] = { 0 };
	if (syscall(SYS_capget, &header, words) < 0)
		return snap_error_os(errno, "cannot read what the debugger may do");
	state->debugger_capabilities =
		(uint64_t)words[1].effective << 32 | words[0].effective;
	struct stat ours, theirs;
	state->is_foreign_user_ns = !stat("/proc/self/ns/user", &ours) &&
				    !fstatat(tracee->proc_fd, "ns/user", &theirs, 0) &&
				    ours.st_ino != theirs.st_ino;
	return SNAP_OK;
}

snap_err snap_tracee_read_process_state(struct snap_tracee *tracee, const char *text,
					struct snap_process_state *state)
{
	static const struct status_row rows[] = {
		{ "Umask", SNAP_ATTRIBUTE_UMASK, 1, 8 },
	};
	take_rows(text, rows, SNAP_ARRAY_SIZE(rows), &state->attributes);
	SNAP_TRY(read_folders(tracee, state));
	SNAP_TRY(read_number(tracee, "oom_score_adj", 10, &state->attributes,
			     SNAP_ATTRIBUTE_OOM_SCORE_ADJ));
	SNAP_TRY(read_number(tracee, "coredump_filter", 16, &state->attributes,
			     SNAP_ATTRIBUTE_COREDUMP_FILTER));
	SNAP_TRY(read_limits(tracee, state));
	SNAP_TRY(snap_proc_read_landmarks(tracee, state->landmarks));
	return read_debugger(tracee, state);
}

/** struct sched_attr in its first form (include/uapi/linux/sched/types.h). */
struct sched {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime;
	uint64_t deadline;
	uint64_t period;
};

static snap_err read_scheduling(struct snap_tracee *tracee, pid_t tid,
				struct snap_attribute_values *values)
{
	SNAP_TRY(snap_tracee_enter(tracee, "read the scheduling of thread %d",
				   (int)tid));
	// Valgrind 3.19 takes the call for sched_setattr(2) and reads the size.
	struct sched sched = { .size = sizeof(sched) };
	if (!syscall(SYS_sched_getattr, tid, &sched, sizeof(sched), 0)) {
		snap_attribute_set(values, SNAP_ATTRIBUTE_POLICY, sched.policy);
		snap_attribute_set(values, SNAP_ATTRIBUTE_SCHED_FLAGS, sched.flags);
		snap_attribute_set(values, SNAP_ATTRIBUTE_NICE, (uint64_t)sched.nice);
		snap_attribute_set(values, SNAP_ATTRIBUTE_PRIORITY, sched.priority);
		snap_attribute_set(values, SNAP_ATTRIBUTE_RUNTIME, sched.runtime);
		snap_attribute_set(values, SNAP_ATTRIBUTE_DEADLINE, sched.deadline);
		snap_attribute_set(values, SNAP_ATTRIBUTE_PERIOD, sched.period);
	}
	long priority = syscall(SYS_ioprio_get, 1 /* IOPRIO_WHO_PROCESS */, tid);
	if (priority >= 0)
		snap_attribute_set(values, SNAP_ATTRIBUTE_IO_PRIORITY,
				   (uint64_t)priority);
	return SNAP_OK;
}

/** The inode of a namespace, by a link such as "mnt:[4026531840]"; false: none. */
static bool read_namespace(int folder, const char *name, uint64_t *ret)
{
	char link[64];
	ssize_t size = readlinkat(folder, name, link, sizeof(link) - 1);
	link[size < 0 ? 0 : size] = '\0';
	const char *number = strchr(link, '[');
	if (number)
		*ret = strtoull(number + 1, NULL, 10);
	return number;
}

/**
 * By the links in /proc/PID/task/TID/ns: to follow them, and from the top, takes three
 * times as long.
 */
static snap_err read_namespaces(struct snap_tracee *tracee, pid_t tid,
				struct snap_attribute_values *values)
{
	static const char *const names[] = {
		"cgroup", "ipc", "mnt", "net", "pid_for_children", "time_for_children",
		"user",   "uts",
	};
	SNAP_TRY(snap_tracee_enter(tracee, "read the namespaces of thread %d",
				   (int)tid));
	char path[64];
	snprintf(path, sizeof(path), "task/%d/ns", (int)tid);
	_cleanup_close_ int folder =
		openat(tracee->proc_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(names); i++) {
		uint64_t inode;
		if (folder >= 0 && read_namespace(folder, names[i], &inode))
			snap_attribute_set(values, SNAP_ATTRIBUTE_NS_CGROUP + i, inode);
	}
	return SNAP_OK;
}

snap_err snap_tracee_read_thread_state(struct snap_tracee *tracee, pid_t tid,
				       const char *text,
				       struct snap_thread_state *state)
{
	static const struct status_row rows[] = {
		{ "Uid", SNAP_ATTRIBUTE_RUID, 4, 10 },
		{ "Gid", SNAP_ATTRIBUTE_RGID, 4, 10 },
		{ "CapInh", SNAP_ATTRIBUTE_CAP_INHERITABLE, 1, 16 },
		{ "CapPrm", SNAP_ATTRIBUTE_CAP_PERMITTED, 1, 16 },
		{ "CapEff", SNAP_ATTRIBUTE_CAP_EFFECTIVE, 1, 16 },
		{ "CapBnd", SNAP_ATTRIBUTE_CAP_BOUNDING, 1, 16 },
		{ "CapAmb", SNAP_ATTRIBUTE_CAP_AMBIENT, 1, 16 },
		{ "NoNewPrivs", SNAP_ATTRIBUTE_NO_NEW_PRIVS, 1, 10 },
		{ "Seccomp", SNAP_ATTRIBUTE_SECCOMP, 1, 10 },
		{ "Seccomp_filters", SNAP_ATTRIBUTE_SECCOMP_FILTERS, 1, 10 },
	};
	char path[64];
	take_rows(text, rows, SNAP_ARRAY_SIZE(rows), &state->attributes);
	const char *groups = find_line(text, "Groups");
	const char *cpus = find_line(text, "Cpus_allowed_list");
	if (groups)
		SNAP_TRY(copy_line(groups, &state->groups));
	if (cpus)
		SNAP_TRY(copy_line(cpus, &state->cpus));
	snprintf(path, sizeof(path), "task/%d/personality", (int)tid);
	SNAP_TRY(read_number(tracee, path, 16, &state->attributes,
			     SNAP_ATTRIBUTE_PERSONALITY));
	SNAP_TRY(read_scheduling(tracee, tid, &state->attributes));
	return read_namespaces(tracee, tid, &state->attributes);
}
