// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Core files as the kernel and gcore write them, on every CPU: testsuite/cores has one
 * program at one stop as both kept it (testsuite/cores/make). Its registers there are
 * compared by testsuite/cli.
 */
#include "testsuite/unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "arch/arch.h"
#include "core/compat/compat.h"
#include "core/compat/cpu_json.h"
#include "core/foreign/adopt.h"
#include "core/foreign/foreign.h"
#include "core/image/image.h"

/**
 * What core files tell of a machine depends on the CPU: on POWER and Arm the auxiliary
 * vector has all features, on x86-64 a part of them.
 */
static const struct scene {
	const char *arch;
	/** A feature that the program was offered; NULL: core files do not tell. */
	const char *feature;
	/** A machine that is at least as good, and one that is not. */
	const char *good, *poor;
	/** What is said of these, in the mode compat. */
	enum snap_verdict_level on_good, on_poor;
} scenes[] = {
	{ "aarch64", "svebitperm", "../../images/aarch64/machine", "neoverse-v2",
	  SNAP_IDENTICAL, SNAP_IMPOSSIBLE },
	{ "ppc64le", "arch_3_00", "../../images/ppc64le/machine", "power8",
	  SNAP_IDENTICAL, SNAP_VERDICT_RISKY },
	{ "x86_64", NULL, "sapphire-rapids", "nehalem", SNAP_VERDICT_RISKY,
	  SNAP_IMPOSSIBLE },
};

static const char *const writers[] = { "kernel", "gcore" };

static struct snap_snapshot *read_core(const struct scene *scene, const char *writer)
{
	char path[4096];
	struct snap_snapshot *snapshot;
	(void)snprintf(path, sizeof(path), SNAP_CORES "/%s/%s", scene->arch, writer);
	assert_ok(snap_foreign_read(path, NULL, &snapshot));
	return snapshot;
}

static enum snap_verdict_level check(const struct snap_snapshot *snapshot,
				     const char *machine)
{
	char path[4096];
	_cleanup_cpu_ struct snap_cpu cpu = { 0 };
	_cleanup_verdict_ struct snap_verdict verdict = { 0 };
	(void)snprintf(path, sizeof(path), SNAP_CPUS "/%s.json", machine);
	assert_ok(snap_cpu_json_read(path, &cpu));
	assert_ok(
		snap_compat_check_snapshot(snapshot, &cpu, SNAP_MODE_COMPAT, &verdict));
	return verdict.level;
}

static void check_process(const struct scene *scene,
			  const struct snap_snapshot *snapshot)
{
	const struct snap_identity *identity = &snapshot->identity;
	const struct snap_thread *thread = &snapshot->threads[0];
	assert_string_equal(snapshot->arch->name, scene->arch);
	assert_int_equal(snapshot->nr_threads, 1);
	assert_int_equal(thread->tid, identity->pid);
	assert_non_null(strstr(identity->exe, "/tiny"));
	const struct snap_vma *vma = snap_vmas_find_from(&snapshot->vmas, 0);
	assert_non_null(vma);
	assert_string_equal(vma->name, identity->exe);
}

static void test_the_kernel_and_gcore_tell_of_one_process(void **state)
{
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(scenes); i++) {
		const struct scene *scene = &scenes[i];
		_cleanup_snapshot_ struct snap_snapshot *kernels =
			read_core(scene, "kernel");
		_cleanup_snapshot_ struct snap_snapshot *gcores =
			read_core(scene, "gcore");
		check_process(scene, kernels);
		check_process(scene, gcores);
		assert_int_equal(kernels->identity.pid, gcores->identity.pid);
		assert_int_equal(kernels->page_size, gcores->page_size);
		assert_int_equal(kernels->arch->pc(&kernels->threads[0]),
				 gcores->arch->pc(&gcores->threads[0]));
	}
}

