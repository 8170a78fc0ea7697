// SPDX-License-Identifier: GPL-3.0-or-later
/* What is special about x86-64, where no process is needed to see it. */
#include "arch/x86_64/sample.h"

#include <string.h>

#include "arch/x86_64/sigframe.h"

static const struct snap_arch *arch(void)
{
	return snap_arch_by_name("x86_64");
}

static void set(struct snap_thread *thread, enum snap_x86_64_offset offset,
		int64_t value)
{
	snap_x86_64_set_reg(thread->regsets[SNAP_X86_64_GENERAL].data, offset,
			    (uint64_t)value);
}

static int64_t get(const struct snap_thread *thread, enum snap_x86_64_offset offset)
{
	return (int64_t)snap_x86_64_reg(thread->regsets[SNAP_X86_64_GENERAL].data,
					offset);
}

enum {
	PC = 0x401002,
	/** Of the instruction before. */
	AGAIN = 0x401000
};

/** Back into the call as it was, but that nobody has its restart block any more. */
static void check_reenters(struct snap_thread *thread, int64_t orig_rax, int64_t rax)
{
	bool is_again = rax != -38 && thread->interrupted_syscall >= 0 &&
			get(thread, X86_rax) == orig_rax;
	if (!is_again) {
		assert_int_equal(thread->interrupted_result, 0);
		return;
	}
	assert_int_equal(thread->interrupted_result, rax == -516 ? -514 : rax);
	arch()->reenter_syscall(thread->regsets[0].data, thread);
	assert_int_equal(get(thread, X86_orig_rax), orig_rax);
	assert_int_equal(get(thread, X86_rax), thread->interrupted_result);
	assert_int_equal(get(thread, X86_rip), PC);
}

static void test_a_system_call_is_rewound_by_its_result(void **state)
{
	static const struct {
		int64_t orig_rax, rax;
		int64_t wanted_rax, wanted_rip, wanted_syscall;
	} rows[] = {
		{ 0, -512, 0, AGAIN, 0 },       // read
		{ 202, -512, 202, AGAIN, 202 }, // futex without a timeout
		{ 56, -513, 56, AGAIN, 56 },    // clone
		{ 130, -514, 130, AGAIN, 130 }, // rt_sigsuspend
		{ 35, -516, 35, AGAIN, 35 },    // nanosleep
		{ 219, -516, -4, PC, 219 },     // restart_syscall of something
		{ 219, -514, 219, AGAIN, 219 }, // not a result that it has
		{ 232, -4, -4, PC, 232 },       // epoll_wait
		{ 1, -38, 1, AGAIN, 1 },        // at its entry
		{ 0, 17, 17, PC, -1 },          // done
		{ 1, -32, -32, PC, -1 },        // failed
		{ 0, -515, -515, PC, -1 },      // ENOIOCTLCMD
		{ -1, -512, -512, PC, -1 },     // in user mode, rax by chance
		{ -1, 35, 35, PC, -1 },         // likewise
		{ -38, -512, -512, PC, -1 },    // an interrupt, on older kernels
	};
	_cleanup_cpu_ struct snap_cpu cpu;
	sample_x86_64_cpu("fxsave", &cpu);
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(rows); i++) {
		_cleanup_thread_ struct snap_thread thread;
		sample_x86_64_busy_thread(&cpu, &thread);
		set(&thread, X86_orig_rax, rows[i].orig_rax);
		set(&thread, X86_rax, rows[i].rax);
		set(&thread, X86_rip, PC);
		// Twice is as good as once.
		for (int n = 0; n < 2; n++) {
			arch()->rewind_syscall(&thread);
			assert_int_equal(get(&thread, X86_rax), rows[i].wanted_rax);
			assert_int_equal(get(&thread, X86_rip), rows[i].wanted_rip);
			assert_true(get(&thread, X86_orig_rax) < 0);
			assert_int_equal(thread.interrupted_syscall,
					 rows[i].wanted_syscall);
		}
		check_reenters(&thread, rows[i].orig_rax, rows[i].rax);
	}
}

