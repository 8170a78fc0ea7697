// SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>

#include "core/inject/attributes.h"
#include "core/inject/restorer.h"
#include "core/tracee/attributes.h"
#include "core/tracee/memory.h"

static snap_err find(struct snap_tracee *tracee, const struct snap_process_state *state,
		     bool *ret_is_there, int *ret_fd)
{
	return snap_tracee_find_folder(tracee, state->folder,
				       state->attributes
					       .list[SNAP_ATTRIBUTE_FOLDER_DEVICE],
				       state->attributes
					       .list[SNAP_ATTRIBUTE_FOLDER_INODE],
				       ret_is_there, ret_fd);
}

/** By its path if that still leads there, else by a descriptor that the program has. */
static snap_err enter(struct snap_restorer *restorer,
		      const struct snap_process_state *state)
{
	bool is_there;
	int fd;
	SNAP_TRY(find(restorer->tracee, state, &is_there, &fd));
	if (!is_there && fd < 0)
		return snap_error_create(SNAP_ERROR_REFUSED, "the folder %s is gone",
					 state->folder);
	if (!is_there)
		return snap_must_call(restorer->worker, SNAP_SYS_FCHDIR,
				      SNAP_ARGS((uint64_t)fd), "enter folder %s",
				      state->folder);
	SNAP_TRY(snap_tracee_write(restorer->tracee, restorer->room.data, state->folder,
				   strlen(state->folder) + 1));
	return snap_must_call(restorer->worker, SNAP_SYS_CHDIR,
			      SNAP_ARGS(restorer->room.data), "enter folder %s",
			      state->folder);
}

static snap_err undo_folder(struct snap_restorer *restorer,
			    const struct snap_step *step,
			    const uint64_t values[SNAP_UNDO_VALUES])
{
	return enter(restorer, step->is);
}

snap_err snap_do_set_folder(struct snap_restorer *restorer,
			    const struct snap_step *step)
{
	snap_restorer_push(restorer, "go back into its folder", undo_folder, step, 0, 0,
			   0);
	return enter(restorer, step->wanted);
}

static snap_err validate(struct snap_tracee *tracee, const struct snap_step *step)
{
	const struct snap_process_state *wanted = step->wanted, *is = step->is;
	bool is_there;
	int fd;
	SNAP_TRY(find(tracee, wanted, &is_there, &fd));
	if (!is_there && fd < 0)
		return snap_error_with_remedy(
			snap_error_create(
				SNAP_ERROR_REFUSED,
				"the folder %s, which the process was in at the "
				"snapshot, is not there any more",
				wanted->folder),
			"put the folder itself back; a new one of the same name will not "
			"do");
	SNAP_TRY(find(tracee, is, &is_there, &fd));
	if (!is_there && fd < 0)
		return snap_error_with_remedy(
			snap_error_create(
				SNAP_ERROR_REFUSED,
				"the folder that the process is in, %s, could "
				"not be entered again should the restore fail",
				is->folder),
			"let the program leave that folder first");
	return SNAP_OK;
}

snap_err snap_folder_validate(struct snap_tracee *tracee, const struct snap_plan *plan)
{
	for (size_t i = 0; i < plan->nr_steps; i++)
		if (plan->steps[i].kind == SNAP_STEP_FOLDER)
			SNAP_TRY(validate(tracee, &plan->steps[i]));
	return SNAP_OK;
}
