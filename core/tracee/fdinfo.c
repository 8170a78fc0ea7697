// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/fdinfo.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/tracee/open_flags.h"

/*
 * Forms of the lines: Documentation/filesystems/proc.rst, 3.8; of those with a '%' in
 * their source: fs/eventpoll.c, fs/notify/fdinfo.c, fs/timerfd.c, fs/locks.c.
 */

#define SECOND UINT64_C(1000000000)

static snap_err parse_head(const char *line, struct snap_open_file *file)
{
	uint32_t flags;
	sscanf(line, "pos: %" SCNu64, &file->pos);
	if (sscanf(line, "flags: %" SCNo32, &flags) == 1)
		file->flags = snap_open_flags_of_kernel(flags);
	return SNAP_OK;
}

static snap_err parse_eventfd(const char *line, struct snap_open_file *file)
{
	// The line about semaphores comes last, and is new in Linux 6.5.
	if (sscanf(line, "eventfd-count: %" SCNx64, &file->count) == 1)
		file->settings = SNAP_EVENTFD_UNTOLD;
	sscanf(line, "eventfd-id: %" SCNu64, &file->id);
	sscanf(line, "eventfd-semaphore: %" SCNu32, &file->settings);
	return SNAP_OK;
}

static void parse_time(const char *line, const char *format, uint64_t *ret)
{
	uint64_t seconds, nanoseconds;
	if (sscanf(line, format, &seconds, &nanoseconds) == 2)
		*ret = seconds * SECOND + nanoseconds;
}

static snap_err parse_timerfd(const char *line, struct snap_open_file *file)
{
	sscanf(line, "clockid: %" SCNu64, &file->id);
	sscanf(line, "ticks: %" SCNu64, &file->count);
	sscanf(line, "settime flags: %" SCNo32, &file->settings);
	parse_time(line, "it_value: (%" SCNu64 ", %" SCNu64 ")", &file->remaining);
	parse_time(line, "it_interval: (%" SCNu64 ", %" SCNu64 ")", &file->interval);
	return SNAP_OK;
}

static snap_err parse_signalfd(const char *line, struct snap_open_file *file)
{
	sscanf(line, "sigmask: %" SCNx64, &file->mask);
	return SNAP_OK;
}

/** Add a watch with a handle, which is copied. */
static snap_err add_watch(struct snap_open_file *file, const struct snap_watch *watch,
			  const char *handle)
{
	struct snap_watch added = *watch;
	added.handle = strdup(handle);
	if (!added.handle)
		return &snap_enomem;
	snap_err error = snap_open_file_add_watch(file, &added);
	if (error)
		snap_watch_deinit(&added);
	return error;
}

static snap_err parse_epoll(const char *line, struct snap_open_file *file)
{
	struct snap_watch watch = { 0 };
	// Before Linux 4.13 the line ended behind the data.
	int found = sscanf(line,
			   "tfd: %" SCNd32 " events: %" SCNx32 " data: %" SCNx64
			   " pos:%*d ino:%" SCNx64 " sdev:%" SCNx64,
			   &watch.number, &watch.events, &watch.data, &watch.inode,
			   &watch.device);
	return found < 3 ? SNAP_OK : add_watch(file, &watch, "");
}

/** The longest handle that there is, MAX_HANDLE_SZ, in digits. */
#define HANDLE_DIGITS 256

static snap_err parse_inotify(const char *line, struct snap_open_file *file)
{
	struct snap_watch watch = { 0 };
	char handle[HANDLE_DIGITS + 16] = "", digits[HANDLE_DIGITS + 1];
	uint32_t type;
	if (sscanf(line,
		   "inotify wd:%" SCNd32 " ino:%" SCNx64 " sdev:%" SCNx64
		   " mask:%" SCNx32,
		   &watch.number, &watch.inode, &watch.device, &watch.events) != 4)
		return SNAP_OK;
	const char *rest = strstr(line, "fhandle-type:");
	if (rest && sscanf(rest, "fhandle-type:%" SCNx32 " f_handle:%256[0-9a-f]",
			   &type, digits) == 2)
		snprintf(handle, sizeof(handle), "%" PRIu32 ":%s", type, digits);
	return add_watch(file, &watch, handle);
}

