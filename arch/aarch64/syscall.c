// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * System calls on aarch64: number in x8, arguments in x0 to x5, result in x0; all other
 * registers stay, except for what SVE has beyond the V registers, which the kernel
 * clears, and streaming mode, which it leaves (Linux,
 * Documentation/arch/arm64/sve.rst).
 *
 * A call that a signal interrupts is rewound by the kernel before a tracer sees the
 * thread: x0 is what it was, the pc is that of the svc, and the set "syscall" says that
 * the thread is in no call. What the call's note was, the kernel keeps to itself, until
 * the tracer has said which signal the thread gets (arch/arm64/kernel/signal.c,
 * do_signal). So a thread like this is one of those that are about to make the call;
 * which it is, and what a signal handler would do to it, is told from the code and from
 * the call (doc/interrupted-system-calls.md).
 */
#include "arch/aarch64/aarch64.h"

#include <signal.h>

const int32_t snap_aarch64_syscalls[SNAP_NR_SYSCALLS] = {
	[SNAP_SYS_ARCH_PRCTL] = -1,
	[SNAP_SYS_BRK] = 214,
	[SNAP_SYS_CAPSET] = 91,
	[SNAP_SYS_CHDIR] = 49,
	[SNAP_SYS_CLONE] = 220,
	[SNAP_SYS_CLONE3] = 435,
	[SNAP_SYS_CLOSE] = 57,
	[SNAP_SYS_CLOSE_RANGE] = 436,
	[SNAP_SYS_DUP3] = 24,
	[SNAP_SYS_EPOLL_CREATE1] = 20,
	[SNAP_SYS_EPOLL_CTL] = 21,
	[SNAP_SYS_EVENTFD2] = 19,
	[SNAP_SYS_EXIT] = 93,
	[SNAP_SYS_FCHDIR] = 50,
	[SNAP_SYS_FCNTL] = 25,
	[SNAP_SYS_FLOCK] = 32,
	[SNAP_SYS_GETITIMER] = 102,
	[SNAP_SYS_GETPID] = 172,
	[SNAP_SYS_GETTID] = 178,
	[SNAP_SYS_INOTIFY_ADD_WATCH] = 27,
	[SNAP_SYS_INOTIFY_INIT1] = 26,
	[SNAP_SYS_INOTIFY_RM_WATCH] = 28,
	[SNAP_SYS_LSEEK] = 62,
	[SNAP_SYS_MADVISE] = 233,
	[SNAP_SYS_MEMBARRIER] = 283,
	[SNAP_SYS_MLOCK2] = 284,
	[SNAP_SYS_MLOCKALL] = 230,
	[SNAP_SYS_MMAP] = 222,
	[SNAP_SYS_MPROTECT] = 226,
	[SNAP_SYS_MREMAP] = 216,
	[SNAP_SYS_MSYNC] = 227,
	[SNAP_SYS_MUNLOCK] = 229,
	[SNAP_SYS_MUNLOCKALL] = 231,
	[SNAP_SYS_MUNMAP] = 215,
	[SNAP_SYS_OPENAT] = 56,
	[SNAP_SYS_PERSONALITY] = 92,
	[SNAP_SYS_PIPE2] = 59,
	[SNAP_SYS_PKEY_MPROTECT] = 288,
	[SNAP_SYS_PRCTL] = 167,
	[SNAP_SYS_PRLIMIT64] = 261,
	[SNAP_SYS_READ] = 63,
	[SNAP_SYS_RSEQ] = 293,
	[SNAP_SYS_RT_SIGACTION] = 134,
	[SNAP_SYS_RT_SIGQUEUEINFO] = 138,
	[SNAP_SYS_RT_SIGRETURN] = 139,
	[SNAP_SYS_RT_SIGTIMEDWAIT] = 137,
	[SNAP_SYS_RT_TGSIGQUEUEINFO] = 240,
	[SNAP_SYS_SETITIMER] = 103,
	[SNAP_SYS_SETFSGID] = 152,
	[SNAP_SYS_SETFSUID] = 151,
	[SNAP_SYS_SETGROUPS] = 159,
	[SNAP_SYS_SETRESGID] = 149,
	[SNAP_SYS_SETRESUID] = 147,
	[SNAP_SYS_SET_ROBUST_LIST] = 99,
	[SNAP_SYS_SET_TID_ADDRESS] = 96,
	[SNAP_SYS_SIGALTSTACK] = 132,
	[SNAP_SYS_SIGNALFD4] = 74,
	[SNAP_SYS_TIMERFD_CREATE] = 85,
	[SNAP_SYS_TIMER_CREATE] = 107,
	[SNAP_SYS_TIMER_DELETE] = 111,
	[SNAP_SYS_TIMER_GETOVERRUN] = 109,
	[SNAP_SYS_TIMER_GETTIME] = 108,
	[SNAP_SYS_TIMER_SETTIME] = 110,
	[SNAP_SYS_UMASK] = 166,
	[SNAP_SYS_USERFAULTFD] = 282,
	[SNAP_SYS_WAIT4] = 260,
	[SNAP_SYS_WRITE] = 64,
};