static void test_a_resumed_call_is_known_by_the_code_before_it(void **state)
{
	static const struct {
		const char *code;
		size_t size;
		int64_t wanted;
	} rows[] = {
		// mov $0xe6,%eax; syscall
		{ "\xb8\xe6\0\0\0\x0f\x05", 7, 230 },
		// mov $0xca,%eax; xor %r9d,%r9d; syscall, a constant of a jump before
		{ "\xb8\x07\0\0\0\xb8\xca\0\0\0\x45\x31\xc9\x0f\x05", 15, 202 },
		// mov $0x23,%r8d is no number: the mov before it is
		{ "\xb8\x07\0\0\0\x41\xb8\x23\0\0\0\x0f\x05", 13, 7 },
		// mov $1,%eax: write has no restart block
		{ "\xb8\x01\0\0\0\x0f\x05", 7, 219 },
		// mov %rdi,%rax; syscall, as in syscall(3)
		{ "\x48\x89\xf8\x0f\x05", 5, 219 },
		// cut off
		{ "\xe6\0\0\0\x0f\x05", 6, 219 },
		{ "", 0, 219 },
	};
	_cleanup_cpu_ struct snap_cpu cpu;
	sample_x86_64_cpu("fxsave", &cpu);
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(rows); i++) {
		_cleanup_thread_ struct snap_thread thread;
		sample_x86_64_busy_thread(&cpu, &thread);
		set(&thread, X86_orig_rax, 219);
		set(&thread, X86_rax, -516);
		arch()->identify_syscall(&thread, (const uint8_t *)rows[i].code,
					 rows[i].size);
		assert_int_equal(get(&thread, X86_orig_rax), rows[i].wanted);
	}
}

static void test_only_a_resumed_call_is_looked_for_in_code(void **state)
{
	static const struct {
		int64_t orig_rax, rax;
	} rows[] = { { 35, -516 }, { 219, -4 }, { -1, -516 } };
	_cleanup_cpu_ struct snap_cpu cpu;
	sample_x86_64_cpu("fxsave", &cpu);
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(rows); i++) {
		_cleanup_thread_ struct snap_thread thread;
		sample_x86_64_busy_thread(&cpu, &thread);
		set(&thread, X86_orig_rax, rows[i].orig_rax);
		set(&thread, X86_rax, rows[i].rax);
		arch()->identify_syscall(&thread,
					 (const uint8_t *)"\xb8\xe6\0\0\0\x0f\x05", 7);
		assert_int_equal(get(&thread, X86_orig_rax), rows[i].orig_rax);
	}
}

static void test_sigreturn_is_made_as_a_handler_makes_it(void **state)
{
	uint8_t regs[X86_GENERAL_SIZE];
	memset(regs, 0xff, sizeof(regs));
	arch()->prepare_sigreturn(regs, 0x401000, 0x7000);
	assert_int_equal(snap_x86_64_reg(regs, X86_rip), 0x401000);
	assert_int_equal(snap_x86_64_reg(regs, X86_rsp), 0x7008);
	assert_int_equal(snap_x86_64_reg(regs, X86_rax), 15);
	assert_int_equal((int64_t)snap_x86_64_reg(regs, X86_orig_rax), -1);
	assert_int_equal(snap_x86_64_reg(regs, X86_eflags) &
				 (X86_EFLAGS_TF | X86_EFLAGS_DF),
			 0);
	assert_int_equal(snap_x86_64_reg(regs, X86_fs_base), UINT64_MAX);
}

