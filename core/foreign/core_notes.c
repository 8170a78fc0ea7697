// SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>

#include "arch/arch.h"
#include "core/base/reader.h"
#include "core/foreign/core.h"
#include "core/foreign/foreign.h"
#include "core/image/format.h"

/** struct elf_prstatus and struct elf_prpsinfo of a 64-bit kernel (linux/elfcore.h). */
enum {
	PRSTATUS_SIGHOLD = 24,
	PRSTATUS_PID = 32,
	PRPSINFO_UID = 16,
	PRPSINFO_GID = 20,
	PRPSINFO_PID = 24,
	PRPSINFO_PPID = 28,
	PRPSINFO_FNAME = 40,
	PRPSINFO_ARGS = 56,
	PRPSINFO_SIZE = 136,
};

static snap_err corrupt(const char *what)
{
	return snap_error_create(SNAP_ERROR_CORRUPT, "%s has a wrong size", what);
}

static uint64_t load(const uint8_t *from, size_t size)
{
	uint64_t value = 0;
	for (size_t i = 0; i < size; i++)
		value |= (uint64_t)from[i] << (8 * i);
	return value;
}

/** The thread that the notes read last belong to, or NULL. */
static struct snap_thread *newest(const struct snap_snapshot *snapshot)
{
	return snapshot->nr_threads ? &snapshot->threads[snapshot->nr_threads - 1]
				    : NULL;
}

static snap_err take_prstatus(struct snap_snapshot *snapshot, const uint8_t *data,
			      size_t size)
{
	size_t regs_size = snapshot->arch->regsets[0].max_size;
	if (size != SNAP_PRSTATUS_SIZE(regs_size))
		return corrupt("its PRSTATUS note");
	struct snap_thread *thread;
	SNAP_TRY(snap_foreign_add_thread(snapshot, &thread));
	thread->tid = (pid_t)load(data + PRSTATUS_PID, 4);
	thread->sigmask = load(data + PRSTATUS_SIGHOLD, 8);
	thread->members |= SNAP_THREAD_SIGMASK;
	return snap_thread_set_regset(thread, 0, data + SNAP_PRSTATUS_REGS_OFFSET,
				      regs_size);
}

static snap_err take_prpsinfo(struct snap_snapshot *snapshot, const uint8_t *data,
			      size_t size)
{
	char text[PRPSINFO_SIZE - PRPSINFO_ARGS + 1] = "";
	if (size != PRPSINFO_SIZE)
		return corrupt("its PRPSINFO note");
	snapshot->uid = (uint32_t)load(data + PRPSINFO_UID, 4);
	snapshot->gid = (uint32_t)load(data + PRPSINFO_GID, 4);
	snapshot->identity.pid = (pid_t)load(data + PRPSINFO_PID, 4);
	snapshot->ppid = (pid_t)load(data + PRPSINFO_PPID, 4);
	memcpy(text, data + PRPSINFO_ARGS, sizeof(text) - 1);
	return snap_snapshot_set_text(&snapshot->command_line, text);
}

static snap_err take_siginfo(struct snap_snapshot *snapshot, const uint8_t *data,
			     size_t size)
{
	struct snap_thread *thread = newest(snapshot);
	if (!thread || size != sizeof(thread->siginfo))
		return corrupt("its SIGINFO note");
	memcpy(thread->siginfo, data, size);
	thread->members |= SNAP_THREAD_SIGINFO;
	return SNAP_OK;
}

static snap_err take_auxv(struct snap_snapshot *snapshot, const uint8_t *data,
			  size_t size)
{
	uint8_t *copy = malloc(size + 1);
	if (!copy)
		return &snap_enomem;
	memcpy(copy, data, size);
	free(snapshot->auxv);
	snapshot->auxv = copy;
	snapshot->auxv_size = size;
	return SNAP_OK;
}

/**
 * gcore leaves out what it finds in files, but for their names. What may be done there
 * nobody says: no protection.
 */
