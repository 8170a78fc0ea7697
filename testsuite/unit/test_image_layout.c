// SPDX-License-Identifier: GPL-3.0-or-later
#include "testsuite/unit/image_fixture.h"

#include <fcntl.h>
#include <gelf.h>
#include <string.h>
#include <sys/procfs.h>

#include "arch/arch.h"
#include "core/image/format.h"

/** An image as any tool that uses libelf sees it. */
struct view {
	int fd;
	Elf *elf;
	size_t nr_headers;
};

static struct view view_image(void **state, const struct snap_snapshot *snapshot)
{
	const char *path = in_folder(state, "image");
	assert_ok(snap_image_write(snapshot, path, false, NULL));
	elf_version(EV_CURRENT);
	struct view view = { .fd = open(path, O_RDONLY | O_CLOEXEC) };
	view.elf = elf_begin(view.fd, ELF_C_READ, NULL);
	assert_int_equal(elf_kind(view.elf), ELF_K_ELF);
	assert_int_equal(elf_getphdrnum(view.elf, &view.nr_headers), 0);
	return view;
}

static void close_view(struct view *view)
{
	elf_end(view->elf);
	close(view->fd);
}

static GElf_Phdr header(const struct view *view, size_t index)
{
	GElf_Phdr header;
	assert_non_null(gelf_getphdr(view->elf, (int)index, &header));
	return header;
}

/** Hold one page of a mapping, filled with a byte. */
static void hold(struct snap_snapshot *snapshot, uint64_t address, int byte)
{
	uint8_t *bytes;
	assert_ok(snap_memory_append(&snapshot->memory, address, 0x1000, &bytes));
	memset(bytes, byte, 0x1000);
}

static void map(struct snap_snapshot *snapshot, uint64_t start, uint64_t end,
		uint32_t prot, const char *name)
{
	struct snap_vma vma = { .start = start,
				.end = end,
				.prot = prot,
				.inode = *name == '/',
				.offset = 0x3000,
				.name = strdup(name) };
	assert_ok(snap_vmas_append(&snapshot->vmas, &vma));
}

static void test_pages_that_are_not_held_read_as_what_they_are(void **state)
{
	// GIVEN gaps of both kinds
	const struct shape shape = { .seed = 1, .nr_threads = 1 };
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_snapshot(&shape);
	const uint32_t rw = SNAP_VMA_READ | SNAP_VMA_WRITE;
	map(snapshot, 0x10000, 0x14000, rw, "/lib/file");
	hold(snapshot, 0x11000, 'f');
	hold(snapshot, 0x13000, 'g');
	map(snapshot, 0x14000, 0x18000, rw, "");
	hold(snapshot, 0x14000, 'a');
	hold(snapshot, 0x16000, 'b');
	map(snapshot, 0x18000, 0x19000, SNAP_VMA_READ | SNAP_VMA_EXEC, "/lib/file");
	map(snapshot, 0x19000, 0x1a000, 0, "");
	map(snapshot, 0x1a000, 0x1b000, SNAP_VMA_READ | SNAP_VMA_EXEC, "[vdso]");
	map(snapshot, 0x1b000, 0x1b000 + SNAP_PAGE_SIZE + (64 << 20), rw, "");

	// WHEN it is written
	struct view view = view_image(state, snapshot);

	// THEN pages of files are for the tool to find, and zeros are there, few enough
	static const struct {
		uint64_t start, file_size, size;
		uint32_t flags;
		const char *bytes;
	} rows[] = {
		{ 0x10000, 0, 0x1000, PF_R | PF_W, "" },
		{ 0x11000, 0x1000, 0x1000, PF_R | PF_W, "f" },
		{ 0x12000, 0, 0x1000, PF_R | PF_W, "" },
		{ 0x13000, 0x1000, 0x1000, PF_R | PF_W, "g" },
		{ 0x14000, 0x4000, 0x4000, PF_R | PF_W, "a\0b\0" },
		{ 0x18000, 0, 0x1000, PF_R | PF_X, "" },
		{ 0x19000, 0, 0x1000, 0, "" },
		{ 0x1a000, 0, 0x1000, PF_R | PF_X, "" },
		{ 0x1b000, 0, 0x1000 + (64 << 20), PF_R | PF_W, "" },
	};

	assert_int_equal(view.nr_headers, 1 + SNAP_ARRAY_SIZE(rows));
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(rows); i++) {
		GElf_Phdr load = header(&view, i + 1);
		assert_int_equal(load.p_type, PT_LOAD);
		assert_int_equal(load.p_vaddr, rows[i].start);
		assert_int_equal(load.p_filesz, rows[i].file_size);
		assert_int_equal(load.p_memsz, rows[i].size);
		assert_int_equal(load.p_flags, rows[i].flags);
		assert_int_equal(load.p_offset % SNAP_PAGE_SIZE, 0);
		for (size_t page = 0; page < load.p_filesz / SNAP_PAGE_SIZE; page++) {
			char byte = 'x';
			off_t at = (off_t)(load.p_offset + page * SNAP_PAGE_SIZE + 5);
			assert_int_equal(pread(view.fd, &byte, 1, at), 1);
			assert_int_equal(byte, rows[i].bytes[page]);
		}
	}
	close_view(&view);
}

