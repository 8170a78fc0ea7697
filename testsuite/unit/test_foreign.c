// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Images of other programs are read as far as their contents go, and whatever they are
 * nothing worse happens than an error. testsuite/unit/criu was made by CRIU 4.1.1 of
 * Debian 13 (criu dump --cpu-cap=all) of a program of two threads: the first had filled
 * zmm17 and ymm3 with ones, on the machine that cpus/kvm-guest.json describes.
 */
#include "arch/x86_64/sample.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/compat/compat.h"
#include "core/compat/cpu_json.h"
#include "core/foreign/core.h"
#include "core/foreign/foreign.h"

/* Files */

static int make_folder(void **state)
{
	// Thousands of small files: a disk would take its time.
	bool has_memory = !access("/dev/shm", W_OK);
	char *folder =
		strdup(has_memory ? "/dev/shm/foreign-XXXXXX" : "/tmp/foreign-XXXXXX");
	*state = folder;
	return folder && mkdtemp(folder) ? 0 : -1;
}

static const char *const parts[] = { "core",        "pstree.img", "core-12.img",
				     "core-13.img", "mm-12.img",  "cpuinfo.img",
				     "files.img" };

static const char *path_of(void **state, const char *name)
{
	static char path[256];
	(void)snprintf(path, sizeof(path), "%s/%s", (char *)*state, name);
	return path;
}

static int remove_folder(void **state)
{
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(parts); i++)
		(void)unlink(path_of(state, parts[i]));
	int status = rmdir(*state);
	free(*state);
	return status;
}

static void load(const char *path, struct snap_buffer *ret)
{
	FILE *file = fopen(path, "re");
	assert_non_null(file);
	uint8_t *place;
	assert_ok(snap_buffer_extend(ret, 1 << 16, &place));
	ret->size = fread(place, 1, 1 << 16, file);
	(void)fclose(file);
}

static void store(const char *path, const void *data, size_t size)
{
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, size, file), size);
	(void)fclose(file);
}

/* CRIU */

static const char *fixture(const char *name)
{
	static char path[4096];
	(void)snprintf(path, sizeof(path), "%s/%s", SNAP_CRIU, name);
	return path;
}

static void copy_fixture(void **state)
{
	for (size_t i = 1; i < SNAP_ARRAY_SIZE(parts); i++) {
		_cleanup_buffer_ struct snap_buffer bytes = { 0 };
		load(fixture(parts[i]), &bytes);
		store(path_of(state, parts[i]), bytes.data, bytes.size);
	}
}

static void assert_register(const struct snap_snapshot *snapshot, size_t thread,
			    const char *name, uint8_t byte)
{
	const struct snap_arch *arch = snapshot->arch;
	uint8_t value[64], wanted[64];
	for (size_t i = 0; i < arch->nr_registers; i++) {
		const struct snap_register_desc *desc = &arch->registers[i];
		if (strcmp(desc->name, name) != 0)
			continue;
		assert_true(snap_arch_read_register(arch, &snapshot->cpu,
						    &snapshot->threads[thread], desc,
						    value));
		memset(wanted, byte, desc->size);
		assert_memory_equal(value, wanted, desc->size);
		return;
	}
	fail_msg("there is no register %s", name);
}

static void test_a_directory_of_criu_is_a_process(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot = NULL;
	assert_ok(snap_foreign_read(SNAP_CRIU, NULL, &snapshot));
	assert_int_equal(snapshot->identity.pid, 12);
	assert_int_equal(snapshot->nr_threads, 2);
	assert_int_equal(snapshot->threads[1].tid, 13);
	assert_string_equal(snapshot->threads[1].comm, "idle");
	assert_int_equal(snapshot->threads[0].altstack.flags, 2);
	assert_int_equal(snapshot->arch->pc(&snapshot->threads[0]), 0x4016b6);
	assert_int_equal(snap_snapshot_auxv(snapshot, AT_PAGESZ, 0), 4096);
	assert_true(snapshot->vmas.nr > 10);
	assert_true(snapshot->nr_omissions > 0);
	assert_register(snapshot, 0, "zmm17", 0xff);
	assert_register(snapshot, 0, "ymm3", 0xff);
	assert_register(snapshot, 1, "ymm3", 0);
}

