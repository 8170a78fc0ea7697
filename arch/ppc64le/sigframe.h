/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_ARCH_PPC64LE_SIGFRAME_H
#define SNAP_ARCH_PPC64LE_SIGFRAME_H

/**
 * @file
 * The signal frame of 64-bit Linux on POWER, as rt_sigreturn(2) reads it.
 *
 * It begins with a struct ucontext (arch/powerpc/include/asm/ucontext.h), which ends
 * with a struct sigcontext: the general and the floating point set as ptrace gives
 * them, a pointer, and room that the pointer is to lead into. There lie the VMX set
 * and, right behind it, the VSX set. A thread inside of a transaction has two of these:
 * the first is what the transaction goes back to when it fails, and its uc_link leads
 * to the second, where the thread is. Offsets are from the start of a context.
 * testsuite/unit/test_ppc64le_frame.c compares them with the kernel's headers.
 */
enum {
	CONTEXT_LINK = 8,
	CONTEXT_STACK_SP = 16,
	CONTEXT_STACK_FLAGS = 24,
	CONTEXT_STACK_SIZE = 32,
	CONTEXT_SIGMASK = 40,
	CONTEXT_GENERAL = 232,
	CONTEXT_FP = 616,
	/** The pointer to what begins at CONTEXT_VMX. */
	CONTEXT_VMX_POINTER = 880,
	/** The first multiple of 16 in sigcontext.vmx_reserve. */
	CONTEXT_VMX = 896,
	CONTEXT_VSX = 1440,
	/** sizeof(struct ucontext), a multiple of 16. */
	CONTEXT_SIZE = 1696,

	/** What encode() is given; the kernel wants 16. */
	FRAME_ALIGNMENT = 64,
};

/** sigaltstack(2). */
#define LINUX_SS_ONSTACK 1u
/**
 * No mode of sigaltstack(2): rt_sigreturn(2) ignores what that refuses, and the thread
 * keeps the altstack it has.
 */
#define FRAME_SS_UNKNOWN 4u

#endif
