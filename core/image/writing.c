// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/writing.h"

static bool is_cancelled(void *context)
{
	return snap_worker_is_cancelled(context);
}

static bool report(void *context, const char *phase, uint64_t done, uint64_t total)
{
	struct snap_worker *worker = context;
	atomic_store(&worker->done, done);
	return !snap_worker_is_cancelled(worker);
}

static snap_err work(void *context)
{
	struct snap_writing *writing = context;
	struct snap_worker *worker = &writing->worker;
	const struct snap_progress progress = { .report = report, .context = worker };
	SNAP_TRY(snap_arrivals_wait_aside(writing->job.memory.arrivals, is_cancelled,
					  worker));
	return snap_image_job_run(&writing->job, &progress);
}

snap_err snap_writing_create(const struct snap_snapshot *snapshot, const char *path,
			     bool overwrite, struct snap_writing **ret)
{
	_cleanup_free_ struct snap_writing *writing = calloc(1, sizeof(*writing));
	if (!writing)
		return &snap_enomem;
	SNAP_TRY(snap_image_job_init(&writing->job, snapshot, path, overwrite));
	writing->total = snapshot->memory.size;
	snap_worker_init(&writing->worker);
	snap_worker_start(&writing->worker, "snapshot-write", work, writing);
	*ret = snap_take(writing);
	return SNAP_OK;
}

void snap_writing_destroy(struct snap_writing *writing)
{
	if (!writing)
		return;
	if (snap_worker_is_foreign(&writing->worker))
		snap_output_abandon(&writing->job.output);
	snap_worker_deinit(&writing->worker);
	snap_image_job_deinit(&writing->job);
	free(writing);
}

snap_err snap_writing_wait(struct snap_writing *writing,
			   const struct snap_progress *progress)
{
	struct snap_worker *worker = &writing->worker;
	const char *phase = snap_worker_is_cancelled(worker) ? "Giving the image up"
							     : SNAP_IMAGE_PHASE;
	SNAP_TRY(snap_worker_wait(worker, progress, phase, writing->total));
	// Whoever has asked may be kept for long: by Python, with what was raised.
	snap_output_deinit(&writing->job.output);
	snap_err error = worker->error;
	return error ? snap_error_copy(error) : SNAP_OK;
}
