// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inject/pour.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/ioctl.h>

#include "core/inject/userfaultfd.h"

/** Whether a mapping has a neighbour that it would become one with. */
static bool has_like(const struct snap_vmas *vmas, size_t index)
{
	const struct snap_vma *vma = &vmas->list[index];
	return (index && snap_vmas_may_join(vma - 1, vma)) ||
	       (index + 1 < vmas->nr && snap_vmas_may_join(vma, vma + 1));
}

/**
 * Whether the kernel makes huge pages where nobody has said anything about that
 * (Documentation/admin-guide/mm/transhuge.rst).
 */
static bool prefers_huge_pages(void)
{
	char text[64];
	_cleanup_close_ int fd = open("/sys/kernel/mm/transparent_hugepage/enabled",
				      O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	text[size > 0 ? size : 0] = '\0';
	return strstr(text, "[always]");
}

/**
 * Pages come one by one here: where the kernel would make huge ones, it is faster, and
 * the program runs on better with them.
 */
static bool is_fit(const struct snap_vmas *vmas, size_t index, bool prefers_huge)
{
	const struct snap_vma *vma = &vmas->list[index];
	bool is_huge = vma->flags & (SNAP_VMA_HUGETLB | SNAP_VMA_HUGEPAGE) ||
		       (prefers_huge && !(vma->flags & SNAP_VMA_NOHUGEPAGE));
	return snap_vma_contents(vma) == SNAP_CONTENTS_ZERO && !is_huge &&
	       !has_like(vmas, index);
}

/** One that the kernel does not let us have is filled in another way. */
static snap_err add(struct snap_pour *pour, struct snap_tracee *tracee,
		    const struct snap_vma *vma)
{
	SNAP_TRY(snap_tracee_enter(tracee, "fill the mapping at %#lx",
				   (unsigned long)vma->start));
	struct uffdio_register arg = {
		.range = { vma->start, snap_vma_size(vma) },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	return ioctl(pour->uffd, UFFDIO_REGISTER, &arg)
		       ? SNAP_OK
		       : snap_ranges_append(&pour->ranges, vma->start, vma->end);
}

/** Whether something of a mapping is unread. */
static bool is_wanted(const struct snap_unread *unread, const struct snap_vma *vma)
{
	const struct snap_image_extent *next = snap_unread_find(unread, vma->start);
	return next && next->start < vma->end;
}

snap_err snap_pour_begin(struct snap_pour *pour, struct snap_borrowed *who,
			 const struct snap_vmas *vmas, const struct snap_unread *unread)
{
	const char *why;
	*pour = (struct snap_pour){ .uffd = -1 };
	if (who->tracee->page_size != SNAP_PAGE_SIZE)
		return SNAP_OK;
	_cleanup_pour_ struct snap_pour begun = { .uffd = -1 };
	bool prefers_huge = prefers_huge_pages();
	SNAP_TRY(snap_make_userfaultfd(who, 0, &begun.uffd, &why));
	for (size_t i = 0; i < vmas->nr && begun.uffd >= 0; i++)
		if (is_wanted(unread, &vmas->list[i]) && is_fit(vmas, i, prefers_huge))
			SNAP_TRY(add(&begun, who->tracee, &vmas->list[i]));
	*pour = begun;
	begun = (struct snap_pour){ .uffd = -1 };
	return SNAP_OK;
}

void snap_pour_end(struct snap_pour *pour)
{
	if (pour->uffd >= 0)
		close(pour->uffd);
	snap_ranges_deinit(&pour->ranges);
	*pour = (struct snap_pour){ .uffd = -1 };
}

bool snap_pour_has(const struct snap_pour *pour, uint64_t start, uint64_t end)
{
	return snap_ranges_cover(&pour->ranges, start, end);
}

bool snap_pour_put(const struct snap_pour *pour, uint64_t start, const uint8_t *bytes,
		   uint64_t size)
{
	for (uint64_t at = 0; at < size;) {
		struct uffdio_copy arg = {
			.dst = start + at,
			.src = (uint64_t)(uintptr_t)(bytes + at),
			.len = size - at,
		};
		// Part of it is EAGAIN, with how much that was.
		if (ioctl(pour->uffd, UFFDIO_COPY, &arg) &&
		    (errno != EAGAIN || arg.copy <= 0))
			return false;
		at += (uint64_t)arg.copy;
	}
	return true;
}
