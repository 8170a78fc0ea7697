/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STORY_CYCLE_H
#define STORY_CYCLE_H

#include <stddef.h>
#include <stdint.h>

/*
 * All registers that a program has from POWER8 on, as one block: load it, do one thing,
 * store it. The offsets are used by the assembly below.
 */
struct cpu {
	/** Of these, r1 and r13 are not loaded: the stack and the thread. */
	uint64_t gpr[32];   // 0
	uint64_t cr;        // 256
	uint64_t xer;       // 264
	uint64_t ctr;       // 272
	uint64_t lr;        // 280
	uint64_t vrsave;    // 288
	uint64_t tar;       // 296
	uint64_t fpscr;     // 304
	uint64_t dscr;      // 312
	uint64_t r1_before; // 320
	uint64_t r1_after;  // 328
	uint64_t padding[2];
	uint32_t vscr[4];   // 352: in the last word that a register has
	uint8_t vs[64][16]; // 368: as lxvd2x has them
} __attribute__((aligned(16)));

_Static_assert(offsetof(struct cpu, cr) == 256, "used by cpu_cycle");
_Static_assert(offsetof(struct cpu, vscr) == 352, "used by cpu_cycle");
_Static_assert(offsetof(struct cpu, vs) == 368, "used by cpu_cycle");

/*
 * Load everything from `in`; count CTR down to 0 if `spin`, else do one system call;
 * store everything to `out`. Counting uses BDNZ, which leaves all else alone.
 */
void cpu_cycle(const struct cpu *in, struct cpu *out, int spin);

/*
 * The macros are for functions of others that work with a whole block, too; they have a
 * frame of 768 bytes, and those from 592 on are their own, with 552:
 *
 * enter		Keep what the caller has. r3 to r8 still have the arguments.
 * load_wide		Load from the block at r3: all but CR and general registers.
 * load_general		These; r3 comes last.
 * store_cpu TO		Store all to the block whose address is at TO in the frame; then
 *			r3 is that address.
 * leave		Give the caller back what it had, and return r3.
 */
asm(".text\n"
    "	.machine power8\n"
    "	.macro each_vs what\n"
    "	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35,36,37,38,39,40,41,42,43,44,45,46,47,48,49,50,51,52,53,54,55,56,57,58,59,60,61,62,63\n"
    "	\\what \\n, 0, 6\n"
    "	addi 6, 6, 16\n"
    "	.endr\n"
    "	.endm\n"
    "	.macro each_gpr what\n"
    "	.irp n, 0,2,4,5,6,7,8,9,10,11,12,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
    "	\\what \\n, 8 * \\n(3)\n"
    "	.endr\n"
    "	.endm\n"
    "	.macro load_special number, offset\n"
    "	ld 0, \\offset(3)\n"
    "	mtspr \\number, 0\n"
    "	.endm\n"
    "	.macro store_special number, offset\n"
    "	mfspr 0, \\number\n"
    "	std 0, \\offset(3)\n"
    "	.endm\n"
    // XER, CTR, LR, VRSAVE, TAR, DSCR.
    "	.macro each_special what\n"
    "	\\what 1, 264\n"
    "	\\what 9, 272\n"
    "	\\what 8, 280\n"
    "	\\what 256, 288\n"
    "	\\what 815, 296\n"
    "	\\what 3, 312\n"
    "	.endm\n"
    "	.macro load_wide\n"
    "	addi 6, 3, 352\n"
    "	lvx 0, 0, 6\n"
    "	mtvscr 0\n"
    "	lfd 0, 304(3)\n"
    "	mtfsf 255, 0, 1, 0\n"
    "	addi 6, 3, 368\n"
    "	each_vs lxvd2x\n"
    "	each_special load_special\n"
    "	.endm\n"
    "	.macro load_general\n"
    "	ld 0, 256(3)\n"
    "	mtcr 0\n"
    "	each_gpr ld\n"
    "	ld 3, 24(3)\n"
    "	.endm\n"
    "	.macro store_cpu to\n"
    "	std 3, 544(1)\n"
    "	ld 3, \\to(1)\n"
    "	each_gpr std\n"
    "	ld 0, 544(1)\n"
    "	std 0, 24(3)\n"
    "	std 1, 328(3)\n"
    "	mfcr 0\n"
    "	std 0, 256(3)\n"
    "	each_special store_special\n"
    "	addi 6, 3, 368\n"
    "	each_vs stxvd2x\n"
    "	mffs 0\n"
    "	stfd 0, 304(3)\n"
    "	mfvscr 0\n"
    "	addi 6, 3, 352\n"
    "	stvx 0, 0, 6\n"
    "	.endm\n"
    "	.macro enter\n"
    "	mflr 0\n"
    "	std 0, 16(1)\n"
    "	.cfi_offset 65, 16\n"
    "	mfcr 0\n"
    "	stw 0, 8(1)\n"
    "	stdu 1, -768(1)\n"
    "	.cfi_def_cfa_offset 768\n"
    "	.irp n, 14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
    "	std \\n, 64 + 8 * (\\n - 14)(1)\n"
    "	.cfi_offset \\n, 64 + 8 * (\\n - 14) - 768\n"
    "	stfd \\n, 208 + 8 * (\\n - 14)(1)\n"
    "	.endr\n"
    "	.irp n, 20,21,22,23,24,25,26,27,28,29,30,31\n"
    "	li 0, 352 + 16 * (\\n - 20)\n"
    "	stvx \\n, 1, 0\n"
    "	.endr\n"
    "	std 2, 560(1)\n"
    "	mffs 0\n"
    "	stfd 0, 576(1)\n"
    "	mfspr 0, 256\n"
    "	std 0, 584(1)\n"
    "	.endm\n"
    "	.macro leave\n"
    "	lfd 0, 576(1)\n"
    "	mtfsf 255, 0, 1, 0\n"
    "	ld 0, 584(1)\n"
    "	mtspr 256, 0\n"
    "	ld 2, 560(1)\n"
    "	.irp n, 14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
    "	ld \\n, 64 + 8 * (\\n - 14)(1)\n"
    "	lfd \\n, 208 + 8 * (\\n - 14)(1)\n"
    "	.endr\n"
    "	.irp n, 20,21,22,23,24,25,26,27,28,29,30,31\n"
    "	li 0, 352 + 16 * (\\n - 20)\n"
    "	lvx \\n, 1, 0\n"
    "	.endr\n"
    "	addi 1, 1, 768\n"
    "	.cfi_def_cfa_offset 0\n"
    "	lwz 0, 8(1)\n"
    "	mtcr 0\n"
    "	ld 0, 16(1)\n"
    "	mtlr 0\n"
    "	blr\n"
    "	.endm\n"
    ".globl cpu_cycle\n"
    ".type cpu_cycle, @function\n"
    "cpu_cycle:\n"
    "	.localentry cpu_cycle, 1\n"
    "	.cfi_startproc\n"
    "	enter\n"
    "	std 4, 552(1)\n"
    "	std 1, 320(4)\n"
    "	load_wide\n"
    "	cmpwi 5, 5, 0\n"
    "	bne 5, .Lspin\n"
    "	load_general\n"
    ".globl cpu_syscall\n"
    "cpu_syscall:\n"
    "	sc\n"
    "	b .Lstore\n"
    ".Lspin:\n"
    "	load_general\n"
    ".globl cpu_spin\n"
    "cpu_spin:\n"
    "	bdnz cpu_spin\n"
    ".Lstore:\n"
    "	store_cpu 552\n"
    "	leave\n"
    "	.cfi_endproc\n"
    "	.size cpu_cycle, . - cpu_cycle\n");

#endif
