// SPDX-License-Identifier: GPL-3.0-or-later
#include <linux/capability.h>
#include <string.h>

#include "core/plan/process.h"

/*
 * User ids, groups and capabilities (credentials(7), capabilities(7)). What a thread
 * has given up for good is refused: permitted and bounding capabilities are one-way,
 * and stand in attributes.def as such.
 */

static const enum snap_attribute privileges[] = {
	SNAP_ATTRIBUTE_RUID,
	SNAP_ATTRIBUTE_EUID,
	SNAP_ATTRIBUTE_SUID,
	SNAP_ATTRIBUTE_FSUID,
	SNAP_ATTRIBUTE_RGID,
	SNAP_ATTRIBUTE_EGID,
	SNAP_ATTRIBUTE_SGID,
	SNAP_ATTRIBUTE_FSGID,
	SNAP_ATTRIBUTE_CAP_INHERITABLE,
	SNAP_ATTRIBUTE_CAP_EFFECTIVE,
	SNAP_ATTRIBUTE_CAP_AMBIENT,
	SNAP_ATTRIBUTE_SECUREBITS,
};

static bool groups_differ(const struct snap_thread_state *a,
			  const struct snap_thread_state *b)
{
	return a->groups && b->groups && strcmp(a->groups, b->groups);
}

bool snap_privileges_differ(const struct snap_thread_state *a,
			    const struct snap_thread_state *b)
{
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(privileges); i++)
		if (snap_attribute_differs(&a->attributes, &b->attributes,
					   privileges[i]))
			return true;
	return groups_differ(a, b);
}

/** One side of a change. */
struct side {
	const struct snap_thread_state *state;
	const uint64_t *list;
};

static bool has_capability(const struct side *side, int capability)
{
	return side->list[SNAP_ATTRIBUTE_CAP_PERMITTED] >> capability & 1;
}

/** One of the three ids that begin at `first` is `id`. */
static bool has_id(const struct side *side, enum snap_attribute first, uint64_t id)
{
	return side->list[first] == id || side->list[first + 1] == id ||
	       side->list[first + 2] == id;
}

/** setresuid(2): without privileges each id must be one of the three before. */
static bool may_change_ids(const struct side *from, const struct side *to,
			   enum snap_attribute first, int capability)
{
	if (has_capability(from, capability))
		return true;
	for (enum snap_attribute id = first; id <= first + 3; id++)
		if (!has_id(from, first, to->list[id]))
			return false;
	return true;
}

static bool has_root(const struct side *side)
{
	return has_id(side, SNAP_ATTRIBUTE_RUID, 0);
}

/** The kernel would take the permitted capabilities with the last id of root's. */
static bool loses_capabilities(const struct side *from, const struct side *to)
{
	return has_root(from) && !has_root(to) &&
	       from->list[SNAP_ATTRIBUTE_CAP_PERMITTED];
}

/** The bits that have another one above them that locks them for good. */
#define SECURE_UNLOCKED  ((uint64_t)0x55)
#define SECURE_KEEP_CAPS ((uint64_t)0x10)

/** cap_task_prctl() of security/commoncap.c. */
static bool may_change_securebits(const struct side *from, const struct side *to)
{
	uint64_t is = from->list[SNAP_ATTRIBUTE_SECUREBITS];
	uint64_t changed = is ^ to->list[SNAP_ATTRIBUTE_SECUREBITS];
	if (changed & ~SECURE_UNLOCKED || changed & is >> 1)
		return false;
	return !(changed & ~SECURE_KEEP_CAPS) || has_capability(from, CAP_SETPCAP);
}

static const char *find_reason(const struct side *from, const struct side *to)
{
	if (!may_change_ids(from, to, SNAP_ATTRIBUTE_RUID, CAP_SETUID))
		return "user id";
	if (!may_change_ids(from, to, SNAP_ATTRIBUTE_RGID, CAP_SETGID))
		return "group id";
	if (loses_capabilities(from, to))
		return "user id from root's, which keeps its capabilities,";
	if (groups_differ(from->state, to->state) && !has_capability(from, CAP_SETGID))
		return "groups";
	if (!may_change_securebits(from, to))
		return "securebits";
	if (to->list[SNAP_ATTRIBUTE_CAP_INHERITABLE] &
	    ~(from->list[SNAP_ATTRIBUTE_CAP_INHERITABLE] |
	      from->list[SNAP_ATTRIBUTE_CAP_PERMITTED]))
		return "inheritable capabilities";
	return NULL;
}

snap_err snap_check_privileges(const struct snap_plan *plan,
			       const struct snap_step *step)
{
	const struct snap_thread_state *wanted = step->wanted, *is = step->is;
	const struct side image = { wanted, wanted->attributes.list };
	const struct side live = { is, is->attributes.list };
	if (plan->live->state.is_foreign_user_ns)
		return snap_error_with_remedy(
			snap_error_create(
				SNAP_ERROR_REFUSED,
				"the privileges of thread %d have changed since the "
				"snapshot, and it is in another user namespace than the "
				"debugger",
				(int)step->tid),
			"run GDB inside of the container");
	const char *reason = find_reason(&live, &image);
	if (!reason) // It may have to be undone.
		reason = find_reason(&image, &live);
	if (!reason)
		return SNAP_OK;
	return snap_error_with_remedy(
		snap_error_create(
			SNAP_ERROR_REFUSED,
			"thread %d has changed its %s since the snapshot, and has "
			"no right to go back",
			(int)step->tid, reason),
		"restore a snapshot that was taken after it gave up its privileges");
}
