/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_MODEL_FILES_H
#define SNAP_MODEL_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

/**
 * @file
 * What a process has open: a table of descriptors, and the open files that they refer
 * to (what POSIX calls open file descriptions). Several descriptors may share one.
 */

/** The numbers are part of the image format. */
enum snap_file_kind {
	SNAP_FILE_OTHER = 0, /**< nothing that can be made again or changed back */
	SNAP_FILE_REGULAR = 1,
	SNAP_FILE_DIRECTORY = 2,
	SNAP_FILE_DEVICE = 3,
	SNAP_FILE_PIPE = 4, /**< with a name (a FIFO) or without */
	SNAP_FILE_SOCKET = 5,
	SNAP_FILE_EVENTFD = 6,
	SNAP_FILE_TIMERFD = 7,
	SNAP_FILE_SIGNALFD = 8,
	SNAP_FILE_EPOLL = 9,
	SNAP_FILE_INOTIFY = 10,
	SNAP_NR_FILE_KINDS,
};

/**
 * Flags of open(2) that CPUs number differently, as most of them do
 * (include/uapi/asm-generic/fcntl.h): in models and images they are the same for all.
 */
enum {
	SNAP_OPEN_DIRECT = 1 << 14,
	SNAP_OPEN_LARGEFILE = 1 << 15,
	SNAP_OPEN_DIRECTORY = 1 << 16,
	SNAP_OPEN_NOFOLLOW = 1 << 17,
	SNAP_OPEN_RENUMBERED = SNAP_OPEN_DIRECT | SNAP_OPEN_LARGEFILE |
			       SNAP_OPEN_DIRECTORY | SNAP_OPEN_NOFOLLOW,
};

/** What an open file is asked to watch: an element of an epoll set, or of inotify. */
struct snap_watch {
	/** The descriptor (epoll), or the watch descriptor. */
	int32_t number;
	/** EPOLL…, or IN_…. */
	uint32_t events;
	/** epoll_data_t. */
	uint64_t data;
	/** Of the watched file, as the kernel writes them into fdinfo. */
	uint64_t inode;
	uint64_t device;
	/** inotify: the handle of the file, "type:hexadecimal digits". Owned; "". */
	char *handle;
};

enum snap_lock_kind {
	SNAP_LOCK_FLOCK = 0, /**< flock(2) */
	SNAP_LOCK_OFD = 1,   /**< F_OFD_SETLK */
	SNAP_LOCK_POSIX = 2, /**< F_SETLK: belongs to the process */
	SNAP_LOCK_LEASE = 3, /**< F_SETLEASE and what else there is */
};

struct snap_file_lock {
	uint32_t kind;
	uint32_t is_write;
	/** The range; end UINT64_MAX: whatever the file's size is. Inclusive. */
	uint64_t start;
	uint64_t end;
};

/** The kernel does not tell whether an eventfd is a semaphore. */
#define SNAP_EVENTFD_UNTOLD 2u

/** An open file: what descriptors that were duplicated share. */
struct snap_open_file {
	uint32_t kind;
	/** Of stat(2): st_mode. */
	uint32_t mode;
	/** Of open(2), without O_CLOEXEC; some of them are SNAP_OPEN_…. */
	uint32_t flags;
	uint64_t pos;
	uint64_t device;
	uint64_t inode;
	uint64_t rdev;
	/** When the inode was made, nanoseconds; 0: not known. Tells a reused number.
	 */
	uint64_t birth;
	/** As the process sees it, or "pipe:[123]". Owned; "" where it is too long. */
	char *path;

	/** Our own standard input or output, too. Not part of images. */
	bool is_ours;

	/** fcntl(2), F_GETOWN_EX and F_GETSIG; has_owner 0: not asked. */
	uint32_t has_owner;
	int32_t owner_type;
	int32_t owner;
	int32_t owner_signal;

