// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/capture/keep.h"

#include <string.h>

static const uint8_t zeros[SNAP_PAGE_SIZE];

void snap_keeper_init(struct snap_keeper *keeper, struct snap_memory *memory,
		      const struct snap_memory *baseline)
{
	bool is_usable = baseline && baseline->map && baseline->store == memory->store;
	*keeper = (struct snap_keeper){
		.memory = memory,
		.baseline = is_usable ? baseline : NULL,
		.fills.memory = memory,
	};
}

/** The page of the baseline, or NULL. @param end Behind those that will be asked for.
 */
static const uint8_t *find_known(struct snap_keeper *keeper, uint64_t address,
				 uint64_t end)
{
	struct snap_run *known = &keeper->known;
	// What is still on its way cannot be compared.
	if (!keeper->baseline || keeper->baseline->arrivals)
		return NULL;
	if (address >= known->start + known->size &&
	    !snap_memory_next_piece(keeper->baseline, address, end, known))
		*known = (struct snap_run){ .start = end };
	return address >= known->start ? known->bytes + (address - known->start) : NULL;
}

snap_err snap_keep_finish(struct snap_keeper *keeper)
{
	uint64_t start = keeper->share_start, end = keeper->share_end;
	keeper->share_start = keeper->share_end = 0;
	return start == end ? SNAP_OK
			    : snap_memory_share(keeper->memory, keeper->baseline, start,
						end);
}

snap_err snap_keep_known(struct snap_keeper *keeper, uint64_t start, uint64_t end)
{
	struct snap_run next;
	if (keeper->share_start == keeper->share_end) {
		keeper->share_start = start;
	} else if (snap_memory_next_piece(keeper->baseline, keeper->share_end, start,
					  &next)) {
		// What lies between is not there any more.
		SNAP_TRY(snap_keep_finish(keeper));
		keeper->share_start = start;
	}
	keeper->share_end = end;
	return SNAP_OK;
}

static snap_err append(struct snap_keeper *keeper, uint64_t start, const uint8_t *bytes,
		       size_t size)
{
	SNAP_TRY(snap_keep_finish(keeper));
	return snap_fills_append(&keeper->fills, start, bytes, size);
}

enum kind {
	ZERO,
	KNOWN,
	NEW,
};

/** @param end Behind the pages that are kept with it. */
static enum kind kind_of(struct snap_keeper *keeper, uint64_t address, uint64_t end,
			 const uint8_t *bytes, bool drops_zeros)
{
	if (drops_zeros && !memcmp(bytes, zeros, sizeof(zeros)))
		return ZERO;
	const uint8_t *known = find_known(keeper, address, end);
	return known && !memcmp(bytes, known, SNAP_PAGE_SIZE) ? KNOWN : NEW;
}

static snap_err keep_run(struct snap_keeper *keeper, enum kind kind, uint64_t start,
			 const uint8_t *bytes, size_t size)
{
	switch (kind) {
	case ZERO:
		break;
	case KNOWN:
		return snap_keep_known(keeper, start, start + size);
	case NEW:
		return append(keeper, start, bytes, size);
	}
	return SNAP_OK;
}

snap_err snap_keep(struct snap_keeper *keeper, uint64_t start, const uint8_t *bytes,
		   size_t size, bool drops_zeros)
{
	size_t first = 0;
	enum kind kind = ZERO;
	for (size_t at = 0; at < size; at += SNAP_PAGE_SIZE) {
		enum kind next = kind_of(keeper, start + at, start + size, bytes + at,
					 drops_zeros);
		if (next == kind)
			continue;
		SNAP_TRY(keep_run(keeper, kind, start + first, bytes + first,
				  at - first));
		first = at;
		kind = next;
	}
	return keep_run(keeper, kind, start + first, bytes + first, size - first);
}

snap_err snap_keep_copy(struct snap_keeper *keeper)
{
	return snap_fills_finish(&keeper->fills);
}
