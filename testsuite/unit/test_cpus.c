/*
 * Real CPUs, described in testsuite/unit/cpus: for each pair of them what is said of an
 * image that goes from the one to the other. cpus/verdicts.txt has it all, to be read
 * by people; with --print this program writes what it should be.
 */
#include "arch/x86_64/sample.h"

#include <stdio.h>
#include <string.h>

#include "core/compat/compat.h"
#include "core/compat/cpu_json.h"

/** In the order of their age, Intel's first. */
static const char *const names[] = {
	"nehalem",         "sandy-bridge", "haswell",
	"skylake-x",       "ice-lake",     "sapphire-rapids-no-amx",
	"sapphire-rapids", "kvm-guest",    "zen-2",
	"zen-3",           "zen-4",        "zen-5",
};

#define NR_CPUS SNAP_ARRAY_SIZE(names)

/** What the program of an image is doing. */
enum program {
	/** It has x87 and SSE in use, and PKRU as the kernel gives it. */
	BEGUN,
	/** It has all registers in use that there are. */
	BUSY,
	NR_PROGRAMS,
};

static const char *const program_names[] = {
	[BEGUN] = "a program that has only begun",
	[BUSY] = "a program that has all registers in use",
};

struct scene {
	struct snap_cpu cpus[NR_CPUS];
	struct snap_cpu needs[NR_CPUS][NR_PROGRAMS];
};

static void begin(const struct snap_cpu *cpu, struct snap_thread *thread)
{
	uint64_t pkru = UINT64_C(1) << X86_COMPONENT_PKRU;
	size_t offset, size;
	sample_x86_64_set_in_use(thread, 3 | (snap_x86_64_cpu_mask(cpu) & pkru));
	if (snap_x86_64_component(cpu, X86_COMPONENT_PKRU, &offset, &size))
		snap_x86_64_store(thread->regsets[SNAP_X86_64_XSTATE].data + offset,
				  X86_PKRU_LINUX, 4);
}

static void make_needs(const struct snap_cpu *cpu, enum program program,
		       struct snap_cpu *ret)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot = NULL;
	assert_ok(snap_snapshot_create(&snapshot));
	snapshot->arch = snap_arch_by_name("x86_64");
	assert_ok(snap_cpu_copy(cpu, &snapshot->cpu));
	snapshot->threads = calloc(1, sizeof(*snapshot->threads));
	struct snap_thread *thread = snapshot->threads;
	snapshot->nr_threads = 1;
	sample_x86_64_busy_thread(cpu, thread);
	// Only what the CPU's own mask allows: this is not about MXCSR.
	for (int set = SNAP_X86_64_XSTATE; set <= SNAP_X86_64_FP; set++)
		if (thread->regsets[set].size)
			snap_x86_64_store(thread->regsets[set].data + X86_MXCSR,
					  X86_MXCSR_INIT, 4);
	if (program == BEGUN && thread->regsets[SNAP_X86_64_XSTATE].size)
		begin(cpu, thread);
	assert_ok(snap_compat_needs(snapshot, ret));
}

static void make_scene(struct scene *ret)
{
	for (size_t i = 0; i < NR_CPUS; i++) {
		char path[4096];
		(void)snprintf(path, sizeof(path), "%s/%s.json", SNAP_CPUS, names[i]);
		ret->cpus[i] = (struct snap_cpu){ 0 };
		assert_ok(snap_cpu_json_read(path, &ret->cpus[i]));
		for (int program = 0; program < NR_PROGRAMS; program++)
			make_needs(&ret->cpus[i], (enum program)program,
				   &ret->needs[i][program]);
	}
}

static void drop_scene(struct scene *scene)
{
	for (size_t i = 0; i < NR_CPUS; i++) {
		snap_cpu_deinit(&scene->cpus[i]);
		for (int program = 0; program < NR_PROGRAMS; program++)
			snap_cpu_deinit(&scene->needs[i][program]);
	}
}

static void check(const struct scene *scene, size_t image, enum program program,
		  size_t machine, enum snap_compat_mode mode, struct snap_verdict *ret)
{
	assert_ok(snap_compat_check(&scene->needs[image][program],
				    &scene->cpus[machine], mode, ret));
}

static enum snap_verdict_level level(const struct scene *scene, size_t image,
				     enum program program, size_t machine,
				     enum snap_compat_mode mode)
{
	_cleanup_verdict_ struct snap_verdict verdict = { 0 };
	check(scene, image, program, machine, mode, &verdict);
	return verdict.level;
}

/** A row for each image, a column for each machine. */
static void put_matrix(FILE *file, const struct scene *scene, enum program program,
		       enum snap_compat_mode mode)
{
	(void)fprintf(file, "\n%s, mode %s\n\n%-22s ", program_names[program],
		      snap_mode_name(mode), "");
	for (size_t machine = 0; machine < NR_CPUS; machine++)
		(void)fprintf(file, " %c", 'a' + (int)machine);
	(void)fputc('\n', file);
	for (size_t image = 0; image < NR_CPUS; image++) {
		(void)fprintf(file, "%-22s ", names[image]);
		for (size_t machine = 0; machine < NR_CPUS; machine++)
			(void)fprintf(file, " %c",
				      "=.rX"[level(scene, image, program, machine,
						   mode)]);
		(void)fputc('\n', file);
	}
}

