// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * System calls on x86-64: number in rax, arguments in rdi rsi rdx r10 r8 r9, result in
 * rax; rcx and r11 are lost. The kernel keeps the number in orig_rax for as long as a
 * thread is inside of a call; -1 tells that it is not, and nothing is to be restarted
 * (Linux, arch/x86/kernel/signal.c, arch_do_signal_or_restart).
 *
 * What is done about calls that were interrupted, and why, is in
 * doc/interrupted-system-calls.md.
 */
#include "arch/x86_64/x86_64.h"

#include <string.h>

const int32_t snap_x86_64_syscalls[SNAP_NR_SYSCALLS] = {
	[SNAP_SYS_ARCH_PRCTL] = 158,
	[SNAP_SYS_BRK] = 12,
	[SNAP_SYS_CAPSET] = 126,
	[SNAP_SYS_CHDIR] = 80,
	[SNAP_SYS_CLONE] = 56,
	[SNAP_SYS_CLONE3] = 435,
	[SNAP_SYS_CLOSE] = 3,
	[SNAP_SYS_CLOSE_RANGE] = 436,
	[SNAP_SYS_DUP3] = 292,
	[SNAP_SYS_EPOLL_CREATE1] = 291,
	[SNAP_SYS_EPOLL_CTL] = 233,
	[SNAP_SYS_EVENTFD2] = 290,
	[SNAP_SYS_EXIT] = 60,
	[SNAP_SYS_FCHDIR] = 81,
	[SNAP_SYS_FCNTL] = 72,
	[SNAP_SYS_FLOCK] = 73,
	[SNAP_SYS_GETITIMER] = 36,
	[SNAP_SYS_GETPID] = 39,
	[SNAP_SYS_GETTID] = 186,
	[SNAP_SYS_INOTIFY_ADD_WATCH] = 254,
	[SNAP_SYS_INOTIFY_INIT1] = 294,
	[SNAP_SYS_INOTIFY_RM_WATCH] = 255,
	[SNAP_SYS_LSEEK] = 8,
	[SNAP_SYS_MADVISE] = 28,
	[SNAP_SYS_MEMBARRIER] = 324,
	[SNAP_SYS_MLOCK2] = 325,
	[SNAP_SYS_MLOCKALL] = 151,
	[SNAP_SYS_MMAP] = 9,
	[SNAP_SYS_MPROTECT] = 10,
	[SNAP_SYS_MREMAP] = 25,
	[SNAP_SYS_MSYNC] = 26,
	[SNAP_SYS_MUNLOCK] = 150,
	[SNAP_SYS_MUNLOCKALL] = 152,
	[SNAP_SYS_MUNMAP] = 11,
	[SNAP_SYS_OPENAT] = 257,
	[SNAP_SYS_PERSONALITY] = 135,
	[SNAP_SYS_PIPE2] = 293,
	[SNAP_SYS_PKEY_MPROTECT] = 329,
	[SNAP_SYS_PRCTL] = 157,
	[SNAP_SYS_PRLIMIT64] = 302,
	[SNAP_SYS_READ] = 0,
	[SNAP_SYS_RSEQ] = 334,
	[SNAP_SYS_RT_SIGACTION] = 13,
	[SNAP_SYS_RT_SIGQUEUEINFO] = 129,
	[SNAP_SYS_RT_SIGRETURN] = 15,
	[SNAP_SYS_RT_SIGTIMEDWAIT] = 128,
	[SNAP_SYS_RT_TGSIGQUEUEINFO] = 297,
	[SNAP_SYS_SETITIMER] = 38,
	[SNAP_SYS_SETFSGID] = 123,
	[SNAP_SYS_SETFSUID] = 122,
	[SNAP_SYS_SETGROUPS] = 116,
	[SNAP_SYS_SETRESGID] = 119,
	[SNAP_SYS_SETRESUID] = 117,
	[SNAP_SYS_SET_ROBUST_LIST] = 273,
	[SNAP_SYS_SET_TID_ADDRESS] = 218,
	[SNAP_SYS_SIGALTSTACK] = 131,
	[SNAP_SYS_SIGNALFD4] = 289,
	[SNAP_SYS_TIMERFD_CREATE] = 283,
	[SNAP_SYS_TIMER_CREATE] = 222,
	[SNAP_SYS_TIMER_DELETE] = 226,
	[SNAP_SYS_TIMER_GETOVERRUN] = 225,
	[SNAP_SYS_TIMER_GETTIME] = 224,
	[SNAP_SYS_TIMER_SETTIME] = 223,
	[SNAP_SYS_UMASK] = 95,
	[SNAP_SYS_USERFAULTFD] = 323,
	[SNAP_SYS_WAIT4] = 61,
	[SNAP_SYS_WRITE] = 1,
};

