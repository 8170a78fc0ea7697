// SPDX-License-Identifier: GPL-3.0-or-later
#include "testsuite/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "core/plan/explain.h"
#include "core/plan/gap.h"
#include "core/plan/plan.h"

#define RW (SNAP_VMA_READ | SNAP_VMA_WRITE)

/** A row of a list of mappings. */
struct row {
	uint64_t start, end;
	uint32_t prot, flags;
	uint64_t inode, offset;
	const char *name;
};

static const struct row common[] = {
	{ 0x400000, 0x402000, SNAP_VMA_READ | SNAP_VMA_EXEC, 0, 7, 0, "/bin/it" },
	{ 0x7ffffffde000, 0x7ffffffff000, RW, SNAP_VMA_GROWSDOWN, 0, 0, "[stack]" },
};

static void add(struct snap_snapshot *snapshot, const struct row *rows, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		struct snap_vma vma = {
			.start = rows[i].start,
			.end = rows[i].end,
			.prot = rows[i].prot,
			.flags = rows[i].flags,
			.inode = rows[i].inode,
			.offset = rows[i].offset,
			.name = strdup(rows[i].name),
		};
		assert_ok(snap_vmas_append(&snapshot->vmas, &vma));
	}
}

/** A process with one thread, the common mappings and `row` between them, if not NULL.
 */
static struct snap_snapshot *process(const struct row *row)
{
	struct snap_snapshot *snapshot;
	assert_ok(snap_snapshot_create(&snapshot));
	snapshot->threads = calloc(1, sizeof(*snapshot->threads));
	snapshot->nr_threads = 1;
	snapshot->threads[0].tid = 100;
	snapshot->threads[0].start_time = 5;
	strcpy(snapshot->threads[0].comm, "it");
	snapshot->brk = 0x500000;
	add(snapshot, &common[0], 1);
	if (row)
		add(snapshot, row, 1);
	add(snapshot, &common[1], 1);
	return snapshot;
}

/** What a plan between two mappings in the same place says. */
static void assert_plan(const struct row *image_row, const struct row *live_row,
			const char *steps)
{
	_cleanup_snapshot_ struct snap_snapshot *image = process(image_row);
	_cleanup_snapshot_ struct snap_snapshot *live = process(live_row);
	_cleanup_plan_ struct snap_plan plan = { 0 };
	assert_ok(snap_plan_make(image, live, 0x4000, &plan));

	_cleanup_buffer_ struct snap_buffer text = { 0 };
	assert_ok(snap_plan_explain(&plan, &text));
	assert_ok(snap_buffer_append_uint(&text, 0, 1));
	_cleanup_free_ char *wanted = NULL;
	assert_true(asprintf(&wanted,
			     "%swrite memory that differs\nland thread 100 (it)\n",
			     steps) > 0);
	assert_string_equal((char *)text.data, wanted);
}

static const struct row anonymous = { 0x10000000, 0x10004000, RW, 0, 0, 0, "" };
static const struct row read_only = {
	0x10000000, 0x10004000, SNAP_VMA_READ, 0, 0, 0, ""
};
static const struct row longer = { 0x10000000, 0x10008000, RW, 0, 0, 0, "" };
static const struct row of_file = { 0x10000000, 0x10004000, SNAP_VMA_READ, 0,
				    9,          0x1000,     "/lib/x" };

static void test_what_is_the_same_needs_no_step(void **state)
{
	assert_plan(NULL, NULL, "");
	assert_plan(&anonymous, &anonymous, "");
	assert_plan(&of_file, &of_file, "");
}

static void test_a_new_mapping_is_removed(void **state)
{
	assert_plan(NULL, &anonymous,
		    "remove 0x10000000-0x10004000: it was not there at the snapshot\n");
	assert_plan(&anonymous, &longer,
		    "remove 0x10004000-0x10008000: it was not there at the snapshot\n");
}

