// SPDX-License-Identifier: GPL-3.0-or-later
#include <linux/capability.h>
#include <linux/prctl.h>
#include <linux/securebits.h>
#include <string.h>

#include "core/inject/restorer.h"
#include "core/tracee/memory.h"

/*
 * User ids, groups, capabilities of one thread. The order: all permitted capabilities
 * become effective, so that the rest is allowed; ids, which change the effective ones
 * by rules of their own (capabilities(7), "Effect of user ID changes"); then the
 * capabilities as they shall be. From any state in between it can be done again, in
 * either direction: a plan sees to that (core/plan/privileges.c).
 */

struct job {
	struct snap_restorer *restorer;
	struct snap_borrowed *who;
	const struct snap_thread_state *state;
};

static uint64_t value_of(const struct job *job, enum snap_attribute attribute)
{
	return job->state->attributes.list[attribute];
}

static snap_err call(const struct job *job, enum snap_syscall number,
		     const uint64_t args[SNAP_MAX_SYSCALL_ARGS], const char *what)
{
	return snap_must_call(job->who, number, args, "%s of thread %d", what,
			      (int)job->who->thread.tid);
}

static snap_err set_capabilities(const struct job *job, uint64_t effective)
{
	uint64_t permitted = value_of(job, SNAP_ATTRIBUTE_CAP_PERMITTED);
	uint64_t inheritable = value_of(job, SNAP_ATTRIBUTE_CAP_INHERITABLE);

	const struct {
		struct __user_cap_header_struct header;
		struct __user_cap_data_struct data[2];
	} bytes = {
		.header = { .version = _LINUX_CAPABILITY_VERSION_3 },
		.data = { { (uint32_t)effective, (uint32_t)permitted,
			    (uint32_t)inheritable },
			  { (uint32_t)(effective >> 32), (uint32_t)(permitted >> 32),
			    (uint32_t)(inheritable >> 32) } },
	};

	uint64_t place = job->restorer->room.data;
	SNAP_TRY(
		snap_tracee_write(job->restorer->tracee, place, &bytes, sizeof(bytes)));
	return call(job, SNAP_SYS_CAPSET,
		    SNAP_ARGS(place, place + offsetof(typeof(bytes), data)),
		    "set the capabilities");
}

static snap_err set_securebits(const struct job *job)
{
	uint64_t bits = value_of(job, SNAP_ATTRIBUTE_SECUREBITS);
	if (!snap_attribute_is_known(&job->state->attributes,
				     SNAP_ATTRIBUTE_SECUREBITS))
		return SNAP_OK;
	int64_t now;
	SNAP_TRY(snap_borrowed_call(job->who, SNAP_SYS_PRCTL,
				    SNAP_ARGS(PR_GET_SECUREBITS), &now));
	if ((uint64_t)now == bits)
		return SNAP_OK;
	// Everybody may set this bit, and only some may set all.
	SNAP_TRY(call(job, SNAP_SYS_PRCTL,
		      SNAP_ARGS(PR_SET_KEEPCAPS, !!(bits & SECBIT_KEEP_CAPS)),
		      "set the keep-capabilities flag"));
	if (((uint64_t)now ^ bits) == SECBIT_KEEP_CAPS)
		return SNAP_OK;
	return call(job, SNAP_SYS_PRCTL, SNAP_ARGS(PR_SET_SECUREBITS, bits),
		    "set the securebits");
}

/** The text of /proc/PID/status as numbers of 32 bits. */
static snap_err set_groups(const struct job *job)
{
	struct snap_room *room = &job->restorer->room;
	_cleanup_buffer_ struct snap_buffer ids = { 0 };
	const char *text = job->state->groups;
	for (char *end; *text; text = end) {
		uint32_t id = (uint32_t)strtoul(text, &end, 10);
		if (end == text)
			break;
		SNAP_TRY(snap_buffer_append(&ids, &id, sizeof(id)));
	}
	if (ids.size > room->data_size)
		return snap_error_create(SNAP_ERROR_REFUSED,
					 "thread %d has too many groups to put back",
					 (int)job->who->thread.tid);
	if (ids.size)
		SNAP_TRY(snap_tracee_write(room->tracee, room->data, ids.data,
					   ids.size));
	return call(job, SNAP_SYS_SETGROUPS,
		    SNAP_ARGS(ids.size / sizeof(uint32_t), room->data),
		    "set the groups");
}