enum {
	/** Linux, include/linux/errno.h: "never seen by user programs". */
	ERESTARTSYS = 512,
	ERESTARTNOINTR = 513,
	ERESTARTNOHAND = 514,
	ERESTART_RESTARTBLOCK = 516,
	/** Of errno.h; a tracee's, not those of the host that compiles this. */
	LINUX_EINTR = 4,
	LINUX_ENOSYS = 38,

	SYS_RESTART_SYSCALL = 219,

	/** syscall, sysenter and int $0x80 all have two bytes. */
	SYSCALL_INSN_SIZE = 2,
	/** Of mov $NUMBER,%eax. */
	MOV_INSN_SIZE = 5,
};

/** The calls that leave a restart block behind (Linux, set_restart_fn()). */
static bool has_restart_block(int64_t number)
{
	switch (number) {
	case 7:   // poll
	case 35:  // nanosleep
	case 202: // futex
	case 230: // clock_nanosleep
		return true;
	default:
		return false;
	}
}

/** The number that a `mov $NUMBER,%eax` at code[at] loads, or -1: it is none. */
static int64_t loaded_number(const uint8_t *code, size_t at)
{
	// A REX prefix with its B bit makes it a mov to r8.
	if (code[at] != 0xb8 || (at && (code[at - 1] & 0xf1) == 0x41))
		return -1;
	return (int64_t)snap_x86_64_load(code + at + 1, 4);
}

void snap_x86_64_identify_syscall(struct snap_thread *thread, const uint8_t *code,
				  size_t size)
{
	uint8_t *regs = thread->regsets[SNAP_X86_64_GENERAL].data;
	if (!snap_x86_64_general(thread) || size < MOV_INSN_SIZE + SYSCALL_INSN_SIZE ||
	    snap_x86_64_syscall_number(regs) != SYS_RESTART_SYSCALL ||
	    snap_x86_64_syscall_result(regs) != -ERESTART_RESTARTBLOCK)
		return;
	for (size_t at = size - SYSCALL_INSN_SIZE - MOV_INSN_SIZE + 1; at-- > 0;) {
		int64_t number = loaded_number(code, at);
		if (has_restart_block(number)) {
			snap_x86_64_set_reg(regs, X86_orig_rax, (uint64_t)number);
			return;
		}
	}
}

/** The call is to be made again, from its instruction. */
static bool is_to_be_made_again(int64_t number, int64_t result)
{
	switch (result) {
	case -ERESTARTSYS:
	case -ERESTARTNOINTR:
	case -ERESTARTNOHAND:
	case -LINUX_ENOSYS:
		return true;
	case -ERESTART_RESTARTBLOCK:
		return number != SYS_RESTART_SYSCALL;
	default:
		return false;
	}
}

/**
 * The note to put back. Without its restart block a call is made again from its start
 * unless a handler runs, and then ends with EINTR: that is what ERESTARTNOHAND says. A
 * call that has only been entered has none.
 */
static int32_t note_of(int64_t result)
{
	if (result == -LINUX_ENOSYS)
		return 0;
	return result == -ERESTART_RESTARTBLOCK ? -ERESTARTNOHAND : (int32_t)result;
}

