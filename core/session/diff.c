// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/capture/rseq.h"
#include "core/session/session.h"
#include "core/unwind/memory.h"

/** The files behind two snapshots. */
struct backing {
	struct snap_files a;
	struct snap_files b;
};

static void backing_deinit(struct backing *backing)
{
	snap_files_deinit(&backing->a);
	snap_files_deinit(&backing->b);
}

static bool read_file(void *context, const struct snap_snapshot *snapshot,
		      uint64_t address, uint8_t *ret, size_t size)
{
	struct backing *backing = context;
	struct snap_files *files =
		snapshot == backing->a.snapshot ? &backing->a : &backing->b;
	return snap_unwind_read(snapshot, files, address, ret, size);
}

static int compare_ranges(const void *a, const void *b)
{
	const struct snap_range *left = a, *right = b;
	return (left->start > right->start) - (left->start < right->start);
}

static size_t add_kernel_ranges(const struct snap_snapshot *snapshot,
				struct snap_range *ret)
{
	size_t nr = 0;
	for (size_t i = 0; i < snapshot->nr_threads; i++)
		nr += snap_rseq_kernel_ranges(&snapshot->threads[i], ret + nr);
	return nr;
}

/** What the kernel writes while a thread does nothing. Owned by the caller: free(). */
static snap_err list_skips(const struct snap_snapshot *a, const struct snap_snapshot *b,
			   struct snap_range **ret, size_t *ret_nr)
{
	size_t most = (a->nr_threads + b->nr_threads) * SNAP_RSEQ_RANGES;
	struct snap_range *skips = calloc(most + 1, sizeof(*skips));
	if (!skips)
		return &snap_enomem;
	size_t nr = add_kernel_ranges(a, skips);
	nr += add_kernel_ranges(b, skips + nr);
	qsort(skips, nr, sizeof(*skips), compare_ranges);
	*ret = skips;
	*ret_nr = nr;
	return SNAP_OK;
}

snap_err snap_session_diff(const struct snap_snapshot *a, const struct snap_snapshot *b,
			   size_t max_ranges, const struct snap_progress *progress,
			   struct snap_diff *ret)
{
	SNAP_TRY(snap_memory_check_settled(&a->memory));
	SNAP_TRY(snap_memory_check_settled(&b->memory));
	_cleanup_(backing_deinit) struct backing backing = {
		.a = { .snapshot = a },
		.b = { .snapshot = b },
	};
	_cleanup_free_ struct snap_range *skips = NULL;
	struct snap_diff_options options = {
		.read_file = read_file,
		.context = &backing,
		.max_ranges = max_ranges,
		.progress = progress,
	};
	SNAP_TRY(list_skips(a, b, &skips, &options.nr_skips));
	options.skips = skips;
	return snap_diff_make(a, b, &options, ret);
}
