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

asm(".text\n"
    ".machine power8\n"
    ".globl cpu_cycle\n"
    ".type cpu_cycle, @function\n"
    "cpu_cycle:\n"
    "	.localentry cpu_cycle, 1\n"
    "	.cfi_startproc\n"
    "	mflr 0\n"
    "	std 0, 16(1)\n"
    "	.cfi_offset 65, 16\n"
    "	mfcr 0\n"
    "	stw 0, 8(1)\n"
    "	stdu 1, -768(1)\n"
    "	.cfi_def_cfa_offset 768\n"
    ".irp n, 14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
    "	std \\n, 64 + 8 * (\\n - 14)(1)\n"
    "	.cfi_offset \\n, 64 + 8 * (\\n - 14) - 768\n"
    "	stfd \\n, 208 + 8 * (\\n - 14)(1)\n"
    ".endr\n"
    ".irp n, 20,21,22,23,24,25,26,27,28,29,30,31\n"
    "	li 0, 352 + 16 * (\\n - 20)\n"
    "	stvx \\n, 1, 0\n"
    ".endr\n"
    "	std 4, 552(1)\n"
    "	std 2, 560(1)\n"
    "	std 13, 568(1)\n"
    "	mffs 0\n"
    "	stfd 0, 576(1)\n"
    "	mfspr 0, 256\n"
    "	std 0, 584(1)\n"
    "	std 1, 320(4)\n"
    "	addi 6, 3, 352\n"
    "	lvx 0, 0, 6\n"
    "	mtvscr 0\n"
    "	lfd 0, 304(3)\n"
    "	mtfsf 255, 0, 1, 0\n"
    "	addi 6, 3, 368\n"
    ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35,36,37,38,39,40,41,42,43,44,45,46,47,48,49,50,51,52,53,54,55,56,57,58,59,60,61,62,63\n"
    "	lxvd2x \\n, 0, 6\n"
    "	addi 6, 6, 16\n"
    ".endr\n"
    "	ld 0, 256(3)\n"
    "	mtcr 0\n"
    "	ld 0, 264(3)\n"
    "	mtxer 0\n"
    "	ld 0, 272(3)\n"
    "	mtctr 0\n"
    "	ld 0, 280(3)\n"
    "	mtlr 0\n"
    "	ld 0, 288(3)\n"
    "	mtspr 256, 0\n"
    "	ld 0, 296(3)\n"
    "	mtspr 815, 0\n"
    "	ld 0, 312(3)\n"
    "	mtspr 3, 0\n"
    "	cmpwi 5, 5, 0\n"
    "	bne 5, .Lspin\n"
    ".macro load_all\n"
    "	ld 0, 256(3)\n"
    "	mtcr 0\n"
    ".irp n, 0,2,4,5,6,7,8,9,10,11,12,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
    "	ld \\n, 8 * \\n(3)\n"
    ".endr\n"
    "	ld 3, 24(3)\n"
    ".endm\n"
    "	load_all\n"
    ".globl cpu_syscall\n"
    "cpu_syscall:\n"
    "	sc\n"
    "	b .Lstore\n"
    ".Lspin:\n"
    "	load_all\n"
    ".globl cpu_spin\n"
    "cpu_spin:\n"
    "	bdnz cpu_spin\n"
    ".Lstore:\n"
    "	std 3, 544(1)\n"
    "	ld 3, 552(1)\n"
    ".irp n, 0,2,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
    "	std \\n, 8 * \\n(3)\n"
    ".endr\n"
    "	ld 0, 544(1)\n"
    "	std 0, 24(3)\n"
    "	std 1, 328(3)\n"
    "	mfcr 0\n"
    "	std 0, 256(3)\n"
    "	mfxer 0\n"
    "	std 0, 264(3)\n"
    "	mfctr 0\n"
    "	std 0, 272(3)\n"
    "	mflr 0\n"
    "	std 0, 280(3)\n"
    "	mfspr 0, 256\n"
    "	std 0, 288(3)\n"
    "	mfspr 0, 815\n"
    "	std 0, 296(3)\n"
    "	mfspr 0, 3\n"
    "	std 0, 312(3)\n"
    "	addi 6, 3, 368\n"
    ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35,36,37,38,39,40,41,42,43,44,45,46,47,48,49,50,51,52,53,54,55,56,57,58,59,60,61,62,63\n"
    "	stxvd2x \\n, 0, 6\n"
    "	addi 6, 6, 16\n"
    ".endr\n"
    "	mffs 0\n"
    "	stfd 0, 304(3)\n"
    "	mfvscr 0\n"
    "	addi 6, 3, 352\n"
    "	stvx 0, 0, 6\n"
    "	lfd 0, 576(1)\n"
    "	mtfsf 255, 0, 1, 0\n"
    "	ld 0, 584(1)\n"
    "	mtspr 256, 0\n"
    "	ld 2, 560(1)\n"
    ".irp n, 14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
    "	ld \\n, 64 + 8 * (\\n - 14)(1)\n"
    "	lfd \\n, 208 + 8 * (\\n - 14)(1)\n"
    ".endr\n"
    ".irp n, 20,21,22,23,24,25,26,27,28,29,30,31\n"
    "	li 0, 352 + 16 * (\\n - 20)\n"
    "	lvx \\n, 1, 0\n"
    ".endr\n"
    "	addi 1, 1, 768\n"
    "	.cfi_def_cfa_offset 0\n"
    "	lwz 0, 8(1)\n"
    "	mtcr 0\n"
    "	ld 0, 16(1)\n"
    "	mtlr 0\n"
    "	blr\n"
    "	.cfi_endproc\n"
    "	.size cpu_cycle, . - cpu_cycle\n");

#endif