static void test_a_mapping_that_is_gone_is_made_again(void **state)
{
	assert_plan(
		&of_file, NULL,
		"map 0x10000000-0x10004000 /lib/x: it is gone since the snapshot\n");
	assert_plan(&longer, &anonymous,
		    "map 0x10004000-0x10008000: it is gone since the snapshot\n");
}

static void test_a_mapping_of_something_else_is_replaced(void **state)
{
	assert_plan(
		&of_file, &anonymous,
		"move away 0x10000000-0x10004000: it was not there at the snapshot\n"
		"map 0x10000000-0x10004000 /lib/x: it is gone since the snapshot\n");
}

static void test_a_protection_is_changed_back(void **state)
{
	assert_plan(
		&anonymous, &read_only,
		"protect 0x10000000-0x10004000: its protection has changed since\n");
}

static void test_the_heap_is_grown_and_shrunk_by_its_end(void **state)
{
	static const struct row small = { 0x500000, 0x521000, RW, 0, 0, 0, "[heap]" };
	static const struct row large = { 0x500000, 0x541000, RW, 0, 0, 0, "[heap]" };
	_cleanup_snapshot_ struct snap_snapshot *image = process(&small);
	_cleanup_snapshot_ struct snap_snapshot *live = process(&large);
	image->brk = 0x520800;
	live->brk = 0x541000;
	_cleanup_plan_ struct snap_plan plan = { 0 };
	assert_ok(snap_plan_make(image, live, 0x4000, &plan));
	assert_int_equal(plan.nr_steps, 1);
	assert_int_equal(plan.steps[0].kind, SNAP_STEP_SHRINK);
	assert_int_equal(plan.steps[0].end, 0x520800);
}

static void test_parked_mappings_have_places_of_their_own(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *image = process(&of_file);
	_cleanup_snapshot_ struct snap_snapshot *live = process(&longer);
	_cleanup_plan_ struct snap_plan plan = { 0 };
	assert_ok(snap_plan_make(image, live, 0x4000, &plan));
	assert_int_equal(plan.nr_steps, 3);
	assert_int_equal(plan.steps[0].kind, SNAP_STEP_PARK);
	assert_true(plan.steps[0].parking >= plan.arena + 0x4000);
	assert_true(plan.steps[0].parking + 0x4000 <= plan.arena + plan.arena_size);
	assert_int_equal(plan.steps[2].kind, SNAP_STEP_UNMAP);
	for (uint64_t at = plan.arena; at < plan.arena + plan.arena_size;
	     at += 0x1000) {
		assert_null(snap_vmas_find(&image->vmas, at));
		assert_null(snap_vmas_find(&live->vmas, at));
	}
}

static void assert_refused(const struct row *image_row, const struct row *live_row)
{
	_cleanup_snapshot_ struct snap_snapshot *image = process(image_row);
	_cleanup_snapshot_ struct snap_snapshot *live = process(live_row);
	struct snap_plan plan = { 0 };
	assert_error(snap_plan_make(image, live, 0x4000, &plan), REFUSED);
	assert_null(plan.steps);
}

static void test_what_cannot_be_put_back_is_refused_before_anything(void **state)
{
	static const struct row shared = {
		0x10000000, 0x10004000, RW | SNAP_VMA_SHARED, 0,
		9,          0,          "/dev/zero (deleted)"
	};
	static const struct row vdso = {
		0x10000000, 0x10002000, SNAP_VMA_READ | SNAP_VMA_EXEC, 0, 0, 0, "[vdso]"
	};
	static const struct row sealed = { 0x10000000, 0x10004000, RW, SNAP_VMA_SEALED,
					   0,          0,          "" };
	static const struct row watched = { 0x10000000, 0x10004000, RW, SNAP_VMA_UFFD,
					    0,          0,          "" };
	assert_refused(&shared, NULL);
	assert_refused(&anonymous, &watched);
	assert_refused(&watched, &watched);
	assert_refused(NULL, &watched);
	assert_refused(&vdso, NULL);
	assert_refused(NULL, &sealed);
	assert_refused(&read_only, &sealed);
}

