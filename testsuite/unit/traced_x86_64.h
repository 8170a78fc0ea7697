/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TESTSUITE_TRACED_X86_64_H
#define SNAP_TESTSUITE_TRACED_X86_64_H

#include "arch/x86_64/sample.h"

#include <sys/types.h>

/**
 * @file
 * A real thread, traced by the test, with known values in all of its registers.
 */

/** What a child puts into its registers; offsets are those in traced_x86_64.c. */
struct traced_patterns {
	uint8_t zmm[32][64];
	uint64_t k[8];
	/** rax rbx rcx rdx rsi rdi rbp rsp r8 … r15, then eflags. */
	uint64_t general[17];
	/** The last one is loaded last: st0. */
	uint8_t st[8][16];
	uint32_t mxcsr;
	uint32_t pkru;
	uint64_t fctrl;
	uint8_t tilecfg[64];
	uint8_t tiles[8][1024];
};

/** What a child does before it stops. */
enum traced_parts {
	TRACED_AVX512 = 1,
	TRACED_AVX = 2,
	TRACED_PKRU = 4,
	/** Use AMX tiles. */
	TRACED_TILES = 8,
	/** Be permitted to use AMX tiles, without using them. */
	TRACED_TILE_PERMISSION = 16,
	/** Sleep for a day. */
	TRACED_SLEEP = 32,
};

/** Memory that the child shares with the test, at the same address in both. */
struct traced_shared {
	struct traced_patterns patterns;

	struct {
		uint64_t sp;
		uint32_t flags;
		uint64_t size;
	} altstack;

	int64_t duration[2];
	uint8_t frame[16384] __attribute__((__aligned__(64)));
};

struct traced {
	pid_t pid;
	struct traced_shared *shared;
	struct snap_cpu cpu;
};

/** The parts that this machine has, or 0 when it is no x86-64. */
unsigned traced_supported(void);

/** The address of a system call instruction in the child. */
uint64_t traced_syscall_insn(void);

/**
 * Start a child that loads random patterns of `seed`, and wait until it stops behind
 * that; with TRACED_SLEEP, at the entry of its nanosleep(2).
 */
void traced_init(struct traced *traced, unsigned parts, uint64_t seed);

/** Kill the child. */
void traced_deinit(struct traced *traced);
#define _cleanup_traced_ _cleanup_(traced_deinit)

/** Read all register sets and the signal mask. */
void traced_capture(const struct traced *traced, struct snap_thread *ret);

/** Write one register set; the errno, or 0. */
int traced_write_regset(const struct traced *traced, const struct snap_thread *thread,
			enum snap_x86_64_regset regset);

/** Run to the next stop; its wait status. */
int traced_run(const struct traced *traced);

/** Land `thread` through the frame in shared->frame, and capture what came out. */
void traced_sigreturn(const struct traced *traced, const struct snap_thread *thread,
		      struct snap_thread *ret);

/** Encode a frame and land it. */
void traced_land(const struct traced *traced, const struct snap_thread *thread,
		 struct snap_thread *ret);

/** What compare() tells, as names; they are in *list. */
const char *traced_differences(const struct traced *traced,
			       const struct snap_thread *wanted,
			       const struct snap_thread *actual,
			       struct sample_differences *list);

#define assert_same(traced, wanted, actual)                                    \
	do {                                                                   \
		struct sample_differences list_;                               \
		assert_string_equal(traced_differences(traced, wanted, actual, \
						       &list_),                \
				    "");                                       \
	} while (0)

#endif
