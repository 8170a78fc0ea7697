// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/arrivals.h"

void snap_arrivals_unref(struct snap_arrivals *arrivals)
{
	while (arrivals && !--arrivals->refs) {
		struct snap_arrivals *others = arrivals->others;
		snap_arrival_unref(arrivals->arrival);
		free(arrivals);
		arrivals = others;
	}
}

static bool has(const struct snap_arrivals *arrivals,
		const struct snap_arrival *arrival)
{
	for (; arrivals; arrivals = arrivals->others)
		if (arrivals->arrival == arrival)
			return true;
	return false;
}

snap_err snap_arrivals_add(struct snap_arrivals **arrivals,
			   struct snap_arrival *arrival)
{
	if (has(*arrivals, arrival))
		return SNAP_OK;
	struct snap_arrivals *made = malloc(sizeof(*made));
	if (!made)
		return &snap_enomem;
	arrival->refs++;
	*made = (struct snap_arrivals){
		.refs = 1,
		.arrival = arrival,
		.others = *arrivals,
	};
	*arrivals = made;
	return SNAP_OK;
}

snap_err snap_arrivals_add_all(struct snap_arrivals **to, struct snap_arrivals *from)
{
	if (!*to)
		*to = snap_arrivals_ref(from);
	for (; from; from = from->others)
		SNAP_TRY(snap_arrivals_add(to, from->arrival));
	return SNAP_OK;
}

snap_err snap_arrivals_wait(const struct snap_arrivals *arrivals,
			    const struct snap_progress *progress)
{
	for (; arrivals; arrivals = arrivals->others)
		SNAP_TRY(arrivals->arrival->ops->wait(arrivals->arrival, progress));
	return SNAP_OK;
}

snap_err snap_arrivals_wait_aside(const struct snap_arrivals *arrivals,
				  bool (*is_cancelled)(void *context), void *context)
{
	for (; arrivals; arrivals = arrivals->others) {
		struct snap_arrival *arrival = arrivals->arrival;
		while (!arrival->ops->wait_a_little(arrival))
			if (is_cancelled(context))
				return snap_error_create(SNAP_ERROR_INTERRUPTED,
							 "interrupted");
		SNAP_TRY(arrival->ops->get_result(arrival));
	}
	return SNAP_OK;
}

bool snap_arrivals_are_coming(const struct snap_arrivals *arrivals)
{
	for (; arrivals; arrivals = arrivals->others)
		if (!arrivals->arrival->ops->is_over(arrivals->arrival))
			return true;
	return false;
}
