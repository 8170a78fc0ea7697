/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACEE_BPF_H
#define SNAP_TRACEE_BPF_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * @file
 * BPF iterators: small programs that the kernel runs for each of its objects of a kind,
 * and that write out what they find (Documentation/bpf/bpf_iterators.rst). They need
 * CAP_BPF and CAP_PERFMON, and nothing here is a failure: -1 is "not here, or not for
 * us".
 */

/** *to = *(u64 *)(from + offset) */
struct bpf_insn snap_bpf_load(uint8_t to, uint8_t from, uint32_t offset);
struct bpf_insn snap_bpf_move(uint8_t to, uint8_t from);
/** An operation with a number; jumps get their way when it is known. */
struct bpf_insn snap_bpf_with_number(uint8_t code, uint8_t to, int number);
/** Registers 1 to 5 are what it takes, and gone afterwards. */
struct bpf_insn snap_bpf_call(int function);

/**
 * @param function The number of the iterator's type, of snap_btf_find_function().
 * @param name Of the program, at most 15 bytes.
 * @return A descriptor, or -1.
 */
int snap_bpf_load_iterator(const struct bpf_insn *program, uint32_t nr,
			   uint32_t function, const char *name);

/**
 * Bind an iterator to one thread, or to all threads of its process (both since Linux
 * 6.1).
 *
 * @return A descriptor, or -1.
 */
int snap_bpf_bind(int program_fd, pid_t pid, bool has_all_threads);

/** What an iterator finds now, to be read to its end. @return A descriptor, or -1. */
int snap_bpf_open(int link_fd);

#endif
