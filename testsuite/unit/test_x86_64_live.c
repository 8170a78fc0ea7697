// SPDX-License-Identifier: GPL-3.0-or-later
/* The frame and the layout, judged by the kernel. */
#include "testsuite/unit/traced_x86_64.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>

#include "arch/x86_64/sigframe.h"

/** What a thread that computes can have in its registers on this machine. */
static unsigned computing(void)
{
	return traced_supported() & ~(unsigned)TRACED_TILE_PERMISSION;
}

/** The value of a register by its name. */
static void assert_register(const struct traced *traced,
			    const struct snap_thread *thread, const char *name,
			    const void *wanted, size_t size)
{
	const struct snap_arch *arch = snap_arch_by_name("x86_64");
	uint8_t value[1024];
	for (size_t i = 0; i < arch->nr_registers; i++) {
		const struct snap_register_desc *desc = &arch->registers[i];
		if (strcmp(desc->name, name) != 0)
			continue;
		assert_true(snap_arch_read_register(arch, &traced->cpu, thread, desc,
						    value));
		assert_true(size <= desc->size);
		if (memcmp(value, wanted, size) != 0)
			fail_msg("%s is not what the child loaded", name);
		return;
	}
	fail_msg("there is no register %s", name);
}

static void assert_numbered(const struct traced *traced,
			    const struct snap_thread *thread, const char *prefix,
			    unsigned nr, const void *patterns, size_t size)
{
	for (unsigned i = 0; i < nr; i++) {
		char name[16];
		snprintf(name, sizeof(name), "%s%u", prefix, i);
		assert_register(traced, thread, name,
				(const uint8_t *)patterns + i * size, size);
	}
}

static void test_registers_have_the_values_that_the_program_loaded(void **state)
{
	static const char *const names[17] = { "rax", "rbx",   "rcx", "rdx", "rsi",
					       "rdi", "rbp",   "rsp", "r8",  "r9",
					       "r10", "r11",   "r12", "r13", "r14",
					       "r15", "eflags" };
	unsigned parts = computing();
	_cleanup_traced_ struct traced traced;
	_cleanup_thread_ struct snap_thread thread;
	traced_init(&traced, parts, 1);
	traced_capture(&traced, &thread);

	const struct traced_patterns *patterns = &traced.shared->patterns;
	for (size_t i = 0; i < 17; i++)
		assert_register(&traced, &thread, names[i], &patterns->general[i], 8);
	for (unsigned i = 0; i < 8; i++) {
		char name[16];
		snprintf(name, sizeof(name), "st%u", 7 - i);
		assert_register(&traced, &thread, name, patterns->st[i], 10);
	}
	assert_register(&traced, &thread, "mxcsr", &patterns->mxcsr, 4);
	for (unsigned i = 0; i < 16; i++) {
		char name[16];
		snprintf(name, sizeof(name), "xmm%u", i);
		assert_register(&traced, &thread, name, patterns->zmm[i], 16);
		snprintf(name, sizeof(name), "ymm%u", i);
		if (parts & TRACED_AVX)
			assert_register(&traced, &thread, name, patterns->zmm[i], 32);
	}
	if (parts & TRACED_AVX512) {
		assert_numbered(&traced, &thread, "zmm", 32, patterns->zmm, 64);
		assert_numbered(&traced, &thread, "k", 8, patterns->k, 8);
	}
	if (parts & TRACED_PKRU)
		assert_register(&traced, &thread, "pkru", &patterns->pkru, 4);
	if (parts & TRACED_TILES) {
		assert_register(&traced, &thread, "tilecfg", patterns->tilecfg, 64);
		assert_numbered(&traced, &thread, "tmm", 8, patterns->tiles, 1024);
	}
}

