// SPDX-License-Identifier: GPL-3.0-or-later
#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "core/plan/files.h"
#include "core/plan/revival.h"

/**
 * @file
 * What leads out of the process is not there any more for a new one. Standard input and
 * output are those of the new process then, so that a person can use them; anything
 * else is /dev/null. A regular file that is gone is none of these and stays in the
 * table: the plan refuses it.
 */

/** What becomes of a descriptor. */
enum fate {
	/** It is opened or made again. */
	IS_MADE,
	/** It is what the new process has there. */
	IS_LIVE,
	IS_NULL,
};

/** The table on its way. */
struct reviving {
	const struct snap_snapshot *image;
	const struct snap_snapshot *live;
	const struct snap_surroundings *surroundings;
	struct snap_notes *notes;
	struct snap_revived *revived;
	/** For each open file of the image, and of the live process: its new place. */
	uint32_t *of_image;
	uint32_t *of_live;
};

/** Terminals have majors 4, 5 and 136 to 143 (Documentation/admin-guide/devices.txt).
 */
static bool is_terminal(const struct snap_open_file *file)
{
	unsigned major = major(file->rdev);
	return file->kind == SNAP_FILE_DEVICE && (major == 4 || major >= 136) &&
	       major <= 143;
}

/** Whether an open file is standard input or output. */
static bool is_standard(const struct snap_fd_table *table, uint32_t index)
{
	int first = snap_fd_table_first(table, index);
	return first >= 0 && first <= STDERR_FILENO;
}

static bool leads_out(const struct reviving *reviving, uint32_t index)
{
	const struct snap_fd_table *table = &reviving->image->files;
	const struct snap_open_file *file = &table->list[index];
	bool is_there = reviving->surroundings->is_there[index];
	switch (file->kind) {
	case SNAP_FILE_SOCKET:
	case SNAP_FILE_OTHER:
		return true;
	case SNAP_FILE_DEVICE:
		return is_terminal(file) || !is_there;
	case SNAP_FILE_PIPE:
		return !snap_fd_table_has_both_ends(table, file) ||
		       (!snap_open_file_is_anonymous(file) && !is_there);
	case SNAP_FILE_REGULAR:
		return !is_there && is_standard(table, index);
	default:
		return false;
	}
}

static enum fate decide(const struct reviving *reviving, const struct snap_fd *fd)
{
	if (!leads_out(reviving, fd->file))
		return IS_MADE;
	bool has_live = fd->number <= STDERR_FILENO &&
			snap_fd_table_find(&reviving->live->files, fd->number);
	return has_live ? IS_LIVE : IS_NULL;
}

/** Of standard input and output everybody knows; the rest is named. */
static snap_err tell(struct reviving *reviving, const struct snap_fd *fd,
		     enum fate fate)
{
	_cleanup_buffer_ struct snap_buffer name = { 0 };
	if (fate != IS_NULL)
		return SNAP_OK;
	SNAP_TRY(snap_describe_fd(&name, fd->number,
				  &reviving->image->files.list[fd->file]));
	return snap_notes_add(reviving->notes,
			      "There is nothing behind %.*s any more: it is /dev/null.",
			      (int)name.size, (const char *)name.data);
}

static struct snap_open_file make_null(const struct reviving *reviving,
				       const struct snap_open_file *was)
{
	struct snap_open_file null = *reviving->surroundings->null;
	null.flags = was->flags & (uint32_t)(O_ACCMODE | O_NONBLOCK | O_APPEND);
	return null;
}

/** Whose signals a file sends: those of another process are nobody's any more. */
static void revive_owner(const struct reviving *reviving, struct snap_open_file *file)
{
	const struct snap_snapshot *image = reviving->image;
	if (file->owner)
		file->owner = file->owner == -image->pgid
				      ? -reviving->live->pgid
				      : snap_revived_tid(image, reviving->revived,
							 file->owner);
}

/** Add the open file of a descriptor, unless another descriptor has done so. */
static uint32_t place_file(struct reviving *reviving, const struct snap_fd *fd,
			   enum fate fate)
{
	struct snap_fd_table *table = &reviving->revived->snapshot.files;
	const struct snap_open_file *was = &reviving->image->files.list[fd->file];
	uint32_t *place = &reviving->of_image[fd->file];
	struct snap_open_file file = *was;
	if (fate == IS_LIVE) {
		uint32_t live =
			snap_fd_table_find(&reviving->live->files, fd->number)->file;
		place = &reviving->of_live[live];
		file = reviving->live->files.list[live];
	} else if (fate == IS_NULL) {
		file = make_null(reviving, was);
	} else {
		revive_owner(reviving, &file);
	}
	if (*place == SNAP_NO_FILE) {
		*place = (uint32_t)table->nr;
		table->list[table->nr++] = file;
	}
	return *place;
}

