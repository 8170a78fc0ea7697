// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/plan/revival.h"

#include <string.h>

#include "core/base/text.h"

void snap_revived_deinit(struct snap_revived *revived)
{
	struct snap_snapshot *snapshot = &revived->snapshot;
	free(snapshot->threads);
	free(snapshot->files.list);
	free(snapshot->files.fds);
	free(snapshot->timers.list);
	free(snapshot->vmas.list);
	free(revived->watches);
	snap_memory_deinit(&revived->memory);
	*revived = (struct snap_revived){ 0 };
}

pid_t snap_revived_tid(const struct snap_snapshot *image,
		       const struct snap_revived *revived, pid_t tid)
{
	for (size_t i = 0; i < image->nr_threads; i++)
		if (image->threads[i].tid == tid)
			return revived->snapshot.threads[i].tid;
	return 0;
}

/** Whether a thread but the leader has this number: the leaders are each other's. */
static bool has_follower(const struct snap_snapshot *snapshot, pid_t tid)
{
	for (size_t i = 1; i < snapshot->nr_threads; i++)
		if (snapshot->threads[i].tid == tid)
			return true;
	return false;
}

/** The next live thread whose number is no thread's of the image; 0: there is none. */
static pid_t next_other(const struct snap_snapshot *image,
			const struct snap_snapshot *live, size_t *at)
{
	while (++*at < live->nr_threads)
		if (!has_follower(image, live->threads[*at].tid))
			return live->threads[*at].tid;
	return 0;
}

static snap_err revive_threads(const struct snap_snapshot *image,
			       const struct snap_snapshot *live,
			       struct snap_revived *revived)
{
	struct snap_snapshot *snapshot = &revived->snapshot;
	snapshot->threads = calloc(image->nr_threads, sizeof(*snapshot->threads));
	if (!snapshot->threads)
		return &snap_enomem;
	size_t at = 0;
	for (size_t i = 0; i < image->nr_threads; i++) {
		struct snap_thread *thread = &snapshot->threads[i];
		*thread = image->threads[i];
		thread->tid = live->identity.pid;
		if (i && has_follower(live, image->threads[i].tid))
			thread->tid = image->threads[i].tid;
		else if (i)
			thread->tid = next_other(image, live, &at);
		if (!thread->tid)
			return snap_error_create(
				SNAP_ERROR_INVALID,
				"the new process has no thread for thread %d",
				(int)image->threads[i].tid);
	}
	snapshot->current_tid = snap_revived_tid(image, revived, image->current_tid);
	return SNAP_OK;
}

/** Leave of some capabilities what others have. *ret_lost: some were not among them. */
static void limit(struct snap_attribute_values *values, enum snap_attribute attribute,
		  uint64_t most, bool *ret_lost)
{
	if (!snap_attribute_is_known(values, attribute) ||
	    !(values->list[attribute] & ~most))
		return;
	*ret_lost = true;
	snap_attribute_set(values, attribute, values->list[attribute] & most);
}

/** It may have those that it has now, and no others (capabilities(7)). */
static snap_err revive_capabilities(const struct snap_snapshot *live,
				    struct snap_notes *notes,
				    struct snap_revived *revived)
{
	const struct snap_attribute_values *has = &live->threads[0].state.attributes;
	uint64_t most = has->list[SNAP_ATTRIBUTE_CAP_PERMITTED];
	bool has_lost = false;
	if (!snap_attribute_is_known(has, SNAP_ATTRIBUTE_CAP_PERMITTED))
		return SNAP_OK;
	for (size_t i = 0; i < revived->snapshot.nr_threads; i++) {
		struct snap_attribute_values *values =
			&revived->snapshot.threads[i].state.attributes;
		limit(values, SNAP_ATTRIBUTE_CAP_PERMITTED, most, &has_lost);
		limit(values, SNAP_ATTRIBUTE_CAP_EFFECTIVE, most, &has_lost);
		limit(values, SNAP_ATTRIBUTE_CAP_AMBIENT, most, &has_lost);
		limit(values, SNAP_ATTRIBUTE_CAP_INHERITABLE,
		      most | has->list[SNAP_ATTRIBUTE_CAP_INHERITABLE], &has_lost);
	}
	return has_lost ? snap_notes_add(
				  notes,
				  "The new process may not have all capabilities of "
				  "the snapshot's: what takes them fails.")
			: SNAP_OK;
}

static snap_err revive_timers(const struct snap_snapshot *image,
			      struct snap_revived *revived)
{
	struct snap_timers *timers = &revived->snapshot.timers;
	timers->list = calloc(timers->nr + 1, sizeof(*timers->list));
	if (!timers->list)
		return &snap_enomem;
	for (size_t i = 0; i < timers->nr; i++) {
		timers->list[i] = image->timers.list[i];
		timers->list[i].tid =
			snap_revived_tid(image, revived, image->timers.list[i].tid);
	}
	return SNAP_OK;
}

/** It is the one that its path leads to now: on another machine it is another one. */
static snap_err revive_folder(const struct snap_surroundings *surroundings,
			      struct snap_notes *notes,
			      struct snap_process_state *state)
{
	const struct snap_attribute_values *folder = &surroundings->folder;
	if (!state->folder)
		return SNAP_OK;
	if (snap_attribute_is_known(folder, SNAP_ATTRIBUTE_FOLDER_INODE)) {
		snap_attribute_set(&state->attributes, SNAP_ATTRIBUTE_FOLDER_DEVICE,
				   folder->list[SNAP_ATTRIBUTE_FOLDER_DEVICE]);
		snap_attribute_set(&state->attributes, SNAP_ATTRIBUTE_FOLDER_INODE,
				   folder->list[SNAP_ATTRIBUTE_FOLDER_INODE]);
		return SNAP_OK;
	}
	_cleanup_free_ char *name = NULL;
	SNAP_TRY(snap_escaped(state->folder, &name));
	state->folder = NULL;
	return snap_notes_add(notes,
			      "The folder %s is not there: the process is in GDB's.",
			      name);
}

snap_err snap_revive_image(const struct snap_snapshot *image,
			   const struct snap_snapshot *live,
			   const struct snap_surroundings *surroundings,
			   struct snap_notes *notes, struct snap_revived *ret)
{
	_cleanup_revived_ struct snap_revived revived = { .snapshot = *image };
	struct snap_snapshot *snapshot = &revived.snapshot;
	snapshot->identity = live->identity;
	snapshot->ppid = live->ppid;
	snapshot->pgid = live->pgid;
	snapshot->sid = live->sid;
	snapshot->threads = NULL;
	snapshot->timers.list = NULL;
	snapshot->files = (struct snap_fd_table){ 0 };
	snapshot->vmas = (struct snap_vmas){ 0 };
	SNAP_TRY(snap_revive_mappings(image, live, surroundings, notes, &revived));
	SNAP_TRY(revive_threads(image, live, &revived));
	SNAP_TRY(revive_capabilities(live, notes, &revived));
	SNAP_TRY(revive_timers(image, &revived));
	SNAP_TRY(revive_folder(surroundings, notes, &snapshot->state));
	SNAP_TRY(snap_revive_files(image, live, surroundings, notes, &revived));
	*ret = revived;
	revived = (struct snap_revived){ 0 };
	return SNAP_OK;
}
