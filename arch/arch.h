/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_ARCH_ARCH_H
#define SNAP_ARCH_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/foreign.h"
#include "arch/rule.h"
#include "arch/vdso.h"
#include "core/base/buffer.h"
#include "core/base/error.h"
#include "core/model/cpu.h"
#include "core/model/thread.h"

/**
 * @file
 * What is special about a CPU: tables and pure functions.
 *
 * To add a CPU, add a folder arch/<cpu>/ that defines `const struct snap_arch
 * snap_arch_<cpu>`, and run ./bootstrap. Nothing else in the tree learns its name.
 * All folders are compiled on all hosts; only arch/<cpu>/host.c may ask the compiler
 * which CPU it compiles for, and its probe is NULL elsewhere. In the order of work:
 *
 *  1. regsets.def, registers.def, features.def: what there is, as rows.
 *  2. sigframe.c: a thread to the bytes that rt_sigreturn(2) loads, and back.
 *  3. syscall.c: how a system call is made, and how an interrupted one is rewound.
 *  4. host.c: what this machine's CPU is.
 *  5. sample.c: CPUs and threads to test all that with (testsuite/unit/sample.h).
 *
 * testsuite/unit/test_arch.c holds every folder to the contracts below.
 */

/** A set that a tracer does not get as a whole but slot by slot. */
struct snap_regset_slots {
	/** The ptrace requests; `addr` is the slot's number, `data` points to it. */
	int get_request;
	int set_request;
	unsigned first;
	unsigned nr;
	size_t slot_size;
	/** Nobody uses the slot. A set of which no slot is used counts as absent. */
	bool (*is_unused)(const uint8_t *slot);
};

/** One register set: what PTRACE_GETREGSET and core file notes call NT_something. */
struct snap_regset_desc {
	/** As a user knows it: "general", "xstate". */
	const char *name;
	/** The note's owner in a core file: "CORE" or "LINUX". */
	const char *owner;
	/** NT_… of elf.h; the general set is NT_PRSTATUS (1). */
	uint32_t note_type;
	/** The largest size the kernel may give, in bytes. */
	size_t max_size;
	/** The kernel takes it back through PTRACE_SETREGSET. */
	bool is_writable;
	/** How much of it the kernel takes, where that is less than it gives (ppc64le:
	 * of the protection keys). 0: all. */
	size_t writable_size;
	/**
	 * It repeats, wholly, what a set that is present too holds (x86: the legacy FP
	 * set beside xstate). It is kept for tools that know nothing better, and not
	 * restored.
	 */
	bool is_shadowed;
	/**
	 * It is written before the signal frame is loaded, too: the kernel refuses
	 * frames that do not go with it (aarch64: the vector length). Sets are written
	 * from the last row of the table to the first.
	 */
	bool is_before_frame;
	/**
	 * Its first four bytes say how much of it there is (aarch64, struct
	 * user_sve_header): PTRACE_GETREGSET tells of as much as was asked for, and
	 * leaves the rest as it was (measured, Linux 6.1).
	 */
	bool tells_size;
	/** A set that is no larger says only that it is empty, and counts as absent. */
	size_t empty_size;
	/**
	 * What PTRACE_SETREGSET writes is the thread's own only after PTRACE_POKEUSER
	 * has written it at this offset, too: 8 bytes (ppc64le: the DSCR). 0: it is at
	 * once.
	 */
	size_t poke_offset;
	/** NULL: PTRACE_GETREGSET gives it. */
	const struct snap_regset_slots *slots;
};

/** How a person reads a register. */
enum snap_register_format {
	SNAP_REGISTER_UINT,    /**< unsigned, hexadecimal */
	SNAP_REGISTER_ADDRESS, /**< unsigned, an address of code or data */
	SNAP_REGISTER_FLAGS,   /**< unsigned, single bits count */
	SNAP_REGISTER_FLOAT,   /**< an x87 80-bit number, or an IEEE double */
	SNAP_REGISTER_VECTOR,  /**< bytes, lowest address first */
};

/** In which list `show -registers` puts a register. */
enum snap_register_group {
	SNAP_GROUP_GENERAL,
	SNAP_GROUP_FLOAT,
	SNAP_GROUP_VECTOR,
	SNAP_GROUP_SYSTEM,
};

