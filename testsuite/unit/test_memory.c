// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/fills.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "testsuite/unit/unit.h"

#define PAGE SNAP_PAGE_SIZE

/** Write a page's number and a value into each page of what was appended. */
static void hold(struct snap_memory *memory, uint64_t page, uint64_t nr, uint32_t value)
{
	uint8_t *bytes;
	assert_ok(snap_memory_append(memory, page * PAGE, nr * PAGE, &bytes));
	for (uint64_t i = 0; i < nr; i++)
		memcpy(bytes + i * PAGE, &value, sizeof(value));
}

static void share(struct snap_memory *to, const struct snap_memory *from, uint64_t page,
		  uint64_t end)
{
	assert_ok(snap_memory_share(to, from, page * PAGE, end * PAGE));
}

/** The value of a page; 0: it is not held. */
static uint32_t value_at(const struct snap_memory *memory, uint64_t page)
{
	uint64_t size;
	uint32_t value = 0;
	const uint8_t *bytes = snap_memory_at(memory, page * PAGE, &size);
	if (bytes)
		memcpy(&value, bytes, sizeof(value));
	return value;
}

static uint64_t pages_in_store(const struct snap_memory *memory)
{
	return snap_store_usage(memory->store).pages / PAGE;
}

static void test_a_snapshot_costs_what_has_changed(void **state)
{
	// GIVEN a memory of 1000 pages
	_cleanup_memory_ struct snap_memory first = { 0 }, second = { 0 };
	hold(&first, 16, 1000, 1);

	// WHEN another is the same but for one page
	share(&second, &first, 0, 500);
	hold(&second, 500, 1, 2);
	share(&second, &first, 501, 2000);

	// THEN there is one page more
	assert_int_equal(second.size, first.size);
	assert_int_equal(pages_in_store(&first), 1001);
	assert_int_equal(value_at(&second, 499), 1);
	assert_int_equal(value_at(&second, 500), 2);
	assert_int_equal(value_at(&first, 500), 1);
	assert_int_equal(snap_memory_usage(&second).alone, PAGE);
	assert_int_equal(snap_memory_usage(&second).shared, 999 * PAGE);
}

static void test_deleting_one_in_the_middle_frees_its_own_pages(void **state)
{
	// GIVEN three memories, each with another value in pages 10 to 12
	_cleanup_memory_ struct snap_memory first = { 0 }, last = { 0 };
	struct snap_memory middle = { 0 };
	hold(&first, 0, 300, 1);
	share(&middle, &first, 0, 10);
	hold(&middle, 10, 3, 2);
	share(&middle, &first, 13, 300);
	share(&last, &middle, 0, 10);
	hold(&last, 10, 2, 3);
	share(&last, &middle, 12, 300);
	assert_int_equal(pages_in_store(&first), 305);
	assert_int_equal(snap_memory_usage(&middle).alone, 2 * PAGE);

	// WHEN the one in the middle goes
	snap_memory_deinit(&middle);

	// THEN what it had alone is free, and what the last has of it is there
	assert_int_equal(pages_in_store(&first), 303);
	assert_int_equal(value_at(&last, 12), 2);
	assert_int_equal(value_at(&last, 11), 3);
	assert_int_equal(value_at(&last, 13), 1);
}

static void test_writing_copies_what_others_hold(void **state)
{
	_cleanup_memory_ struct snap_memory first = { 0 }, second = { 0 },
					    again = { 0 };
	hold(&first, 0, 100, 1);
	share(&second, &first, 0, 100);
	snap_memory_remember(&again, &second);
	const uint8_t patch[] = { 7, 8 };

	// WHEN bytes on both sides of a page's end are written, and some that are not
	// held, and some that are that already
	assert_ok(snap_memory_write(&second, 3 * PAGE - 1, patch, sizeof(patch)));
	assert_ok(snap_memory_write(&second, 100 * PAGE, patch, sizeof(patch)));
	const uint32_t same = 1;
	assert_ok(snap_memory_write(&second, 50 * PAGE, &same, sizeof(same)));

	// THEN two pages were copied, and the others see nothing
	assert_int_equal(pages_in_store(&first), 102);
	assert_int_equal(value_at(&second, 3), 8);
	assert_int_equal(value_at(&first, 3), 1);
	assert_int_equal(value_at(&again, 3), 1);
	assert_false(snap_memory_is_same(&second, &again));
}

static void test_who_remembers_a_memory_is_no_second_holder(void **state)
{
	_cleanup_memory_ struct snap_memory first = { 0 }, other = { 0 };
	hold(&first, 0, 100, 1);
	snap_memory_remember(&other, &first);
	assert_int_equal(snap_memory_usage(&first).alone, 100 * PAGE);
	assert_true(snap_memory_is_same(&first, &other));
	snap_memory_deinit(&first);
	assert_int_equal(value_at(&other, 99), 1);
}

