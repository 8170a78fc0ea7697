// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/foreign/adopt.h"

#include <elf.h>
#include <inttypes.h>
#include <string.h>

#include "arch/arch.h"
#include "core/foreign/tid_address.h"

/** Above it nothing is the process's (x86: [vsyscall]). */
#define END_OF_PROCESS (UINT64_C(1) << 63)

/** The most that kernels leave between a program and its heap (arch_randomize_brk). */
#define MAX_HEAP_DISTANCE (UINT64_C(1) << 30)

/** The thread group leader comes first, the others in the order of their numbers. */
static int compare(const void *a, const void *b)
{
	const struct snap_thread *left = a, *right = b;
	return (left->tid > right->tid) - (left->tid < right->tid);
}

static snap_err order_threads(struct snap_snapshot *snapshot)
{
	struct snap_thread *threads = snapshot->threads;
	size_t nr = snapshot->nr_threads;
	qsort(threads, nr, sizeof(*threads), compare);
	for (size_t i = 0; i < nr; i++) {
		if (threads[i].tid != snapshot->identity.pid)
			continue;
		struct snap_thread leader = threads[i];
		memmove(threads + 1, threads, i * sizeof(*threads));
		threads[0] = leader;
		return SNAP_OK;
	}
	return snap_error_create(
		SNAP_ERROR_REFUSED,
		"the core file does not have the main thread of its process");
}

/** Held bytes from an address on, as many as are there in one piece. */
static size_t read_held(const struct snap_snapshot *snapshot, uint64_t address,
			void *ret, size_t size)
{
	uint64_t held;
	const uint8_t *bytes = snap_memory_at(&snapshot->memory, address, &held);
	if (!bytes)
		return 0;
	if (held < size)
		size = held;
	memcpy(ret, bytes, size);
	return size;
}

/** A call that a thread was inside of is made again, as of a live one. */
static void settle_syscall(const struct snap_snapshot *snapshot,
			   struct snap_thread *thread)
{
	const struct snap_arch *arch = snapshot->arch;
	if (arch->identify_syscall) {
		uint8_t code[SNAP_SYSCALL_CODE_SIZE];
		uint64_t end = arch->pc(thread);
		if (arch->rewinds_early)
			end += arch->syscall_insn_size;
		size_t size =
			read_held(snapshot, end - sizeof(code), code, sizeof(code));
		arch->identify_syscall(thread, code, size == sizeof(code) ? size : 0);
	}
	arch->rewind_syscall(thread);
}

/** What `ps` shows: the last part of the first word of the command line, cut. */
static void name_thread(const struct snap_snapshot *snapshot,
			struct snap_thread *thread)
{
	const char *command = snapshot->command_line;
	size_t size = strcspn(command, " ");
	for (size_t i = size; i; i--)
		if (command[i - 1] == '/') {
			command += i;
			size -= i;
			break;
		}
	if (size >= sizeof(thread->comm))
		size = sizeof(thread->comm) - 1;
	memcpy(thread->comm, command, size);
}

static snap_err adopt_threads(struct snap_snapshot *snapshot,
			      struct snap_notes *assumptions)
{
	size_t nr_unknown = 0;
	SNAP_TRY(order_threads(snapshot));
	SNAP_TRY(snap_foreign_guess_tid_addresses(snapshot));
	for (size_t i = 0; i < snapshot->nr_threads; i++) {
		struct snap_thread *thread = &snapshot->threads[i];
		settle_syscall(snapshot, thread);
		if (!*thread->comm)
			name_thread(snapshot, thread);
		nr_unknown += !snap_thread_has(thread, SNAP_THREAD_TID_ADDRESS);
	}
	if (nr_unknown)
		SNAP_TRY(snap_notes_add(
			assumptions,
			"Of %zu of %zu threads it is not known where the C library "
			"waits for their end: who joins them may wait for ever.",
			nr_unknown, snapshot->nr_threads));
	return snap_notes_add(
		assumptions,
		"Assumed of threads: no signal stack, no robust mutexes, no "
		"restartable sequences, and no registers but those of the core file.");
}

/** Not in the core file, and of no file that would have it. */
static uint64_t count_lost(const struct snap_snapshot *snapshot)
{
	uint64_t lost = 0;
	for (size_t i = 0; i < snapshot->vmas.nr; i++) {
		const struct snap_vma *vma = &snapshot->vmas.list[i];
		if (!snap_vma_is_file(vma) && !snap_vma_is_kernels(vma) && vma->prot)
			lost += snap_vma_size(vma) - snap_memory_held(&snapshot->memory,
								      vma->start,
								      vma->end);
	}
	return lost;
}

/** The first anonymous memory behind the program that can be written, and is not its
 * own. */
