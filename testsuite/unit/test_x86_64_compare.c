// SPDX-License-Identifier: GPL-3.0-or-later
/* What counts as a difference between two x86-64 threads, and what cannot land. */
#include "arch/x86_64/sample.h"

#include <stdio.h>
#include <string.h>

#include "arch/x86_64/sigframe.h"

/** A thread and its copy, to be changed. */
struct pair {
	struct snap_cpu cpu;
	struct snap_thread wanted;
	struct snap_thread actual;
};

static void pair_init(struct pair *pair, const char *cpu)
{
	sample_x86_64_cpu(cpu, &pair->cpu);
	sample_x86_64_busy_thread(&pair->cpu, &pair->wanted);
	assert_ok(snap_thread_copy(&pair->wanted, &pair->actual));
}

static void pair_deinit(struct pair *pair)
{
	snap_cpu_deinit(&pair->cpu);
	snap_thread_deinit(&pair->wanted);
	snap_thread_deinit(&pair->actual);
}

#define _cleanup_pair_ _cleanup_(pair_deinit)

static struct sample_differences differences(const struct pair *pair)
{
	struct sample_differences list = { .nr = 0 };
	snap_x86_64_compare(&pair->cpu, &pair->wanted, &pair->actual, sample_collect,
			    &list);
	return list;
}

#define assert_differences(pair, names_)                             \
	do {                                                         \
		struct sample_differences list_ = differences(pair); \
		assert_string_equal(list_.names, names_);            \
	} while (0)

/** Invert a register where it counts; false: the thread does not have it. */
static bool invert(struct pair *pair, const struct snap_register_desc *desc)
{
	size_t last = 0;
	while (last + 1 < SNAP_MAX_PIECES && desc->pieces[last + 1].size)
		last++;
	const struct snap_register_piece *piece = &desc->pieces[last];
	unsigned regset = piece->regset;
	// The fp set is a copy of the head of xstate, where there is one.
	if (regset == SNAP_X86_64_FP && pair->actual.regsets[SNAP_X86_64_XSTATE].size)
		regset = SNAP_X86_64_XSTATE;
	size_t base = 0, room = pair->actual.regsets[regset].size;
	if (piece->component >= 0 &&
	    !snap_x86_64_locate_component(&pair->cpu, &pair->actual, regset,
					  (unsigned)piece->component, &base, &room))
		return false;
	if (!room)
		return false;
	for (size_t i = 0; i < piece->size; i++)
		pair->actual.regsets[regset].data[base + piece->offset + i] ^= 0xff;
	return true;
}

static bool is_vector(const char *name, const char *kind)
{
	return !strncmp(name, kind, 3);
}

/** The name under which a difference in a register is reported. */
static void reported_name(const struct snap_register_desc *desc, bool has_avx,
			  bool has_zmm, char *ret, size_t size)
{
	const char *name = desc->name;
	const char *kind = NULL;
	if (is_vector(name, "xmm") || is_vector(name, "ymm"))
		kind = has_zmm ? "zmm" : has_avx ? "ymm" : "xmm";
	snprintf(ret, size, "%s%s ", kind ? kind : "", kind ? name + 3 : name);
}

static void test_a_difference_is_found_once_and_by_its_widest_name(void **state)
{
	static const char *const cpus[] = { "fxsave", "AVX2", "AVX-512",
					    "Zen 4",  "AMX",  "APX" };
	for (size_t c = 0; c < SNAP_ARRAY_SIZE(cpus); c++) {
		size_t nr = 0;
		for (size_t i = 0; i < X86_NR_REGISTERS; i++) {
			_cleanup_pair_ struct pair pair;
			pair_init(&pair, cpus[c]);
			const struct snap_register_desc *desc =
				&snap_x86_64_registers[i];
			if (!invert(&pair, desc))
				continue;
			char name[32];
			uint64_t mask = snap_x86_64_cpu_mask(&pair.cpu);
			reported_name(desc, mask >> 2 & 1, mask >> 6 & 1, name,
				      sizeof(name));
			assert_differences(&pair, name);
			nr++;
		}
		// 27 general, 17 x87 and MXCSR, 16 SSE are there on all.
		assert_true(nr >= 60);
	}
}

