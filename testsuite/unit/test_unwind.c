// SPDX-License-Identifier: GPL-3.0-or-later
#include "testsuite/unit/unit.h"

#include <dlfcn.h>
#include <gelf.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>

#include "arch/arch.h"
#include "testsuite/unit/unwind_scene.h"

static void test_a_backtrace_names_functions_lines_and_files(void **state)
{
	_cleanup_scene_ struct unwind_scene scene;
	unwind_scene_open(&scene, UNWIND_TARGET);

	unwind_scene_walk(&scene);

	assert_target_functions(&scene);
	assert_marked_line(&scene);
	const struct snap_frame *frame =
		unwind_scene_frame(unwind_scene_find(&scene, "waiter"), "second");
	assert_non_null(strstr(frame->module, UNWIND_TARGET));
	assert_in_range(frame->function_offset, 1, 100);
}

static void test_a_backtrace_ends_silently_at_the_start_of_a_thread(void **state)
{
	_cleanup_scene_ struct unwind_scene scene;
	unwind_scene_open(&scene, UNWIND_TARGET);

	unwind_scene_walk(&scene);

	assert_null(unwind_scene_find(&scene, "main")->end_reason);
	assert_null(unwind_scene_find(&scene, "waiter")->end_reason);
	assert_null(unwind_scene_find(&scene, "handler")->end_reason);
	const struct snap_backtrace *deep = unwind_scene_find(&scene, "deep");
	assert_null(deep->end_reason);
	assert_true(deep->nr_frames > 100);
}

static void test_a_very_deep_recursion_is_cut_and_says_so(void **state)
{
	_cleanup_scene_ struct unwind_scene scene;
	unwind_scene_open(&scene, UNWIND_TARGET);

	unwind_scene_walk(&scene);

	const struct snap_backtrace *cut = unwind_scene_find(&scene, "too deep");
	assert_int_equal(cut->nr_frames, SNAP_MAX_FRAMES);
	assert_string_equal(cut->end_reason, "cut after 512 frames");
}

static void assert_same_function(const struct snap_frame *a, const struct snap_frame *b)
{
	assert_string_equal(a->module, b->module);
	// In libc the two may know a function by different names.
	if (strstr(a->module, UNWIND_TARGET))
		assert_string_equal(a->function, b->function);
}

static void test_two_unwinders_agree_on_every_frame_of_every_thread(void **state)
{
	_cleanup_scene_ struct unwind_scene scene;
	unwind_scene_open(&scene, UNWIND_TARGET);
	unwind_scene_walk(&scene);

	for (size_t i = 0; i < scene.snapshot->nr_threads; i++) {
		_cleanup_backtrace_ struct snap_backtrace live = { 0 };
		assert_ok(snap_unwind_live(scene.snapshot->threads[i].tid, &live));

		const struct snap_backtrace *dead = &scene.backtraces[i];
		const struct snap_arch *of = scene.snapshot->arch;
		if (live.nr_frames < dead->nr_frames && of->signature_bits &&
		    of->signature_bits(&scene.snapshot->threads[i])) {
			print_message("libunwind knows no signed return addresses\n");
			skip();
		}
		assert_int_equal(live.nr_frames, dead->nr_frames);
		assert_int_equal(!live.end_reason, !dead->end_reason);
		// The snapshot will make the interrupted system call again; on aarch64
		// the kernel has gone back to it already.
		const struct snap_arch *arch = scene.snapshot->arch;
		assert_int_equal(live.frames[0].pc - dead->frames[0].pc,
				 arch->rewinds_early ? 0 : arch->syscall_insn_size);
		for (size_t j = 1; j < live.nr_frames; j++) {
			assert_true(live.frames[j].pc == dead->frames[j].pc);
			assert_same_function(&live.frames[j], &dead->frames[j]);
		}
	}
}