static void test_a_directory_of_criu_names_its_files(void **state)
{
	// As readelf says of the program.
	static const uint8_t id[20] = { 0x3d, 0x40, 0x2a, 0xb5, 0x9c, 0x88, 0x4e,
					0x54, 0x79, 0xe6, 0x8b, 0x96, 0x65, 0x63,
					0xc6, 0x3e, 0x9e, 0xfe, 0x47, 0xb4 };
	_cleanup_snapshot_ struct snap_snapshot *snapshot = NULL;
	assert_ok(snap_foreign_read(SNAP_CRIU, NULL, &snapshot));
	assert_string_equal(snapshot->identity.exe, "/tmp/criu/program");
	assert_int_equal(snapshot->identity.exe_build_id_size, sizeof(id));
	assert_memory_equal(snapshot->identity.exe_build_id, id, sizeof(id));
	size_t nr = 0;
	for (size_t i = 0; i < snapshot->vmas.nr; i++) {
		const struct snap_vma *vma = &snapshot->vmas.list[i];
		if (!snap_vma_is_file(vma))
			continue;
		nr++;
		assert_string_equal(vma->name, "/tmp/criu/program");
		assert_int_equal(vma->build_id_size, sizeof(id));
		assert_memory_equal(vma->build_id, id, sizeof(id));
	}
	assert_int_equal(nr, 5);
}

static void test_without_a_list_of_files_none_has_a_name(void **state)
{
	copy_fixture(state);
	assert_int_equal(unlink(path_of(state, "files.img")), 0);
	_cleanup_snapshot_ struct snap_snapshot *snapshot = NULL;
	assert_ok(snap_foreign_read(*state, NULL, &snapshot));
	assert_string_equal(snapshot->identity.exe, "");
	assert_string_equal(snapshot->vmas.list[0].name, "");
	assert_non_null(strstr(snapshot->omissions[0], "files.img"));
}

static enum snap_verdict_level check(const struct snap_snapshot *snapshot,
				     const char *machine, enum snap_compat_mode mode)
{
	char path[4096];
	(void)snprintf(path, sizeof(path), "%s/%s.json", SNAP_CPUS, machine);
	_cleanup_cpu_ struct snap_cpu cpu = { 0 };
	_cleanup_verdict_ struct snap_verdict verdict = { 0 };
	assert_ok(snap_cpu_json_read(path, &cpu));
	assert_ok(snap_compat_check_snapshot(snapshot, &cpu, mode, &verdict));
	return verdict.level;
}

static void test_a_directory_of_criu_is_checked_like_an_image(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot = NULL;
	assert_ok(snap_foreign_read(SNAP_CRIU, NULL, &snapshot));
	assert_int_equal(check(snapshot, "kvm-guest", SNAP_MODE_COMPAT),
			 SNAP_RESTORABLE);
	assert_int_equal(check(snapshot, "ice-lake", SNAP_MODE_COMPAT),
			 SNAP_VERDICT_RISKY);
	assert_int_equal(check(snapshot, "ice-lake", SNAP_MODE_STRICT),
			 SNAP_IMPOSSIBLE);
	assert_int_equal(check(snapshot, "zen-3", SNAP_MODE_COMPAT), SNAP_IMPOSSIBLE);
	assert_int_equal(check(snapshot, "zen-3", SNAP_MODE_ANY), SNAP_VERDICT_RISKY);
}

static void test_without_cpuinfo_the_threads_alone_are_checked(void **state)
{
	copy_fixture(state);
	assert_int_equal(unlink(path_of(state, "cpuinfo.img")), 0);
	_cleanup_snapshot_ struct snap_snapshot *snapshot = NULL;
	assert_ok(snap_foreign_read(*state, NULL, &snapshot));
	assert_int_equal(check(snapshot, "kvm-guest", SNAP_MODE_COMPAT),
			 SNAP_VERDICT_RISKY);
	assert_int_equal(check(snapshot, "haswell", SNAP_MODE_COMPAT), SNAP_IMPOSSIBLE);
}

/** Whatever is read, it can be looked at. */
static void look(const char *path)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot = NULL;
	_cleanup_error_ snap_err error = snap_foreign_read(path, NULL, &snapshot);
	if (error) {
		assert_true(strlen(error->message) > 0);
		return;
	}
	_cleanup_cpu_ struct snap_cpu needs = { 0 };
	assert_ok(snap_compat_needs(snapshot, &needs));
	assert_true(snapshot->nr_threads > 0);
}

/** The file as it is, cut anywhere, and with any byte changed, every `step` bytes. */
static void torture(void **state, const char *name, const char *looked_at, size_t step)
{
	_cleanup_buffer_ struct snap_buffer bytes = { 0 };
	load(path_of(state, name), &bytes);
	for (size_t at = 0; at < bytes.size; at += step) {
		store(path_of(state, name), bytes.data, at);
		look(looked_at);
		uint8_t before = bytes.data[at];
		bytes.data[at] = (uint8_t)~before;
		store(path_of(state, name), bytes.data, bytes.size);
		look(looked_at);
		bytes.data[at] = before;
	}
	store(path_of(state, name), bytes.data, bytes.size);
}

