// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * System calls on 64-bit POWER: number in r0, arguments in r3 to r8. There are two
 * instructions (Documentation/powerpc/syscall64-abi.rst). `sc` is everywhere; it
 * returns a positive errno in r3, with CR0.SO set. `scv 0` (POWER9, Linux 5.9) returns
 * a negative errno. The kernel keeps how a thread came into it in the slot "trap" of
 * its general set: 0xc00 for sc, 0x3000 for scv, other numbers for faults and
 * interrupts. Bit 0 is a flag of the kernel's own: nothing is to be restarted
 * (arch/powerpc/kernel/signal.c, check_syscall_restart(); asm/ptrace.h). A tracer reads
 * it and cannot write it; a trap of 0 says the same as long as there is no next call.
 *
 * We make calls by sc. What is done about calls that were interrupted, and why, is in
 * doc/interrupted-system-calls.md.
 */
#include "arch/ppc64le/ppc64le.h"

const int32_t snap_ppc64le_syscalls[SNAP_NR_SYSCALLS] = {
	[SNAP_SYS_ARCH_PRCTL] = -1,
	[SNAP_SYS_BRK] = 45,
	[SNAP_SYS_CAPSET] = 184,
	[SNAP_SYS_CHDIR] = 12,
	[SNAP_SYS_CLONE] = 120,
	[SNAP_SYS_CLONE3] = 435,
	[SNAP_SYS_CLOSE] = 6,
	[SNAP_SYS_CLOSE_RANGE] = 436,
	[SNAP_SYS_DUP3] = 316,
	[SNAP_SYS_EPOLL_CREATE1] = 315,
	[SNAP_SYS_EPOLL_CTL] = 237,
	[SNAP_SYS_EVENTFD2] = 314,
	[SNAP_SYS_EXIT] = 1,
	[SNAP_SYS_FCHDIR] = 133,
	[SNAP_SYS_FCNTL] = 55,
	[SNAP_SYS_FLOCK] = 143,
	[SNAP_SYS_GETITIMER] = 105,
	[SNAP_SYS_GETPID] = 20,
	[SNAP_SYS_GETTID] = 207,
	[SNAP_SYS_INOTIFY_ADD_WATCH] = 276,
	[SNAP_SYS_INOTIFY_INIT1] = 318,
	[SNAP_SYS_INOTIFY_RM_WATCH] = 277,
	[SNAP_SYS_LSEEK] = 19,
	[SNAP_SYS_MADVISE] = 205,
	[SNAP_SYS_MEMBARRIER] = 365,
	[SNAP_SYS_MLOCK2] = 378,
	[SNAP_SYS_MLOCKALL] = 152,
	[SNAP_SYS_MMAP] = 90,
	[SNAP_SYS_MPROTECT] = 125,
	[SNAP_SYS_MREMAP] = 163,
	[SNAP_SYS_MSYNC] = 144,
	[SNAP_SYS_MUNLOCK] = 151,
	[SNAP_SYS_MUNLOCKALL] = 153,
	[SNAP_SYS_MUNMAP] = 91,
	[SNAP_SYS_OPENAT] = 286,
	[SNAP_SYS_PERSONALITY] = 136,
	[SNAP_SYS_PIPE2] = 317,
	[SNAP_SYS_PKEY_MPROTECT] = 386,
	[SNAP_SYS_PRCTL] = 171,
	[SNAP_SYS_PRLIMIT64] = 325,
	[SNAP_SYS_READ] = 3,
	[SNAP_SYS_RSEQ] = 387,
	[SNAP_SYS_RT_SIGACTION] = 173,
	[SNAP_SYS_RT_SIGQUEUEINFO] = 177,
	[SNAP_SYS_RT_SIGRETURN] = 172,
	[SNAP_SYS_RT_SIGTIMEDWAIT] = 176,
	[SNAP_SYS_RT_TGSIGQUEUEINFO] = 322,
	[SNAP_SYS_SETITIMER] = 104,
	[SNAP_SYS_SETFSGID] = 139,
	[SNAP_SYS_SETFSUID] = 138,
	[SNAP_SYS_SETGROUPS] = 81,
	[SNAP_SYS_SETRESGID] = 169,
	[SNAP_SYS_SETRESUID] = 164,
	[SNAP_SYS_SET_ROBUST_LIST] = 300,
	[SNAP_SYS_SET_TID_ADDRESS] = 232,
	[SNAP_SYS_SIGALTSTACK] = 185,
	[SNAP_SYS_SIGNALFD4] = 313,
	[SNAP_SYS_TIMERFD_CREATE] = 306,
	[SNAP_SYS_TIMER_CREATE] = 240,
	[SNAP_SYS_TIMER_DELETE] = 244,
	[SNAP_SYS_TIMER_GETOVERRUN] = 243,
	[SNAP_SYS_TIMER_GETTIME] = 242,
	[SNAP_SYS_TIMER_SETTIME] = 241,
	[SNAP_SYS_UMASK] = 60,
	[SNAP_SYS_USERFAULTFD] = 364,
	[SNAP_SYS_WAIT4] = 114,
	[SNAP_SYS_WRITE] = 4,
};

