// SPDX-License-Identifier: GPL-3.0-or-later
#include "testsuite/unit/image_fixture.h"

#include <string.h>

/** Return the name of a member that differs. */
#define COMPARE(a, b, member)                   \
	do {                                    \
		if ((a)->member != (b)->member) \
			return #member;         \
	} while (0)

#define COMPARE_BYTES(a, b, member)                                        \
	do {                                                               \
		if (memcmp((a)->member, (b)->member, sizeof((a)->member))) \
			return #member;                                    \
	} while (0)

#define COMPARE_TEXT(a, b, member)                    \
	do {                                          \
		if (strcmp((a)->member, (b)->member)) \
			return #member;               \
	} while (0)

static const char *compare_pending(const struct snap_pending *a,
				   const struct snap_pending *b)
{
	COMPARE(a, b, is_captured);
	COMPARE(a, b, nr);
	for (size_t i = 0; i < a->nr; i++)
		COMPARE_BYTES(a, b, list[i].bytes);
	return NULL;
}

static const char *compare_signals(const struct snap_signals *a,
				   const struct snap_signals *b)
{
	COMPARE(a, b, is_captured);
	COMPARE(a, b, queue_limit);
	COMPARE_BYTES(a, b, actions);
	return compare_pending(&a->pending, &b->pending);
}

static const char *compare_timers(const struct snap_timers *a,
				  const struct snap_timers *b)
{
	COMPARE(a, b, is_captured);
	COMPARE(a, b, is_list_captured);
	COMPARE_BYTES(a, b, intervals);
	COMPARE(a, b, nr);
	for (size_t i = 0; i < a->nr; i++)
		if (memcmp(&a->list[i], &b->list[i], sizeof(a->list[i])))
			return "a timer";
	return NULL;
}

/** NULL is not "". */
static bool is_same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static const char *compare_attributes(const struct snap_attribute_values *a,
				      const struct snap_attribute_values *b)
{
	COMPARE(a, b, known);
	COMPARE_BYTES(a, b, list);
	return NULL;
}

static const char *compare_process_states(const struct snap_process_state *a,
					  const struct snap_process_state *b)
{
	COMPARE(a, b, nr_limits);
	COMPARE_BYTES(a, b, limits);
	COMPARE_BYTES(a, b, landmarks);
	if (!is_same_text(a->folder, b->folder))
		return "state.folder";
	return compare_attributes(&a->attributes, &b->attributes);
}

static const char *compare_thread_states(const struct snap_thread_state *a,
					 const struct snap_thread_state *b)
{
	if (!is_same_text(a->cpus, b->cpus))
		return "state.cpus";
	if (!is_same_text(a->groups, b->groups))
		return "state.groups";
	return compare_attributes(&a->attributes, &b->attributes);
}

static const char *compare_threads(const struct snap_thread *a,
				   const struct snap_thread *b)
{
	COMPARE(a, b, tid);
	COMPARE(a, b, start_time);
	COMPARE_BYTES(a, b, comm);
	COMPARE(a, b, members);
	COMPARE(a, b, sigmask);
	COMPARE(a, b, altstack.sp);
	COMPARE(a, b, altstack.size);
	COMPARE(a, b, altstack.flags);
	COMPARE(a, b, rseq.address);
	COMPARE(a, b, rseq.size);
	COMPARE(a, b, rseq.signature);
	COMPARE(a, b, rseq.flags);
	COMPARE(a, b, robust_list.head);
	COMPARE(a, b, robust_list.length);
	COMPARE(a, b, tid_address);
	COMPARE(a, b, interrupted_result);
	COMPARE_BYTES(a, b, siginfo);
	COMPARE(a, b, interrupted_syscall);
	for (size_t i = 0; i < SNAP_MAX_REGSETS; i++) {
		COMPARE(a, b, regsets[i].size);
		if (a->regsets[i].size &&
		    memcmp(a->regsets[i].data, b->regsets[i].data, a->regsets[i].size))
			return "a register set";
	}
	const char *pending = compare_pending(&a->pending, &b->pending);
	return pending ? pending : compare_thread_states(&a->state, &b->state);
}

