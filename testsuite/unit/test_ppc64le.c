// SPDX-License-Identifier: GPL-3.0-or-later
/* Threads of POWER: their registers, what differs, where they can go. */
#include "arch/ppc64le/sample.h"

#include <string.h>

/** A thread of a sample CPU; TS bits for one inside of a transaction. */
struct scene {
	struct snap_cpu cpu;
	struct snap_thread thread;
};

static void scene_init(struct scene *it, const char *name, uint64_t transaction)
{
	sample_ppc64le_cpu(name, &it->cpu);
	if (transaction)
		sample_ppc64le_transaction(9, &it->cpu, transaction, &it->thread);
	else
		sample_ppc64le_thread(9, &it->cpu, &it->thread);
}

static void scene_deinit(struct scene *it)
{
	snap_cpu_deinit(&it->cpu);
	snap_thread_deinit(&it->thread);
}

#define _cleanup_scene_ _cleanup_(scene_deinit)

static const struct snap_register_desc *find(const char *name)
{
	for (size_t i = 0; i < PPC_NR_REGISTERS; i++)
		if (!strcmp(snap_ppc64le_registers[i].name, name))
			return &snap_ppc64le_registers[i];
	fail_msg("no register %s", name);
	return NULL;
}

static void read_register(const struct scene *it, const char *name, uint8_t *ret)
{
	assert_true(snap_arch_read_register(snap_arch_by_name("ppc64le"), &it->cpu,
					    &it->thread, find(name), ret));
}

static void test_vector_registers_are_joined_from_their_halves(void **state)
{
	_cleanup_scene_ struct scene it;
	uint8_t vs[16], f[8], vr[16];
	scene_init(&it, "POWER9", 0);
	read_register(&it, "vs31", vs);
	read_register(&it, "f31", f);
	assert_memory_equal(vs, it.thread.regsets[SNAP_PPC64LE_VSX].data + 248, 8);
	assert_memory_equal(vs + 8, f, 8);
	read_register(&it, "vs63", vs);
	read_register(&it, "vr31", vr);
	assert_memory_equal(vs, vr, 16);
	assert_memory_equal(vr, it.thread.regsets[SNAP_PPC64LE_VMX].data + 496, 16);
}

static void test_dwarf_knows_the_general_registers_and_the_link(void **state)
{
	_cleanup_scene_ struct scene it;
	uint64_t value;
	scene_init(&it, "POWER9", 0);
	const uint8_t *regs = snap_ppc64le_general(&it.thread);
	assert_true(snap_ppc64le_dwarf_register(&it.thread, 1, &value));
	assert_int_equal(value, snap_ppc64le_sp(&it.thread));
	assert_true(snap_ppc64le_dwarf_register(&it.thread, 65, &value));
	assert_int_equal(value, snap_ppc64le_reg(regs, PPC_LR));
	assert_false(snap_ppc64le_dwarf_register(&it.thread, 64, &value));
	assert_false(snap_ppc64le_dwarf_register(&it.thread, 66, &value));
}

/** What compare() finds after one bit of a set was flipped. */
static void check_difference(enum snap_ppc64le_regset set, size_t byte,
			     const char *expected)
{
	_cleanup_scene_ struct scene it, other;
	scene_init(&it, "POWER10", 0);
	scene_init(&other, "POWER10", 0);
	other.thread.regsets[set].data[byte] ^= 0x10;
	struct sample_differences found = { .nr = 0 };
	snap_ppc64le_compare(&it.cpu, &it.thread, &other.thread, sample_collect,
			     &found);
	assert_string_equal(found.names, expected);
}

static void test_a_difference_is_told_once_by_the_widest_name(void **state)
{
	check_difference(SNAP_PPC64LE_GENERAL, 0, "r0 ");
	check_difference(SNAP_PPC64LE_GENERAL, 8 * PPC_NIP, "pc ");
	check_difference(SNAP_PPC64LE_FP, 8 * 3, "vs3 ");
	check_difference(SNAP_PPC64LE_VSX, 8 * 3, "vs3 ");
	check_difference(SNAP_PPC64LE_VMX, 16 * 3, "vs35 ");
	check_difference(SNAP_PPC64LE_FP, 256, "fpscr ");
	check_difference(SNAP_PPC64LE_VMX, 512, "vscr ");
	check_difference(SNAP_PPC64LE_VMX, PPC_VRSAVE, "vrsave ");
	check_difference(SNAP_PPC64LE_TAR, 0, "tar ");
	check_difference(SNAP_PPC64LE_PPR, 0, "ppr ");
	check_difference(SNAP_PPC64LE_DSCR, 0, "dscr ");
	check_difference(SNAP_PPC64LE_PMU, 0, "siar ");
	check_difference(SNAP_PPC64LE_HASHKEYR, 0, "hashkeyr ");
}