static void test_a_frame_has_tile_data_only_when_it_is_used(void **state)
{
	static const struct {
		uint64_t in_use, features;
		uint32_t size;
	} rows[] = {
		{ 0x602e7, 0x602e7, 11008 },
		{ 0x402e7, 0x602e7, 11008 },
		// The tile configuration has its room in every thread.
		{ 0x202e7, 0x202e7, 2816 },
		{ 0, 0x202e7, 2816 },
	};
	_cleanup_cpu_ struct snap_cpu cpu;
	sample_x86_64_cpu("AMX", &cpu);
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(rows); i++) {
		_cleanup_thread_ struct snap_thread thread;
		sample_x86_64_busy_thread(&cpu, &thread);
		sample_x86_64_set_in_use(&thread, rows[i].in_use);
		_cleanup_buffer_ struct snap_buffer frame = { 0 };
		assert_ok(arch()->sigframe_encode(&cpu, &thread, 0, &frame));
		const uint8_t *area = frame.data + FRAME_FPSTATE_PLACE;
		assert_int_equal(snap_x86_64_load(area + SW_XFEATURES, 8),
				 rows[i].features);
		assert_int_equal(snap_x86_64_load(area + SW_XSTATE_SIZE, 4),
				 rows[i].size);
		assert_int_equal(snap_x86_64_load(area + rows[i].size, 4),
				 SW_MAGIC2_VALUE);
		// The kernel may fault in its whole buffer for the thread.
		assert_true(frame.size >= FRAME_FPSTATE_PLACE + 11008);
	}
}

static void test_protection_keys_are_always_said(void **state)
{
	_cleanup_cpu_ struct snap_cpu cpu;
	_cleanup_thread_ struct snap_thread thread;
	_cleanup_buffer_ struct snap_buffer frame = { 0 };
	sample_x86_64_cpu("Zen 4", &cpu);
	sample_x86_64_busy_thread(&cpu, &thread);
	sample_x86_64_set_in_use(&thread, 3);
	snap_x86_64_store(thread.regsets[SNAP_X86_64_XSTATE].data + 2432, 0, 8);
	assert_ok(arch()->sigframe_encode(&cpu, &thread, 0, &frame));
	assert_int_equal(snap_x86_64_load(frame.data + FRAME_FPSTATE_PLACE +
						  X86_XSTATE_BV,
					  8),
			 0x203);
}

static void test_an_altstack_that_is_not_known_is_left_alone(void **state)
{
	_cleanup_cpu_ struct snap_cpu cpu;
	_cleanup_thread_ struct snap_thread thread, landed = { 0 };
	_cleanup_buffer_ struct snap_buffer frame = { 0 };
	sample_x86_64_cpu("AVX2", &cpu);
	sample_x86_64_busy_thread(&cpu, &thread);
	thread.members = SNAP_THREAD_SIGMASK;
	assert_ok(arch()->sigframe_encode(&cpu, &thread, 0, &frame));
	assert_ok(arch()->sigframe_decode(&cpu, frame.data, frame.size, 0, &landed));
	assert_int_equal(landed.members, SNAP_THREAD_SIGMASK);
}

static void test_a_thread_whose_mask_is_not_known_gets_no_frame(void **state)
{
	_cleanup_cpu_ struct snap_cpu cpu;
	_cleanup_thread_ struct snap_thread thread;
	_cleanup_buffer_ struct snap_buffer frame = { 0 };
	sample_x86_64_cpu("AVX2", &cpu);
	sample_x86_64_busy_thread(&cpu, &thread);
	thread.members = SNAP_THREAD_ALTSTACK;
	assert_error(arch()->sigframe_encode(&cpu, &thread, 0, &frame), INVALID);
}

static void test_a_thread_without_xsave_lands_on_a_cpu_with_it(void **state)
{
	_cleanup_cpu_ struct snap_cpu older, newer;
	_cleanup_thread_ struct snap_thread thread, landed = { 0 };
	_cleanup_buffer_ struct snap_buffer frame = { 0 };
	sample_x86_64_cpu("fxsave", &older);
	sample_x86_64_cpu("AVX-512", &newer);
	sample_x86_64_busy_thread(&older, &thread);
	assert_ok(arch()->sigframe_encode(&newer, &thread, 0, &frame));
	const uint8_t *area = frame.data + FRAME_FPSTATE_PLACE;
	assert_int_equal(snap_x86_64_load(area + SW_XFEATURES, 8), 3);
	assert_int_equal(snap_x86_64_load(area + SW_XSTATE_SIZE, 4), 576);

	assert_ok(arch()->sigframe_decode(&newer, frame.data, frame.size, 0, &landed));
	assert_int_equal(snap_x86_64_thread_in_use(&landed), 3);
	assert_memory_equal(snap_x86_64_legacy(&landed) + X86_XMM,
			    snap_x86_64_legacy(&thread) + X86_XMM,
			    X86_XMM_END - X86_XMM);
}

