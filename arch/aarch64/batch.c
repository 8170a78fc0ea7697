// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The code that runs a batch of system calls in the inferior, in one resumption.
 *
 * x19 is the next entry of the table, x20 its end, x21 the signal, x22 whether to stop
 * at an error: registers that a system call leaves alone, as all but x0. Not x7: what
 * is written to it at a system call's stop is lost (Linux, arch/arm64/kernel/ptrace.c,
 * report_syscall). There is no pause(2): the child polls nothing, for ever. Bytes
 * instead of assembly, because every architecture is compiled on every host; `objdump
 * -D -b binary -m aarch64` shows what they are.
 */
#include "arch/aarch64/aarch64.h"

const uint8_t snap_aarch64_batch_code[ARM64_BATCH_CODE_SIZE] = {
	0x7f, 0x02, 0x14, 0xeb, // again: cmp x19, x20
	0xc0, 0x01, 0x00, 0x54, //        b.eq done
	0x68, 0x02, 0x40, 0xf9, //        ldr x8, [x19]
	0x60, 0x86, 0x40, 0xa9, //        ldp x0, x1, [x19, #8]
	0x62, 0x8e, 0x41, 0xa9, //        ldp x2, x3, [x19, #24]
	0x64, 0x96, 0x42, 0xa9, //        ldp x4, x5, [x19, #40]
	0x01, 0x00, 0x00, 0xd4, //        svc #0
	0x60, 0x00, 0x00, 0xb5, //        cbnz x0, keep
	0x1f, 0xcd, 0x06, 0xf1, //        cmp x8, #435 (clone3)
	0x20, 0x02, 0x00, 0x54, //        b.eq child
	0x60, 0x1e, 0x00, 0xf9, // keep:  str x0, [x19, #56]
	0x73, 0x02, 0x01, 0x91, //        add x19, x19, #64
	0x96, 0xfe, 0xff, 0xb4, //        cbz x22, again
	0x1f, 0xfc, 0x3f, 0xb1, //        cmn x0, #4095
	0x43, 0xfe, 0xff, 0x54, //        b.lo again
	0x88, 0x15, 0x80, 0xd2, // done:  mov x8, #172 (getpid)
	0x01, 0x00, 0x00, 0xd4, //        svc #0
	0xf3, 0x03, 0x00, 0xaa, //        mov x19, x0
	0x48, 0x16, 0x80, 0xd2, //        mov x8, #178 (gettid)
	0x01, 0x00, 0x00, 0xd4, //        svc #0
	0xe1, 0x03, 0x00, 0xaa, //        mov x1, x0
	0xe0, 0x03, 0x13, 0xaa, //        mov x0, x19
	0xe2, 0x03, 0x15, 0xaa, //        mov x2, x21
	0x68, 0x10, 0x80, 0xd2, //        mov x8, #131 (tgkill)
	0x01, 0x00, 0x00, 0xd4, //        svc #0
	0xf6, 0xff, 0xff, 0x17, //        b done
	0x00, 0x00, 0x80, 0xd2, // child: mov x0, #0
	0x01, 0x00, 0x80, 0xd2, //        mov x1, #0
	0x02, 0x00, 0x80, 0xd2, //        mov x2, #0
	0x03, 0x00, 0x80, 0xd2, //        mov x3, #0
	0x28, 0x09, 0x80, 0xd2, //        mov x8, #73 (ppoll)
	0x01, 0x00, 0x00, 0xd4, //        svc #0
	0xfa, 0xff, 0xff, 0x17, //        b child
};

_Static_assert(sizeof(struct snap_batch_entry) == 64,
	       "the code knows the size of an entry");
_Static_assert(offsetof(struct snap_batch_entry, result) == 56,
	       "the code knows where the result goes");

void snap_aarch64_prepare_batch(uint8_t *regs, uint64_t code, uint64_t table, size_t nr,
				int signal, bool stops_at_error)
{
	snap_aarch64_begin_at(regs, code);
	snap_aarch64_set_reg(regs, 8 * 19, table);
	snap_aarch64_set_reg(regs, 8 * 20,
			     table + nr * sizeof(struct snap_batch_entry));
	snap_aarch64_set_reg(regs, 8 * 21, (uint64_t)signal);
	snap_aarch64_set_reg(regs, 8 * 22, stops_at_error);
}