static void test_what_no_kernel_keeps_does_not_count(void **state)
{
	// Bits 16 to 23 of the MSR: which registers are loaded just now.
	check_difference(SNAP_PPC64LE_GENERAL, 8 * PPC_MSR + 2, "");
	check_difference(SNAP_PPC64LE_GENERAL, 8 * PPC_SOFTE, "");
	check_difference(SNAP_PPC64LE_GENERAL, 8 * PPC_DAR, "");
	// TS, in bits 33 and 34: it does.
	_cleanup_scene_ struct scene it, other;
	scene_init(&it, "POWER8", PPC_MSR_SUSPENDED);
	scene_init(&other, "POWER8", PPC_MSR_TRANSACTIONAL);
	struct sample_differences found = { .nr = 0 };
	snap_ppc64le_compare(&it.cpu, &it.thread, &other.thread, sample_collect,
			     &found);
	assert_string_equal(found.names, "msr ");
}

static void test_a_set_that_was_not_landed_is_a_difference(void **state)
{
	_cleanup_scene_ struct scene it, other;
	scene_init(&it, "POWER9", 0);
	scene_init(&other, "POWER9", 0);
	assert_ok(snap_thread_set_regset(&other.thread, SNAP_PPC64LE_TAR, NULL, 0));
	struct sample_differences found = { .nr = 0 };
	snap_ppc64le_compare(&it.cpu, &it.thread, &other.thread, sample_collect,
			     &found);
	assert_string_equal(found.names, "tar ");
}

static void test_a_call_is_not_made_inside_of_a_transaction(void **state)
{
	_cleanup_scene_ struct scene active, suspended, outside;
	scene_init(&active, "POWER8", PPC_MSR_TRANSACTIONAL);
	scene_init(&suspended, "POWER8", PPC_MSR_SUSPENDED);
	scene_init(&outside, "POWER8", 0);
	assert_error(snap_ppc64le_check_live(&active.thread), REFUSED);
	assert_ok(snap_ppc64le_check_live(&suspended.thread));
	assert_ok(snap_ppc64le_check_live(&outside.thread));
}

static void test_a_transaction_that_has_not_failed_is_not_landed(void **state)
{
	_cleanup_scene_ struct scene it;
	scene_init(&it, "POWER8", PPC_MSR_SUSPENDED);
	assert_ok(snap_ppc64le_check_thread(&it.cpu, &it.thread));
	it.thread.regsets[SNAP_PPC64LE_TM_SPR].data[PPC_TEXASR + 3] &= 0xf7;
	assert_error(snap_ppc64le_check_thread(&it.cpu, &it.thread), CORRUPT);
}

static void test_threads_of_another_kind_are_refused(void **state)
{
	_cleanup_scene_ struct scene it, cut, foreign;
	scene_init(&it, "POWER9", 0);
	snap_ppc64le_set_reg(it.thread.regsets[0].data, PPC_MSR, PPC_MSR_SF);
	assert_error(snap_ppc64le_check_thread(&it.cpu, &it.thread), UNSUPPORTED);

	scene_init(&cut, "POWER9", 0);
	cut.thread.regsets[SNAP_PPC64LE_VMX].size = 512;
	assert_error(snap_ppc64le_check_thread(&cut.cpu, &cut.thread), CORRUPT);

	scene_init(&foreign, "POWER8", PPC_MSR_SUSPENDED);
	snap_cpu_deinit(&foreign.cpu);
	sample_ppc64le_cpu("POWER10", &foreign.cpu);
	assert_error(snap_ppc64le_check_thread(&foreign.cpu, &foreign.thread),
		     UNSUPPORTED);
}