static void test_floating_point_state_at_an_odd_place_is_refused(void **state)
{
	_cleanup_cpu_ struct snap_cpu cpu;
	_cleanup_thread_ struct snap_thread thread, landed = { 0 };
	_cleanup_buffer_ struct snap_buffer frame = { 0 };
	sample_x86_64_cpu("fxsave", &cpu);
	sample_x86_64_busy_thread(&cpu, &thread);
	assert_ok(arch()->sigframe_encode(&cpu, &thread, 0, &frame));
	snap_x86_64_store(frame.data + FRAME_FPSTATE, FRAME_FPSTATE_PLACE - 16, 8);
	assert_error(arch()->sigframe_decode(&cpu, frame.data, frame.size, 0, &landed),
		     CORRUPT);
}

static void test_features_have_one_name_and_one_bit(void **state)
{
	for (size_t i = 0; i < snap_x86_64_nr_features; i++) {
		const struct snap_x86_64_feature *a = &snap_x86_64_features[i];
		assert_true(a->bit < 32);
		for (size_t j = 0; j < i; j++) {
			const struct snap_x86_64_feature *b = &snap_x86_64_features[j];
			assert_string_not_equal(a->name, b->name);
			assert_false(a->leaf == b->leaf && a->subleaf == b->subleaf &&
				     a->reg == b->reg && a->bit == b->bit);
		}
	}
}

static void test_dwarf_numbers_are_those_of_the_abi(void **state)
{
	static const struct {
		unsigned number;
		enum snap_x86_64_offset offset;
	} rows[] = { { 0, X86_rax }, { 1, X86_rdx }, { 2, X86_rcx },  { 4, X86_rsi },
		     { 6, X86_rbp }, { 7, X86_rsp }, { 15, X86_r15 }, { 16, X86_rip } };
	_cleanup_cpu_ struct snap_cpu cpu;
	_cleanup_thread_ struct snap_thread thread;
	sample_x86_64_cpu("fxsave", &cpu);
	sample_x86_64_busy_thread(&cpu, &thread);
	uint64_t value;
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(rows); i++) {
		assert_true(arch()->dwarf_register(&thread, rows[i].number, &value));
		assert_int_equal(value, get(&thread, rows[i].offset));
	}
	assert_false(
		arch()->dwarf_register(&thread, arch()->nr_dwarf_registers, &value));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_system_call_is_rewound_by_its_result),
		cmocka_unit_test(test_a_resumed_call_is_known_by_the_code_before_it),
		cmocka_unit_test(test_only_a_resumed_call_is_looked_for_in_code),
		cmocka_unit_test(test_sigreturn_is_made_as_a_handler_makes_it),
		cmocka_unit_test(test_a_frame_has_tile_data_only_when_it_is_used),
		cmocka_unit_test(test_protection_keys_are_always_said),
		cmocka_unit_test(test_an_altstack_that_is_not_known_is_left_alone),
		cmocka_unit_test(test_a_thread_whose_mask_is_not_known_gets_no_frame),
		cmocka_unit_test(test_a_thread_without_xsave_lands_on_a_cpu_with_it),
		cmocka_unit_test(test_floating_point_state_at_an_odd_place_is_refused),
		cmocka_unit_test(test_features_have_one_name_and_one_bit),
		cmocka_unit_test(test_dwarf_numbers_are_those_of_the_abi),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
