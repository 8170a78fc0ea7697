/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_ARCH_X86_64_H
#define SNAP_ARCH_X86_64_H

#include "arch/arch.h"

/**
 * @file
 * What the files of this folder share: numbers of the hardware and of the kernel, and
 * the functions behind the table in x86_64.c (their contracts are in arch/arch.h).
 */

/** Index in the table of register sets. */
enum snap_x86_64_regset {
#define SNAP_REGSET(id, ...) SNAP_X86_64_##id,
#include "arch/x86_64/regsets.def"
#undef SNAP_REGSET
	SNAP_X86_64_NR_REGSETS,
};

/** Offsets in the general set. */
enum snap_x86_64_offset {
#define SNAP_GENERAL(name, offset, ...) X86_##name = (offset),
#include "arch/x86_64/registers.def"
};

/** sizeof(struct user_regs_struct). */
#define X86_GENERAL_SIZE 216

/** The code segment of 64-bit user mode (Linux, arch/x86/include/asm/segment.h). */
#define X86_USER_CS 0x33
/** The data segment that goes with it. */
#define X86_USER_DS 0x2b

#define X86_EFLAGS_TF 0x100u
#define X86_EFLAGS_DF 0x400u

/** Intel SDM volume 1: 10.5.1 (FXSAVE), 13.4 (XSAVE). */
enum {
	X86_FXSAVE_SIZE = 512,
	X86_XSAVE_HEADER_SIZE = 64,
	/** Where the components 2 and up may lie. */
	X86_XSAVE_EXTENDED = X86_FXSAVE_SIZE + X86_XSAVE_HEADER_SIZE,

	X86_FCW = 0,
	X86_FSW = 2,
	X86_FTW = 4,
	X86_FOP = 6,
	X86_FIP = 8,
	X86_FDP = 16,
	X86_MXCSR = 24,
	X86_MXCSR_MASK = 28,
	X86_ST = 32,
	X86_XMM = 160,
	X86_XMM_END = 416,
	/** Unused by the hardware; the kernel has its notes there. */
	X86_SW_RESERVED = 464,
	X86_XSTATE_BV = 512,
	X86_XCOMP_BV = 520,
	X86_HEADER_RESERVED = 528,
};

/** What FNINIT leaves, and a thread starts with. */
#define X86_FCW_INIT   0x37fu
#define X86_MXCSR_INIT 0x1f80u

/** Components of XSAVE; Intel SDM volume 1, section 13.1. */
enum {
	X86_COMPONENT_X87 = 0,
	X86_COMPONENT_SSE = 1,
	X86_COMPONENT_AVX = 2,
	X86_COMPONENT_PKRU = 9,
	X86_COMPONENT_TILECFG = 17,
	X86_COMPONENT_TILEDATA = 18,
	/** Bit 63 of a mask is no component. */
	X86_NR_COMPONENTS = 63,
};

/** The components that FXSAVE knows: they have no place of their own. */
#define X86_LEGACY_MASK \
	(UINT64_C(1) << X86_COMPONENT_X87 | UINT64_C(1) << X86_COMPONENT_SSE)

/** AMX. */
#define X86_TILE_MASK \
	(UINT64_C(1) << X86_COMPONENT_TILECFG | UINT64_C(1) << X86_COMPONENT_TILEDATA)

/**
 * What Linux gives to each program: no access to memory with any key but 0
 * (arch/x86/mm/pkeys.c, init_pkru_value).
 */
#define X86_PKRU_LINUX 0x55555554u

/** CPUID.(0DH,i):ECX, kept as "xsave.i.flags". */
#define X86_COMPONENT_SUPERVISOR 1u
/** XFD: it has no room in a thread's kernel buffer until it is first used. */
#define X86_COMPONENT_DYNAMIC 4u

/** One row of features.def. */
struct snap_x86_64_feature {
	uint32_t leaf;
	uint32_t subleaf;

	enum {
		SNAP_X86_64_EAX,
		SNAP_X86_64_EBX,
		SNAP_X86_64_ECX,
		SNAP_X86_64_EDX,
	} reg;

	uint8_t bit;
	const char *name;
};

extern const struct snap_x86_64_feature snap_x86_64_features[];
extern const size_t snap_x86_64_nr_features;
extern const struct snap_feature snap_x86_64_offers[];

/** The number of rows in features.def. */
enum {
#define SNAP_FEATURE(...) +1
	X86_NR_FEATURES = 0
#include "arch/x86_64/features.def"
#undef SNAP_FEATURE
};

