// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Neighbours that agree in everything are one mapping here. The kernel joins such when
 * it looks at them (mm/vma.c, vma_merge_existing_range()), which is not always when
 * they have come to agree: after mremap() or mprotect() two may stay that a later call
 * for one of them joins. Nobody can tell but by /proc/PID/maps; and a userfaultfd, by
 * which we find changed pages, is such a call.
 */
#include <string.h>

#include "core/model/vma.h"
#include "core/tracee/mappings.h"
#include "core/tracee/proc.h"
#include "gdbext/digest.h"

/** What a mapping has because of us, or of its contents. */
#define NOT_ITS_OWN (SNAP_VMA_UFFD | SNAP_VMA_LAZY_FREE)

static bool is_next_part(const struct snap_vma *before, const struct snap_vma *vma)
{
	return before->end == vma->start && before->prot == vma->prot &&
	       !((before->flags ^ vma->flags) & ~(uint32_t)NOT_ITS_OWN) &&
	       before->pkey == vma->pkey && before->dev_major == vma->dev_major &&
	       before->dev_minor == vma->dev_minor && before->inode == vma->inode &&
	       (!vma->inode || before->offset + snap_vma_size(before) == vma->offset) &&
	       !strcmp(before->name, vma->name);
}

void snap_digest_join(struct snap_vmas *vmas)
{
	size_t nr = 0;
	for (size_t i = 0; i < vmas->nr; i++) {
		struct snap_vma *vma = &vmas->list[i];
		if (nr && is_next_part(&vmas->list[nr - 1], vma)) {
			vmas->list[nr - 1].end = vma->end;
			free(vma->name);
		} else {
			vmas->list[nr++] = *vma;
		}
	}
	vmas->nr = nr;
}

/** A mapping as it is read, and the line of its flags. */
struct row {
	struct snap_vma vma;
	char flags[256];
};

static void deinit(struct row *row)
{
	free(row->vma.name);
}

/**
 * Leave out "gu", which says that there may be guards or may have been, and goes to
 * the neighbours that a mapping is merged with: the guards themselves are in the list
 * of mappings. And "uw" and "sd", the traces of our tracking (doc/changed-pages.md).
 */
static void keep_flags(struct row *row, const char *line)
{
	static const char *const others[] = { "gu", "uw", "sd" };
	size_t size = 0;
	for (; *line; line += 3) {
		bool is_other = false;
		for (size_t i = 0; i < SNAP_ARRAY_SIZE(others); i++)
			is_other |= !strncmp(line, others[i], 2);
		if (is_other || size + 3 >= sizeof(row->flags))
			continue;
		memcpy(row->flags + size, line, 2);
		row->flags[size + 2] = ' ';
		size += 3;
	}
	row->flags[size] = '\0';
}

static snap_err add(const struct row *row, struct snap_buffer *mappings,
		    struct snap_buffer *flags)
{
	const struct snap_vma *vma = &row->vma;
	const uint64_t numbers[] = {
		vma->start,     vma->end,       vma->prot,  vma->offset,
		vma->dev_major, vma->dev_minor, vma->inode,
	};
	if (!vma->name)
		return SNAP_OK;
	SNAP_TRY(snap_buffer_append(mappings, numbers, sizeof(numbers)));
	SNAP_TRY(snap_buffer_append(mappings, vma->name, strlen(vma->name) + 1));
	SNAP_TRY(snap_buffer_append(flags, row->flags, strlen(row->flags) + 1));
	return snap_buffer_append(flags, &vma->pkey, sizeof(vma->pkey));
}

/** A mapping has been read: it goes to the one before it, or stands for itself. */
static snap_err finish(struct row *last, struct row *now, struct snap_buffer *mappings,
		       struct snap_buffer *flags)
{
	if (last->vma.name && now->vma.name && is_next_part(&last->vma, &now->vma) &&
	    !strcmp(last->flags, now->flags)) {
		last->vma.end = now->vma.end;
		free(now->vma.name);
	} else {
		SNAP_TRY(add(last, mappings, flags));
		deinit(last);
		*last = *now;
	}
	*now = (struct row){ 0 };
	return SNAP_OK;
}

snap_err snap_digest_mappings(struct snap_tracee *tracee, struct snap_buffer *mappings,
			      struct snap_buffer *flags)
{
	_cleanup_buffer_ struct snap_buffer smaps = { 0 };
	SNAP_TRY(snap_proc_read_file(tracee, "smaps", &smaps));
	_cleanup_(deinit) struct row last = { 0 };
	_cleanup_(deinit) struct row now = { 0 };
	char *rest = (char *)smaps.data;
	for (char *line; (line = strsep(&rest, "\n"));) {
		struct snap_vma vma;
		bool is_head;
		SNAP_TRY(snap_maps_parse_line(line, &vma, &is_head));
		if (is_head) {
			SNAP_TRY(finish(&last, &now, mappings, flags));
			now.vma = vma;
		} else if (now.vma.name) {
			snap_smaps_parse_detail(line, &now.vma);
			if (!strncmp(line, "VmFlags: ", 9))
				keep_flags(&now, line + 9);
		}
	}
	SNAP_TRY(finish(&last, &now, mappings, flags));
	return add(&last, mappings, flags);
}
