// SPDX-License-Identifier: GPL-3.0-or-later
/* The vdso of another kernel: its functions lead to those of the one that runs. */
#include "testsuite/unit/unit.h"

#include <elf.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <time.h>

#include "core/base/cleanup.h"
#include "core/plan/vdso.h"

#ifdef __x86_64__
static const char clock_gettime_name[] = "__vdso_clock_gettime";
#else
static const char clock_gettime_name[] = "__kernel_clock_gettime";
#endif

typedef int clock_gettime_fn(clockid_t clock, struct timespec *ret);

/** That of this process: its sections are its end. */
static struct snap_vdso present_vdso(void)
{
	const ElfW(Ehdr) *header = (const void *)getauxval(AT_SYSINFO_EHDR);
	if (!header)
		skip();
	return (struct snap_vdso){
		.start = (uintptr_t)header,
		.size = header->e_shoff +
			(uint64_t)header->e_shnum * header->e_shentsize,
		.bytes = (const void *)header,
	};
}

static const ElfW(Shdr) * find_section(const struct snap_vdso *vdso, unsigned type)
{
	const ElfW(Ehdr) *header = (const void *)vdso->bytes;
	const ElfW(Shdr) *sections = (const void *)(vdso->bytes + header->e_shoff);
	for (size_t i = 0; i < header->e_shnum; i++)
		if (sections[i].sh_type == type)
			return &sections[i];
	fail_msg("the vdso has no section of type %u", type);
	return NULL;
}

static uint64_t find_function(const struct snap_vdso *vdso, const char *name)
{
	const ElfW(Ehdr) *header = (const void *)vdso->bytes;
	const ElfW(Shdr) *table = find_section(vdso, SHT_DYNSYM);
	const ElfW(Shdr) *names =
		(const ElfW(Shdr) *)(const void *)(vdso->bytes + header->e_shoff) +
		table->sh_link;
	const ElfW(Sym) *symbols = (const void *)(vdso->bytes + table->sh_offset);
	for (size_t i = 0; i < table->sh_size / sizeof(*symbols); i++)
		if (!strcmp((const char *)vdso->bytes + names->sh_offset +
				    symbols[i].st_name,
			    name))
			return symbols[i].st_value;
	fail_msg("the vdso has no %s", name);
	return 0;
}

/** Redirect this process's vdso and ask the copy what time it is. */
static void check_time(const struct snap_vdso *to)
{
	struct snap_vdso image = present_vdso();
	uint8_t *copy = mmap(NULL, image.size, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(copy, MAP_FAILED);
	assert_ok(snap_vdso_redirect(snap_arch_host(), &image, to, copy));
	__builtin___clear_cache((char *)copy, (char *)copy + image.size);
	assert_int_equal(mprotect(copy, image.size, PROT_READ | PROT_EXEC), 0);

	uint64_t offset = find_function(&image, clock_gettime_name);
	clock_gettime_fn *function = (clock_gettime_fn *)(uintptr_t)(copy + offset);
	struct timespec before, now = { 0 }, after;
	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &before), 0);
	assert_int_equal(function(CLOCK_MONOTONIC, &now), 0);
	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &after), 0);
	assert_true(before.tv_sec <= now.tv_sec && now.tv_sec <= after.tv_sec);
	assert_memory_not_equal(copy + offset, image.bytes + offset, 8);
	assert_int_equal(munmap(copy, image.size), 0);
}

static void test_a_function_goes_to_that_of_the_same_name(void **state)
{
	struct snap_vdso present = present_vdso();
	check_time(&present);
}

static void test_a_function_without_a_successor_makes_its_system_call(void **state)
{
	check_time(&(struct snap_vdso){ 0 });
}

static void test_a_thread_may_go_on_at_the_beginning_of_a_function_alone(void **state)
{
	struct snap_vdso image = present_vdso();
	uint64_t at = image.start + find_function(&image, clock_gettime_name);
	bool may_continue;
	assert_null(
		snap_vdso_may_continue(snap_arch_host(), &image, at, &may_continue));
	assert_true(may_continue);
	assert_ok(snap_vdso_may_continue(snap_arch_host(), &image, at + 4,
					 &may_continue));
	assert_false(may_continue);
}

/** What the answer to bytes that are no vdso is does not matter: that there is one. */
static void try_damaged(const struct snap_vdso *vdso)
{
	_cleanup_free_ uint8_t *ret = malloc(vdso->size + 1);
	assert_non_null(ret);
	snap_error_destroy(snap_vdso_redirect(snap_arch_host(), vdso, vdso, ret));
}

static void test_a_cut_vdso_is_an_error_or_one(void **state)
{
	struct snap_vdso image = present_vdso();
	for (uint64_t size = 0; size < image.size; size += 7) {
		_cleanup_free_ uint8_t *bytes = malloc(size + 1);
		assert_non_null(bytes);
		memcpy(bytes, image.bytes, size);
		try_damaged(&(struct snap_vdso){ image.start, size, bytes });
	}
}

static void test_a_damaged_vdso_is_an_error_or_one(void **state)
{
	static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff };
	struct snap_vdso image = present_vdso();
	_cleanup_free_ uint8_t *bytes = malloc(image.size);
	assert_non_null(bytes);
	memcpy(bytes, image.bytes, image.size);
	const struct snap_vdso damaged = { image.start, image.size, bytes };
	const ElfW(Shdr) *symbols = find_section(&image, SHT_DYNSYM);
	for (uint64_t at = 0; at < image.size; at++) {
		bool counts = at < sizeof(ElfW(Ehdr)) ||
			      at - symbols->sh_offset < symbols->sh_size ||
			      at + 40 * sizeof(*symbols) > image.size;
		uint8_t was = bytes[at];
		for (size_t i = 0; counts && i < SNAP_ARRAY_SIZE(values); i++) {
			bytes[at] = values[i];
			try_damaged(&damaged);
		}
		bytes[at] = was;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_function_goes_to_that_of_the_same_name),
		cmocka_unit_test(
			test_a_function_without_a_successor_makes_its_system_call),
		cmocka_unit_test(
			test_a_thread_may_go_on_at_the_beginning_of_a_function_alone),
		cmocka_unit_test(test_a_cut_vdso_is_an_error_or_one),
		cmocka_unit_test(test_a_damaged_vdso_is_an_error_or_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