static void test_attributes_are_changed_back(void **state)
{
	static const struct row kept = { 0x10000000, 0x10004000, RW, 0, 0, 0, "" };
	static const struct row told = {
		0x10000000, 0x10004000, RW, SNAP_VMA_DONTFORK | SNAP_VMA_LOCKED,
		0,          0,          ""
	};
	static const struct row hinted = {
		0x10000000, 0x10004000, RW, SNAP_VMA_HUGEPAGE, 0, 0, ""
	};
	static const struct row guard = { 0x10000000, 0x10004000, RW, SNAP_VMA_GUARD,
					  0,          0,          "" };
	assert_plan(&told, &kept,
		    "advise about 0x10000000-0x10004000: the kernel was told otherwise "
		    "since (madvise)\n"
		    "lock 0x10000000-0x10004000: it was locked in memory at the "
		    "snapshot\n");
	assert_plan(&kept, &told,
		    "unlock 0x10000000-0x10004000: it has been locked in memory since\n"
		    "advise about 0x10000000-0x10004000: the kernel was told otherwise "
		    "since (madvise)\n");
	assert_plan(
		&guard, &kept,
		"make a guard of 0x10000000-0x10004000: it was one at the snapshot\n");
	assert_plan(&kept, &guard,
		    "take the guard from 0x10000000-0x10004000: it has become a guard "
		    "since\n");
	// There is no way back from a hint but another mapping.
	assert_plan(
		&kept, &hinted,
		"move away 0x10000000-0x10004000: it was not there at the snapshot\n"
		"map 0x10000000-0x10004000: it is gone since the snapshot\n");
}

static void test_shared_memory_is_taken_from_where_it_still_is(void **state)
{
	static const struct row here = {
		0x10000000, 0x10004000, RW | SNAP_VMA_SHARED, 0,
		9,          0x2000,     "/dev/zero (deleted)"
	};
	static const struct row there = {
		0x20000000, 0x20006000, RW | SNAP_VMA_SHARED, 0,
		9,          0x1000,     "/dev/zero (deleted)"
	};
	_cleanup_snapshot_ struct snap_snapshot *image = process(&here);
	_cleanup_snapshot_ struct snap_snapshot *live = process(&there);
	_cleanup_plan_ struct snap_plan plan = { 0 };
	assert_ok(snap_plan_make(image, live, 0x4000, &plan));
	assert_int_equal(plan.nr_steps, 2);
	assert_int_equal(plan.steps[0].kind, SNAP_STEP_SHARE);
	assert_int_equal(plan.steps[0].parking, 0x20001000);
	assert_int_equal(plan.steps[1].kind, SNAP_STEP_UNMAP);
}

static void test_new_mappings_are_locked_as_they_were(void **state)
{
	static const struct row locked = { 0x10000000, 0x10004000, RW, SNAP_VMA_LOCKED,
					   0,          0,          "" };
	_cleanup_snapshot_ struct snap_snapshot *image = process(&locked);
	_cleanup_snapshot_ struct snap_snapshot *live = process(&locked);
	image->lock_future = SNAP_LOCK_FUTURE_NOT;
	live->lock_future = SNAP_LOCK_FUTURE_NOW;
	_cleanup_plan_ struct snap_plan plan = { 0 };
	assert_ok(snap_plan_make(image, live, 0x4000, &plan));
	// All is unlocked, so what was locked is locked again.
	assert_int_equal(plan.nr_steps, 2);
	assert_int_equal(plan.steps[0].kind, SNAP_STEP_UNLOCK_ALL);
	assert_int_equal(plan.steps[1].kind, SNAP_STEP_LOCK);
}

