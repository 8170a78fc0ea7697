/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_MODEL_VMA_H
#define SNAP_MODEL_VMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

/** Protection and sharing of a mapping: the letters of /proc/PID/maps. */
enum snap_vma_prot {
	SNAP_VMA_READ = 1 << 0,
	SNAP_VMA_WRITE = 1 << 1,
	SNAP_VMA_EXEC = 1 << 2,
	SNAP_VMA_SHARED = 1 << 3,
};

/** The VmFlags of /proc/PID/smaps that matter to us. */
enum snap_vma_flag {
	SNAP_VMA_GROWSDOWN = 1 << 0,      /**< gd: a stack the kernel extends */
	SNAP_VMA_LOCKED = 1 << 1,         /**< lo: mlock */
	SNAP_VMA_HUGETLB = 1 << 2,        /**< ht: pages of another size */
	SNAP_VMA_DEVICE = 1 << 3,         /**< io, pf: not ordinary memory */
	SNAP_VMA_DONTFORK = 1 << 4,       /**< dc */
	SNAP_VMA_DONTDUMP = 1 << 5,       /**< dd */
	SNAP_VMA_WIPEONFORK = 1 << 6,     /**< wf */
	SNAP_VMA_HUGEPAGE = 1 << 7,       /**< hg */
	SNAP_VMA_NOHUGEPAGE = 1 << 8,     /**< nh */
	SNAP_VMA_MERGEABLE = 1 << 9,      /**< mg */
	SNAP_VMA_NORESERVE = 1 << 10,     /**< nr */
	SNAP_VMA_SHADOW_STACK = 1 << 11,  /**< ss */
	SNAP_VMA_SEALED = 1 << 12,        /**< sl: cannot be changed any more */
	SNAP_VMA_UFFD = 1 << 13,          /**< um, uw: somebody's userfaultfd */
	SNAP_VMA_SEQUENTIAL = 1 << 14,    /**< sr */
	SNAP_VMA_RANDOM = 1 << 15,        /**< rr */
	SNAP_VMA_LOCK_ON_FAULT = 1 << 16, /**< lf, with lo: mlock2(MLOCK_ONFAULT) */
	SNAP_VMA_MAY_WRITE = 1 << 17,     /**< mw: mprotect() may make it writable */
	/** Pages may vanish by MADV_FREE until they are written to: LazyFree. */
	SNAP_VMA_LAZY_FREE = 1 << 18,
	/** A part that MADV_GUARD_INSTALL made inaccessible: a row of its own. */
	SNAP_VMA_GUARD = 1 << 19,
	/** Shared memory whose contents are saved and rewound (capture/sharing.h). */
	SNAP_VMA_REWOUND = 1 << 20,
	/** mt: memory with tags (PROT_MTE of aarch64). */
	SNAP_VMA_TAGGED = 1 << 21,
	/** gu: some of it may be guards; in no list in which they are rows. */
	SNAP_VMA_MAY_GUARD = 1 << 22,
};

/** What stands behind the pages that a snapshot does not hold, and whose they are. */
enum snap_vma_contents {
	/** Not captured: the kernel's own (vdso, vvar, vsyscall), devices, guards, and
	 * shared memory that is not SNAP_VMA_REWOUND. */
	SNAP_CONTENTS_NONE,
	/** Private anonymous: a page that is not held is zero. */
	SNAP_CONTENTS_ZERO,
	/** Private file mapping: a page that is not held is the file's. */
	SNAP_CONTENTS_FILE,
	/** Shared memory: a page that is not held is zero. */
	SNAP_CONTENTS_SHARED,
};

/** GNU build-ids have 20 bytes as a rule; longer ones are cut. */
#define SNAP_BUILD_ID_SIZE 32

/** One mapping of a process, as /proc/PID/smaps tells it. */
struct snap_vma {
	uint64_t start;
	/** One past the last byte. */
	uint64_t end;
	/** A set of enum snap_vma_prot. */
	uint32_t prot;
	/** A set of enum snap_vma_flag. */
	uint32_t flags;
	/** In the file, in bytes. */
	uint64_t offset;
	uint32_t dev_major;
	uint32_t dev_minor;
	uint64_t inode;
	/** Protection key; 0 where the CPU has none. */
	uint32_t pkey;
	/** Of the ELF file mapped here, where that could be read; size 0: none. */
	uint8_t build_id_size;
	uint8_t build_id[SNAP_BUILD_ID_SIZE];
	/**
	 * The last column of maps with its escapes undone: a path, "[heap]", "" for
	 * plain anonymous memory. Owned, never NULL in a list.
	 */
	char *name;
};

/** Sorted by address, not overlapping. */
struct snap_vmas {
	struct snap_vma *list;
	size_t nr;
};

void snap_vmas_deinit(struct snap_vmas *vmas);
#define _cleanup_vmas_ _cleanup_(snap_vmas_deinit)

/** Append a mapping; takes over `vma->name` (also on failure). */
_must_check_ snap_err snap_vmas_append(struct snap_vmas *vmas,
				       const struct snap_vma *vma);

/** The mapping that holds an address, or NULL. */
const struct snap_vma *snap_vmas_find(const struct snap_vmas *vmas, uint64_t address);

/** The first mapping that ends behind an address, or NULL. */
const struct snap_vma *snap_vmas_find_from(const struct snap_vmas *vmas,
					   uint64_t address);

/** What a snapshot holds of this mapping. */
enum snap_vma_contents snap_vma_contents(const struct snap_vma *vma);

/** A mapping that the kernel owns: [vdso], [vvar], [vvar_vclock], [vsyscall],
 * [uprobes]. */
bool snap_vma_is_kernels(const struct snap_vma *vma);

/** A mapping of a file (not of anonymous memory, whatever name that has). */
bool snap_vma_is_file(const struct snap_vma *vma);

/** Memory of mmap(MAP_SHARED | MAP_ANONYMOUS). */
bool snap_vma_is_shared_anonymous(const struct snap_vma *vma);

/** Both map the same thing: same file and offset at the same address, or both
 * anonymous. */
bool snap_vma_is_same_backing(const struct snap_vma *a, const struct snap_vma *b);

/**
 * Whether the kernel may make one mapping of two that follow each other in a list, as
 * soon as it looks at them (mm/vma.c, vma_modify()). What a row has because of guards,
 * or of MADV_FREE, its mapping does not have.
 */
bool snap_vmas_may_join(const struct snap_vma *before, const struct snap_vma *vma);

static inline uint64_t snap_vma_size(const struct snap_vma *vma)
{
	return vma->end - vma->start;
}

#endif