static void test_without_transactions_a_thread_goes_to_its_handler(void **state)
{
	_cleanup_scene_ struct scene it;
	_cleanup_cpu_ struct snap_cpu to;
	_cleanup_thread_ struct snap_thread before;
	scene_init(&it, "POWER8", PPC_MSR_SUSPENDED);
	sample_ppc64le_cpu("POWER9", &to);
	assert_ok(snap_thread_copy(&it.thread, &before));

	assert_ok(snap_ppc64le_relayout(&it.cpu, &to, false, &it.thread));

	const uint8_t *sprs = before.regsets[SNAP_PPC64LE_TM_SPR].data;
	const uint8_t *regs = snap_ppc64le_general(&it.thread);
	assert_int_equal(snap_ppc64le_pc(&it.thread),
			 snap_ppc64le_load(sprs + PPC_TFHAR, 8));
	assert_int_equal(snap_ppc64le_reg(regs, PPC_CR) >> 28 & 0xf, 0xa);
	assert_int_equal(snap_ppc64le_transaction(&it.thread), 0);
	assert_memory_equal(regs, before.regsets[SNAP_PPC64LE_CGPR].data, 256);
	assert_memory_equal(it.thread.regsets[SNAP_PPC64LE_VMX].data,
			    before.regsets[SNAP_PPC64LE_CVMX].data, PPC_VMX_SIZE);
	assert_int_equal(it.thread.regsets[SNAP_PPC64LE_CGPR].size, 0);
	assert_int_equal(it.thread.regsets[SNAP_PPC64LE_PKEY].size, 0);
	assert_ok(snap_ppc64le_check_thread(&to, &it.thread));
}

static void test_state_that_a_machine_lacks_is_not_dropped_without_asking(void **state)
{
	_cleanup_scene_ struct scene it;
	_cleanup_cpu_ struct snap_cpu to = { 0 };
	scene_init(&it, "POWER9", 0);
	assert_ok(snap_cpu_set(&to, "altivec", 1));
	assert_ok(snap_cpu_set(&to, "vsx", 1));
	assert_false(snap_ppc64le_is_same_layout(&it.cpu, &to));
	assert_error(snap_ppc64le_relayout(&it.cpu, &to, false, &it.thread),
		     UNSUPPORTED);
	assert_ok(snap_ppc64le_relayout(&it.cpu, &to, true, &it.thread));
	assert_int_equal(it.thread.regsets[SNAP_PPC64LE_TAR].size, 0);
}

static void test_what_a_thread_needs_is_known(void **state)
{
	_cleanup_scene_ struct scene it, hashing;
	_cleanup_cpu_ struct snap_cpu needs = { 0 };
	scene_init(&it, "POWER8", PPC_MSR_SUSPENDED);
	assert_ok(snap_ppc64le_needs(&it.cpu, &it.thread, &needs));
	assert_int_equal(snap_cpu_get(&needs, "use.transaction", 0), 1);
	assert_null(snap_cpu_find(&needs, "use.hash-check"));

	scene_init(&hashing, "POWER10", 0);
	uint8_t *dexcr = hashing.thread.regsets[SNAP_PPC64LE_DEXCR].data;
	snap_ppc64le_store(dexcr, 0x04000000, 8);
	snap_ppc64le_store(dexcr + 8, 0, 8);
	assert_ok(snap_ppc64le_needs(&hashing.cpu, &hashing.thread, &needs));
	assert_int_equal(snap_cpu_get(&needs, "use.hash-check", 0), 1);
}

/** A thread that is inside of a transaction must not hear that none has failed. */
static void test_why_one_has_failed_is_written_first_where_there_is_one(void **state)
{
	const struct snap_arch *arch = snap_arch_by_name("ppc64le");
	_cleanup_scene_ struct scene inside, outside;
	scene_init(&inside, "POWER8", PPC_MSR_SUSPENDED);
	scene_init(&outside, "POWER9", 0);
	assert_true(arch->regsets[SNAP_PPC64LE_TM_SPR].is_before_frame);
	assert_true(arch->needs_sets_first(&inside.thread));
	assert_false(arch->needs_sets_first(&outside.thread));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_why_one_has_failed_is_written_first_where_there_is_one),
		cmocka_unit_test(test_vector_registers_are_joined_from_their_halves),
		cmocka_unit_test(test_dwarf_knows_the_general_registers_and_the_link),
		cmocka_unit_test(test_a_difference_is_told_once_by_the_widest_name),
		cmocka_unit_test(test_what_no_kernel_keeps_does_not_count),
		cmocka_unit_test(test_a_set_that_was_not_landed_is_a_difference),
		cmocka_unit_test(test_a_call_is_not_made_inside_of_a_transaction),
		cmocka_unit_test(test_a_transaction_that_has_not_failed_is_not_landed),
		cmocka_unit_test(test_threads_of_another_kind_are_refused),
		cmocka_unit_test(
			test_without_transactions_a_thread_goes_to_its_handler),
		cmocka_unit_test(
			test_state_that_a_machine_lacks_is_not_dropped_without_asking),
		cmocka_unit_test(test_what_a_thread_needs_is_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
