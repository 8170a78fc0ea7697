// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inject/syscall_insn.h"

#include <string.h>

#include "core/tracee/memory.h"

#define CHUNK ((size_t)1 << 16)

/** The first instruction of these bytes in code that begins at `code`, or NULL. */
static const uint8_t *find(const struct snap_arch *arch, const uint8_t *code,
			   size_t size)
{
	const uint8_t *end = code + size, *at = code;
	while ((at = memmem(at, (size_t)(end - at), arch->syscall_insn,
			    arch->syscall_insn_size)) &&
	       (size_t)(at - code) % arch->insn_alignment)
		at++;
	return at;
}

/** Search one mapping; SNAP_OK and *ret 0 when there is none in it. */
static snap_err search(struct snap_tracee *tracee, const struct snap_vma *vma,
		       uint8_t *chunk, uint64_t *ret)
{
	*ret = 0;
	for (uint64_t at = vma->start; at < vma->end; at += CHUNK) {
		size_t size = vma->end - at < CHUNK ? vma->end - at : CHUNK;
		SNAP_TRY(snap_tracee_read_some(tracee, at, chunk, size, &size));
		const uint8_t *found = find(tracee->arch, chunk, size);
		if (found) {
			*ret = at + (uint64_t)(found - chunk);
			return SNAP_OK;
		}
	}
	return SNAP_OK;
}

snap_err snap_find_syscall_insn(struct snap_tracee *tracee,
				const struct snap_vmas *vmas, uint64_t *ret)
{
	_cleanup_free_ uint8_t *chunk = malloc(CHUNK);
	if (!chunk)
		return &snap_enomem;
	for (int want_vdso = 1; want_vdso >= 0; want_vdso--)
		for (size_t i = 0; i < vmas->nr; i++) {
			const struct snap_vma *vma = &vmas->list[i];
			if (!(vma->prot & SNAP_VMA_EXEC) ||
			    vma->flags & SNAP_VMA_DEVICE ||
			    !strcmp(vma->name, "[vsyscall]") ||
			    want_vdso == !!strcmp(vma->name, "[vdso]"))
				continue;
			SNAP_TRY(search(tracee, vma, chunk, ret));
			if (*ret)
				return SNAP_OK;
		}
	return snap_error_create(
		SNAP_ERROR_UNSUPPORTED,
		"process %d has no system call instruction in its code",
		(int)tracee->pid);
}