/** The most places that one register is spread over (x86: zmm0 lies in three). */
#define SNAP_MAX_PIECES 4

/** A part of a register, in the place where the kernel keeps it. */
struct snap_register_piece {
	/** Index in the table of register sets. */
	uint8_t regset;
	/** A component within the set whose place the CPU decides; -1: offset is
	 * absolute. */
	int8_t component;
	uint16_t offset;
	uint32_t size;
};

/** Tags of memory: numbers of four bits that accesses are checked against. */
struct snap_memory_tags {
	/** What they are called: "MTE". */
	const char *name;
	/** Bytes of memory for each tag. */
	uint32_t granule;
	/** What mmap() wants beside PROT_READ for memory that has them. */
	uint32_t prot;
	/** The ptrace requests; `addr` is of the memory, `data` an iovec with a byte
	 * for each tag, whose length is then how many were moved. */
	int read_request;
	int write_request;
	/** PT_… of elf.h: what a core file keeps them in, two in a byte, that of the
	 * lower address in the lower half. */
	uint32_t segment_type;
};

/** A register by the name that GDB gives it; its pieces are joined lowest first. */
struct snap_register_desc {
	const char *name;
	enum snap_register_format format;
	enum snap_register_group group;
	/** In bytes; the sum of the sizes of its pieces. */
	uint32_t size;
	/**
	 * It is as long as the component that its only piece is:
	 * snap_arch_register_size() tells, and `size` is the most (aarch64: vectors
	 * whose length a thread sets).
	 */
	bool is_scalable;
	/** Unused pieces have size 0. */
	struct snap_register_piece pieces[SNAP_MAX_PIECES];
};

/** What a machine may offer to the code of a program, beyond the architecture. */
struct snap_feature {
	/** Of the item in a CPU's description, which is 1 where it is there. */
	const char *name;
	/** Code that uses it faults where it is missing; else it is about speed. */
	bool is_needed;
};

/** System calls that are injected; the number of each stands in snap_arch.syscalls. */
enum snap_syscall {
	/** Of x86 alone; -1 elsewhere. */
	SNAP_SYS_ARCH_PRCTL,
	SNAP_SYS_BRK,
	SNAP_SYS_CAPSET,
	SNAP_SYS_CHDIR,
	SNAP_SYS_CLONE,
	SNAP_SYS_CLONE3,
	SNAP_SYS_CLOSE,
	SNAP_SYS_CLOSE_RANGE,
	SNAP_SYS_DUP3,
	SNAP_SYS_EPOLL_CREATE1,
	SNAP_SYS_EPOLL_CTL,
	SNAP_SYS_EVENTFD2,
	SNAP_SYS_EXIT,
	SNAP_SYS_FCHDIR,
	SNAP_SYS_FCNTL,
	SNAP_SYS_FLOCK,
	SNAP_SYS_GETITIMER,
	SNAP_SYS_GETPID,
	SNAP_SYS_GETTID,
	SNAP_SYS_INOTIFY_ADD_WATCH,
	SNAP_SYS_INOTIFY_INIT1,
	SNAP_SYS_INOTIFY_RM_WATCH,
	SNAP_SYS_LSEEK,
	SNAP_SYS_MADVISE,
	SNAP_SYS_MEMBARRIER,
	SNAP_SYS_MLOCK2,
	SNAP_SYS_MLOCKALL,
	SNAP_SYS_MMAP,
	SNAP_SYS_MPROTECT,
	SNAP_SYS_MREMAP,
	SNAP_SYS_MSYNC,
	SNAP_SYS_MUNLOCK,
	SNAP_SYS_MUNLOCKALL,
	SNAP_SYS_MUNMAP,
	SNAP_SYS_OPENAT,
	SNAP_SYS_PERSONALITY,
	SNAP_SYS_PIPE2,
	SNAP_SYS_PKEY_MPROTECT,
	SNAP_SYS_PRCTL,
	SNAP_SYS_PRLIMIT64,
	SNAP_SYS_READ,
	SNAP_SYS_RSEQ,
	SNAP_SYS_RT_SIGACTION,
	SNAP_SYS_RT_SIGQUEUEINFO,
	SNAP_SYS_RT_SIGRETURN,
	SNAP_SYS_RT_SIGTIMEDWAIT,
	SNAP_SYS_RT_TGSIGQUEUEINFO,
	SNAP_SYS_SETITIMER,
	SNAP_SYS_SETFSGID,
	SNAP_SYS_SETFSUID,
	SNAP_SYS_SETGROUPS,
	SNAP_SYS_SETRESGID,
	SNAP_SYS_SETRESUID,
	SNAP_SYS_SET_ROBUST_LIST,
	SNAP_SYS_SET_TID_ADDRESS,
	SNAP_SYS_SIGALTSTACK,
	SNAP_SYS_SIGNALFD4,
	SNAP_SYS_TIMERFD_CREATE,
	SNAP_SYS_TIMER_CREATE,
	SNAP_SYS_TIMER_DELETE,
	SNAP_SYS_TIMER_GETOVERRUN,
	SNAP_SYS_TIMER_GETTIME,
	SNAP_SYS_TIMER_SETTIME,
	SNAP_SYS_UMASK,
	SNAP_SYS_USERFAULTFD,
	SNAP_SYS_WAIT4,
	SNAP_SYS_WRITE,
	SNAP_NR_SYSCALLS,
};

