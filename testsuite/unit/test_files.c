// SPDX-License-Identifier: GPL-3.0-or-later
#include "testsuite/unit/unit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "core/plan/explain.h"
#include "core/plan/files.h"
#include "core/tracee/fdinfo.h"
#include "core/tracee/open_flags.h"

static struct snap_open_file parse(enum snap_file_kind kind, const char *text)
{
	struct snap_open_file file = { .kind = kind };
	assert_ok(snap_fdinfo_parse(text, &file));
	return file;
}

static void test_open_flags_have_the_same_numbers_everywhere(void **state)
{
	assert_int_equal(snap_open_flags_of_kernel(O_DIRECT), SNAP_OPEN_DIRECT);
	assert_int_equal(snap_open_flags_of_kernel(O_DIRECTORY), SNAP_OPEN_DIRECTORY);
	assert_int_equal(snap_open_flags_of_kernel(O_NOFOLLOW), SNAP_OPEN_NOFOLLOW);
	for (uint32_t bit = 1; bit; bit <<= 1) {
		uint32_t number = snap_open_flags_of_kernel(bit);
		assert_int_equal(snap_open_flags_for_kernel(number), bit);
		assert_true(number == bit || number & SNAP_OPEN_RENUMBERED);
	}
}

static void test_fdinfo_tells_offset_and_flags(void **state)
{
	_cleanup_open_file_ struct snap_open_file file =
		parse(SNAP_FILE_REGULAR, "pos:\t947\nflags:\t02100001\nmnt_id:\t27\n");
	assert_int_equal(file.pos, 947);
	assert_int_equal(file.flags, snap_open_flags_of_kernel(02100001));
	assert_int_equal(file.flags & ~SNAP_OPEN_RENUMBERED, 02000001);
}

static void test_fdinfo_tells_counters_and_timers(void **state)
{
	_cleanup_open_file_ struct snap_open_file counter =
		parse(SNAP_FILE_EVENTFD,
		      "flags:\t02\neventfd-count:               1f\neventfd-id: 12\n"
		      "eventfd-semaphore: 1\n");
	assert_int_equal(counter.count, 0x1f);
	assert_int_equal(counter.id, 12);
	assert_int_equal(counter.settings, 1);

	_cleanup_open_file_ struct snap_open_file timer =
		parse(SNAP_FILE_TIMERFD, "clockid: 7\nticks: 3\nsettime flags: 01\n"
					 "it_value: (2, 500)\nit_interval: (0, 9)\n");
	assert_int_equal(timer.id, 7);
	assert_int_equal(timer.count, 3);
	assert_int_equal(timer.settings, 1);
	assert_int_equal(timer.remaining, 2000000500);
	assert_int_equal(timer.interval, 9);
}

static void test_fdinfo_tells_watches_in_their_order(void **state)
{
	_cleanup_open_file_ struct snap_open_file set =
		parse(SNAP_FILE_EPOLL,
		      "tfd:        9 events: 80000019 data:     7fd600000003  pos:0 "
		      "ino:414 sdev:10\n"
		      "tfd:        5 events:       19 data: ffffffffffffffff  pos:0 "
		      "ino:13d439 sdev:f\n");
	assert_int_equal(set.nr_watches, 2);
	assert_int_equal(set.watches[0].number, 5);
	assert_int_equal(set.watches[0].data, UINT64_MAX);
	assert_int_equal(set.watches[0].inode, 0x13d439);
	assert_int_equal(set.watches[1].events, 0x80000019);

	_cleanup_open_file_ struct snap_open_file watcher =
		parse(SNAP_FILE_INOTIFY,
		      "inotify wd:3 ino:3c51a sdev:fe00000 mask:2 ignored_mask:0 "
		      "fhandle-bytes:8 fhandle-type:1 f_handle:1ac5030000000000\n");
	assert_int_equal(watcher.watches[0].number, 3);
	assert_int_equal(watcher.watches[0].device, 0xfe00000);
	assert_string_equal(watcher.watches[0].handle, "1:1ac5030000000000");
}

