/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_ARCH_AARCH64_H
#define SNAP_ARCH_AARCH64_H

#include "arch/arch.h"

/**
 * @file
 * What the files of this folder share: numbers of the hardware and of the kernel, and
 * the functions behind the table in host.c (their contracts are in arch/arch.h).
 */

/** Index in the table of register sets. */
enum snap_aarch64_regset {
#define SNAP_REGSET(id, ...) SNAP_AARCH64_##id,
#include "arch/aarch64/regsets.def"
#undef SNAP_REGSET
	SNAP_AARCH64_NR_REGSETS,
};

/** struct user_pt_regs: x0 to x30 at 8 * n, then these. */
enum {
	ARM64_SP = 248,
	ARM64_PC = 256,
	ARM64_PSTATE = 264,
	ARM64_GENERAL_SIZE = 272,
};

/** struct user_fpsimd_state. */
enum {
	ARM64_V = 0,
	ARM64_FPSR = 512,
	ARM64_FPCR = 516,
	ARM64_FP_SIZE = 528,
};

/** What begins the sets of SVE, streaming SVE and ZA: struct user_sve_header. */
enum {
	ARM64_SVE_SIZE = 0,
	ARM64_SVE_MAX_SIZE = 4,
	ARM64_SVE_VL = 8,
	ARM64_SVE_MAX_VL = 10,
	ARM64_SVE_FLAGS = 12,
	ARM64_SVE_HEADER_SIZE = 16,
};

/** In the header's flags: there are Z and P registers, and not just V0 to V31. */
#define ARM64_SVE_HAS_Z 1u

/** The longest vector that Linux manages, in bytes (arch/arm64/include/uapi/asm/
 * sve_context.h has room for more, arch/arm64/include/asm/fpsimd.h does not). */
#define ARM64_MAX_VL 256

/** Components of the sets of SVE and streaming SVE; of ZA, the one there is. */
enum {
	ARM64_COMPONENT_Z = 0,
	ARM64_COMPONENT_P = 32,
	ARM64_COMPONENT_FFR = 48,
	ARM64_COMPONENT_ZA = 49,
};

/** PSTATE as SPSR_EL1 has it; Arm Architecture Reference Manual, C5.2.18. */
#define ARM64_PSTATE_MODE  UINT64_C(0x1f)
#define ARM64_PSTATE_32    UINT64_C(0x10)
#define ARM64_PSTATE_DAIF  UINT64_C(0x3c0)
#define ARM64_PSTATE_BTYPE UINT64_C(0xc00)
#define ARM64_PSTATE_SS    UINT64_C(0x200000)
/** Linux, arch/arm64/kernel/ptrace.c, SPSR_EL1_AARCH64_RES0_BITS: dropped silently. */
#define ARM64_PSTATE_RESERVED UINT64_C(0xffffffff0cdfe020)

/** One row of features.def. */
struct snap_aarch64_feature {
	/** 0: AT_HWCAP, 1: AT_HWCAP2, 2: AT_HWCAP3. */
	uint8_t word;
	uint8_t bit;
	const char *name;
};

extern const struct snap_aarch64_feature snap_aarch64_features[];
extern const struct snap_feature snap_aarch64_offers[];

/** The number of rows in features.def. */
enum {
#define SNAP_FEATURE(...) +1
	ARM64_NR_FEATURES = 0
#include "arch/aarch64/features.def"
#undef SNAP_FEATURE
};

/* foreign.c */

/** The types of the words in the auxiliary vector. */
#define ARM64_NR_WORDS 3u
extern const uint64_t snap_aarch64_words[ARM64_NR_WORDS];

/** Add the features that a word has bits of. */
_must_check_ snap_err snap_aarch64_add_features(struct snap_cpu *cpu, unsigned word,
						uint64_t bits);
extern const struct snap_foreign snap_aarch64_foreign;
extern const struct snap_vdso_code snap_aarch64_vdso;

extern const struct snap_memory_tags snap_aarch64_memory_tags;
extern const struct snap_regset_desc snap_aarch64_regsets[];
extern const struct snap_register_desc snap_aarch64_registers[];

/** The number of rows in registers.def. */
enum {
#define SNAP_SET(...)      +1
#define SNAP_SCALABLE(...) +1
	ARM64_NR_REGISTERS = 0
#include "arch/aarch64/registers.def"
};

/* bytes.c: numbers in register sets, little endian on every host. */

uint64_t snap_aarch64_load(const uint8_t *from, size_t size);
void snap_aarch64_store(uint8_t *to, uint64_t value, size_t size);

static inline uint64_t snap_aarch64_reg(const uint8_t *regs, size_t offset)
{
	return snap_aarch64_load(regs + offset, 8);
}

static inline void snap_aarch64_set_reg(uint8_t *regs, size_t offset, uint64_t value)
{
	snap_aarch64_store(regs + offset, value, 8);
}

/** The general set of a thread, or NULL. */
static inline const uint8_t *snap_aarch64_general(const struct snap_thread *thread)
{
	const struct snap_regset *set = &thread->regsets[SNAP_AARCH64_GENERAL];
	return set->size >= ARM64_GENERAL_SIZE ? set->data : NULL;
}

/* aarch64.c */

/** x0 to x30 and sp: 0 to 31 in DWARF; 32 is the pc. */
#define ARM64_NR_DWARF_REGISTERS 33

