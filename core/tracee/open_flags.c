// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/open_flags.h"

// The kernel's own: of the C library, O_LARGEFILE is 0 on machines of 64 bits.
#include <asm/fcntl.h>

#include "core/base/cleanup.h"
#include "core/model/files.h"

static const struct {
	uint32_t model;
	uint32_t kernel;
} numbers[] = {
	{ SNAP_OPEN_DIRECT, O_DIRECT },
	{ SNAP_OPEN_LARGEFILE, O_LARGEFILE },
	{ SNAP_OPEN_DIRECTORY, O_DIRECTORY },
	{ SNAP_OPEN_NOFOLLOW, O_NOFOLLOW },
};

uint32_t snap_open_flags_of_kernel(uint32_t flags)
{
	uint32_t ret = flags & ~SNAP_OPEN_RENUMBERED;
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(numbers); i++)
		if (flags & numbers[i].kernel)
			ret |= numbers[i].model;
	return ret;
}

uint32_t snap_open_flags_for_kernel(uint32_t flags)
{
	uint32_t ret = flags & ~SNAP_OPEN_RENUMBERED;
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(numbers); i++)
		if (flags & numbers[i].model)
			ret |= numbers[i].kernel;
	return ret;
}