static snap_err set_ids(const struct job *job, enum snap_attribute first,
			enum snap_syscall ids, enum snap_syscall fsid)
{
	SNAP_TRY(call(job, ids,
		      SNAP_ARGS(value_of(job, first), value_of(job, first + 1),
				value_of(job, first + 2)),
		      "set the user or group ids"));
	// It returns the id before, and fails without a word (setfsuid(2)).
	int64_t before, now;
	uint64_t wanted = value_of(job, first + 3);
	SNAP_TRY(snap_borrowed_call(job->who, fsid, SNAP_ARGS(wanted), &before));
	SNAP_TRY(snap_borrowed_call(job->who, fsid, SNAP_ARGS(wanted), &now));
	if ((uint32_t)now != (uint32_t)wanted)
		return snap_error_create(SNAP_ERROR_MISMATCH,
					 "thread %d did not get its file system id %u",
					 (int)job->who->thread.tid, (uint32_t)wanted);
	return SNAP_OK;
}

static snap_err set_ambient(const struct job *job)
{
	uint64_t ambient = value_of(job, SNAP_ATTRIBUTE_CAP_AMBIENT);
	if (!snap_attribute_is_known(&job->state->attributes,
				     SNAP_ATTRIBUTE_CAP_AMBIENT))
		return SNAP_OK;
	SNAP_TRY(call(job, SNAP_SYS_PRCTL,
		      SNAP_ARGS(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL),
		      "clear the ambient capabilities"));
	for (uint64_t bit = 0; bit < 64; bit++)
		if (ambient >> bit & 1)
			SNAP_TRY(call(job, SNAP_SYS_PRCTL,
				      SNAP_ARGS(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE,
						bit),
				      "raise an ambient capability"));
	return SNAP_OK;
}

/**
 * A change of ids clears these two (kernel/cred.c, commit_creds). They are put back to
 * what they were just now; steps of their own bring them to what they shall be.
 */
static snap_err set_what_ids_clear(const struct job *job)
{
	const struct snap_snapshot *live = job->restorer->plan->live;
	const struct snap_attribute_values *process = &live->state.attributes;
	const struct snap_attribute_values *thread =
		&snap_snapshot_thread(live, job->who->thread.tid)->state.attributes;
	uint64_t dumpable = process->list[SNAP_ATTRIBUTE_DUMPABLE];
	if (snap_attribute_is_known(process, SNAP_ATTRIBUTE_DUMPABLE) && dumpable <= 1)
		SNAP_TRY(call(job, SNAP_SYS_PRCTL, SNAP_ARGS(PR_SET_DUMPABLE, dumpable),
			      "set the dumpable flag"));
	if (!snap_attribute_is_known(thread, SNAP_ATTRIBUTE_PARENT_DEATH_SIGNAL))
		return SNAP_OK;
	return call(job, SNAP_SYS_PRCTL,
		    SNAP_ARGS(PR_SET_PDEATHSIG,
			      thread->list[SNAP_ATTRIBUTE_PARENT_DEATH_SIGNAL]),
		    "set the parent death signal");
}

static snap_err set(struct snap_restorer *restorer, const struct snap_step *step,
		    const struct snap_thread_state *state)
{
	const struct snap_thread_state *wanted = step->wanted, *is = step->is;
	const struct job job = {
		.restorer = restorer,
		.who = snap_restorer_thread(restorer, step->tid),
		.state = state,
	};
	SNAP_TRY(set_capabilities(&job, value_of(&job, SNAP_ATTRIBUTE_CAP_PERMITTED)));
	SNAP_TRY(set_securebits(&job));
	if (wanted->groups && is->groups && strcmp(wanted->groups, is->groups))
		SNAP_TRY(set_groups(&job));
	SNAP_TRY(set_ids(&job, SNAP_ATTRIBUTE_RGID, SNAP_SYS_SETRESGID,
			 SNAP_SYS_SETFSGID));
	SNAP_TRY(set_ids(&job, SNAP_ATTRIBUTE_RUID, SNAP_SYS_SETRESUID,
			 SNAP_SYS_SETFSUID));
	SNAP_TRY(set_capabilities(&job, value_of(&job, SNAP_ATTRIBUTE_CAP_PERMITTED)));
	SNAP_TRY(set_ambient(&job));
	SNAP_TRY(set_capabilities(&job, value_of(&job, SNAP_ATTRIBUTE_CAP_EFFECTIVE)));
	return set_what_ids_clear(&job);
}

static snap_err undo_privileges(struct snap_restorer *restorer,
				const struct snap_step *step,
				const uint64_t values[SNAP_UNDO_VALUES])
{
	return set(restorer, step, step->is);
}

snap_err snap_do_set_privileges(struct snap_restorer *restorer,
				const struct snap_step *step)
{
	snap_restorer_push(restorer, "put back the privileges of a thread",
			   undo_privileges, step, 0, 0, 0);
	return set(restorer, step, step->wanted);
}
