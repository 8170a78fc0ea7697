// SPDX-License-Identifier: GPL-3.0-or-later
#include "testsuite/unit/image_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/image/digest.h"

int make_folder(void **state)
{
	char path[] = "/tmp/gdb-snapshot-test-XXXXXX";
	*state = mkdtemp(path) ? strdup(path) : NULL;
	return *state ? 0 : -1;
}

int remove_folder(void **state)
{
	DIR *folder = opendir(*state);
	assert_non_null(folder);
	for (struct dirent *entry; (entry = readdir(folder));)
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			unlinkat(dirfd(folder), entry->d_name, 0);
	closedir(folder);
	rmdir(*state);
	free(*state);
	return 0;
}

const char *in_folder(void **state, const char *name)
{
	static char path[4096];
	snprintf(path, sizeof(path), "%s/%s", (const char *)*state, name);
	return path;
}

int count_names(void **state)
{
	int count = 0;
	DIR *folder = opendir(*state);
	assert_non_null(folder);
	while (readdir(folder))
		count++;
	closedir(folder);
	return count - 2; // "." and ".."
}

void load_file(const char *path, struct snap_buffer *ret)
{
	struct stat st;
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0 && !fstat(fd, &st));
	uint8_t *bytes;
	assert_ok(snap_buffer_extend(ret, (size_t)st.st_size, &bytes));
	assert_int_equal(read(fd, bytes, (size_t)st.st_size), st.st_size);
}

void store_file(const char *path, const void *data, size_t size)
{
	_cleanup_close_ int fd =
		open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), size);
}

void make_image(void **state, const struct snap_snapshot *snapshot,
		struct snap_buffer *ret)
{
	const char *path = in_folder(state, "image");
	assert_ok(snap_image_write(snapshot, path, true, NULL));
	load_file(path, ret);
	unlink(path);
}

static void notes_place(const struct snap_buffer *image, uint64_t *start, uint64_t *end)
{
	const Elf64_Phdr *notes = (const void *)(image->data + sizeof(Elf64_Ehdr));
	*start = notes->p_offset;
	*end = notes->p_offset + notes->p_filesz;
}

size_t head_size(const struct snap_buffer *image)
{
	uint64_t start, end;
	notes_place(image, &start, &end);
	return end;
}

void seal(struct snap_buffer *image)
{
	size_t before = head_size(image) - SNAP_HEAD_DIGEST_SIZE;
	assert_ok(snap_digest_head(image->data, before, NULL, 0, image->data + before));
}

uint8_t *find_note(const struct snap_buffer *image, uint32_t type)
{
	uint64_t at, end;
	notes_place(image, &at, &end);
	while (at < end) {
		const Elf64_Nhdr *note = (const void *)(image->data + at);
		uint64_t contents = at + sizeof(*note) + ((note->n_namesz + 3) & ~3u);
		if (note->n_type == type)
			return image->data + contents;
		at = contents + ((note->n_descsz + 3) & ~3u);
	}
	fail_msg("no note of type 0x%x", type);
	return NULL;
}
