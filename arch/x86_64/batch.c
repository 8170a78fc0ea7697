// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The code that runs a batch of system calls in the inferior, in one resumption.
 *
 * rbx is the next entry of the table, r12 its end, r13 the signal, r14 whether to stop
 * at an error: registers that a system call leaves alone (System V ABI, AMD64
 * supplement, A.2.1). Bytes instead of assembly, because every architecture is compiled
 * on every host; `objdump -D -b binary -m i386:x86-64` shows what they are.
 */
#include "arch/x86_64/x86_64.h"

const uint8_t snap_x86_64_batch_code[X86_BATCH_CODE_SIZE] = {
	0x4c, 0x39, 0xe3,                   // again: cmp rbx, r12
	0x74, 0x3f,                         //        je done
	0x48, 0x8b, 0x03,                   //        mov rax, [rbx]
	0x48, 0x8b, 0x7b, 0x08,             //        mov rdi, [rbx+8]
	0x48, 0x8b, 0x73, 0x10,             //        mov rsi, [rbx+16]
	0x48, 0x8b, 0x53, 0x18,             //        mov rdx, [rbx+24]
	0x4c, 0x8b, 0x53, 0x20,             //        mov r10, [rbx+32]
	0x4c, 0x8b, 0x43, 0x28,             //        mov r8, [rbx+40]
	0x4c, 0x8b, 0x4b, 0x30,             //        mov r9, [rbx+48]
	0x0f, 0x05,                         //        syscall
	0x48, 0x85, 0xc0,                   //        test rax, rax
	0x75, 0x08,                         //        jnz keep
	0x81, 0x3b, 0xb3, 0x01, 0x00, 0x00, //        cmp dword [rbx], 435 (clone3)
	0x74, 0x35,                         //        je child
	0x48, 0x89, 0x43, 0x38,             // keep:  mov [rbx+56], rax
	0x48, 0x83, 0xc3, 0x40,             //        add rbx, 64
	0x4d, 0x85, 0xf6,                   //        test r14, r14
	0x74, 0xc4,                         //        jz again
	0x48, 0x3d, 0x01, 0xf0, 0xff, 0xff, //        cmp rax, -4095
	0x72, 0xbc,                         //        jb again
	0xb8, 0x27, 0x00, 0x00, 0x00,       // done:  mov eax, 39 (getpid)
	0x0f, 0x05,                         //        syscall
	0x89, 0xc3,                         //        mov ebx, eax
	0xb8, 0xba, 0x00, 0x00, 0x00,       //        mov eax, 186 (gettid)
	0x0f, 0x05,                         //        syscall
	0x89, 0xdf,                         //        mov edi, ebx
	0x89, 0xc6,                         //        mov esi, eax
	0x44, 0x89, 0xea,                   //        mov edx, r13d
	0xb8, 0xea, 0x00, 0x00, 0x00,       //        mov eax, 234 (tgkill)
	0x0f, 0x05,                         //        syscall
	0xeb, 0xe0,                         //        jmp done
	0xb8, 0x22, 0x00, 0x00, 0x00,       // child: mov eax, 34 (pause)
	0x0f, 0x05,                         //        syscall
	0xeb, 0xf7,                         //        jmp child
};

_Static_assert(sizeof(struct snap_batch_entry) == 64,
	       "the code knows the size of an entry");
_Static_assert(offsetof(struct snap_batch_entry, result) == 56,
	       "the code knows where the result goes");

void snap_x86_64_prepare_batch(uint8_t *regs, uint64_t code, uint64_t table, size_t nr,
			       int signal, bool stops_at_error)
{
	static const uint64_t no_args[SNAP_MAX_SYSCALL_ARGS];
	snap_x86_64_prepare_syscall(regs, code, 0, no_args);
	snap_x86_64_set_reg(regs, X86_rbx, table);
	snap_x86_64_set_reg(regs, X86_r12,
			    table + nr * sizeof(struct snap_batch_entry));
	snap_x86_64_set_reg(regs, X86_r13, (uint64_t)signal);
	snap_x86_64_set_reg(regs, X86_r14, stops_at_error);
}
