// SPDX-License-Identifier: GPL-3.0-or-later
#include "testsuite/unit/unit.h"

#include <linux/capability.h>
#include <string.h>

#include "core/plan/explain.h"
#include "core/plan/plan.h"

/** Two models of a process with one thread, that differ where a test makes them. */
struct pair {
	struct snap_snapshot *image;
	struct snap_snapshot *live;
};

static struct snap_snapshot *make_process(void)
{
	struct snap_snapshot *snapshot;
	assert_ok(snap_snapshot_create(&snapshot));
	snapshot->threads = calloc(1, sizeof(*snapshot->threads));
	snapshot->nr_threads = 1;
	snapshot->threads[0].tid = 100;
	strcpy(snapshot->threads[0].comm, "it");
	// Two mappings: an arena goes between.
	for (uint64_t start = 0x400000; start < 0x4000000; start *= 4) {
		struct snap_vma vma = {
			.start = start,
			.end = start + 0x2000,
			.prot = SNAP_VMA_READ,
			.name = strdup(""),
		};
		assert_ok(snap_vmas_append(&snapshot->vmas, &vma));
	}
	snapshot->state.nr_limits = SNAP_NR_LIMITS;
	for (enum snap_attribute i = 0; i < SNAP_NR_ATTRIBUTES; i++)
		snap_attribute_set(snap_attributes[i].scope == SNAP_ATTRIBUTE_OF_PROCESS
					   ? &snapshot->state.attributes
					   : &snapshot->threads[0].state.attributes,
				   i, 1);
	assert_ok(snap_snapshot_set_text(&snapshot->state.folder, "/here"));
	assert_ok(snap_snapshot_set_text(&snapshot->threads[0].state.cpus, "0-3"));
	assert_ok(snap_snapshot_set_text(&snapshot->threads[0].state.groups, "4 5"));
	return snapshot;
}

static int set_up(void **state)
{
	struct pair *pair = calloc(1, sizeof(*pair));
	pair->image = make_process();
	pair->live = make_process();
	*state = pair;
	return 0;
}

static int tear_down(void **state)
{
	struct pair *pair = *state;
	snap_snapshot_destroy(pair->image);
	snap_snapshot_destroy(pair->live);
	free(pair);
	return 0;
}

static void assert_plan(const struct pair *pair, const char *steps)
{
	_cleanup_plan_ struct snap_plan plan = { 0 };
	_cleanup_buffer_ struct snap_buffer text = { 0 };
	assert_ok(snap_plan_make(pair->image, pair->live, 0x4000, &plan));
	assert_ok(snap_plan_explain(&plan, &text));
	assert_ok(snap_buffer_append_uint(&text, 0, 1));
	char *end = strstr((char *)text.data, "write memory");
	assert_non_null(end);
	*end = '\0';
	assert_string_equal((char *)text.data, steps);
}

static void assert_refused(const struct pair *pair, const char *words)
{
	struct snap_plan plan = { 0 };
	_cleanup_error_ snap_err error =
		snap_plan_make(pair->image, pair->live, 0x4000, &plan);
	assert_non_null(error);
	assert_int_equal(error->kind, SNAP_ERROR_REFUSED);
	assert_non_null(error->remedy);
	if (!strstr(error->message, words))
		fail_msg("'%s' is not in: %s", words, error->message);
	assert_null(plan.steps);
}

/** One number of the live thread. */
static uint64_t *of_thread(struct pair *pair, enum snap_attribute attribute)
{
	return &pair->live->threads[0].state.attributes.list[attribute];
}

static uint64_t *of_image(struct pair *pair, enum snap_attribute attribute)
{
	return &pair->image->threads[0].state.attributes.list[attribute];
}

static void give(struct pair *pair, int capability)
{
	pair->live->state.debugger_capabilities |= UINT64_C(1) << capability;
}

static void test_what_is_the_same_needs_no_step(void **state)
{
	assert_plan(*state, "");
}

static void test_what_was_not_captured_needs_no_step(void **state)
{
	struct pair *pair = *state;
	// GIVEN a snapshot that knows nothing, and a process in which all is different
	pair->image->state.attributes.known = 0;
	pair->image->state.nr_limits = 0;
	pair->image->threads[0].state.attributes.known = 0;
	free(snap_take(pair->image->state.folder));
	free(snap_take(pair->image->threads[0].state.cpus));
	free(snap_take(pair->image->threads[0].state.groups));
	memset(pair->live->threads[0].state.attributes.list, 7,
	       sizeof(pair->live->threads[0].state.attributes.list));
	pair->live->state.limits[3].soft = 9;

	assert_plan(pair, "");
}