static void test_fdinfo_tells_locks(void **state)
{
	_cleanup_open_file_ struct snap_open_file file =
		parse(SNAP_FILE_REGULAR,
		      "lock:\t1: FLOCK  ADVISORY  WRITE 11103 fe:00:10952954 0 EOF\n"
		      "lock:\t2: POSIX  ADVISORY  READ 11103 fe:00:10952954 5 14\n"
		      "lock:\t3: OFDLCK ADVISORY  WRITE -1 fe:00:10952954 100 100\n"
		      "lock:\t4: LEASE  ACTIVE    READ 11103 fe:00:10952954 0 EOF\n");
	assert_int_equal(file.nr_locks, 4);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(file.locks[i].kind,
				 ((const uint32_t[]){ SNAP_LOCK_FLOCK, SNAP_LOCK_POSIX,
						      SNAP_LOCK_OFD,
						      SNAP_LOCK_LEASE })[i]);
	assert_true(file.locks[0].is_write && !file.locks[1].is_write);
	assert_int_equal(file.locks[0].end, UINT64_MAX);
	assert_int_equal(file.locks[1].start, 5);
	assert_int_equal(file.locks[1].end, 14);
}

static void test_a_link_tells_what_a_mode_does_not(void **state)
{
	assert_int_equal(snap_fdinfo_kind("anon_inode:[eventfd]", 0600),
			 SNAP_FILE_EVENTFD);
	assert_int_equal(snap_fdinfo_kind("anon_inode:inotify", S_IFREG | 0600),
			 SNAP_FILE_INOTIFY);
	assert_int_equal(snap_fdinfo_kind("anon_inode:[io_uring]", S_IFREG),
			 SNAP_FILE_OTHER);
	assert_int_equal(snap_fdinfo_kind("/anon_inode:[eventfd]", S_IFREG),
			 SNAP_FILE_REGULAR);
	assert_int_equal(snap_fdinfo_kind("/dev/null", S_IFCHR), SNAP_FILE_DEVICE);
}

/** A table as "number inode pos", one open file for each row or the one before. */
struct row {
	int number;
	uint64_t inode;
	uint64_t pos;
	enum snap_file_kind kind;
};

static void fill(struct snap_fd_table *table, const struct row *rows)
{
	table->is_captured = true;
	for (; rows->inode; rows++) {
		uint32_t file = 0;
		while (file < table->nr && table->list[file].inode != rows->inode)
			file++;
		if (file == table->nr)
			assert_ok(snap_fd_table_append(table,
						       &(struct snap_open_file){
							       .kind = rows->kind,
							       .inode = rows->inode,
							       .pos = rows->pos,
							       .path = strdup("/a\nb"),
						       }));
		assert_ok(snap_fd_table_append_fd(table, &(struct snap_fd){
								 .number = rows->number,
								 .file = file }));
	}
}

/** The steps between two tables, or the sentence of the refusal. */
static void assert_plan(const struct row *image_rows, const struct row *live_rows,
			const char *wanted)
{
	struct snap_snapshot image = { 0 }, live = { 0 };
	fill(&image.files, image_rows);
	fill(&live.files, live_rows);
	_cleanup_plan_ struct snap_plan plan = { .image = &image, .live = &live };
	snap_err error = snap_plan_files(&plan);
	_cleanup_buffer_ struct snap_buffer text = { 0 };
	if (error)
		assert_ok(snap_buffer_append(&text, error->message,
					     strlen(error->message)));
	else
		assert_ok(snap_plan_explain(&plan, &text));
	snap_error_destroy(error);
	assert_ok(snap_buffer_append(&text, "", 1));
	char *rest = strstr((char *)text.data, "write memory");
	if (rest)
		*rest = '\0';
	assert_string_equal((char *)text.data, wanted);
	snap_fd_table_deinit(&image.files);
	snap_fd_table_deinit(&live.files);
}

#define REG SNAP_FILE_REGULAR

static void test_nothing_is_done_about_what_did_not_change(void **state)
{
	const struct row rows[] = { { 3, 7, 5, REG }, { 4, 7, 5, REG }, { 0 } };
	assert_plan(rows, rows, "");
}