static const char *compare_vmas(const struct snap_vma *a, const struct snap_vma *b)
{
	COMPARE(a, b, start);
	COMPARE(a, b, end);
	COMPARE(a, b, prot);
	COMPARE(a, b, flags);
	COMPARE(a, b, offset);
	COMPARE(a, b, dev_major);
	COMPARE(a, b, dev_minor);
	COMPARE(a, b, inode);
	COMPARE(a, b, pkey);
	COMPARE(a, b, build_id_size);
	COMPARE_BYTES(a, b, build_id);
	COMPARE_TEXT(a, b, name);
	return NULL;
}

static const char *compare_memory(const struct snap_memory *a,
				  const struct snap_memory *b)
{
	struct snap_run of_a, of_b;
	COMPARE(a, b, size);
	for (uint64_t at = 0, size; snap_memory_next_run(a, at, &of_a);
	     at = of_a.start + size) {
		if (!snap_memory_next_run(b, at, &of_b) || of_a.start != of_b.start)
			return "what is held";
		size = of_a.size < of_b.size ? of_a.size : of_b.size;
		if (memcmp(of_a.bytes, of_b.bytes, size))
			return "the bytes that are held";
	}
	return NULL;
}

static const char *compare_tags(const struct snap_tags *a, const struct snap_tags *b)
{
	COMPARE(a, b, nr);
	COMPARE(a, b, granule);
	for (size_t i = 0; i < a->nr; i++) {
		COMPARE(a, b, list[i].start);
		COMPARE(a, b, list[i].end);
		uint64_t size = a->list[i].end - a->list[i].start;
		if (memcmp(a->list[i].bytes, b->list[i].bytes,
			   snap_tags_size(a->granule, size)))
			return "the tags of memory";
	}
	return NULL;
}

static const char *compare_cpus(const struct snap_cpu *a, const struct snap_cpu *b)
{
	COMPARE(a, b, nr_items);
	for (size_t i = 0; i < a->nr_items; i++) {
		COMPARE_TEXT(a, b, items[i].name);
		COMPARE(a, b, items[i].value);
		if (!a->items[i].text != !b->items[i].text)
			return "the kind of a CPU item";
		if (a->items[i].text)
			COMPARE_TEXT(a, b, items[i].text);
	}
	return NULL;
}

static const char *compare_watches(const struct snap_open_file *a,
				   const struct snap_open_file *b)
{
	COMPARE(a, b, nr_watches);
	for (size_t i = 0; i < a->nr_watches; i++) {
		COMPARE(a, b, watches[i].number);
		COMPARE(a, b, watches[i].events);
		COMPARE(a, b, watches[i].data);
		COMPARE(a, b, watches[i].inode);
		COMPARE(a, b, watches[i].device);
		COMPARE_TEXT(a, b, watches[i].handle);
	}
	COMPARE(a, b, nr_locks);
	for (size_t i = 0; i < a->nr_locks; i++) {
		COMPARE(a, b, locks[i].kind);
		COMPARE(a, b, locks[i].is_write);
		COMPARE(a, b, locks[i].start);
		COMPARE(a, b, locks[i].end);
	}
	return NULL;
}

static const char *compare_open_files(const struct snap_open_file *a,
				      const struct snap_open_file *b)
{
	COMPARE(a, b, kind);
	COMPARE(a, b, mode);
	COMPARE(a, b, flags);
	COMPARE(a, b, pos);
	COMPARE(a, b, device);
	COMPARE(a, b, inode);
	COMPARE(a, b, rdev);
	COMPARE(a, b, birth);
	COMPARE(a, b, has_owner);
	COMPARE(a, b, owner_type);
	COMPARE(a, b, owner);
	COMPARE(a, b, owner_signal);
	COMPARE(a, b, count);
	COMPARE(a, b, id);
	COMPARE(a, b, mask);
	COMPARE(a, b, settings);
	COMPARE(a, b, remaining);
	COMPARE(a, b, interval);
	COMPARE(a, b, capacity);
	COMPARE(a, b, has_contents);
	COMPARE_TEXT(a, b, path);
	COMPARE(a, b, contents_size);
	COMPARE(a, b, nr_packets);
	for (size_t i = 0; i < a->nr_packets; i++)
		COMPARE(a, b, packets[i]);
	if (a->contents_size && memcmp(a->contents, b->contents, a->contents_size))
		return "what is in a pipe";
	return compare_watches(a, b);
}