enum {
	/** Linux, include/linux/errno.h: "never seen by user programs". */
	ERESTARTSYS = 512,
	ERESTARTNOINTR = 513,
	ERESTARTNOHAND = 514,
	ERESTART_RESTARTBLOCK = 516,
	/** Of errno.h; a tracee's, not those of the host that compiles this. */
	LINUX_EINTR = 4,

	SYS_RESTART_SYSCALL = 128,

	INSN_SIZE = 4,
};

#define INSN_SVC 0xd4000001u

/** mov x8, #NUMBER or mov w8, #NUMBER: movz without a shift, the number in 20:5. */
#define INSN_MOV_MASK 0x7fe0001fu
#define INSN_MOV_X8   0x52800008u

/**
 * What the kernel notes for a call that a signal interrupts, 0: none is known of it.
 *
 * Calls that a handler ends whatever its SA_RESTART are noted as ERESTARTNOHAND or, to
 * be resumed with what is left of their timeout, as ERESTART_RESTARTBLOCK.
 */
static int32_t note_of(int64_t number, const uint8_t *regs)
{
	switch (number) {
	case 98: // futex: resumed where it has a timeout
		return snap_aarch64_reg(regs, 24) ? -ERESTARTNOHAND : -ERESTARTSYS;
	case 72:  // pselect6
	case 73:  // ppoll
	case 101: // nanosleep
	case 115: // clock_nanosleep
	case 133: // rt_sigsuspend
		return -ERESTARTNOHAND;
	case 25:  // fcntl
	case 29:  // ioctl
	case 32:  // flock
	case 56:  // openat
	case 63:  // read
	case 64:  // write
	case 65:  // readv
	case 66:  // writev
	case 67:  // pread64
	case 68:  // pwrite64
	case 71:  // sendfile
	case 75:  // vmsplice
	case 76:  // splice
	case 77:  // tee
	case 95:  // waitid
	case 182: // mq_timedsend
	case 183: // mq_timedreceive
	case 188: // msgrcv
	case 189: // msgsnd
	case 202: // accept
	case 203: // connect
	case 206: // sendto
	case 207: // recvfrom
	case 211: // sendmsg
	case 212: // recvmsg
	case 242: // accept4
	case 260: // wait4
	case 269: // sendmmsg
	case 278: // getrandom
		return -ERESTARTSYS;
	default:
		return 0;
	}
}

/** The calls that leave a restart block behind (Linux, set_restart_fn()). */
static bool has_restart_block(int64_t number)
{
	return number == 98 || number == 101 || number == 115;
}

/**
 * The kernel has put the number of restart_syscall(2) into x8: the first number is that
 * which the code loads, right before the svc.
 */
static int64_t first_number(const uint8_t *code, size_t size)
{
	for (size_t at = size; at >= INSN_SIZE; at -= INSN_SIZE) {
		uint64_t insn = snap_aarch64_load(code + at - INSN_SIZE, INSN_SIZE);
		int64_t number = (int64_t)(insn >> 5 & 0xffff);
		if ((insn & INSN_MOV_MASK) == INSN_MOV_X8 && has_restart_block(number))
			return number;
	}
	return -1;
}

/** As if the call had been interrupted for good. */
static void end_call(uint8_t *regs)
{
	snap_aarch64_set_reg(regs, 0, (uint64_t)-LINUX_EINTR);
	snap_aarch64_set_pc(regs, snap_aarch64_reg(regs, ARM64_PC) + INSN_SIZE);
}

