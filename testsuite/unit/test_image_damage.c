// SPDX-License-Identifier: GPL-3.0-or-later
#include "testsuite/unit/image_fixture.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "core/image/format.h"

/** A file without a name that takes the bytes of one damaged image after the other. */
struct scratch {
	int fd;
	char path[64];
};

static struct scratch make_scratch(void)
{
	struct scratch scratch = { .fd = memfd_create("image", MFD_CLOEXEC) };
	assert_true(scratch.fd >= 0);
	snprintf(scratch.path, sizeof(scratch.path), "/proc/self/fd/%d", scratch.fd);
	return scratch;
}

static void refill(const struct scratch *scratch, const void *data, size_t size)
{
	assert_int_equal(ftruncate(scratch->fd, (off_t)size), 0);
	assert_int_equal(pwrite(scratch->fd, data, size, 0), size);
}

/** Read it; NULL when it is refused, as it must be: damaged, and nothing else. */
static struct snap_snapshot *read_damaged(const struct scratch *scratch, size_t where)
{
	struct snap_snapshot *read = NULL;
	_cleanup_error_ snap_err error = snap_image_read(scratch->path, NULL, &read);
	if (error && (error->kind != SNAP_ERROR_CORRUPT || !error->remedy || read))
		fail_msg("byte %zu: %s", where, error->message);
	return read;
}

/** Change bits of one byte, read, and put it back: it must be found. */
static void try_change(const struct scratch *scratch, const struct snap_buffer *image,
		       size_t at, uint8_t bits)
{
	uint8_t byte = image->data[at] ^ bits;
	assert_int_equal(pwrite(scratch->fd, &byte, 1, (off_t)at), 1);
	_cleanup_snapshot_ struct snap_snapshot *read = read_damaged(scratch, at);
	assert_int_equal(pwrite(scratch->fd, &image->data[at], 1, (off_t)at), 1);
	if (read)
		fail_msg("byte %zu: nobody saw the change", at);
}

static void test_every_changed_byte_is_found(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_snapshot(&small_shape);
	_cleanup_snapshot_ struct snap_snapshot *read = NULL;
	_cleanup_buffer_ struct snap_buffer image = { 0 };
	make_image(state, snapshot, &image);
	struct scratch scratch = make_scratch();
	refill(&scratch, image.data, image.size);
	// Holes and padding are among the bytes: without them this would prove less.
	assert_true(head_size(&image) + snapshot->memory.size < image.size);

	for (size_t at = 0; at < image.size; at++) {
		try_change(&scratch, &image, at, 0xff);
		try_change(&scratch, &image, at, (uint8_t)(1 << at % 8));
	}

	assert_ok(snap_image_read(scratch.path, NULL, &read));
	close(scratch.fd);
}

static void test_every_changed_bit_of_the_headers_is_found(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_snapshot(&small_shape);
	_cleanup_buffer_ struct snap_buffer image = { 0 };
	make_image(state, snapshot, &image);
	struct scratch scratch = make_scratch();
	refill(&scratch, image.data, image.size);
	Elf64_Phdr notes;
	memcpy(&notes, image.data + sizeof(Elf64_Ehdr), sizeof(notes));

	for (size_t at = 0; at < notes.p_offset; at++)
		for (int bit = 0; bit < 8; bit++)
			try_change(&scratch, &image, at, (uint8_t)(1 << bit));
	close(scratch.fd);
}

static void test_every_truncation_is_found(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_snapshot(&small_shape);
	_cleanup_buffer_ struct snap_buffer image = { 0 };
	make_image(state, snapshot, &image);
	struct scratch scratch = make_scratch();
	refill(&scratch, image.data, image.size);

	for (size_t size = image.size; size-- > 0;) {
		assert_int_equal(ftruncate(scratch.fd, (off_t)size), 0);
		assert_null(read_damaged(&scratch, size));
	}
	close(scratch.fd);
}

/** Whatever an image says, with a right digest: an answer, and what it promises. */
static void read_hostile(const struct scratch *scratch, size_t where)
{
	_cleanup_snapshot_ struct snap_snapshot *read = NULL;
	_cleanup_error_ snap_err error = snap_image_read(scratch->path, NULL, &read);
	if (error) {
		if (error->kind != SNAP_ERROR_CORRUPT &&
		    error->kind != SNAP_ERROR_UNSUPPORTED)
			fail_msg("byte %zu: %s", where, error->message);
		return;
	}
	assert_non_null(snap_snapshot_thread(read, read->current_tid));
	for (size_t i = 1; i < read->vmas.nr; i++)
		assert_true(read->vmas.list[i - 1].end <= read->vmas.list[i].start);
	for (size_t i = 0; i < read->nr_threads; i++)
		assert_null(read->threads[i].comm[SNAP_COMM_SIZE - 1]);
}