static const char *compare_files(const struct snap_fd_table *a,
				 const struct snap_fd_table *b)
{
	const char *difference = NULL;
	COMPARE(a, b, is_captured);
	COMPARE(a, b, nr);
	for (size_t i = 0; i < a->nr && !difference; i++)
		difference = compare_open_files(&a->list[i], &b->list[i]);
	COMPARE(a, b, nr_fds);
	for (size_t i = 0; i < a->nr_fds; i++) {
		COMPARE(a, b, fds[i].number);
		COMPARE(a, b, fds[i].file);
		COMPARE(a, b, fds[i].is_cloexec);
	}
	return difference;
}

static const char *compare_processes(const struct snap_snapshot *a,
				     const struct snap_snapshot *b)
{
	COMPARE_BYTES(a, b, uuid);
	COMPARE_BYTES(a, b, parent);
	COMPARE_TEXT(a, b, label);
	COMPARE_TEXT(a, b, note);
	COMPARE(a, b, time_ns);
	COMPARE_TEXT(a, b, kernel);
	COMPARE_TEXT(a, b, host);
	COMPARE(a, b, arch);
	COMPARE(a, b, identity.pid);
	COMPARE(a, b, identity.start_time);
	COMPARE_TEXT(a, b, identity.boot_id);
	COMPARE_TEXT(a, b, identity.exe);
	COMPARE(a, b, identity.exe_build_id_size);
	COMPARE_BYTES(a, b, identity.exe_build_id);
	COMPARE_TEXT(a, b, command_line);
	COMPARE(a, b, uid);
	COMPARE(a, b, gid);
	COMPARE(a, b, ppid);
	COMPARE(a, b, pgid);
	COMPARE(a, b, sid);
	COMPARE(a, b, brk);
	COMPARE(a, b, start_brk);
	COMPARE(a, b, lock_future);
	COMPARE(a, b, page_size);
	COMPARE(a, b, current_tid);
	COMPARE(a, b, auxv_size);
	if (a->auxv_size && memcmp(a->auxv, b->auxv, a->auxv_size))
		return "auxv";
	return NULL;
}

static const char *compare_lists(const struct snap_snapshot *a,
				 const struct snap_snapshot *b)
{
	const char *difference = NULL;
	COMPARE(a, b, nr_threads);
	for (size_t i = 0; i < a->nr_threads && !difference; i++)
		difference = compare_threads(&a->threads[i], &b->threads[i]);
	COMPARE(a, b, vmas.nr);
	for (size_t i = 0; i < a->vmas.nr && !difference; i++)
		difference = compare_vmas(&a->vmas.list[i], &b->vmas.list[i]);
	COMPARE(a, b, nr_omissions);
	for (size_t i = 0; i < a->nr_omissions; i++)
		COMPARE_TEXT(a, b, omissions[i]);
	return difference;
}

const char *find_difference(const struct snap_snapshot *a,
			    const struct snap_snapshot *b)
{
	const char *difference = compare_processes(a, b);
	if (!difference)
		difference = compare_process_states(&a->state, &b->state);
	if (!difference)
		difference = compare_lists(a, b);
	if (!difference)
		difference = compare_files(&a->files, &b->files);
	if (!difference)
		difference = compare_cpus(&a->cpu, &b->cpu);
	if (!difference)
		difference = compare_signals(&a->signals, &b->signals);
	if (!difference)
		difference = compare_timers(&a->timers, &b->timers);
	if (!difference)
		difference = compare_memory(&a->memory, &b->memory);
	if (!difference)
		difference = compare_tags(&a->tags, &b->tags);
	return difference;
}
