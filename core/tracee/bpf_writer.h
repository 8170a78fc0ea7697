/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACEE_BPF_WRITER_H
#define SNAP_TRACEE_BPF_WRITER_H

#include "core/tracee/bpf.h"
#include "core/tracee/btf.h"

/**
 * @file
 * Writes a program for a BPF iterator (core/tracee/bpf.h) that reads members of one of
 * the kernel's objects, gathers them on its stack, and writes them out.
 *
 * Of the registers, 6 to 9 stay over calls: 7 has the object, 8 what the iterator tells
 * of itself, 9 is the caller's.
 */

/** Bytes of the stack (at most 512) that words are gathered in; behind it is a slot. */
#define SNAP_BPF_SPACE 496
#define SNAP_BPF_SLOT  (-8)

/** Far more instructions than are needed, and as many as any kernel takes. */
#define SNAP_BPF_MOST 2048

struct snap_bpf_writer {
	const struct snap_btf *btf;
	struct bpf_insn insns[SNAP_BPF_MOST];
	uint32_t nr;
	/** Bytes that are gathered, and that were written out. */
	uint32_t used;
	uint32_t size;
	/** The jump over all, where there is no object. */
	uint32_t jump;
	/** Something was not found: there is no program. */
	bool is_lost;
};

/** @param object Where its address is in what the iterator is given. */
void snap_bpf_begin(struct snap_bpf_writer *writer, const struct snap_btf *btf,
		    uint32_t object);

/** @return The program's descriptor, or -1: snap_bpf_load_iterator(). */
int snap_bpf_end(struct snap_bpf_writer *writer, uint32_t function, const char *name);

void snap_bpf_write(struct snap_bpf_writer *writer, struct bpf_insn insn);

/** A jump that ends where snap_bpf_arrive() is called. @return For that. */
uint32_t snap_bpf_jump_if(struct snap_bpf_writer *writer, uint8_t condition,
			  uint8_t left, int right);
void snap_bpf_arrive(struct snap_bpf_writer *writer, uint32_t jump);

/** Where the next bytes are gathered: an offset on the stack. */
int snap_bpf_place(const struct snap_bpf_writer *writer);

/** A register becomes an address on the stack. */
void snap_bpf_set_place(struct snap_bpf_writer *writer, uint8_t to, int place);

/** Eight bytes on the stack become zeros. Register 1 is lost. */
void snap_bpf_clear(struct snap_bpf_writer *writer, int place);

/** Read bytes behind the address in register 3; what cannot be read, is zeros. */
void snap_bpf_read_bytes(struct snap_bpf_writer *writer, uint32_t offset, int place,
			 uint32_t size);

/** Have the address in register 3 that a way from the object leads to, but for its last
 * offset. */
void snap_bpf_follow(struct snap_bpf_writer *writer, const struct snap_btf_path *path);

/** Gather what a way leads to. */
void snap_bpf_gather(struct snap_bpf_writer *writer, struct snap_btf_path path);

/** Gather eight bytes of zeros; what was gathered before is a multiple of eight. */
void snap_bpf_gather_zeros(struct snap_bpf_writer *writer);

/** Write out what is gathered. */
void snap_bpf_flush(struct snap_bpf_writer *writer);

#endif