static void test_libunwind_gives_no_name_rather_than_a_neighbours(void **state)
{
	_cleanup_scene_ struct unwind_scene scene;
	unwind_scene_open(&scene, UNWIND_TARGET);
	const struct snap_thread *thread = unwind_scene_thread(&scene, "waiter");

	_cleanup_backtrace_ struct snap_backtrace live = { 0 };
	assert_ok(snap_unwind_live(thread->tid, &live));

	// start_thread() and clone3() are in no symbol table that libunwind reads; on
	// POWER it is clone() that starts threads.
	assert_true(live.nr_frames >= 2);
	const char *outermost = live.frames[live.nr_frames - 1].function;
	if (scene.snapshot->arch->elf_machine == EM_PPC64)
		assert_string_equal(outermost, "clone");
	else
		assert_null(outermost);
	assert_null(live.frames[live.nr_frames - 2].function);
}

static void test_a_thread_that_is_gone_is_an_error(void **state)
{
	struct snap_backtrace live;
	assert_error(snap_unwind_live(0x7ffffffe, &live), GONE);
}

static void test_a_program_at_a_fixed_address_is_unwound(void **state)
{
	_cleanup_scene_ struct unwind_scene scene;
	unwind_scene_open(&scene, UNWIND_TARGET "_fixed");

	unwind_scene_walk(&scene);

	assert_target_functions(&scene);
	assert_marked_line(&scene);
}

static void test_frame_pointers_do_where_there_is_no_unwind_information(void **state)
{
	_cleanup_scene_ struct unwind_scene scene;
	unwind_scene_open(&scene, UNWIND_TARGET "_frame_pointers");

	unwind_scene_walk(&scene);

	assert_target_functions(&scene);
}

static void test_cxx_names_are_taken_apart_where_cxx_is_loaded(void **state)
{
	if (!dlopen("libstdc++.so.6", RTLD_NOW | RTLD_GLOBAL))
		skip();
	_cleanup_scene_ struct unwind_scene scene;
	unwind_scene_open(&scene, UNWIND_TARGET);

	unwind_scene_walk(&scene);

	const struct snap_backtrace *deep = unwind_scene_find(&scene, "deep");
	assert_non_null(unwind_scene_frame(deep, "snap::recurse(int)"));
}

static void test_a_stack_that_is_not_there_is_named(void **state)
{
	_cleanup_scene_ struct unwind_scene scene;
	unwind_scene_open(&scene, UNWIND_TARGET);
	unwind_scene_set_register(&scene, unwind_scene_thread(&scene, "main"), "rsp",
				  0x1000);

	unwind_scene_walk(&scene);

	const struct snap_backtrace *backtrace = unwind_scene_find(&scene, "main");
	assert_int_equal(backtrace->nr_frames, 1);
	assert_non_null(strstr(backtrace->end_reason, "is not in the snapshot"));
	assert_null(unwind_scene_find(&scene, "waiter")->end_reason);
}

static void test_a_thread_without_registers_has_no_frames(void **state)
{
	_cleanup_scene_ struct unwind_scene scene;
	unwind_scene_open(&scene, UNWIND_TARGET);
	struct snap_thread *thread = unwind_scene_thread(&scene, "waiter");
	assert_ok(snap_thread_set_regset(thread, 0, NULL, 0));

	unwind_scene_walk(&scene);

	const struct snap_backtrace *backtrace = unwind_scene_find(&scene, "waiter");
	assert_int_equal(backtrace->nr_frames, 0);
	assert_string_equal(backtrace->end_reason,
			    "the thread's registers are not in the snapshot");
	assert_non_null(unwind_scene_frame(unwind_scene_find(&scene, "main"), "main"));
}

static Elf *open_own_vdso(void)
{
	char *image = (char *)getauxval(AT_SYSINFO_EHDR);
	const Elf64_Ehdr *header = (const void *)image;
	elf_version(EV_CURRENT);
	return elf_memory(image, header->e_shoff +
					 (size_t)header->e_shnum * header->e_shentsize);
}