/** 65,600 mappings, every one of which has to be changed. */
static void test_very_many_mappings_are_no_trouble(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *image = process(NULL);
	_cleanup_snapshot_ struct snap_snapshot *live = process(NULL);
	struct snap_vma stack = image->vmas.list[1];
	image->vmas.nr = live->vmas.nr = 1;
	free(live->vmas.list[1].name);
	for (uint64_t i = 0; i < 65600; i++) {
		struct snap_vma vma = {
			.start = 0x10000000 + i * 0x2000,
			.end = 0x10001000 + i * 0x2000,
			.prot = RW | SNAP_VMA_SHARED,
			.inode = i + 100,
			.name = strdup("/x"),
		};
		assert_ok(snap_vmas_append(&image->vmas, &vma));
		vma.start += 0x100000000;
		vma.end += 0x100000000;
		vma.name = strdup("/x");
		assert_ok(snap_vmas_append(&live->vmas, &vma));
	}
	struct snap_vma copy = stack;
	copy.name = strdup(stack.name);
	assert_ok(snap_vmas_append(&image->vmas, &stack));
	assert_ok(snap_vmas_append(&live->vmas, &copy));

	_cleanup_plan_ struct snap_plan plan = { 0 };
	assert_ok(snap_plan_make(image, live, 0x4000, &plan));
	assert_int_equal(plan.nr_steps, 2 * 65600);
}

/** Make it two threads, the second of this number. */
static void add_thread(struct snap_snapshot *snapshot, pid_t tid)
{
	snapshot->threads =
		reallocarray(snapshot->threads, 2, sizeof(struct snap_thread));
	assert_non_null(snapshot->threads);
	snapshot->threads[1] = snapshot->threads[0];
	snapshot->threads[1].tid = tid;
	snapshot->nr_threads = 2;
}

static const uint32_t registrations =
	SNAP_THREAD_RSEQ | SNAP_THREAD_ROBUST_LIST | SNAP_THREAD_TID_ADDRESS;

static void set_registrations(struct snap_thread *thread, uint64_t address)
{
	thread->members |= registrations;
	thread->rseq.address = address;
	thread->rseq.size = 32;
	thread->robust_list.head = address ? address + 100 : 0;
	thread->tid_address = address ? address + 200 : 0;
}

/** What is planned between two, without what every plan ends with. */
static void assert_steps(const struct snap_snapshot *image,
			 const struct snap_snapshot *live, const char *steps)
{
	_cleanup_plan_ struct snap_plan plan = { 0 };
	assert_ok(snap_plan_make(image, live, 0x4000, &plan));
	_cleanup_buffer_ struct snap_buffer text = { 0 };
	assert_ok(snap_plan_explain(&plan, &text));
	assert_ok(snap_buffer_append_uint(&text, 0, 1));
	char *end = strstr((char *)text.data, "write memory");
	assert_non_null(end);
	*end = '\0';
	assert_string_equal((char *)text.data, steps);
}

static void test_a_thread_is_its_number(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *image = process(NULL);
	_cleanup_snapshot_ struct snap_snapshot *live = process(NULL);
	// It may be one that a restore has started again.
	live->threads[0].start_time = 6;
	assert_steps(image, live, "");
}

static void test_a_thread_that_has_ended_is_started_and_set_up(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *image = process(NULL);
	_cleanup_snapshot_ struct snap_snapshot *live = process(NULL);
	add_thread(image, 101);
	set_registrations(&image->threads[1], 0x1000);
	assert_steps(image, live,
		     "start thread 101 (it): it has ended since the snapshot\n"
		     "set the robust list of thread 101: it was another one at the "
		     "snapshot\n"
		     "set the TID address of thread 101: it was another one at the "
		     "snapshot\n"
		     "register the restartable sequences of thread 101: they are not "
		     "registered there now\n");
	// The live process was only borrowed.
	assert_int_equal(live->nr_threads, 1);
}