static void test_damaged_images_of_criu_are_errors_or_processes(void **state)
{
	copy_fixture(state);
	for (size_t i = 1; i < SNAP_ARRAY_SIZE(parts); i++)
		torture(state, parts[i], *state, 7);
}

static void test_an_image_of_criu_that_is_missing_is_named(void **state)
{
	copy_fixture(state);
	assert_int_equal(unlink(path_of(state, "core-13.img")), 0);
	struct snap_snapshot *snapshot;
	_cleanup_error_ snap_err error = snap_foreign_read(*state, NULL, &snapshot);
	assert_non_null(error);
	assert_non_null(strstr(error->message, "/core-13.img: "));
}

/* Core files */

struct maker {
	struct snap_buffer notes;
	const struct snap_cpu *cpu;
};

static void put_note(struct maker *maker, const char *owner, uint32_t type,
		     const void *data, size_t size)
{
	struct snap_buffer *notes = &maker->notes;
	assert_ok(snap_buffer_append_uint(notes, strlen(owner) + 1, 4));
	assert_ok(snap_buffer_append_uint(notes, size, 4));
	assert_ok(snap_buffer_append_uint(notes, type, 4));
	assert_ok(snap_buffer_append(notes, owner, strlen(owner) + 1));
	assert_ok(snap_buffer_align(notes, 4));
	assert_ok(snap_buffer_append(notes, data, size));
	assert_ok(snap_buffer_align(notes, 4));
}

static void put_thread(struct maker *maker, int tid, const struct snap_thread *thread)
{
	uint8_t prstatus[336] = { 0 };
	snap_x86_64_store(prstatus + 32, (uint64_t)tid, 4);
	memcpy(prstatus + 112, thread->regsets[0].data, X86_GENERAL_SIZE);
	put_note(maker, "CORE", NT_PRSTATUS, prstatus, sizeof(prstatus));
	const struct snap_regset *xstate = &thread->regsets[SNAP_X86_64_XSTATE];
	put_note(maker, "LINUX", NT_X86_XSTATE, xstate->data, xstate->size);
}

static void put_layout(struct maker *maker)
{
	_cleanup_buffer_ struct snap_buffer layout = { 0 };
	for (unsigned i = 2; i < X86_NR_COMPONENTS; i++) {
		size_t offset, size;
		if (!snap_x86_64_component(maker->cpu, i, &offset, &size))
			continue;
		assert_ok(snap_buffer_append_uint(&layout, i, 4));
		assert_ok(snap_buffer_append_uint(&layout, size, 4));
		assert_ok(snap_buffer_append_uint(&layout, offset, 4));
		assert_ok(snap_buffer_append_uint(&layout, 0, 4));
	}
	put_note(maker, "LINUX", 0x205, layout.data, layout.size);
}

/** A core file of one thread and one page, as the kernel writes them. */
static void make_core(void **state, const char *cpu_name, bool has_layout)
{
	_cleanup_cpu_ struct snap_cpu cpu;
	_cleanup_thread_ struct snap_thread thread;
	sample_x86_64_cpu(cpu_name, &cpu);
	sample_x86_64_busy_thread(&cpu, &thread);
	struct maker maker = { .cpu = &cpu };
	put_thread(&maker, 4711, &thread);
	const uint64_t auxv[] = { AT_PAGESZ, 4096, AT_SYSINFO_EHDR, 0x7000, 0, 0 };
	put_note(&maker, "CORE", NT_AUXV, auxv, sizeof(auxv));

	struct {
		uint64_t count, page, start, end, offset;
		char name[8];
	} files = { 1, 4096, 0x1000, 0x2000, 3, "/bin/x" };

	put_note(&maker, "CORE", NT_FILE, &files, sizeof(files) - 1);
	if (has_layout)
		put_layout(&maker);

	Elf64_Phdr segments[] = {
		{ .p_type = PT_NOTE, .p_filesz = maker.notes.size },
		{ .p_type = PT_LOAD,
		  .p_flags = PF_R | PF_W,
		  .p_vaddr = 0x1000,
		  .p_memsz = 4096,
		  .p_filesz = 4096 },
		{ .p_type = PT_LOAD,
		  .p_flags = PF_R,
		  .p_vaddr = 0x7000,
		  .p_memsz = 4096 },
	};
	Elf64_Ehdr header = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
			     ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_CORE,
		.e_machine = EM_X86_64,
		.e_phoff = sizeof(header),
		.e_phentsize = sizeof(segments[0]),
		.e_phnum = SNAP_ARRAY_SIZE(segments),
	};
	segments[0].p_offset = sizeof(header) + sizeof(segments);
	segments[1].p_offset = segments[0].p_offset + maker.notes.size;
	segments[2].p_offset = segments[1].p_offset + 4096;
	uint8_t page[4096];
	memset(page, 0x5a, sizeof(page));
	_cleanup_buffer_ struct snap_buffer core = { 0 };
	assert_ok(snap_buffer_append(&core, &header, sizeof(header)));
	assert_ok(snap_buffer_append(&core, segments, sizeof(segments)));
	assert_ok(snap_buffer_append(&core, maker.notes.data, maker.notes.size));
	assert_ok(snap_buffer_append(&core, page, sizeof(page)));
	store(path_of(state, "core"), core.data, core.size);
	snap_buffer_deinit(&maker.notes);
}