enum {
	/** Linux, include/linux/errno.h: "never seen by user programs". */
	ERESTARTSYS = 512,
	ERESTARTNOINTR = 513,
	ERESTARTNOHAND = 514,
	ERESTART_RESTARTBLOCK = 516,
	/** Of errno.h; a tracee's, not that of the host that compiles this. */
	LINUX_EINTR = 4,

	SYS_RESTART_SYSCALL = 0,

	/** sc and scv. */
	SYSCALL_INSN_SIZE = 4,

	TRAP_SC = 0xc00,
	TRAP_SCV = 0x3000,
	/** Nothing is to be restarted. */
	TRAP_NO_RESTART = 1,
	/** Older kernels have more flags than the one. */
	TRAP_FLAGS = 0xf,
};

/** CR0.SO: an error is signalled. */
#define CR_SO UINT64_C(0x10000000)

/** How the thread came into the kernel, without flags. */
static uint64_t trap_of(const uint8_t *regs)
{
	return snap_ppc64le_reg(regs, PPC_TRAP) & ~(uint64_t)TRAP_FLAGS;
}

int64_t snap_ppc64le_syscall_number(const uint8_t *regs)
{
	uint64_t trap = trap_of(regs);
	int64_t number = (int64_t)snap_ppc64le_reg(regs, PPC_R0);
	bool is_inside = (trap == TRAP_SC || trap == TRAP_SCV) &&
			 !(snap_ppc64le_reg(regs, PPC_TRAP) & TRAP_NO_RESTART);
	return is_inside && number >= 0 ? number : -1;
}

int64_t snap_ppc64le_syscall_result(const uint8_t *regs)
{
	int64_t value = (int64_t)snap_ppc64le_reg(regs, PPC_R3);
	bool is_error =
		trap_of(regs) != TRAP_SCV && snap_ppc64le_reg(regs, PPC_CR) & CR_SO;
	return is_error ? -value : value;
}

/** Write a result as the instruction that `trap` is of returns it. */
static void set_result(uint8_t *regs, uint64_t trap, int64_t result)
{
	uint64_t cr = snap_ppc64le_reg(regs, PPC_CR);
	bool is_error = trap != TRAP_SCV && result < 0 && result >= -4095;
	snap_ppc64le_set_reg(regs, PPC_R3, (uint64_t)(is_error ? -result : result));
	if (trap != TRAP_SCV)
		snap_ppc64le_set_reg(regs, PPC_CR, is_error ? cr | CR_SO : cr & ~CR_SO);
}

/** The call is to be made again, from its instruction. */
static bool is_to_be_made_again(int64_t number, int64_t result)
{
	switch (result) {
	case -ERESTARTSYS:
	case -ERESTARTNOINTR:
	case -ERESTARTNOHAND:
		return true;
	case -ERESTART_RESTARTBLOCK:
		// Resumed before, by restart_syscall(2): the kernel has written 516
		// over the call's first argument.
		return number != SYS_RESTART_SYSCALL;
	default:
		return false;
	}
}