void snap_aarch64_identify_syscall(struct snap_thread *thread, const uint8_t *code,
				   size_t size)
{
	uint8_t *regs = thread->regsets[SNAP_AARCH64_GENERAL].data;
	// A breakpoint at the instruction, or a step up to it, interrupts nothing.
	if (!snap_aarch64_general(thread) || size < 2 * INSN_SIZE ||
	    snap_thread_stop_signal(thread) == SIGTRAP ||
	    snap_aarch64_load(code + size - INSN_SIZE, INSN_SIZE) != INSN_SVC)
		return;
	int64_t number = (int64_t)snap_aarch64_reg(regs, 64);
	bool was_resumed = number == SYS_RESTART_SYSCALL;
	if (was_resumed)
		number = first_number(code, size - INSN_SIZE);
	if (was_resumed && number >= 0)
		snap_aarch64_set_reg(regs, 64, (uint64_t)number);
	if (was_resumed && number < 0) {
		thread->interrupted_syscall = SYS_RESTART_SYSCALL;
		end_call(regs);
		return;
	}
	int32_t note = note_of(number, regs);
	if (note) {
		thread->interrupted_syscall = (int32_t)number;
		thread->interrupted_result = note;
	}
}

/** The number of the call that the thread is inside of, or -1. */
static int64_t number_of(const struct snap_thread *thread)
{
	const struct snap_regset *set = &thread->regsets[SNAP_AARCH64_CALL];
	return set->size < 4 ? -1 : (int32_t)snap_aarch64_load(set->data, 4);
}

/**
 * At a call's exit, where the kernel has not rewound it yet, the first argument is
 * lost: the call cannot be made again.
 */
void snap_aarch64_rewind_syscall(struct snap_thread *thread)
{
	uint8_t *regs = thread->regsets[SNAP_AARCH64_GENERAL].data;
	int64_t number = number_of(thread);
	if (!snap_aarch64_general(thread) || number < 0)
		return;
	switch (-snap_aarch64_syscall_result(regs)) {
	case ERESTARTSYS:
	case ERESTARTNOINTR:
	case ERESTARTNOHAND:
	case ERESTART_RESTARTBLOCK:
		snap_aarch64_set_reg(regs, 0, (uint64_t)-LINUX_EINTR);
		thread->interrupted_syscall = (int32_t)number;
		break;
	default:
		break;
	}
	snap_aarch64_store(thread->regsets[SNAP_AARCH64_CALL].data, UINT32_MAX, 4);
}

void snap_aarch64_reenter_syscall(uint8_t *regs, const struct snap_thread *thread)
{
	snap_aarch64_set_reg(regs, ARM64_PC,
			     snap_aarch64_reg(regs, ARM64_PC) + INSN_SIZE);
	snap_aarch64_set_reg(regs, 0, (uint64_t)(int64_t)thread->interrupted_result);
}

int64_t snap_aarch64_syscall_number(const uint8_t *regs)
{
	// The number is in a set of its own.
	(void)regs;
	return -1;
}

void snap_aarch64_begin_at(uint8_t *regs, uint64_t pc)
{
	snap_aarch64_set_pc(regs, pc);
	// A thread that has just branched through a register may only go on at a
	// landing pad (BTI), and the vDSO's svc is none.
	snap_aarch64_set_reg(regs, ARM64_PSTATE,
			     snap_aarch64_reg(regs, ARM64_PSTATE) &
				     ~ARM64_PSTATE_BTYPE);
}

void snap_aarch64_prepare_syscall(uint8_t *regs, uint64_t insn, int64_t number,
				  const uint64_t args[SNAP_MAX_SYSCALL_ARGS])
{
	for (size_t i = 0; i < SNAP_MAX_SYSCALL_ARGS; i++)
		snap_aarch64_set_reg(regs, 8 * i, args[i]);
	snap_aarch64_set_reg(regs, 64, (uint64_t)number);
	snap_aarch64_begin_at(regs, insn);
}

int64_t snap_aarch64_syscall_result(const uint8_t *regs)
{
	return (int64_t)snap_aarch64_reg(regs, 0);
}

void snap_aarch64_set_sp(uint8_t *regs, uint64_t sp)
{
	snap_aarch64_set_reg(regs, ARM64_SP, sp);
}

void snap_aarch64_set_pc(uint8_t *regs, uint64_t pc)
{
	snap_aarch64_set_reg(regs, ARM64_PC, pc);
}

void snap_aarch64_prepare_sigreturn(uint8_t *regs, uint64_t insn, uint64_t frame)
{
	// x0 stays: the kernel remembers it as the first argument of the call that the
	// thread is in, and finds it there when it rewinds the one that the thread has
	// been put back into (reenter_syscall).
	snap_aarch64_set_reg(regs, 64,
			     (uint64_t)snap_aarch64_syscalls[SNAP_SYS_RT_SIGRETURN]);
	snap_aarch64_begin_at(regs, insn);
	snap_aarch64_set_sp(regs, frame);
}
