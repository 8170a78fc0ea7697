// SPDX-License-Identifier: GPL-3.0-or-later
#include "testsuite/fuzz/targets.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/compat/compat.h"
#include "core/compat/cpu_json.h"
#include "core/foreign/adopt.h"
#include "core/foreign/foreign.h"
#include "core/image/digest.h"
#include "core/image/headers.h"
#include "core/image/image.h"
#include "core/plan/plan.h"
#include "core/plan/revival.h"
#include "core/plan/revival_empty.h"

/** Plan to bring it to life, where none of its files are. */
static void plan_life(const struct snap_snapshot *snapshot)
{
	struct snap_open_file null = { .path = (char *)"/dev/null" };
	_cleanup_free_ struct snap_mapped_file *mapped =
		calloc(snapshot->vmas.nr + 1, sizeof(*mapped));
	_cleanup_free_ bool *is_there =
		calloc(snapshot->files.nr + 1, sizeof(*is_there));
	if (!mapped || !is_there)
		abort();
	const struct snap_surroundings surroundings = {
		.mapped = mapped,
		.is_there = is_there,
		.null = &null,
	};
	_cleanup_snapshot_ struct snap_snapshot *empty = NULL;
	_cleanup_notes_ struct snap_notes notes = { 0 };
	_cleanup_revived_ struct snap_revived revived = { 0 };
	_cleanup_plan_ struct snap_plan plan = { 0 };
	_cleanup_error_ snap_err error = snap_make_empty(snapshot, true, &empty);
	if (!error)
		error = snap_revive_image(snapshot, empty, &surroundings, &notes,
					  &revived);
	if (!error)
		error = snap_plan_compare(&revived.snapshot, empty, &plan);
}

/** What is done with every snapshot that was read. */
static void look(struct snap_snapshot *snapshot, snap_err error)
{
	assert(!error == !!snapshot);
	snap_error_destroy(error);
	if (!snapshot)
		return;
	_cleanup_cpu_ struct snap_cpu needs = { 0 };
	_cleanup_verdict_ struct snap_verdict verdict = { 0 };
	snap_error_destroy(snap_compat_needs(snapshot, &needs));
	if (snap_cpu_find(&needs, "arch"))
		snap_error_destroy(snap_compat_check(&needs, &snapshot->cpu,
						     SNAP_MODE_STRICT, &verdict));
	plan_life(snapshot);
	snap_snapshot_destroy(snapshot);
}

/** A file in memory; its path is written to `path`. Returns its descriptor. */
static int make_file(const void *data, size_t size, char path[32])
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	(void)snprintf(path, 32, "/proc/self/fd/%d", fd);
	return fd;
}

/** Give the head of an image the digest that it has. */
static void seal(uint8_t *image, size_t size)
{
	uint64_t offset, notes_size, end;
	if (size < SNAP_FIRST_BYTES)
		return;
	snap_err error = snap_headers_find_notes(image, &offset, &notes_size);
	if (error) {
		snap_error_destroy(error);
		return;
	}
	if (!__builtin_add_overflow(offset, notes_size, &end) && end <= size &&
	    end >= SNAP_HEAD_DIGEST_SIZE) {
		size_t before = (size_t)end - SNAP_HEAD_DIGEST_SIZE;
		snap_error_destroy(
			snap_digest_head(image, before, NULL, 0, image + before));
	}
}

void fuzz_image(const uint8_t *data, size_t size)
{
	char path[32];
	struct snap_snapshot *snapshot = NULL;
	_cleanup_free_ uint8_t *image = malloc(size + 1);
	if (!image)
		abort();
	memcpy(image, data, size);
	seal(image, size);
	_cleanup_close_ int fd = make_file(image, size, path);
	snap_err error = snap_image_read(path, NULL, &snapshot);
	look(snapshot, error);
}

void fuzz_core(const uint8_t *data, size_t size)
{
	char path[32];
	struct snap_snapshot *snapshot = NULL;
	_cleanup_close_ int fd = make_file(data, size, path);
	snap_err error = snap_foreign_read_core(path, NULL, &snapshot);
	_cleanup_notes_ struct snap_notes assumptions = { 0 };
	if (!error)
		snap_error_destroy(snap_foreign_adopt(snapshot, &assumptions));
	look(snapshot, error);
}

void fuzz_cpu_json(const uint8_t *data, size_t size)
{
	_cleanup_cpu_ struct snap_cpu cpu = { 0 }, again = { 0 };
	_cleanup_error_ snap_err error =
		snap_cpu_json_parse((const char *)data, size, &cpu);
	if (error)
		return;
	_cleanup_buffer_ struct snap_buffer text = { 0 };
	if (snap_cpu_json_write(&cpu, &text) ||
	    snap_cpu_json_parse((const char *)text.data, text.size, &again))
		abort();
	assert(cpu.nr_items == again.nr_items);
	for (size_t i = 0; i < cpu.nr_items; i++)
		assert(!strcmp(cpu.items[i].name, again.items[i].name) &&
		       cpu.items[i].value == again.items[i].value);
}

static const char *const criu_files[] = { "pstree.img", "core-12.img", "core-13.img",
					  "mm-12.img",  "cpuinfo.img", "files.img" };

static void store(const char *folder, const char *name, const uint8_t *data,
		  size_t size)
{
	char path[128];
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = fopen(path, "we");
	if (!file || fwrite(data, 1, size, file) != size || fclose(file))
		abort();
}

static void remove_folder(const char *folder)
{
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(criu_files); i++) {
		char path[128];
		(void)snprintf(path, sizeof(path), "%s/%s", folder, criu_files[i]);
		(void)unlink(path);
	}
	(void)rmdir(folder);
}

void fuzz_criu(const uint8_t *data, size_t size)
{
	char in_memory[] = "/dev/shm/fuzz-criu-XXXXXX",
	     on_disk[] = "/tmp/fuzz-criu-XXXXXX";
	char *folder = access("/dev/shm", W_OK) ? on_disk : in_memory;
	if (!mkdtemp(folder))
		abort();
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(criu_files); i++) {
		uint32_t part = 0;
		if (size >= sizeof(part)) {
			memcpy(&part, data, sizeof(part));
			data += sizeof(part);
			size -= sizeof(part);
		}
		if (part > size)
			part = (uint32_t)size;
		// One that is not there is another case.
		if (part)
			store(folder, criu_files[i], data, part);
		data += part;
		size -= part;
	}
	struct snap_snapshot *snapshot = NULL;
	snap_err error = snap_foreign_read_criu(folder, &snapshot);
	look(snapshot, error);
	remove_folder(folder);
}
