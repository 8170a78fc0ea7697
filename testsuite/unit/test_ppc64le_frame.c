// SPDX-License-Identifier: GPL-3.0-or-later
/* The signal frame of POWER: where its bytes lie, and what the kernel makes of them. */
#include "arch/ppc64le/sample.h"

#include <string.h>

#include "arch/ppc64le/sigframe.h"

#if defined(__powerpc64__)
#	include <ucontext.h>
#endif

#define ADDRESS UINT64_C(0x7fffe0000040)

/** A random thread of the sample CPU `name`, and its frame. */
struct framed {
	struct snap_cpu cpu;
	struct snap_thread thread;
	struct snap_buffer frame;
};

static void framed_init(struct framed *it, const char *name, uint64_t transaction)
{
	*it = (struct framed){ .frame = { 0 } };
	sample_ppc64le_cpu(name, &it->cpu);
	if (transaction)
		sample_ppc64le_transaction(5, &it->cpu, transaction, &it->thread);
	else
		sample_ppc64le_thread(5, &it->cpu, &it->thread);
	assert_ok(snap_ppc64le_sigframe_encode(&it->cpu, &it->thread, ADDRESS,
					       &it->frame));
}

static void framed_deinit(struct framed *it)
{
	snap_cpu_deinit(&it->cpu);
	snap_thread_deinit(&it->thread);
	snap_buffer_deinit(&it->frame);
}

#define _cleanup_framed_ _cleanup_(framed_deinit)

static uint64_t word(const struct framed *it, size_t offset)
{
	assert_true(offset + 8 <= it->frame.size);
	return snap_ppc64le_load(it->frame.data + offset, 8);
}

/** Bits of the MSR in the frame. */
static void set_msr(struct framed *it, uint64_t msr)
{
	snap_ppc64le_set_reg(it->frame.data + CONTEXT_GENERAL, PPC_MSR, msr);
}

static void decode(const struct framed *it, struct snap_thread *ret)
{
	*ret = (struct snap_thread){ 0 };
	assert_ok(snap_ppc64le_sigframe_decode(&it->cpu, it->frame.data, it->frame.size,
					       ADDRESS, ret));
}

static void assert_corrupt(const struct framed *it)
{
	struct snap_thread landed = { 0 };
	assert_error(snap_ppc64le_sigframe_decode(&it->cpu, it->frame.data,
						  it->frame.size, ADDRESS, &landed),
		     CORRUPT);
}

static bool is_zero(const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i])
			return false;
	return true;
}

static void test_offsets_are_those_of_the_c_library(void **state)
{
#if defined(__powerpc64__)
	assert_int_equal(CONTEXT_LINK, offsetof(ucontext_t, uc_link));
	assert_int_equal(CONTEXT_STACK_SP, offsetof(ucontext_t, uc_stack.ss_sp));
	assert_int_equal(CONTEXT_STACK_FLAGS, offsetof(ucontext_t, uc_stack.ss_flags));
	assert_int_equal(CONTEXT_STACK_SIZE, offsetof(ucontext_t, uc_stack.ss_size));
	assert_int_equal(CONTEXT_SIGMASK, offsetof(ucontext_t, uc_sigmask));
	assert_int_equal(CONTEXT_GENERAL, offsetof(ucontext_t, uc_mcontext.gp_regs));
	assert_int_equal(CONTEXT_FP, offsetof(ucontext_t, uc_mcontext.fp_regs));
	assert_int_equal(CONTEXT_VMX_POINTER, offsetof(ucontext_t, uc_mcontext.v_regs));
	size_t reserve = offsetof(ucontext_t, uc_mcontext.vmx_reserve);
	assert_int_equal(CONTEXT_VMX, (reserve + 15) & ~(size_t)15);
	assert_true(CONTEXT_SIZE >= sizeof(ucontext_t) ||
		    CONTEXT_VSX + PPC_VSX_SIZE <= CONTEXT_SIZE);
#else
	// The headers for another CPU have another frame.
	skip();
#endif
}

