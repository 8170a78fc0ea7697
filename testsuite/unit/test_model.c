// SPDX-License-Identifier: GPL-3.0-or-later
#include "testsuite/unit/unit.h"

#include <string.h>

#include "core/model/cpu.h"
#include "core/model/memory.h"
#include "core/model/snapshot.h"
#include "core/model/vma.h"

static void test_a_cpu_keeps_each_name_once(void **state)
{
	_cleanup_cpu_ struct snap_cpu cpu = { 0 };
	assert_ok(snap_cpu_set(&cpu, "xcr0", 7));
	assert_ok(snap_cpu_set_text(&cpu, "model-name", "a CPU"));
	assert_ok(snap_cpu_set(&cpu, "avx", 1));
	assert_ok(snap_cpu_set(&cpu, "xcr0", 0xe7));

	assert_int_equal(cpu.nr_items, 3);
	assert_int_equal(snap_cpu_get(&cpu, "xcr0", 0), 0xe7);
	assert_int_equal(snap_cpu_get(&cpu, "apx", 5), 5);
	assert_string_equal(snap_cpu_find(&cpu, "model-name")->text, "a CPU");
	assert_null(snap_cpu_find(&cpu, "apx"));

	_cleanup_cpu_ struct snap_cpu copy;
	assert_ok(snap_cpu_copy(&cpu, &copy));
	assert_int_equal(snap_cpu_get(&copy, "avx", 0), 1);
}

static void test_memory_joins_neighbours_and_finds_gaps(void **state)
{
	_cleanup_memory_ struct snap_memory memory = { 0 };
	uint8_t *bytes;
	uint64_t size;
	assert_ok(snap_memory_append(&memory, 0x1000, 0x1000, &bytes));
	bytes[5] = 55;
	assert_ok(snap_memory_append(&memory, 0x2000, 0x1000, &bytes));
	assert_ok(snap_memory_append(&memory, 0x8000, 0x2000, &bytes));
	bytes[0x1001] = 77;
	snap_memory_drop_last(&memory, 0x0);

	assert_int_equal(snap_memory_at(&memory, 0x1005, &size)[0], 55);
	assert_int_equal(size, 0x1ffb);
	assert_null(snap_memory_at(&memory, 0x3000, &size));
	assert_int_equal(size, 0x5000);
	assert_int_equal(snap_memory_at(&memory, 0x9001, &size)[0], 77);
	assert_null(snap_memory_at(&memory, 0xa000, &size));
	assert_true(size == UINT64_MAX);

	snap_memory_drop_last(&memory, 0x2000);
	assert_int_equal(memory.size, 0x2000);
	snap_memory_trim(&memory);
	assert_int_equal(snap_memory_at(&memory, 0x1005, &size)[0], 55);
}

static struct snap_vma vma(uint64_t start, uint64_t end, uint32_t prot, uint64_t inode,
			   const char *name)
{
	return (struct snap_vma){
		.start = start,
		.end = end,
		.prot = prot,
		.inode = inode,
		.name = strdup(name),
	};
}

static void test_the_contents_of_a_mapping_depend_on_its_kind(void **state)
{
	static const struct {
		uint32_t prot;
		uint64_t inode;
		const char *name;
		uint32_t flags;
		enum snap_vma_contents contents;
	} rows[] = {
		{ SNAP_VMA_READ | SNAP_VMA_WRITE, 0, "", 0, SNAP_CONTENTS_ZERO },
		{ SNAP_VMA_READ, 0, "[heap]", 0, SNAP_CONTENTS_ZERO },
		{ SNAP_VMA_READ, 7, "/bin/true", 0, SNAP_CONTENTS_FILE },
		{ SNAP_VMA_READ | SNAP_VMA_SHARED, 7, "/bin/true", 0,
		  SNAP_CONTENTS_NONE },
		{ SNAP_VMA_READ | SNAP_VMA_SHARED, 9, "/dev/zero (deleted)",
		  SNAP_VMA_REWOUND, SNAP_CONTENTS_SHARED },
		{ SNAP_VMA_READ | SNAP_VMA_SHARED, 9, "/dev/zero (deleted)", 0,
		  SNAP_CONTENTS_NONE },
		{ SNAP_VMA_READ, 0, "", SNAP_VMA_GUARD, SNAP_CONTENTS_NONE },
		{ SNAP_VMA_READ | SNAP_VMA_EXEC, 0, "[vdso]", 0, SNAP_CONTENTS_NONE },
		{ SNAP_VMA_READ, 0, "[vvar]", 0, SNAP_CONTENTS_NONE },
	};
	_cleanup_vmas_ struct snap_vmas vmas = { 0 };
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(rows); i++) {
		struct snap_vma one = vma(0x1000 * (i + 1), 0x1000 * (i + 2),
					  rows[i].prot, rows[i].inode, rows[i].name);
		one.flags = rows[i].flags;
		assert_ok(snap_vmas_append(&vmas, &one));
		assert_int_equal(snap_vma_contents(&vmas.list[i]), rows[i].contents);
	}
	assert_ptr_equal(snap_vmas_find(&vmas, 0x2fff), &vmas.list[1]);
	assert_null(snap_vmas_find(&vmas, 0xfff));
	assert_null(snap_vmas_find(&vmas, 0xa000));
}

static void test_a_snapshot_is_complete_from_the_start(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot = NULL;
	assert_ok(snap_snapshot_create(&snapshot));
	assert_string_equal(snapshot->label, "");
	assert_true(snapshot->time_ns > 1700000000000000000);
	char text[SNAP_UUID_TEXT_SIZE];
	snap_uuid_format(snapshot->uuid, text);
	assert_int_equal(strlen(text), 36);
	assert_int_equal(text[14], '4');

	assert_ok(snap_snapshot_omit(snapshot, "thread %d: no altstack", 3));
	assert_string_equal(snapshot->omissions[0], "thread 3: no altstack");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_cpu_keeps_each_name_once),
		cmocka_unit_test(test_memory_joins_neighbours_and_finds_gaps),
		cmocka_unit_test(test_the_contents_of_a_mapping_depend_on_its_kind),
		cmocka_unit_test(test_a_snapshot_is_complete_from_the_start),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