static void keep(void *context, const struct snap_difference *difference)
{
	*(struct snap_difference *)context = *difference;
}

static void test_both_numbers_of_a_difference_are_told(void **state)
{
	_cleanup_pair_ struct pair pair;
	pair_init(&pair, "AVX2");
	uint8_t *wanted = pair.wanted.regsets[SNAP_X86_64_GENERAL].data;
	uint8_t *actual = pair.actual.regsets[SNAP_X86_64_GENERAL].data;
	snap_x86_64_set_reg(wanted, X86_rbx, 0x1234);
	snap_x86_64_set_reg(actual, X86_rbx, 0x5678);
	struct snap_difference got = { 0 };
	snap_x86_64_compare(&pair.cpu, &pair.wanted, &pair.actual, keep, &got);

	assert_string_equal(got.what, "rbx");
	assert_true(got.is_number);
	assert_int_equal(got.expected, 0x1234);
	assert_int_equal(got.actual, 0x5678);
}

static void test_bookkeeping_is_no_difference(void **state)
{
	_cleanup_pair_ struct pair pair;
	pair_init(&pair, "AVX-512");
	uint8_t *xstate = pair.actual.regsets[SNAP_X86_64_XSTATE].data;
	memset(xstate + X86_MXCSR_MASK, 0, 4);
	memset(xstate + X86_XMM_END, 0x55, X86_SW_RESERVED - X86_XMM_END);
	memset(xstate + X86_SW_RESERVED + 8, 0x55, 40);
	xstate[32 + 10] ^= 0xff; // behind the 80 bits of st0
	uint8_t *regs = pair.actual.regsets[SNAP_X86_64_GENERAL].data;
	snap_x86_64_set_reg(regs, X86_eflags,
			    snap_x86_64_reg(regs, X86_eflags) ^ 0x203202);
	snap_x86_64_set_reg(regs, X86_orig_rax, (uint64_t)-38);
	assert_differences(&pair, "");
}

static void test_a_first_state_is_the_same_with_and_without_its_bit(void **state)
{
	_cleanup_pair_ struct pair pair;
	pair_init(&pair, "AVX-512");
	uint8_t *wanted = pair.wanted.regsets[SNAP_X86_64_XSTATE].data;
	uint8_t *actual = pair.actual.regsets[SNAP_X86_64_XSTATE].data;
	memset(wanted, 0, X86_MXCSR);
	memset(wanted + 32, 0, X86_XMM_END - 32);
	memset(wanted + X86_XSAVE_EXTENDED, 0, 2696 - X86_XSAVE_EXTENDED);
	snap_x86_64_store(wanted + X86_FCW, X86_FCW_INIT, 2);
	memset(actual + 32, 0x55, X86_XMM_END - 32);
	sample_x86_64_set_in_use(&pair.actual, 0);
	assert_differences(&pair, "");
}

static void test_a_component_that_was_reset_is_a_difference(void **state)
{
	_cleanup_pair_ struct pair pair;
	pair_init(&pair, "AVX-512");
	// What the kernel does with a frame that it does not believe.
	sample_x86_64_set_in_use(&pair.actual, 3);
	struct sample_differences list = differences(&pair);
	assert_non_null(strstr(list.names, "zmm0 "));
	assert_non_null(strstr(list.names, "zmm31 "));
	assert_non_null(strstr(list.names, "k7 "));
	assert_non_null(strstr(list.names, "pkru "));
	assert_int_equal(list.nr, 32 + 8 + 1);
}

