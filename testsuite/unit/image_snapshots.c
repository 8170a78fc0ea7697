// SPDX-License-Identifier: GPL-3.0-or-later
#include "testsuite/unit/image_fixture.h"

#include <stdio.h>
#include <string.h>

#include "arch/arch.h"

const struct shape small_shape = {
	.seed = 7,
	.nr_threads = 2,
	.nr_vmas = 4,
	.max_pages = 2,
	.max_regset = 64,
};

uint64_t roll(struct dice *dice, uint64_t sides)
{
	// xorshift64*: G. Marsaglia, S. Vigna
	dice->state ^= dice->state >> 12;
	dice->state ^= dice->state << 25;
	dice->state ^= dice->state >> 27;
	return (dice->state * UINT64_C(2685821657736338717) >> 11) % sides;
}

static void fill(struct dice *dice, void *data, size_t size)
{
	uint8_t *bytes = data;
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)roll(dice, 256);
}

/** A text with everything that names of files may have. */
static void set_text(struct dice *dice, char **place)
{
	static const char *const texts[] = { "",
					     "plain",
					     "with space",
					     "two\nlines\tand\\more",
					     "na\xc3\xafve \xff\x01",
					     "/usr/lib/x (deleted)" };
	char text[64];
	snprintf(text, sizeof(text), "%s%d", texts[roll(dice, SNAP_ARRAY_SIZE(texts))],
		 (int)roll(dice, 1000));
	assert_ok(snap_snapshot_set_text(place, roll(dice, 4) ? text : ""));
}

static void make_pending(struct dice *dice, struct snap_pending *pending)
{
	pending->is_captured = roll(dice, 3);
	for (uint64_t i = pending->is_captured ? roll(dice, 3) : 0; i; i--) {
		struct snap_siginfo info;
		fill(dice, &info, sizeof(info));
		int signal = 1 + (int)roll(dice, SNAP_NR_SIGNALS);
		memcpy(info.bytes, &signal, sizeof(signal));
		assert_ok(snap_pending_append(pending, &info));
	}
}

static void make_signals(struct dice *dice, struct snap_signals *signals)
{
	make_pending(dice, &signals->pending);
	signals->is_captured = roll(dice, 4);
	if (!signals->is_captured)
		return;
	signals->queue_limit = roll(dice, UINT64_MAX);
	for (int i = 0; i < SNAP_NR_SIGNALS; i++)
		if (!roll(dice, 8))
			fill(dice, &signals->actions[i], sizeof(*signals->actions));
}

static void make_timers(struct dice *dice, struct snap_timers *timers)
{
	timers->is_captured = roll(dice, 4);
	if (!timers->is_captured)
		return;
	timers->is_list_captured = roll(dice, 4);
	for (int i = 0; i < SNAP_NR_INTERVALS; i++)
		fill(dice, &timers->intervals[i], sizeof(timers->intervals[i]));
	for (int i = 0; timers->is_list_captured && i < (int)roll(dice, 4); i++) {
		struct snap_timer timer;
		fill(dice, &timer, sizeof(timer));
		timer.id = 3 * i;
		assert_ok(snap_timers_append(timers, &timer));
	}
}

/** Every number of a scope, but for some. */
static void make_attributes(struct dice *dice, enum snap_attribute_scope scope,
			    struct snap_attribute_values *values)
{
	for (enum snap_attribute i = 0; i < SNAP_NR_ATTRIBUTES; i++)
		if (snap_attributes[i].scope == scope && roll(dice, 8))
			snap_attribute_set(values, i, roll(dice, UINT64_MAX));
}

static void make_process_state(struct dice *dice, struct snap_process_state *state)
{
	make_attributes(dice, SNAP_ATTRIBUTE_OF_PROCESS, &state->attributes);
	state->nr_limits = (uint32_t)roll(dice, SNAP_NR_LIMITS + 1);
	for (uint32_t i = 0; i < state->nr_limits; i++)
		state->limits[i] =
			(struct snap_limit){ roll(dice, UINT64_MAX), UINT64_MAX };
	if (roll(dice, 2))
		set_text(dice, &state->folder);
}