static snap_err add_mapping(struct snap_vmas *vmas, size_t at, uint64_t start,
			    uint64_t end)
{
	struct snap_vma vma = { .start = start, .end = end, .name = strdup("") };
	if (!vma.name)
		return &snap_enomem;
	SNAP_TRY(snap_vmas_append(vmas, &vma));
	memmove(&vmas->list[at + 1], &vmas->list[at],
		(vmas->nr - 1 - at) * sizeof(vma));
	vmas->list[at] = vma;
	return SNAP_OK;
}

/** Say which file the mappings of a stretch are of. */
static snap_err name_mappings(struct snap_vmas *vmas, uint64_t start, uint64_t end,
			      uint64_t offset, const char *name)
{
	const struct snap_vma *first = snap_vmas_find_from(vmas, start);
	size_t at = first ? (size_t)(first - vmas->list) : vmas->nr;
	if (start < end && !((start | end) % SNAP_PAGE_SIZE) &&
	    (!first || first->start >= end))
		SNAP_TRY(add_mapping(vmas, at, start, end));
	for (; at < vmas->nr && vmas->list[at].end <= end; at++) {
		struct snap_vma *vma = &vmas->list[at];
		if (vma->start < start)
			continue;
		SNAP_TRY(snap_snapshot_set_text(&vma->name, name));
		vma->offset = offset + (vma->start - start);
		// A number that no file has on a disk tells that it is one.
		vma->inode = UINT64_MAX;
	}
	return SNAP_OK;
}

/** NT_FILE: count, page size; for each start, end, offset in pages; then the names. */
static snap_err take_files(struct snap_snapshot *snapshot, const uint8_t *data,
			   size_t size)
{
	struct snap_reader reader = snap_reader_init(data, size, "its FILE note");
	uint64_t count, page_size;
	SNAP_TRY(snap_reader_u64(&reader, &count));
	SNAP_TRY(snap_reader_u64(&reader, &page_size));
	if (count > snap_reader_left(&reader) / 24)
		return corrupt("its FILE note");
	const char *name = (const char *)data + reader.offset + count * 24;
	const char *behind = (const char *)data + size;
	for (uint64_t i = 0; i < count; i++) {
		uint64_t start, end, offset;
		SNAP_TRY(snap_reader_u64(&reader, &start));
		SNAP_TRY(snap_reader_u64(&reader, &end));
		SNAP_TRY(snap_reader_u64(&reader, &offset));
		size_t length = strnlen(name, (size_t)(behind - name));
		if (length == (size_t)(behind - name))
			return corrupt("its FILE note");
		SNAP_TRY(name_mappings(&snapshot->vmas, start, end, offset * page_size,
				       name));
		name += length + 1;
	}
	return SNAP_OK;
}

/** A register set of the newest thread; one that nobody knows is skipped. */
static snap_err take_regset(struct snap_snapshot *snapshot, const char *owner,
			    uint32_t type, const uint8_t *data, size_t size)
{
	const struct snap_arch *arch = snapshot->arch;
	int index = snap_arch_find_regset(arch, owner, type);
	struct snap_thread *thread = newest(snapshot);
	if (index < 0)
		return SNAP_OK;
	if (!thread || !size || size > arch->regsets[index].max_size)
		return corrupt("a register set of it");
	// As where sets are read: alone it says nothing.
	if (size <= arch->regsets[index].empty_size)
		return SNAP_OK;
	return snap_thread_set_regset(thread, (size_t)index, data, size);
}

static snap_err take_note(struct snap_snapshot *snapshot, const char *owner,
			  uint32_t type, const uint8_t *data, size_t size)
{
	static const struct {
		uint32_t type;
		snap_err (*take)(struct snap_snapshot *snapshot, const uint8_t *data,
				 size_t size);
	} kinds[] = {
		{ NT_PRSTATUS, take_prstatus }, { NT_PRPSINFO, take_prpsinfo },
		{ NT_SIGINFO, take_siginfo },   { NT_AUXV, take_auxv },
		{ NT_FILE, take_files },
	};

	for (size_t i = 0; i < SNAP_ARRAY_SIZE(kinds); i++)
		if (kinds[i].type == type && !strcmp(owner, "CORE"))
			return kinds[i].take(snapshot, data, size);
	const struct snap_foreign *foreign = snapshot->arch->foreign;
	if (foreign && foreign->core_note)
		SNAP_TRY(foreign->core_note(&snapshot->cpu, owner, type, data, size));
	return take_regset(snapshot, owner, type, data, size);
}