static void test_a_new_thread_ends_without_its_registrations(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *image = process(NULL);
	_cleanup_snapshot_ struct snap_snapshot *live = process(NULL);
	add_thread(live, 101);
	set_registrations(&live->threads[1], 0x1000);
	assert_steps(image, live,
		     "forget the restartable sequences of thread 101: they were not "
		     "registered there at the snapshot\n"
		     "set the robust list of thread 101: it was another one at the "
		     "snapshot\n"
		     "set the TID address of thread 101: it was another one at the "
		     "snapshot\n"
		     "end thread 101 (it): it was started after the snapshot\n");
}

static void test_a_step_is_a_line_whatever_the_threads_name(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *image = process(NULL);
	_cleanup_snapshot_ struct snap_snapshot *live = process(NULL);
	add_thread(image, 101);
	strcpy(image->threads[1].comm, "a\nb\177");
	assert_steps(
		image, live,
		"start thread 101 (a\\nb\\177): it has ended since the snapshot\n"
		"put back name of thread 101 (was 'a\\nb\\177', is 'it'): it has changed "
		"since\n");
}

static void test_a_new_thread_of_unknown_end_is_refused(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *image = process(NULL);
	_cleanup_snapshot_ struct snap_snapshot *live = process(NULL);
	add_thread(live, 101);
	struct snap_plan plan;
	assert_error(snap_plan_make(image, live, 0x4000, &plan), REFUSED);
}

static void test_only_what_both_know_is_registered_anew(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *image = process(NULL);
	_cleanup_snapshot_ struct snap_snapshot *live = process(NULL);
	set_registrations(&image->threads[0], 0x1000);
	assert_steps(image, live, "");
	set_registrations(&live->threads[0], 0x1000);
	assert_steps(image, live, "");
	live->threads[0].rseq.signature = 7;
	assert_steps(image, live,
		     "forget the restartable sequences of thread 100: they were not "
		     "registered there at the snapshot\n"
		     "register the restartable sequences of thread 100: they are not "
		     "registered there now\n");
}

static void test_a_full_address_space_is_told(void **state)
{
	static const struct row below = { 0x402000, 0x7ffffffde000, RW, 0, 0, 0, "" };
	assert_refused(&below, &below);
}

/** A snapshot in which signals were captured. */
static struct snap_snapshot *process_with_signals(void)
{
	struct snap_snapshot *snapshot = process(NULL);
	snapshot->signals.is_captured = true;
	snapshot->signals.queue_limit = 10;
	snapshot->signals.pending.is_captured = true;
	snapshot->threads[0].pending.is_captured = true;
	return snapshot;
}

static void put_pending(struct snap_pending *pending, int signal, int code)
{
	struct snap_siginfo info = { { 0 } };
	memcpy(info.bytes, &signal, sizeof(signal));
	memcpy(info.bytes + 8, &code, sizeof(code));
	assert_ok(snap_pending_append(pending, &info));
}

static void test_signals_that_are_the_same_need_no_step(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *image = process_with_signals();
	_cleanup_snapshot_ struct snap_snapshot *live = process_with_signals();
	assert_steps(image, live, "");
	image->signals.actions[9].handler = live->signals.actions[9].handler = 0x1234;
	put_pending(&image->threads[0].pending, 34, -1);
	put_pending(&live->threads[0].pending, 34, -1);
	assert_steps(image, live, "");
	// Nobody can see who has sent a SIGSTOP.
	put_pending(&image->signals.pending, 19, 0);
	put_pending(&live->signals.pending, 19, -1);
	assert_steps(image, live, "");
}

static void test_what_was_not_captured_stays(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *image = process(NULL);
	_cleanup_snapshot_ struct snap_snapshot *live = process_with_signals();
	live->signals.actions[9].handler = 0x1234;
	put_pending(&live->signals.pending, 10, 0);
	assert_steps(image, live, "");
}

