// SPDX-License-Identifier: GPL-3.0-or-later
#include "gdbext/digest.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/tracee/proc.h"

/** Add a file; where the kernel has none, nothing. */
static snap_err add_file(struct snap_tracee *tracee, const char *path,
			 struct snap_buffer *ret)
{
	_cleanup_buffer_ struct snap_buffer text = { 0 };
	_cleanup_error_ snap_err missing = snap_proc_read_file(tracee, path, &text);
	return missing ? SNAP_OK : snap_buffer_append(ret, text.data, text.size);
}

static snap_err add_link(struct snap_tracee *tracee, const char *path,
			 struct snap_buffer *ret)
{
	char target[PATH_MAX];
	ssize_t size = readlinkat(tracee->proc_fd, path, target, sizeof(target));
	return size < 0 ? SNAP_OK : snap_buffer_append(ret, target, (size_t)size);
}

/** The lines of a status file that begin with one of the words. */
static snap_err add_lines(struct snap_tracee *tracee, const char *path,
			  const char *const *words, size_t nr, struct snap_buffer *ret)
{
	_cleanup_buffer_ struct snap_buffer text = { 0 };
	SNAP_TRY(snap_proc_read_file(tracee, path, &text));
	for (size_t i = 0; i < nr; i++) {
		const char *line = strstr((const char *)text.data, words[i]);
		if (line)
			SNAP_TRY(snap_buffer_append(ret, line, strcspn(line, "\n")));
	}
	return SNAP_OK;
}

snap_err snap_digest_process(struct snap_tracee *tracee, struct snap_buffer *ret)
{
	static const char *const words[] = { "Umask:", "THP_enabled:" };
	static const char *const files[] = { "limits", "oom_score_adj",
					     "coredump_filter" };
	SNAP_TRY(add_lines(tracee, "status", words, SNAP_ARRAY_SIZE(words), ret));
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(files); i++)
		SNAP_TRY(add_file(tracee, files[i], ret));
	SNAP_TRY(add_link(tracee, "cwd", ret));
	return add_link(tracee, "root", ret);
}

/** Fields 18 and 19, 40 and 41 of stat: priority, nice, rt_priority, policy. */
static snap_err add_priorities(struct snap_tracee *tracee, pid_t tid,
			       struct snap_buffer *ret)
{
	char path[64];
	snprintf(path, sizeof(path), "task/%d/stat", (int)tid);
	_cleanup_buffer_ struct snap_buffer text = { 0 };
	SNAP_TRY(snap_proc_read_file(tracee, path, &text));
	const char *field = strrchr((const char *)text.data, ')');
	for (int number = 2; field && number <= 41; number++) {
		if (number == 18 || number == 19 || number >= 40)
			SNAP_TRY(snap_buffer_append(ret, field,
						    strcspn(field + 1, " ") + 1));
		field = strchr(field + 1, ' ');
	}
	return SNAP_OK;
}

snap_err snap_digest_thread(struct snap_tracee *tracee, pid_t tid,
			    struct snap_buffer *ret)
{
	static const char *const words[] = {
		"Uid:",
		"Gid:",
		"Groups:",
		"CapInh:",
		"CapPrm:",
		"CapEff:",
		"CapBnd:",
		"CapAmb:",
		"Seccomp:",
		"NoNewPrivs:",
		"Speculation_Store_Bypass:",
		"SpeculationIndirectBranch:",
		"Cpus_allowed_list:",
	};
	static const char *const files[] = { "comm", "personality" };
	char path[64];
	snprintf(path, sizeof(path), "task/%d/status", (int)tid);
	SNAP_TRY(add_lines(tracee, path, words, SNAP_ARRAY_SIZE(words), ret));
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "task/%d/%s", (int)tid, files[i]);
		SNAP_TRY(add_file(tracee, path, ret));
	}
	return add_priorities(tracee, tid, ret);
}
