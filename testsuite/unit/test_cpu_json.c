// SPDX-License-Identifier: GPL-3.0-or-later
/* A CPU's description survives JSON, and no JSON survives that is not one. */
#include "testsuite/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "arch/machine.h"
#include "core/compat/cpu_json.h"

static void parse_text(const char *text, struct snap_cpu *ret)
{
	*ret = (struct snap_cpu){ 0 };
	assert_ok(snap_cpu_json_parse(text, strlen(text), ret));
}

static void write_text(const struct snap_cpu *cpu, struct snap_buffer *ret)
{
	assert_ok(snap_cpu_json_write(cpu, ret));
	assert_ok(snap_buffer_append(ret, "", 1));
}

static void assert_same(const struct snap_cpu *a, const struct snap_cpu *b)
{
	assert_int_equal(a->nr_items, b->nr_items);
	for (size_t i = 0; i < a->nr_items; i++) {
		assert_string_equal(a->items[i].name, b->items[i].name);
		assert_true(a->items[i].value == b->items[i].value);
		assert_int_equal(!a->items[i].text, !b->items[i].text);
		if (a->items[i].text)
			assert_string_equal(a->items[i].text, b->items[i].text);
	}
}

static void assert_survives(const struct snap_cpu *cpu)
{
	_cleanup_buffer_ struct snap_buffer text = { 0 };
	_cleanup_cpu_ struct snap_cpu copy = { 0 };
	assert_ok(snap_cpu_json_write(cpu, &text));
	assert_ok(snap_cpu_json_parse((char *)text.data, text.size, &copy));
	assert_same(cpu, &copy);
}

static void test_this_machine_survives(void **state)
{
	_cleanup_cpu_ struct snap_cpu cpu = { 0 };
	assert_ok(snap_machine_describe(&cpu));
	assert_survives(&cpu);
}

static void test_every_number_survives(void **state)
{
	static const uint64_t numbers[] = { 0,
					    1,
					    UINT64_C(9007199254740991),
					    UINT64_C(9007199254740992),
					    INT64_MAX,
					    UINT64_MAX };
	_cleanup_cpu_ struct snap_cpu cpu = { 0 };
	assert_ok(snap_cpu_set_text(&cpu, "arch", "x86_64"));
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(numbers); i++) {
		assert_ok(snap_cpu_set(&cpu, "xcr0", numbers[i]));
		assert_ok(snap_cpu_set(&cpu, "avx", numbers[i]));
		assert_survives(&cpu);
	}
}

static void test_what_is_written_is_what_the_manual_shows(void **state)
{
	_cleanup_cpu_ struct snap_cpu cpu = { 0 };
	assert_ok(snap_cpu_set_text(&cpu, "arch", "x86_64"));
	assert_ok(snap_cpu_set_text(&cpu, "vendor", "Genuine\x1b[31m\xff"));
	assert_ok(snap_cpu_set(&cpu, "avx", 1));
	assert_ok(snap_cpu_set(&cpu, "xsave.2.size", 256));
	assert_ok(snap_cpu_set(&cpu, "xcr0", UINT64_MAX));
	_cleanup_buffer_ struct snap_buffer text = { 0 };
	write_text(&cpu, &text);
	assert_string_equal((char *)text.data, "{\n"
					       "  \"format\": \"gdb-snapshot cpu\",\n"
					       "  \"version\": \"1.0\",\n"
					       "  \"arch\": \"x86_64\",\n"
					       "  \"texts\": {\n"
					       "    \"vendor\": \"Genuine?[31m?\"\n"
					       "  },\n"
					       "  \"features\": [\n"
					       "    \"avx\"\n"
					       "  ],\n"
					       "  \"numbers\": {\n"
					       "    \"xcr0\": \"0xffffffffffffffff\",\n"
					       "    \"xsave.2.size\": 256\n"
					       "  }\n"
					       "}\n");
}

#define HEAD "{\"format\":\"gdb-snapshot cpu\",\"version\":\"1.0\",\"arch\":\"x86_64\""

static void test_numbers_are_read_in_both_forms(void **state)
{
	_cleanup_cpu_ struct snap_cpu cpu;
	parse_text(HEAD ",\"source\":\"a manual\",\"features\":[\"avx\",\"new_one\"],"
			"\"numbers\":{\"a\":\"0xfF\",\"b\":17}}",
		   &cpu);
	assert_int_equal(snap_cpu_get(&cpu, "a", 0), 255);
	assert_int_equal(snap_cpu_get(&cpu, "b", 0), 17);
	assert_int_equal(snap_cpu_get(&cpu, "avx", 0), 1);
	assert_int_equal(snap_cpu_get(&cpu, "new_one", 0), 1);
	assert_int_equal(cpu.nr_items, 5);
}

static void test_a_newer_minor_version_may_say_more(void **state)
{
	_cleanup_cpu_ struct snap_cpu cpu;
	parse_text("{\"format\":\"gdb-snapshot cpu\",\"version\":\"1.7\",\"arch\":"
		   "\"x86_64\",\"features\":[],\"numbers\":{},\"caches\":[1,2]}",
		   &cpu);
	assert_int_equal(cpu.nr_items, 1);
}

