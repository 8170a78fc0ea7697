// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What every folder of arch/ promises in arch/arch.h. What it makes of hostile bytes is
 * tested in test_arch_damage.c.
 */
#include "testsuite/unit/sample.h"

#include <elf.h>
#include <string.h>

static void test_an_architecture_is_found_by_name_and_elf_header(void **state)
{
	for_each_arch(row)
	{
		const struct snap_arch *arch = *row;
		assert_ptr_equal(snap_arch_by_name(arch->name), arch);
		assert_ptr_equal(snap_arch_by_elf(arch->elf_machine, arch->elf_class,
						  arch->elf_data),
				 arch);
	}
	assert_null(snap_arch_by_name("vax"));
	assert_null(snap_arch_by_elf(EM_VAX, ELFCLASS32, ELFDATA2LSB));
}

static void test_the_general_set_is_first_and_every_set_is_known_by_its_note(
	void **state)
{
	for_each_arch(row)
	{
		const struct snap_arch *arch = *row;
		assert_in_range(arch->nr_regsets, 1, SNAP_MAX_REGSETS);
		assert_string_equal(arch->regsets[0].name, "general");
		assert_string_equal(arch->regsets[0].owner, "CORE");
		assert_int_equal(arch->regsets[0].note_type, NT_PRSTATUS);
		for (size_t i = 0; i < arch->nr_regsets; i++) {
			const struct snap_regset_desc *set = &arch->regsets[i];
			assert_true(set->max_size > 0);
			assert_int_equal(snap_arch_find_regset(arch, set->owner,
							       set->note_type),
					 i);
			for (size_t j = 0; j < i; j++)
				assert_string_not_equal(set->name,
							arch->regsets[j].name);
		}
		assert_int_equal(snap_arch_find_regset(arch, "CORE", 0xdeadbeef), -1);
	}
}

static void check_pieces(const struct snap_arch *arch,
			 const struct snap_register_desc *desc)
{
	size_t sum = 0;
	bool is_over = false;
	for (size_t i = 0; i < SNAP_MAX_PIECES; i++) {
		const struct snap_register_piece *piece = &desc->pieces[i];
		is_over = is_over || !piece->size;
		if (is_over)
			assert_int_equal(piece->size, 0);
		sum += piece->size;
		assert_true(piece->regset < arch->nr_regsets);
		assert_true((size_t)piece->offset + piece->size <=
			    arch->regsets[piece->regset].max_size);
		if (piece->size && piece->component >= 0)
			assert_non_null(arch->locate_component);
		if (desc->is_scalable)
			assert_true(piece->size ? piece->component >= 0 && !i : i > 0);
	}
	assert_true(sum > 0);
	assert_int_equal(desc->size, sum);
}

static void test_registers_have_one_name_and_lie_inside_of_their_sets(void **state)
{
	for_each_arch(row)
	{
		const struct snap_arch *arch = *row;
		for (size_t i = 0; i < arch->nr_registers; i++) {
			check_pieces(arch, &arch->registers[i]);
			for (size_t j = 0; j < i; j++)
				assert_string_not_equal(arch->registers[i].name,
							arch->registers[j].name);
		}
	}
}

static void test_system_calls_have_numbers_of_their_own(void **state)
{
	for_each_arch(row)
	{
		const struct snap_arch *arch = *row;
		assert_in_range(arch->syscall_insn_size, 1, sizeof(arch->syscall_insn));
		assert_in_range(arch->insn_alignment, 1, arch->syscall_insn_size);
		for (size_t i = 0; i < SNAP_NR_SYSCALLS; i++) {
			assert_true(arch->syscalls[i] >= 0 || i == SNAP_SYS_ARCH_PRCTL);
			for (size_t j = 0; j < i; j++)
				assert_int_not_equal(arch->syscalls[i],
						     arch->syscalls[j]);
		}
	}
}

static void check_lands(const struct snap_arch *arch, const struct snap_cpu *cpu,
			const struct snap_thread *thread, struct sample_random *random)
{
	assert_ok(arch->check_thread(cpu, thread));
}

static void test_a_thread_of_a_cpu_can_land_on_it(void **state)
{
	sample_threads(check_lands);
}

