/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_ARCH_AARCH64_SIGFRAME_H
#define SNAP_ARCH_AARCH64_SIGFRAME_H

/**
 * @file
 * The signal frame of 64-bit Linux on Arm, as rt_sigreturn(2) reads it.
 *
 * The kernel's struct rt_sigframe (arch/arm64/kernel/signal.c) is a siginfo and a
 * struct ucontext, which ends with a struct sigcontext: the general registers, and 4096
 * bytes for a chain of records, each with a magic number and its size, up to one with
 * neither. Where they do not suffice, the last record is EXTRA, which tells of more
 * records behind it (Linux, arch/arm64/include/uapi/asm/sigcontext.h). Offsets are from
 * the start of the frame.
 */
enum {
	FRAME_STACK_SP = 144,
	FRAME_STACK_FLAGS = 152,
	FRAME_STACK_SIZE = 160,
	FRAME_SIGMASK = 168,
	FRAME_REGS = 312,
	/** x0 to x30, sp, pc and pstate: the general set. */
	FRAME_RECORDS = 592,
	FRAME_RECORDS_SIZE = 4096,
	FRAME_SIZE = FRAME_RECORDS + FRAME_RECORDS_SIZE,

	/** Of the frame and of every record. */
	FRAME_ALIGNMENT = 16,
	/** SIGFRAME_MAXSZ of kernels with SME: from the frame on to the last record. */
	FRAME_MAX_SIZE = 262144,
};

#define RECORD_FPSIMD 0x46508001u
#define RECORD_ESR    0x45535201u
#define RECORD_SVE    0x53564501u
#define RECORD_EXTRA  0x45585401u
#define RECORD_TPIDR2 0x54504902u
#define RECORD_FPMR   0x46504d52u
#define RECORD_POE    0x504f4530u
#define RECORD_ZA     0x54366345u
#define RECORD_ZT     0x5a544e01u
#define RECORD_GCS    0x47435300u

enum {
	/** Each begins with its magic number and its size. */
	RECORD_HEAD_SIZE = 8,
	RECORD_WORD_SIZE = 16,
	RECORD_FPSIMD_SIZE = 528,
	/** SVE and ZA: without registers. */
	RECORD_EMPTY_SIZE = 16,
	RECORD_ZT_SIZE = 16 + 64,
	RECORD_EXTRA_SIZE = 32,
	RECORD_GCS_SIZE = 32,
	/** The end of the chain, in as many bytes as alignment asks for. */
	RECORD_END_SIZE = 16,

	RECORD_FPSR = 8,
	RECORD_FPCR = 12,
	RECORD_V = 16,
	RECORD_VL = 8,
	RECORD_SVE_FLAGS = 10,
	RECORD_ZT_NR = 8,
	RECORD_ZT_DATA = 16,
	RECORD_EXTRA_ADDRESS = 8,
	RECORD_EXTRA_BYTES = 16,
};

/** In the flags of an SVE record: streaming mode. */
#define RECORD_SVE_STREAMING 1u

/** sigaltstack(2). */
#define LINUX_SS_ONSTACK 1u
/**
 * No mode of sigaltstack(2): rt_sigreturn(2) ignores what that refuses, and the thread
 * keeps the altstack it has.
 */
#define FRAME_SS_UNKNOWN 4u

#endif