uint64_t snap_aarch64_pc(const struct snap_thread *thread);
uint64_t snap_aarch64_sp(const struct snap_thread *thread);
bool snap_aarch64_dwarf_register(const struct snap_thread *thread, unsigned number,
				 uint64_t *ret);
/** Of a return address, when its signature takes the place of the address's own. */
uint64_t snap_aarch64_signature_bits(const struct snap_thread *thread);
bool snap_aarch64_is_native(const struct snap_thread *thread);

/* layout.c: what is where in the sets whose size depends on the vector length. */

/** The size of an SVE set with Z and P registers, as the kernel gives it. */
size_t snap_aarch64_sve_set_size(unsigned vl);

/** Of a ZA set that is not empty. */
size_t snap_aarch64_za_set_size(unsigned vl);

/**
 * The vector length that a set of SVE, streaming SVE or ZA is about, in bytes; 0 where
 * the thread does not have the set, or it makes no sense.
 */
unsigned snap_aarch64_vl(const struct snap_thread *thread,
			 enum snap_aarch64_regset regset);

/**
 * The set of the two that holds Z and P registers: SVE, or streaming SVE for a thread
 * in streaming mode; the general set (0) when there are none, and V registers are all.
 */
enum snap_aarch64_regset snap_aarch64_vectors(const struct snap_thread *thread);

/** The thread is in streaming mode. */
bool snap_aarch64_is_streaming(const struct snap_thread *thread);

/** There is something in ZA. */
bool snap_aarch64_has_za(const struct snap_thread *thread);

/** Where a component begins in a set of vector length `vl`, and its size. */
void snap_aarch64_component(unsigned component, unsigned vl, size_t *ret_offset,
			    size_t *ret_size);

/** The machine has this vector length: `item` is "sve.lengths" or "sme.lengths". */
bool snap_aarch64_has_length(const struct snap_cpu *cpu, const char *item, unsigned vl);

bool snap_aarch64_locate_component(const struct snap_cpu *cpu,
				   const struct snap_thread *thread, unsigned *regset,
				   unsigned component, size_t *ret_offset,
				   size_t *ret_size);

/* sigframe.c, sigframe_decode.c */

_must_check_ snap_err snap_aarch64_sigframe_size(const struct snap_cpu *cpu,
						 const struct snap_thread *thread,
						 size_t *ret);
_must_check_ snap_err snap_aarch64_sigframe_encode(const struct snap_cpu *cpu,
						   const struct snap_thread *thread,
						   uint64_t address,
						   struct snap_buffer *ret);
_must_check_ snap_err snap_aarch64_sigframe_decode(const struct snap_cpu *cpu,
						   const uint8_t *frame, size_t size,
						   uint64_t address,
						   struct snap_thread *ret);

/* rules.c, relayout.c */

/** The number of rows in rules.def. */
enum {
#define SNAP_RULE(...) +1
	ARM64_NR_RULES = 0
#include "arch/aarch64/rules.def"
#undef SNAP_RULE
};

extern const struct snap_rule snap_aarch64_rules[];
_must_check_ snap_err snap_aarch64_needs(const struct snap_cpu *cpu,
					 const struct snap_thread *thread,
					 struct snap_cpu *needs);
_must_check_ snap_err snap_aarch64_relayout(const struct snap_cpu *from,
					    const struct snap_cpu *to, bool may_drop,
					    struct snap_thread *thread);
bool snap_aarch64_is_same_layout(const struct snap_cpu *a, const struct snap_cpu *b);

/* syscall.c */

extern const int32_t snap_aarch64_syscalls[];
void snap_aarch64_identify_syscall(struct snap_thread *thread, const uint8_t *code,
				   size_t size);
void snap_aarch64_rewind_syscall(struct snap_thread *thread);
void snap_aarch64_reenter_syscall(uint8_t *regs, const struct snap_thread *thread);
int64_t snap_aarch64_syscall_number(const uint8_t *regs);
void snap_aarch64_prepare_syscall(uint8_t *regs, uint64_t insn, int64_t number,
				  const uint64_t args[SNAP_MAX_SYSCALL_ARGS]);
int64_t snap_aarch64_syscall_result(const uint8_t *regs);
void snap_aarch64_set_pc(uint8_t *regs, uint64_t pc);

/** Let a thread go on at code of ours, or of the vDSO. */
void snap_aarch64_begin_at(uint8_t *regs, uint64_t pc);
void snap_aarch64_set_sp(uint8_t *regs, uint64_t sp);
void snap_aarch64_prepare_sigreturn(uint8_t *regs, uint64_t insn, uint64_t frame);

/* batch.c */

#define ARM64_BATCH_CODE_SIZE 132
#define ARM64_BATCH_END       60
extern const uint8_t snap_aarch64_batch_code[ARM64_BATCH_CODE_SIZE];
void snap_aarch64_prepare_batch(uint8_t *regs, uint64_t code, uint64_t table, size_t nr,
				int signal, bool stops_at_error);

/* compare.c, check.c */

void snap_aarch64_scrub(struct snap_thread *thread);
void snap_aarch64_compare(const struct snap_cpu *cpu, const struct snap_thread *wanted,
			  const struct snap_thread *actual, snap_difference_fn *found,
			  void *context);
_must_check_ snap_err snap_aarch64_check_thread(const struct snap_cpu *cpu,
						const struct snap_thread *thread);

#endif