static void test_a_run_ends_where_the_store_goes_on_elsewhere(void **state)
{
	_cleanup_memory_ struct snap_memory first = { 0 }, second = { 0 };
	struct snap_run run;
	hold(&first, 0, 1024, 1);
	share(&second, &first, 0, 7);
	hold(&second, 7, 1, 2);
	share(&second, &first, 8, 1024);

	assert_true(snap_memory_next_run(&second, 0, &run));
	assert_int_equal(run.size, 7 * PAGE);
	assert_true(snap_memory_next_run(&second, 7 * PAGE + 5, &run));
	assert_int_equal(run.start, 7 * PAGE + 5);
	assert_int_equal(run.size, PAGE - 5);
	assert_true(snap_memory_next_run(&second, 8 * PAGE, &run));
	assert_int_equal(run.size, SNAP_RUN_MAX);
	assert_false(snap_memory_next_run(&second, 1024 * PAGE, &run));
	assert_int_equal(snap_memory_held(&second, 6 * PAGE, 9 * PAGE), 3 * PAGE);
}

static void test_what_is_too_large_leaves_a_memory_as_it_was(void **state)
{
	_cleanup_memory_ struct snap_memory memory = { 0 };
	uint8_t *bytes = NULL;
	const uint64_t most = -(uint64_t)PAGE;
	assert_error(snap_memory_append(&memory, 0, most, &bytes), NOMEM);
	hold(&memory, 1, 1, 1);
	assert_error(snap_memory_append(&memory, 2 * PAGE, most - 2 * PAGE, &bytes),
		     NOMEM);
	assert_null(bytes);
	assert_int_equal(memory.size, PAGE);
	assert_int_equal(pages_in_store(&memory), 1);
	hold(&memory, most / PAGE - 1, 1, 2);
	assert_int_equal(value_at(&memory, most / PAGE - 1), 2);
}

static void test_memory_is_appended_before_it_is_there(void **state)
{
	_cleanup_memory_ struct snap_memory memory = { 0 };
	uint8_t *bytes;
	assert_ok(snap_memory_append_unbacked(&memory, 0, 16 * PAGE, &bytes));
	assert_int_equal(value_at(&memory, 9), 0);
	assert_ok(snap_store_back(memory.store, bytes, 16 * PAGE));
	bytes[9 * PAGE] = 5;
	assert_int_equal(value_at(&memory, 9), 5);
}

/** Append pages one by one, with a hole behind each. */
static void put(struct snap_fills *fills, uint8_t *bytes, uint64_t first, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++) {
		memcpy(bytes + i * PAGE, &(uint32_t){ i + 1 }, sizeof(i));
		assert_ok(snap_fills_append(fills, (first + 2 * i) * PAGE,
					    bytes + i * PAGE, PAGE));
	}
}

static void test_many_pieces_are_copied_in_the_end(void **state)
{
	// GIVEN more pieces than wait at once
	const uint32_t nr = 2 * SNAP_MOST_FILLS + 10;
	_cleanup_free_ uint8_t *bytes = calloc(nr, PAGE);
	_cleanup_memory_ struct snap_memory memory = { 0 };
	struct snap_fills fills = { .memory = &memory };
	put(&fills, bytes, 16, nr);

	// WHEN they are finished
	assert_ok(snap_fills_finish(&fills));

	// THEN each page is where it belongs
	assert_int_equal(memory.size, nr * PAGE);
	for (uint32_t i = 0; i < nr; i++)
		assert_int_equal(value_at(&memory, 16 + 2 * i), i + 1);
}

static void test_pieces_without_room_can_be_dropped(void **state)
{
	// GIVEN a memory, some pieces that wait, and no room for their bytes
	_cleanup_free_ uint8_t *bytes = calloc(20, PAGE);
	_cleanup_memory_ struct snap_memory memory = { 0 };
	struct snap_fills fills = { .memory = &memory };
	hold(&memory, 16, 3, 7);
	put(&fills, bytes, 32, 20);
	int full = open("/dev/full", O_RDWR | O_CLOEXEC);
	assert_true(full >= 0);
	int fd = memory.store->fd;
	memory.store->fd = full;

	// WHEN they are finished, and then dropped
	_cleanup_error_ snap_err error = snap_fills_finish(&fills);
	snap_fills_drop(&fills);
	memory.store->fd = fd;
	close(full);

	// THEN that was an error, and the memory is as it was
	assert_non_null(error);
	assert_int_equal(error->os_errno, ENOSPC);
	assert_int_equal(memory.size, 3 * PAGE);
	assert_int_equal(pages_in_store(&memory), 3);
	assert_int_equal(value_at(&memory, 18), 7);
	assert_int_equal(value_at(&memory, 32), 0);
}