static snap_err place_fds(struct reviving *reviving)
{
	struct snap_fd_table *table = &reviving->revived->snapshot.files;
	const struct snap_fd_table *image = &reviving->image->files;
	for (size_t i = 0; i < image->nr_fds; i++) {
		struct snap_fd fd = image->fds[i];
		enum fate fate = decide(reviving, &fd);
		SNAP_TRY(tell(reviving, &fd, fate));
		fd.file = place_file(reviving, &image->fds[i], fate);
		table->fds[table->nr_fds++] = fd;
	}
	return SNAP_OK;
}

/** epoll(7): what never has to be waited for cannot be watched. */
static bool can_be_watched(const struct snap_open_file *file)
{
	return file->kind != SNAP_FILE_REGULAR && file->kind != SNAP_FILE_DIRECTORY &&
	       (file->kind != SNAP_FILE_DEVICE || is_terminal(file));
}

/** The element as it can be made; false: it cannot. */
static bool revive_watch(const struct reviving *reviving, struct snap_watch *watch)
{
	const struct snap_open_file *was =
		snap_fd_table_at(&reviving->image->files, watch->number);
	const struct snap_open_file *is =
		snap_fd_table_at(&reviving->revived->snapshot.files, watch->number);
	if (!was || was->inode != watch->inode || !is || !can_be_watched(is))
		return false;
	watch->inode = is->inode;
	watch->device = is->device;
	return true;
}

static size_t count_watches(const struct snap_fd_table *table)
{
	size_t nr = 0;
	for (size_t i = 0; i < table->nr; i++)
		if (table->list[i].kind == SNAP_FILE_EPOLL)
			nr += table->list[i].nr_watches;
	return nr;
}

/** Each set gets a piece of one list. */
static snap_err revive_sets(struct reviving *reviving)
{
	struct snap_fd_table *table = &reviving->revived->snapshot.files;
	struct snap_watch *at = calloc(count_watches(table) + 1, sizeof(*at));
	if (!at)
		return &snap_enomem;
	reviving->revived->watches = at;
	for (size_t i = 0; i < table->nr; i++) {
		struct snap_open_file *set = &table->list[i];
		const struct snap_watch *watches = set->watches;
		size_t nr = set->nr_watches;
		if (set->kind != SNAP_FILE_EPOLL)
			continue;
		set->watches = at;
		set->nr_watches = 0;
		for (size_t j = 0; j < nr; j++) {
			*at = watches[j];
			if (revive_watch(reviving, at)) {
				at++;
				set->nr_watches++;
				continue;
			}
			SNAP_TRY(snap_notes_add(
				reviving->notes,
				"Descriptor %d is no longer in the epoll set of %d.",
				(int)watches[j].number, snap_fd_table_first(table, i)));
		}
	}
	return SNAP_OK;
}

static void deinit(struct reviving *reviving)
{
	free(reviving->of_image);
	free(reviving->of_live);
}

static uint32_t *make_places(size_t nr)
{
	uint32_t *places = malloc((nr + 1) * sizeof(*places));
	if (places)
		memset(places, 0xff, (nr + 1) * sizeof(*places));
	return places;
}

snap_err snap_revive_files(const struct snap_snapshot *image,
			   const struct snap_snapshot *live,
			   const struct snap_surroundings *surroundings,
			   struct snap_notes *notes, struct snap_revived *revived)
{
	struct snap_fd_table *table = &revived->snapshot.files;
	_cleanup_(deinit) struct reviving reviving = {
		.image = image,
		.live = live,
		.surroundings = surroundings,
		.notes = notes,
		.revived = revived,
		.of_image = make_places(image->files.nr),
		.of_live = make_places(live->files.nr),
	};
	table->is_captured = image->files.is_captured && live->files.is_captured;
	table->list = calloc(image->files.nr_fds + 1, sizeof(*table->list));
	table->fds = calloc(image->files.nr_fds + 1, sizeof(*table->fds));
	if (!reviving.of_image || !reviving.of_live || !table->list || !table->fds)
		return &snap_enomem;
	SNAP_TRY(place_fds(&reviving));
	return revive_sets(&reviving);
}