static void test_actions_are_set_back(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *image = process_with_signals();
	_cleanup_snapshot_ struct snap_snapshot *live = process_with_signals();
	live->signals.actions[9].handler = 0x1234;
	image->signals.actions[63].mask = 1;
	// The kernel has none for these two, whatever an image says.
	image->signals.actions[8].handler = image->signals.actions[18].handler = 1;
	assert_steps(image, live,
		     "set action of SIGUSR1: its handler, its flags or its mask has "
		     "changed since\n"
		     "set action of SIGRTMIN+30: its handler, its flags or its mask "
		     "has changed since\n");
}

static void test_pending_signals_are_exchanged_as_a_whole(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *image = process_with_signals();
	_cleanup_snapshot_ struct snap_snapshot *live = process_with_signals();
	put_pending(&image->signals.pending, 10, 0);
	put_pending(&image->threads[0].pending, 34, -1);
	put_pending(&image->threads[0].pending, 34, -1);
	put_pending(&live->threads[0].pending, 34, -1);
	assert_steps(
		image, live,
		"take away SIGRTMIN of thread 100: what was pending then takes its place\n"
		"queue SIGUSR1 of the process; 2 SIGRTMIN of thread 100: it was "
		"pending at the snapshot\n");
	assert_steps(live, image,
		     "take away SIGUSR1 of the process; 2 SIGRTMIN of thread 100: "
		     "what was pending then takes its place\n"
		     "queue SIGRTMIN of thread 100: it was pending at the snapshot\n");
}

static void test_an_action_that_may_remove_signals_has_them_queued_again(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *image = process_with_signals();
	_cleanup_snapshot_ struct snap_snapshot *live = process_with_signals();
	image->signals.actions[9].handler = 1;
	put_pending(&image->signals.pending, 10, 0);
	put_pending(&live->signals.pending, 10, 0);
	assert_steps(
		image, live,
		"take away SIGUSR1 of the process: what was pending then takes its place\n"
		"set action of SIGUSR1: its handler, its flags or its mask has "
		"changed since\n"
		"queue SIGUSR1 of the process: it was pending at the snapshot\n");
}

static void test_a_signal_stack_is_set_back(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *image = process_with_signals();
	_cleanup_snapshot_ struct snap_snapshot *live = process_with_signals();
	image->threads[0].members = live->threads[0].members = SNAP_THREAD_ALTSTACK;
	image->threads[0].altstack.sp = live->threads[0].altstack.sp = 0x1000;
	// Being on it or not is no difference: the stack pointer says so.
	live->threads[0].altstack.flags = 1;
	assert_steps(image, live, "");
	live->threads[0].altstack.flags = UINT32_C(1) << 31;
	assert_steps(image, live,
		     "set signal stack of thread 100 (it): it has changed since\n");
}

static void assert_signals_refused(const struct snap_snapshot *image,
				   const struct snap_snapshot *live)
{
	struct snap_plan plan = { 0 };
	assert_error(snap_plan_make(image, live, 0x4000, &plan), REFUSED);
	assert_null(plan.steps);
}

static void test_more_signals_than_allowed_are_refused(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *image = process_with_signals();
	_cleanup_snapshot_ struct snap_snapshot *live = process_with_signals();
	for (int i = 0; i < 4; i++)
		put_pending(&image->signals.pending, 34, -1);
	put_pending(&live->signals.pending, 34, -1);
	live->signals.nr_queued = 7; // and one of them goes
	_cleanup_plan_ struct snap_plan plan = { 0 };
	assert_ok(snap_plan_make(image, live, 0x4000, &plan));
	live->signals.nr_queued = 8;
	assert_signals_refused(image, live);
	// A limit that was lowered since is raised again before.
	image->signals.queue_limit = 11;
	_cleanup_plan_ struct snap_plan other = { 0 };
	assert_ok(snap_plan_make(image, live, 0x4000, &other));
}