static void test_the_probed_layout_is_the_kernels(void **state)
{
	_cleanup_traced_ struct traced traced;
	_cleanup_thread_ struct snap_thread thread;
	traced_init(&traced, 0, 2);
	traced_capture(&traced, &thread);
	if (!thread.regsets[SNAP_X86_64_XSTATE].size)
		skip();
	assert_int_equal(snap_x86_64_thread_mask(&thread),
			 snap_x86_64_cpu_mask(&traced.cpu));
	assert_int_equal(thread.regsets[SNAP_X86_64_XSTATE].size,
			 snap_cpu_get(&traced.cpu, "xsave.size", 0));
}

/** BNDCFGU and BNDSTATUS; no XSAVE writes the rest of MPX's second component. */
#define MPX_STATUS      4
#define MPX_STATUS_SIZE 16

/** A thread that was captured and has gone on to quite different values. */
static void capture_and_scramble(const struct traced *traced, struct snap_thread *ret)
{
	traced_capture(traced, ret);
	struct sample_random random = { .state = 99 };
	_cleanup_thread_ struct snap_thread other;
	assert_ok(snap_thread_copy(ret, &other));
	bool has_xsave = other.regsets[SNAP_X86_64_XSTATE].size > 0;
	enum snap_x86_64_regset regset =
		has_xsave ? SNAP_X86_64_XSTATE : SNAP_X86_64_FP;
	struct snap_regset *set = &other.regsets[regset];
	uint64_t in_use = snap_x86_64_thread_in_use(ret);
	for (unsigned i = 2; has_xsave && i < X86_NR_COMPONENTS; i++) {
		size_t offset, size;
		if (i != X86_COMPONENT_TILEDATA - 1 && in_use >> i & 1 &&
		    snap_x86_64_component(&traced->cpu, i, &offset, &size))
			sample_random_fill(&random, set->data + offset,
					   i == MPX_STATUS ? MPX_STATUS_SIZE : size);
	}
	sample_random_fill(&random, set->data + 32, X86_XMM_END - 32);
	// The page of the frame is read under the keys that are in force before.
	size_t offset, size;
	if (has_xsave &&
	    snap_x86_64_component(&traced->cpu, X86_COMPONENT_PKRU, &offset, &size))
		snap_x86_64_store(set->data + offset, 0xfffffffc, 8);
	assert_int_equal(traced_write_regset(traced, &other, regset), 0);
	_cleanup_thread_ struct snap_thread now;
	traced_capture(traced, &now);
	struct sample_differences list;
	assert_true(traced_differences(traced, ret, &now, &list)[0]);
}

static void test_a_frame_lands_every_register_of_a_thread(void **state)
{
	for (uint64_t seed = 10; seed < 20; seed++) {
		_cleanup_traced_ struct traced traced;
		_cleanup_thread_ struct snap_thread wanted, actual;
		traced_init(&traced, computing(), seed);
		capture_and_scramble(&traced, &wanted);
		wanted.sigmask = 0x10200;

		traced_land(&traced, &wanted, &actual);

		assert_same(&traced, &wanted, &actual);
		assert_int_equal(actual.sigmask, 0x10200);
		const struct snap_regset *set = &wanted.regsets[SNAP_X86_64_XSTATE];
		if (set->size)
			assert_memory_equal(set->data + X86_XSAVE_EXTENDED,
					    actual.regsets[SNAP_X86_64_XSTATE].data +
						    X86_XSAVE_EXTENDED,
					    set->size - X86_XSAVE_EXTENDED);
	}
}

static void test_a_thread_that_used_tiles_lands_without_them(void **state)
{
	if (!(traced_supported() & TRACED_TILES))
		skip();
	_cleanup_traced_ struct traced traced;
	_cleanup_thread_ struct snap_thread wanted, actual;
	traced_init(&traced, computing(), 30);
	capture_and_scramble(&traced, &wanted);
	sample_x86_64_set_in_use(&wanted, snap_x86_64_thread_in_use(&wanted) & 0x2ff);

	traced_land(&traced, &wanted, &actual);

	assert_same(&traced, &wanted, &actual);
	assert_int_equal(snap_x86_64_thread_in_use(&actual) >> 17, 0);
}