#define SNAP_MAX_SYSCALL_ARGS 6

/** One system call of a batch, as the batch code finds it in the inferior's memory. */
struct snap_batch_entry {
	uint64_t number;
	uint64_t args[SNAP_MAX_SYSCALL_ARGS];
	/** Of the call: negative errno, or what it returned. */
	int64_t result;
};

/** How many bytes of code around the program counter identify_syscall() looks at. */
#define SNAP_SYSCALL_CODE_SIZE 32

/** Called once for every difference found. */
struct snap_difference {
	/** Name of the register: one of the registers table, or of a whole set. */
	const char *what;
	/** Both as numbers when they fit (is_number), else only named. */
	bool is_number;
	uint64_t expected;
	uint64_t actual;
};

typedef void snap_difference_fn(void *context,
				const struct snap_difference *difference);

struct snap_arch {
	/** As in `uname -m` and in images: "x86_64". Equal to the folder's name. */
	const char *name;
	/** EM_…, ELFCLASS…, ELFDATA… of elf.h. */
	uint16_t elf_machine;
	uint8_t elf_class;
	uint8_t elf_data;

	/** Entry 0 is the general set (NT_PRSTATUS). At most SNAP_MAX_REGSETS. */
	const struct snap_regset_desc *regsets;
	size_t nr_regsets;
	const struct snap_register_desc *registers;
	size_t nr_registers;
	const struct snap_feature *features;
	size_t nr_features;

	/** The bytes of the system call instruction. */
	uint8_t syscall_insn[4];
	size_t syscall_insn_size;
	/** Instructions begin at multiples of it: 1 on x86, 4 where all have four
	 * bytes.
	 */
	size_t insn_alignment;
	/** Numbers, indexed by enum snap_syscall. */
	const int32_t *syscalls;
	/** Bytes below the stack pointer that belong to the program. */
	size_t red_zone;

	/** NULL: memory has none. */
	const struct snap_memory_tags *memory_tags;

	/** The program counter and stack pointer of a thread; 0 without a general set.
	 */
	uint64_t (*pc)(const struct snap_thread *thread);
	uint64_t (*sp)(const struct snap_thread *thread);

	/**
	 * A register by its number in DWARF, for unwinding.
	 *
	 * @return false when there is no such register or it was not captured.
	 */
	bool (*dwarf_register)(const struct snap_thread *thread, unsigned number,
			       uint64_t *ret);

	/** The number of DWARF registers that dwarf_register() may know, from 0. */
	unsigned nr_dwarf_registers;

	/**
	 * The bits of a return address that may be a signature (aarch64: pointer
	 * authentication). NULL: none are.
	 */
	uint64_t (*signature_bits)(const struct snap_thread *thread);

	/**
	 * What a signal handler returns to. Where the kernel's own code in the vdso is
	 * that, it is the one thing there that calls the program.
	 */
	struct {
		bool is_in_vdso;
		/** The stack pointer's number in DWARF. */
		unsigned dwarf_sp;
		/** From there to the signal frame when a handler returns, in bytes. */
		unsigned to_frame;
	} trampoline;