extern const struct snap_regset_desc snap_x86_64_regsets[];
extern const struct snap_regset_slots snap_x86_64_tls_slots;
extern const struct snap_register_desc snap_x86_64_registers[];

/** The number of rows in registers.def. */
enum {
#define SNAP_GENERAL(...)   +1
#define SNAP_LEGACY(...)    +1
#define SNAP_ZMM(...)       +1
#define SNAP_ZMM_HIGH(...)  +1
#define SNAP_YMM(...)       +1
#define SNAP_XMM(...)       +1
#define SNAP_COMPONENT(...) +1
#define SNAP_SET(...)       +1
	X86_NR_REGISTERS = 0
#include "arch/x86_64/registers.def"
};

/* bytes.c: numbers in register sets, little endian on every host. */

uint64_t snap_x86_64_load(const uint8_t *from, size_t size);
void snap_x86_64_store(uint8_t *to, uint64_t value, size_t size);

static inline uint64_t snap_x86_64_reg(const uint8_t *regs,
				       enum snap_x86_64_offset offset)
{
	return snap_x86_64_load(regs + offset, 8);
}

static inline void snap_x86_64_set_reg(uint8_t *regs, enum snap_x86_64_offset offset,
				       uint64_t value)
{
	snap_x86_64_store(regs + offset, value, 8);
}

/** The general set of a thread, or NULL. */
static inline const uint8_t *snap_x86_64_general(const struct snap_thread *thread)
{
	const struct snap_regset *set = &thread->regsets[SNAP_X86_64_GENERAL];
	return set->size >= X86_GENERAL_SIZE ? set->data : NULL;
}

/* x86_64.c */

/** The general registers and the return address: 0 to 16 in DWARF. */
#define X86_NR_DWARF_REGISTERS 17

uint64_t snap_x86_64_pc(const struct snap_thread *thread);
uint64_t snap_x86_64_sp(const struct snap_thread *thread);
bool snap_x86_64_dwarf_register(const struct snap_thread *thread, unsigned number,
				uint64_t *ret);
bool snap_x86_64_is_native(const struct snap_thread *thread);

/* layout.c: where a component of XSAVE lies. */

/** Room for the name of a CPU item about a component: "xsave.18.offset". */
#define X86_ITEM_NAME_SIZE sizeof("xsave.4294967295.offset")

/** Write that name; `what` is "size", "offset" or "flags". */
void snap_x86_64_item_name(char ret[X86_ITEM_NAME_SIZE], unsigned i, const char *what);

/** The user components that the kernel of this CPU manages; 0 without XSAVE. */
uint64_t snap_x86_64_cpu_mask(const struct snap_cpu *cpu);

/** Where a CPU puts component `i` in the standard form; false: it has none. */
bool snap_x86_64_component(const struct snap_cpu *cpu, unsigned i, size_t *ret_offset,
			   size_t *ret_size);

/** The component gets room in a thread's kernel buffer only when it is used. */
bool snap_x86_64_is_dynamic(const struct snap_cpu *cpu, unsigned i);

/** The size of an area that holds the components of a mask: 576 or more. */
size_t snap_x86_64_area_size(const struct snap_cpu *cpu, uint64_t mask);

/** GDB knows areas that end with PKRU; of 11008 bytes, with AMX, it makes nothing. */
size_t snap_x86_64_note_size(const struct snap_cpu *cpu,
			     const struct snap_thread *thread, size_t regset);

/** The components that a thread's xstate set has; 0 without the set. */
uint64_t snap_x86_64_thread_mask(const struct snap_thread *thread);

/** Those of them that are not in their initial state. */
uint64_t snap_x86_64_thread_in_use(const struct snap_thread *thread);

/**
 * Those of them that a CPU must have so that nothing is lost: without PKRU where it
 * has the kernel's value, which means the same as no PKRU as long as no memory has
 * keys.
 *
 * @param cpu Where the thread was saved.
 */
uint64_t snap_x86_64_thread_needs(const struct snap_cpu *cpu,
				  const struct snap_thread *thread);

/**
 * Copy a component from where a thread, saved on CPU `from`, has it to where `to` wants
 * it in `area`. Nothing is done where one of them does not have it, or another size.
 */
void snap_x86_64_copy_component(uint8_t *area, const struct snap_cpu *to,
				const struct snap_cpu *from,
				const struct snap_thread *thread, unsigned i);

/** The FXSAVE area of a thread: of its xstate set or its fp set, or NULL. */
const uint8_t *snap_x86_64_legacy(const struct snap_thread *thread);

