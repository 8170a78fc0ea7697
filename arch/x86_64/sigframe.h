/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_ARCH_X86_64_SIGFRAME_H
#define SNAP_ARCH_X86_64_SIGFRAME_H

/**
 * @file
 * The signal frame of 64-bit Linux, as rt_sigreturn(2) reads it.
 *
 * The kernel's struct rt_sigframe (arch/x86/include/asm/sigframe.h) is a return
 * address, a struct ucontext and a siginfo; the ucontext holds a struct sigcontext and
 * that a pointer to the floating point state, an XSAVE area in standard form. Offsets
 * are from the start of the frame. testsuite/unit/test_sigframe_layout.c compares them
 * with the kernel's headers.
 */
enum {
	FRAME_UC_FLAGS = 8,
	FRAME_STACK_SP = 24,
	FRAME_STACK_FLAGS = 32,
	FRAME_STACK_SIZE = 40,
	FRAME_SIGCONTEXT = 48,
	FRAME_CS = 192,
	FRAME_SS = 198,
	FRAME_FPSTATE = 232,
	FRAME_SIGMASK = 304,
	FRAME_SIZE = 440,

	/** XRSTOR wants its area aligned to this (Intel SDM volume 1, 13.4). */
	FRAME_ALIGNMENT = 64,
	/** Where we put the floating point state. */
	FRAME_FPSTATE_PLACE = 448,
};

/** uc_flags; asm/ucontext.h. */
enum {
	UC_FP_XSTATE = 1,
	UC_SIGCONTEXT_SS = 2,
	UC_STRICT_RESTORE_SS = 4,
};

/**
 * struct _fpx_sw_bytes, asm/sigcontext.h: the kernel's own account of the area in the
 * bytes that FXSAVE leaves to software. Offsets are from the start of the area.
 */
enum {
	SW_MAGIC1 = 464,
	SW_EXTENDED_SIZE = 468,
	SW_XFEATURES = 472,
	SW_XSTATE_SIZE = 480,
	SW_SIZE = 48,
};

#define SW_MAGIC1_VALUE 0x46505853u
#define SW_MAGIC2_VALUE 0x46505845u
/** Behind the area. */
#define SW_MAGIC2_SIZE 4

/** sigaltstack(2). */
#define LINUX_SS_ONSTACK 1u
#define LINUX_SS_DISABLE 2u
/**
 * No mode of sigaltstack(2): rt_sigreturn(2) ignores what that refuses, and the thread
 * keeps the altstack it has.
 */
#define FRAME_SS_UNKNOWN 4u

/** SNAP_FRAME_REGISTER(register, offset in struct sigcontext): 8 bytes each. */
#define SNAP_FRAME_REGISTERS          \
	SNAP_FRAME_REGISTER(r8, 0)    \
	SNAP_FRAME_REGISTER(r9, 8)    \
	SNAP_FRAME_REGISTER(r10, 16)  \
	SNAP_FRAME_REGISTER(r11, 24)  \
	SNAP_FRAME_REGISTER(r12, 32)  \
	SNAP_FRAME_REGISTER(r13, 40)  \
	SNAP_FRAME_REGISTER(r14, 48)  \
	SNAP_FRAME_REGISTER(r15, 56)  \
	SNAP_FRAME_REGISTER(rdi, 64)  \
	SNAP_FRAME_REGISTER(rsi, 72)  \
	SNAP_FRAME_REGISTER(rbp, 80)  \
	SNAP_FRAME_REGISTER(rbx, 88)  \
	SNAP_FRAME_REGISTER(rdx, 96)  \
	SNAP_FRAME_REGISTER(rax, 104) \
	SNAP_FRAME_REGISTER(rcx, 112) \
	SNAP_FRAME_REGISTER(rsp, 120) \
	SNAP_FRAME_REGISTER(rip, 128) \
	SNAP_FRAME_REGISTER(eflags, 136)

#endif
