// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/task_words.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/tracee/bpf_writer.h"

#define DESCRIPTION "/sys/kernel/btf/vmlinux"

/** A member of struct task_struct, or of what it leads to. */
struct field {
	const char *path;
	/** Kernels without it have no such answer. */
	bool is_optional;
};

/** After struct snap_process_words: what is asked in core/capture/ask.c. */
static const struct field of_process[] = {
	{ "mm.def_flags", false },
	{ "mm.flags", false },
	{ "mm.membarrier_state", true },
	{ "signal.is_child_subreaper", false },
	{ "signal.timer_create_restore_ids", true },
	{ "signal.it", false },
	{ "signal.it_real_incr", false },
	{ "signal.real_timer.state", false },
	{ "sighand.action", false },
};

/** After struct snap_thread_words. */
static const struct field of_thread[] = {
	// What it answers to sigaltstack(2), set_tid_address(2) and prctl(2).
	{ "sas_ss_flags", false },
	{ "pdeath_signal", false },
	{ "timer_slack_ns", false },
	{ "flags", false },
	{ "atomic_flags", false },
	{ "thread_info.flags", false },
	{ "cred.securebits", false },
	// /proc/PID/task/TID/stat and status (fs/proc/array.c).
	{ "pid", false },
	{ "start_boottime", false },
	{ "comm", false },
	{ "__state", false },
	{ "ptrace", false },
	{ "parent", false },
	{ "pending.signal", false },
	{ "real_cred.uid", false },
	{ "real_cred.euid", false },
	{ "real_cred.suid", false },
	{ "real_cred.fsuid", false },
	{ "real_cred.gid", false },
	{ "real_cred.egid", false },
	{ "real_cred.sgid", false },
	{ "real_cred.fsgid", false },
	{ "real_cred.cap_inheritable", false },
	{ "real_cred.cap_permitted", false },
	{ "real_cred.cap_effective", false },
	{ "real_cred.cap_bset", false },
	{ "real_cred.cap_ambient", false },
	{ "real_cred.group_info.ngroups", false },
	{ "seccomp.mode", true },
	{ "seccomp.filter_count", true },
	{ "cpus_mask", false },
	// personality, sched_getattr(2) and ioprio_get(2).
	{ "personality", false },
	{ "policy", false },
	{ "static_prio", false },
	{ "rt_priority", false },
	{ "sched_reset_on_fork", false },
	{ "dl.dl_runtime", false },
	{ "dl.dl_deadline", false },
	{ "dl.dl_period", false },
	{ "dl.flags", false },
	{ "se.slice", true },
	{ "io_context.ioprio", true },
	// /proc/PID/task/TID/ns.
	{ "real_cred.user_ns.ns.inum", false },
	{ "nsproxy.cgroup_ns.ns.inum", false },
	{ "nsproxy.ipc_ns.ns.inum", false },
	{ "nsproxy.mnt_ns.ns.inum", false },
	{ "nsproxy.net_ns.ns.inum", false },
	{ "nsproxy.pid_ns_for_children.ns.inum", false },
	{ "nsproxy.time_ns_for_children.ns.inum", false },
	{ "nsproxy.uts_ns.ns.inum", false },
};

static void gather_member(struct snap_bpf_writer *writer, const char *name,
			  uint32_t size, bool is_optional)
{
	struct snap_btf_path path;
	if (!snap_btf_find_path(writer->btf, "task_struct", name, &path))
		writer->is_lost |= !is_optional;
	else if (size && path.size != size)
		writer->is_lost = true;
	else
		snap_bpf_gather(writer, path);
}

static void gather_all(struct snap_bpf_writer *writer, const struct field *fields,
		       size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		gather_member(writer, fields[i].path, 0, fields[i].is_optional);
	snap_bpf_flush(writer);
}

/**
 * Which registers a process may use: since Linux 6.16 in what lies behind struct
 * task_struct (arch/x86/include/asm/processor.h, x86_task_fpu()).
 */
static void gather_wide_registers(struct snap_bpf_writer *writer)
{
	static const char inside[] = "thread.fpu.perm.__state_perm";
	struct snap_btf_path path;
	const struct snap_btf *btf = writer->btf;
	if (!snap_btf_find_path(btf, "task_struct", inside, &path)) {
		if (!snap_btf_find_path(btf, "fpu", "perm.__state_perm", &path)) {
			snap_bpf_gather_zeros(writer);
			return;
		}
		path.offset += snap_btf_size(btf, "task_struct");
	}
	snap_bpf_gather(writer, path);
}

static void write_process(struct snap_bpf_writer *writer)
{
	gather_member(writer, "mm.brk", sizeof(uint64_t), false);
	gather_wide_registers(writer);
	gather_all(writer, of_process, SNAP_ARRAY_SIZE(of_process));
}

