// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/timers.h"

void snap_timers_deinit(struct snap_timers *timers)
{
	free(timers->list);
	*timers = (struct snap_timers){ 0 };
}

snap_err snap_timers_append(struct snap_timers *timers, const struct snap_timer *timer)
{
	size_t nr = timers->nr;
	if (!(nr & (nr - 1))) { // Full: it has a power of two, or none.
		struct snap_timer *list =
			reallocarray(timers->list, nr ? nr * 2 : 1, sizeof(*list));
		if (!list)
			return &snap_enomem;
		timers->list = list;
	}
	timers->list[timers->nr++] = *timer;
	return SNAP_OK;
}
