#include "core/session/surroundings.h"

#include "core/tracee/fds.h"

void snap_known_surroundings_deinit(struct snap_known_surroundings *known)
{
	free(known->is_there);
	snap_mapped_files_deinit(&known->mapped);
	snap_open_file_deinit(&known->null);
	*known = (struct snap_known_surroundings){ 0 };
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
	SNAP_TRY(snap_find_mapped_files(tracee, image, search, &known.mapped));
	SNAP_TRY(snap_tracee_describe_path(tracee, "/dev/null", &known.null));
	*ret = known;
	known = (struct snap_known_surroundings){ 0 };
	ret->surroundings.is_there = ret->is_there;
	ret->surroundings.mapped = ret->mapped.list;
	ret->surroundings.null = &ret->null;
	return SNAP_OK;
}
