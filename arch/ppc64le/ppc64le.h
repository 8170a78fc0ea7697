/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_ARCH_PPC64LE_H
#define SNAP_ARCH_PPC64LE_H

#include "arch/arch.h"

/**
 * @file
 * What the files of this folder share: numbers of the hardware and of the kernel, and
 * the functions behind the table in host.c (their contracts are in arch/arch.h).
 */

/** Index in the table of register sets. */
enum snap_ppc64le_regset {
#define SNAP_REGSET(id, ...) SNAP_PPC64LE_##id,
#include "arch/ppc64le/regsets.def"
#undef SNAP_REGSET
	SNAP_PPC64LE_NR_REGSETS,
};

/**
 * Numbers of the 64-bit slots in a general set (Linux,
 * arch/powerpc/include/uapi/asm/ptrace.h). Not in enum-like capitals alone: PPC_R1 is
 * the stack pointer.
 */
enum snap_ppc64le_slot {
	PPC_R0 = 0,
	PPC_R1 = 1,
	PPC_R3 = 3,
	PPC_R14 = 14,
	PPC_NIP = 32,
	PPC_MSR = 33,
	PPC_ORIG_R3 = 34,
	PPC_CTR = 35,
	PPC_LR = 36,
	PPC_XER = 37,
	PPC_CR = 38,
	/** The kernel's own affair, reads as 1. */
	PPC_SOFTE = 39,
	PPC_TRAP = 40,
	PPC_DAR = 41,
	PPC_DSISR = 42,
	PPC_RESULT = 43,
	/** Not in the general set, but where PTRACE_POKEUSER knows slots, too. */
	PPC_DSCR = 44,
	PPC_NR_SLOTS = 48,
};

/** Sizes of register sets. */
enum {
	PPC_GENERAL_SIZE = 8 * PPC_NR_SLOTS,
	PPC_FP_SIZE = 264,
	PPC_VMX_SIZE = 544,
	PPC_VSX_SIZE = 256,
	/** In the VMX set. */
	PPC_VRSAVE = 528,
	/** In the TM_SPR set. */
	PPC_TFHAR = 0,
	PPC_TEXASR = 8,
};

/** Bits of the MSR; Power ISA book III, and Linux, arch/powerpc/include/asm/reg.h. */
#define PPC_MSR_LE  (UINT64_C(1) << 0)
#define PPC_MSR_FP  (UINT64_C(1) << 13)
#define PPC_MSR_VSX (UINT64_C(1) << 23)
#define PPC_MSR_VEC (UINT64_C(1) << 25)
/** The thread is inside of a transaction that is suspended, or that is not. */
#define PPC_MSR_SUSPENDED     (UINT64_C(1) << 33)
#define PPC_MSR_TRANSACTIONAL (UINT64_C(1) << 34)
#define PPC_MSR_TS            (PPC_MSR_SUSPENDED | PPC_MSR_TRANSACTIONAL)
#define PPC_MSR_SF            (UINT64_C(1) << 63)

/** Failure summary in TEXASR: the transaction cannot succeed any more. */
#define PPC_TEXASR_FS (UINT64_C(1) << 27)

/** One row of features.def. */
struct snap_ppc64le_feature {
	/** 1: AT_HWCAP, 2: AT_HWCAP2. */
	unsigned word;
	unsigned bit;
	const char *name;
};

extern const struct snap_ppc64le_feature snap_ppc64le_features[];
extern const struct snap_feature snap_ppc64le_offers[];

/** The number of rows in features.def. */
enum {
#define SNAP_FEATURE(...) +1
	PPC_NR_FEATURES = 0
#include "arch/ppc64le/features.def"
#undef SNAP_FEATURE
};

/* foreign.c */

/** Add the features that a word, 1 or 2, has bits of. */
_must_check_ snap_err snap_ppc64le_add_features(struct snap_cpu *cpu, unsigned word,
						uint64_t bits);
extern const struct snap_foreign snap_ppc64le_foreign;
extern const struct snap_vdso_code snap_ppc64le_vdso;

extern const struct snap_regset_desc snap_ppc64le_regsets[];
extern const struct snap_register_desc snap_ppc64le_registers[];

/** The number of rows in registers.def. */
enum {
#define SNAP_PART(...)   +1
#define SNAP_JOINED(...) +1
	PPC_NR_REGISTERS = 0
#include "arch/ppc64le/registers.def"
};

/* bytes.c: numbers in register sets, little endian on every host. */

uint64_t snap_ppc64le_load(const uint8_t *from, size_t size);
void snap_ppc64le_store(uint8_t *to, uint64_t value, size_t size);