static void put_reasons(FILE *file, const struct scene *scene, size_t image,
			size_t machine)
{
	_cleanup_verdict_ struct snap_verdict verdict = { 0 };
	check(scene, image, BUSY, machine, SNAP_MODE_COMPAT, &verdict);
	(void)fprintf(file, "\n%s to %s: %s\n", names[image], names[machine],
		      snap_verdict_name(verdict.level));
	for (size_t i = 0; i < verdict.nr_findings; i++)
		(void)fprintf(file, "  %-5s %s\n",
			      snap_severity_name(verdict.findings[i].severity),
			      verdict.findings[i].sentence);
}

/** All that cpus/verdicts.txt has. Owned by the caller. */
static char *describe_verdicts(const struct scene *scene)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);
	assert_non_null(file);
	(void)fputs("Images of one machine (rows) on another (columns):\n"
		    "= identical, . restorable, r risky, X impossible.\n\n",
		    file);
	for (size_t i = 0; i < NR_CPUS; i++)
		(void)fprintf(file, "%c  %s\n", 'a' + (int)i, names[i]);
	for (int program = 0; program < NR_PROGRAMS; program++)
		for (int mode = 0; mode < SNAP_NR_MODES; mode++)
			put_matrix(file, scene, (enum program)program,
				   (enum snap_compat_mode)mode);
	(void)fprintf(file, "\nThe reasons: %s, mode compat\n", program_names[BUSY]);
	for (size_t image = 0; image < NR_CPUS; image++)
		for (size_t machine = 0; machine < NR_CPUS; machine++)
			if (image != machine)
				put_reasons(file, scene, image, machine);
	assert_int_equal(fclose(file), 0);
	return text;
}

static void test_every_verdict_is_the_one_that_is_written_down(void **state)
{
	struct scene scene;
	make_scene(&scene);
	_cleanup_free_ char *text = describe_verdicts(&scene);
	FILE *file = fopen(SNAP_CPUS "/verdicts.txt", "re");
	assert_non_null(file);
	char *wanted = NULL, *next = text;
	size_t room = 0;
	int nr = 1;
	for (; getline(&wanted, &room, file) > 0; nr++) {
		wanted[strcspn(wanted, "\n")] = '\0';
		char *line = strsep(&next, "\n");
		if (!line || strcmp(line, wanted) != 0)
			fail_msg("verdicts.txt, line %d: \"%s\" instead of \"%s\"", nr,
				 line ? line : "", wanted);
	}
	free(wanted);
	(void)fclose(file);
	assert_true(next && !*next);
	drop_scene(&scene);
}

static void test_a_stricter_mode_never_says_better(void **state)
{
	struct scene scene;
	make_scene(&scene);
	for (size_t image = 0; image < NR_CPUS; image++)
		for (size_t machine = 0; machine < NR_CPUS; machine++)
			for (int program = 0; program < NR_PROGRAMS; program++)
				for (int mode = 1; mode < SNAP_NR_MODES; mode++)
					assert_true(
						level(&scene, image,
						      (enum program)program, machine,
						      (enum snap_compat_mode)mode) <=
						level(&scene, image,
						      (enum program)program, machine,
						      (enum snap_compat_mode)(mode -
									      1)));
	drop_scene(&scene);
}

static void test_a_program_that_does_more_never_fits_better(void **state)
{
	struct scene scene;
	make_scene(&scene);
	for (size_t image = 0; image < NR_CPUS; image++)
		for (size_t machine = 0; machine < NR_CPUS; machine++)
			for (int mode = 0; mode < SNAP_NR_MODES; mode++)
				assert_true(level(&scene, image, BEGUN, machine,
						  (enum snap_compat_mode)mode) <=
					    level(&scene, image, BUSY, machine,
						  (enum snap_compat_mode)mode));
	drop_scene(&scene);
}

static void test_what_all_have_in_common_fits_all(void **state)
{
	struct scene scene;
	make_scene(&scene);
	_cleanup_cpu_ struct snap_cpu common = { 0 };
	assert_ok(snap_compat_common(scene.cpus, NR_CPUS, &common));
	assert_int_equal(snap_cpu_get(&common, "sse4_2", 0), 1);
	assert_int_equal(snap_cpu_get(&common, "avx", 0), 0);
	for (size_t i = 0; i < NR_CPUS; i++) {
		_cleanup_verdict_ struct snap_verdict verdict = { 0 };
		assert_ok(snap_compat_check(&common, &scene.cpus[i], SNAP_MODE_STRICT,
					    &verdict));
		assert_int_equal(verdict.level, SNAP_IDENTICAL);
	}
	drop_scene(&scene);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "--print")) {
		struct scene scene;
		make_scene(&scene);
		_cleanup_free_ char *text = describe_verdicts(&scene);
		(void)fputs(text, stdout);
		drop_scene(&scene);
		return 0;
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_verdict_is_the_one_that_is_written_down),
		cmocka_unit_test(test_a_stricter_mode_never_says_better),
		cmocka_unit_test(test_a_program_that_does_more_never_fits_better),
		cmocka_unit_test(test_what_all_have_in_common_fits_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
