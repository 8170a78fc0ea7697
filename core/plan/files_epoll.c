// SPDX-License-Identifier: GPL-3.0-or-later
#include <sys/epoll.h>

#include "core/plan/files.h"

/** The element of a set that is about the same descriptor and file, or NULL. */
static const struct snap_watch *find_watch(const struct snap_open_file *set, int number,
					   uint64_t inode)
{
	for (size_t i = 0; set && i < set->nr_watches; i++)
		if (set->watches[i].number == number && set->watches[i].inode == inode)
			return &set->watches[i];
	return NULL;
}

/** Whether an element is about the file that its descriptor refers to now. */
static bool is_current(const struct snap_fd_table *table,
		       const struct snap_watch *watch)
{
	const struct snap_open_file *file = snap_fd_table_at(table, watch->number);
	return file && file->inode == watch->inode;
}

/**
 * Whether an element of a live set is about the open file that an element of the
 * image's set with this number is about.
 */
static bool is_of_same_file(const struct snap_file_plan *files, int number)
{
	const struct snap_fd *wanted = snap_fd_table_find(files->image, number);
	const struct snap_fd *is = snap_fd_table_find(files->live, number);
	return wanted && is && files->to_live[wanted->file] == is->file;
}

static bool is_same_watch(const struct snap_watch *a, const struct snap_watch *b)
{
	return a->events == b->events && a->data == b->data;
}

/** EPOLL_CTL_MOD is not for EPOLLEXCLUSIVE (fs/eventpoll.c, do_epoll_ctl()). */
static bool can_change(const struct snap_watch *is, const struct snap_watch *wanted)
{
	return is_same_watch(is, wanted) ||
	       !((is->events | wanted->events) & EPOLLEXCLUSIVE);
}

static snap_err add(struct snap_file_plan *files, enum snap_step_kind kind, int set,
		    const struct snap_watch *wanted, const struct snap_watch *is)
{
	return snap_plan_add(files->plan,
			     &(struct snap_step){
				     .kind = kind,
				     .number = set,
				     .start = (uint64_t)(wanted ? wanted : is)->number,
				     .wanted = wanted,
				     .is = is,
			     });
}

/** An element of a live set: does it stay? */
static snap_err plan_live_watch(struct snap_file_plan *files, uint32_t set,
				const struct snap_open_file *wanted_set,
				const struct snap_watch *is)
{
	int number = files->live_first[set];
	const struct snap_watch *wanted = find_watch(wanted_set, is->number, is->inode);
	if (!is_current(files->live, is)) {
		// Its descriptor was closed, its file lives on: nobody can remove it.
		if (wanted && !is_current(files->image, wanted))
			return SNAP_OK;
		return snap_refuse_fd(number, &files->live->list[set],
				      "has an element that cannot be removed: its "
				      "descriptor %d is closed, its file still open "
				      "elsewhere",
				      is->number);
	}
	if (wanted && is_of_same_file(files, is->number) && can_change(is, wanted))
		return SNAP_OK;
	return add(files, SNAP_STEP_EPOLL_REMOVE, number, NULL, is);
}

static snap_err plan_wanted_watch(struct snap_file_plan *files, uint32_t set,
				  const struct snap_open_file *live_set,
				  const struct snap_watch *wanted)
{
	int number = files->image_first[set];
	const struct snap_watch *is =
		find_watch(live_set, wanted->number, wanted->inode);
	if (!is_current(files->image, wanted)) {
		if (is && !is_current(files->live, is))
			return SNAP_OK;
		return snap_refuse_fd(number, &files->image->list[set],
				      "had an element that cannot be made again: its "
				      "descriptor %d was closed, its file still open "
				      "elsewhere",
				      wanted->number);
	}
	if (is && (!is_current(files->live, is) ||
		   !is_of_same_file(files, wanted->number) || !can_change(is, wanted)))
		is = NULL; // removed by a step before
	if (is && is_same_watch(is, wanted))
		return SNAP_OK;
	return add(files, SNAP_STEP_EPOLL_SET, number, wanted, is);
}

snap_err snap_plan_epoll(struct snap_file_plan *files)
{
	for (uint32_t i = 0; i < files->live->nr; i++) {
		const struct snap_open_file *set = &files->live->list[i];
		uint32_t image = files->to_image[i];
		if (set->kind != SNAP_FILE_EPOLL || image == SNAP_NO_FILE)
			continue; // What is not in the image is closed as a whole.
		for (size_t j = 0; j < set->nr_watches; j++)
			SNAP_TRY(plan_live_watch(files, i, &files->image->list[image],
						 &set->watches[j]));
	}
	for (uint32_t i = 0; i < files->image->nr; i++) {
		const struct snap_open_file *set = &files->image->list[i];
		uint32_t live = files->to_live[i];
		if (set->kind != SNAP_FILE_EPOLL)
			continue;
		for (size_t j = 0; j < set->nr_watches; j++)
			SNAP_TRY(plan_wanted_watch(files, i,
						   live == SNAP_NO_FILE
							   ? NULL
							   : &files->live->list[live],
						   &set->watches[j]));
	}
	return SNAP_OK;
}