	/** eventfd: the counter. timerfd: expirations that were not read. */
	uint64_t count;
	/** eventfd: its number in this boot. timerfd: the clock. */
	uint64_t id;
	/** signalfd: bit N-1 for signal N. */
	uint64_t mask;
	/** eventfd: 1 for a semaphore, or SNAP_EVENTFD_UNTOLD. timerfd: flags of
	 * timerfd_settime(2). */
	uint32_t settings;
	/** timerfd: nanoseconds until it expires, 0: disarmed; and then every so many.
	 */
	uint64_t remaining;
	uint64_t interval;

	/** epoll, inotify: sorted by number. Owned. */
	struct snap_watch *watches;
	size_t nr_watches;
	/** Locks that were taken through it. Owned. */
	struct snap_file_lock *locks;
	size_t nr_locks;

	/** pipe: its capacity; 0: not known. */
	uint32_t capacity;
	/** pipe: what is in it was captured (both ends were in the process). */
	uint32_t has_contents;
	/** pipe: what is in it, and how many bytes each packet has. Owned. */
	uint8_t *contents;
	size_t contents_size;
	uint32_t *packets;
	size_t nr_packets;
};

/** A descriptor. */
struct snap_fd {
	int32_t number;
	/** Index in the list of open files. */
	uint32_t file;
	/** FD_CLOEXEC. */
	uint32_t is_cloexec;
};

struct snap_fd_table {
	/** Not captured: nothing is known, and nothing is put back. */
	bool is_captured;
	struct snap_open_file *list;
	size_t nr;
	/** Sorted by number. */
	struct snap_fd *fds;
	size_t nr_fds;
};

void snap_watch_deinit(struct snap_watch *watch);
void snap_open_file_deinit(struct snap_open_file *file);
#define _cleanup_open_file_ _cleanup_(snap_open_file_deinit)
void snap_fd_table_deinit(struct snap_fd_table *table);

/** Append an open file, which is taken over; on an error it is not. */
_must_check_ snap_err snap_fd_table_append(struct snap_fd_table *table,
					   const struct snap_open_file *file);

/** Append a descriptor. */
_must_check_ snap_err snap_fd_table_append_fd(struct snap_fd_table *table,
					      const struct snap_fd *fd);

/** Append a watch, which is taken over; on an error it is not. */
_must_check_ snap_err snap_open_file_add_watch(struct snap_open_file *file,
					       const struct snap_watch *watch);

_must_check_ snap_err snap_open_file_add_lock(struct snap_open_file *file,
					      const struct snap_file_lock *lock);

/** Append what was written to a pipe at once. */
_must_check_ snap_err snap_open_file_add_packet(struct snap_open_file *file,
						const void *data, uint32_t size);

/** The descriptor of a number, or NULL. */
const struct snap_fd *snap_fd_table_find(const struct snap_fd_table *table, int number);

/** The open file of a descriptor's number, or NULL. */
const struct snap_open_file *snap_fd_table_at(const struct snap_fd_table *table,
					      int number);

/** The lowest descriptor of an open file, or -1. */
int snap_fd_table_first(const struct snap_fd_table *table, size_t file);

/** It was opened for reading, for writing; not a mere path (O_PATH). */
bool snap_open_file_reads(const struct snap_open_file *file);
bool snap_open_file_writes(const struct snap_open_file *file);

/**
 * Whether one can become the other by what can be set of an open file: the same file,
 * opened in the same way.
 */
bool snap_open_file_is_same(const struct snap_open_file *a,
			    const struct snap_open_file *b);

/** Whether both ends of a pipe are among the files. */
bool snap_fd_table_has_both_ends(const struct snap_fd_table *table,
				 const struct snap_open_file *pipe);

/** A pipe without a name: nobody can wait for its other end to be opened. */
bool snap_open_file_is_anonymous(const struct snap_open_file *file);

/** A word for a person: "file", "epoll". */
const char *snap_file_kind_name(uint32_t kind);

#endif