static void test_every_set_is_where_the_kernel_takes_it_from(void **state)
{
	_cleanup_framed_ struct framed it;
	framed_init(&it, "POWER9", 0);
	const uint8_t *frame = it.frame.data;
	for (unsigned slot = 0; slot <= PPC_CR; slot++)
		if (slot != PPC_MSR)
			assert_int_equal(word(&it, CONTEXT_GENERAL + (size_t)8 * slot),
					 snap_ppc64le_reg(snap_ppc64le_general(
								  &it.thread),
							  slot));
	assert_memory_equal(frame + CONTEXT_FP, it.thread.regsets[SNAP_PPC64LE_FP].data,
			    PPC_FP_SIZE);
	assert_int_equal(word(&it, CONTEXT_VMX_POINTER), ADDRESS + CONTEXT_VMX);
	assert_memory_equal(frame + CONTEXT_VMX,
			    it.thread.regsets[SNAP_PPC64LE_VMX].data, PPC_VMX_SIZE);
	assert_memory_equal(frame + CONTEXT_VSX,
			    it.thread.regsets[SNAP_PPC64LE_VSX].data, PPC_VSX_SIZE);
	assert_int_equal(word(&it, CONTEXT_SIGMASK), it.thread.sigmask);
	assert_int_equal(word(&it, CONTEXT_STACK_SP), it.thread.altstack.sp);
	assert_int_equal(word(&it, CONTEXT_STACK_SIZE), it.thread.altstack.size);
}

static void test_vectors_are_marked_as_used_whatever_the_msr_was(void **state)
{
	const uint64_t both = PPC_MSR_VEC | PPC_MSR_VSX;
	_cleanup_framed_ struct framed it;
	framed_init(&it, "POWER9", 0);
	snap_ppc64le_set_reg(it.thread.regsets[SNAP_PPC64LE_GENERAL].data, PPC_MSR,
			     PPC_MSR_SF | PPC_MSR_LE);
	it.frame.size = 0;
	assert_ok(
		snap_ppc64le_sigframe_encode(&it.cpu, &it.thread, ADDRESS, &it.frame));
	assert_int_equal(word(&it, CONTEXT_GENERAL + (size_t)8 * PPC_MSR) & both, both);
}

static void test_what_the_msr_does_not_name_is_cleared(void **state)
{
	_cleanup_framed_ struct framed it;
	_cleanup_thread_ struct snap_thread landed;
	framed_init(&it, "POWER9", 0);
	set_msr(&it, PPC_MSR_SF | PPC_MSR_LE);
	decode(&it, &landed);
	const uint8_t *vmx = landed.regsets[SNAP_PPC64LE_VMX].data;
	assert_true(is_zero(vmx, PPC_VRSAVE));
	assert_true(is_zero(landed.regsets[SNAP_PPC64LE_VSX].data, PPC_VSX_SIZE));
	assert_memory_equal(vmx + PPC_VRSAVE,
			    it.thread.regsets[SNAP_PPC64LE_VMX].data + PPC_VRSAVE, 4);
	assert_memory_equal(landed.regsets[SNAP_PPC64LE_FP].data,
			    it.thread.regsets[SNAP_PPC64LE_FP].data, PPC_FP_SIZE);
}

static void test_without_its_pointer_a_frame_has_no_vectors(void **state)
{
	_cleanup_framed_ struct framed it;
	_cleanup_thread_ struct snap_thread landed;
	framed_init(&it, "POWER9", 0);
	snap_ppc64le_store(it.frame.data + CONTEXT_VMX_POINTER, 0, 8);
	assert_corrupt(&it);
	set_msr(&it, PPC_MSR_SF | PPC_MSR_LE | PPC_MSR_VEC);
	decode(&it, &landed);
	assert_true(is_zero(landed.regsets[SNAP_PPC64LE_VMX].data, PPC_VMX_SIZE));
}

