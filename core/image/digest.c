// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/digest.h"

#include <string.h>

#include "core/base/xxh3.h"

_Static_assert(sizeof(XXH128_canonical_t) == SNAP_HEAD_DIGEST_SIZE,
	       "the digest fits into its note");

static void state_cleanup(XXH3_state_t **state)
{
	XXH3_freeState(*state);
}

snap_err snap_digest_head(const void *first, size_t first_size, const void *second,
			  size_t second_size, uint8_t ret[SNAP_HEAD_DIGEST_SIZE])
{
	_cleanup_(state_cleanup) XXH3_state_t *state = XXH3_createState();
	if (!state)
		return &snap_enomem;
	XXH3_128bits_reset(state);
	XXH3_128bits_update(state, first, first_size);
	XXH3_128bits_update(state, second, second_size);
	XXH128_canonical_t canonical;
	XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state));
	memcpy(ret, &canonical, SNAP_HEAD_DIGEST_SIZE);
	return SNAP_OK;
}