/** The first groups of a thread; where it has fewer, zeros. */
static void gather_groups(struct snap_bpf_writer *writer)
{
	const int place = snap_bpf_place(writer), size = SNAP_NR_GROUP_WORDS * 4;
	struct snap_btf_path nr, list;
	writer->is_lost |= !snap_btf_find_path(writer->btf, "task_struct",
					       "real_cred.group_info.ngroups", &nr) ||
			   !snap_btf_find_path(writer->btf, "task_struct",
					       "real_cred.group_info.gid", &list) ||
			   nr.size != 4;
	if (writer->is_lost)
		return;
	for (int at = 0; at < size; at += 8)
		snap_bpf_clear(writer, place + at);
	snap_bpf_follow(writer, &nr);
	snap_bpf_write(writer, snap_bpf_move(BPF_REG_9, BPF_REG_3));
	// The number becomes that of bytes, in register 2; its upper half is zeros.
	snap_bpf_clear(writer, SNAP_BPF_SLOT);
	snap_bpf_write(writer, snap_bpf_move(BPF_REG_3, BPF_REG_9));
	snap_bpf_read_bytes(writer, nr.offset, SNAP_BPF_SLOT, nr.size);
	snap_bpf_write(writer,
		       snap_bpf_load(BPF_REG_2, BPF_REG_10, (uint32_t)SNAP_BPF_SLOT));
	uint32_t jump =
		snap_bpf_jump_if(writer, BPF_JGT, BPF_REG_2, SNAP_NR_GROUP_WORDS);
	snap_bpf_write(writer,
		       snap_bpf_with_number(BPF_ALU64 | BPF_LSH | BPF_K, BPF_REG_2, 2));
	snap_bpf_write(writer, snap_bpf_move(BPF_REG_3, BPF_REG_9));
	snap_bpf_write(writer, snap_bpf_with_number(BPF_ALU64 | BPF_ADD | BPF_K,
						    BPF_REG_3, (int)list.offset));
	snap_bpf_set_place(writer, BPF_REG_1, place);
	snap_bpf_write(writer, snap_bpf_call(BPF_FUNC_probe_read_kernel));
	snap_bpf_arrive(writer, jump);
	writer->used += (uint32_t)size;
}

static void write_thread(struct snap_bpf_writer *writer)
{
	gather_member(writer, "sas_ss_sp", sizeof(uint64_t), false);
	gather_member(writer, "sas_ss_size", sizeof(uint64_t), false);
	gather_member(writer, "clear_child_tid", sizeof(uint64_t), false);
	gather_groups(writer);
	gather_all(writer, of_thread, SNAP_ARRAY_SIZE(of_thread));
}

/** A descriptor's file: eight bytes if it has an owner or a signal. */
static void write_file(struct snap_bpf_writer *writer)
{
	const int place = snap_bpf_place(writer);
	struct snap_btf_path pid, signal;
	writer->is_lost |=
		!snap_btf_find_path(writer->btf, "file", "f_owner.pid", &pid) ||
		!snap_btf_find_path(writer->btf, "file", "f_owner.signum", &signal) ||
		pid.size != 8 || signal.size != 4;
	if (writer->is_lost)
		return;
	snap_bpf_follow(writer, &pid);
	snap_bpf_read_bytes(writer, pid.offset, place, 8);
	snap_bpf_write(writer, snap_bpf_load(BPF_REG_9, BPF_REG_10, (uint32_t)place));
	// The upper half of the other is zeros.
	snap_bpf_clear(writer, place);
	snap_bpf_follow(writer, &signal);
	snap_bpf_read_bytes(writer, signal.offset, place, 4);
	snap_bpf_write(writer, snap_bpf_load(BPF_REG_1, BPF_REG_10, (uint32_t)place));
	snap_bpf_write(writer, (struct bpf_insn){ .code = BPF_ALU64 | BPF_OR | BPF_X,
						  .dst_reg = BPF_REG_9,
						  .src_reg = BPF_REG_1 });
	uint32_t jump = snap_bpf_jump_if(writer, BPF_JEQ, BPF_REG_9, 0);
	writer->used = 8;
	snap_bpf_flush(writer);
	snap_bpf_arrive(writer, jump);
}

struct walk {
	/** The function that stands for the iterator. */
	const char *function;
	/** Where its object is in what it is given (kernel/bpf/task_iter.c). */
	uint32_t object;
	void (*write)(struct snap_bpf_writer *writer);
};

static const struct walk walks[SNAP_NR_WALKS] = {
	[SNAP_WALK_PROCESS] = { "bpf_iter_task", 8, write_process },
	[SNAP_WALK_THREADS] = { "bpf_iter_task", 8, write_thread },
	[SNAP_WALK_FILES] = { "bpf_iter_task_file", 24, write_file },
};

