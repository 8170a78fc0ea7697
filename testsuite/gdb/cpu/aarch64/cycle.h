/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STORY_CYCLE_H
#define STORY_CYCLE_H

#include <stddef.h>
#include <stdint.h>

/*
 * The registers that every CPU has, as one block: load it, do one thing, store it. The
 * offsets are used by the assembly below.
 */
struct cpu {
	uint64_t x[31];     // 0
	uint64_t nzcv;      // 248
	uint64_t fpcr;      // 256
	uint64_t fpsr;      // 264
	uint64_t sp_before; // 272
	uint64_t sp_after;  // 280
	uint8_t v[32][16];  // 288
} __attribute__((aligned(32)));

_Static_assert(offsetof(struct cpu, nzcv) == 248, "used by cpu_cycle");
_Static_assert(offsetof(struct cpu, v) == 288, "used by cpu_cycle");

/*
 * Load everything from `in`; count x0 down to 0 if `spin`, else do one system call;
 * store everything to `out`. Counting uses CBZ and SUB, which leave the flags alone.
 */
void cpu_cycle(const struct cpu *in, struct cpu *out, int spin);

asm(".text\n"
    ".globl cpu_cycle\n"
    ".type cpu_cycle, %function\n"
    "cpu_cycle:\n"
    "	.cfi_startproc\n"
    "	stp x29, x30, [sp, #-176]!\n"
    "	.cfi_def_cfa_offset 176\n"
    "	.cfi_offset 29, -176\n"
    "	.cfi_offset 30, -168\n"
    "	stp x19, x20, [sp, #16]\n"
    "	.cfi_offset 19, -160\n"
    "	.cfi_offset 20, -152\n"
    "	stp x21, x22, [sp, #32]\n"
    "	.cfi_offset 21, -144\n"
    "	.cfi_offset 22, -136\n"
    "	stp x23, x24, [sp, #48]\n"
    "	.cfi_offset 23, -128\n"
    "	.cfi_offset 24, -120\n"
    "	stp x25, x26, [sp, #64]\n"
    "	.cfi_offset 25, -112\n"
    "	.cfi_offset 26, -104\n"
    "	stp x27, x28, [sp, #80]\n"
    "	.cfi_offset 27, -96\n"
    "	.cfi_offset 28, -88\n"
    "	stp d8, d9, [sp, #96]\n"
    "	stp d10, d11, [sp, #112]\n"
    "	stp d12, d13, [sp, #128]\n"
    "	stp d14, d15, [sp, #144]\n"
    "	mrs x9, fpcr\n"
    "	stp x1, x9, [sp, #160]\n"
    "	mov x9, sp\n"
    "	str x9, [x1, #272]\n"
    "	ldr x9, [x0, #256]\n"
    "	msr fpcr, x9\n"
    "	ldr x9, [x0, #264]\n"
    "	msr fpsr, x9\n"
    "	ldr x9, [x0, #248]\n"
    "	msr nzcv, x9\n"
    "	add x9, x0, #288\n"
    ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
    "	ldr q\\n, [x9], #16\n"
    ".endr\n"
    "	cbnz w2, .Lspin\n"
    ".macro load_all\n"
    ".irp n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30\n"
    "	ldr x\\n, [x0, #8 * \\n]\n"
    ".endr\n"
    "	ldr x0, [x0]\n"
    ".endm\n"
    "	load_all\n"
    ".globl cpu_syscall\n"
    "cpu_syscall:\n"
    "	svc #0\n"
    "	b .Lstore\n"
    ".Lspin:\n"
    "	load_all\n"
    ".globl cpu_spin\n"
    "cpu_spin:\n"
    "	cbz x0, .Lstore\n"
    "	sub x0, x0, #1\n"
    "	b cpu_spin\n"
    ".Lstore:\n"
    "	stp x0, x1, [sp, #-16]!\n"
    "	.cfi_adjust_cfa_offset 16\n"
    "	ldr x0, [sp, #176]\n"
    ".irp n, 2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30\n"
    "	str x\\n, [x0, #8 * \\n]\n"
    ".endr\n"
    "	ldp x2, x1, [sp], #16\n"
    "	.cfi_adjust_cfa_offset -16\n"
    "	stp x2, x1, [x0]\n"
    "	mov x9, sp\n"
    "	str x9, [x0, #280]\n"
    "	mrs x9, nzcv\n"
    "	str x9, [x0, #248]\n"
    "	mrs x9, fpcr\n"
    "	str x9, [x0, #256]\n"
    "	mrs x9, fpsr\n"
    "	str x9, [x0, #264]\n"
    "	add x9, x0, #288\n"
    ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
    "	str q\\n, [x9], #16\n"
    ".endr\n"
    "	ldr x9, [sp, #168]\n"
    "	msr fpcr, x9\n"
    "	ldp d8, d9, [sp, #96]\n"
    "	ldp d10, d11, [sp, #112]\n"
    "	ldp d12, d13, [sp, #128]\n"
    "	ldp d14, d15, [sp, #144]\n"
    "	ldp x19, x20, [sp, #16]\n"
    "	ldp x21, x22, [sp, #32]\n"
    "	ldp x23, x24, [sp, #48]\n"
    "	ldp x25, x26, [sp, #64]\n"
    "	ldp x27, x28, [sp, #80]\n"
    "	ldp x29, x30, [sp], #176\n"
    "	.cfi_def_cfa_offset 0\n"
    "	ret\n"
    "	.cfi_endproc\n"
    "	.size cpu_cycle, . - cpu_cycle\n");

#endif