static void make_thread_state(struct dice *dice, struct snap_thread_state *state)
{
	make_attributes(dice, SNAP_ATTRIBUTE_OF_THREAD, &state->attributes);
	if (roll(dice, 2))
		assert_ok(snap_snapshot_set_text(&state->cpus, "0-3,8"));
	if (roll(dice, 2))
		assert_ok(snap_snapshot_set_text(&state->groups, ""));
}

static void make_thread(struct dice *dice, const struct snap_arch *arch,
			const struct shape *shape, struct snap_thread *thread)
{
	uint8_t registers[16384];
	for (size_t i = 0; i < arch->nr_regsets; i++) {
		size_t size = arch->regsets[i].max_size;
		if (i && size > shape->max_regset)
			size = shape->max_regset;
		fill(dice, registers, size);
		if (!i || roll(dice, 3))
			assert_ok(snap_thread_set_regset(thread, i, registers, size));
	}
	thread->start_time = roll(dice, UINT64_MAX);
	snprintf(thread->comm, sizeof(thread->comm), "t %d", (int)roll(dice, 100));
	thread->members = (uint32_t)roll(dice, SNAP_THREAD_SIGINFO * 2);
	thread->sigmask = roll(dice, UINT64_MAX);
	thread->altstack.sp = roll(dice, UINT64_MAX);
	thread->altstack.size = roll(dice, UINT64_MAX);
	thread->altstack.flags = (uint32_t)roll(dice, UINT32_MAX);
	thread->rseq.address = roll(dice, UINT64_MAX);
	thread->rseq.size = (uint32_t)roll(dice, UINT32_MAX);
	thread->rseq.signature = (uint32_t)roll(dice, UINT32_MAX);
	thread->rseq.flags = (uint32_t)roll(dice, UINT32_MAX);
	thread->robust_list.head = roll(dice, UINT64_MAX);
	thread->robust_list.length = roll(dice, UINT64_MAX);
	thread->tid_address = roll(dice, UINT64_MAX);
	thread->interrupted_result = -(int32_t)roll(dice, 600);
	thread->interrupted_syscall = (int32_t)roll(dice, 400) - 1;
	make_pending(dice, &thread->pending);
	make_thread_state(dice, &thread->state);
	if (snap_thread_has(thread, SNAP_THREAD_SIGINFO))
		fill(dice, thread->siginfo, sizeof(thread->siginfo));
}

static struct snap_vma make_vma(struct dice *dice, uint64_t start, uint64_t size)
{
	static const struct {
		const char *name;
		uint32_t prot;
		bool is_file;
	} kinds[] = {
		{ "", SNAP_VMA_READ | SNAP_VMA_WRITE, false },
		{ "[heap]", SNAP_VMA_READ | SNAP_VMA_WRITE, false },
		{ "", 0, false },
		{ "/opt/a b\nc/lib.so", SNAP_VMA_READ | SNAP_VMA_EXEC, true },
		{ "/bin/\xc3\xa9 (deleted)", SNAP_VMA_READ | SNAP_VMA_WRITE, true },
		{ "/dev/zero (deleted)", SNAP_VMA_READ | SNAP_VMA_SHARED, true },
		{ "/var/shared", SNAP_VMA_READ | SNAP_VMA_SHARED, true },
		{ "[vdso]", SNAP_VMA_READ | SNAP_VMA_EXEC, false },
	};

	size_t kind = roll(dice, SNAP_ARRAY_SIZE(kinds));
	struct snap_vma vma = {
		.start = start,
		.end = start + size,
		.prot = kinds[kind].prot,
		.flags = (uint32_t)roll(dice, SNAP_VMA_REWOUND * 2) & ~SNAP_VMA_DEVICE &
			 ~(uint32_t)(kinds[kind].prot ? SNAP_VMA_GUARD : 0),
		.pkey = (uint32_t)roll(dice, 16),
		.name = strdup(kinds[kind].name),
	};
	if (kinds[kind].is_file) {
		vma.offset = roll(dice, 1000) * SNAP_PAGE_SIZE;
		vma.inode = 1 + roll(dice, 1000);
		vma.dev_major = 8;
		vma.dev_minor = (uint32_t)roll(dice, 1 << 20);
		vma.build_id_size = (uint8_t)roll(dice, SNAP_BUILD_ID_SIZE + 1);
		fill(dice, vma.build_id, vma.build_id_size);
	}
	return vma;
}

