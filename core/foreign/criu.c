// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Directories of CRIU: pstree.img has the processes and the ids of their threads, each
 * of which has its core-TID.img; mm-PID.img has the mappings and the auxiliary vector,
 * files.img which files are mapped, and cpuinfo.img, which is there only if somebody
 * wanted it (--cpu-cap), the machine.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "arch/arch.h"
#include "arch/criu.pb-c.h"
#include "core/foreign/criu_file.h"
#include "core/foreign/foreign.h"

/** Mapping.status: the vDSO; a private or a shared file. Mapping.flags: MAP_SHARED. */
#define STATUS_VDSO 8u
#define STATUS_FILE 0xc0u
#define FLAG_SHARED 1u

/** Where the reader is. */
struct directory {
	const char *path;
	struct snap_snapshot *snapshot;
	size_t nr_processes;
	/** The name of the file that is being read, for messages. */
	char file[PATH_MAX];
};

static const char *path_of(struct directory *directory, const char *format,
			   uint32_t number)
{
	int length = snprintf(directory->file, sizeof(directory->file), "%s/",
			      directory->path);
	if (length > 0 && (size_t)length < sizeof(directory->file)) {
		char *end = directory->file + length;
		(void)snprintf(end, sizeof(directory->file) - (size_t)length,
			       *format == 'c' ? "core-%u.img" : "mm-%u.img", number);
	}
	return directory->file;
}

static snap_err take_machine(struct directory *directory)
{
	struct snap_snapshot *snapshot = directory->snapshot;
	(void)snprintf(directory->file, sizeof(directory->file), "%s/cpuinfo.img",
		       directory->path);
	if (access(directory->file, F_OK))
		return snap_snapshot_omit(snapshot,
					  "there is no cpuinfo.img: which instructions "
					  "the machine had is not known");
	_cleanup_criu_file_ struct snap_criu_file file = { 0 };
	const uint8_t *data;
	uint32_t size;
	SNAP_TRY(snap_criu_file_open(directory->file, SNAP_CRIU_CPUINFO, &file));
	SNAP_TRY(snap_criu_file_next(&file, &data, &size));
	Snap__Criu__Machine *machine = snap__criu__machine__unpack(NULL, size, data);
	if (!machine)
		return snap_criu_unreadable();
	snap_err error = SNAP_OK;
	if (machine->n_x86)
		error = snapshot->arch->foreign->criu_machine(&snapshot->cpu,
							      machine->x86[0].data,
							      machine->x86[0].len);
	snap__criu__machine__free_unpacked(machine, NULL);
	return error;
}

static void take_comm(struct snap_thread *thread, const ProtobufCBinaryData *comm)
{
	size_t length =
		comm->len < sizeof(thread->comm) ? comm->len : sizeof(thread->comm) - 1;
	if (length)
		memcpy(thread->comm, comm->data, length);
}

static void set_sigmask(struct snap_thread *thread, uint64_t mask)
{
	thread->sigmask = mask;
	thread->members |= SNAP_THREAD_SIGMASK;
}

static void take_thread_core(struct snap_thread *thread, const Snap__Criu__Thread *core)
{
	take_comm(thread, &core->comm);
	if (core->has_blocked)
		set_sigmask(thread, core->blocked);
	thread->robust_list.head = core->robust_list;
	thread->robust_list.length = core->robust_size;
	thread->members |= SNAP_THREAD_ROBUST_LIST;
	if (core->stack) {
		thread->altstack.sp = core->stack->sp;
		thread->altstack.size = core->stack->size;
		thread->altstack.flags = core->stack->flags;
		thread->members |= SNAP_THREAD_ALTSTACK;
	}
	if (core->rseq) {
		thread->rseq.address = core->rseq->address;
		thread->rseq.size = core->rseq->size;
		thread->rseq.signature = core->rseq->signature;
		thread->members |= SNAP_THREAD_RSEQ;
	}
}

static snap_err take_core(struct snap_snapshot *snapshot, struct snap_thread *thread,
			  const Snap__Criu__Core *core)
{
	if (core->machine != snapshot->arch->foreign->criu_machine_type)
		return snap_error_create(SNAP_ERROR_UNSUPPORTED,
					 "it is of a CPU whose images of CRIU are not "
					 "known");
	if (core->task) {
		set_sigmask(thread, core->task->blocked);
		take_comm(thread, &core->task->comm);
	}
	if (core->thread)
		take_thread_core(thread, core->thread);
	return snapshot->arch->foreign->criu_thread(&snapshot->cpu, core->x86.data,
						    core->x86.len, thread);
}

static snap_err take_thread(struct directory *directory, uint32_t tid)
{
	_cleanup_criu_file_ struct snap_criu_file file = { 0 };
	const uint8_t *data;
	uint32_t size;
	SNAP_TRY(snap_criu_file_open(path_of(directory, "core", tid), SNAP_CRIU_CORE,
				     &file));
	SNAP_TRY(snap_criu_file_next(&file, &data, &size));
	struct snap_thread *thread;
	SNAP_TRY(snap_foreign_add_thread(directory->snapshot, &thread));
	thread->tid = (pid_t)tid;
	Snap__Criu__Core *core = snap__criu__core__unpack(NULL, size, data);
	if (!core)
		return snap_criu_unreadable();
	snap_err error = take_core(directory->snapshot, thread, core);
	snap__criu__core__free_unpacked(core, NULL);
	return error;
}