	/** The thread runs in the architecture's own mode (x86: 64-bit code, not
	 * 32-bit). */
	bool (*is_native)(const struct snap_thread *thread);

	/**
	 * Why a live thread would not execute a system call of ours where it is stopped
	 * (ppc64le: inside of a transaction), as an error with a remedy. NULL: all do.
	 */
	_must_check_ snap_err (*check_live)(const struct snap_thread *thread);

	/**
	 * Whether this thread's frame needs the sets that are to be written before it;
	 * the others are written behind it, then. NULL: each one does.
	 */
	bool (*needs_sets_first)(const struct snap_thread *thread);

	/**
	 * Where component `component` of register set `*regset` begins, and its size.
	 *
	 * @param[in,out] regset Another one where this thread has the component there
	 *	(aarch64: streaming mode).
	 * @return false when this CPU or this thread's set does not have it. NULL as a
	 *	function: no register set of this architecture has components.
	 */
	bool (*locate_component)(const struct snap_cpu *cpu,
				 const struct snap_thread *thread, unsigned *regset,
				 unsigned component, size_t *ret_offset,
				 size_t *ret_size);

	/**
	 * Find out which call a thread is inside of that the kernel was going on with
	 * by restart_syscall(2), which has forgotten the number, and put the number
	 * back; leaves any other thread alone. To be called before rewind_syscall().
	 * NULL: this architecture keeps the number.
	 *
	 * With rewinds_early: set interrupted_syscall and interrupted_result of a
	 *thread that stands at the instruction of a call which it may have been inside
	 *of.
	 *
	 * @param code The `size` bytes that end at the program counter or, with
	 *	rewinds_early, behind its instruction: SNAP_SYSCALL_CODE_SIZE of them
	 *	where they can be read, else fewer.
	 */
	void (*identify_syscall)(struct snap_thread *thread, const uint8_t *code,
				 size_t size);

	/**
	 * In a signal's stop the kernel has taken a thread back to the instruction of
	 * the call that it was inside of, and it shows all registers only there: in the
	 * stop at the end of a call it does not (aarch64: x7).
	 */
	bool rewinds_early;

	/** The set that has the number of the call a thread is inside of, 32 bits,
	 * which reenter_syscall() cannot write. 0: it is the general one. */
	size_t syscall_regset;

	/**
	 * The set whose first 8 bytes switch a thread's shadow stack on. The end of a
	 * signal handler takes a token from it that the kernel has put there, so it is
	 * off while a frame of ours is loaded (aarch64: gcs_restore_signal() of Linux,
	 * arch/arm64/kernel/signal.c). 0: there is none, or a tracer cannot switch it.
	 */
	size_t shadow_stack_regset;

	/**
	 * Bring a thread stopped by a signal into the form that needs no help from the
	 * kernel when it is landed: an interrupted system call is made again, from its
	 * instruction (doc/interrupted-system-calls.md).
	 *
	 * Sets thread->interrupted_syscall, which whoever made the thread has set to
	 * -1, and interrupted_result when a call was interrupted. Calling it twice is
	 * as good as once.
	 */
	void (*rewind_syscall)(struct snap_thread *thread);

	/**
	 * The other way: put general set `regs` of a landed thread back inside of the
	 * call, at its end, with the kernel's note as its result. For a thread that is
	 * then brought into a signal's stop, where the kernel decides about the call.
	 *
	 * @param thread Its interrupted_result is not 0.
	 */
	void (*reenter_syscall)(uint8_t *regs, const struct snap_thread *thread);

	/** rt_sigreturn(2) marks the thread so that no system call of it is restarted
	 * before it has made another one: a landed thread makes one before
	 * reenter_syscall(). */
	bool sigreturn_bars_restart;

	/** The number of the system call that general set `regs` is inside of, or -1.
	 */
	int64_t (*syscall_number)(const uint8_t *regs);

	/**
	 * Make general set `regs` execute one system call at `insn`, leaving the rest.
	 *
	 * The set must not make the kernel restart anything when it is resumed.
	 */
	void (*prepare_syscall)(uint8_t *regs, uint64_t insn, int64_t number,
				const uint64_t args[SNAP_MAX_SYSCALL_ARGS]);