/** A snapshot that has that many mappings and holds nothing. */
static struct snap_snapshot *make_mappings(size_t nr)
{
	const struct shape shape = { .seed = 4, .nr_threads = 1 };
	struct snap_snapshot *snapshot = make_snapshot(&shape);
	for (uint64_t i = 0; i < nr; i++)
		map(snapshot, (i + 1) << 12, (i + 2) << 12, SNAP_VMA_READ, "/lib/file");
	return snapshot;
}

static void test_an_image_may_have_more_segments_than_a_header_counts(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_mappings(70000);

	struct view view = view_image(state, snapshot);

	GElf_Ehdr ehdr;
	assert_non_null(gelf_getehdr(view.elf, &ehdr));
	assert_int_equal(ehdr.e_phnum, PN_XNUM);
	assert_int_equal(view.nr_headers, 70001);
	assert_int_equal(header(&view, 70000).p_vaddr, UINT64_C(70000) << 12);
	close_view(&view);
}

static void test_the_count_changes_its_place_at_pn_xnum(void **state)
{
	for (size_t nr = PN_XNUM - 2; nr <= PN_XNUM; nr++) {
		_cleanup_snapshot_ struct snap_snapshot *snapshot = make_mappings(nr);
		struct view view = view_image(state, snapshot);
		assert_int_equal(view.nr_headers, nr + 1);
		close_view(&view);
		unlink(in_folder(state, "image"));
	}
}

/** One note of an image. */
struct note {
	const char *owner;
	uint32_t type;
	const uint8_t *data;
	size_t size;
};

/** All notes of an image, in order, as libelf finds them. */
static size_t list_notes(const struct view *view, struct note *notes, size_t max)
{
	GElf_Phdr segment = header(view, 0);
	assert_int_equal(segment.p_type, PT_NOTE);
	Elf_Data *data = elf_getdata_rawchunk(view->elf, (int64_t)segment.p_offset,
					      segment.p_filesz, ELF_T_NHDR);
	assert_non_null(data);
	size_t at = 0, next, name, contents, nr = 0;
	GElf_Nhdr note;
	for (; (next = gelf_getnote(data, at, &note, &name, &contents)); at = next) {
		assert_true(nr < max);
		notes[nr++] =
			(struct note){ .owner = (const char *)data->d_buf + name,
				       .type = note.n_type,
				       .data = (const uint8_t *)data->d_buf + contents,
				       .size = note.n_descsz };
	}
	assert_int_equal(at, segment.p_filesz);
	return nr;
}

