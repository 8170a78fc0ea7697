#include "testsuite/unit/live_snapshot.h"

#include "testsuite/unit/unit.h"

#include <elf.h>
#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

#include "arch/arch.h"

static void read_build_id(struct snap_vma *vma)
{
	_cleanup_close_ int fd = open(vma->name, O_RDONLY | O_CLOEXEC);
	Elf *elf = fd < 0 ? NULL : elf_begin(fd, ELF_C_READ, NULL);
	const void *id;
	ssize_t size = elf ? dwelf_elf_gnu_build_id(elf, &id) : 0;
	if (size > 0 && size <= SNAP_BUILD_ID_SIZE) {
		vma->build_id_size = (uint8_t)size;
		memcpy(vma->build_id, id, (size_t)size);
	}
	elf_end(elf);
}

/** A line of /proc/PID/maps. */
static void add_vma(struct snap_snapshot *snapshot, char *line)
{
	struct snap_vma vma = { 0 };
	char prot[5];
	int name = 0;
	line[strcspn(line, "\n")] = '\0';
	int nr = sscanf(line,
			"%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %" SCNx32 ":%" SCNx32
			" %" SCNu64 " %n",
			&vma.start, &vma.end, prot, &vma.offset, &vma.dev_major,
			&vma.dev_minor, &vma.inode, &name);
	assert_int_equal(nr, 7);
	vma.prot = (prot[0] == 'r' ? SNAP_VMA_READ : 0) |
		   (prot[1] == 'w' ? SNAP_VMA_WRITE : 0) |
		   (prot[2] == 'x' ? SNAP_VMA_EXEC : 0) |
		   (prot[3] == 's' ? SNAP_VMA_SHARED : 0);
	vma.name = strdup(line + name);
	if (snap_vma_is_file(&vma))
		read_build_id(&vma);
	assert_ok(snap_vmas_append(&snapshot->vmas, &vma));
}

static void add_vmas(struct snap_snapshot *snapshot, pid_t pid)
{
	char path[64], line[4096];
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	FILE *maps = fopen(path, "re");
	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps))
		add_vma(snapshot, line);
	fclose(maps);
}

static void add_memory(struct snap_snapshot *snapshot, pid_t pid)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	for (size_t i = 0; i < snapshot->vmas.nr; i++) {
		const struct snap_vma *vma = &snapshot->vmas.list[i];
		uint64_t size = snap_vma_size(vma);
		uint8_t *bytes;
		if (!(vma->prot & SNAP_VMA_WRITE) ||
		    snap_vma_contents(vma) == SNAP_CONTENTS_NONE)
			continue;
		assert_ok(snap_memory_append(&snapshot->memory, vma->start, size,
					     &bytes));
		assert_int_equal(pread(fd, bytes, size, (off_t)vma->start), size);
	}
}

static void read_comm(struct snap_thread *thread, pid_t pid)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/task/%d/comm", (int)pid,
		 (int)thread->tid);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = read(fd, thread->comm, sizeof(thread->comm) - 1);
	assert_true(length > 0);
	thread->comm[strcspn(thread->comm, "\n")] = '\0';
}

static void add_threads(struct snap_snapshot *snapshot,
			const struct stopped_child *child)
{
	snapshot->threads = calloc(child->nr_threads, sizeof(*snapshot->threads));
	assert_non_null(snapshot->threads);
	snapshot->nr_threads = child->nr_threads;
	for (size_t i = 0; i < child->nr_threads; i++) {
		struct snap_thread *thread = &snapshot->threads[i];
		uint8_t regs[1024];
		struct iovec all = { .iov_base = regs, .iov_len = sizeof(regs) };
		thread->tid = child->tids[i];
		read_comm(thread, child->pid);
		assert_int_equal(ptrace(PTRACE_GETREGSET, thread->tid, NT_PRSTATUS,
					&all),
				 0);
		assert_ok(snap_thread_set_regset(thread, 0, regs, all.iov_len));
	}
}

struct snap_snapshot *live_snapshot_take(const struct stopped_child *child)
{
	struct snap_snapshot *snapshot;
	assert_ok(snap_snapshot_create(&snapshot));
	snapshot->arch = snap_arch_host();
	elf_version(EV_CURRENT);
	add_vmas(snapshot, child->pid);
	add_memory(snapshot, child->pid);
	add_threads(snapshot, child);
	return snapshot;
}