static void test_a_transaction_has_its_beginning_first_and_the_thread_second(
	void **state)
{
	_cleanup_framed_ struct framed it;
	framed_init(&it, "POWER8", PPC_MSR_SUSPENDED);
	const uint8_t *first = it.frame.data, *second = first + CONTEXT_SIZE;
	const uint8_t *sprs = it.thread.regsets[SNAP_PPC64LE_TM_SPR].data;

	assert_int_equal(word(&it, CONTEXT_LINK), ADDRESS + CONTEXT_SIZE);
	assert_int_equal(word(&it, CONTEXT_GENERAL + (size_t)8 * PPC_NIP),
			 snap_ppc64le_load(sprs + PPC_TFHAR, 8));
	assert_int_equal(word(&it, CONTEXT_GENERAL + (size_t)8 * PPC_MSR) & PPC_MSR_TS,
			 PPC_MSR_SUSPENDED);
	assert_memory_equal(first + CONTEXT_GENERAL,
			    it.thread.regsets[SNAP_PPC64LE_CGPR].data, 256);
	assert_memory_equal(second + CONTEXT_GENERAL,
			    it.thread.regsets[SNAP_PPC64LE_GENERAL].data, 264);
	assert_memory_equal(first + CONTEXT_FP,
			    it.thread.regsets[SNAP_PPC64LE_CFPR].data, PPC_FP_SIZE);
	assert_memory_equal(second + CONTEXT_VMX,
			    it.thread.regsets[SNAP_PPC64LE_VMX].data, PPC_VMX_SIZE);
	assert_memory_equal(first + CONTEXT_VSX,
			    it.thread.regsets[SNAP_PPC64LE_CVSX].data, PPC_VSX_SIZE);
	assert_int_equal(word(&it, CONTEXT_SIZE + CONTEXT_VMX_POINTER),
			 ADDRESS + CONTEXT_SIZE + CONTEXT_VMX);
}

static void test_a_transaction_is_not_loaded_where_the_kernel_loads_none(void **state)
{
	_cleanup_framed_ struct framed it;
	framed_init(&it, "POWER8", PPC_MSR_TRANSACTIONAL);
	set_msr(&it, PPC_MSR_SF | PPC_MSR_LE | PPC_MSR_TS);
	assert_corrupt(&it);
	set_msr(&it, PPC_MSR_SF | PPC_MSR_LE | PPC_MSR_TRANSACTIONAL);
	snap_cpu_deinit(&it.cpu);
	sample_ppc64le_cpu("POWER10", &it.cpu);
	assert_corrupt(&it);
}

static void test_a_pointer_out_of_the_frame_is_not_followed(void **state)
{
	static const size_t pointers[] = { CONTEXT_LINK, CONTEXT_VMX_POINTER,
					   CONTEXT_SIZE + CONTEXT_VMX_POINTER };
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(pointers); i++) {
		_cleanup_framed_ struct framed it;
		framed_init(&it, "POWER8", PPC_MSR_SUSPENDED);
		snap_ppc64le_store(it.frame.data + pointers[i], ADDRESS - 16, 8);
		assert_corrupt(&it);
		snap_ppc64le_store(it.frame.data + pointers[i], UINT64_MAX - 7, 8);
		assert_corrupt(&it);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_offsets_are_those_of_the_c_library),
		cmocka_unit_test(test_every_set_is_where_the_kernel_takes_it_from),
		cmocka_unit_test(test_vectors_are_marked_as_used_whatever_the_msr_was),
		cmocka_unit_test(test_what_the_msr_does_not_name_is_cleared),
		cmocka_unit_test(test_without_its_pointer_a_frame_has_no_vectors),
		cmocka_unit_test(
			test_a_transaction_has_its_beginning_first_and_the_thread_second),
		cmocka_unit_test(
			test_a_transaction_is_not_loaded_where_the_kernel_loads_none),
		cmocka_unit_test(test_a_pointer_out_of_the_frame_is_not_followed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