static void test_what_is_no_description_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"[]",
		"{}",
		"7",
		"{\"format\":\"gdb-snapshot cpu\"",
		// Another format, no version, no architecture, no features, no numbers.
		"{\"format\":\"qemu\",\"version\":\"1.0\",\"arch\":\"x\","
		"\"features\":[],\"numbers\":{}}",
		"{\"format\":\"gdb-snapshot cpu\",\"version\":1,\"arch\":\"x\","
		"\"features\":[],\"numbers\":{}}",
		"{\"format\":\"gdb-snapshot cpu\",\"version\":\"1.0x\",\"arch\":\"x\","
		"\"features\":[],\"numbers\":{}}",
		"{\"format\":\"gdb-snapshot cpu\",\"version\":\"1.0\","
		"\"features\":[],\"numbers\":{}}",
		HEAD ",\"numbers\":{}}",
		HEAD ",\"features\":[]}",
		// Misspelt, twice, or of the wrong type.
		HEAD ",\"features\":[],\"numbers\":{},\"feature\":[\"avx\"]}",
		HEAD ",\"features\":[],\"features\":[],\"numbers\":{}}",
		HEAD ",\"features\":[\"avx\",\"avx\"],\"numbers\":{}}",
		HEAD ",\"features\":[\"avx\"],\"numbers\":{\"avx\":1}}",
		HEAD ",\"features\":[1],\"numbers\":{}}",
		HEAD ",\"features\":{},\"numbers\":{}}",
		HEAD ",\"features\":[],\"numbers\":[]}",
		HEAD ",\"features\":[],\"numbers\":{\"arch\":1}}",
		HEAD ",\"features\":[],\"numbers\":{},\"texts\":{\"a\":1}}",
		HEAD ",\"features\":[],\"numbers\":{},\"texts\":{\"a\":\"\\u001b\"}}",
		HEAD ",\"features\":[],\"numbers\":{},\"texts\":{\"a\":\"\xc3\xa4\"}}",
		HEAD ",\"features\":[],\"numbers\":{},\"texts\":{\"a\":\"\\u0000\"}}",
		// Names.
		HEAD ",\"features\":[\"\"],\"numbers\":{}}",
		HEAD ",\"features\":[\"AVX\"],\"numbers\":{}}",
		HEAD ",\"features\":[\"-avx\"],\"numbers\":{}}",
		HEAD ",\"features\":[\"a b\"],\"numbers\":{}}",
		// Numbers.
		HEAD ",\"features\":[],\"numbers\":{\"a\":-1}}",
		HEAD ",\"features\":[],\"numbers\":{\"a\":1.5}}",
		HEAD ",\"features\":[],\"numbers\":{\"a\":18446744073709551616}}",
		HEAD ",\"features\":[],\"numbers\":{\"a\":\"\"}}",
		HEAD ",\"features\":[],\"numbers\":{\"a\":\"0x\"}}",
		HEAD ",\"features\":[],\"numbers\":{\"a\":\"0x12345678901234567\"}}",
		HEAD ",\"features\":[],\"numbers\":{\"a\":\"0x-1\"}}",
		HEAD ",\"features\":[],\"numbers\":{\"a\":\"12\"}}",
		HEAD ",\"features\":[],\"numbers\":{\"a\":true}}",
	};
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(texts); i++) {
		struct snap_cpu cpu;
		_cleanup_error_ snap_err error =
			snap_cpu_json_parse(texts[i], strlen(texts[i]), &cpu);
		if (!error)
			fail_msg("taken for a description: %s", texts[i]);
		assert_int_equal(error->kind, SNAP_ERROR_CORRUPT);
	}
}

static void test_a_newer_major_version_is_refused_with_a_remedy(void **state)
{
	static const char text[] = "{\"format\":\"gdb-snapshot cpu\",\"version\":"
				   "\"2.0\",\"arch\":\"x86_64\"}";
	struct snap_cpu cpu;
	_cleanup_error_ snap_err error = snap_cpu_json_parse(text, strlen(text), &cpu);
	assert_int_equal(error->kind, SNAP_ERROR_UNSUPPORTED);
	assert_non_null(error->remedy);
}

static void test_more_than_a_description_can_have_is_refused(void **state)
{
	_cleanup_buffer_ struct snap_buffer text = { 0 };
	struct snap_cpu cpu;
	assert_ok(snap_buffer_append(&text, HEAD, strlen(HEAD)));
	assert_ok(snap_buffer_append(&text, ",\"numbers\":{},\"features\":[\"a\"", 29));
	for (int i = 0; i < SNAP_CPU_JSON_MAX_ITEMS; i++) {
		char name[16];
		int length = snprintf(name, sizeof(name), ",\"b%d\"", i);
		assert_ok(snap_buffer_append(&text, name, (size_t)length));
	}
	assert_ok(snap_buffer_append(&text, "]}", 2));
	assert_error(snap_cpu_json_parse((char *)text.data, text.size, &cpu), CORRUPT);

	uint8_t *spaces;
	assert_ok(snap_buffer_extend(&text, SNAP_CPU_JSON_MAX_SIZE, &spaces));
	memset(spaces, ' ', SNAP_CPU_JSON_MAX_SIZE);
	assert_error(snap_cpu_json_parse((char *)text.data, text.size, &cpu), CORRUPT);
}

static void test_a_file_that_cannot_be_read_is_named(void **state)
{
	struct snap_cpu cpu;
	_cleanup_error_ snap_err error = snap_cpu_json_read("/nowhere/cpu.json", &cpu);
	assert_non_null(error);
	assert_non_null(strstr(error->message, "/nowhere/cpu.json"));
	_cleanup_error_ snap_err folder = snap_cpu_json_read("/", &cpu);
	assert_non_null(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_this_machine_survives),
		cmocka_unit_test(test_every_number_survives),
		cmocka_unit_test(test_what_is_written_is_what_the_manual_shows),
		cmocka_unit_test(test_numbers_are_read_in_both_forms),
		cmocka_unit_test(test_a_newer_minor_version_may_say_more),
		cmocka_unit_test(test_what_is_no_description_is_refused),
		cmocka_unit_test(test_a_newer_major_version_is_refused_with_a_remedy),
		cmocka_unit_test(test_more_than_a_description_can_have_is_refused),
		cmocka_unit_test(test_a_file_that_cannot_be_read_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
