// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/fields.h"
#include "core/image/format.h"
#include "core/model/snapshot.h"

// Changing a table, or a number that the model gives to a flag, changes the format:
// append, raise SNAP_IMAGE_MINOR and tell doc/image-format.md; or raise the major
// number.
_Static_assert(SNAP_VMA_SHARED == 1 << 3, "protection bits are part of the format");
_Static_assert(SNAP_VMA_REWOUND == 1 << 20, "mapping flags are part of the format");
_Static_assert(SNAP_THREAD_SIGINFO == 1 << 5, "thread members are part of the format");
_Static_assert(SNAP_BUILD_ID_SIZE == 32, "build-ids are part of the format");

#define MANIFEST(kind, member) SNAP_FIELD(kind, struct snap_snapshot, member)

static const struct snap_field manifest_fields[] = {
	MANIFEST(BYTES, uuid),
	MANIFEST(BYTES, parent),
	MANIFEST(UINT, time_ns),
	MANIFEST(UINT, identity.pid),
	MANIFEST(UINT, ppid),
	MANIFEST(UINT, pgid),
	MANIFEST(UINT, sid),
	MANIFEST(UINT, uid),
	MANIFEST(UINT, gid),
	MANIFEST(UINT, current_tid),
	MANIFEST(UINT, identity.start_time),
	MANIFEST(UINT, start_brk),
	MANIFEST(UINT, brk),
	MANIFEST(UINT, identity.exe_build_id_size),
	MANIFEST(BYTES, identity.exe_build_id),
	MANIFEST(TEXT, identity.boot_id),
	MANIFEST(TEXT, identity.exe),
	MANIFEST(TEXT, command_line),
	MANIFEST(TEXT, label),
	MANIFEST(TEXT, note),
	MANIFEST(TEXT, kernel),
	MANIFEST(TEXT, host),
};
const struct snap_fields snap_manifest_fields = SNAP_FIELDS(manifest_fields);

#define THREAD(kind, member) SNAP_FIELD(kind, struct snap_thread, member)

static const struct snap_field thread_fields[] = {
	THREAD(UINT, tid),
	THREAD(UINT, members),
	THREAD(UINT, start_time),
	THREAD(BYTES, comm),
	THREAD(UINT, sigmask),
	THREAD(UINT, altstack.sp),
	THREAD(UINT, altstack.size),
	THREAD(UINT, altstack.flags),
	THREAD(UINT, interrupted_syscall),
	THREAD(UINT, rseq.address),
	THREAD(UINT, rseq.size),
	THREAD(UINT, rseq.signature),
	THREAD(UINT, rseq.flags),
	THREAD(UINT, robust_list.head),
	THREAD(UINT, robust_list.length),
	THREAD(UINT, tid_address),
	THREAD(UINT, interrupted_result),
};
const struct snap_fields snap_thread_fields = SNAP_FIELDS(thread_fields);

#define VMA(kind, member) SNAP_FIELD(kind, struct snap_vma, member)

static const struct snap_field vma_fields[] = {
	VMA(UINT, start),         VMA(UINT, end),       VMA(UINT, offset),
	VMA(UINT, inode),         VMA(UINT, dev_major), VMA(UINT, dev_minor),
	VMA(UINT, prot),          VMA(UINT, flags),     VMA(UINT, pkey),
	VMA(UINT, build_id_size), VMA(BYTES, build_id), VMA(TEXT, name),
};
const struct snap_fields snap_vma_fields = SNAP_FIELDS(vma_fields);

#define EXTENT(kind, member) SNAP_FIELD(kind, struct snap_image_extent, member)

static const struct snap_field extent_fields[] = {
	EXTENT(UINT, start),
	EXTENT(UINT, size),
	EXTENT(UINT, offset),
	EXTENT(UINT, digest),
};
const struct snap_fields snap_extent_fields = SNAP_FIELDS(extent_fields);
