// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/vma_words.h"

#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/tracee/btf.h"

/** What is read of a mapping, in the order of struct snap_vma_word. */
static const char *const members[] = { "vm_start", "vm_end", "vm_flags" };
#define NR_MEMBERS SNAP_ARRAY_SIZE(members)

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

/** *to = *(u64 *)(from + offset) */
static struct bpf_insn load(uint8_t to, uint8_t from, uint32_t offset)
{
	return (struct bpf_insn){ .code = BPF_LDX | BPF_MEM | BPF_DW,
				  .dst_reg = to,
				  .src_reg = from,
				  .off = (int16_t)offset };
}

static struct bpf_insn move(uint8_t to, uint8_t from)
{
	return (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X,
				  .dst_reg = to,
				  .src_reg = from };
}

static struct bpf_insn with_number(uint8_t code, uint8_t to, int number)
{
	return (struct bpf_insn){ .code = code, .dst_reg = to, .imm = number };
}

/** A call that takes a mapping, or NULL behind the last: its members are written out.
 */
static size_t write_program(const uint32_t offsets[NR_MEMBERS], struct bpf_insn *to)
{
	const int size = (int)sizeof(struct snap_vma_word);
	size_t nr = 0;
	// struct bpf_iter__task_vma has three pointers: meta, task, vma.
	to[nr++] = load(BPF_REG_7, BPF_REG_1, 16);
	to[nr++] = load(BPF_REG_8, BPF_REG_1, 0);
	struct bpf_insn *at_end = &to[nr++];
	*at_end = with_number(BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_7, 0);
	to[nr++] = load(BPF_REG_1, BPF_REG_8, 0); // meta->seq
	for (size_t i = 0; i < NR_MEMBERS; i++) {
		to[nr++] = load(BPF_REG_2, BPF_REG_7, offsets[i]);
		to[nr++] = (struct bpf_insn){ .code = BPF_STX | BPF_MEM | BPF_DW,
					      .dst_reg = BPF_REG_10,
					      .src_reg = BPF_REG_2,
					      .off = (int16_t)((int)(i * 8) - size) };
	}
	to[nr++] = move(BPF_REG_2, BPF_REG_10);
	to[nr++] = with_number(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_2, -size);
	to[nr++] = with_number(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_3, size);
	to[nr++] = with_number(BPF_JMP | BPF_CALL, 0, BPF_FUNC_seq_write);
	at_end->off = (int16_t)(&to[nr] - at_end - 1);
	to[nr++] = with_number(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0);
	to[nr++] = with_number(BPF_JMP | BPF_EXIT, 0, 0);
	return nr;
}

/** -1: it cannot be had. */
static int load_program(const uint32_t offsets[NR_MEMBERS], uint32_t function)
{
	struct bpf_insn program[32] = { 0 };
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_TRACING,
		.expected_attach_type = BPF_TRACE_ITER,
		.attach_btf_id = function,
		.insn_cnt = (uint32_t)write_program(offsets, program),
		.insns = (uint64_t)(uintptr_t)program,
		// What the whole of gdb-snapshot is, too: COPYING.
		.license = (uint64_t)(uintptr_t) "GPL",
		.prog_name = "snapshot_vmas",
	};
	return bpf(BPF_PROG_LOAD, &attr);
}

/** The program for this kernel; -1: it cannot be had. */
static snap_err find_program(int *ret)
{
	*ret = -1;
	_cleanup_btf_ struct snap_btf btf = { 0 };
	SNAP_TRY(snap_btf_read("/sys/kernel/btf/vmlinux", &btf));
	uint32_t function = snap_btf_find_function(&btf, "bpf_iter_task_vma");
	uint32_t offsets[NR_MEMBERS];
	if (!function || !snap_btf_find_members(&btf, "vm_area_struct", members,
						offsets, NR_MEMBERS))
		return SNAP_OK;
	*ret = load_program(offsets, function);
	return SNAP_OK;
}

void snap_vma_program_deinit(struct snap_vma_program *program)
{
	if (program->is_known)
		snap_close_cleanup(&program->fd);
	*program = (struct snap_vma_program){ 0 };
}

snap_err snap_vma_words_init(struct snap_vma_words *words,
			     struct snap_vma_program *program, pid_t pid)
{
	words->link_fd = -1;
	if (!program->is_known) {
		SNAP_TRY(find_program(&program->fd));
		program->is_known = true;
	}
	if (program->fd < 0)
		return SNAP_OK;
	struct only_task only = { .tid = (uint32_t)pid };
	union bpf_attr attr = {
		.link_create = {
			.prog_fd = (uint32_t)program->fd,
			.attach_type = BPF_TRACE_ITER,
			.iter_info = (uint64_t)(uintptr_t)&only,
			.iter_info_len = sizeof(only),
		},
	};
	words->link_fd = bpf(BPF_LINK_CREATE, &attr);
	return SNAP_OK;
}

void snap_vma_words_deinit(struct snap_vma_words *words)
{
	snap_close_cleanup(&words->link_fd);
	words->link_fd = -1;
}

/**
 * Whether the last bytes that were read tell of mappings behind those before: of a
 * process with 65,000 of them, Linux 6.18 tells again and again, without an end.
 */
static bool is_in_order(const struct snap_buffer *all, size_t size)
{
	const struct snap_vma_word *words =
		(const struct snap_vma_word *)(const void *)all->data;
	size_t nr = all->size / sizeof(*words);
	size_t first = (all->size - size) / sizeof(*words);
	for (size_t i = first ? first : 1; i < nr; i++)
		if (words[i].start <= words[i - 1].start)
			return false;
	return true;
}

snap_err snap_vma_words_read(struct snap_vma_words *words, struct snap_tracee *tracee,
			     struct snap_buffer *ret)
{
	ret->size = 0;
	if (words->link_fd < 0)
		return SNAP_OK;
	SNAP_TRY(snap_tracee_enter(tracee, "read the flags of mappings"));
	union bpf_attr attr = { .iter_create.link_fd = (uint32_t)words->link_fd };
	_cleanup_close_ int fd = bpf(BPF_ITER_CREATE, &attr);
	const size_t chunk = 65536;
	for (ssize_t got = fd < 0 ? 0 : 1; got > 0;) {
		uint8_t *place;
		SNAP_TRY(snap_buffer_extend(ret, chunk, &place));
		got = read(fd, place, chunk);
		ret->size -= chunk - (size_t)(got > 0 ? got : 0);
		if (got < 0 || !is_in_order(ret, (size_t)got)) {
			// What there is, is not all.
			ret->size = 0;
			snap_vma_words_deinit(words);
			return SNAP_OK;
		}
	}
	ret->size -= ret->size % sizeof(struct snap_vma_word);
	return SNAP_OK;
}
