// SPDX-License-Identifier: GPL-3.0-or-later
#include <assert.h>
#include <string.h>

#include "arch/arch.h"
#include "core/image/note.h"

/**
 * @file
 * The notes that every core file has, in the order and with the layouts of the kernel
 * (fs/binfmt_elf.c: fill_note_info, fill_prstatus, fill_psinfo, fill_files_note).
 */

/** An unsigned number and in how many bytes it goes. */
struct number {
	uint64_t value;
	size_t size;
};

static snap_err put_numbers(struct snap_buffer *notes, const struct number *numbers,
			    size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		SNAP_TRY(snap_buffer_append_uint(notes, numbers[i].value,
						 numbers[i].size));
	return SNAP_OK;
}

static bool has_fp_registers(const struct snap_arch *arch,
			     const struct snap_thread *thread)
{
	int index = snap_arch_find_regset(arch, "CORE", NT_PRFPREG);
	return index >= 0 && thread->regsets[index].size;
}

static snap_err put_prstatus(struct snap_buffer *notes,
			     const struct snap_snapshot *snapshot,
			     const struct snap_thread *thread)
{
	uint64_t signal = (uint32_t)snap_thread_stop_signal(thread);
	const struct number status[] = {
		{ signal, 4 },                   // si_signo; the kernel leaves
		{ 0, 4 },                        // si_code and
		{ 0, 4 },                        // si_errno 0
		{ signal, 2 },                   // pr_cursig
		{ 0, 2 },                        // padding
		{ 0, 8 },                        // pr_sigpend
		{ thread->sigmask, 8 },          // pr_sighold
		{ (uint32_t)thread->tid, 4 },    // pr_pid
		{ (uint32_t)snapshot->ppid, 4 }, // pr_ppid
		{ (uint32_t)snapshot->pgid, 4 }, // pr_pgrp
		{ (uint32_t)snapshot->sid, 4 },  // pr_sid
		{ 0, 8 },
		{ 0, 8 }, // pr_utime
		{ 0, 8 },
		{ 0, 8 }, // pr_stime
		{ 0, 8 },
		{ 0, 8 }, // pr_cutime
		{ 0, 8 },
		{ 0, 8 }, // pr_cstime
	};
	const struct snap_regset *general = &thread->regsets[0];
	size_t note;
	SNAP_TRY(snap_note_begin(notes, "CORE", NT_PRSTATUS, &note));
	SNAP_TRY(put_numbers(notes, status, SNAP_ARRAY_SIZE(status)));
	SNAP_TRY(snap_buffer_append(notes, general->data, general->size));
	const struct number fpvalid = { has_fp_registers(snapshot->arch, thread), 4 };
	SNAP_TRY(put_numbers(notes, &fpvalid, 1));

	size_t written = SNAP_PRSTATUS_REGS_OFFSET + general->size + fpvalid.size;
	uint8_t *padding;
	SNAP_TRY(snap_buffer_extend(notes, SNAP_PRSTATUS_SIZE(general->size) - written,
				    &padding));
	return snap_note_end(notes, note);
}

/** Append a text in a field of `size` bytes, cut to fit with its NUL. */
static snap_err put_cut(struct snap_buffer *notes, const char *text, size_t size)
{
	uint8_t *place;
	SNAP_TRY(snap_buffer_extend(notes, size, &place));
	memcpy(place, text, strnlen(text, size - 1));
	return SNAP_OK;
}

/**
 * What GDB compares with the name of the program it is given: of the file, as threads
 * can call themselves what they like.
 */
static const char *program_name(const struct snap_snapshot *snapshot)
{
	const char *slash = strrchr(snapshot->identity.exe, '/');
	if (slash && slash[1])
		return slash + 1;
	return snapshot->threads[0].comm;
}

static snap_err put_prpsinfo(struct snap_buffer *notes,
			     const struct snap_snapshot *snapshot)
{
	const struct number info[] = {
		{ 3, 1 },                                // pr_state: stopped,
		{ 'T', 1 },                              // pr_sname the same
		{ 0, 1 },                                // pr_zomb
		{ 0, 1 },                                // pr_nice
		{ 0, 4 },                                // padding
		{ 0, 8 },                                // pr_flag
		{ snapshot->uid, 4 },                    // pr_uid
		{ snapshot->gid, 4 },                    // pr_gid
		{ (uint32_t)snapshot->identity.pid, 4 }, // pr_pid
		{ (uint32_t)snapshot->ppid, 4 },         // pr_ppid
		{ (uint32_t)snapshot->pgid, 4 },         // pr_pgrp
		{ (uint32_t)snapshot->sid, 4 },          // pr_sid
	};
	size_t note;
	SNAP_TRY(snap_note_begin(notes, "CORE", NT_PRPSINFO, &note));
	SNAP_TRY(put_numbers(notes, info, SNAP_ARRAY_SIZE(info)));
	SNAP_TRY(put_cut(notes, program_name(snapshot), 16));
	SNAP_TRY(put_cut(notes, snapshot->command_line, 80));
	return snap_note_end(notes, note);
}