static void check_registers(const struct snap_arch *arch, const struct snap_cpu *cpu,
			    const struct snap_thread *expected,
			    const struct snap_thread *got)
{
	const struct samples *samples = sample_of(arch);
	for (size_t i = 0; i < arch->nr_registers; i++) {
		const struct snap_register_desc *desc = &arch->registers[i];
		size_t size = snap_arch_register_size(arch, cpu, expected, desc);
		if (!samples->is_in_frame(desc) || !size)
			continue;
		_cleanup_free_ uint8_t *a = malloc(size);
		_cleanup_free_ uint8_t *b = malloc(size);
		assert_int_equal(snap_arch_register_size(arch, cpu, got, desc), size);
		assert_true(snap_arch_read_register(arch, cpu, expected, desc, a));
		assert_true(snap_arch_read_register(arch, cpu, got, desc, b));
		if (memcmp(a, b, size) != 0)
			fail_msg("%s is not what it was", desc->name);
	}
}

static void check_differences(const struct snap_arch *arch, const struct snap_cpu *cpu,
			      const struct snap_thread *expected,
			      const struct snap_thread *got)
{
	const struct samples *samples = sample_of(arch);
	struct sample_differences differences = { .nr = 0 };
	arch->compare(cpu, expected, got, sample_collect, &differences);
	char *end;
	for (char *name = strtok_r(differences.names, " ", &end); name;
	     name = strtok_r(NULL, " ", &end))
		for (size_t i = 0; i < arch->nr_registers; i++)
			if (!strcmp(arch->registers[i].name, name) &&
			    samples->is_in_frame(&arch->registers[i]))
				fail_msg("compare() finds %s different", name);
}

static void check_round_trip(const struct snap_arch *arch, const struct snap_cpu *cpu,
			     const struct snap_thread *thread,
			     struct sample_random *random)
{
	uint64_t address = sample_random_next(random) & ~UINT64_C(63);
	_cleanup_buffer_ struct snap_buffer buffer = { 0 };
	size_t size;
	assert_ok(snap_buffer_append(&buffer, "head", 4));
	assert_ok(arch->sigframe_size(cpu, thread, &size));
	assert_ok(arch->sigframe_encode(cpu, thread, address, &buffer));
	assert_true(buffer.size - 4 + 63 <= size);
	assert_memory_equal(buffer.data, "head", 4);

	_cleanup_thread_ struct snap_thread landed = { 0 };
	assert_ok(arch->sigframe_decode(cpu, buffer.data + 4, buffer.size - 4, address,
					&landed));
	check_registers(arch, cpu, thread, &landed);
	check_differences(arch, cpu, thread, &landed);
	assert_int_equal(landed.sigmask, thread->sigmask);
	assert_int_equal(landed.altstack.sp, thread->altstack.sp);
	assert_int_equal(landed.altstack.size, thread->altstack.size);
	assert_int_equal(landed.altstack.flags, thread->altstack.flags);
	assert_int_equal(landed.interrupted_syscall, -1);
}

static void test_a_frame_lands_the_thread_it_was_made_of(void **state)
{
	sample_threads(check_round_trip);
}

static void check_same(const struct snap_arch *arch, const struct snap_cpu *cpu,
		       const struct snap_thread *thread, struct sample_random *random)
{
	_cleanup_thread_ struct snap_thread copy;
	assert_ok(snap_thread_copy(thread, &copy));
	struct sample_differences differences = { .nr = 0 };
	arch->compare(cpu, thread, &copy, sample_collect, &differences);
	assert_string_equal(differences.names, "");
}

static void test_a_thread_does_not_differ_from_its_copy(void **state)
{
	sample_threads(check_same);
}

static void check_calls(const struct snap_arch *arch, const struct snap_cpu *cpu,
			const struct snap_thread *thread, struct sample_random *random)
{
	const uint64_t args[SNAP_MAX_SYSCALL_ARGS] = { 1, 2, 3, 4, 5, 6 };
	_cleanup_thread_ struct snap_thread copy;
	assert_ok(snap_thread_copy(thread, &copy));
	uint8_t *regs = copy.regsets[0].data;

	arch->prepare_syscall(regs, 0x7000, 9, args);
	assert_int_equal(arch->pc(&copy), 0x7000);
	assert_int_equal(arch->sp(&copy), arch->sp(thread));
	assert_int_equal(arch->syscall_number(regs), -1);

	assert_in_range(arch->batch_code_size, arch->syscall_insn_size, 4096);
	assert_in_range(arch->batch_end, arch->syscall_insn_size,
			arch->batch_code_size - 1);
	arch->prepare_batch(regs, 0x6000, 0x5000, 3, 19, true);
	assert_int_equal(arch->pc(&copy), 0x6000);
	assert_int_equal(arch->sp(&copy), arch->sp(thread));
	assert_int_equal(arch->syscall_number(regs), -1);

	arch->set_pc(regs, 0x8000);
	arch->set_sp(regs, 0x9000);
	assert_int_equal(arch->pc(&copy), 0x8000);
	assert_int_equal(arch->sp(&copy), 0x9000);
}