static void test_ranges_unite(void **state)
{
	_cleanup_ranges_ struct snap_ranges a = { 0 }, b = { 0 }, both = { 0 };
	assert_ok(snap_ranges_append(&a, 10, 20));
	assert_ok(snap_ranges_append(&a, 20, 30));
	assert_ok(snap_ranges_append(&a, 50, 60));
	assert_ok(snap_ranges_append(&b, 5, 12));
	assert_ok(snap_ranges_append(&b, 55, 70));
	assert_ok(snap_ranges_append(&b, 80, 80));
	assert_int_equal(a.nr, 2);
	assert_ok(snap_ranges_unite(&a, &b, &both));
	assert_int_equal(both.nr, 2);
	assert_int_equal(both.list[0].start, 5);
	assert_int_equal(both.list[0].size, 25);
	assert_int_equal(both.list[1].start, 50);
	assert_int_equal(both.list[1].size, 20);
	assert_ptr_equal(snap_ranges_find_from(&both, 30), &both.list[1]);
	assert_null(snap_ranges_find_from(&both, 70));
}

/** Up to where the answer about an address is the same, at most to 100. */
static uint64_t end_from(const struct snap_ranges *ranges, uint64_t address, bool has)
{
	uint64_t end = 100;
	assert_int_equal(snap_ranges_have(ranges, address, &end), has);
	return end;
}

static void test_ranges_are_asked_and_cut(void **state)
{
	_cleanup_ranges_ struct snap_ranges some = { 0 }, cut = { 0 };
	assert_ok(snap_ranges_append(&some, 10, 20));
	assert_ok(snap_ranges_append(&some, 50, 60));
	assert_int_equal(end_from(&some, 0, false), 10);
	assert_int_equal(end_from(&some, 10, true), 20);
	assert_int_equal(end_from(&some, 20, false), 50);
	assert_int_equal(end_from(&some, 59, true), 60);
	assert_int_equal(end_from(&some, 60, false), 100);
	assert_true(snap_ranges_cover(&some, 10, 20));
	assert_false(snap_ranges_cover(&some, 10, 21));
	assert_false(snap_ranges_cover(&some, 20, 50));
	assert_ok(snap_ranges_append_some(&cut, &some, 15, 55));
	assert_int_equal(cut.nr, 2);
	assert_int_equal(cut.list[0].start, 15);
	assert_int_equal(cut.list[0].size, 5);
	assert_int_equal(cut.list[1].start, 50);
	assert_int_equal(cut.list[1].size, 5);
}

/** What memories shall be: a value for each page, 0 for none. */
#define NR_MEMORIES 6
#define NR_PAGES    400

struct model {
	uint64_t dice;
	struct snap_store *store;
	struct snap_memory memories[NR_MEMORIES];
	uint32_t values[NR_MEMORIES][NR_PAGES];
	uint32_t last_value;
};

static uint32_t roll(struct model *model, uint32_t sides)
{
	model->dice = model->dice * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(model->dice >> 33) % sides;
}

/** The same as hold(), by way of what is at hand: into spare pages, if there are some.
 */
static void fill(struct snap_memory *memory, uint64_t page, uint64_t nr, uint32_t value)
{
	_cleanup_free_ uint8_t *bytes = calloc(nr, PAGE);
	struct snap_fills fills = { .memory = memory };
	for (uint64_t i = 0; i < nr; i++)
		memcpy(bytes + i * PAGE, &value, sizeof(value));
	assert_ok(snap_fills_append(&fills, page * PAGE, bytes, nr * PAGE));
	assert_ok(snap_fills_finish(&fills));
}

/** Make a memory anew: of others, of nothing, of new pages. */
static void make(struct model *model, size_t mine)
{
	struct snap_memory *memory = &model->memories[mine];
	snap_memory_deinit(memory);
	snap_memory_init(memory, model->store);
	memset(model->values[mine], 0, sizeof(model->values[mine]));
	for (uint32_t page = 0; page < NR_PAGES;) {
		uint32_t end = page + 1 + roll(model, roll(model, 4) ? 8 : 200);
		if (end > NR_PAGES)
			end = NR_PAGES;
		size_t from = roll(model, NR_MEMORIES + 2);
		if (from < NR_MEMORIES && from != mine) {
			share(memory, &model->memories[from], page, end);
			memcpy(&model->values[mine][page], &model->values[from][page],
			       (end - page) * sizeof(uint32_t));
		} else if (from == NR_MEMORIES) {
			(roll(model, 2) ? hold : fill)(memory, page, end - page,
						       ++model->last_value);
			for (uint32_t i = page; i < end; i++)
				model->values[mine][i] = model->last_value;
			uint32_t drop = roll(model, end - page + 1);
			snap_memory_drop_last(memory, (uint64_t)drop * PAGE);
			memset(&model->values[mine][end - drop], 0, drop * 4);
		}
		page = end;
	}
	if (roll(model, 2))
		snap_memory_trim(memory);
}