static void test_what_was_opened_is_closed(void **state)
{
	assert_plan(
		(const struct row[]){ { 3, 7, 5, REG }, { 0 } },
		(const struct row[]){ { 3, 7, 5, REG }, { 9, 8, 0, REG }, { 0 } },
		"close descriptor 9 (/a\\012b): it was opened after the snapshot\n");
}

static void test_what_was_closed_is_duplicated_where_it_can_be(void **state)
{
	assert_plan((const struct row[]){ { 3, 7, 5, REG }, { 4, 7, 5, REG }, { 0 } },
		    (const struct row[]){ { 4, 7, 6, REG }, { 0 } },
		    "duplicate into descriptor 3 (/a\\012b): it was closed or replaced "
		    "since the snapshot\n"
		    "set the offset of descriptor 3 (/a\\012b): it has moved since\n");
}

static void test_what_was_closed_is_opened_where_it_must_be(void **state)
{
	assert_plan((const struct row[]){ { 3, 7, 5, REG }, { 0 } },
		    (const struct row[]){ { 0 } },
		    "open descriptor 3 (/a\\012b): it was closed since the snapshot\n"
		    "set the offset of descriptor 3 (/a\\012b): it has moved since\n");
}

static void test_what_cannot_be_made_again_is_refused(void **state)
{
	assert_plan((const struct row[]){ { 3, 7, 0, SNAP_FILE_SOCKET }, { 0 } },
		    (const struct row[]){ { 0 } },
		    "descriptor 3 (/a\\012b) was closed since: a socket cannot be made "
		    "again");
	assert_plan(
		(const struct row[]){ { 3, 7, 0, SNAP_FILE_PIPE }, { 0 } },
		(const struct row[]){ { 0 } },
		"descriptor 3 (/a\\012b) was closed since: whoever has the other end "
		"of the pipe has seen it");
	assert_plan((const struct row[]){ { 3, 7, 0, SNAP_FILE_OTHER }, { 0 } },
		    (const struct row[]){ { 0 } },
		    "descriptor 3 (/a\\012b) was closed since, and is of a kind that "
		    "cannot be made again");
}

static void test_tables_that_were_not_captured_are_left_alone(void **state)
{
	struct snap_snapshot image = { 0 }, live = { 0 };
	fill(&live.files, (const struct row[]){ { 3, 7, 5, REG }, { 0 } });
	_cleanup_plan_ struct snap_plan plan = { .image = &image, .live = &live };
	assert_ok(snap_plan_files(&plan));
	assert_int_equal(plan.nr_steps, 0);
	snap_fd_table_deinit(&live.files);
}

static void test_a_note_is_told_once(void **state)
{
	_cleanup_notes_ struct snap_notes notes = { 0 };
	assert_ok(snap_notes_add(&notes, "It stays %s.", "as it is"));
	assert_ok(snap_notes_add(&notes, "It stays as it is."));
	assert_ok(snap_notes_add(&notes, "Another."));
	assert_int_equal(notes.nr, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fdinfo_tells_offset_and_flags),
		cmocka_unit_test(test_open_flags_have_the_same_numbers_everywhere),
		cmocka_unit_test(test_fdinfo_tells_counters_and_timers),
		cmocka_unit_test(test_fdinfo_tells_watches_in_their_order),
		cmocka_unit_test(test_fdinfo_tells_locks),
		cmocka_unit_test(test_a_link_tells_what_a_mode_does_not),
		cmocka_unit_test(test_nothing_is_done_about_what_did_not_change),
		cmocka_unit_test(test_what_was_opened_is_closed),
		cmocka_unit_test(test_what_was_closed_is_duplicated_where_it_can_be),
		cmocka_unit_test(test_what_was_closed_is_opened_where_it_must_be),
		cmocka_unit_test(test_what_cannot_be_made_again_is_refused),
		cmocka_unit_test(test_tables_that_were_not_captured_are_left_alone),
		cmocka_unit_test(test_a_note_is_told_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