/** Where a function of the vdso starts, from its own start on. */
static uint64_t vdso_function(Elf *vdso)
{
	for (Elf_Scn *section = NULL; (section = elf_nextscn(vdso, section));) {
		GElf_Shdr header;
		GElf_Sym symbol;
		gelf_getshdr(section, &header);
		for (int i = 1; header.sh_type == SHT_DYNSYM; i++) {
			assert_non_null(
				gelf_getsym(elf_getdata(section, NULL), i, &symbol));
			if (GELF_ST_TYPE(symbol.st_info) == STT_FUNC)
				return symbol.st_value;
		}
	}
	fail_msg("the vdso has no function");
	return 0;
}

static struct snap_vma *find_vdso_mapping(const struct snap_snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->vmas.nr; i++)
		if (!strcmp(snapshot->vmas.list[i].name, "[vdso]"))
			return &snapshot->vmas.list[i];
	fail_msg("the target has no vdso");
	return NULL;
}

/** Make a thread look as if it had just called a function. */
static void make_call(const struct unwind_scene *scene, struct snap_thread *thread,
		      uint64_t function)
{
	const struct snap_arch *arch = scene->snapshot->arch;
	uint64_t pc = arch->pc(thread), sp = arch->sp(thread) - sizeof(pc), size;
	uint8_t *stack = (uint8_t *)snap_memory_at(&scene->snapshot->memory, sp, &size);
	assert_non_null(stack);
	memcpy(stack, &pc, sizeof(pc));
	unwind_scene_set_register(scene, thread, "rsp", sp);
	unwind_scene_set_register(scene, thread, "rip", function);
	unwind_scene_set_register(scene, thread, "rbp", 0);
}

static void test_the_vdso_is_unwound_when_it_is_this_kernels(void **state)
{
	// A kernel may have been told to give none (vdso=0), and valgrind hides it.
	if (!getauxval(AT_SYSINFO_EHDR))
		skip();
	_cleanup_scene_ struct unwind_scene scene;
	unwind_scene_open(&scene, UNWIND_TARGET);
	Elf *own = open_own_vdso();
	struct snap_vma *vdso = find_vdso_mapping(scene.snapshot);
	make_call(&scene, unwind_scene_thread(&scene, "main"),
		  vdso->start + vdso_function(own));

	// GIVEN a thread in the vdso of this kernel, which is not in the snapshot
	unwind_scene_walk(&scene);
	const struct snap_backtrace *backtrace = unwind_scene_find(&scene, "main");
	assert_non_null(backtrace->frames[0].function);
	assert_null(backtrace->end_reason);
	assert_target_functions(&scene);

	// WHEN the kernel was another
	vdso->build_id[0] ^= 1;
	unwind_scene_walk(&scene);

	// THEN nothing is guessed
	backtrace = unwind_scene_find(&scene, "main");
	assert_int_equal(backtrace->nr_frames, 1);
	assert_string_equal(backtrace->frames[0].module, "[vdso]");
	assert_non_null(strstr(backtrace->end_reason, "is in the vdso"));
	elf_end(own);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_backtrace_names_functions_lines_and_files),
		cmocka_unit_test(
			test_a_backtrace_ends_silently_at_the_start_of_a_thread),
		cmocka_unit_test(test_a_very_deep_recursion_is_cut_and_says_so),
		cmocka_unit_test(
			test_two_unwinders_agree_on_every_frame_of_every_thread),
		cmocka_unit_test(test_libunwind_gives_no_name_rather_than_a_neighbours),
		cmocka_unit_test(test_a_thread_that_is_gone_is_an_error),
		cmocka_unit_test(test_a_program_at_a_fixed_address_is_unwound),
		cmocka_unit_test(
			test_frame_pointers_do_where_there_is_no_unwind_information),
		cmocka_unit_test(test_a_stack_that_is_not_there_is_named),
		cmocka_unit_test(test_a_thread_without_registers_has_no_frames),
		cmocka_unit_test(test_the_vdso_is_unwound_when_it_is_this_kernels),
		// The last: libstdc++ cannot be unloaded.
		cmocka_unit_test(test_cxx_names_are_taken_apart_where_cxx_is_loaded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
