// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/session/surroundings.h"

#include <string.h>

#include "core/plan/kernels.h"
#include "core/tracee/attributes.h"
#include "core/tracee/fds.h"
#include "core/tracee/mappings.h"
#include "core/tracee/memory.h"

void snap_known_surroundings_deinit(struct snap_known_surroundings *known)
{
	free(known->is_there);
	snap_mapped_files_deinit(&known->mapped);
	snap_open_file_deinit(&known->null);
	free((void *)known->vdso.bytes);
	*known = (struct snap_known_surroundings){ 0 };
}

/** The kernel's code, where it is not what the image has. */
static snap_err look_at_kernel(struct snap_tracee *tracee,
			       const struct snap_snapshot *image,
			       struct snap_known_surroundings *known,
			       bool *ret_is_other)
{
	static const struct snap_vma like = { .name = (char *)"[vdso]" };
	_cleanup_vmas_ struct snap_vmas vmas = { 0 };
	SNAP_TRY(snap_tracee_read_kernels_vmas(tracee, &vmas));
	*ret_is_other = !snap_has_kernels_of(image, &vmas);
	const struct snap_vma *vma = snap_find_kernel_mapping(&vmas, &like);
	if (!*ret_is_other || !vma)
		return SNAP_OK;
	_cleanup_free_ uint8_t *bytes = malloc(snap_vma_size(vma));
	if (!bytes)
		return &snap_enomem;
	SNAP_TRY(snap_tracee_read(tracee, vma->start, bytes, snap_vma_size(vma)));
	known->vdso = (struct snap_vdso){
		.start = vma->start,
		.size = snap_vma_size(vma),
		.bytes = snap_take(bytes),
	};
	return SNAP_OK;
}

snap_err snap_look_around(struct snap_tracee *tracee, const struct snap_snapshot *image,
			  const struct snap_search *search,
			  struct snap_known_surroundings *ret)
{
	const struct snap_fd_table *table = &image->files;
	_cleanup_surroundings_ struct snap_known_surroundings known = {
		.is_there = calloc(table->nr + 1, sizeof(*known.is_there)),
	};
	if (!known.is_there)
		return &snap_enomem;
	for (size_t i = 0; i < table->nr; i++)
		if (*table->list[i].path == '/')
			SNAP_TRY(snap_tracee_is_at_path(tracee, &table->list[i],
							&known.is_there[i]));
	bool is_other;
	SNAP_TRY(look_at_kernel(tracee, image, &known, &is_other));
	SNAP_TRY(snap_find_mapped_files(tracee, image, search, &known.mapped));
	SNAP_TRY(snap_tracee_describe_path(tracee, "/dev/null", &known.null));
	if (image->state.folder)
		SNAP_TRY(snap_tracee_identify_folder(tracee, image->state.folder,
						     &known.surroundings.folder));
	*ret = known;
	known = (struct snap_known_surroundings){ 0 };
	ret->surroundings.is_there = ret->is_there;
	ret->surroundings.mapped = ret->mapped.list;
	ret->surroundings.vdso = is_other ? &ret->vdso : NULL;
	ret->surroundings.null = &ret->null;
	return SNAP_OK;
}
