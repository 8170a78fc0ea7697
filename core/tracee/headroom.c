// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/headroom.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/tracee/groups.h"
#include "core/tracee/proc.h"

/** Processes that others may start meanwhile. */
#define SPARE_PROCESSES 64

/** A control group's limits. */
struct controller {
	/** As for snap_group_find(). */
	const char *name;
	/** Where such hierarchies are mounted by convention. */
	const char *folder;
	const char *limit;
	const char *usage;
	bool is_memory;
};

static const struct controller controllers[] = {
	{ "", "/sys/fs/cgroup", "memory.max", "memory.current", true },
	{ "", "/sys/fs/cgroup", "pids.max", "pids.current", false },
	{ "memory", "/sys/fs/cgroup/memory", "memory.limit_in_bytes",
	  "memory.usage_in_bytes", true },
	{ "pids", "/sys/fs/cgroup/pids", "pids.max", "pids.current", false },
};

/** The number behind a name in a text of lines, or the first one; `otherwise`: none. */
static uint64_t number_in(const char *text, const char *name, uint64_t otherwise)
{
	uint64_t number;
	const char *at = strstr(text, name);
	return at && sscanf(at + strlen(name), "%" SCNu64, &number) == 1 ? number
									 : otherwise;
}

static uint64_t read_number(const char *folder, const char *name, uint64_t otherwise)
{
	char text[64];
	snap_proc_read_small(folder, name, text, sizeof(text));
	return number_in(text, "", otherwise);
}

/** What of a memory group's usage the kernel would give up: pages of files. */
static uint64_t reclaimable(const char *folder)
{
	char text[8192];
	snap_proc_read_small(folder, "memory.stat", text, sizeof(text));
	return number_in(text, "\ninactive_file ", 0) +
	       number_in(text, "\nactive_file ", 0);
}

/** Whether one group has room; a limit of "max" is no number, and none. */
static bool group_has_room(const struct controller *controller, const char *folder,
			   uint64_t needed)
{
	uint64_t limit = read_number(folder, controller->limit, UINT64_MAX);
	if (limit == UINT64_MAX)
		return true;
	uint64_t used = read_number(folder, controller->usage, 0);
	if (controller->is_memory) {
		uint64_t spare = reclaimable(folder);
		used = used > spare ? used - spare : 0;
	}
	return limit > used && limit - used >= needed;
}

/** Whether a group and all above it have room. @param path Is shortened. */
static bool groups_have_room(const struct controller *controller, char *path,
			     uint64_t needed)
{
	for (;;) {
		char folder[4160];
		if (snprintf(folder, sizeof(folder), "%s%s", controller->folder,
			     path) >= (int)sizeof(folder))
			return false;
		if (!group_has_room(controller, folder, needed))
			return false;
		char *slash = strrchr(path, '/');
		if (!slash)
			return true;
		*slash = 0;
	}
}

static const char *find_full_group(const char *groups, uint64_t bytes)
{
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(controllers); i++) {
		char path[SNAP_GROUP_PATH];
		bool is_memory = controllers[i].is_memory;
		if (!snap_group_find(groups, controllers[i].name, path) ||
		    groups_have_room(&controllers[i], path,
				     is_memory ? bytes : SPARE_PROCESSES))
			continue;
		return is_memory
			       ? "the memory limit of its control group leaves no room"
			       : "the process limit of its control group leaves no "
				 "room";
	}
	return NULL;
}

/** All threads of the machine are at least as many as those of one user. */
static bool user_has_room(uint64_t max_processes)
{
	uint64_t nr = 0;
	char text[128];
	snap_proc_read_small("/proc", "loadavg", text, sizeof(text));
	return sscanf(text, "%*s %*s %*s %*d/%" SCNu64, &nr) == 1 &&
	       max_processes > nr && max_processes - nr >= SPARE_PROCESSES;
}

static const char *find_full_machine(uint64_t bytes)
{
	char text[4096];
	if (read_number("/proc/sys/vm", "overcommit_memory", 0) == 2)
		return "the machine counts all memory that may be used "
		       "(vm.overcommit_memory)";
	snap_proc_read_small("/proc", "meminfo", text, sizeof(text));
	// Once for what is saved, and once for what the process may write meanwhile.
	if (number_in(text, "MemAvailable:", 0) < bytes / 1024 * 2)
		return "the machine has too little memory left";
	return NULL;
}

snap_err snap_tracee_find_headroom(struct snap_tracee *tracee, uint64_t bytes,
				   uint64_t max_processes, const char **ret_why)
{
	_cleanup_buffer_ struct snap_buffer groups = { 0 };
	SNAP_TRY(snap_proc_read_file(tracee, "cgroup", &groups));
	*ret_why = find_full_machine(bytes);
	if (!*ret_why && max_processes != UINT64_MAX && !user_has_room(max_processes))
		*ret_why = "the limit on processes of its user leaves no room";
	if (!*ret_why)
		*ret_why = find_full_group((const char *)groups.data, bytes);
	return SNAP_OK;
}
