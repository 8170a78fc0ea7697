/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STORY_CYCLE_H
#define STORY_CYCLE_H

#include <stddef.h>
#include <stdint.h>

/*
 * All registers that a program has, as one block: load it, do one thing, store it.
 * The offsets are used by the assembly below.
 */

enum {
	RAX,
	RBX,
	RCX,
	RDX,
	RSI,
	RDI,
	RBP,
	R8,
	R9,
	R10,
	R11,
	R12,
	R13,
	R14,
	R15,
	NR_GPR
};

#define AREA_SIZE 16384

struct cpu {
	uint64_t gpr[NR_GPR];    // 0
	uint64_t rflags;         // 120
	uint64_t rsp_before;     // 128
	uint64_t rsp_after;      // 136
	uint16_t selectors[4];   // 144
	uint8_t reserved[40];    // 152
	uint8_t area[AREA_SIZE]; // 192: XSAVE, standard format; or FXSAVE
	uint8_t home[AREA_SIZE]; // 16576: what the caller had
} __attribute__((aligned(64)));

_Static_assert(offsetof(struct cpu, rflags) == 120, "used by cpu_cycle");
_Static_assert(offsetof(struct cpu, selectors) == 144, "used by cpu_cycle");
_Static_assert(offsetof(struct cpu, area) == 192, "used by cpu_cycle");
_Static_assert(offsetof(struct cpu, home) == 16576, "used by cpu_cycle");

/*
 * Load everything from `in`; count RCX down to 0 if `spin`, else do one system call;
 * store everything to `out`. No components: by FXSAVE, which is all that there is.
 * Counting uses LEA and JRCXZ, which leave the flags alone.
 */
void cpu_cycle(const struct cpu *in, struct cpu *out, uint64_t components, int spin);

asm(".text\n"
    ".globl cpu_cycle\n"
    ".type cpu_cycle, @function\n"
    "cpu_cycle:\n"
    "	.cfi_startproc\n"
    "	push %rbp\n"
    "	.cfi_adjust_cfa_offset 8\n"
    "	push %rbx\n"
    "	.cfi_adjust_cfa_offset 8\n"
    "	push %r12\n"
    "	.cfi_adjust_cfa_offset 8\n"
    "	push %r13\n"
    "	.cfi_adjust_cfa_offset 8\n"
    "	push %r14\n"
    "	.cfi_adjust_cfa_offset 8\n"
    "	push %r15\n"
    "	.cfi_adjust_cfa_offset 8\n"
    "	push %rsi\n" // out
    "	.cfi_adjust_cfa_offset 8\n"
    "	push %rdx\n" // components
    "	.cfi_adjust_cfa_offset 8\n"
    "	mov %rsp, 128(%rsi)\n"
    "	mov %rdx, %rax\n"
    "	shr $32, %rdx\n"
    "	test %rax, %rax\n"
    "	jz .Lload_legacy\n"
    "	xsave64 16576(%rsi)\n"
    "	xrstor64 192(%rdi)\n"
    "	jmp .Lloaded\n"
    ".Lload_legacy:\n"
    "	fxsave64 16576(%rsi)\n"
    "	fxrstor64 192(%rdi)\n"
    ".Lloaded:\n"
    "	test %ecx, %ecx\n"
    "	jnz .Lspin\n"
    ".macro load_all\n"
    "	push 120(%rdi)\n"
    "	popfq\n"
    "	mov 0(%rdi), %rax\n"
    "	mov 8(%rdi), %rbx\n"
    "	mov 16(%rdi), %rcx\n"
    "	mov 24(%rdi), %rdx\n"
    "	mov 32(%rdi), %rsi\n"
    "	mov 48(%rdi), %rbp\n"
    "	mov 56(%rdi), %r8\n"
    "	mov 64(%rdi), %r9\n"
    "	mov 72(%rdi), %r10\n"
    "	mov 80(%rdi), %r11\n"
    "	mov 88(%rdi), %r12\n"
    "	mov 96(%rdi), %r13\n"
    "	mov 104(%rdi), %r14\n"
    "	mov 112(%rdi), %r15\n"
    "	mov 40(%rdi), %rdi\n"
    ".endm\n"
    "	load_all\n"
    ".globl cpu_syscall\n"
    "cpu_syscall:\n"
    "	syscall\n"
    "	jmp .Lstore\n"
    ".Lspin:\n"
    "	load_all\n"
    ".globl cpu_spin\n"
    "cpu_spin:\n"
    "	jrcxz .Lstore\n"
    "	lea -1(%rcx), %rcx\n"
    "	jmp cpu_spin\n"
    ".Lstore:\n"
    "	push %rax\n"
    "	.cfi_adjust_cfa_offset 8\n"
    "	mov 16(%rsp), %rax\n"
    "	mov %rbx, 8(%rax)\n"
    "	mov %rcx, 16(%rax)\n"
    "	mov %rdx, 24(%rax)\n"
    "	mov %rsi, 32(%rax)\n"
    "	mov %rdi, 40(%rax)\n"
    "	mov %rbp, 48(%rax)\n"
    "	mov %r8, 56(%rax)\n"
    "	mov %r9, 64(%rax)\n"
    "	mov %r10, 72(%rax)\n"
    "	mov %r11, 80(%rax)\n"
    "	mov %r12, 88(%rax)\n"
    "	mov %r13, 96(%rax)\n"
    "	mov %r14, 104(%rax)\n"
    "	mov %r15, 112(%rax)\n"
    "	pop 0(%rax)\n"
    "	.cfi_adjust_cfa_offset -8\n"
    "	mov %rsp, 136(%rax)\n"
    "	pushfq\n"
    "	pop 120(%rax)\n"
    "	push $2\n"
    "	popfq\n"
    "	mov %ds, 144(%rax)\n"
    "	mov %es, 146(%rax)\n"
    "	mov %fs, 148(%rax)\n"
    "	mov %gs, 150(%rax)\n"
    "	mov %rax, %rbx\n"
    "	mov (%rsp), %rax\n"
    "	mov %rax, %rdx\n"
    "	shr $32, %rdx\n"
    "	test %rax, %rax\n"
    "	jz .Lstore_legacy\n"
    "	xsave64 192(%rbx)\n"
    "	xrstor64 16576(%rbx)\n"
    "	jmp .Lstored\n"
    ".Lstore_legacy:\n"
    "	fxsave64 192(%rbx)\n"
    "	fxrstor64 16576(%rbx)\n"
    ".Lstored:\n"
    "	add $16, %rsp\n"
    "	.cfi_adjust_cfa_offset -16\n"
    "	pop %r15\n"
    "	.cfi_adjust_cfa_offset -8\n"
    "	pop %r14\n"
    "	.cfi_adjust_cfa_offset -8\n"
    "	pop %r13\n"
    "	.cfi_adjust_cfa_offset -8\n"
    "	pop %r12\n"
    "	.cfi_adjust_cfa_offset -8\n"
    "	pop %rbx\n"
    "	.cfi_adjust_cfa_offset -8\n"
    "	pop %rbp\n"
    "	.cfi_adjust_cfa_offset -8\n"
    "	ret\n"
    "	.cfi_endproc\n"
    "	.size cpu_cycle, . - cpu_cycle\n");

#endif