/** Two threads that have every register set, the second selected. */
static struct snap_snapshot *make_two_threads(void)
{
	const struct shape shape = { .seed = 1,
				     .nr_threads = 2,
				     .nr_vmas = 6,
				     .max_pages = 1,
				     .max_regset = 8 };
	struct snap_snapshot *snapshot = make_snapshot(&shape);
	for (size_t i = 0; i < 2; i++) {
		struct snap_thread *thread = &snapshot->threads[i];
		thread->members |= SNAP_THREAD_SIGINFO;
		memset(thread->siginfo, 0, sizeof(thread->siginfo));
		thread->siginfo[0] = i ? 11 : 5;
		for (size_t set = 1; set < snapshot->arch->nr_regsets; set++)
			assert_ok(snap_thread_set_regset(thread, set, "8 bytes", 8));
	}
	snapshot->current_tid = snapshot->threads[1].tid;
	free(snapshot->auxv);
	snapshot->auxv_size = 16;
	snapshot->auxv = calloc(1, 16);
	return snapshot;
}

static void test_notes_come_in_the_order_of_the_kernel(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_two_threads();
	const struct snap_arch *arch = snapshot->arch;
	struct view view = view_image(state, snapshot);
	struct note notes[128];
	size_t nr = list_notes(&view, notes, SNAP_ARRAY_SIZE(notes)), at = 0;

	static const uint32_t first[] = { NT_PRSTATUS, NT_PRPSINFO, NT_SIGINFO, NT_AUXV,
					  NT_FILE };
	for (; at < SNAP_ARRAY_SIZE(first); at++) {
		assert_string_equal(notes[at].owner, "CORE");
		assert_int_equal(notes[at].type, first[at]);
	}
	for (int thread = 0; thread < 2; thread++) {
		for (size_t set = 1; set < arch->nr_regsets; set++, at++) {
			assert_string_equal(notes[at].owner, arch->regsets[set].owner);
			assert_int_equal(notes[at].type, arch->regsets[set].note_type);
			assert_int_equal(notes[at].size, 8);
		}
		assert_string_equal(notes[at].owner, SNAP_NOTE_OWNER);
		assert_int_equal(notes[at++].type, SNAP_NOTE_THREAD);
		// Behind it, what each family of state has of the thread.
		while (!thread && !strcmp(notes[at].owner, SNAP_NOTE_OWNER))
			at++;
		if (!thread) {
			assert_int_equal(notes[at++].type, NT_PRSTATUS);
			assert_int_equal(notes[at++].type, NT_SIGINFO);
		}
	}
	assert_int_equal(notes[nr - 1].type, SNAP_NOTE_DIGEST);
	close_view(&view);
}

static void test_the_selected_thread_comes_first_with_its_signal(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_two_threads();
	const struct snap_thread *selected = &snapshot->threads[1];
	struct view view = view_image(state, snapshot);
	struct note notes[128];
	assert_true(list_notes(&view, notes, SNAP_ARRAY_SIZE(notes)) > 0);

	// Laid out as <sys/procfs.h> has it for this machine, but for the registers.
	struct elf_prstatus copy, *status = &copy;
	memcpy(&copy, notes[0].data, sizeof(copy));
	assert_int_equal(offsetof(struct elf_prstatus, pr_reg),
			 SNAP_PRSTATUS_REGS_OFFSET);
	assert_int_equal(SNAP_PRSTATUS_SIZE(sizeof(status->pr_reg)), sizeof(*status));
	assert_int_equal(status->pr_pid, selected->tid);
	assert_int_equal(status->pr_ppid, snapshot->ppid);
	assert_int_equal(status->pr_pgrp, snapshot->pgid);
	assert_int_equal(status->pr_sid, snapshot->sid);
	assert_int_equal(status->pr_cursig, 11);
	assert_int_equal(status->pr_info.si_signo, 11);
	assert_int_equal(status->pr_sighold, selected->sigmask);
	assert_memory_equal(&status->pr_reg, selected->regsets[0].data,
			    selected->regsets[0].size);
	assert_int_equal(notes[0].size, SNAP_PRSTATUS_SIZE(selected->regsets[0].size));
	close_view(&view);
}