static void test_each_thing_has_a_step_in_words(void **state)
{
	struct pair *pair = *state;
	pair->live->state.attributes.list[SNAP_ATTRIBUTE_UMASK] = 022;
	pair->live->state.attributes.list[SNAP_ATTRIBUTE_FOLDER_INODE] = 2;
	assert_ok(snap_snapshot_set_text(&pair->live->state.folder, "/there\n"));
	pair->image->state.limits[7] = (struct snap_limit){ 256, UINT64_MAX };
	pair->live->state.limits[7] = (struct snap_limit){ 64, UINT64_MAX };
	pair->live->state.limits[3].soft = 5;
	strcpy(pair->live->threads[0].comm, "a\tb");
	assert_ok(snap_snapshot_set_text(&pair->live->threads[0].state.cpus, "2"));
	assert_plan(
		pair,
		"raise limit NOFILE (was 256 of unlimited, is 64 of unlimited): it "
		"has been lowered since\n"
		"put back current folder (was '/here', is '/there\\n'): it has "
		"changed since\n"
		"put back CPUs of thread 100 (was '0-3', is '2'): they have changed "
		"since\n"
		"put back file mode mask (was 01, is 022): it has changed since\n"
		"put back name of thread 100 (was 'it', is 'a\\tb'): it has "
		"changed since\n"
		"lower limit STACK (was 0 of 0, is 5 of 0): it has been raised "
		"since\n");
}

static void test_what_the_kernel_never_takes_back_is_refused(void **state)
{
	struct pair *pair = *state;
	for (enum snap_attribute i = 0; i < SNAP_NR_ATTRIBUTES; i++) {
		if (snap_attributes[i].policy != SNAP_ATTRIBUTE_IS_ONE_WAY)
			continue;
		uint64_t *value = snap_attributes[i].scope == SNAP_ATTRIBUTE_OF_THREAD
					  ? of_thread(pair, i)
					  : &pair->live->state.attributes.list[i];
		*value = 2;
		assert_refused(pair, snap_attributes[i].words);
		*value = 1;
	}
	assert_plan(pair, "");
}

static void test_what_harms_nobody_is_kept(void **state)
{
	struct pair *pair = *state;
	pair->live->state.attributes.list[SNAP_ATTRIBUTE_MEMBARRIER] = 9;
	*of_thread(pair, SNAP_ATTRIBUTE_STORE_BYPASS) = 8;
	assert_plan(pair,
		    "keep membarrier registrations (was 0x1, is 0x9): the kernel "
		    "does not take it back, and nothing depends on it\n"
		    "keep speculative store bypass control of thread 100 (was 1, is "
		    "8): the kernel does not take it back, and nothing depends on "
		    "it\n");
}

static void test_a_hard_limit_takes_a_debugger_that_may(void **state)
{
	struct pair *pair = *state;
	pair->image->state.limits[9].hard = 1;
	assert_refused(pair, "hard limit AS");
	give(pair, CAP_SYS_RESOURCE);
	assert_plan(pair, "lower limit AS (was 0 of 1, is 0 of 0): it has been raised "
			  "since\n");
}

static void test_scheduling_takes_a_debugger_or_limits_that_allow_it(void **state)
{
	static const char step[] =
		"put back scheduling of thread 100 (nice was 1, is 5): "
		"it has changed since\n";
	struct pair *pair = *state;
	*of_image(pair, SNAP_ATTRIBUTE_POLICY) =
		*of_thread(pair, SNAP_ATTRIBUTE_POLICY) = 0;
	*of_thread(pair, SNAP_ATTRIBUTE_NICE) = 5;
	assert_refused(pair, "CAP_SYS_NICE");
	// RLIMIT_NICE allows nice values down to 20 minus it.
	pair->image->state.limits[13].soft = pair->live->state.limits[13].soft = 19;
	assert_plan(pair, step);
	pair->image->state.limits[13].soft = pair->live->state.limits[13].soft = 18;
	assert_refused(pair, "CAP_SYS_NICE");
	give(pair, CAP_SYS_NICE);
	assert_plan(pair, step);
}

/** No capability at all, user ids as given, the rest equal. */
static void set_uids(uint64_t *ids, uint64_t real, uint64_t effective, uint64_t saved)
{
	ids[0] = real;
	ids[1] = ids[3] = effective;
	ids[2] = saved;
}

