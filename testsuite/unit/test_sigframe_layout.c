// SPDX-License-Identifier: GPL-3.0-or-later
/* Each byte of the x86-64 frame lies where the kernel's headers say. */
#include "arch/x86_64/sample.h"

#include <string.h>

#include "arch/x86_64/sigframe.h"
#include "testsuite/unit/sigframe_kernel.h"

#define ADDRESS UINT64_C(0x7ffd12345640)

/** A random thread of the sample CPU `name`, and its frame. */
struct framed {
	struct snap_cpu cpu;
	struct snap_thread thread;
	struct snap_buffer frame;
};

static void framed_init(struct framed *framed, const char *name)
{
	*framed = (struct framed){ .frame = { 0 } };
	sample_x86_64_cpu(name, &framed->cpu);
	sample_x86_64_busy_thread(&framed->cpu, &framed->thread);
	assert_ok(snap_x86_64_sigframe_encode(&framed->cpu, &framed->thread, ADDRESS,
					      &framed->frame));
}

static void framed_deinit(struct framed *framed)
{
	snap_cpu_deinit(&framed->cpu);
	snap_thread_deinit(&framed->thread);
	snap_buffer_deinit(&framed->frame);
}

#define _cleanup_framed_ _cleanup_(framed_deinit)

/** A field by the kernel's name, out of bytes; fails the test if there is none. */
static uint64_t field(const uint8_t *bytes, const char *name)
{
	for (const struct sigframe_kernel_field *row = sigframe_kernel_fields;
	     row->name; row++)
		if (!strcmp(row->name, name))
			return snap_x86_64_load(bytes + row->offset, row->size);
	fail_msg("the kernel's headers have no %s", name);
	return 0;
}

static void test_offsets_are_those_of_the_kernel(void **state)
{
	static const struct {
		const char *name;
		size_t offset;
	} rows[] = {
		{ "uc_flags", FRAME_UC_FLAGS },
		{ "uc_stack.ss_sp", FRAME_STACK_SP },
		{ "uc_stack.ss_flags", FRAME_STACK_FLAGS },
		{ "uc_stack.ss_size", FRAME_STACK_SIZE },
		{ "uc_mcontext", FRAME_SIGCONTEXT },
		{ "cs", FRAME_CS },
		{ "ss", FRAME_SS },
		{ "fpstate", FRAME_FPSTATE },
		{ "uc_sigmask", FRAME_SIGMASK },

#define SNAP_FRAME_REGISTER(name, offset) { #name, FRAME_SIGCONTEXT + (offset) },
		SNAP_FRAME_REGISTERS
#undef SNAP_FRAME_REGISTER
		{ "fpstate.cwd", X86_FCW },
		{ "fpstate.swd", X86_FSW },
		{ "fpstate.fop", X86_FOP },
		{ "fpstate.rip", X86_FIP },
		{ "fpstate.mxcsr", X86_MXCSR },
		{ "fpstate.mxcsr_mask", X86_MXCSR_MASK },
		{ "fpstate.xmm_space", X86_XMM },
		{ "fpstate.sw_reserved", X86_SW_RESERVED },
		{ "fpstate.sw_reserved.magic1", SW_MAGIC1 },
		{ "fpstate.sw_reserved.extended_size", SW_EXTENDED_SIZE },
		{ "fpstate.sw_reserved.xfeatures", SW_XFEATURES },
		{ "fpstate.sw_reserved.xstate_size", SW_XSTATE_SIZE },
		{ "xstate_hdr.xfeatures", X86_XSTATE_BV },
		{ "ymmh", X86_XSAVE_EXTENDED },
	};
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(rows); i++) {
		const struct sigframe_kernel_field *row = sigframe_kernel_fields;
		while (row->name && strcmp(row->name, rows[i].name) != 0)
			row++;
		if (!row->name)
			fail_msg("the kernel's headers have no %s", rows[i].name);
		if (row->offset != rows[i].offset)
			fail_msg("%s is at %zu, not at %zu", row->name, row->offset,
				 rows[i].offset);
	}
	assert_int_equal(SW_MAGIC1_VALUE, sigframe_kernel_magic1);
	assert_int_equal(SW_MAGIC2_VALUE, sigframe_kernel_magic2);
}

