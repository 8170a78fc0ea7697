// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/bpf_writer.h"

#define SPACE SNAP_BPF_SPACE
#define SLOT  SNAP_BPF_SLOT

void snap_bpf_write(struct snap_bpf_writer *writer, struct bpf_insn insn)
{
	if (writer->nr == SNAP_BPF_MOST) {
		writer->is_lost = true;
		return;
	}
	writer->insns[writer->nr++] = insn;
}

static void set_number(struct snap_bpf_writer *writer, uint8_t to, int number)
{
	snap_bpf_write(writer,
		       snap_bpf_with_number(BPF_ALU64 | BPF_MOV | BPF_K, to, number));
}

static void add_number(struct snap_bpf_writer *writer, uint8_t to, int number)
{
	snap_bpf_write(writer,
		       snap_bpf_with_number(BPF_ALU64 | BPF_ADD | BPF_K, to, number));
}

uint32_t snap_bpf_jump_if(struct snap_bpf_writer *writer, uint8_t condition,
			  uint8_t left, int right)
{
	uint32_t jump = writer->nr;
	snap_bpf_write(writer,
		       snap_bpf_with_number((uint8_t)(BPF_JMP | condition | BPF_K),
					    left, right));
	return jump;
}

void snap_bpf_arrive(struct snap_bpf_writer *writer, uint32_t jump)
{
	writer->insns[jump].off = (int16_t)(writer->nr - jump - 1);
}

void snap_bpf_begin(struct snap_bpf_writer *writer, const struct snap_btf *btf,
		    uint32_t object)
{
	*writer = (struct snap_bpf_writer){ .btf = btf };
	snap_bpf_write(writer, snap_bpf_load(BPF_REG_7, BPF_REG_1, object));
	snap_bpf_write(writer, snap_bpf_load(BPF_REG_8, BPF_REG_1, 0)); // meta
	writer->jump = snap_bpf_jump_if(writer, BPF_JEQ, BPF_REG_7, 0);
}

int snap_bpf_end(struct snap_bpf_writer *writer, uint32_t function, const char *name)
{
	snap_bpf_arrive(writer, writer->jump);
	set_number(writer, BPF_REG_0, 0);
	snap_bpf_write(writer, snap_bpf_with_number(BPF_JMP | BPF_EXIT, 0, 0));
	if (writer->is_lost || !function)
		return -1;
	return snap_bpf_load_iterator(writer->insns, writer->nr, function, name);
}

int snap_bpf_place(const struct snap_bpf_writer *writer)
{
	return SLOT - SPACE + (int)writer->used;
}

void snap_bpf_set_place(struct snap_bpf_writer *writer, uint8_t to, int place)
{
	snap_bpf_write(writer, snap_bpf_move(to, BPF_REG_10));
	add_number(writer, to, place);
}

void snap_bpf_clear(struct snap_bpf_writer *writer, int place)
{
	set_number(writer, BPF_REG_1, 0);
	snap_bpf_write(writer, (struct bpf_insn){ .code = BPF_STX | BPF_MEM | BPF_DW,
						  .dst_reg = BPF_REG_10,
						  .src_reg = BPF_REG_1,
						  .off = (int16_t)place });
}

void snap_bpf_flush(struct snap_bpf_writer *writer)
{
	if (!writer->used)
		return;
	snap_bpf_write(writer, snap_bpf_load(BPF_REG_1, BPF_REG_8, 0)); // meta->seq
	snap_bpf_set_place(writer, BPF_REG_2, SLOT - SPACE);
	set_number(writer, BPF_REG_3, (int)writer->used);
	snap_bpf_write(writer, snap_bpf_call(BPF_FUNC_seq_write));
	writer->size += writer->used;
	writer->used = 0;
}

void snap_bpf_read_bytes(struct snap_bpf_writer *writer, uint32_t offset, int place,
			 uint32_t size)
{
	add_number(writer, BPF_REG_3, (int)offset);
	snap_bpf_set_place(writer, BPF_REG_1, place);
	set_number(writer, BPF_REG_2, (int)size);
	snap_bpf_write(writer, snap_bpf_call(BPF_FUNC_probe_read_kernel));
}

void snap_bpf_follow(struct snap_bpf_writer *writer, const struct snap_btf_path *path)
{
	snap_bpf_write(writer, snap_bpf_move(BPF_REG_3, BPF_REG_7));
	for (unsigned i = 0; i < path->nr_hops; i++) {
		snap_bpf_read_bytes(writer, path->hops[i], SLOT, sizeof(uint64_t));
		snap_bpf_write(writer,
			       snap_bpf_load(BPF_REG_3, BPF_REG_10, (uint32_t)SLOT));
	}
}

/** A byte on the stack is read, or written, by register 1. */
static struct bpf_insn access_byte(uint8_t code, int place)
{
	bool is_load = code == BPF_LDX;
	return (struct bpf_insn){ .code = (uint8_t)(code | BPF_MEM | BPF_B),
				  .dst_reg = is_load ? BPF_REG_1 : BPF_REG_10,
				  .src_reg = is_load ? BPF_REG_10 : BPF_REG_1,
				  .off = (int16_t)place };
}

/** Of four bytes on the stack, which need not be aligned, only some bits remain. */
static void mask(struct snap_bpf_writer *writer, int place, uint32_t bits)
{
	for (int i = 0; i < 4; i++, bits >>= 8) {
		snap_bpf_write(writer, access_byte(BPF_LDX, place + i));
		snap_bpf_write(writer,
			       snap_bpf_with_number(BPF_ALU64 | BPF_AND | BPF_K,
						    BPF_REG_1, (int)(bits & 0xff)));
		snap_bpf_write(writer, access_byte(BPF_STX, place + i));
	}
}

void snap_bpf_gather(struct snap_bpf_writer *writer, struct snap_btf_path path)
{
	// In pieces where it is much.
	while (path.size) {
		uint32_t size = path.size < SPACE ? path.size : SPACE;
		if (size > SPACE - writer->used)
			snap_bpf_flush(writer);
		snap_bpf_follow(writer, &path);
		snap_bpf_read_bytes(writer, path.offset, snap_bpf_place(writer), size);
		if (path.mask)
			mask(writer, snap_bpf_place(writer), path.mask);
		writer->used += size;
		path.offset += size;
		path.size -= size;
	}
}

void snap_bpf_gather_zeros(struct snap_bpf_writer *writer)
{
	snap_bpf_clear(writer, snap_bpf_place(writer));
	writer->used += sizeof(uint64_t);
}
