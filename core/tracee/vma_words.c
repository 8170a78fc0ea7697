// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/vma_words.h"

#include <stdlib.h>
#include <unistd.h>

#include "core/tracee/bpf_writer.h"

/** What is read of a mapping, in the order of struct snap_vma_word. */
static const char *const members[] = { "vm_start", "vm_end", "vm_flags" };

/** The mapping in what the iterator is given: behind meta and task. */
#define OBJECT 16

/** The program for this kernel; -1: it cannot be had. */
static snap_err find_program(int *ret)
{
	*ret = -1;
	_cleanup_btf_ struct snap_btf btf = { 0 };
	_cleanup_free_ struct snap_bpf_writer *writer = malloc(sizeof(*writer));
	if (!writer)
		return &snap_enomem;
	SNAP_TRY(snap_btf_read("/sys/kernel/btf/vmlinux", &btf));
	snap_bpf_begin(writer, &btf, OBJECT);
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(members); i++) {
		struct snap_btf_path path;
		writer->is_lost |= !snap_btf_find_path(&btf, "vm_area_struct",
						       members[i], &path) ||
				   path.size != sizeof(uint64_t);
		if (!writer->is_lost)
			snap_bpf_gather(writer, path);
	}
	snap_bpf_flush(writer);
	*ret = snap_bpf_end(writer, snap_btf_find_function(&btf, "bpf_iter_task_vma"),
			    "snapshot_vmas");
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