static void test_a_system_call_is_made_where_told_and_leaves_nothing(void **state)
{
	sample_threads(check_calls);
}

static void check_rewind(const struct snap_arch *arch, const struct snap_cpu *cpu,
			 const struct snap_thread *thread, struct sample_random *random)
{
	_cleanup_thread_ struct snap_thread copy;
	assert_ok(snap_thread_copy(thread, &copy));
	arch->rewind_syscall(&copy);
	assert_memory_equal(copy.regsets[0].data, thread->regsets[0].data,
			    thread->regsets[0].size);
	assert_int_equal(copy.interrupted_syscall, -1);
}

static void test_a_thread_in_no_system_call_is_not_rewound(void **state)
{
	sample_threads(check_rewind);
}

static void test_a_thread_without_registers_is_refused(void **state)
{
	for_each_arch(row)
	{
		_cleanup_cpu_ struct snap_cpu cpu;
		sample_of(*row)->cpu(0, &cpu);
		const struct snap_thread thread = { .members = SNAP_THREAD_SIGMASK };
		_cleanup_buffer_ struct snap_buffer buffer = { 0 };
		size_t size;
		assert_error((*row)->check_thread(&cpu, &thread), CORRUPT);
		assert_error((*row)->sigframe_size(&cpu, &thread, &size), INVALID);
		assert_error((*row)->sigframe_encode(&cpu, &thread, 0, &buffer),
			     INVALID);
		assert_int_equal((*row)->pc(&thread), 0);
		assert_int_equal((*row)->sp(&thread), 0);
		assert_int_equal(buffer.size, 0);
	}
}

/** Whether code is as long as it says, and no longer. */
static void check_code(const uint8_t *code, size_t size, size_t room)
{
	assert_in_range(size, 1, room - 1);
	assert_int_not_equal(code[size - 1], 0xa5);
	for (size_t i = size; i < room; i++)
		assert_int_equal(code[i], 0xa5);
}

static void test_functions_of_the_kernel_are_led_elsewhere(void **state)
{
	for_each_arch(row)
	{
		const struct snap_vdso_code *vdso = (*row)->vdso;
		uint8_t jump[64], call[64];
		memset(jump, 0xa5, sizeof(jump));
		memset(call, 0xa5, sizeof(call));
		assert_non_null(vdso);
		vdso->encode_jump(jump, UINT64_C(0x7f12345678901234));
		vdso->encode_call(call, -1);
		check_code(jump, vdso->jump_size, sizeof(jump));
		check_code(call, vdso->call_size, sizeof(call));
		for (size_t i = 1; i < vdso->nr_functions; i++)
			assert_true(strcmp(vdso->functions[i - 1].name,
					   vdso->functions[i].name) < 0);
	}
}

static void test_the_host_describes_itself(void **state)
{
	const struct snap_arch *host = snap_arch_host();
	if (!host)
		skip();
	_cleanup_cpu_ struct snap_cpu cpu = { 0 };
	assert_ok(host->probe(&cpu));
	assert_string_equal(snap_cpu_find(&cpu, "arch")->text, host->name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_architecture_is_found_by_name_and_elf_header),
		cmocka_unit_test(
			test_the_general_set_is_first_and_every_set_is_known_by_its_note),
		cmocka_unit_test(
			test_registers_have_one_name_and_lie_inside_of_their_sets),
		cmocka_unit_test(test_system_calls_have_numbers_of_their_own),
		cmocka_unit_test(test_a_thread_of_a_cpu_can_land_on_it),
		cmocka_unit_test(test_a_frame_lands_the_thread_it_was_made_of),
		cmocka_unit_test(test_a_thread_does_not_differ_from_its_copy),
		cmocka_unit_test(
			test_a_system_call_is_made_where_told_and_leaves_nothing),
		cmocka_unit_test(test_a_thread_in_no_system_call_is_not_rewound),
		cmocka_unit_test(test_a_thread_without_registers_is_refused),
		cmocka_unit_test(test_functions_of_the_kernel_are_led_elsewhere),
		cmocka_unit_test(test_the_host_describes_itself),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