static void test_the_process_is_named_as_the_kernel_would(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_two_threads();
	assert_ok(snap_snapshot_set_text(&snapshot->identity.exe,
					 "/usr/bin/a-rather-long-name"));
	assert_ok(snap_snapshot_set_text(&snapshot->command_line, "a -rather long"));
	struct view view = view_image(state, snapshot);
	struct note notes[128];
	assert_true(list_notes(&view, notes, SNAP_ARRAY_SIZE(notes)) > 0);

	struct elf_prpsinfo copy, *info = &copy;
	memcpy(&copy, notes[1].data, sizeof(copy));
	assert_int_equal(notes[1].size, sizeof(*info));
	assert_int_equal(info->pr_sname, 'T');
	assert_int_equal(info->pr_uid, snapshot->uid);
	assert_int_equal(info->pr_gid, snapshot->gid);
	assert_int_equal(info->pr_pid, snapshot->identity.pid);
	assert_string_equal(info->pr_fname, "a-rather-long-n");
	assert_string_equal(info->pr_psargs, "a -rather long");
	close_view(&view);
}

static void test_mapped_files_are_listed(void **state)
{
	const struct shape shape = { .seed = 1, .nr_threads = 1 };
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_snapshot(&shape);
	map(snapshot, 0x10000, 0x14000, SNAP_VMA_READ, "/lib/a b");
	map(snapshot, 0x14000, 0x15000, SNAP_VMA_READ, "[heap]");
	map(snapshot, 0x15000, 0x16000, SNAP_VMA_READ, "/lib/c\nx");
	struct view view = view_image(state, snapshot);
	struct note notes[128], *file = NULL;
	size_t nr = list_notes(&view, notes, SNAP_ARRAY_SIZE(notes));
	for (size_t i = 0; i < nr; i++)
		if (notes[i].type == NT_FILE)
			file = &notes[i];

	static const uint64_t numbers[] = { 2, 0x1000,  0x10000, 0x14000,
					    3, 0x15000, 0x16000, 3 };
	static const char names[] = "/lib/a b\0/lib/c\nx";
	assert_non_null(file);
	assert_int_equal(file->size, sizeof(numbers) + sizeof(names));
	assert_memory_equal(file->data, numbers, sizeof(numbers));
	assert_memory_equal(file->data + sizeof(numbers), names, sizeof(names));
	close_view(&view);
}

/** A little endian number of our notes. */
static uint64_t number(const uint8_t *contents, size_t at, size_t size)
{
	uint64_t value = 0;
	memcpy(&value, contents + at, size);
	return value;
}

static void test_our_notes_are_laid_out_as_documented(void **state)
{
	// doc/image-format.md has these places; another place is another format.
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_snapshot(&small_shape);
	_cleanup_buffer_ struct snap_buffer image = { 0 };
	snapshot->current_tid = snapshot->threads[1].tid;
	make_image(state, snapshot, &image);

	const uint8_t *note = find_note(&image, SNAP_NOTE_MANIFEST);
	assert_int_equal(number(note, 0, 4), SNAP_IMAGE_MAJOR | SNAP_IMAGE_MINOR << 16);
	assert_int_equal(number(note, 4, 4), 4096);
	assert_int_equal(number(note, 8, 4), 2);
	assert_memory_equal(note + 12, snapshot->uuid, 16);
	assert_int_equal(number(note, 52, 4), snapshot->identity.pid);
	assert_int_equal(number(note, 76, 4), snapshot->current_tid);
	assert_int_equal(number(note, 96, 8), snapshot->brk);
	assert_int_equal(number(note, 104, 1), 20);
	assert_int_equal(number(note, 137, 4), strlen(snapshot->identity.boot_id));

	const struct snap_thread *thread = &snapshot->threads[1];
	note = find_note(&image, SNAP_NOTE_THREAD);
	assert_int_equal(number(note, 4, 4), 1);
	assert_int_equal(number(note, 8, 4), thread->tid);
	assert_int_equal(number(note, 40, 8), thread->sigmask);
	assert_int_equal(number(note, 68, 4), (uint32_t)thread->interrupted_syscall);
	assert_int_equal(number(note, 108, 8), thread->tid_address);

	const struct snap_vma *vma = &snapshot->vmas.list[0];
	note = find_note(&image, SNAP_NOTE_MAPPINGS);
	assert_int_equal(number(note, 4, 4), snapshot->vmas.nr);
	assert_int_equal(number(note, 8, 4), 85 + 4 + strlen(vma->name));
	assert_int_equal(number(note, 12 + 8, 8), vma->end);
	assert_int_equal(number(note, 12 + 44, 4), vma->flags);
	assert_int_equal(number(note, 12 + 85, 4), strlen(vma->name));

	struct snap_run run;
	assert_true(snap_memory_next_run(&snapshot->memory, 0, &run));
	note = find_note(&image, SNAP_NOTE_EXTENTS);
	assert_int_equal(number(note, 8, 4), 32);
	assert_int_equal(number(note, 12, 8), run.start);
	assert_int_equal(number(note, 20, 8), run.size);
	assert_memory_equal(image.data + number(note, 28, 8), run.bytes, 4096);
}

