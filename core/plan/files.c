// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/plan/files.h"

#include <inttypes.h>
#include <sys/resource.h>

/** A number that neither table has. */
static int take_spare(struct snap_file_plan *files)
{
	while (snap_fd_table_find(files->image, files->next_spare) ||
	       snap_fd_table_find(files->live, files->next_spare))
		files->next_spare++;
	return files->next_spare++;
}

/** Whether a live descriptor refers to what it shall refer to. */
static bool is_right(const struct snap_file_plan *files, const struct snap_fd *wanted,
		     const struct snap_fd *is)
{
	return is && files->to_live[wanted->file] == is->file;
}

static snap_err plan_flag(struct snap_file_plan *files, const struct snap_fd *wanted,
			  const struct snap_fd *is)
{
	if (!wanted->is_cloexec == !is->is_cloexec)
		return SNAP_OK;
	return snap_plan_add(files->plan,
			     &(struct snap_step){
				     .kind = SNAP_STEP_FD_FLAG,
				     .number = wanted->number,
				     .wanted = &files->image->list[wanted->file],
				     .is = &files->live->list[is->file],
			     });
}

/** A live descriptor makes way; it is closed when the restore is certain. */
static snap_err plan_park(struct snap_file_plan *files, const struct snap_fd *is)
{
	const struct snap_open_file *file = &files->live->list[is->file];
	int spare = take_spare(files);
	SNAP_TRY(snap_plan_add(files->plan, &(struct snap_step){
						    .kind = SNAP_STEP_FD_PARK,
						    .number = is->number,
						    .is = file,
						    .parking = (uint64_t)spare,
					    }));
	uint32_t image = files->to_image[is->file];
	if (image != SNAP_NO_FILE && files->source[image] < 0)
		files->source[image] = spare;
	return snap_plan_add(files->plan, &(struct snap_step){
						  .kind = SNAP_STEP_FD_DROP,
						  .number = spare,
						  .is = file,
					  });
}

static snap_err plan_close(struct snap_file_plan *files, const struct snap_fd *is)
{
	uint32_t image = files->to_image[is->file];
	if (image != SNAP_NO_FILE && files->source[image] < 0)
		files->source[image] = is->number;
	return snap_plan_add(files->plan, &(struct snap_step){
						  .kind = SNAP_STEP_FD_CLOSE,
						  .number = is->number,
						  .is = &files->live->list[is->file],
					  });
}

/** What has the right number stays where it is: the best source of duplicates. */
static void find_sources(struct snap_file_plan *files)
{
	for (size_t i = 0; i < files->image->nr_fds; i++) {
		const struct snap_fd *wanted = &files->image->fds[i];
		const struct snap_fd *is =
			snap_fd_table_find(files->live, wanted->number);
		if (is_right(files, wanted, is) && files->source[wanted->file] < 0)
			files->source[wanted->file] = wanted->number;
	}
}

static snap_err plan_live(struct snap_file_plan *files)
{
	for (size_t i = 0; i < files->live->nr_fds; i++) {
		const struct snap_fd *is = &files->live->fds[i];
		const struct snap_fd *wanted =
			snap_fd_table_find(files->image, is->number);
		if (!wanted)
			SNAP_TRY(plan_close(files, is));
		else if (is_right(files, wanted, is))
			SNAP_TRY(plan_flag(files, wanted, is));
		else
			SNAP_TRY(plan_park(files, is));
	}
	return SNAP_OK;
}

static snap_err plan_set(struct snap_file_plan *files)
{
	for (size_t i = 0; i < files->image->nr_fds; i++) {
		const struct snap_fd *wanted = &files->image->fds[i];
		const struct snap_fd *is =
			snap_fd_table_find(files->live, wanted->number);
		int source = files->source[wanted->file];
		if (is_right(files, wanted, is) || source == wanted->number)
			continue;
		SNAP_TRY(
			snap_plan_add(files->plan,
				      &(struct snap_step){
					      .kind = SNAP_STEP_FD_SET,
					      .number = wanted->number,
					      .wanted =
						      &files->image->list[wanted->file],
					      .parking = (uint64_t)source,
				      }));
	}
	return SNAP_OK;
}

/** Whether a step needs numbers that the process does not use. */
static bool needs_numbers(const struct snap_plan *plan)
{
	for (size_t i = 0; i < plan->nr_steps; i++) {
		enum snap_step_kind kind = plan->steps[i].kind;
		if (kind == SNAP_STEP_FD_PARK || kind == SNAP_STEP_FD_SET ||
		    kind == SNAP_STEP_FD_MAKE)
			return true;
	}
	return false;
}

/** Numbers above the limit can neither be made nor used for parking. */
static snap_err plan_limit(struct snap_file_plan *files)
{
	const struct snap_process_state *state = &files->plan->live->state;
	uint64_t highest = (uint64_t)files->next_spare;
	if (files->image->nr_fds) {
		int last = files->image->fds[files->image->nr_fds - 1].number;
		if (highest < (uint64_t)last)
			highest = (uint64_t)last;
	}
	// A file that is opened has another number at first, and a pipe has two.
	uint64_t needed = highest + 3;
	if (RLIMIT_NOFILE >= state->nr_limits ||
	    needed <= state->limits[RLIMIT_NOFILE].soft || !needs_numbers(files->plan))
		return SNAP_OK;
	uint64_t hard = state->limits[RLIMIT_NOFILE].hard;
	if (needed > hard)
		return snap_error_with_remedy(
			snap_error_create(SNAP_ERROR_REFUSED,
					  "descriptors are to be put aside, and the "
					  "process may have no more than %" PRIu64
					  " open files",
					  hard),
			"raise its limit: prlimit --pid %d --nofile=%" PRIu64,
			(int)files->plan->live->identity.pid, needed);
	return snap_plan_add(files->plan, &(struct snap_step){
						  .kind = SNAP_STEP_FD_LIMIT,
						  .start = hard,
					  });
}

snap_err snap_plan_fd_table(struct snap_file_plan *files)
{
	find_sources(files);
	SNAP_TRY(plan_live(files));
	SNAP_TRY(snap_plan_made_files(files));
	SNAP_TRY(plan_set(files));
	return plan_limit(files);
}

snap_err snap_plan_files(struct snap_plan *plan)
{
	if (!plan->image->files.is_captured || !plan->live->files.is_captured)
		return SNAP_OK;
	_cleanup_(snap_file_plan_deinit) struct snap_file_plan files = { 0 };
	SNAP_TRY(snap_match_files(plan, &files));
	SNAP_TRY(snap_plan_fd_table(&files));
	SNAP_TRY(snap_plan_file_states(&files));
	SNAP_TRY(snap_plan_epoll(&files));
	return snap_plan_posix_locks(&files);
}
