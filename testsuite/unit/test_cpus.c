// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Real CPUs, described in testsuite/unit/cpus: for each pair of them what is said of an
 * image that goes from the one to the other. cpus/verdicts.txt has it all, to be read
 * by people; with --print this program writes what it should be.
 */
#include "arch/aarch64/sample.h"
#include "arch/ppc64le/sample.h"
#include "arch/x86_64/sample.h"

#include <stdio.h>
#include <string.h>

#include "core/compat/compat.h"
#include "core/compat/cpu_json.h"

/** What the program of an image is doing. */
enum program {
	/** It has in use what every program has. */
	BEGUN,
	/** It has all registers in use that there are. */
	BUSY,
	NR_PROGRAMS,
};

static const char *const program_names[] = {
	[BEGUN] = "a program that has only begun",
	[BUSY] = "a program that has all registers in use",
};

#define MAX_CPUS 12

/** The CPUs of an architecture: an image never goes to another one. */
struct family {
	const char *arch;
	/** In the order of their age, one maker's after the other's. */
	const char *names[MAX_CPUS];
	void (*make_thread)(const struct snap_cpu *cpu, enum program program,
			    struct snap_thread *ret);
	/** One that all have, and one that not all have. */
	const char *common;
	const char *special;
};

struct scene {
	const struct family *family;
	size_t nr;
	struct snap_cpu cpus[MAX_CPUS];
	struct snap_cpu needs[MAX_CPUS][NR_PROGRAMS];
};

/** x87 and SSE, and PKRU as the kernel gives it. */
static void begin_x86_64(const struct snap_cpu *cpu, struct snap_thread *thread)
{
	uint64_t pkru = UINT64_C(1) << X86_COMPONENT_PKRU;
	size_t offset, size;
	sample_x86_64_set_in_use(thread, 3 | (snap_x86_64_cpu_mask(cpu) & pkru));
	if (snap_x86_64_component(cpu, X86_COMPONENT_PKRU, &offset, &size))
		snap_x86_64_store(thread->regsets[SNAP_X86_64_XSTATE].data + offset,
				  X86_PKRU_LINUX, 4);
}

static void make_x86_64(const struct snap_cpu *cpu, enum program program,
			struct snap_thread *thread)
{
	sample_x86_64_busy_thread(cpu, thread);
	// Only what the CPU's own mask allows: this is not about MXCSR.
	for (int set = SNAP_X86_64_XSTATE; set <= SNAP_X86_64_FP; set++)
		if (thread->regsets[set].size)
			snap_x86_64_store(thread->regsets[set].data + X86_MXCSR,
					  X86_MXCSR_INIT, 4);
	if (program == BEGUN && thread->regsets[SNAP_X86_64_XSTATE].size)
		begin_x86_64(cpu, thread);
}

/** Inside of a transaction, where there are any. */
static void make_ppc64le(const struct snap_cpu *cpu, enum program program,
			 struct snap_thread *thread)
{
	if (program == BUSY && snap_cpu_get(cpu, "htm", 0))
		sample_ppc64le_transaction(1, cpu, PPC_MSR_SUSPENDED, thread);
	else
		sample_ppc64le_thread(1, cpu, thread);
}

/** With vectors as long as they can be, and signed pointers where there are any. */
static void make_aarch64(const struct snap_cpu *cpu, enum program program,
			 struct snap_thread *thread)
{
	struct sample_random random = { 1 };
	bool has_sve = snap_cpu_get(cpu, "sve", 0);
	sample_aarch64_thread(&random, cpu,
			      program == BUSY && has_sve ? SAMPLE_SVE : SAMPLE_V,
			      thread);
	// The kernel has the set where it has given the program keys.
	uint8_t masks[16] = { 0 };
	if (snap_cpu_get(cpu, "paca", 0))
		assert_ok(snap_thread_set_regset(thread, SNAP_AARCH64_PAC_MASK, masks,
						 sizeof(masks)));
}

static const struct family families[] = {
	{ .arch = "aarch64",
	  .names = { "neoverse-n1", "neoverse-v1", "neoverse-v2", "a64fx" },
	  .make_thread = make_aarch64,
	  .common = "atomics",
	  .special = "sve" },
	{ .arch = "x86_64",
	  .names = { "nehalem", "sandy-bridge", "haswell", "skylake-x", "ice-lake",
		     "sapphire-rapids-no-amx", "sapphire-rapids", "kvm-guest", "zen-2",
		     "zen-3", "zen-4", "zen-5" },
	  .make_thread = make_x86_64,
	  .common = "sse4_2",
	  .special = "avx" },
	{ .arch = "ppc64le",
	  .names = { "power8", "power9", "power10" },
	  .make_thread = make_ppc64le,
	  .common = "vsx",
	  .special = "arch_3_00" },
};