static void test_ids_that_are_still_there_can_be_put_back(void **state)
{
	struct pair *pair = *state;
	*of_image(pair, SNAP_ATTRIBUTE_CAP_PERMITTED) = 0;
	*of_thread(pair, SNAP_ATTRIBUTE_CAP_PERMITTED) = 0;
	uint64_t *image = of_image(pair, SNAP_ATTRIBUTE_RUID);
	uint64_t *live = of_thread(pair, SNAP_ATTRIBUTE_RUID);

	// GIVEN a set-user-ID program that has dropped its effective id for a while
	set_uids(image, 1000, 7, 7);
	set_uids(live, 1000, 1000, 7);
	assert_plan(pair,
		    "put back privileges of thread 100 (euid was 7, is 1000; fsuid was "
		    "7, is 1000): they have changed since\n");

	// THEN for good is for good,
	set_uids(live, 1000, 1000, 1000);
	assert_refused(pair, "changed its user id");
	// and a change that could not be undone is none
	set_uids(image, 1000, 1000, 1000);
	set_uids(live, 1000, 7, 7);
	assert_refused(pair, "changed its user id");
}

static void test_root_may_put_ids_back_that_do_not_take_its_capabilities(void **state)
{
	struct pair *pair = *state;
	*of_image(pair, SNAP_ATTRIBUTE_CAP_PERMITTED) = UINT64_MAX;
	*of_thread(pair, SNAP_ATTRIBUTE_CAP_PERMITTED) = UINT64_MAX;
	uint64_t *image = of_image(pair, SNAP_ATTRIBUTE_RUID);
	uint64_t *live = of_thread(pair, SNAP_ATTRIBUTE_RUID);
	set_uids(image, 0, 5, 0);
	set_uids(live, 0, 6, 0);
	struct snap_plan plan = { 0 };
	assert_ok(snap_plan_make(pair->image, pair->live, 0x4000, &plan));
	assert_int_equal(plan.nr_steps, 1);
	snap_plan_deinit(&plan);
	set_uids(image, 5, 5, 5);
	assert_refused(pair, "from root's");
}

static void test_groups_and_locked_bits_need_what_they_need(void **state)
{
	struct pair *pair = *state;
	*of_image(pair, SNAP_ATTRIBUTE_CAP_PERMITTED) = 0;
	*of_thread(pair, SNAP_ATTRIBUTE_CAP_PERMITTED) = 0;
	assert_ok(snap_snapshot_set_text(&pair->live->threads[0].state.groups, "4"));
	assert_refused(pair, "groups");
	assert_ok(snap_snapshot_set_text(&pair->live->threads[0].state.groups, "4 5"));
	// The keep-capabilities flag is everybody's, until it is locked.
	*of_thread(pair, SNAP_ATTRIBUTE_SECUREBITS) = 0x11;
	assert_plan(pair,
		    "put back privileges of thread 100 (securebits was 1, is 17): "
		    "they have changed since\n");
	*of_thread(pair, SNAP_ATTRIBUTE_SECUREBITS) = 0x31;
	*of_image(pair, SNAP_ATTRIBUTE_SECUREBITS) = 0x21;
	assert_refused(pair, "securebits");
	// Ids of another user namespace are other numbers.
	pair->live->state.is_foreign_user_ns = true;
	assert_refused(pair, "another user namespace");
}

static void test_a_dumpable_flag_that_no_process_can_set_is_refused(void **state)
{
	struct pair *pair = *state;
	pair->live->state.attributes.list[SNAP_ATTRIBUTE_DUMPABLE] = 2;
	assert_refused(pair, "dumpable");
}

#define plan_test(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		plan_test(test_what_is_the_same_needs_no_step),
		plan_test(test_what_was_not_captured_needs_no_step),
		plan_test(test_each_thing_has_a_step_in_words),
		plan_test(test_what_the_kernel_never_takes_back_is_refused),
		plan_test(test_what_harms_nobody_is_kept),
		plan_test(test_a_hard_limit_takes_a_debugger_that_may),
		plan_test(test_scheduling_takes_a_debugger_or_limits_that_allow_it),
		plan_test(test_ids_that_are_still_there_can_be_put_back),
		plan_test(test_root_may_put_ids_back_that_do_not_take_its_capabilities),
		plan_test(test_groups_and_locked_bits_need_what_they_need),
		plan_test(test_a_dumpable_flag_that_no_process_can_set_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
