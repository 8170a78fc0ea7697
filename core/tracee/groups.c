// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/groups.h"

#include <stdio.h>
#include <string.h>

#include "core/tracee/proc.h"

/** A line "4:memory:/path", or "0::/path", if it is of this controller. */
static bool is_line_of(const char *line, const char *controller,
		       char path[SNAP_GROUP_PATH])
{
	char names[256] = "";
	if (sscanf(line, "%*d::%4095[^\n]", path) == 1)
		return !*controller;
	return sscanf(line, "%*d:%255[^:]:%4095[^\n]", names, path) == 2 &&
	       !strcmp(names, controller);
}

bool snap_group_find(const char *text, const char *controller,
		     char path[SNAP_GROUP_PATH])
{
	while (text && *text) {
		if (is_line_of(text, controller, path))
			return true;
		const char *end = strchr(text, '\n');
		text = end ? end + 1 : NULL;
	}
	return false;
}

static const struct freezer {
	/** As for snap_group_find(). */
	const char *controller;
	const char *folder;
	const char *file;
	/** What the file has in it when a group, or one above it, is frozen. */
	const char *word;
} freezers[] = {
	{ "", "/sys/fs/cgroup", "cgroup.events", "frozen 1" },
	{ "", "/sys/fs/cgroup/unified", "cgroup.events", "frozen 1" },
	// FROZEN, or FREEZING
	{ "freezer", "/sys/fs/cgroup/freezer", "freezer.state", "FR" },
};

static bool is_frozen(const struct freezer *freezer, const char *path)
{
	char folder[SNAP_GROUP_PATH + 64], text[256];
	snprintf(folder, sizeof(folder), "%s%s", freezer->folder, path);
	snap_proc_read_small(folder, freezer->file, text, sizeof(text));
	return strstr(text, freezer->word);
}

snap_err snap_tracee_check_thawed(struct snap_tracee *tracee)
{
	if (tracee->is_thawed)
		return SNAP_OK;
	_cleanup_buffer_ struct snap_buffer groups = { 0 };
	SNAP_TRY(snap_proc_read_file(tracee, "cgroup", &groups));
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(freezers); i++) {
		char path[SNAP_GROUP_PATH];
		if (snap_group_find((const char *)groups.data, freezers[i].controller,
				    path) &&
		    is_frozen(&freezers[i], path))
			return snap_error_with_remedy(
				snap_error_create(SNAP_ERROR_REFUSED,
						  "the process is frozen, by its "
						  "control group %s",
						  path),
				"thaw it (\"docker unpause\", \"systemctl thaw\"), and try "
				"again");
	}
	tracee->is_thawed = true;
	return SNAP_OK;
}
