// SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>

#include "core/plan/files.h"

/**
 * @file
 * The kernel gives open files no names, so a live one is taken for that of the image
 * which is the same file, opened in the same way: what else it is can be set.
 */

void snap_file_plan_deinit(struct snap_file_plan *files)
{
	free(files->to_live);
	free(files->to_image);
	free(files->image_first);
	free(files->live_first);
	free(files->source);
}

static snap_err make_array(size_t nr, void *ret)
{
	int *array = malloc((nr + 1) * sizeof(*array));
	if (!array)
		return &snap_enomem;
	memset(array, 0xff, (nr + 1) * sizeof(*array));
	memcpy(ret, &array, sizeof(array));
	return SNAP_OK;
}

static void fill_first(const struct snap_fd_table *table, int *first)
{
	for (size_t i = table->nr_fds; i; i--)
		first[table->fds[i - 1].file] = table->fds[i - 1].number;
}

static bool try_pair(struct snap_file_plan *files, uint32_t image, uint32_t live)
{
	if (files->to_live[image] != SNAP_NO_FILE ||
	    files->to_image[live] != SNAP_NO_FILE ||
	    !snap_open_file_is_same(&files->image->list[image],
				    &files->live->list[live]))
		return false;
	files->to_live[image] = live;
	files->to_image[live] = image;
	return true;
}

/** What has kept a number is most likely what it was. */
static void match_in_place(struct snap_file_plan *files)
{
	for (size_t i = 0; i < files->image->nr_fds; i++) {
		const struct snap_fd *wanted = &files->image->fds[i];
		const struct snap_fd *is =
			snap_fd_table_find(files->live, wanted->number);
		if (is)
			try_pair(files, wanted->file, is->file);
	}
}

/** What has no number of its own any more. Not what cannot be told from its like. */
static void match_moved(struct snap_file_plan *files)
{
	for (uint32_t i = 0; i < files->image->nr; i++) {
		if (files->to_live[i] != SNAP_NO_FILE ||
		    files->image->list[i].kind == SNAP_FILE_OTHER)
			continue;
		for (uint32_t j = 0; j < files->live->nr; j++)
			if (try_pair(files, i, j))
				break;
	}
}

snap_err snap_match_files(struct snap_plan *plan, struct snap_file_plan *ret)
{
	ret->plan = plan;
	ret->image = &plan->image->files;
	ret->live = &plan->live->files;
	SNAP_TRY(make_array(ret->image->nr, &ret->to_live));
	SNAP_TRY(make_array(ret->live->nr, &ret->to_image));
	SNAP_TRY(make_array(ret->image->nr, &ret->image_first));
	SNAP_TRY(make_array(ret->live->nr, &ret->live_first));
	SNAP_TRY(make_array(ret->image->nr, &ret->source));
	fill_first(ret->image, ret->image_first);
	fill_first(ret->live, ret->live_first);
	match_in_place(ret);
	match_moved(ret);
	return SNAP_OK;
}
