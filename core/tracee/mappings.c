// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/mappings.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/model/build_id.h"
#include "core/model/snapshot.h"
#include "core/tracee/guards.h"
#include "core/tracee/memory.h"
#include "core/tracee/proc.h"
#include "core/tracee/vma_book.h"
#include "core/tracee/writes.h"

/** Documentation/filesystems/proc.rst, "VmFlags". */
static const struct {
	char letters[3];
	enum snap_vma_flag flag;
} flag_letters[] = {
	{ "gd", SNAP_VMA_GROWSDOWN },    { "lo", SNAP_VMA_LOCKED },
	{ "ht", SNAP_VMA_HUGETLB },      { "io", SNAP_VMA_DEVICE },
	{ "pf", SNAP_VMA_DEVICE },       { "dc", SNAP_VMA_DONTFORK },
	{ "dd", SNAP_VMA_DONTDUMP },     { "wf", SNAP_VMA_WIPEONFORK },
	{ "hg", SNAP_VMA_HUGEPAGE },     { "nh", SNAP_VMA_NOHUGEPAGE },
	{ "mg", SNAP_VMA_MERGEABLE },    { "nr", SNAP_VMA_NORESERVE },
	{ "ss", SNAP_VMA_SHADOW_STACK }, { "sl", SNAP_VMA_SEALED },
	{ "um", SNAP_VMA_UFFD },         { "uw", SNAP_VMA_UFFD },
	{ "ui", SNAP_VMA_UFFD },         { "sr", SNAP_VMA_SEQUENTIAL },
	{ "rr", SNAP_VMA_RANDOM },       { "lf", SNAP_VMA_LOCK_ON_FAULT },
	{ "mw", SNAP_VMA_MAY_WRITE },    { "mt", SNAP_VMA_TAGGED },
	{ "gu", SNAP_VMA_MAY_GUARD },
};

/** Undo the one escape of the file: a newline is "\012" (fs/seq_file.c, mangle_path()).
 */
static char *unescape(const char *name)
{
	char *copy = strdup(name);
	if (!copy)
		return NULL;
	char *to = copy;
	for (const char *from = copy; *from; to++)
		if (!strncmp(from, "\\012", 4)) {
			*to = '\n';
			from += 4;
		} else {
			*to = *from++;
		}
	*to = 0;
	return copy;
}

static uint32_t parse_prot(const char letters[4])
{
	return (letters[0] == 'r' ? SNAP_VMA_READ : 0) |
	       (letters[1] == 'w' ? SNAP_VMA_WRITE : 0) |
	       (letters[2] == 'x' ? SNAP_VMA_EXEC : 0) |
	       (letters[3] == 's' ? SNAP_VMA_SHARED : 0);
}

snap_err snap_maps_parse_line(const char *line, struct snap_vma *ret, bool *ret_is_head)
{
	struct snap_vma vma = { 0 };
	char prot[5];
	int name = 0;
	*ret_is_head = false;
	if (sscanf(line,
		   "%" SCNx64 "-%" SCNx64 " %4c %" SCNx64 " %" SCNx32 ":%" SCNx32
		   " %" SCNu64 "%n",
		   &vma.start, &vma.end, prot, &vma.offset, &vma.dev_major,
		   &vma.dev_minor, &vma.inode, &name) != 7)
		return SNAP_OK;
	// A name may begin with spaces of its own, so no more than the padding goes:
	// the kernel pads to column 73 and then writes one more space
	// (fs/proc/task_mmu.c).
	const char *text = line + name;
	while (*text == ' ' && text - line < 73)
		text++;
	vma.prot = parse_prot(prot);
	vma.name = unescape(text);
	if (!vma.name)
		return &snap_enomem;
	*ret = vma;
	*ret_is_head = true;
	return SNAP_OK;
}

void snap_smaps_parse_detail(const char *line, struct snap_vma *vma)
{
	if (!strncmp(line, "ProtectionKey:", 14))
		vma->pkey = (uint32_t)strtoul(line + 14, NULL, 10);
	if (!strncmp(line, "LazyFree:", 9) && strtoul(line + 9, NULL, 10))
		vma->flags |= SNAP_VMA_LAZY_FREE;
	if (strncmp(line, "VmFlags:", 8))
		return;
	for (const char *at = line + 8; *at; at++)
		for (size_t i = 0; i < SNAP_ARRAY_SIZE(flag_letters); i++)
			if (at[-1] == ' ' && !strncmp(at, flag_letters[i].letters, 2))
				vma->flags |= flag_letters[i].flag;
}

/** Cut the text into lines. */
static char *next_line(char **text)
{
	char *line = *text;
	char *end = strchr(line, '\n');
	if (!*line)
		return NULL;
	*text = end ? end + 1 : line + strlen(line);
	if (end)
		*end = 0;
	return line;
}

/** The text of smaps, or of maps, which lacks the details; it is cut into lines. */
static snap_err parse(char *text, struct snap_vmas *ret)
{
	for (char *line; (line = next_line(&text));) {
		struct snap_vma vma;
		bool is_head;
		SNAP_TRY(snap_maps_parse_line(line, &vma, &is_head));
		if (is_head)
			SNAP_TRY(snap_vmas_append(ret, &vma));
		else if (ret->nr)
			snap_smaps_parse_detail(line, &ret->list[ret->nr - 1]);
	}
	return SNAP_OK;
}

/**
 * Names with a newline, exactly: maps has the same "\012" for a file whose name has
 * these four characters, because a backslash is not escaped. The link has no escapes.
 */
