// SPDX-License-Identifier: GPL-3.0-or-later
#include "testsuite/unit/image_fixture.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "core/image/format.h"

static void test_a_file_that_is_there_is_kept(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_snapshot(&small_shape);
	_cleanup_buffer_ struct snap_buffer file = { 0 };
	const char *path = in_folder(state, "image");
	store_file(path, "precious", 8);

	assert_error(snap_image_write(snapshot, path, false, NULL), INVALID);

	load_file(path, &file);
	assert_int_equal(file.size, 8);
	assert_memory_equal(file.data, "precious", 8);
	assert_int_equal(count_names(state), 1);
}

/** While the image is being written, somebody else makes a file of its name. */
static bool make_file(void *context, const char *phase, uint64_t done, uint64_t total)
{
	store_file(context, "precious", 8);
	return true;
}

static void test_a_file_that_appears_meanwhile_is_kept(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_snapshot(&small_shape);
	_cleanup_buffer_ struct snap_buffer file = { 0 };
	const char *path = in_folder(state, "image");
	const struct snap_progress progress = { make_file, (void *)path };

	assert_error(snap_image_write(snapshot, path, false, &progress), INVALID);

	load_file(path, &file);
	assert_memory_equal(file.data, "precious", 8);
	assert_int_equal(count_names(state), 1);
}

static void test_a_file_is_overwritten_when_that_is_wanted(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_snapshot(&small_shape);
	_cleanup_snapshot_ struct snap_snapshot *read = NULL;
	const char *path = in_folder(state, "image");
	store_file(path, "old", 3);

	assert_ok(snap_image_write(snapshot, path, true, NULL));

	assert_ok(snap_image_read(path, NULL, &read));
	assert_null(find_difference(snapshot, read));
	assert_int_equal(count_names(state), 1);
}

static void test_what_is_no_regular_file_is_never_replaced(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_snapshot(&small_shape);
	struct stat st;
	const char *path = in_folder(state, "pipe");
	assert_int_equal(mkfifo(path, 0600), 0);

	assert_error(snap_image_write(snapshot, path, true, NULL), INVALID);
	assert_error(snap_image_write(snapshot, *state, true, NULL), INVALID);
	assert_error(snap_image_write(snapshot, "", true, NULL), INVALID);

	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
}

static void test_a_folder_that_is_not_there_is_named(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_snapshot(&small_shape);
	const char *path = in_folder(state, "no/image");

	_cleanup_error_ snap_err error = snap_image_write(snapshot, path, false, NULL);

	assert_non_null(error);
	assert_int_equal(error->os_errno, ENOENT);
	assert_non_null(strstr(error->message, path));
	assert_non_null(error->remedy);
}

static void test_what_is_no_regular_file_is_not_read(void **state)
{
	struct snap_snapshot *read = NULL;
	const char *path = in_folder(state, "pipe");
	assert_int_equal(mkfifo(path, 0600), 0);

	assert_error(snap_image_read(path, NULL, &read), INVALID);
	assert_error(snap_image_read(*state, NULL, &read), INVALID);
	assert_error(snap_image_read("/dev/zero", NULL, &read), INVALID);
	assert_error(snap_image_read(in_folder(state, "none"), NULL, &read), OS);
}

/** Mount a tiny file system on the folder, where only this process sees it. */
static bool mount_tiny(void **state)
{
	return (!unshare(CLONE_NEWNS) || !unshare(CLONE_NEWUSER | CLONE_NEWNS)) &&
	       !mount("none", "/", "", MS_REC | MS_PRIVATE, NULL) &&
	       !mount("tiny", *state, "tmpfs", 0, "size=64k");
}