/** Leave the system call: the kernel restarts nothing. */
static void finish_syscall(uint8_t *regs, int64_t result)
{
	snap_x86_64_set_reg(regs, X86_rax, (uint64_t)result);
	snap_x86_64_set_reg(regs, X86_orig_rax, UINT64_MAX);
}

void snap_x86_64_rewind_syscall(struct snap_thread *thread)
{
	uint8_t *regs = thread->regsets[SNAP_X86_64_GENERAL].data;
	if (!snap_x86_64_general(thread))
		return;
	int64_t number = snap_x86_64_syscall_number(regs);
	if (number < 0)
		return;
	int64_t result = snap_x86_64_syscall_result(regs);
	bool again = is_to_be_made_again(number, result);
	if (again) {
		snap_x86_64_set_pc(regs,
				   snap_x86_64_reg(regs, X86_rip) - SYSCALL_INSN_SIZE);
		thread->interrupted_result = note_of(result);
		result = number;
	} else if (result == -ERESTART_RESTARTBLOCK) {
		result = -LINUX_EINTR;
	}
	finish_syscall(regs, result);
	if (again || result == -LINUX_EINTR)
		thread->interrupted_syscall = (int32_t)number;
}

void snap_x86_64_reenter_syscall(uint8_t *regs, const struct snap_thread *thread)
{
	snap_x86_64_set_reg(regs, X86_rip,
			    snap_x86_64_reg(regs, X86_rip) + SYSCALL_INSN_SIZE);
	snap_x86_64_set_reg(regs, X86_orig_rax, (uint64_t)thread->interrupted_syscall);
	snap_x86_64_set_reg(regs, X86_rax,
			    (uint64_t)(int64_t)thread->interrupted_result);
}

int64_t snap_x86_64_syscall_number(const uint8_t *regs)
{
	// Exceptions and interrupts leave a negative number, older kernels others than
	// -1 among them.
	int64_t number = (int64_t)snap_x86_64_reg(regs, X86_orig_rax);
	return number < 0 ? -1 : number;
}

void snap_x86_64_prepare_syscall(uint8_t *regs, uint64_t insn, int64_t number,
				 const uint64_t args[SNAP_MAX_SYSCALL_ARGS])
{
	static const enum snap_x86_64_offset places[SNAP_MAX_SYSCALL_ARGS] = {
		X86_rdi, X86_rsi, X86_rdx, X86_r10, X86_r8, X86_r9,
	};

	for (size_t i = 0; i < SNAP_MAX_SYSCALL_ARGS; i++)
		snap_x86_64_set_reg(regs, places[i], args[i]);
	snap_x86_64_set_pc(regs, insn);
	snap_x86_64_set_reg(regs, X86_rax, (uint64_t)number);
	// A program that single-steps itself must not be sent a SIGTRAP for our call.
	snap_x86_64_set_reg(regs, X86_eflags,
			    snap_x86_64_reg(regs, X86_eflags) &
				    ~(uint64_t)(X86_EFLAGS_TF | X86_EFLAGS_DF));
}

int64_t snap_x86_64_syscall_result(const uint8_t *regs)
{
	return (int64_t)snap_x86_64_reg(regs, X86_rax);
}

void snap_x86_64_set_sp(uint8_t *regs, uint64_t sp)
{
	snap_x86_64_set_reg(regs, X86_rsp, sp);
}

void snap_x86_64_set_pc(uint8_t *regs, uint64_t pc)
{
	snap_x86_64_set_reg(regs, X86_rip, pc);
	snap_x86_64_set_reg(regs, X86_orig_rax, UINT64_MAX);
}

void snap_x86_64_prepare_sigreturn(uint8_t *regs, uint64_t insn, uint64_t frame)
{
	static const uint64_t no_args[SNAP_MAX_SYSCALL_ARGS];
	snap_x86_64_prepare_syscall(regs, insn,
				    snap_x86_64_syscalls[SNAP_SYS_RT_SIGRETURN],
				    no_args);
	// As if the handler's ret had taken the return address off the frame.
	snap_x86_64_set_reg(regs, X86_rsp, frame + 8);
}