static snap_err take_mapping(struct snap_vmas *vmas, const Snap__Criu__Mapping *mapping)
{
	uint64_t behind = vmas->nr ? vmas->list[vmas->nr - 1].end : 0;
	if (mapping->start < behind || mapping->end <= mapping->start ||
	    (mapping->start | mapping->end) % SNAP_PAGE_SIZE)
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "its mapping at 0x%llx cannot be one",
					 (unsigned long long)mapping->start);
	struct snap_vma vma = {
		.start = mapping->start,
		.end = mapping->end,
		.prot = (mapping->prot & 7) |
			(mapping->flags & FLAG_SHARED ? SNAP_VMA_SHARED : 0),
		.offset = mapping->offset,
		.inode = mapping->status & STATUS_FILE ? mapping->file : 0,
		.name = strdup(mapping->status & STATUS_VDSO ? "[vdso]" : ""),
	};
	return vma.name ? snap_vmas_append(vmas, &vma) : &snap_enomem;
}

static snap_err take_memory(struct snap_snapshot *snapshot,
			    const Snap__Criu__Memory *memory)
{
	for (size_t i = 0; i < memory->n_mappings; i++)
		SNAP_TRY(take_mapping(&snapshot->vmas, memory->mappings[i]));
	size_t size = memory->n_auxv / 2 * 16;
	if (!size)
		return SNAP_OK;
	snapshot->auxv = malloc(size);
	if (!snapshot->auxv)
		return &snap_enomem;
	memcpy(snapshot->auxv, memory->auxv, size);
	snapshot->auxv_size = size;
	snap_foreign_find_page_size(snapshot);
	return SNAP_OK;
}

static snap_err take_mm(struct directory *directory, uint32_t pid)
{
	_cleanup_criu_file_ struct snap_criu_file file = { 0 };
	const uint8_t *data;
	uint32_t size;
	SNAP_TRY(snap_criu_file_open(path_of(directory, "mm", pid), SNAP_CRIU_MM,
				     &file));
	SNAP_TRY(snap_criu_file_next(&file, &data, &size));
	Snap__Criu__Memory *memory = snap__criu__memory__unpack(NULL, size, data);
	if (!memory)
		return snap_criu_unreadable();
	snap_err error = take_memory(directory->snapshot, memory);
	uint32_t exe = memory->exe;
	snap__criu__memory__free_unpacked(memory, NULL);
	SNAP_TRY(error);
	(void)snprintf(directory->file, sizeof(directory->file), "%s/files.img",
		       directory->path);
	return snap_criu_name_files(directory->file, exe, directory->snapshot);
}

static snap_err take_process(struct directory *directory,
			     const Snap__Criu__Process *process)
{
	struct snap_snapshot *snapshot = directory->snapshot;
	// Of the first process the image is; of the others the threads count.
	if (!directory->nr_processes++) {
		snapshot->identity.pid = (pid_t)process->pid;
		snapshot->current_tid = (pid_t)process->pid;
		snapshot->ppid = (pid_t)process->ppid;
		snapshot->pgid = (pid_t)process->pgid;
		snapshot->sid = (pid_t)process->sid;
		SNAP_TRY(take_mm(directory, process->pid));
	}
	for (size_t i = 0; i < process->n_threads; i++)
		SNAP_TRY(take_thread(directory, process->threads[i]));
	return SNAP_OK;
}

static snap_err take_processes(struct directory *directory)
{
	_cleanup_criu_file_ struct snap_criu_file file = { 0 };
	(void)snprintf(directory->file, sizeof(directory->file), "%s/pstree.img",
		       directory->path);
	SNAP_TRY(snap_criu_file_open(directory->file, SNAP_CRIU_PSTREE, &file));
	while (snap_reader_left(&file.reader)) {
		const uint8_t *data;
		uint32_t size;
		SNAP_TRY(snap_criu_file_next(&file, &data, &size));
		Snap__Criu__Process *process =
			snap__criu__process__unpack(NULL, size, data);
		if (!process)
			return snap_criu_unreadable();
		snap_err error = take_process(directory, process);
		snap__criu__process__free_unpacked(process, NULL);
		SNAP_TRY(error);
	}
	return SNAP_OK;
}

/** One is known: what tells them apart is in the cores, which come later. */
static snap_err find_arch(const struct snap_arch **ret)
{
	for (const struct snap_arch *const *arch = snap_arches; *arch; arch++)
		if ((*arch)->foreign && (*arch)->foreign->criu_thread) {
			*ret = *arch;
			return SNAP_OK;
		}
	return snap_error_create(SNAP_ERROR_UNSUPPORTED,
				 "this build knows no images of CRIU");
}

static snap_err read_directory(struct directory *directory)
{
	struct snap_snapshot *snapshot = directory->snapshot;
	SNAP_TRY(find_arch(&snapshot->arch));
	SNAP_TRY(take_machine(directory));
	SNAP_TRY(take_processes(directory));
	if (!snapshot->nr_threads)
		return snap_error_create(SNAP_ERROR_CORRUPT, "it has no threads");
	if (directory->nr_processes > 1)
		SNAP_TRY(snap_snapshot_omit(
			snapshot,
			"it has %zu processes: the threads are those "
			"of all, the mappings those of the first",
			directory->nr_processes));
	return snap_snapshot_omit(snapshot, "CRIU wrote the images: memory was not "
					    "read, and they cannot be restored here");
}

snap_err snap_foreign_read_criu(const char *path, struct snap_snapshot **ret)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot = NULL;
	SNAP_TRY(snap_foreign_create(&snapshot));
	struct directory *directory = calloc(1, sizeof(*directory));
	if (!directory)
		return &snap_enomem;
	directory->path = path;
	directory->snapshot = snapshot;
	snap_err error = read_directory(directory);
	if (error)
		error = snap_error_prefix(error, "%s", directory->file);
	free(directory);
	SNAP_TRY(error);
	*ret = snap_take(snapshot);
	return SNAP_OK;
}
