// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/capture/sharing.h"

#include <stdio.h>

#include "core/base/text.h"
#include "core/tracee/shared_memory.h"

static bool is_candidate(const struct snap_vma *vma)
{
	return vma->prot & SNAP_VMA_SHARED && vma->prot & SNAP_VMA_WRITE &&
	       !snap_vma_is_kernels(vma) &&
	       !(vma->flags &
		 (SNAP_VMA_DEVICE | SNAP_VMA_GUARD | SNAP_VMA_SHADOW_STACK));
}

/** What was left out, for the user. */
struct omitted {
	size_t nr;
	/** The first of them. */
	const struct snap_vma *first;
	/** The setting would help. */
	bool is_memory;
};

static snap_err decide(struct snap_tracee *tracee, bool rewinds_shared, bool has_sharer,
		       struct snap_vma *vma, struct omitted *omitted)
{
	bool is_memory;
	SNAP_TRY(snap_tracee_is_in_memory(tracee, vma, &is_memory));
	if ((rewinds_shared && is_memory) ||
	    (snap_vma_is_shared_anonymous(vma) && !has_sharer)) {
		vma->flags |= SNAP_VMA_REWOUND;
		return SNAP_OK;
	}
	omitted = &omitted[is_memory];
	omitted->is_memory = is_memory;
	if (!omitted->nr++)
		omitted->first = vma;
	return SNAP_OK;
}

static snap_err tell(const struct omitted *omitted, struct snap_snapshot *snapshot)
{
	if (!omitted->nr)
		return SNAP_OK;
	_cleanup_free_ char *name = NULL;
	SNAP_TRY(snap_escaped(omitted->first->name, &name));
	char others[48] = "";
	if (omitted->nr > 1)
		snprintf(others, sizeof(others), " and %zu more mappings",
			 omitted->nr - 1);
	return snap_snapshot_omit(
		snapshot,
		omitted->is_memory
			? "The shared memory %s%s, which other processes may see: a "
			  "restore leaves it as it is ('set snapshot shared-memory on' "
			  "before saving changes that)."
			: "The contents of the file %s%s, which is mapped shared: a "
			  "restore leaves files as they are.",
		name, others);
}

snap_err snap_capture_sharing(struct snap_tracee *tracee, bool rewinds_shared,
			      struct snap_snapshot *snapshot)
{
	struct snap_vmas *vmas = &snapshot->vmas;
	_cleanup_free_ bool *has_sharer = calloc(vmas->nr + 1, sizeof(*has_sharer));
	if (!has_sharer)
		return &snap_enomem;
	if (!rewinds_shared)
		SNAP_TRY(snap_tracee_find_sharers(tracee, vmas, has_sharer));
	struct omitted omitted[2] = { 0 };
	for (size_t i = 0; i < vmas->nr; i++)
		if (is_candidate(&vmas->list[i]))
			SNAP_TRY(decide(tracee, rewinds_shared, has_sharer[i],
					&vmas->list[i], omitted));
	SNAP_TRY(tell(&omitted[0], snapshot));
	return tell(&omitted[1], snapshot);
}
