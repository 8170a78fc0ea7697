// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/capture/files.h"

#include <fcntl.h>
#include <string.h>

#include "core/tracee/fds.h"
#include "core/tracee/memory.h"
#include "core/tracee/pipes.h"

/** A descriptor, and what it refers to: until it is known who shares what. */
struct entry {
	struct snap_fd fd;
	struct snap_open_file file;
};

struct entries {
	struct snap_tracee *tracee;
	struct entry *list;
	size_t nr;
	/** Why the kernel could not compare two. */
	snap_err error;
};

static void deinit_entries(struct entries *entries)
{
	for (size_t i = 0; i < entries->nr; i++)
		snap_open_file_deinit(&entries->list[i].file);
	free(entries->list);
	snap_error_destroy(entries->error);
}

static snap_err read_entries(struct snap_tracee *tracee, struct entries *ret)
{
	_cleanup_buffer_ struct snap_buffer numbers = { 0 };
	SNAP_TRY(snap_tracee_list_fds(tracee, &numbers));
	size_t nr = numbers.size / sizeof(int);
	ret->list = calloc(nr ? nr : 1, sizeof(*ret->list));
	if (!ret->list)
		return &snap_enomem;
	for (size_t i = 0; i < nr; i++) {
		struct entry *entry = &ret->list[i];
		bool is_cloexec;
		entry->fd.number = ((const int *)numbers.data)[i];
		SNAP_TRY(snap_tracee_read_fd(tracee, entry->fd.number, &entry->file,
					     &is_cloexec));
		entry->fd.is_cloexec = is_cloexec;
		ret->nr = i + 1;
	}
	return SNAP_OK;
}

#define ORDER(a, b)                                \
	do {                                       \
		if ((a) != (b))                    \
			return (a) < (b) ? -1 : 1; \
	} while (0)

/**
 * What shares an open file is equal in all of this; only where it is, the kernel has
 * to be asked, and its order makes that n log n questions.
 */
static int compare_entries(const void *a, const void *b, void *context)
{
	const struct entry *left = a, *right = b;
	struct entries *entries = context;
	ORDER(left->file.kind, right->file.kind);
	ORDER(left->file.device, right->file.device);
	ORDER(left->file.inode, right->file.inode);
	ORDER(left->file.flags, right->file.flags);
	ORDER(left->file.pos, right->file.pos);
	ORDER(left->file.id, right->file.id);
	int order = 0;
	if (left->fd.number != right->fd.number && !entries->error)
		entries->error =
			snap_tracee_compare_fds(entries->tracee, left->fd.number,
						right->fd.number, &order);
	if (!order)
		ORDER(left->fd.number, right->fd.number);
	return order;
}

static bool is_shared(struct entries *entries, size_t a, size_t b)
{
	struct entry left = entries->list[a], right = entries->list[b];
	int order = 1;
	if (left.file.kind != right.file.kind ||
	    left.file.device != right.file.device ||
	    left.file.inode != right.file.inode ||
	    left.file.flags != right.file.flags || left.file.pos != right.file.pos ||
	    left.file.id != right.file.id || entries->error)
		return false;
	entries->error = snap_tracee_compare_fds(entries->tracee, left.fd.number,
						 right.fd.number, &order);
	return !order;
}

/** Number the open files: `fd.file` of each entry becomes its open file's place. */
static snap_err find_sharing(struct entries *entries)
{
	qsort_r(entries->list, entries->nr, sizeof(*entries->list), compare_entries,
		entries);
	uint32_t nr = 0;
	for (size_t i = 0; i < entries->nr; i++) {
		if (i && !is_shared(entries, i - 1, i))
			nr++;
		entries->list[i].fd.file = nr;
	}
	return snap_take(entries->error);
}

static int compare_fd_numbers(const void *a, const void *b)
{
	const struct entry *left = a, *right = b;
	return (left->fd.number > right->fd.number) -
	       (left->fd.number < right->fd.number);
}

/** Give the entries to the table, in the order of descriptors. */
static snap_err make_table(struct entries *entries, struct snap_fd_table *ret)
{
	qsort(entries->list, entries->nr, sizeof(*entries->list), compare_fd_numbers);
	_cleanup_free_ uint32_t *places = malloc((entries->nr + 1) * sizeof(*places));
	if (!places)
		return &snap_enomem;
	memset(places, 0xff, (entries->nr + 1) * sizeof(*places));
	for (size_t i = 0; i < entries->nr; i++) {
		struct entry *entry = &entries->list[i];
		uint32_t *place = &places[entry->fd.file];
		if (*place == UINT32_MAX) {
			SNAP_TRY(snap_tracee_is_our_fd(entries->tracee,
						       entry->fd.number, &entry->file,
						       &entry->file.is_ours));
			*place = (uint32_t)ret->nr;
			SNAP_TRY(snap_fd_table_append(ret, &entry->file));
			entry->file = (struct snap_open_file){ 0 };
		}
		entry->fd.file = *place;
		SNAP_TRY(snap_fd_table_append_fd(ret, &entry->fd));
	}
	return SNAP_OK;
}

/** Whether an open file is the first of its pipe. */
static bool is_first_of_pipe(const struct snap_fd_table *table, size_t index)
{
	const struct snap_open_file *pipe = &table->list[index];
	for (size_t i = 0; i < index; i++)
		if (table->list[i].kind == SNAP_FILE_PIPE &&
		    table->list[i].inode == pipe->inode &&
		    table->list[i].device == pipe->device)
			return false;
	return true;
}

/** What is in a pipe is kept with the first open file of it. */
static snap_err read_pipes(struct snap_tracee *tracee, struct snap_fd_table *table)
{
	for (size_t i = 0; i < table->nr; i++) {
		struct snap_open_file *file = &table->list[i];
		if (file->kind == SNAP_FILE_PIPE && is_first_of_pipe(table, i) &&
		    (snap_open_file_is_anonymous(file) ||
		     snap_fd_table_has_both_ends(table, file)))
			SNAP_TRY(snap_tracee_read_pipe(tracee,
						       snap_fd_table_first(table, i),
						       file));
	}
	return SNAP_OK;
}

static snap_err read_table(struct snap_tracee *tracee, struct snap_fd_table *ret)
{
	_cleanup_(deinit_entries) struct entries entries = { .tracee = tracee };
	SNAP_TRY(read_entries(tracee, &entries));
	SNAP_TRY(find_sharing(&entries));
	SNAP_TRY(make_table(&entries, ret));
	return read_pipes(tracee, ret);
}

snap_err snap_capture_files(struct snap_tracee *tracee, struct snap_snapshot *snapshot)
{
	for (size_t i = 1; i < snapshot->nr_threads; i++) {
		bool is_same;
		SNAP_TRY(snap_tracee_shares_fds(tracee, snapshot->threads[i].tid,
						&is_same));
		if (!is_same)
			return snap_snapshot_omit(
				snapshot,
				"Thread %d has a table of descriptors of its own "
				"(unshare): open files were not captured.",
				(int)snapshot->threads[i].tid);
	}
	snap_err error = read_table(tracee, &snapshot->files);
	snapshot->files.is_captured = !error;
	if (!error || error->kind != SNAP_ERROR_UNSUPPORTED)
		return error;
	_cleanup_error_ snap_err known = error;
	snap_fd_table_deinit(&snapshot->files);
	return snap_snapshot_omit(snapshot, "Open files were not captured: %s.",
				  known->message);
}