static void test_the_notes_on_signals_are_laid_out_as_documented(void **state)
{
	// GIVEN one action, one signal pending for the process, one for a thread
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_snapshot(&small_shape);
	_cleanup_buffer_ struct snap_buffer image = { 0 };
	struct snap_signals *signals = &snapshot->signals;
	struct snap_thread *thread = &snapshot->threads[1];
	struct snap_siginfo hup = { { 1 } }, usr1 = { { 10 } };
	snapshot->current_tid = thread->tid;
	snap_pending_deinit(&signals->pending);
	snap_pending_deinit(&thread->pending);
	*signals = (struct snap_signals){
		.is_captured = true,
		.queue_limit = 77,
		.actions[14] = { 0x1000, 4, 0x2000, 8 },
		.pending.is_captured = true,
	};
	thread->pending.is_captured = true;
	assert_ok(snap_pending_append(&signals->pending, &hup));
	assert_ok(snap_pending_append(&thread->pending, &usr1));

	make_image(state, snapshot, &image);

	const uint8_t *note = find_note(&image, SNAP_NOTE_SIGNALS);
	assert_int_equal(number(note, 4, 4), 3);
	assert_int_equal(number(note, 8, 8), 77);
	assert_int_equal(number(note, 16, 4), 1);
	assert_int_equal(number(note, 20, 4), 36);
	assert_int_equal(number(note, 24, 4), 15);
	assert_int_equal(number(note, 28, 8), 0x1000);
	assert_int_equal(number(note, 36, 8), 4);
	assert_int_equal(number(note, 44, 8), 0x2000);
	assert_int_equal(number(note, 52, 8), 8);
	assert_int_equal(number(note, 60, 4), 1);
	assert_int_equal(number(note, 64, 4), 128);
	assert_memory_equal(note + 68, &hup, sizeof(hup));

	note = find_note(&image, SNAP_NOTE_PENDING);
	assert_int_equal(number(note, 4, 4), 1);
	assert_int_equal(number(note, 8, 4), 128);
	assert_memory_equal(note + 12, &usr1, sizeof(usr1));
}

#define image_test(name) \
	cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		image_test(test_pages_that_are_not_held_read_as_what_they_are),
		image_test(test_an_image_may_have_more_segments_than_a_header_counts),
		image_test(test_the_count_changes_its_place_at_pn_xnum),
		image_test(test_notes_come_in_the_order_of_the_kernel),
		image_test(test_the_selected_thread_comes_first_with_its_signal),
		image_test(test_the_process_is_named_as_the_kernel_would),
		image_test(test_mapped_files_are_listed),
		image_test(test_our_notes_are_laid_out_as_documented),
		image_test(test_the_notes_on_signals_are_laid_out_as_documented),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