/** The bytes of a name or of contents, which are padded to four. */
static snap_err read_padded(struct snap_reader *reader, uint32_t size,
			    const uint8_t **ret)
{
	const uint8_t *unused;
	SNAP_TRY(snap_reader_bytes(reader, size, ret));
	size_t padding = -(size_t)size & 3;
	// The last note of a file may go without.
	if (padding > snap_reader_left(reader))
		padding = snap_reader_left(reader);
	return snap_reader_bytes(reader, padding, &unused);
}

snap_err snap_core_take_notes(struct snap_snapshot *snapshot, const uint8_t *data,
			      size_t size)
{
	struct snap_reader reader = snap_reader_init(data, size, "its notes");
	while (snap_reader_left(&reader)) {
		uint32_t name_size, contents_size, type;
		const uint8_t *name, *contents;
		char owner[16] = "";
		SNAP_TRY(snap_reader_u32(&reader, &name_size));
		SNAP_TRY(snap_reader_u32(&reader, &contents_size));
		SNAP_TRY(snap_reader_u32(&reader, &type));
		SNAP_TRY(read_padded(&reader, name_size, &name));
		SNAP_TRY(read_padded(&reader, contents_size, &contents));
		if (name_size >= sizeof(owner))
			continue;
		memcpy(owner, name, name_size);
		SNAP_TRY(take_note(snapshot, owner, type, contents, contents_size));
	}
	return SNAP_OK;
}

/** The kernel gives the vDSO no name in a core file, but says where it begins. */
static snap_err name_vdso(struct snap_snapshot *snapshot)
{
	uint64_t start = snap_snapshot_auxv(snapshot, AT_SYSINFO_EHDR, 0);
	const struct snap_vma *found = snap_vmas_find(&snapshot->vmas, start);
	if (!start || !found || found->start != start)
		return SNAP_OK;
	struct snap_vma *vma = &snapshot->vmas.list[found - snapshot->vmas.list];
	return snap_snapshot_set_text(&vma->name, "[vdso]");
}

/** What the architecture makes of the notes now that all of them are there. */
static snap_err describe_cpu(struct snap_snapshot *snapshot)
{
	const struct snap_foreign *foreign = snapshot->arch->foreign;
	if (!foreign)
		return SNAP_OK;
	for (size_t at = 0; foreign->core_auxv && at + 16 <= snapshot->auxv_size;
	     at += 16)
		SNAP_TRY(foreign->core_auxv(&snapshot->cpu,
					    load(snapshot->auxv + at, 8),
					    load(snapshot->auxv + at + 8, 8)));
	for (size_t i = 0; foreign->core_thread && i < snapshot->nr_threads; i++)
		SNAP_TRY(foreign->core_thread(&snapshot->cpu, &snapshot->threads[i]));
	return SNAP_OK;
}

snap_err snap_core_finish(struct snap_snapshot *snapshot)
{
	if (!snapshot->nr_threads)
		return snap_error_create(SNAP_ERROR_CORRUPT, "it has no threads");
	SNAP_TRY(describe_cpu(snapshot));
	SNAP_TRY(name_vdso(snapshot));
	snap_foreign_find_page_size(snapshot);
	// The thread that died, or was selected, comes first.
	snapshot->current_tid = snapshot->threads[0].tid;
	if (!snapshot->identity.pid)
		snapshot->identity.pid = snapshot->current_tid;
	return snap_snapshot_omit(
		snapshot, "another program wrote the core file: it does not say all "
			  "that its machine had, and cannot be restored");
}