static void test_a_hostile_image_with_a_right_digest_is_survived(void **state)
{
	static const uint32_t lengths[] = { UINT32_MAX, INT32_MAX, 0, 0x10000, 1 };
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_snapshot(&small_shape);
	_cleanup_buffer_ struct snap_buffer image = { 0 };
	make_image(state, snapshot, &image);
	struct scratch scratch = make_scratch();
	size_t end = head_size(&image);
	// The place of the notes stays: it is where seal() puts the digest.
	size_t start = sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr);

	for (size_t at = 0; at + sizeof(lengths[0]) < end - 16; at++) {
		if (at + 3 >= sizeof(Elf64_Ehdr) && at < start)
			continue;
		for (size_t i = 0; i < SNAP_ARRAY_SIZE(lengths); i++) {
			uint8_t saved[4];
			memcpy(saved, image.data + at, sizeof(saved));
			memcpy(image.data + at, &lengths[i], sizeof(saved));
			seal(&image);
			refill(&scratch, image.data, image.size);
			read_hostile(&scratch, at);
			memcpy(image.data + at, saved, sizeof(saved));
		}
	}
	close(scratch.fd);
}

static void test_a_hostile_length_costs_no_memory(void **state)
{
	// GIVEN headers that place the notes in the terabytes of a file without blocks
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_snapshot(&small_shape);
	_cleanup_buffer_ struct snap_buffer image = { 0 };
	make_image(state, snapshot, &image);
	Elf64_Phdr *notes = (void *)(image.data + sizeof(Elf64_Ehdr));
	struct scratch scratch = make_scratch();
	static const uint64_t sizes[] = { UINT64_MAX, INT64_MAX, UINT64_C(1) << 42,
					  UINT32_MAX };
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(sizes); i++) {
		notes->p_filesz = sizes[i];
		refill(&scratch, image.data, image.size);
		assert_int_equal(ftruncate(scratch.fd, (off_t)1 << 43), 0);

		// WHEN it is read THEN it is refused
		assert_null(read_damaged(&scratch, 0));
	}
	close(scratch.fd);
}

static void test_more_memory_than_the_machine_has_is_refused(void **state)
{
	// GIVEN an image of 8 TiB, nearly all of it a hole, with a right digest
	const struct shape shape = { .seed = 1, .nr_threads = 1 };
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_snapshot(&shape);
	struct snap_vma vma = { .start = UINT64_C(1) << 40,
				.end = (UINT64_C(1) << 40) + (UINT64_C(1) << 43),
				.prot = SNAP_VMA_READ,
				.name = strdup("") };
	uint8_t *bytes;
	assert_ok(snap_vmas_append(&snapshot->vmas, &vma));
	assert_ok(snap_memory_append(&snapshot->memory, vma.start, 4096, &bytes));
	_cleanup_buffer_ struct snap_buffer image = { 0 };
	make_image(state, snapshot, &image);
	const uint64_t size = vma.end - vma.start;
	Elf64_Phdr *load = (Elf64_Phdr *)(image.data + sizeof(Elf64_Ehdr)) + 1;
	load->p_filesz = size;
	// versions, count, size of the record, start of the extent
	memcpy(find_note(&image, SNAP_NOTE_EXTENTS) + 2 + 2 + 4 + 4 + 8, &size, 8);
	seal(&image);
	struct scratch scratch = make_scratch();
	refill(&scratch, image.data, image.size);
	assert_int_equal(ftruncate(scratch.fd, (off_t)(size + (1 << 20))), 0);

	// WHEN it is read THEN nothing of that size is tried
	struct snap_snapshot *read = NULL;
	assert_error(snap_image_read(scratch.path, NULL, &read), REFUSED);
	close(scratch.fd);
}

#define image_test(name) \
	cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		image_test(test_every_changed_byte_is_found),
		image_test(test_every_changed_bit_of_the_headers_is_found),
		image_test(test_every_truncation_is_found),
		image_test(test_a_hostile_image_with_a_right_digest_is_survived),
		image_test(test_a_hostile_length_costs_no_memory),
		image_test(test_more_memory_than_the_machine_has_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