static void test_a_sigcont_and_the_debuggers_sigstop_exclude_each_other(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *image = process_with_signals();
	_cleanup_snapshot_ struct snap_snapshot *live = process_with_signals();
	put_pending(&image->signals.pending, 18, 0);
	live->threads[0].pending.has_stop_due = true;
	assert_signals_refused(image, live);
}

/** A snapshot in which timers were captured, by a kernel that can make them again. */
static struct snap_snapshot *process_with_timers(void)
{
	struct snap_snapshot *snapshot = process_with_signals();
	snapshot->timers.is_captured = snapshot->timers.is_list_captured = true;
	snapshot->timers.can_choose_ids = true;
	return snapshot;
}

#define S UINT64_C(1000000000)

static void put_timer(struct snap_snapshot *snapshot, int id, int clock, uint64_t left)
{
	const struct snap_timer timer = {
		.id = id,
		.clock = clock,
		.signal = 14,
		.time = { .left = left },
	};
	assert_ok(snap_timers_append(&snapshot->timers, &timer));
}

static void test_timers_that_are_the_same_need_no_step(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *image = process_with_timers();
	_cleanup_snapshot_ struct snap_snapshot *live = process_with_timers();
	put_timer(image, 3, 1, 0);
	put_timer(live, 3, 1, 0);
	put_timer(image, 4, -6, 5 * S);
	put_timer(live, 4, -6, 5 * S);
	image->timers.intervals[1].left = live->timers.intervals[1].left = 7 * S;
	// What was delivered last cannot be told to the kernel.
	image->timers.list[0].overrun = 9;
	assert_steps(image, live, "");
}

#define STOP_SIGNALS                                                   \
	"take away what timers send until they are stopped: what was " \
	"pending then takes its place\n"

static void test_a_timer_that_runs_is_stopped_and_set_again(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *image = process_with_timers();
	_cleanup_snapshot_ struct snap_snapshot *live = process_with_timers();
	put_timer(image, 3, 1, 9 * S);
	put_timer(live, 3, 1, 8 * S);
	image->timers.intervals[0] = (struct snap_timer_time){ S / 2, 60 * S };
	live->timers.intervals[2].left = 1;
	assert_steps(image, live,
		     "stop timer ITIMER_PROF: it runs on until then\n"
		     "stop POSIX timer 3: it runs on until then\n" STOP_SIGNALS
		     "set timer ITIMER_REAL, 60.000 s left, then every 0.500 s: so it "
		     "was at the snapshot\n"
		     "set POSIX timer 3, 9.000 s left: so it was at the snapshot\n");
}

static void test_timers_are_made_deleted_and_exchanged(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *image = process_with_timers();
	_cleanup_snapshot_ struct snap_snapshot *live = process_with_timers();
	put_timer(image, 1, 1, 0);
	put_timer(image, 2, 0, 2 * S);
	put_timer(live, 2, 1, 0);
	put_timer(live, 7, 1, 0);
	assert_steps(image, live,
		     "delete POSIX timer 2: its number was another's at the snapshot\n"
		     "make POSIX timer 1, not running: it has been deleted since\n"
		     "make POSIX timer 2, 2.000 s left: it has been deleted since\n"
		     "set POSIX timer 2, 2.000 s left: so it was at the snapshot\n"
		     "delete POSIX timer 7: it was not there at the snapshot\n");
}

static void test_a_timer_that_cannot_be_made_again_is_refused(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *image = process_with_timers();
	_cleanup_snapshot_ struct snap_snapshot *live = process_with_timers();
	_cleanup_plan_ struct snap_plan plan = { 0 };
	put_timer(image, 1, 1, 0);
	assert_ok(snap_plan_make(image, live, 0x4000, &plan));
	// A kernel before 6.15
	live->timers.can_choose_ids = false;
	assert_signals_refused(image, live);
	// A new process is brought up to the number, but not for ever
	live->state.is_new = true;
	_cleanup_plan_ struct snap_plan counted = { 0 };
	assert_ok(snap_plan_make(image, live, 0x4000, &counted));
	image->timers.list[0].id = SNAP_MAX_COUNTED_ID;
	assert_signals_refused(image, live);
	image->timers.list[0].id = 1;
	live->state.is_new = false;
	// A timer of a thread that had ended
	live->timers.can_choose_ids = true;
	image->timers.list[0].notify = 4;
	assert_signals_refused(image, live);
	image->timers.list[0].tid = 100;
	_cleanup_plan_ struct snap_plan other = { 0 };
	assert_ok(snap_plan_make(image, live, 0x4000, &other));
}