/** The name of a component for a person: "AVX-512 upper halves". Never NULL. */
const char *snap_x86_64_component_name(unsigned i);

bool snap_x86_64_locate_component(const struct snap_cpu *cpu,
				  const struct snap_thread *thread, unsigned regset,
				  unsigned component, size_t *ret_offset,
				  size_t *ret_size);

/** The same as arch.h wants it: components stay in their set. */
bool snap_x86_64_locate(const struct snap_cpu *cpu, const struct snap_thread *thread,
			unsigned *regset, unsigned component, size_t *ret_offset,
			size_t *ret_size);

/* sigframe.c, sigframe_decode.c */

_must_check_ snap_err snap_x86_64_sigframe_size(const struct snap_cpu *cpu,
						const struct snap_thread *thread,
						size_t *ret);
_must_check_ snap_err snap_x86_64_sigframe_encode(const struct snap_cpu *cpu,
						  const struct snap_thread *thread,
						  uint64_t address,
						  struct snap_buffer *ret);
_must_check_ snap_err snap_x86_64_sigframe_decode(const struct snap_cpu *cpu,
						  const uint8_t *frame, size_t size,
						  uint64_t address,
						  struct snap_thread *ret);

/* rules.c, relayout.c */

/** The number of rows in rules.def. */
enum {
#define SNAP_RULE(...) +1
	X86_NR_RULES = 0
#include "arch/x86_64/rules.def"
#undef SNAP_RULE
};

extern const struct snap_rule snap_x86_64_rules[];
_must_check_ snap_err snap_x86_64_needs(const struct snap_cpu *cpu,
					const struct snap_thread *thread,
					struct snap_cpu *needs);
_must_check_ snap_err snap_x86_64_relayout(const struct snap_cpu *from,
					   const struct snap_cpu *to, bool may_drop,
					   struct snap_thread *thread);
bool snap_x86_64_is_same_layout(const struct snap_cpu *a, const struct snap_cpu *b);

/* foreign.c */

extern const struct snap_foreign snap_x86_64_foreign;
extern const struct snap_vdso_code snap_x86_64_vdso;

/* syscall.c */

extern const int32_t snap_x86_64_syscalls[];
void snap_x86_64_identify_syscall(struct snap_thread *thread, const uint8_t *code,
				  size_t size);
void snap_x86_64_rewind_syscall(struct snap_thread *thread);
void snap_x86_64_reenter_syscall(uint8_t *regs, const struct snap_thread *thread);
int64_t snap_x86_64_syscall_number(const uint8_t *regs);
void snap_x86_64_prepare_syscall(uint8_t *regs, uint64_t insn, int64_t number,
				 const uint64_t args[SNAP_MAX_SYSCALL_ARGS]);
int64_t snap_x86_64_syscall_result(const uint8_t *regs);
void snap_x86_64_set_pc(uint8_t *regs, uint64_t pc);
void snap_x86_64_set_sp(uint8_t *regs, uint64_t sp);
void snap_x86_64_prepare_sigreturn(uint8_t *regs, uint64_t insn, uint64_t frame);

/* batch.c */

/** widen.c: the tiles' contents. */
#define X86_WIDE_COMPONENTS (UINT64_C(1) << 18)
#define X86_WIDEN_CODE_SIZE 102
#define X86_WIDEN_USE       17

extern const uint8_t snap_x86_64_widen_code[X86_WIDEN_CODE_SIZE];

#define X86_BATCH_CODE_SIZE 109
#define X86_BATCH_END       68
extern const uint8_t snap_x86_64_batch_code[X86_BATCH_CODE_SIZE];
void snap_x86_64_prepare_batch(uint8_t *regs, uint64_t code, uint64_t table, size_t nr,
			       int signal, bool stops_at_error);

/* compare.c, check.c */

void snap_x86_64_compare(const struct snap_cpu *cpu, const struct snap_thread *wanted,
			 const struct snap_thread *actual, snap_difference_fn *found,
			 void *context);
void snap_x86_64_scrub(struct snap_thread *thread);
_must_check_ snap_err snap_x86_64_check_thread(const struct snap_cpu *cpu,
					       const struct snap_thread *thread);

/** The error that a thread uses component `i`, which a CPU does not have. */
_must_check_ snap_err snap_x86_64_missing_component(const struct snap_thread *thread,
						    unsigned i);

/** Every component that the thread uses has its place on this CPU. */
_must_check_ snap_err snap_x86_64_check_components(const struct snap_cpu *cpu,
						   const struct snap_thread *thread);

#endif
