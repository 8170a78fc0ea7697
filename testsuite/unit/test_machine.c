// SPDX-License-Identifier: GPL-3.0-or-later
/* What a machine says of itself is what its kernel says. */
#include "testsuite/unit/unit.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "arch/arch.h"
#include "arch/machine.h"

/** The first line of /proc/cpuinfo that begins so, with a space at both ends, or NULL.
 */
static char *read_cpuinfo(const char *begin)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	char *line = NULL, *found = NULL;
	size_t room = 0;
	while (file && !found && getline(&line, &room, file) > 0)
		if (!strncmp(line, begin, strlen(begin))) {
			line[strcspn(line, "\n")] = ' ';
			found = snap_take(line);
		}
	free(line);
	if (file)
		(void)fclose(file);
	return found;
}

static bool has_word(const char *line, const char *word)
{
	char spaced[64];
	(void)snprintf(spaced, sizeof(spaced), " %s ", word);
	return strstr(line, spaced);
}

/** No flag of the kernel's: it says them in other ways. */
static bool is_nameless(const char *name)
{
	return !strcmp(name, "osxsave") || !strcmp(name, "mcommit");
}

/**
 * Linux takes it from its list where it fails (AMD's bulletin SB-7055, on Zen 5);
 * CPUID, and so programs, have it all the same.
 */
static bool is_distrusted(const char *name)
{
	return !strcmp(name, "rdseed");
}

/** Linux concludes it from the vendor, not from CPUID (arch/x86/kernel/cpu/amd.c). */
static bool is_concluded(const char *name)
{
	return !strcmp(name, "3dnowprefetch");
}

static void test_instructions_are_those_that_the_kernel_lists(void **state)
{
	_cleanup_free_ char *flags = read_cpuinfo("flags\t");
	if (!flags)
		skip();
	_cleanup_cpu_ struct snap_cpu cpu = { 0 };
	assert_ok(snap_machine_describe(&cpu));
	const struct snap_arch *arch = snap_arch_host();
	for (size_t i = 0; i < arch->nr_features; i++) {
		const struct snap_feature *feature = &arch->features[i];
		bool is_listed = has_word(flags, feature->name);
		bool is_there = snap_cpu_get(&cpu, feature->name, 0);
		if (is_listed && !is_there && !is_concluded(feature->name))
			fail_msg("%s was not found", feature->name);
		if (is_there && feature->is_needed && !is_listed &&
		    !is_nameless(feature->name) && !is_distrusted(feature->name))
			fail_msg("%s is not switched on", feature->name);
	}
}

static void test_a_shadow_stack_is_offered_where_the_kernel_lists_it(void **state)
{
	_cleanup_free_ char *flags = read_cpuinfo("flags\t");
	if (!flags)
		skip();
	_cleanup_cpu_ struct snap_cpu cpu = { 0 };
	assert_ok(snap_machine_describe(&cpu));
	assert_int_equal(snap_cpu_get(&cpu, "user_shstk", 0),
			 has_word(flags, "user_shstk"));
}

static void test_features_have_one_name_each(void **state)
{
	for (const struct snap_arch *const *row = snap_arches; *row; row++)
		for (size_t i = 0; i < (*row)->nr_features; i++)
			for (size_t j = 0; j < i; j++)
				assert_string_not_equal((*row)->features[i].name,
							(*row)->features[j].name);
}

/** An entry of /proc/self/auxv, or UINT64_MAX. */
static uint64_t read_auxv(uint64_t type)
{
	uint64_t pair[2], value = UINT64_MAX;
	FILE *file = fopen("/proc/self/auxv", "re");
	assert_non_null(file);
	while (fread(pair, sizeof(pair), 1, file) == 1)
		if (pair[0] == type)
			value = pair[1];
	(void)fclose(file);
	return value;
}

static void test_the_auxiliary_vector_is_the_kernels(void **state)
{
	static const struct {
		const char *name;
		uint64_t type;
	} rows[] = {
		{ "auxv.pagesz", AT_PAGESZ }, { "auxv.hwcap", AT_HWCAP },
		{ "auxv.clktck", AT_CLKTCK }, { "auxv.hwcap2", AT_HWCAP2 },
		{ "auxv.rseq-size", 27 },     { "auxv.hwcap3", 29 },
		{ "auxv.minsigstksz", 51 },
	};
	_cleanup_cpu_ struct snap_cpu cpu = { 0 };
	assert_ok(snap_machine_describe(&cpu));
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(rows); i++)
		assert_true(snap_cpu_get(&cpu, rows[i].name, UINT64_MAX) ==
			    read_auxv(rows[i].type));
}

static void test_the_kernel_and_its_vdso_are_named(void **state)
{
	struct utsname kernel;
	assert_int_equal(uname(&kernel), 0);
	_cleanup_cpu_ struct snap_cpu cpu = { 0 };
	assert_ok(snap_machine_describe(&cpu));
	assert_string_equal(snap_cpu_find(&cpu, "kernel")->text, kernel.release);
	if (read_auxv(AT_SYSINFO_EHDR) == UINT64_MAX)
		return;
	const char *digest = snap_cpu_find(&cpu, "vdso.digest")->text;
	assert_int_equal(strspn(digest, "0123456789abcdef"), 32);
	assert_int_equal(strlen(digest), 32);
}

static void test_a_machine_is_described_twice_the_same(void **state)
{
	_cleanup_cpu_ struct snap_cpu a = { 0 }, b = { 0 };
	assert_ok(snap_machine_describe(&a));
	assert_ok(snap_machine_describe(&b));
	assert_int_equal(a.nr_items, b.nr_items);
	for (size_t i = 0; i < a.nr_items; i++) {
		assert_string_equal(a.items[i].name, b.items[i].name);
		assert_true(a.items[i].value == b.items[i].value);
	}
}

int main(void)
{
	if (!snap_arch_host())
		return 77;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_instructions_are_those_that_the_kernel_lists),
		cmocka_unit_test(
			test_a_shadow_stack_is_offered_where_the_kernel_lists_it),
		cmocka_unit_test(test_features_have_one_name_each),
		cmocka_unit_test(test_the_auxiliary_vector_is_the_kernels),
		cmocka_unit_test(test_the_kernel_and_its_vdso_are_named),
		cmocka_unit_test(test_a_machine_is_described_twice_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
