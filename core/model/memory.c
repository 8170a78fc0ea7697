#include "core/model/memory.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>

void snap_memory_deinit(struct snap_memory *memory)
{
	if (memory->capacity)
		munmap(memory->bytes, memory->capacity);
	free(memory->extents);
	*memory = (struct snap_memory){ 0 };
}

/** Anonymous pages rather than malloc(): they grow without a copy and come zeroed. */
static snap_err reserve(struct snap_memory *memory, size_t needed)
{
	if (needed <= memory->capacity)
		return SNAP_OK;
	size_t capacity = memory->capacity ? memory->capacity : 1 << 20;
	while (capacity < needed)
		if (__builtin_mul_overflow(capacity, 2, &capacity))
			return &snap_enomem;
	void *bytes =
		memory->capacity
			? mremap(memory->bytes, memory->capacity, capacity,
				 MREMAP_MAYMOVE)
			: mmap(NULL, capacity, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (bytes == MAP_FAILED)
		return &snap_enomem;
	memory->bytes = bytes;
	memory->capacity = capacity;
	return SNAP_OK;
}

static snap_err add_extent(struct snap_memory *memory, uint64_t start, uint64_t size)
{
	size_t nr = memory->nr_extents;
	if (!(nr & (nr - 1))) {
		struct snap_extent *extents =
			reallocarray(memory->extents, nr ? nr * 2 : 1,
				     sizeof(*extents));
		if (!extents)
			return &snap_enomem;
		memory->extents = extents;
	}
	memory->extents[memory->nr_extents++] = (struct snap_extent){
		.start = start,
		.size = size,
		.offset = memory->size,
	};
	return SNAP_OK;
}

snap_err snap_memory_append(struct snap_memory *memory, uint64_t start, uint64_t size,
			    uint8_t **ret)
{
	struct snap_extent *last =
		memory->nr_extents ? &memory->extents[memory->nr_extents - 1] : NULL;
	assert(!last || start >= last->start + last->size);

	size_t needed;
	if (__builtin_add_overflow(memory->size, size, &needed))
		return &snap_enomem;
	SNAP_TRY(reserve(memory, needed));
	if (last && last->start + last->size == start)
		last->size += size;
	else
		SNAP_TRY(add_extent(memory, start, size));
	*ret = memory->bytes + memory->size;
	memory->size = needed;
	return SNAP_OK;
}

void snap_memory_drop_last(struct snap_memory *memory, uint64_t size)
{
	assert(memory->nr_extents && size <= memory->size);
	struct snap_extent *last = &memory->extents[memory->nr_extents - 1];
	assert(size <= last->size);
	last->size -= size;
	if (!last->size)
		memory->nr_extents--;
	memory->size -= size;
	memset(memory->bytes + memory->size, 0, size);
}

void snap_memory_trim(struct snap_memory *memory)
{
	size_t size = (memory->size + SNAP_PAGE_SIZE - 1) & -(size_t)SNAP_PAGE_SIZE;
	if (size && size < memory->capacity &&
	    mremap(memory->bytes, memory->capacity, size, 0) != MAP_FAILED)
		memory->capacity = size;
}

const struct snap_extent *snap_memory_find_from(const struct snap_memory *memory,
						uint64_t address)
{
	size_t low = 0, high = memory->nr_extents;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct snap_extent *extent = &memory->extents[middle];
		if (extent->start + extent->size <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < memory->nr_extents ? &memory->extents[low] : NULL;
}

const uint8_t *snap_memory_at(const struct snap_memory *memory, uint64_t address,
			      uint64_t *ret_size)
{
	const struct snap_extent *extent = snap_memory_find_from(memory, address);
	if (!extent || extent->start > address) {
		*ret_size = extent ? extent->start - address : UINT64_MAX;
		return NULL;
	}
	*ret_size = extent->start + extent->size - address;
	return snap_memory_bytes(memory, extent) + (address - extent->start);
}