static void make_needs(const struct family *family, const struct snap_cpu *cpu,
		       enum program program, struct snap_cpu *ret)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot = NULL;
	assert_ok(snap_snapshot_create(&snapshot));
	snapshot->arch = snap_arch_by_name(family->arch);
	assert_ok(snap_cpu_copy(cpu, &snapshot->cpu));
	snapshot->threads = calloc(1, sizeof(*snapshot->threads));
	snapshot->nr_threads = 1;
	family->make_thread(cpu, program, snapshot->threads);
	assert_ok(snap_compat_needs(snapshot, ret));
}

static void make_scene(const struct family *family, struct scene *ret)
{
	*ret = (struct scene){ .family = family };
	for (; ret->nr < MAX_CPUS && family->names[ret->nr]; ret->nr++) {
		char path[4096];
		(void)snprintf(path, sizeof(path), "%s/%s.json", SNAP_CPUS,
			       family->names[ret->nr]);
		struct snap_cpu *cpu = &ret->cpus[ret->nr];
		assert_ok(snap_cpu_json_read(path, cpu));
		for (int program = 0; program < NR_PROGRAMS; program++)
			make_needs(family, cpu, (enum program)program,
				   &ret->needs[ret->nr][program]);
	}
}

static void drop_scene(struct scene *scene)
{
	for (size_t i = 0; i < scene->nr; i++) {
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
	for (size_t machine = 0; machine < scene->nr; machine++)
		(void)fprintf(file, " %c", 'a' + (int)machine);
	(void)fputc('\n', file);
	for (size_t image = 0; image < scene->nr; image++) {
		(void)fprintf(file, "%-22s ", scene->family->names[image]);
		for (size_t machine = 0; machine < scene->nr; machine++)
			(void)fprintf(file, " %c",
				      "=.rX"[level(scene, image, program, machine,
						   mode)]);
		(void)fputc('\n', file);
	}
}

#define MAX_REASONS 64

/** A sentence, and how bad it is for each program in each mode. */
struct reason {
	char sentence[1024];
	char marks[NR_PROGRAMS][SNAP_NR_MODES];
};

struct reasons {
	struct reason list[MAX_REASONS];
	size_t nr;
};

static struct reason *find_reason(struct reasons *reasons, const char *sentence)
{
	for (size_t i = 0; i < reasons->nr; i++)
		if (!strcmp(reasons->list[i].sentence, sentence))
			return &reasons->list[i];
	assert_true(reasons->nr < MAX_REASONS);
	struct reason *reason = &reasons->list[reasons->nr++];
	assert_true(strlen(sentence) < sizeof(reason->sentence));
	strcpy(reason->sentence, sentence);
	memset(reason->marks, '-', sizeof(reason->marks));
	return reason;
}

static void add_reasons(struct reasons *reasons, const struct scene *scene,
			size_t image, enum program program, size_t machine,
			enum snap_compat_mode mode)
{
	_cleanup_verdict_ struct snap_verdict verdict = { 0 };
	check(scene, image, program, machine, mode, &verdict);
	for (size_t i = 0; i < verdict.nr_findings; i++) {
		const struct snap_finding *finding = &verdict.findings[i];
		find_reason(reasons, finding->sentence)->marks[program][mode] =
			".rX"[finding->severity - SNAP_NOTE];
	}
}

/** A line for each sentence that is said of an image of one machine on another. */
static void put_reasons(FILE *file, const struct scene *scene, size_t image,
			size_t machine)
{
	static struct reasons reasons;
	reasons.nr = 0;
	// What a busy program hears in the mode compat comes first.
	add_reasons(&reasons, scene, image, BUSY, machine, SNAP_MODE_COMPAT);
	for (int program = 0; program < NR_PROGRAMS; program++)
		for (int mode = 0; mode < SNAP_NR_MODES; mode++)
			add_reasons(&reasons, scene, image, (enum program)program,
				    machine, (enum snap_compat_mode)mode);
	(void)fprintf(file, "\n%s to %s\n", scene->family->names[image],
		      scene->family->names[machine]);
	for (size_t i = 0; i < reasons.nr; i++) {
		const struct reason *reason = &reasons.list[i];
		(void)fprintf(file, "  %.*s %.*s  %s\n", SNAP_NR_MODES,
			      reason->marks[BEGUN], SNAP_NR_MODES, reason->marks[BUSY],
			      reason->sentence);
	}
}

static void put_family(FILE *file, const struct scene *scene)
{
	(void)fprintf(file, "%s\n\n", scene->family->arch);
	for (size_t i = 0; i < scene->nr; i++)
		(void)fprintf(file, "%c  %s\n", 'a' + (int)i, scene->family->names[i]);
	for (int program = 0; program < NR_PROGRAMS; program++)
		for (int mode = 0; mode < SNAP_NR_MODES; mode++)
			put_matrix(file, scene, (enum program)program,
				   (enum snap_compat_mode)mode);
	(void)fprintf(
		file,
		"\nThe reasons: how much each counts for %s, in the modes strict, "
		"compat\nand any; then for %s\n(X fatal, r risky, . a note, - not "
		"said)\n",
		program_names[BEGUN], program_names[BUSY]);
	for (size_t image = 0; image < scene->nr; image++)
		for (size_t machine = 0; machine < scene->nr; machine++)
			if (image != machine)
				put_reasons(file, scene, image, machine);
}

/** All that cpus/verdicts.txt has. Owned by the caller. */
static char *describe_verdicts(void)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);
	assert_non_null(file);
	(void)fputs("Images of one machine (rows) on another (columns):\n"
		    "= identical, . restorable, r risky, X impossible.\n",
		    file);
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(families); i++) {
		struct scene scene;
		make_scene(&families[i], &scene);
		(void)fputc('\n', file);
		put_family(file, &scene);
		drop_scene(&scene);
	}
	assert_int_equal(fclose(file), 0);
	return text;
}

