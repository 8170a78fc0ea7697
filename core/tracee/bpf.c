// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/bpf.h"

#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

/** Newer than some headers: union bpf_iter_link_info, `task`. */
struct only_task {
	uint32_t tid;
	uint32_t pid;
	uint32_t pid_fd;
	uint32_t pad;
};

static int bpf(int command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

struct bpf_insn snap_bpf_load(uint8_t to, uint8_t from, uint32_t offset)
{
	return (struct bpf_insn){ .code = BPF_LDX | BPF_MEM | BPF_DW,
				  .dst_reg = to,
				  .src_reg = from,
				  .off = (int16_t)offset };
}

struct bpf_insn snap_bpf_move(uint8_t to, uint8_t from)
{
	return (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X,
				  .dst_reg = to,
				  .src_reg = from };
}

struct bpf_insn snap_bpf_with_number(uint8_t code, uint8_t to, int number)
{
	return (struct bpf_insn){ .code = code, .dst_reg = to, .imm = number };
}

struct bpf_insn snap_bpf_call(int function)
{
	return snap_bpf_with_number(BPF_JMP | BPF_CALL, 0, function);
}

int snap_bpf_load_iterator(const struct bpf_insn *program, uint32_t nr,
			   uint32_t function, const char *name)
{
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_TRACING,
		.expected_attach_type = BPF_TRACE_ITER,
		.attach_btf_id = function,
		.insn_cnt = nr,
		.insns = (uint64_t)(uintptr_t)program,
		// What the whole of gdb-snapshot is, too: COPYING.
		.license = (uint64_t)(uintptr_t) "GPL",
	};
	snprintf(attr.prog_name, sizeof(attr.prog_name), "%s", name);
	return bpf(BPF_PROG_LOAD, &attr);
}

int snap_bpf_bind(int program_fd, pid_t pid, bool has_all_threads)
{
	struct only_task only = {
		.tid = has_all_threads ? 0 : (uint32_t)pid,
		.pid = has_all_threads ? (uint32_t)pid : 0,
	};
	union bpf_attr attr = {
		.link_create = {
			.prog_fd = (uint32_t)program_fd,
			.attach_type = BPF_TRACE_ITER,
			.iter_info = (uint64_t)(uintptr_t)&only,
			.iter_info_len = sizeof(only),
		},
	};
	return bpf(BPF_LINK_CREATE, &attr);
}

int snap_bpf_open(int link_fd)
{
	union bpf_attr attr = { .iter_create.link_fd = (uint32_t)link_fd };
	return bpf(BPF_ITER_CREATE, &attr);
}