static void test_files_have_their_build_ids(void **state)
{
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(scenes); i++) {
		_cleanup_snapshot_ struct snap_snapshot *kernels =
			read_core(&scenes[i], "kernel");
		_cleanup_snapshot_ struct snap_snapshot *gcores =
			read_core(&scenes[i], "gcore");
		const struct snap_identity *identity = &kernels->identity;
		// A SHA-1, and the same for the executable and for all of its mappings.
		assert_int_equal(identity->exe_build_id_size, 20);
		assert_int_equal(gcores->identity.exe_build_id_size, 20);
		assert_memory_equal(identity->exe_build_id,
				    gcores->identity.exe_build_id, 20);
		for (size_t at = 0; at < kernels->vmas.nr; at++) {
			const struct snap_vma *vma = &kernels->vmas.list[at];
			if (strcmp(vma->name, identity->exe) != 0)
				continue;
			assert_int_equal(vma->build_id_size, 20);
			assert_memory_equal(vma->build_id, identity->exe_build_id, 20);
		}
	}
}

static void test_what_the_program_was_offered_is_known_or_is_a_risk(void **state)
{
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(scenes); i++)
		for (size_t j = 0; j < SNAP_ARRAY_SIZE(writers); j++) {
			const struct scene *scene = &scenes[i];
			_cleanup_snapshot_ struct snap_snapshot *snapshot =
				read_core(scene, writers[j]);
			_cleanup_cpu_ struct snap_cpu needs = { 0 };
			assert_ok(snap_compat_needs(snapshot, &needs));
			assert_int_equal(snap_cpu_get(&needs, "use.unknown-offers", 0),
					 !scene->feature);
			if (scene->feature)
				assert_int_equal(snap_cpu_get(&needs, scene->feature,
							      0),
						 1);
			assert_int_equal(check(snapshot, scene->good), scene->on_good);
			assert_int_equal(check(snapshot, scene->poor), scene->on_poor);
		}
}

static bool is_told(const struct snap_notes *notes, const char *beginning)
{
	for (size_t i = 0; i < notes->nr; i++)
		if (!strncmp(notes->list[i], beginning, strlen(beginning)))
			return true;
	return false;
}

static void test_what_life_takes_and_a_core_file_lacks_is_assumed(void **state)
{
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(scenes); i++)
		for (size_t j = 0; j < SNAP_ARRAY_SIZE(writers); j++) {
			// GIVEN the core file of a program
			_cleanup_snapshot_ struct snap_snapshot *snapshot =
				read_core(&scenes[i], writers[j]);

			// WHEN it is to be brought to life
			_cleanup_notes_ struct snap_notes assumptions = { 0 };
			assert_ok(snap_foreign_adopt(snapshot, &assumptions));

			// THEN it is told what was assumed of it
			assert_true(is_told(&assumptions, "Assumed of threads: "));
			assert_true(is_told(&assumptions, "Assumed of memory: "));
			assert_true(is_told(&assumptions, "Assumed of the process: "));

			// THEN all that is mapped is private
			for (size_t at = 0; at < snapshot->vmas.nr; at++)
				assert_false(snapshot->vmas.list[at].prot &
					     SNAP_VMA_SHARED);
		}
}

static void test_without_its_main_thread_it_is_refused(void **state)
{
	// GIVEN the core file of a process whose main thread is another one
	_cleanup_snapshot_ struct snap_snapshot *snapshot =
		read_core(&scenes[0], "kernel");
	snapshot->identity.pid++;

	// WHEN it is to be brought to life
	_cleanup_notes_ struct snap_notes assumptions = { 0 };
	_cleanup_error_ snap_err error = snap_foreign_adopt(snapshot, &assumptions);

	// THEN it is not
	assert_non_null(error);
	assert_int_equal(error->kind, SNAP_ERROR_REFUSED);
}

static void count_difference(void *context, const struct snap_difference *difference)
{
	(void)difference;
	++*(size_t *)context;
}

