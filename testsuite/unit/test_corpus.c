// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The seeds of the fuzzers, and what they once found, are read without harm:
 * testsuite/fuzz/corpus. A finding becomes a file there.
 */
#include "testsuite/unit/unit.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "core/base/buffer.h"
#include "testsuite/fuzz/targets.h"

typedef void target_fn(const uint8_t *data, size_t size);

static void load(const char *folder, const char *name, struct snap_buffer *ret)
{
	char path[4096 + 256];
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = fopen(path, "re");
	assert_non_null(file);
	uint8_t *place;
	assert_ok(snap_buffer_extend(ret, 1 << 20, &place));
	ret->size = fread(place, 1, 1 << 20, file);
	(void)fclose(file);
}

/** Each file as it is, and cut in the middle. */
static void replay(const char *name, target_fn *target)
{
	char folder[4096];
	(void)snprintf(folder, sizeof(folder), "%s/%s", SNAP_CORPUS, name);
	DIR *list = opendir(folder);
	assert_non_null(list);
	size_t nr = 0;
	for (const struct dirent *entry; (entry = readdir(list));) {
		if (*entry->d_name == '.')
			continue;
		_cleanup_buffer_ struct snap_buffer bytes = { 0 };
		load(folder, entry->d_name, &bytes);
		target(bytes.data, bytes.size);
		target(bytes.data, bytes.size / 2);
		nr++;
	}
	(void)closedir(list);
	assert_true(nr > 0);
}

static void test_images_are_read_without_harm(void **state)
{
	replay("image", fuzz_image);
}

static void test_descriptions_are_read_without_harm(void **state)
{
	replay("cpu_json", fuzz_cpu_json);
}

static void test_images_of_criu_are_read_without_harm(void **state)
{
	replay("criu", fuzz_criu);
}

static void test_core_files_are_read_without_harm(void **state)
{
	replay("core", fuzz_core);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_images_are_read_without_harm),
		cmocka_unit_test(test_descriptions_are_read_without_harm),
		cmocka_unit_test(test_images_of_criu_are_read_without_harm),
		cmocka_unit_test(test_core_files_are_read_without_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