static void test_a_core_file_is_a_process(void **state)
{
	make_core(state, "AVX-512", true);
	_cleanup_snapshot_ struct snap_snapshot *snapshot = NULL;
	assert_ok(snap_foreign_read(path_of(state, "core"), NULL, &snapshot));
	assert_int_equal(snapshot->nr_threads, 1);
	assert_int_equal(snapshot->current_tid, 4711);
	assert_int_equal(snapshot->vmas.nr, 2);
	assert_string_equal(snapshot->vmas.list[0].name, "/bin/x");
	assert_int_equal(snapshot->vmas.list[0].offset, 3 * 4096);
	assert_string_equal(snapshot->vmas.list[1].name, "[vdso]");
	uint64_t room;
	const uint8_t *held = snap_memory_at(&snapshot->memory, 0x1000, &room);
	assert_non_null(held);
	assert_int_equal(room, 4096);
	assert_int_equal(held[4095], 0x5a);
}

static void test_the_layout_of_a_core_file_is_told_or_guessed(void **state)
{
	static const char *const names[] = { "AVX2", "AVX-512", "Zen 4", "AMX" };
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(names); i++)
		for (int has_layout = 0; has_layout < 2; has_layout++) {
			_cleanup_cpu_ struct snap_cpu cpu;
			_cleanup_thread_ struct snap_thread thread;
			sample_x86_64_cpu(names[i], &cpu);
			sample_x86_64_busy_thread(&cpu, &thread);
			make_core(state, names[i], has_layout);
			_cleanup_snapshot_ struct snap_snapshot *snapshot = NULL;
			assert_ok(snap_foreign_read(path_of(state, "core"), NULL,
						    &snapshot));
			assert_true(snap_x86_64_is_same_layout(&cpu, &snapshot->cpu));
			struct sample_differences found = { .nr = 0 };
			snapshot->arch->compare(&snapshot->cpu, &snapshot->threads[0],
						&thread, sample_collect, &found);
			assert_string_equal(found.names, "");
		}
}

static void test_a_core_file_says_what_is_in_use_and_no_more(void **state)
{
	make_core(state, "AVX-512", false);
	_cleanup_snapshot_ struct snap_snapshot *snapshot = NULL;
	assert_ok(snap_foreign_read(path_of(state, "core"), NULL, &snapshot));
	assert_int_equal(check(snapshot, "ice-lake", SNAP_MODE_COMPAT),
			 SNAP_VERDICT_RISKY);
	assert_int_equal(check(snapshot, "haswell", SNAP_MODE_COMPAT), SNAP_IMPOSSIBLE);
}

static void test_damaged_core_files_are_errors_or_processes(void **state)
{
	make_core(state, "AVX2", true);
	torture(state, "core", path_of(state, "core"), 3);
}

static void test_what_is_no_image_is_named(void **state)
{
	static const char *const contents[] = { "", "{}", "\177ELF" };
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(contents); i++) {
		struct snap_snapshot *snapshot;
		store(path_of(state, "core"), contents[i], strlen(contents[i]));
		_cleanup_error_ snap_err error =
			snap_foreign_read(path_of(state, "core"), NULL, &snapshot);
		assert_non_null(error);
		assert_non_null(strstr(error->message, path_of(state, "core")));
	}
}

#define IN_FOLDER(test) \
	cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_directory_of_criu_is_a_process),
		cmocka_unit_test(test_a_directory_of_criu_names_its_files),
		IN_FOLDER(test_without_a_list_of_files_none_has_a_name),
		cmocka_unit_test(test_a_directory_of_criu_is_checked_like_an_image),
		IN_FOLDER(test_without_cpuinfo_the_threads_alone_are_checked),
		IN_FOLDER(test_damaged_images_of_criu_are_errors_or_processes),
		IN_FOLDER(test_an_image_of_criu_that_is_missing_is_named),
		IN_FOLDER(test_a_core_file_is_a_process),
		IN_FOLDER(test_the_layout_of_a_core_file_is_told_or_guessed),
		IN_FOLDER(test_a_core_file_says_what_is_in_use_and_no_more),
		IN_FOLDER(test_damaged_core_files_are_errors_or_processes),
		IN_FOLDER(test_what_is_no_image_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