static void test_a_full_disk_leaves_nothing_behind(void **state)
{
	const struct shape shape = { .seed = 2,
				     .nr_threads = 1,
				     .nr_vmas = 40,
				     .max_pages = 10,
				     .max_regset = 64 };
	// First: a test that is skipped leaves by longjmp(), past the scope guards.
	if (!mount_tiny(state))
		skip();
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_snapshot(&shape);
	const char *path = in_folder(state, "image");
	assert_true(snapshot->memory.size > 64 << 10);

	_cleanup_error_ snap_err error = snap_image_write(snapshot, path, false, NULL);
	int names = count_names(state);
	assert_int_equal(umount(*state), 0);

	assert_non_null(error);
	assert_int_equal(error->os_errno, ENOSPC);
	assert_non_null(strstr(error->message, path));
	assert_non_null(error->remedy);
	assert_int_equal(names, 0);
}

static void test_a_limit_on_files_does_not_kill(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_snapshot(&small_shape);
	const char *path = in_folder(state, "image");
	struct rlimit old, limit;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	limit = old;
	limit.rlim_cur = 8192;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);

	_cleanup_error_ snap_err error = snap_image_write(snapshot, path, false, NULL);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);

	assert_non_null(error);
	assert_int_equal(error->kind, SNAP_ERROR_OS);
	assert_non_null(error->remedy);
	assert_int_equal(count_names(state), 0);
}

/** The padding behind the head: room for what a test inserts. */
static size_t padding(const struct snap_buffer *image)
{
	return -(uintptr_t)head_size(image) % SNAP_PAGE_SIZE;
}

/** An image with room in its head: where it has little, a longer text makes a page
 * more. */
static void make_roomy_image(void **state, struct snap_snapshot *snapshot,
			     struct snap_buffer *image)
{
	char text[SNAP_PAGE_SIZE / 2 + 1];
	make_image(state, snapshot, image);
	if (padding(image) >= SNAP_PAGE_SIZE / 4)
		return;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	assert_ok(snap_snapshot_set_text(&snapshot->note, text));
	image->size = 0;
	make_image(state, snapshot, image);
}

/** Make room in the head, in the padding behind it. */
static void insert(struct snap_buffer *image, uint8_t *at, const void *data,
		   size_t size)
{
	uint8_t *end = image->data + head_size(image);
	assert_true(padding(image) >= size);
	memmove(at + size, at, (size_t)(end - at));
	memcpy(at, data, size);
	((Elf64_Phdr *)(image->data + sizeof(Elf64_Ehdr)))->p_filesz += size;
}

/** The 32-bit number at a place goes up. */
static void grow_number(uint8_t *place, uint32_t by)
{
	uint32_t value;
	memcpy(&value, place, sizeof(value));
	value += by;
	memcpy(place, &value, sizeof(value));
}

/** Where the size of a note's contents stands. */
static uint8_t *size_of_note(uint8_t *contents)
{
	return contents - SNAP_NOTE_HEADER_SIZE + offsetof(Elf64_Nhdr, n_descsz);
}

/** Read an image from a newer version: all that we know is right, and it is said. */
static void check_newer(void **state, const struct snap_snapshot *snapshot,
			struct snap_buffer *image)
{
	_cleanup_snapshot_ struct snap_snapshot *read = NULL;
	seal(image);
	const char *path = in_folder(state, "image");
	store_file(path, image->data, image->size);

	assert_ok(snap_image_read(path, NULL, &read));

	assert_int_equal(read->nr_omissions, snapshot->nr_omissions + 1);
	assert_non_null(strstr(read->omissions[--read->nr_omissions], "newer"));
	free(read->omissions[read->nr_omissions]);
	assert_null(find_difference(snapshot, read));
}

static void test_a_note_that_nobody_knows_is_skipped(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_snapshot(&small_shape);
	_cleanup_buffer_ struct snap_buffer image = { 0 };
	make_roomy_image(state, snapshot, &image);

	static const struct {
		Elf64_Nhdr header;
		char owner[8];
		char contents[4];
	} note = { { 8, 3, 0x47534eff }, SNAP_NOTE_OWNER, "new" };

	insert(&image, find_note(&image, SNAP_NOTE_CPU) - SNAP_NOTE_HEADER_SIZE, &note,
	       sizeof(note));
	check_newer(state, snapshot, &image);
}