static snap_err read_exact_names(struct snap_tracee *tracee, struct snap_vmas *vmas)
{
	for (size_t i = 0; i < vmas->nr; i++) {
		struct snap_vma *vma = &vmas->list[i];
		if (!strchr(vma->name, '\n'))
			continue;
		char path[64], name[PATH_MAX];
		snprintf(path, sizeof(path), "map_files/%" PRIx64 "-%" PRIx64,
			 vma->start, vma->end);
		SNAP_TRY(snap_tracee_enter(tracee, "read the name of the file at %#lx",
					   (unsigned long)vma->start));
		ssize_t length =
			readlinkat(tracee->proc_fd, path, name, sizeof(name) - 1);
		if (length < 0)
			return snap_error_os(errno,
					     "cannot read the name of the file at %#lx",
					     (unsigned long)vma->start);
		name[length] = 0;
		SNAP_TRY(snap_snapshot_set_text(&vma->name, name));
	}
	return SNAP_OK;
}

/** The build-id of a file whose first page is mapped here, also for its other mappings.
 */
static snap_err find_build_ids(struct snap_tracee *tracee, struct snap_vmas *vmas)
{
	const struct snap_vma *first = NULL;
	_Alignas(uint64_t) uint8_t page[4096];
	for (size_t i = 0; i < vmas->nr; i++) {
		struct snap_vma *vma = &vmas->list[i];
		// The vdso's tells whether another kernel's stands for it
		// (core/unwind/vdso.h).
		bool is_vdso = !strcmp(vma->name, "[vdso]");
		if (!(snap_vma_is_file(vma) || is_vdso) || vma->flags & SNAP_VMA_DEVICE)
			continue;
		if (first && first->inode == vma->inode &&
		    first->dev_major == vma->dev_major &&
		    first->dev_minor == vma->dev_minor) {
			vma->build_id_size = first->build_id_size;
			memcpy(vma->build_id, first->build_id, sizeof(vma->build_id));
			continue;
		}
		if (vma->offset)
			continue;
		size_t size;
		SNAP_TRY(snap_tracee_read_some(tracee, vma->start, page, sizeof(page),
					       &size));
		vma->build_id_size = snap_build_id_of_memory(page, size, vma->build_id);
		first = vma;
	}
	return SNAP_OK;
}

static snap_err read_list(struct snap_tracee *tracee, struct snap_vmas *ret)
{
	_cleanup_buffer_ struct snap_buffer text = { 0 };
	SNAP_TRY(snap_proc_read_file(tracee, "maps", &text));
	return parse((char *)text.data, ret);
}

/** With flags: the pages of each mapping are counted, too. */
static snap_err read_list_with_flags(struct snap_tracee *tracee, struct snap_vmas *ret)
{
	_cleanup_buffer_ struct snap_buffer text = { 0 };
	SNAP_TRY(snap_proc_read_records(tracee, "smaps", &text));
	return parse((char *)text.data, ret);
}

/** By the words of the book where it has them all; from smaps where it does not. */
static snap_err read_vmas(struct snap_tracee *tracee, struct snap_vmas *ret)
{
	struct snap_vma_book *book = tracee->vma_book;
	if (!book)
		return read_list_with_flags(tracee, ret);
	SNAP_TRY(snap_vma_book_open(book, tracee));
	_cleanup_vmas_ struct snap_vmas vmas = { 0 };
	SNAP_TRY(read_list(tracee, &vmas));
	if (!snap_vma_book_tell(book, &vmas)) {
		snap_vmas_deinit(&vmas);
		SNAP_TRY(read_list_with_flags(tracee, &vmas));
		SNAP_TRY(snap_vma_book_learn(book, &vmas));
	}
	*ret = vmas;
	vmas = (struct snap_vmas){ 0 };
	return SNAP_OK;
}

/** A mapping has one userfaultfd: where ours can be registered again, it is that. */
static snap_err forget_own_watch(struct snap_tracee *tracee, struct snap_vmas *vmas)
{
	for (size_t i = 0; i < vmas->nr && tracee->uffd >= 0; i++) {
		struct snap_vma *vma = &vmas->list[i];
		bool is_ours = false;
		if (vma->flags & SNAP_VMA_UFFD)
			SNAP_TRY(snap_writes_watch(tracee, tracee->uffd, vma->start,
						   vma->end, &is_ours));
		if (is_ours)
			vma->flags &= ~(uint32_t)SNAP_VMA_UFFD;
	}
	return SNAP_OK;
}

snap_err snap_tracee_read_vmas(struct snap_tracee *tracee, struct snap_vmas *ret)
{
	_cleanup_vmas_ struct snap_vmas vmas = { 0 };
	SNAP_TRY(read_vmas(tracee, &vmas));
	SNAP_TRY(forget_own_watch(tracee, &vmas));
	SNAP_TRY(read_exact_names(tracee, &vmas));
	SNAP_TRY(find_build_ids(tracee, &vmas));
	SNAP_TRY(snap_tracee_split_guards(tracee, &vmas));
	*ret = vmas;
	vmas = (struct snap_vmas){ 0 };
	return SNAP_OK;
}

snap_err snap_tracee_read_kernels_vmas(struct snap_tracee *tracee,
				       struct snap_vmas *ret)
{
	_cleanup_vmas_ struct snap_vmas all = { 0 }, vmas = { 0 };
	SNAP_TRY(read_list(tracee, &all));
	for (size_t i = 0; i < all.nr; i++) {
		struct snap_vma *vma = &all.list[i];
		struct snap_vma moved = *vma;
		if (!snap_vma_is_kernels(vma))
			continue;
		vma->name = NULL;
		SNAP_TRY(snap_vmas_append(&vmas, &moved));
	}
	SNAP_TRY(find_build_ids(tracee, &vmas));
	*ret = vmas;
	vmas = (struct snap_vmas){ 0 };
	return SNAP_OK;
}
