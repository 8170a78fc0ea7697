// SPDX-License-Identifier: GPL-3.0-or-later
#include "testsuite/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "core/base/buffer.h"
#include "core/base/reader.h"
#include "core/base/text.h"

static void test_an_error_carries_message_and_remedy(void **state)
{
	snap_err error = snap_error_os(EACCES, "cannot open %s", "it");
	error = snap_error_with_remedy(error, "ask %s", "root");
	error = snap_error_with_remedy(error, "a second remedy does not replace it");
	error = snap_error_prefix(error, "thread %d", 7);

	assert_int_equal(error->kind, SNAP_ERROR_OS);
	assert_int_equal(error->os_errno, EACCES);
	assert_string_equal(error->message,
			    "thread 7: cannot open it: Permission denied");
	assert_string_equal(error->remedy, "ask root");
	snap_error_destroy(error);
}

static void test_a_process_that_is_gone_is_its_own_kind(void **state)
{
	assert_error(snap_error_os(ESRCH, "cannot read"), GONE);
}

static void test_what_a_buffer_gets_a_reader_gives_back(void **state)
{
	_cleanup_buffer_ struct snap_buffer buffer = { 0 };
	assert_ok(snap_buffer_append_uint(&buffer, 0x1122334455667788, 8));
	assert_ok(snap_buffer_append_string(&buffer, "na\xc3\xafve"));
	assert_ok(snap_buffer_append_uint(&buffer, 0xabcd, 2));
	assert_ok(snap_buffer_align(&buffer, 16));
	assert_int_equal(buffer.size % 16, 0);

	struct snap_reader reader = snap_reader_init(buffer.data, buffer.size, "it");
	uint64_t number;
	assert_ok(snap_reader_u64(&reader, &number));
	assert_int_equal(number, 0x1122334455667788);
	_cleanup_free_ char *text = NULL;
	assert_ok(snap_reader_string(&reader, &text));
	assert_string_equal(text, "na\xc3\xafve");
	uint16_t half;
	assert_ok(snap_reader_u16(&reader, &half));
	assert_int_equal(half, 0xabcd);
}

static void test_a_reader_never_reads_past_the_end(void **state)
{
	static const uint8_t bytes[] = { 0xff, 0xff, 0xff, 0xff, 'a' };
	uint64_t number = 42;
	char *text = NULL;

	struct snap_reader reader = snap_reader_init(bytes, sizeof(bytes), "it");
	assert_error(snap_reader_u64(&reader, &number), CORRUPT);
	assert_error(snap_reader_string(&reader, &text), CORRUPT);
	assert_int_equal(number, 42);
	assert_null(text);
}

static void test_a_nul_inside_a_text_is_refused(void **state)
{
	static const uint8_t bytes[] = { 2, 0, 0, 0, 'a', 0 };
	char *text = NULL;
	struct snap_reader reader = snap_reader_init(bytes, sizeof(bytes), "it");
	assert_error(snap_reader_string(&reader, &text), CORRUPT);
}

static void test_an_escaped_name_stays_in_its_line(void **state)
{
	static const struct {
		const char *name, *text;
	} rows[] = {
		{ "", "" },
		{ "/plain path (deleted)", "/plain path (deleted)" },
		{ "/two\nlines\t\033[1m\177", "/two\\nlines\\t\\033[1m\\177" },
		{ "/back\\slash", "/back\\\\slash" },
		{ "/na\xc3\xafve", "/na\xc3\xafve" },
	};

	for (size_t i = 0; i < SNAP_ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *text = NULL;
		assert_ok(snap_escaped(rows[i].name, &text));
		assert_string_equal(text, rows[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_error_carries_message_and_remedy),
		cmocka_unit_test(test_a_process_that_is_gone_is_its_own_kind),
		cmocka_unit_test(test_what_a_buffer_gets_a_reader_gives_back),
		cmocka_unit_test(test_a_reader_never_reads_past_the_end),
		cmocka_unit_test(test_a_nul_inside_a_text_is_refused),
		cmocka_unit_test(test_an_escaped_name_stays_in_its_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