static void overwrite(struct model *model, size_t mine)
{
	uint32_t page = roll(model, NR_PAGES), value = ++model->last_value;
	assert_ok(snap_memory_write(&model->memories[mine], (uint64_t)page * PAGE,
				    &value, sizeof(value)));
	if (model->values[mine][page])
		model->values[mine][page] = value;
}

/** Each value is in one slot per page: who has the same at the same place shares it. */
static uint32_t count_holders(const struct model *model, uint32_t page, uint32_t value)
{
	uint32_t nr = 0;
	for (size_t i = 0; i < NR_MEMORIES; i++)
		nr += model->values[i][page] == value;
	return nr;
}

static void check_usage(const struct model *model)
{
	uint64_t distinct = 0;
	for (size_t mine = 0; mine < NR_MEMORIES; mine++) {
		uint64_t alone = 0, all = 0;
		for (uint32_t page = 0; page < NR_PAGES; page++) {
			uint32_t value = model->values[mine][page];
			if (!value)
				continue;
			all++;
			alone += count_holders(model, page, value) == 1;
			bool is_first = true;
			for (size_t i = 0; i < mine; i++)
				is_first &= model->values[i][page] != value;
			distinct += is_first;
		}
		struct snap_memory_usage usage =
			snap_memory_usage(&model->memories[mine]);
		assert_int_equal(usage.alone, alone * PAGE);
		assert_int_equal(usage.alone + usage.shared, all * PAGE);
		assert_int_equal(model->memories[mine].size, all * PAGE);
	}
	assert_int_equal(snap_store_usage(model->store).pages, distinct * PAGE);
}

static void check_difference(struct model *model)
{
	size_t a = roll(model, NR_MEMORIES), b = roll(model, NR_MEMORIES);
	uint32_t first = roll(model, NR_PAGES), end = roll(model, NR_PAGES + 1);
	_cleanup_ranges_ struct snap_ranges found = { 0 };
	assert_ok(snap_memory_differ(&model->memories[a], &model->memories[b],
				     (uint64_t)first * PAGE, (uint64_t)end * PAGE,
				     &found));
	for (uint32_t page = 0; page < NR_PAGES; page++) {
		uint64_t address = (uint64_t)page * PAGE;
		const struct snap_range *range = snap_ranges_find_from(&found, address);
		bool differs = page >= first && page < end &&
			       model->values[a][page] != model->values[b][page];
		assert_int_equal(range && range->start <= address, differs);
	}
}

static void check_values(const struct model *model, size_t mine)
{
	for (uint32_t page = 0; page < NR_PAGES; page++)
		assert_int_equal(value_at(&model->memories[mine], page),
				 model->values[mine][page]);
}

static void test_memories_are_what_was_done_to_them(void **state)
{
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct model model = { .dice = seed };
		assert_ok(snap_store_create(NULL, &model.store));
		for (size_t step = 0; step < 200; step++) {
			size_t mine = roll(&model, NR_MEMORIES);
			if (roll(&model, 3))
				overwrite(&model, mine);
			else
				make(&model, mine);
			if (!roll(&model, 4))
				snap_spare_make(model.store, roll(&model, 300),
						roll(&model, 20000));
			check_values(&model, roll(&model, NR_MEMORIES));
			check_usage(&model);
			check_difference(&model);
		}
		for (size_t i = 0; i < NR_MEMORIES; i++)
			snap_memory_deinit(&model.memories[i]);
		assert_int_equal(snap_store_usage(model.store).pages, 0);
		snap_store_unref(model.store);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_snapshot_costs_what_has_changed),
		cmocka_unit_test(test_deleting_one_in_the_middle_frees_its_own_pages),
		cmocka_unit_test(test_writing_copies_what_others_hold),
		cmocka_unit_test(test_who_remembers_a_memory_is_no_second_holder),
		cmocka_unit_test(test_a_run_ends_where_the_store_goes_on_elsewhere),
		cmocka_unit_test(test_what_is_too_large_leaves_a_memory_as_it_was),
		cmocka_unit_test(test_memory_is_appended_before_it_is_there),
		cmocka_unit_test(test_many_pieces_are_copied_in_the_end),
		cmocka_unit_test(test_pieces_without_room_can_be_dropped),
		cmocka_unit_test(test_ranges_unite),
		cmocka_unit_test(test_ranges_are_asked_and_cut),
		cmocka_unit_test(test_memories_are_what_was_done_to_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