/** -1: it cannot be had. */
static int load_walk(const struct snap_btf *btf, const struct walk *walk,
		     struct snap_bpf_writer *writer)
{
	snap_bpf_begin(writer, btf, walk->object);
	walk->write(writer);
	return snap_bpf_end(writer, snap_btf_find_function(btf, walk->function),
			    "snapshot_tasks");
}

static void close_all(int fds[SNAP_NR_WALKS])
{
	for (size_t i = 0; i < SNAP_NR_WALKS; i++) {
		snap_close_cleanup(&fds[i]);
		fds[i] = -1;
	}
}

static snap_err make(void *context)
{
	struct snap_task_programs *programs = context;
	_cleanup_btf_ struct snap_btf btf = { 0 };
	_cleanup_free_ struct snap_bpf_writer *writer = malloc(sizeof(*writer));
	if (!writer)
		return &snap_enomem;
	SNAP_TRY(snap_btf_read(DESCRIPTION, &btf));
	bool has_all = btf.nr_types;
	for (size_t i = 0; i < SNAP_NR_WALKS && has_all; i++) {
		programs->fds[i] = load_walk(&btf, &walks[i], writer);
		programs->sizes[i] = writer->size;
		has_all = programs->fds[i] >= 0;
	}
	if (!has_all)
		close_all(programs->fds);
	return SNAP_OK;
}

void snap_task_programs_make(struct snap_task_programs *programs)
{
	struct snap_worker *worker =
		programs->worker ? NULL : calloc(1, sizeof(*worker));
	if (!worker)
		return;
	for (size_t i = 0; i < SNAP_NR_WALKS; i++)
		programs->fds[i] = -1;
	snap_worker_init(worker);
	programs->worker = worker;
	snap_worker_start(worker, "snapshot-words", make, programs);
}

bool snap_task_programs_are_there(struct snap_task_programs *programs)
{
	return programs->worker && snap_worker_is_over(programs->worker) &&
	       programs->fds[0] >= 0;
}

void snap_task_programs_deinit(struct snap_task_programs *programs)
{
	if (!programs->worker)
		return;
	snap_worker_deinit(programs->worker);
	free(programs->worker);
	close_all(programs->fds);
	programs->worker = NULL;
}

void snap_task_words_deinit(struct snap_task_words *words)
{
	if (words->is_bound)
		close_all(words->link_fds);
	words->is_bound = false;
}

static void bind(struct snap_task_words *words,
		 const struct snap_task_programs *programs, pid_t pid)
{
	bool has_all = true;
	for (size_t i = 0; i < SNAP_NR_WALKS; i++) {
		words->link_fds[i] =
			snap_bpf_bind(programs->fds[i], pid, i == SNAP_WALK_THREADS);
		has_all &= words->link_fds[i] >= 0;
	}
	if (!has_all)
		close_all(words->link_fds);
	words->process_size = programs->sizes[SNAP_WALK_PROCESS];
	words->thread_size = programs->sizes[SNAP_WALK_THREADS];
	words->is_bound = true;
}

/** Append what an iterator finds. */
static snap_err read_walk(const struct snap_task_words *words, enum snap_task_walk walk,
			  struct snap_buffer *ret, bool *ret_is_read)
{
	const size_t chunk = 65536;
	_cleanup_close_ int fd = snap_bpf_open(words->link_fds[walk]);
	ssize_t got = fd < 0 ? -1 : 1;
	while (got > 0) {
		uint8_t *place;
		SNAP_TRY(snap_buffer_extend(ret, chunk, &place));
		got = read(fd, place, chunk);
		ret->size -= chunk - (size_t)(got > 0 ? got : 0);
	}
	*ret_is_read = !got;
	return SNAP_OK;
}

snap_err snap_task_words_read(struct snap_task_words *words,
			      struct snap_task_programs *programs,
			      struct snap_tracee *tracee, struct snap_buffer *ret,
			      bool *ret_has_owners)
{
	ret->size = 0;
	if (!words->is_bound && snap_task_programs_are_there(programs))
		bind(words, programs, tracee->pid);
	if (!words->is_bound || words->link_fds[0] < 0)
		return SNAP_OK;
	SNAP_TRY(snap_tracee_enter(tracee, "read the kernel's words for process %d",
				   (int)tracee->pid));
	bool is_read[SNAP_NR_WALKS] = { 0 };
	SNAP_TRY(read_walk(words, SNAP_WALK_FILES, ret, &is_read[SNAP_WALK_FILES]));
	*ret_has_owners = ret->size;
	ret->size = 0;
	for (enum snap_task_walk walk = 0; walk < SNAP_WALK_FILES; walk++)
		SNAP_TRY(read_walk(words, walk, ret, &is_read[walk]));
	for (size_t i = 0; i < SNAP_NR_WALKS; i++)
		if (!is_read[i])
			ret->size = 0;
	return SNAP_OK;
}
