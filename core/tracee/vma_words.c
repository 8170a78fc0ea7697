// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/vma_words.h"

#include <unistd.h>

#include "core/tracee/bpf.h"
#include "core/tracee/btf.h"

/** What is read of a mapping, in the order of struct snap_vma_word. */
static const char *const members[] = { "vm_start", "vm_end", "vm_flags" };
#define NR_MEMBERS SNAP_ARRAY_SIZE(members)

/** A call that takes a mapping, or NULL behind the last: its members are written out.
 */
static size_t write_program(const uint32_t offsets[NR_MEMBERS], struct bpf_insn *to)
{
	const int size = (int)sizeof(struct snap_vma_word);
	size_t nr = 0;
	// struct bpf_iter__task_vma has three pointers: meta, task, vma.
	to[nr++] = snap_bpf_load(BPF_REG_7, BPF_REG_1, 16);
	to[nr++] = snap_bpf_load(BPF_REG_8, BPF_REG_1, 0);
	struct bpf_insn *at_end = &to[nr++];
	*at_end = snap_bpf_with_number(BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_7, 0);
	to[nr++] = snap_bpf_load(BPF_REG_1, BPF_REG_8, 0); // meta->seq
	for (size_t i = 0; i < NR_MEMBERS; i++) {
		to[nr++] = snap_bpf_load(BPF_REG_2, BPF_REG_7, offsets[i]);
		to[nr++] = (struct bpf_insn){ .code = BPF_STX | BPF_MEM | BPF_DW,
					      .dst_reg = BPF_REG_10,
					      .src_reg = BPF_REG_2,
					      .off = (int16_t)((int)(i * 8) - size) };
	}
	to[nr++] = snap_bpf_move(BPF_REG_2, BPF_REG_10);
	to[nr++] = snap_bpf_with_number(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_2, -size);
	to[nr++] = snap_bpf_with_number(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_3, size);
	to[nr++] = snap_bpf_call(BPF_FUNC_seq_write);
	at_end->off = (int16_t)(&to[nr] - at_end - 1);
	to[nr++] = snap_bpf_with_number(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0);
	to[nr++] = snap_bpf_with_number(BPF_JMP | BPF_EXIT, 0, 0);
	return nr;
}

/** The program for this kernel; -1: it cannot be had. */
static snap_err find_program(int *ret)
{
	*ret = -1;
	_cleanup_btf_ struct snap_btf btf = { 0 };
	SNAP_TRY(snap_btf_read("/sys/kernel/btf/vmlinux", &btf));
	uint32_t function = snap_btf_find_function(&btf, "bpf_iter_task_vma");
	uint32_t offsets[NR_MEMBERS];
	struct bpf_insn program[32] = { 0 };
	if (!function || !snap_btf_find_members(&btf, "vm_area_struct", members,
						offsets, NR_MEMBERS))
		return SNAP_OK;
	*ret = snap_bpf_load_iterator(program,
				      (uint32_t)write_program(offsets, program),
				      function, "snapshot_vmas");
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
	if (program->fd >= 0)
		words->link_fd = snap_bpf_bind(program->fd, pid, false);
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
	_cleanup_close_ int fd = snap_bpf_open(words->link_fd);
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
