// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/thread.h"

#include <assert.h>
#include <string.h>

void snap_thread_deinit(struct snap_thread *thread)
{
	for (size_t i = 0; i < SNAP_MAX_REGSETS; i++)
		free(thread->regsets[i].data);
	snap_pending_deinit(&thread->pending);
	snap_thread_state_deinit(&thread->state);
	*thread = (struct snap_thread){ 0 };
}

snap_err snap_thread_set_regset(struct snap_thread *thread, size_t index,
				const void *data, size_t size)
{
	assert(index < SNAP_MAX_REGSETS);
	uint8_t *copy = NULL;
	if (size) {
		copy = malloc(size);
		if (!copy)
			return &snap_enomem;
		memcpy(copy, data, size);
	}
	free(thread->regsets[index].data);
	thread->regsets[index] = (struct snap_regset){ .size = size, .data = copy };
	return SNAP_OK;
}

snap_err snap_thread_copy(const struct snap_thread *thread, struct snap_thread *ret)
{
	_cleanup_thread_ struct snap_thread copy = *thread;
	memset(copy.regsets, 0, sizeof(copy.regsets));
	copy.pending = (struct snap_pending){ 0 };
	copy.state = (struct snap_thread_state){ 0 };
	SNAP_TRY(snap_thread_state_copy(&thread->state, &copy.state));
	for (size_t i = 0; i < SNAP_MAX_REGSETS; i++)
		SNAP_TRY(snap_thread_set_regset(&copy, i, thread->regsets[i].data,
						thread->regsets[i].size));
	SNAP_TRY(snap_pending_copy(&thread->pending, &copy.pending));
	*ret = copy;
	copy = (struct snap_thread){ 0 };
	return SNAP_OK;
}

int snap_thread_stop_signal(const struct snap_thread *thread)
{
	int32_t signal = 0;
	if (snap_thread_has(thread, SNAP_THREAD_SIGINFO))
		memcpy(&signal, thread->siginfo, sizeof(signal));
	return signal;
}