/** A thread with tile data, from a child that had used tiles. */
static void capture_tiles(struct snap_thread *ret)
{
	_cleanup_traced_ struct traced traced;
	traced_init(&traced, computing(), 40);
	traced_capture(&traced, ret);
	assert_int_equal(snap_x86_64_thread_in_use(ret) >> 17, 3);
}

static void test_tile_data_without_room_is_lost_and_seen_to_be(void **state)
{
	if (!(traced_supported() & TRACED_TILES))
		skip();
	_cleanup_thread_ struct snap_thread wanted, actual;
	capture_tiles(&wanted);
	_cleanup_traced_ struct traced traced;
	traced_init(&traced, TRACED_TILE_PERMISSION, 41);

	// The thread has never used a tile: the kernel silently drops it all.
	traced_land(&traced, &wanted, &actual);

	struct sample_differences list;
	assert_non_null(
		strstr(traced_differences(&traced, &wanted, &actual, &list), "tmm7 "));
	assert_non_null(strstr(list.names, "k0 "));
	assert_int_equal(snap_x86_64_thread_in_use(&actual) & ~UINT64_C(0x203), 0);
}

static void test_a_thread_keeps_the_room_for_tile_data_it_once_used(void **state)
{
	if (!(traced_supported() & TRACED_TILES))
		skip();
	_cleanup_thread_ struct snap_thread wanted, before, between = { 0 }, actual;
	capture_tiles(&wanted);
	_cleanup_traced_ struct traced traced;
	traced_init(&traced, computing(), 42);
	traced_capture(&traced, &before);
	sample_x86_64_set_in_use(&before, 0x203);
	traced_land(&traced, &before, &between);
	assert_int_equal(snap_x86_64_thread_in_use(&between) >> 17, 0);

	traced_land(&traced, &wanted, &actual);

	assert_same(&traced, &wanted, &actual);
}

static void test_tile_data_needs_permission(void **state)
{
	if (!(traced_supported() & TRACED_TILES))
		skip();
	_cleanup_thread_ struct snap_thread wanted;
	capture_tiles(&wanted);
	_cleanup_traced_ struct traced traced;
	traced_init(&traced, 0, 42);
	assert_int_equal(traced_write_regset(&traced, &wanted, SNAP_X86_64_XSTATE),
			 EINVAL);
}

/** A number written over the area of a frame. */
struct write {
	size_t offset, size;
	uint64_t value;
};

/** A way to spoil that area. */
struct damage {
	const char *what;
	struct write writes[2];
	/** The kernel answers with SIGSEGV. */
	bool is_fatal;
	/** The thread lands all the same. */
	bool is_harmless;
};

/** Stands for the offset of the second magic. */
#define MAGIC2 SIZE_MAX

static const struct damage damages[] = {
	{ "no first magic", { { SW_MAGIC1, 4, 0 } }, false, false },
	{ "no second magic", { { MAGIC2, 4, 0 } }, false, false },
	{ "a size without header", { { SW_XSTATE_SIZE, 4, 512 } }, false, false },
	{ "a size without header, and a second magic there",
	  { { SW_XSTATE_SIZE, 4, 512 }, { 512, 4, SW_MAGIC2_VALUE } },
	  false,
	  false },
	{ "a size beyond all", { { SW_XSTATE_SIZE, 4, 1 << 20 } }, false, false },
	{ "a size off the second magic", { { SW_XSTATE_SIZE, 4, 576 } }, false, false },
	{ "a size that is short of a component",
	  { { SW_XSTATE_SIZE, 4, 640 }, { 640, 4, SW_MAGIC2_VALUE } },
	  false,
	  false },
	{ "a size beyond its account", { { SW_EXTENDED_SIZE, 4, 0 } }, false, false },
	{ "fewer components", { { SW_XFEATURES, 8, 3 } }, false, false },
	{ "more components", { { SW_XFEATURES, 8, ~UINT64_C(0) } }, false, true },
	{ "x87 and SSE in use alone", { { X86_XSTATE_BV, 8, 3 } }, false, false },
	{ "AVX in use alone", { { X86_XSTATE_BV, 8, 4 } }, false, false },
	{ "nothing in use", { { X86_XSTATE_BV, 8, 0 } }, false, false },
	{ "one in use that there is not",
	  { { X86_XSTATE_BV, 8, 1 << 10 } },
	  true,
	  false },
	{ "the compacted form",
	  { { X86_XCOMP_BV, 8, UINT64_C(1) << 63 } },
	  true,
	  false },
	{ "a reserved byte", { { X86_HEADER_RESERVED, 1, 1 } }, true, false },
};

