// SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>

#include "core/base/text.h"
#include "core/plan/revival.h"
#include "core/plan/revival_shared.h"

/** The mappings on their way. */
struct reviving {
	const struct snap_snapshot *image;
	const struct snap_snapshot *live;
	struct snap_shared_memories shared;
	struct snap_notes *notes;
};

static void deinit(struct reviving *reviving)
{
	snap_shared_memories_deinit(&reviving->shared);
}

bool snap_is_whole(const struct snap_snapshot *image, const struct snap_vma *vma)
{
	return snap_memory_held(&image->memory, vma->start, vma->end) ==
	       snap_vma_size(vma);
}

/** Whether others would see what the process writes there. */
static bool writes_to_file(const struct snap_vma *vma)
{
	return vma->prot & SNAP_VMA_SHARED && vma->prot & SNAP_VMA_WRITE;
}

static snap_err tell(const struct reviving *reviving, const struct snap_vma *was)
{
	_cleanup_free_ char *name = NULL;
	SNAP_TRY(snap_escaped(was->name, &name));
	return writes_to_file(was)
		       ? snap_notes_add(
				 reviving->notes,
				 "The file %s is not there: what the process writes to "
				 "its mapping goes into no file.",
				 name)
		       : snap_notes_add(reviving->notes,
					"The file %s is not there: what the snapshot "
					"has of it is mapped in its place.",
					name);
}

/** What the image holds of a file is memory of the process alone. */
static void make_private(struct snap_vma *vma)
{
	vma->prot &= ~(uint32_t)SNAP_VMA_SHARED;
	vma->flags &= ~(uint32_t)SNAP_VMA_REWOUND;
	vma->flags |= SNAP_VMA_MAY_WRITE;
	vma->offset = vma->inode = 0;
	vma->dev_major = vma->dev_minor = 0;
	vma->build_id_size = 0;
	vma->name = (char *)"";
}

static snap_err revive_file(const struct reviving *reviving, const struct snap_vma *was,
			    const struct snap_mapped_file *file, struct snap_vma *vma)
{
	// What is neither there nor in the image is refused by the plan.
	if (!file->path && snap_is_whole(reviving->image, was)) {
		make_private(vma);
		return tell(reviving, was);
	}
	if (!file->path)
		return SNAP_OK;
	vma->name = file->path;
	vma->dev_major = file->dev_major;
	vma->dev_minor = file->dev_minor;
	vma->inode = file->inode;
	return SNAP_OK;
}

/** From where the new process has it. What it has not is refused by the plan. */
static void revive_shared(const struct reviving *reviving, const struct snap_vma *was,
			  struct snap_vma *vma)
{
	const struct snap_vma *made =
		snap_shared_memory_find(&reviving->shared, was, &reviving->live->vmas);
	if (!made)
		return;
	vma->dev_major = made->dev_major;
	vma->dev_minor = made->dev_minor;
	vma->inode = made->inode;
}

static snap_err tell_of_shared(const struct reviving *reviving)
{
	if (!reviving->shared.nr)
		return SNAP_OK;
	return snap_notes_add(reviving->notes,
			      "Its shared anonymous memory is its own: other processes "
			      "that had it at the save do not have this one.");
}

static bool is_old_vdso(const struct snap_vma *vma)
{
	return !strcmp(vma->name, "[vdso]");
}

snap_err snap_revive_mappings(const struct snap_snapshot *image,
			      const struct snap_snapshot *live,
			      const struct snap_surroundings *surroundings,
			      struct snap_notes *notes, struct snap_revived *revived)
{
	struct snap_vmas *vmas = &revived->snapshot.vmas;
	_cleanup_(deinit) struct reviving reviving = {
		.image = image,
		.live = live,
		.notes = notes,
	};
	SNAP_TRY(snap_find_shared_memories(&image->vmas, &reviving.shared));
	vmas->list = calloc(image->vmas.nr + live->vmas.nr + 1, sizeof(*vmas->list));
	if (!vmas->list)
		return &snap_enomem;
	for (size_t i = 0; i < image->vmas.nr; i++) {
		const struct snap_vma *was = &image->vmas.list[i];
		struct snap_vma *vma = &vmas->list[vmas->nr];
		bool is_old = surroundings->vdso && snap_vma_is_kernels(was);
		if (is_old && !is_old_vdso(was))
			continue;
		vmas->nr++;
		*vma = *was;
		if (is_old)
			make_private(vma);
		else if (snap_vma_is_file(was))
			SNAP_TRY(revive_file(&reviving, was, &surroundings->mapped[i],
					     vma));
		else if (snap_vma_is_shared_anonymous(was))
			revive_shared(&reviving, was, vma);
	}
	SNAP_TRY(tell_of_shared(&reviving));
	return snap_revive_kernels(image, live, surroundings, notes, revived);
}