static snap_err parse_lock(const char *line, struct snap_open_file *file)
{
	static const char *const kinds[] = {
		[SNAP_LOCK_FLOCK] = "FLOCK",
		[SNAP_LOCK_OFD] = "OFDLCK",
		[SNAP_LOCK_POSIX] = "POSIX",
	};

	char kind[16], access[16], end[32];
	uint64_t start;
	if (sscanf(line, "lock: %*d: %15s %*s %15s %*d %*s %" SCNu64 " %31s", kind,
		   access, &start, end) != 4)
		return SNAP_OK;
	struct snap_file_lock lock = {
		.kind = SNAP_LOCK_LEASE,
		.is_write = !strcmp(access, "WRITE"),
		.start = start,
		.end = strcmp(end, "EOF") ? strtoull(end, NULL, 10) : UINT64_MAX,
	};
	for (uint32_t i = 0; i < SNAP_ARRAY_SIZE(kinds); i++)
		if (!strcmp(kind, kinds[i]))
			lock.kind = i;
	return snap_open_file_add_lock(file, &lock);
}

static snap_err parse_line(const char *line, struct snap_open_file *file)
{
	static snap_err (*const parsers[SNAP_NR_FILE_KINDS])(const char *line,
							     struct snap_open_file
								     *file) = {
		[SNAP_FILE_EVENTFD] = parse_eventfd,
		[SNAP_FILE_TIMERFD] = parse_timerfd,
		[SNAP_FILE_SIGNALFD] = parse_signalfd,
		[SNAP_FILE_EPOLL] = parse_epoll,
		[SNAP_FILE_INOTIFY] = parse_inotify,
	};
	SNAP_TRY(parse_head(line, file));
	if (parsers[file->kind])
		SNAP_TRY(parsers[file->kind](line, file));
	return parse_lock(line, file);
}

static int compare_watches(const void *a, const void *b)
{
	const struct snap_watch *left = a, *right = b;
	if (left->number != right->number)
		return left->number < right->number ? -1 : 1;
	return (left->inode > right->inode) - (left->inode < right->inode);
}

snap_err snap_fdinfo_parse(const char *text, struct snap_open_file *file)
{
	while (*text) {
		SNAP_TRY(parse_line(text, file));
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	if (file->nr_watches)
		qsort(file->watches, file->nr_watches, sizeof(*file->watches),
		      compare_watches);
	return SNAP_OK;
}

enum snap_file_kind snap_fdinfo_kind(const char *link, uint32_t mode)
{
	static const struct {
		const char *link;
		enum snap_file_kind kind;
	} anonymous[] = {
		{ "anon_inode:[eventfd]", SNAP_FILE_EVENTFD },
		{ "anon_inode:[timerfd]", SNAP_FILE_TIMERFD },
		{ "anon_inode:[signalfd]", SNAP_FILE_SIGNALFD },
		{ "anon_inode:[eventpoll]", SNAP_FILE_EPOLL },
		{ "anon_inode:inotify", SNAP_FILE_INOTIFY },
	};

	// The mode of an anonymous inode says nothing: it is of all kinds of them.
	if (!strncmp(link, "anon_inode:", strlen("anon_inode:"))) {
		for (size_t i = 0; i < SNAP_ARRAY_SIZE(anonymous); i++)
			if (!strcmp(link, anonymous[i].link))
				return anonymous[i].kind;
		return SNAP_FILE_OTHER;
	}
	switch (mode & S_IFMT) {
	case S_IFREG:
		return SNAP_FILE_REGULAR;
	case S_IFDIR:
		return SNAP_FILE_DIRECTORY;
	case S_IFCHR:
	case S_IFBLK:
		return SNAP_FILE_DEVICE;
	case S_IFIFO:
		return SNAP_FILE_PIPE;
	case S_IFSOCK:
		return SNAP_FILE_SOCKET;
	default:
		return SNAP_FILE_OTHER;
	}
}