static void test_a_component_nobody_knows_yet_is_compared_whole(void **state)
{
	_cleanup_pair_ struct pair pair;
	pair_init(&pair, "AVX2");
	snap_cpu_deinit(&pair.cpu);
	assert_ok(snap_cpu_set(&pair.cpu, "xsave.mask", 0x400003));
	assert_ok(snap_cpu_set(&pair.cpu, "xsave.22.offset", 576));
	assert_ok(snap_cpu_set(&pair.cpu, "xsave.22.size", 256));
	struct snap_thread *threads[] = { &pair.wanted, &pair.actual };
	for (size_t i = 0; i < 2; i++) {
		uint8_t *set = threads[i]->regsets[SNAP_X86_64_XSTATE].data;
		snap_x86_64_store(set + X86_SW_RESERVED, 0x400003, 8);
		sample_x86_64_set_in_use(threads[i], 0x400003);
	}
	assert_differences(&pair, "");
	pair.actual.regsets[SNAP_X86_64_XSTATE].data[576 + 255] ^= 1;
	assert_differences(&pair, "unknown ");
}

static void test_older_amd_cpus_do_not_keep_the_last_x87_instruction(void **state)
{
	static const struct {
		const char *vendor;
		bool has_pointers, has_exception;
		const char *wanted;
	} rows[] = {
		{ "AuthenticAMD", false, false, "" },
		{ "HygonGenuine", false, false, "" },
		{ "AuthenticAMD", false, true, "fioff " },
		{ "AuthenticAMD", true, false, "fioff " },
		{ "GenuineIntel", false, false, "fioff " },
	};

	for (size_t i = 0; i < SNAP_ARRAY_SIZE(rows); i++) {
		_cleanup_pair_ struct pair pair;
		pair_init(&pair, "AVX2");
		assert_ok(snap_cpu_set_text(&pair.cpu, "vendor", rows[i].vendor));
		assert_ok(snap_cpu_set(&pair.cpu, "xsaveerptr", rows[i].has_pointers));
		uint8_t *wanted = pair.wanted.regsets[SNAP_X86_64_XSTATE].data;
		uint8_t *actual = pair.actual.regsets[SNAP_X86_64_XSTATE].data;
		wanted[X86_FSW] = actual[X86_FSW] = rows[i].has_exception ? 0x80 : 0;
		actual[X86_FIP] ^= 1;
		assert_differences(&pair, rows[i].wanted);
	}
}

static void test_other_sets_are_compared_when_they_were_captured(void **state)
{
	static const uint8_t bytes[48] = { 1 };
	_cleanup_pair_ struct pair pair;
	pair_init(&pair, "fxsave");
	assert_ok(snap_thread_set_regset(&pair.actual, SNAP_X86_64_IOPERM, bytes, 8));
	assert_differences(&pair, "");
	assert_ok(snap_thread_set_regset(&pair.wanted, SNAP_X86_64_TLS, bytes, 48));
	assert_ok(snap_thread_set_regset(&pair.wanted, SNAP_X86_64_SHSTK, bytes, 8));
	assert_differences(&pair, "pl3_ssp tls ");
}

static void test_what_cannot_land_is_refused(void **state)
{
	static const struct {
		const char *what;
		unsigned regset;
		size_t offset, size;
		uint64_t value;
		enum snap_error_kind kind;
	} rows[] = {
		{ "32-bit code", SNAP_X86_64_GENERAL, X86_cs, 8, 0x23,
		  SNAP_ERROR_UNSUPPORTED },
		{ "reserved bits in MXCSR", SNAP_X86_64_XSTATE, X86_MXCSR, 4, 0x10000,
		  SNAP_ERROR_UNSUPPORTED },
		{ "the compacted form", SNAP_X86_64_XSTATE, X86_XCOMP_BV, 8,
		  UINT64_C(1) << 63, SNAP_ERROR_CORRUPT },
		{ "reserved bytes in the header", SNAP_X86_64_XSTATE,
		  X86_HEADER_RESERVED + 47, 1, 1, SNAP_ERROR_CORRUPT },
		{ "a component beyond its mask", SNAP_X86_64_XSTATE, X86_XSTATE_BV, 8,
		  0xf, SNAP_ERROR_CORRUPT },
		{ "bit 63", SNAP_X86_64_XSTATE, X86_XSTATE_BV, 8, UINT64_C(1) << 63,
		  SNAP_ERROR_CORRUPT },
	};

	for (size_t i = 0; i < SNAP_ARRAY_SIZE(rows); i++) {
		_cleanup_pair_ struct pair pair;
		pair_init(&pair, "AVX-512");
		assert_ok(snap_x86_64_check_thread(&pair.cpu, &pair.wanted));
		snap_x86_64_store(pair.wanted.regsets[rows[i].regset].data +
					  rows[i].offset,
				  rows[i].value, rows[i].size);
		_cleanup_error_ snap_err error =
			snap_x86_64_check_thread(&pair.cpu, &pair.wanted);
		if (!error)
			fail_msg("%s is not refused", rows[i].what);
		assert_int_equal(error->kind, rows[i].kind);
		assert_true(error->kind == SNAP_ERROR_CORRUPT || error->remedy);
	}
}