static void spoil(const struct damage *damage, uint8_t *area)
{
	size_t end = snap_x86_64_load(area + SW_XSTATE_SIZE, 4);
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(damage->writes); i++) {
		const struct write *write = &damage->writes[i];
		snap_x86_64_store(area + (write->offset == MAGIC2 ? end
								  : write->offset),
				  write->value, write->size);
	}
}

/** A frame that is no good leaves a SIGSEGV in the thread's queue. */
static bool is_dying(const struct traced *traced)
{
	struct __ptrace_peeksiginfo_args args = { .nr = 1 };
	siginfo_t info = { 0 };
	long nr = ptrace(PTRACE_PEEKSIGINFO, traced->pid, &args, &info);
	return nr == 1 && info.si_signo == SIGSEGV;
}

static void check_damage(const struct damage *damage)
{
	_cleanup_traced_ struct traced traced;
	_cleanup_thread_ struct snap_thread wanted, said = { 0 }, actual;
	_cleanup_buffer_ struct snap_buffer frame = { 0 };
	traced_init(&traced, computing(), 50);
	capture_and_scramble(&traced, &wanted);
	uint8_t *place = traced.shared->frame;
	uint64_t address = (uintptr_t)place;
	assert_ok(snap_x86_64_sigframe_encode(&traced.cpu, &wanted, address, &frame));
	spoil(damage, frame.data + FRAME_FPSTATE_PLACE);
	memcpy(place, frame.data, frame.size);

	traced_sigreturn(&traced, &wanted, &actual);

	_cleanup_error_ snap_err error =
		snap_x86_64_sigframe_decode(&traced.cpu, place,
					    sizeof(traced.shared->frame), address,
					    &said);
	if (!!error != damage->is_fatal || is_dying(&traced) != damage->is_fatal)
		fail_msg("%s: %s", damage->what, error ? error->message : "no error");
	if (error)
		return;
	// What a frame does not carry is what it was.
	uint8_t *regs = said.regsets[SNAP_X86_64_GENERAL].data;
	memcpy(regs + X86_fs_base, actual.regsets[0].data + X86_fs_base,
	       X86_GENERAL_SIZE - X86_fs_base);
	struct sample_differences list;
	if (traced_differences(&traced, &said, &actual, &list)[0] ||
	    traced_differences(&traced, &actual, &said, &list)[0])
		fail_msg("%s: %s differ", damage->what, list.names);
	if (!traced_differences(&traced, &wanted, &actual, &list)[0] !=
	    damage->is_harmless)
		fail_msg("%s: compare() is wrong about %s", damage->what, list.names);
}

static void test_a_spoilt_frame_does_what_decode_says(void **state)
{
	if (!(traced_supported() & TRACED_AVX))
		skip();
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(damages); i++)
		check_damage(&damages[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_probed_layout_is_the_kernels),
		cmocka_unit_test(
			test_registers_have_the_values_that_the_program_loaded),
		cmocka_unit_test(test_a_frame_lands_every_register_of_a_thread),
		cmocka_unit_test(test_a_thread_that_used_tiles_lands_without_them),
		cmocka_unit_test(test_tile_data_without_room_is_lost_and_seen_to_be),
		cmocka_unit_test(
			test_a_thread_keeps_the_room_for_tile_data_it_once_used),
		cmocka_unit_test(test_tile_data_needs_permission),
		cmocka_unit_test(test_a_spoilt_frame_does_what_decode_says),
	};
	const struct snap_arch *host = snap_arch_host();
	if (!host || strcmp(host->name, "x86_64") != 0)
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