/** What an image says of a process, against what its other notes alone say. */
static void check_image(const struct snap_snapshot *image,
			const struct snap_snapshot *core)
{
	const struct snap_arch *arch = image->arch;
	assert_ptr_equal(core->arch, arch);
	assert_int_equal(core->nr_threads, image->nr_threads);
	size_t nr = 0;
	for (size_t i = 0; i < image->nr_threads; i++)
		arch->compare(&image->cpu, &image->threads[i], &core->threads[i],
			      count_difference, &nr);
	assert_int_equal(nr, 0);
	bool is_told = strcmp(arch->name, "x86_64") != 0;
	for (size_t i = 0; i < arch->nr_features; i++) {
		const char *name = arch->features[i].name;
		assert_int_equal(snap_cpu_get(&core->cpu, name, 0),
				 is_told ? snap_cpu_get(&image->cpu, name, 0) : 0);
	}
	static const char *const items[] = { "cache-block", "pac.mask" };
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(items); i++)
		assert_int_equal(snap_cpu_get(&core->cpu, items[i], 0),
				 snap_cpu_get(&image->cpu, items[i], 0));
	assert_string_equal(core->identity.exe, image->identity.exe);
	assert_int_equal(core->identity.exe_build_id_size,
			 image->identity.exe_build_id_size);
	assert_memory_equal(core->identity.exe_build_id, image->identity.exe_build_id,
			    image->identity.exe_build_id_size);
}

static void test_an_image_is_a_core_file_that_says_the_same(void **state)
{
	static const char *const names[] = { "aarch64", "ppc64le", "x86_64" };
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(names); i++) {
		// GIVEN an image, which is a core file with notes of ours
		char path[4096];
		_cleanup_snapshot_ struct snap_snapshot *image = NULL, *core = NULL;
		(void)snprintf(path, sizeof(path), SNAP_CORES "/../images/%s/one.core",
			       names[i]);
		assert_ok(snap_image_read(path, NULL, &image));

		// WHEN it is read as that of a program that knows none of these
		assert_ok(snap_foreign_read_core(path, NULL, &core));

		// THEN registers, offers and the executable are the same
		check_image(image, core);
	}
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
}

static void store(const char *path, const uint8_t *data, size_t size)
{
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, size, file), size);
	(void)fclose(file);
}

static size_t load(const char *path, uint8_t *ret, size_t room)
{
	FILE *file = fopen(path, "re");
	assert_non_null(file);
	size_t size = fread(ret, 1, room, file);
	(void)fclose(file);
	return size;
}

/** Headers, notes, and the first ELF header in memory, which lies on a page's edge. */
#define TORTURED (65 << 10)

/** Bytes that count are changed, one at a time. */
static void torture(const struct scene *scene, const char *to)
{
	static uint8_t bytes[1 << 20];
	char path[4096];
	(void)snprintf(path, sizeof(path), SNAP_CORES "/%s/kernel", scene->arch);
	size_t size = load(path, bytes, sizeof(bytes));
	for (size_t at = 0; at < size && at < TORTURED; at += 7) {
		if (!bytes[at])
			continue;
		uint8_t before = bytes[at];
		bytes[at] = (uint8_t)~before;
		store(to, bytes, size);
		look(to);
		bytes[at] = before;
	}
}

static void test_damage_is_an_error_or_a_process(void **state)
{
	bool has_memory = !access("/dev/shm", W_OK);
	char path[] = "/dev/shm/core-XXXXXX", other[] = "/tmp/core-XXXXXX";
	char *place = has_memory ? path : other;
	int fd = mkstemp(place);
	assert_true(fd >= 0);
	(void)close(fd);
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(scenes); i++)
		torture(&scenes[i], place);
	assert_int_equal(unlink(place), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_kernel_and_gcore_tell_of_one_process),
		cmocka_unit_test(test_files_have_their_build_ids),
		cmocka_unit_test(test_an_image_is_a_core_file_that_says_the_same),
		cmocka_unit_test(
			test_what_the_program_was_offered_is_known_or_is_a_risk),
		cmocka_unit_test(test_what_life_takes_and_a_core_file_lacks_is_assumed),
		cmocka_unit_test(test_without_its_main_thread_it_is_refused),
		cmocka_unit_test(test_damage_is_an_error_or_a_process),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