	/** The result after the system call's exit: negative errno, or what it
	 * returned. */
	int64_t (*syscall_result)(const uint8_t *regs);

	/**
	 * Position-independent code that makes the calls of a table, one after the
	 * other, and then sends its own thread a signal, by tgkill(2) as the thread
	 * knows itself: its numbers may be other ones in a container. It sends it again
	 * when it is let run on. A thread that a clone3(2) of the table has started, on
	 * the same stack, waits and touches nothing. At most SNAP_PAGE_SIZE bytes.
	 */
	const uint8_t *batch_code;
	size_t batch_code_size;
	/** Of the instruction behind the last call of a table, where a debugger can
	 * stop the thread, too. */
	size_t batch_end;

	/**
	 * Make general set `regs` run the batch code.
	 *
	 * @param code Where the code lies.
	 * @param table `nr` entries; those that were made have their results
	 * afterwards.
	 * @param stops_at_error Calls behind the first that fails are not made.
	 */
	void (*prepare_batch)(uint8_t *regs, uint64_t code, uint64_t table, size_t nr,
			      int signal, bool stops_at_error);

	/**
	 * For some registers the kernel makes room in a thread only when the thread
	 * itself uses them, and its process has asked for permission (x86: the tiles of
	 * AMX). Which they are is a bit of SNAP_ATTRIBUTE_WIDE_REGISTERS; 0: there are
	 * none.
	 */
	uint64_t wide_registers;
	/**
	 * Position-independent code that makes a thread wide. It asks for permission by
	 * a system call of its own, whatever it is told, with a result of 0; and from
	 * `widen_use` on it uses the registers, and makes the call that it is told.
	 */
	const uint8_t *widen_code;
	size_t widen_code_size;
	size_t widen_use;

	/** Set the program counter of a general set, outside of any system call. */
	void (*set_pc)(uint8_t *regs, uint64_t pc);
	void (*set_sp)(uint8_t *regs, uint64_t sp);

	/**
	 * The size of the signal frame that lands `thread`, with room for its alignment
	 * wherever it is put.
	 */
	_must_check_ snap_err (*sigframe_size)(const struct snap_cpu *cpu,
					       const struct snap_thread *thread,
					       size_t *ret);

	/**
	 * The signal frame that lands `thread` when rt_sigreturn(2) loads it.
	 *
	 * @param cpu Of the machine where it will be loaded.
	 * @param address Where the bytes will lie in the inferior, 64-byte aligned.
	 * @param[out] ret Grows by the frame.
	 */
	_must_check_ snap_err (*sigframe_encode)(const struct snap_cpu *cpu,
						 const struct snap_thread *thread,
						 uint64_t address,
						 struct snap_buffer *ret);

	/**
	 * The thread that a frame lands: the registers, signal mask and altstack that a
	 * frame carries, in no system call (interrupted_syscall -1); the rest of *ret
	 * is zero. What the kernel would answer with SIGSEGV is SNAP_ERROR_CORRUPT.
	 *
	 * @param frame Bytes from `address` on, `size` of them; not trusted.
	 */
	_must_check_ snap_err (*sigframe_decode)(const struct snap_cpu *cpu,
						 const uint8_t *frame, size_t size,
						 uint64_t address,
						 struct snap_thread *ret);

	/** Make general set `regs` execute rt_sigreturn(2) at `insn` on a frame. */
	void (*prepare_sigreturn)(uint8_t *regs, uint64_t insn, uint64_t frame);

	/**
	 * Called by snap_arch_compare(). Compare what was landed with what was wanted,
	 * ignoring what no kernel keeps (a header's bookkeeping, reserved bytes). Sets
	 * that `wanted` lacks are not compared.
	 */
	void (*compare)(const struct snap_cpu *cpu, const struct snap_thread *wanted,
			const struct snap_thread *actual, snap_difference_fn *found,
			void *context);

	/**
	 * Clear in the general set what says nothing about the thread, and changes
	 * when it is only looked at: for whoever compares bytes. NULL: nothing does.
	 */
	void (*scrub)(struct snap_thread *thread);

	/**
	 * How much of a register set goes into the note of a core file that other tools
	 * read: they guess what is where by its size. The rest goes into a note of
	 * ours. NULL: all of every set.
	 *
	 * @return At most the set's own size.
	 */
	size_t (*note_size)(const struct snap_cpu *cpu,
			    const struct snap_thread *thread, size_t regset);