static void test_every_verdict_is_the_one_that_is_written_down(void **state)
{
	_cleanup_free_ char *text = describe_verdicts();
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
}

static void check_stricter(const struct scene *scene, size_t image, size_t machine)
{
	for (int program = 0; program < NR_PROGRAMS; program++)
		for (int mode = 1; mode < SNAP_NR_MODES; mode++)
			assert_true(level(scene, image, (enum program)program, machine,
					  (enum snap_compat_mode)mode) <=
				    level(scene, image, (enum program)program, machine,
					  (enum snap_compat_mode)(mode - 1)));
}

static void check_busier(const struct scene *scene, size_t image, size_t machine)
{
	for (int mode = 0; mode < SNAP_NR_MODES; mode++)
		assert_true(level(scene, image, BEGUN, machine,
				  (enum snap_compat_mode)mode) <=
			    level(scene, image, BUSY, machine,
				  (enum snap_compat_mode)mode));
}

static void for_each_pair(void (*check_pair)(const struct scene *scene, size_t image,
					     size_t machine))
{
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(families); i++) {
		struct scene scene;
		make_scene(&families[i], &scene);
		for (size_t image = 0; image < scene.nr; image++)
			for (size_t machine = 0; machine < scene.nr; machine++)
				check_pair(&scene, image, machine);
		drop_scene(&scene);
	}
}

static void test_a_stricter_mode_never_says_better(void **state)
{
	for_each_pair(check_stricter);
}

static void test_a_program_that_does_more_never_fits_better(void **state)
{
	for_each_pair(check_busier);
}

static void check_common(const struct scene *scene)
{
	_cleanup_cpu_ struct snap_cpu common = { 0 };
	assert_ok(snap_compat_common(scene->cpus, scene->nr, &common));
	assert_int_equal(snap_cpu_get(&common, scene->family->common, 0), 1);
	assert_int_equal(snap_cpu_get(&common, scene->family->special, 0), 0);
	for (size_t i = 0; i < scene->nr; i++) {
		_cleanup_verdict_ struct snap_verdict verdict = { 0 };
		assert_ok(snap_compat_check(&common, &scene->cpus[i], SNAP_MODE_STRICT,
					    &verdict));
		assert_int_equal(verdict.level, SNAP_IDENTICAL);
	}
}

static void test_what_all_have_in_common_fits_all(void **state)
{
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(families); i++) {
		struct scene scene;
		make_scene(&families[i], &scene);
		check_common(&scene);
		drop_scene(&scene);
	}
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "--print")) {
		_cleanup_free_ char *text = describe_verdicts();
		(void)fputs(text, stdout);
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