/** Mapped files: numbers of all first, then names of all. */
static snap_err put_files(struct snap_buffer *notes,
			  const struct snap_snapshot *snapshot)
{
	const struct snap_vmas *vmas = &snapshot->vmas;
	size_t note, count = 0;
	for (size_t i = 0; i < vmas->nr; i++)
		count += snap_vma_is_file(&vmas->list[i]);
	SNAP_TRY(snap_note_begin(notes, "CORE", NT_FILE, &note));
	const struct number head[] = { { count, 8 }, { snapshot->page_size, 8 } };
	SNAP_TRY(put_numbers(notes, head, SNAP_ARRAY_SIZE(head)));
	for (size_t i = 0; i < vmas->nr; i++) {
		const struct snap_vma *vma = &vmas->list[i];
		const struct number file[] = { { vma->start, 8 },
					       { vma->end, 8 },
					       { vma->offset / snapshot->page_size,
						 8 } };
		if (snap_vma_is_file(vma))
			SNAP_TRY(put_numbers(notes, file, SNAP_ARRAY_SIZE(file)));
	}
	for (size_t i = 0; i < vmas->nr; i++) {
		const struct snap_vma *vma = &vmas->list[i];
		if (snap_vma_is_file(vma))
			SNAP_TRY(snap_buffer_append(notes, vma->name,
						    strlen(vma->name) + 1));
	}
	return snap_note_end(notes, note);
}

/** What belongs to the process stands behind the first thread's PRSTATUS. */
static snap_err put_process(struct snap_buffer *notes,
			    const struct snap_snapshot *snapshot)
{
	if (snapshot->auxv_size)
		SNAP_TRY(snap_note_append(notes, "CORE", NT_AUXV, snapshot->auxv,
					  snapshot->auxv_size));
	return put_files(notes, snapshot);
}

/** One register set: what other tools know of it, and in a note of ours the rest. */
static snap_err put_regset(struct snap_buffer *notes,
			   const struct snap_snapshot *snapshot,
			   const struct snap_thread *thread, size_t index)
{
	const struct snap_arch *arch = snapshot->arch;
	const struct snap_regset_desc *desc = &arch->regsets[index];
	const struct snap_regset *set = &thread->regsets[index];
	size_t size = arch->note_size ? arch->note_size(&snapshot->cpu, thread, index)
				      : set->size;
	SNAP_TRY(
		snap_note_append(notes, desc->owner, desc->note_type, set->data, size));
	return size < set->size ? snap_notes_put_rest(notes, desc, set, size) : SNAP_OK;
}

static snap_err put_regsets(struct snap_buffer *notes,
			    const struct snap_snapshot *snapshot,
			    const struct snap_thread *thread)
{
	assert(snapshot->arch->nr_regsets <= SNAP_MAX_REGSETS);
	for (size_t i = 1; i < snapshot->arch->nr_regsets; i++)
		if (thread->regsets[i].size)
			SNAP_TRY(put_regset(notes, snapshot, thread, i));
	return SNAP_OK;
}

static snap_err put_thread(struct snap_buffer *notes,
			   const struct snap_snapshot *snapshot,
			   const struct snap_thread *thread, bool is_first)
{
	SNAP_TRY(put_prstatus(notes, snapshot, thread));
	if (is_first)
		SNAP_TRY(put_prpsinfo(notes, snapshot));
	if (snap_thread_has(thread, SNAP_THREAD_SIGINFO))
		SNAP_TRY(snap_note_append(notes, "CORE", NT_SIGINFO, thread->siginfo,
					  sizeof(thread->siginfo)));
	if (is_first)
		SNAP_TRY(put_process(notes, snapshot));
	SNAP_TRY(put_regsets(notes, snapshot, thread));
	SNAP_TRY(snap_notes_put_thread(notes, snapshot, thread));
	SNAP_TRY(snap_notes_put_pending(notes, thread));
	return snap_notes_put_thread_state(notes, thread);
}

snap_err snap_notes_put_core(struct snap_buffer *notes,
			     const struct snap_snapshot *snapshot)
{
	const struct snap_thread *first =
		snap_snapshot_thread(snapshot, snapshot->current_tid);
	assert(first);
	SNAP_TRY(put_thread(notes, snapshot, first, true));
	for (size_t i = 0; i < snapshot->nr_threads; i++)
		if (&snapshot->threads[i] != first)
			SNAP_TRY(put_thread(notes, snapshot, &snapshot->threads[i],
					    false));
	return SNAP_OK;
}