/** Put the thread before its call; which instruction it was stays in the trap. */
static void make_again(uint8_t *regs, struct snap_thread *thread, int64_t result)
{
	uint64_t trap = trap_of(regs);
	snap_ppc64le_set_reg(regs, PPC_R3, snap_ppc64le_reg(regs, PPC_ORIG_R3));
	if (trap == TRAP_SC)
		snap_ppc64le_set_reg(regs, PPC_CR,
				     snap_ppc64le_reg(regs, PPC_CR) & ~CR_SO);
	snap_ppc64le_set_reg(regs, PPC_NIP,
			     snap_ppc64le_reg(regs, PPC_NIP) - SYSCALL_INSN_SIZE);
	snap_ppc64le_set_reg(regs, PPC_TRAP, trap | TRAP_NO_RESTART);
	// Without its restart block a call is made again from its start unless a
	// handler runs, and then ends with EINTR: that is what ERESTARTNOHAND says.
	thread->interrupted_result =
		result == -ERESTART_RESTARTBLOCK ? -ERESTARTNOHAND : (int32_t)result;
}

void snap_ppc64le_rewind_syscall(struct snap_thread *thread)
{
	uint8_t *regs = thread->regsets[SNAP_PPC64LE_GENERAL].data;
	if (!snap_ppc64le_general(thread))
		return;
	int64_t number = snap_ppc64le_syscall_number(regs);
	if (number < 0)
		return;
	int64_t result = snap_ppc64le_syscall_result(regs);
	bool again = is_to_be_made_again(number, result);
	if (again) {
		make_again(regs, thread, result);
	} else {
		if (result == -ERESTART_RESTARTBLOCK)
			set_result(regs, trap_of(regs), -LINUX_EINTR);
		snap_ppc64le_set_reg(regs, PPC_TRAP, 0);
	}
	if (again || result == -ERESTART_RESTARTBLOCK || result == -LINUX_EINTR)
		thread->interrupted_syscall = (int32_t)number;
}

void snap_ppc64le_reenter_syscall(uint8_t *regs, const struct snap_thread *thread)
{
	uint64_t trap = trap_of(regs);
	snap_ppc64le_set_reg(regs, PPC_NIP,
			     snap_ppc64le_reg(regs, PPC_NIP) + SYSCALL_INSN_SIZE);
	snap_ppc64le_set_reg(regs, PPC_R0, (uint64_t)thread->interrupted_syscall);
	snap_ppc64le_set_reg(regs, PPC_ORIG_R3, snap_ppc64le_reg(regs, PPC_R3));
	set_result(regs, trap, thread->interrupted_result);
	snap_ppc64le_set_reg(regs, PPC_TRAP, trap);
}

void snap_ppc64le_prepare_syscall(uint8_t *regs, uint64_t insn, int64_t number,
				  const uint64_t args[SNAP_MAX_SYSCALL_ARGS])
{
	for (unsigned i = 0; i < SNAP_MAX_SYSCALL_ARGS; i++)
		snap_ppc64le_set_reg(regs, PPC_R3 + i, args[i]);
	snap_ppc64le_set_pc(regs, insn);
	snap_ppc64le_set_reg(regs, PPC_R0, (uint64_t)number);
}

void snap_ppc64le_set_pc(uint8_t *regs, uint64_t pc)
{
	uint64_t trap = trap_of(regs);
	snap_ppc64le_set_reg(regs, PPC_NIP, pc);
	if (trap == TRAP_SC || trap == TRAP_SCV)
		snap_ppc64le_set_reg(regs, PPC_TRAP, 0);
}

void snap_ppc64le_set_sp(uint8_t *regs, uint64_t sp)
{
	snap_ppc64le_set_reg(regs, PPC_R1, sp);
}

void snap_ppc64le_prepare_sigreturn(uint8_t *regs, uint64_t insn, uint64_t frame)
{
	static const uint64_t no_args[SNAP_MAX_SYSCALL_ARGS];
	snap_ppc64le_prepare_syscall(regs, insn,
				     snap_ppc64le_syscalls[SNAP_SYS_RT_SIGRETURN],
				     no_args);
	// As if the trampoline had popped the handler's dummy caller off the frame.
	snap_ppc64le_set_sp(regs, frame);
}