static void guess_heap(struct snap_snapshot *snapshot)
{
	const struct snap_vmas *vmas = &snapshot->vmas;
	uint64_t end = 0;
	for (size_t i = 0; i < vmas->nr; i++) {
		const struct snap_vma *vma = &vmas->list[i];
		if (snap_vma_is_file(vma) && !strcmp(vma->name, snapshot->identity.exe))
			end = vma->end;
		else if (end && vma->start - end > MAX_HEAP_DISTANCE)
			return;
		else if (end && (*vma->name || !(vma->prot & SNAP_VMA_WRITE)))
			return;
		else if (end && vma->start != end) {
			snapshot->start_brk = vma->start;
			snapshot->brk = vma->end;
			return;
		}
	}
}

/** The protection of a part of an ELF file, by its program headers in its first page.
 */
static uint32_t find_prot(const struct snap_snapshot *snapshot,
			  const struct snap_vma *first, uint64_t offset)
{
	Elf64_Ehdr header;
	Elf64_Phdr segment;
	if (read_held(snapshot, first->start, &header, sizeof(header)) !=
		    sizeof(header) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
	    header.e_phentsize != sizeof(segment) || header.e_phoff > SNAP_PAGE_SIZE)
		return 0;
	for (size_t i = 0; i < header.e_phnum; i++) {
		uint64_t at = first->start + header.e_phoff + i * sizeof(segment);
		if (read_held(snapshot, at, &segment, sizeof(segment)) !=
		    sizeof(segment))
			return 0;
		uint64_t from = snap_page_down(segment.p_offset, snapshot->page_size);
		if (segment.p_type == PT_LOAD && offset >= from &&
		    offset - from < segment.p_filesz + (segment.p_offset - from))
			return (segment.p_flags & PF_R ? SNAP_VMA_READ : 0) |
			       (segment.p_flags & PF_W ? SNAP_VMA_WRITE : 0) |
			       (segment.p_flags & PF_X ? SNAP_VMA_EXEC : 0);
	}
	return 0;
}

/** What was left out because a file has it: its mappings follow each other. */
static void guess_protections(struct snap_snapshot *snapshot)
{
	const struct snap_vma *first = NULL;
	for (size_t i = 0; i < snapshot->vmas.nr; i++) {
		struct snap_vma *vma = &snapshot->vmas.list[i];
		if (!snap_vma_is_file(vma))
			continue;
		if (!vma->offset)
			first = vma;
		if (!vma->prot && first && !strcmp(first->name, vma->name))
			vma->prot = find_prot(snapshot, first, vma->offset);
	}
}

static snap_err adopt_mappings(struct snap_snapshot *snapshot,
			       struct snap_notes *assumptions)
{
	const struct snap_arch *arch = snapshot->arch;
	uint64_t sp = arch->sp(&snapshot->threads[0]);
	for (size_t i = 0; i < snapshot->vmas.nr; i++) {
		struct snap_vma *vma = &snapshot->vmas.list[i];
		vma->flags |= SNAP_VMA_MAY_WRITE;
		if (vma->start <= sp && sp < vma->end)
			vma->flags |= SNAP_VMA_GROWSDOWN;
		if (vma->start >= END_OF_PROCESS)
			SNAP_TRY(snap_snapshot_set_text(&vma->name, "[vsyscall]"));
	}
	guess_protections(snapshot);
	guess_heap(snapshot);
	uint64_t lost = count_lost(snapshot);
	if (lost)
		SNAP_TRY(snap_notes_add(assumptions,
					"%" PRIu64 " bytes of memory are not in the "
					"core file: they are zero now.",
					lost));
	return snap_notes_add(
		assumptions,
		"Assumed of memory: all of it is private, with no advice, no locks and "
		"no keys, and the heap is %s.",
		snapshot->brk ? "what lies behind the program" : "empty");
}

snap_err snap_foreign_adopt(struct snap_snapshot *snapshot,
			    struct snap_notes *assumptions)
{
	if (!snapshot->memory.size)
		return snap_error_create(SNAP_ERROR_REFUSED,
					 "the image has no memory that a process could "
					 "be made of");
	if (!snapshot->auxv_size || !*snapshot->identity.exe)
		return snap_error_create(SNAP_ERROR_REFUSED,
					 "the core file does not say which program it "
					 "is of");
	SNAP_TRY(adopt_threads(snapshot, assumptions));
	SNAP_TRY(adopt_mappings(snapshot, assumptions));
	return snap_notes_add(
		assumptions,
		"Assumed of the process: no signal handlers, no pending signals, no "
		"timers, no open files but standard input and output, and GDB's folder, "
		"limits and ids.");
}