static void test_a_shadow_stack_in_use_is_refused(void **state)
{
	_cleanup_pair_ struct pair pair;
	pair_init(&pair, "AVX-512");
	const uint8_t off[8] = { 0 }, on[8] = { 0, 0x10 };
	assert_ok(snap_thread_set_regset(&pair.wanted, SNAP_X86_64_SHSTK, off, 8));
	assert_ok(snap_x86_64_check_thread(&pair.cpu, &pair.wanted));
	assert_ok(snap_thread_set_regset(&pair.wanted, SNAP_X86_64_SHSTK, on, 8));
	assert_error(snap_x86_64_check_thread(&pair.cpu, &pair.wanted), UNSUPPORTED);
}

static void test_a_component_in_use_needs_a_cpu_that_has_it(void **state)
{
	_cleanup_pair_ struct pair pair;
	_cleanup_cpu_ struct snap_cpu older;
	_cleanup_buffer_ struct snap_buffer frame = { 0 };
	pair_init(&pair, "AMX");
	sample_x86_64_cpu("AVX-512", &older);
	assert_error(snap_x86_64_check_thread(&older, &pair.wanted), UNSUPPORTED);
	assert_error(snap_x86_64_sigframe_encode(&older, &pair.wanted, 0, &frame),
		     UNSUPPORTED);
	sample_x86_64_set_in_use(&pair.wanted, 0x2e7);
	assert_ok(snap_x86_64_check_thread(&older, &pair.wanted));
}

static void test_a_set_that_ends_early_is_refused(void **state)
{
	static const size_t sizes[] = { 8, 512, 575, 576, 832, 2695 };
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(sizes); i++) {
		_cleanup_pair_ struct pair pair;
		pair_init(&pair, "AVX-512");
		pair.wanted.regsets[SNAP_X86_64_XSTATE].size = sizes[i];
		assert_error(snap_x86_64_check_thread(&pair.cpu, &pair.wanted),
			     CORRUPT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_a_difference_is_found_once_and_by_its_widest_name),
		cmocka_unit_test(test_both_numbers_of_a_difference_are_told),
		cmocka_unit_test(test_bookkeeping_is_no_difference),
		cmocka_unit_test(
			test_a_first_state_is_the_same_with_and_without_its_bit),
		cmocka_unit_test(test_a_component_that_was_reset_is_a_difference),
		cmocka_unit_test(test_a_component_nobody_knows_yet_is_compared_whole),
		cmocka_unit_test(
			test_older_amd_cpus_do_not_keep_the_last_x87_instruction),
		cmocka_unit_test(test_other_sets_are_compared_when_they_were_captured),
		cmocka_unit_test(test_what_cannot_land_is_refused),
		cmocka_unit_test(test_a_shadow_stack_in_use_is_refused),
		cmocka_unit_test(test_a_component_in_use_needs_a_cpu_that_has_it),
		cmocka_unit_test(test_a_set_that_ends_early_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