/** Hold some pages of a mapping, with gaps. */
static void hold(struct dice *dice, struct snap_memory *memory,
		 const struct snap_vma *vma, size_t page_size)
{
	enum snap_vma_contents contents = snap_vma_contents(vma);
	size_t step = contents == SNAP_CONTENTS_FILE ? page_size : SNAP_PAGE_SIZE;
	if (contents == SNAP_CONTENTS_NONE)
		return;
	for (uint64_t at = vma->start; at < vma->end; at += step) {
		uint8_t *bytes;
		if (roll(dice, 2))
			continue;
		assert_ok(snap_memory_append(memory, at, step, &bytes));
		fill(dice, bytes, step);
	}
}

static void make_memory(struct dice *dice, const struct shape *shape,
			struct snap_snapshot *snapshot)
{
	uint64_t at = 0x400000, page_size = snapshot->page_size;
	for (size_t i = 0; i < shape->nr_vmas; i++) {
		uint64_t size = (1 + roll(dice, shape->max_pages)) * page_size;
		struct snap_vma vma = make_vma(dice, at, size);
		assert_ok(snap_vmas_append(&snapshot->vmas, &vma));
		hold(dice, &snapshot->memory, &vma, page_size);
		at += size + roll(dice, 2) * page_size;
	}
}

static void add_watches(struct dice *dice, struct snap_open_file *file)
{
	for (uint64_t i = roll(dice, 3); i; i--) {
		struct snap_watch watch = {
			.number = (int32_t)roll(dice, 1000),
			.events = (uint32_t)roll(dice, UINT32_MAX),
			.data = roll(dice, UINT64_MAX),
			.inode = roll(dice, UINT64_MAX),
			.device = roll(dice, UINT64_MAX),
			.handle = strdup(roll(dice, 2) ? "1:0a0b" : ""),
		};
		assert_ok(snap_open_file_add_watch(file, &watch));
	}
	for (uint64_t i = roll(dice, 3); i; i--)
		assert_ok(
			snap_open_file_add_lock(file,
						&(struct snap_file_lock){
							.kind = (uint32_t)roll(dice, 4),
							.is_write =
								(uint32_t)roll(dice, 2),
							.start = roll(dice, UINT64_MAX),
							.end = roll(dice, UINT64_MAX),
						}));
}

static struct snap_open_file make_file(struct dice *dice)
{
	struct snap_open_file file = {
		.kind = (uint32_t)roll(dice, SNAP_NR_FILE_KINDS),
		.mode = (uint32_t)roll(dice, UINT32_MAX),
		.flags = (uint32_t)roll(dice, UINT32_MAX),
		.pos = roll(dice, UINT64_MAX),
		.device = roll(dice, UINT64_MAX),
		.inode = roll(dice, UINT64_MAX),
		.rdev = roll(dice, UINT64_MAX),
		.birth = roll(dice, UINT64_MAX),
		.has_owner = (uint32_t)roll(dice, 2),
		.owner_type = (int32_t)roll(dice, 3),
		.owner = (int32_t)roll(dice, 1 << 22),
		.owner_signal = (int32_t)roll(dice, 65),
		.count = roll(dice, UINT64_MAX),
		.id = roll(dice, UINT64_MAX),
		.mask = roll(dice, UINT64_MAX),
		.settings = (uint32_t)roll(dice, UINT32_MAX),
		.remaining = roll(dice, UINT64_MAX),
		.interval = roll(dice, UINT64_MAX),
		.capacity = (uint32_t)roll(dice, UINT32_MAX),
		.has_contents = (uint32_t)roll(dice, 2),
	};
	set_text(dice, &file.path);
	add_watches(dice, &file);
	for (uint64_t i = roll(dice, 3); i; i--) {
		uint8_t packet[40];
		fill(dice, packet, sizeof(packet));
		assert_ok(snap_open_file_add_packet(&file, packet,
						    (uint32_t)roll(dice, 40)));
	}
	return file;
}