	/**
	 * Why this thread cannot be landed on this CPU, as an error with a remedy.
	 * A first guard; core/compat has the rules for images from elsewhere.
	 */
	_must_check_ snap_err (*check_thread)(const struct snap_cpu *cpu,
					      const struct snap_thread *thread);

	/** What is special about this architecture when an image is to run on another
	 * machine: rows that core/compat compares behind its own. */
	const struct snap_rule *rules;
	size_t nr_rules;

	/**
	 * Add to `needs`, the description of the image's machine, what this thread
	 * makes of it: items that begin with "use.". Called for one thread after the
	 * other. NULL: rules compare nothing of threads.
	 *
	 * @param cpu Where the thread was saved. Nothing of either is trusted.
	 */
	_must_check_ snap_err (*needs)(const struct snap_cpu *cpu,
				       const struct snap_thread *thread,
				       struct snap_cpu *needs);

	/** The register sets of both have everything at the same place. NULL: always.
	 */
	bool (*is_same_layout)(const struct snap_cpu *a, const struct snap_cpu *b);

	/**
	 * Make of a thread that was saved on CPU `from` what it would be if it had been
	 * saved on `to`. NULL: they are the same bytes on all CPUs.
	 *
	 * @param may_drop What `to` does not have is left out; else that is
	 *	SNAP_ERROR_UNSUPPORTED.
	 * @param thread On error it can only be destroyed.
	 */
	_must_check_ snap_err (*relayout)(const struct snap_cpu *from,
					  const struct snap_cpu *to, bool may_drop,
					  struct snap_thread *thread);

	/** What images of other programs say; NULL: none are read. */
	const struct snap_foreign *foreign;

	/** How functions of one kernel's vdso lead to another's; NULL: they do not. */
	const struct snap_vdso_code *vdso;

	/**
	 * Describe this machine's CPU and what its kernel makes of it. NULL when
	 * compiled for another. What all have is snap_machine_describe()'s.
	 */
	_must_check_ snap_err (*probe)(struct snap_cpu *ret);
};

/** Every architecture of this build, in the order of their names; ends with NULL. */
extern const struct snap_arch *const snap_arches[];

/** By name ("x86_64"), or NULL. */
const struct snap_arch *snap_arch_by_name(const char *name);

/** By the header of an ELF file, or NULL. */
const struct snap_arch *snap_arch_by_elf(uint16_t machine, uint8_t elf_class,
					 uint8_t data);

/** The architecture that this build runs on, or NULL. */
const struct snap_arch *snap_arch_host(void);

/** The index of a note's register set in an architecture's table, or -1. */
int snap_arch_find_regset(const struct snap_arch *arch, const char *owner,
			  uint32_t note_type);

/** How many bytes a register has in this thread; 0: it does not have it (all of it). */
size_t snap_arch_register_size(const struct snap_arch *arch, const struct snap_cpu *cpu,
			       const struct snap_thread *thread,
			       const struct snap_register_desc *desc);

/**
 * Compare two threads of one machine, as snap_arch.compare does; in no time where all
 * their bytes are the same.
 */
void snap_arch_compare(const struct snap_arch *arch, const struct snap_cpu *cpu,
		       const struct snap_thread *wanted,
		       const struct snap_thread *actual, snap_difference_fn *found,
		       void *context);

/** Whether a thread has a shadow stack that is switched on, and a tracer can switch. */
bool snap_arch_has_shadow_stack(const struct snap_arch *arch,
				const struct snap_thread *thread);

/**
 * The bytes of a register, lowest first.
 *
 * @param[out] ret snap_arch_register_size() of them, at most `desc->size`.
 * @return false when this thread does not have it (all of it).
 */
bool snap_arch_read_register(const struct snap_arch *arch, const struct snap_cpu *cpu,
			     const struct snap_thread *thread,
			     const struct snap_register_desc *desc, uint8_t *ret);

/** Where the C library keeps what is of one thread; false: the thread does not say. */
bool snap_arch_read_thread_pointer(const struct snap_arch *arch,
				   const struct snap_cpu *cpu,
				   const struct snap_thread *thread, uint64_t *ret);

#endif