static void test_every_general_register_is_in_its_field(void **state)
{
	static const struct {
		const char *name;
		enum snap_x86_64_offset offset;
	} rows[] = {
		{ "rax", X86_rax }, { "rbx", X86_rbx },       { "rcx", X86_rcx },
		{ "rdx", X86_rdx }, { "rsi", X86_rsi },       { "rdi", X86_rdi },
		{ "rbp", X86_rbp }, { "rsp", X86_rsp },       { "r8", X86_r8 },
		{ "r9", X86_r9 },   { "r10", X86_r10 },       { "r11", X86_r11 },
		{ "r12", X86_r12 }, { "r13", X86_r13 },       { "r14", X86_r14 },
		{ "r15", X86_r15 }, { "rip", X86_rip },       { "cs", X86_cs },
		{ "ss", X86_ss },   { "eflags", X86_eflags },
	};
	_cleanup_framed_ struct framed it;
	framed_init(&it, "AVX-512");
	const uint8_t *regs = it.thread.regsets[SNAP_X86_64_GENERAL].data;
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(rows); i++)
		assert_int_equal(field(it.frame.data, rows[i].name),
				 snap_x86_64_reg(regs, rows[i].offset));
}

static void test_mask_altstack_and_flags_are_in_their_fields(void **state)
{
	_cleanup_framed_ struct framed it;
	framed_init(&it, "AVX-512");
	const uint8_t *frame = it.frame.data;
	assert_int_equal(field(frame, "uc_flags"), sigframe_kernel_uc_flags);
	assert_int_equal(field(frame, "uc_sigmask"), it.thread.sigmask);
	assert_int_equal(field(frame, "uc_stack.ss_sp"), it.thread.altstack.sp);
	assert_int_equal(field(frame, "uc_stack.ss_size"), it.thread.altstack.size);
	assert_int_equal(field(frame, "uc_stack.ss_flags"), it.thread.altstack.flags);
}

static void test_the_extended_state_gives_account_of_itself(void **state)
{
	_cleanup_framed_ struct framed it;
	framed_init(&it, "AVX-512");
	uint64_t place = field(it.frame.data, "fpstate");
	assert_int_equal(place % 64, 0);
	const uint8_t *area = it.frame.data + (place - ADDRESS);
	uint64_t size = field(area, "fpstate.sw_reserved.xstate_size");

	assert_int_equal(field(area, "fpstate.sw_reserved.magic1"),
			 sigframe_kernel_magic1);
	assert_int_equal(size, 2696);
	assert_int_equal(field(area, "fpstate.sw_reserved.extended_size"), 2700);
	assert_int_equal(field(area, "fpstate.sw_reserved.xfeatures"), 0x2e7);
	assert_int_equal(snap_x86_64_load(area + size, 4), sigframe_kernel_magic2);
	assert_int_equal(field(area, "xstate_hdr.xfeatures"),
			 snap_x86_64_thread_in_use(&it.thread) | 1 << 9);
	for (size_t i = X86_XCOMP_BV; i < X86_XSAVE_EXTENDED; i++)
		assert_int_equal(area[i], 0);
	assert_memory_equal(area, it.thread.regsets[SNAP_X86_64_FP].data,
			    X86_SW_RESERVED);
}

static void test_without_xsave_the_frame_has_a_bare_fxsave_area(void **state)
{
	_cleanup_framed_ struct framed it;
	framed_init(&it, "fxsave");
	uint64_t place = field(it.frame.data, "fpstate");
	assert_int_equal(place % 64, 0);
	const uint8_t *area = it.frame.data + (place - ADDRESS);
	assert_int_equal(field(it.frame.data, "uc_flags"), 6);
	assert_int_equal(field(area, "fpstate.sw_reserved.magic1"), 0);
	assert_memory_equal(area, it.thread.regsets[SNAP_X86_64_FP].data,
			    X86_SW_RESERVED);
	assert_int_equal(it.frame.size, place - ADDRESS + X86_FXSAVE_SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_offsets_are_those_of_the_kernel),
		cmocka_unit_test(test_every_general_register_is_in_its_field),
		cmocka_unit_test(test_mask_altstack_and_flags_are_in_their_fields),
		cmocka_unit_test(test_the_extended_state_gives_account_of_itself),
		cmocka_unit_test(test_without_xsave_the_frame_has_a_bare_fxsave_area),
	};
	// The kernel's headers for another CPU have another frame.
	if (!sigframe_kernel_fields)
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