static void test_what_a_timer_has_sent_is_queued_again(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *image = process_with_timers();
	_cleanup_snapshot_ struct snap_snapshot *live = process_with_timers();
	// Setting the timer would take it back (posix_timer_set_common()).
	put_timer(image, 1, 1, 9 * S);
	put_timer(live, 1, 1, 8 * S);
	put_pending(&image->signals.pending, 14, -2);
	put_pending(&live->signals.pending, 14, -2);
	assert_steps(
		image, live,
		"stop POSIX timer 1: it runs on until then\n"
		"take away SIGALRM of the process: what was pending then takes its "
		"place\n"
		"queue SIGALRM of the process: it was pending at the snapshot\n"
		"set POSIX timer 1, 9.000 s left: so it was at the snapshot\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_the_same_needs_no_step),
		cmocka_unit_test(test_a_new_mapping_is_removed),
		cmocka_unit_test(test_a_mapping_that_is_gone_is_made_again),
		cmocka_unit_test(test_a_mapping_of_something_else_is_replaced),
		cmocka_unit_test(test_a_protection_is_changed_back),
		cmocka_unit_test(test_the_heap_is_grown_and_shrunk_by_its_end),
		cmocka_unit_test(test_parked_mappings_have_places_of_their_own),
		cmocka_unit_test(
			test_what_cannot_be_put_back_is_refused_before_anything),
		cmocka_unit_test(test_attributes_are_changed_back),
		cmocka_unit_test(test_shared_memory_is_taken_from_where_it_still_is),
		cmocka_unit_test(test_new_mappings_are_locked_as_they_were),
		cmocka_unit_test(test_very_many_mappings_are_no_trouble),
		cmocka_unit_test(test_a_thread_is_its_number),
		cmocka_unit_test(test_a_thread_that_has_ended_is_started_and_set_up),
		cmocka_unit_test(test_a_new_thread_ends_without_its_registrations),
		cmocka_unit_test(test_a_step_is_a_line_whatever_the_threads_name),
		cmocka_unit_test(test_a_new_thread_of_unknown_end_is_refused),
		cmocka_unit_test(test_only_what_both_know_is_registered_anew),
		cmocka_unit_test(test_a_full_address_space_is_told),
		cmocka_unit_test(test_signals_that_are_the_same_need_no_step),
		cmocka_unit_test(test_what_was_not_captured_stays),
		cmocka_unit_test(test_actions_are_set_back),
		cmocka_unit_test(test_pending_signals_are_exchanged_as_a_whole),
		cmocka_unit_test(
			test_an_action_that_may_remove_signals_has_them_queued_again),
		cmocka_unit_test(test_a_signal_stack_is_set_back),
		cmocka_unit_test(test_more_signals_than_allowed_are_refused),
		cmocka_unit_test(
			test_a_sigcont_and_the_debuggers_sigstop_exclude_each_other),
		cmocka_unit_test(test_timers_that_are_the_same_need_no_step),
		cmocka_unit_test(test_a_timer_that_runs_is_stopped_and_set_again),
		cmocka_unit_test(test_timers_are_made_deleted_and_exchanged),
		cmocka_unit_test(test_a_timer_that_cannot_be_made_again_is_refused),
		cmocka_unit_test(test_what_a_timer_has_sent_is_queued_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
