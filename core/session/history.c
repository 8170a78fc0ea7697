#include "core/session/history.h"

void snap_history_init(struct snap_history *history, struct snap_store *store)
{
	*history = (struct snap_history){ .store = snap_store_ref(store) };
}

void snap_history_deinit(struct snap_history *history)
{
	snap_history_forget(history);
	snap_store_unref(history->store);
	history->store = NULL;
}

void snap_history_forget(struct snap_history *history)
{
	history->pid = 0;
	snap_memory_deinit(&history->baseline);
}

void snap_history_meet(struct snap_history *history,
		       const struct snap_identity *identity)
{
	if (history->pid == identity->pid &&
	    history->start_time == identity->start_time)
		return;
	snap_history_forget(history);
	history->pid = identity->pid;
	history->start_time = identity->start_time;
}

void snap_history_set(struct snap_history *history,
		      const struct snap_snapshot *snapshot)
{
	snap_history_meet(history, &snapshot->identity);
	snap_memory_deinit(&history->baseline);
	snap_memory_remember(&history->baseline, &snapshot->memory);
}

void snap_history_leave(struct snap_history *history,
			const struct snap_snapshot *snapshot,
			const struct snap_snapshot *other)
{
	if (!history->baseline.map ||
	    !snap_memory_is_same(&history->baseline, &snapshot->memory))
		return;
	snap_memory_deinit(&history->baseline);
	if (other)
		snap_memory_remember(&history->baseline, &other->memory);
}