static inline uint64_t snap_ppc64le_reg(const uint8_t *regs, unsigned slot)
{
	return snap_ppc64le_load(regs + (size_t)8 * slot, 8);
}

static inline void snap_ppc64le_set_reg(uint8_t *regs, unsigned slot, uint64_t value)
{
	snap_ppc64le_store(regs + (size_t)8 * slot, value, 8);
}

/** The bytes of a register set of at least its usual size, or NULL. */
const uint8_t *snap_ppc64le_set(const struct snap_thread *thread,
				enum snap_ppc64le_regset set);

/** The general set of a thread, or NULL. */
static inline const uint8_t *snap_ppc64le_general(const struct snap_thread *thread)
{
	return snap_ppc64le_set(thread, SNAP_PPC64LE_GENERAL);
}

/* ppc64le.c */

/** r0 to r31, and the link register, which is 65 in DWARF. */
#define PPC_NR_DWARF_REGISTERS 66

uint64_t snap_ppc64le_pc(const struct snap_thread *thread);
uint64_t snap_ppc64le_sp(const struct snap_thread *thread);
bool snap_ppc64le_dwarf_register(const struct snap_thread *thread, unsigned number,
				 uint64_t *ret);
bool snap_ppc64le_is_native(const struct snap_thread *thread);

/** The bits of PPC_MSR_TS that are set; 0 outside of a transaction. */
uint64_t snap_ppc64le_transaction(const struct snap_thread *thread);

/* sigframe.c, sigframe_decode.c */

_must_check_ snap_err snap_ppc64le_sigframe_size(const struct snap_cpu *cpu,
						 const struct snap_thread *thread,
						 size_t *ret);
_must_check_ snap_err snap_ppc64le_sigframe_encode(const struct snap_cpu *cpu,
						   const struct snap_thread *thread,
						   uint64_t address,
						   struct snap_buffer *ret);
_must_check_ snap_err snap_ppc64le_sigframe_decode(const struct snap_cpu *cpu,
						   const uint8_t *frame, size_t size,
						   uint64_t address,
						   struct snap_thread *ret);

/* rules.c, relayout.c */

/** The number of rows in rules.def. */
enum {
#define SNAP_RULE(...) +1
	PPC_NR_RULES = 0
#include "arch/ppc64le/rules.def"
#undef SNAP_RULE
};

extern const struct snap_rule snap_ppc64le_rules[];
_must_check_ snap_err snap_ppc64le_needs(const struct snap_cpu *cpu,
					 const struct snap_thread *thread,
					 struct snap_cpu *needs);
_must_check_ snap_err snap_ppc64le_relayout(const struct snap_cpu *from,
					    const struct snap_cpu *to, bool may_drop,
					    struct snap_thread *thread);
bool snap_ppc64le_is_same_layout(const struct snap_cpu *a, const struct snap_cpu *b);

/* syscall.c */

extern const int32_t snap_ppc64le_syscalls[];
void snap_ppc64le_rewind_syscall(struct snap_thread *thread);
void snap_ppc64le_reenter_syscall(uint8_t *regs, const struct snap_thread *thread);
int64_t snap_ppc64le_syscall_number(const uint8_t *regs);
void snap_ppc64le_prepare_syscall(uint8_t *regs, uint64_t insn, int64_t number,
				  const uint64_t args[SNAP_MAX_SYSCALL_ARGS]);
int64_t snap_ppc64le_syscall_result(const uint8_t *regs);
void snap_ppc64le_set_pc(uint8_t *regs, uint64_t pc);
void snap_ppc64le_set_sp(uint8_t *regs, uint64_t sp);
void snap_ppc64le_prepare_sigreturn(uint8_t *regs, uint64_t insn, uint64_t frame);

/* batch.c */

#define PPC_BATCH_CODE_SIZE 156
#define PPC_BATCH_END       100
extern const uint8_t snap_ppc64le_batch_code[PPC_BATCH_CODE_SIZE];
void snap_ppc64le_prepare_batch(uint8_t *regs, uint64_t code, uint64_t table, size_t nr,
				int signal, bool stops_at_error);

/* compare.c, check.c */

void snap_ppc64le_scrub(struct snap_thread *thread);

void snap_ppc64le_compare(const struct snap_cpu *cpu, const struct snap_thread *wanted,
			  const struct snap_thread *actual, snap_difference_fn *found,
			  void *context);
_must_check_ snap_err snap_ppc64le_check_thread(const struct snap_cpu *cpu,
						const struct snap_thread *thread);
_must_check_ snap_err snap_ppc64le_check_live(const struct snap_thread *thread);
bool snap_ppc64le_needs_sets_first(const struct snap_thread *thread);

#endif