/** Some open files, and more descriptors. */
static void make_files(struct dice *dice, struct snap_fd_table *table)
{
	uint32_t nr = (uint32_t)roll(dice, 4);
	table->is_captured = roll(dice, 4);
	for (uint32_t i = 0; table->is_captured && i < nr; i++) {
		struct snap_open_file file = make_file(dice);
		assert_ok(snap_fd_table_append(table, &file));
		for (uint32_t j = 0; j < 2; j++)
			assert_ok(snap_fd_table_append_fd(
				table,
				&(struct snap_fd){
					.number = (int32_t)(10 * i + 3 * j),
					.file = j ? (uint32_t)roll(dice, i + 1) : i,
					.is_cloexec = (uint32_t)roll(dice, 2),
				}));
	}
}

static void make_process(struct dice *dice, struct snap_snapshot *snapshot)
{
	char **texts[] = { &snapshot->label,        &snapshot->note,
			   &snapshot->kernel,       &snapshot->host,
			   &snapshot->command_line, &snapshot->identity.boot_id,
			   &snapshot->identity.exe };
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(texts); i++)
		set_text(dice, texts[i]);
	fill(dice, snapshot->parent, sizeof(snapshot->parent));
	snapshot->identity.pid = 1 + (pid_t)roll(dice, 1 << 22);
	snapshot->identity.start_time = roll(dice, UINT64_MAX);
	snapshot->identity.exe_build_id_size = 20;
	fill(dice, snapshot->identity.exe_build_id, 20);
	snapshot->uid = (uint32_t)roll(dice, UINT32_MAX);
	snapshot->gid = (uint32_t)roll(dice, UINT32_MAX);
	snapshot->ppid = 1;
	snapshot->pgid = 2;
	snapshot->sid = 3;
	snapshot->brk = roll(dice, UINT64_MAX);
	snapshot->start_brk = roll(dice, UINT64_MAX);
	snapshot->lock_future = snapshot->start_brk & 3;
	snapshot->auxv_size = 16 * roll(dice, 20);
	snapshot->auxv = snapshot->auxv_size ? malloc(snapshot->auxv_size) : NULL;
	fill(dice, snapshot->auxv, snapshot->auxv_size);
	make_signals(dice, &snapshot->signals);
	make_timers(dice, &snapshot->timers);
	assert_ok(snap_cpu_set(&snapshot->cpu, "xcr0", roll(dice, UINT64_MAX)));
	assert_ok(snap_cpu_set(&snapshot->cpu, "avx", 1));
	assert_ok(snap_cpu_set_text(&snapshot->cpu, "model-name", ""));
	assert_ok(snap_cpu_set_text(&snapshot->cpu, "vendor", "Some\nbody"));
	make_process_state(dice, &snapshot->state);
	for (uint64_t i = roll(dice, 3); i; i--)
		assert_ok(snap_snapshot_omit(snapshot, "thread %d: no altstack",
					     (int)roll(dice, 100)));
}

struct snap_snapshot *make_snapshot(const struct shape *shape)
{
	struct dice dice = { shape->seed };
	struct snap_snapshot *snapshot;
	assert_ok(snap_snapshot_create(&snapshot));
	// Tests hold the host's own images beside <sys/procfs.h>.
	snapshot->arch = snap_arch_host();
	if (shape->page_size)
		snapshot->page_size = shape->page_size;
	make_process(&dice, snapshot);
	snapshot->threads = calloc(shape->nr_threads, sizeof(*snapshot->threads));
	snapshot->nr_threads = shape->nr_threads;
	for (size_t i = 0; i < shape->nr_threads; i++) {
		make_thread(&dice, snapshot->arch, shape, &snapshot->threads[i]);
		snapshot->threads[i].tid = snapshot->identity.pid + (pid_t)i;
	}
	snapshot->current_tid =
		snapshot->identity.pid + (pid_t)roll(&dice, shape->nr_threads);
	make_memory(&dice, shape, snapshot);
	make_files(&dice, &snapshot->files);
	for (size_t i = 0; i < SNAP_NR_LANDMARKS; i++)
		snapshot->state.landmarks[i] = roll(&dice, UINT64_MAX);
	return snapshot;
}