static void test_what_a_newer_minor_version_appends_is_skipped(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_snapshot(&small_shape);
	_cleanup_buffer_ struct snap_buffer image = { 0 };
	make_roomy_image(state, snapshot, &image);

	// GIVEN a longer record in a list,
	uint8_t *extents = find_note(&image, SNAP_NOTE_EXTENTS);
	grow_number(extents + 8, 4);
	grow_number(size_of_note(extents), 4);
	insert(&image, extents + 12 + 32, "more", 4);
	// and a longer note, both of the next version
	// and a longer note, both of a newer minor version
	uint8_t *omissions = find_note(&image, SNAP_NOTE_OMISSIONS);
	omissions[2] = extents[2] = SNAP_IMAGE_MINOR + 1;
	grow_number(size_of_note(omissions), 4);
	insert(&image, extents - SNAP_NOTE_HEADER_SIZE, "more", 4);

	check_newer(state, snapshot, &image);
}

static void test_a_newer_major_version_is_refused(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_snapshot(&small_shape);
	_cleanup_buffer_ struct snap_buffer image = { 0 };
	struct snap_snapshot *read = NULL;
	const char *path = in_folder(state, "image");
	make_image(state, snapshot, &image);
	find_note(&image, SNAP_NOTE_MANIFEST)[0] = SNAP_IMAGE_MAJOR + 1;
	seal(&image);
	store_file(path, image.data, image.size);

	assert_error(snap_image_read(path, NULL, &read), UNSUPPORTED);
}

static void test_the_core_of_somebody_else_is_told_apart(void **state)
{
	// GIVEN a core file in which no note is ours
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_snapshot(&small_shape);
	_cleanup_buffer_ struct snap_buffer image = { 0 };
	struct snap_snapshot *read = NULL;
	const char *path = in_folder(state, "core");
	make_image(state, snapshot, &image);
	for (uint8_t *at; (at = memmem(image.data, image.size, SNAP_NOTE_OWNER, 8));)
		memcpy(at, "OTHERS!", 8);
	store_file(path, image.data, image.size);

	// WHEN it is read
	_cleanup_error_ snap_err error = snap_image_read(path, NULL, &read);

	// THEN nobody says that it is damaged
	assert_non_null(error);
	assert_int_equal(error->kind, SNAP_ERROR_INVALID);
	assert_non_null(strstr(error->message, path));
	assert_non_null(strstr(error->message, "core file"));
	assert_non_null(error->remedy);
}

static void test_what_is_no_image_at_all_is_refused(void **state)
{
	struct snap_snapshot *read = NULL;
	const char *path = in_folder(state, "text");
	char text[4096];
	memset(text, 'a', sizeof(text));
	store_file(path, text, sizeof(text));
	assert_error(snap_image_read(path, NULL, &read), CORRUPT);
	assert_error(snap_image_read("/proc/self/exe", NULL, &read), CORRUPT);
}

#define image_test(name) \
	cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		image_test(test_a_file_that_is_there_is_kept),
		image_test(test_a_file_that_appears_meanwhile_is_kept),
		image_test(test_a_file_is_overwritten_when_that_is_wanted),
		image_test(test_what_is_no_regular_file_is_never_replaced),
		image_test(test_a_folder_that_is_not_there_is_named),
		image_test(test_what_is_no_regular_file_is_not_read),
		image_test(test_a_full_disk_leaves_nothing_behind),
		image_test(test_a_limit_on_files_does_not_kill),
		image_test(test_a_note_that_nobody_knows_is_skipped),
		image_test(test_what_a_newer_minor_version_appends_is_skipped),
		image_test(test_a_newer_major_version_is_refused),
		image_test(test_the_core_of_somebody_else_is_told_apart),
		image_test(test_what_is_no_image_at_all_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
