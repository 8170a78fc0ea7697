// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Which files a core file is about: the kernel and gcore keep the first page of each
 * ELF file that is mapped, so that its build-id can be read (core(5), coredump_filter).
 */
#include <elf.h>
#include <string.h>

#include "core/foreign/core.h"
#include "core/model/build_id.h"

static void find_build_id(const struct snap_memory *memory, struct snap_vma *vma)
{
	uint64_t size;
	const uint8_t *head = snap_memory_at(memory, vma->start, &size);
	if (!head)
		return;
	if (size > vma->end - vma->start)
		size = vma->end - vma->start;
	vma->build_id_size = snap_build_id_of_memory(head, size, vma->build_id);
}

/** A file's mappings follow each other, and the first of them has its first page. */
static void find_build_ids(struct snap_snapshot *snapshot)
{
	const struct snap_vma *first = NULL;
	for (size_t i = 0; i < snapshot->vmas.nr; i++) {
		struct snap_vma *vma = &snapshot->vmas.list[i];
		if (!*vma->name)
			continue;
		if (first && vma->offset && !strcmp(first->name, vma->name)) {
			vma->build_id_size = first->build_id_size;
			memcpy(vma->build_id, first->build_id, sizeof(vma->build_id));
		} else if (!vma->offset) {
			find_build_id(&snapshot->memory, vma);
			first = vma;
		}
	}
}

snap_err snap_core_identify_files(struct snap_snapshot *snapshot)
{
	struct snap_identity *identity = &snapshot->identity;
	find_build_ids(snapshot);
	// Its program headers lie in its first page, which all keep.
	const struct snap_vma *exe =
		snap_vmas_find(&snapshot->vmas,
			       snap_snapshot_auxv(snapshot, AT_PHDR, 0));
	if (!exe || !snap_vma_is_file(exe))
		return SNAP_OK;
	identity->exe_build_id_size = exe->build_id_size;
	memcpy(identity->exe_build_id, exe->build_id, sizeof(exe->build_id));
	return snap_snapshot_set_text(&identity->exe, exe->name);
}
