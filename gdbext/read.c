// SPDX-License-Identifier: GPL-3.0-or-later
#include "gdbext/read.h"

#include <assert.h>
#include <string.h>

snap_err snap_py_check_mapped(const struct snap_snapshot *snapshot, uint64_t address,
			      uint64_t size)
{
	while (size) {
		const struct snap_vma *vma = snap_vmas_find(&snapshot->vmas, address);
		if (!vma)
			return snap_error_create(SNAP_ERROR_INVALID,
						 "nothing was mapped at 0x%llx",
						 (unsigned long long)address);
		uint64_t left = vma->end - address;
		size -= left < size ? left : size;
		address = vma->end;
	}
	return SNAP_OK;
}

/** What is known of the first bytes at an address; at most `size`, at least one. */
static snap_err read_piece(const struct snap_snapshot *snapshot, uint64_t address,
			   uint64_t size, uint8_t *ret, uint64_t *ret_size)
{
	const struct snap_vma *vma = snap_vmas_find(&snapshot->vmas, address);
	assert(vma);
	uint64_t available;
	const uint8_t *held = snap_memory_at(&snapshot->memory, address, &available);
	enum snap_vma_contents contents = snap_vma_contents(vma);
	if (!held && contents != SNAP_CONTENTS_ZERO && contents != SNAP_CONTENTS_SHARED)
		return snap_error_create(
			SNAP_ERROR_INVALID,
			"the snapshot does not hold the memory at 0x%llx "
			"(%s)",
			(unsigned long long)address,
			*vma->name ? vma->name : "anonymous memory");
	if (available > vma->end - address)
		available = vma->end - address;
	*ret_size = available < size ? available : size;
	if (held)
		memcpy(ret, held, *ret_size);
	else
		memset(ret, 0, *ret_size);
	return SNAP_OK;
}

snap_err snap_py_read(const struct snap_snapshot *snapshot, uint64_t address,
		      uint64_t size, uint8_t *ret)
{
	while (size) {
		uint64_t done;
		SNAP_TRY(read_piece(snapshot, address, size, ret, &done));
		address += done;
		ret += done;
		size -= done;
	}
	return SNAP_OK;
}
