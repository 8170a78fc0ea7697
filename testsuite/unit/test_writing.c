// SPDX-License-Identifier: GPL-3.0-or-later
#include "testsuite/unit/image_fixture.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "core/image/writing.h"

/** Contents that come when a test lets them. */
struct gate {
	struct snap_arrival arrival;
	struct snap_worker worker;
	/** A byte says: all is there. The end: nothing will come. */
	int pipe[2];
	/** Where the byte goes, if there is one. */
	uint8_t *place;
};

static snap_err open_gate(void *context)
{
	struct gate *gate = context;
	uint8_t byte;
	if (read(gate->pipe[0], &byte, 1) != 1)
		return snap_error_with_remedy(snap_error_create(SNAP_ERROR_GONE,
								"nothing came"),
					      "take another one");
	*gate->place = byte;
	return SNAP_OK;
}

static snap_err get_result(const struct snap_arrival *arrival)
{
	snap_err error = ((const struct gate *)arrival)->worker.error;
	return error ? snap_error_copy(error) : SNAP_OK;
}

static snap_err wait_for(struct snap_arrival *arrival,
			 const struct snap_progress *progress)
{
	SNAP_TRY(snap_worker_wait(&((struct gate *)arrival)->worker, progress, "Coming",
				  1));
	return get_result(arrival);
}

static bool is_over(struct snap_arrival *arrival)
{
	return snap_worker_is_over(&((struct gate *)arrival)->worker);
}

static bool wait_a_little(struct snap_arrival *arrival)
{
	return snap_worker_wait_a_little(&((struct gate *)arrival)->worker);
}

static void destroy(struct snap_arrival *arrival)
{
	struct gate *gate = (struct gate *)arrival;
	close(gate->pipe[1]);
	snap_worker_deinit(&gate->worker);
	close(gate->pipe[0]);
	free(gate);
}

static const struct snap_arrival_ops ops = {
	.wait = wait_for,
	.is_over = is_over,
	.wait_a_little = wait_a_little,
	.get_result = get_result,
	.destroy = destroy,
};

/** Have the first byte of a snapshot's memory come later; others hold the gate. */
static struct gate *make_gate(struct snap_snapshot *snapshot)
{
	struct gate *gate = calloc(1, sizeof(*gate));
	struct snap_run run;
	assert_true(snap_memory_next_run(&snapshot->memory, 0, &run));
	gate->place = (uint8_t *)(uintptr_t)run.bytes;
	gate->arrival = (struct snap_arrival){ .ops = &ops };
	assert_int_equal(pipe(gate->pipe), 0);
	assert_ok(snap_memory_expect(&snapshot->memory, &gate->arrival));
	snap_worker_init(&gate->worker);
	snap_worker_start(&gate->worker, "gate", open_gate, gate);
	return gate;
}

static void test_the_file_is_there_when_it_is_complete(void **state)
{
	// GIVEN an image on its way, of memory that is not there yet
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_snapshot(&small_shape);
	_cleanup_snapshot_ struct snap_snapshot *read = NULL;
	struct gate *gate = make_gate(snapshot);
	struct snap_writing *writing;
	const char *path = in_folder(state, "image");
	assert_ok(snap_writing_create(snapshot, path, false, &writing));
	assert_false(snap_worker_is_over(&writing->worker));
	assert_int_not_equal(access(path, F_OK), 0);

	// WHEN the memory comes
	assert_int_equal(write(gate->pipe[1], "!", 1), 1);
	assert_ok(snap_writing_wait(writing, NULL));

	// THEN the image is what the snapshot is now, and nothing is beside it
	assert_ok(snap_memory_settle(&snapshot->memory, NULL));
	assert_ok(snap_image_read(path, NULL, &read));
	assert_null(find_difference(snapshot, read));
	assert_int_equal(count_names(state), 1);
	snap_writing_destroy(writing);
	assert_int_equal(count_names(state), 1);
}

static void test_a_snapshot_may_change_and_go_meanwhile(void **state)
{
	// GIVEN an image on its way
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_snapshot(&small_shape);
	_cleanup_snapshot_ struct snap_snapshot *same = NULL, *read = NULL;
	_cleanup_free_ char *path = strdup(in_folder(state, "image"));
	const char *other = in_folder(state, "other");
	struct snap_writing *writing;
	struct snap_run run;
	assert_ok(snap_image_write(snapshot, other, false, NULL));
	assert_ok(snap_image_read(other, NULL, &same));
	assert_true(snap_memory_next_run(&snapshot->memory, 0, &run));
	struct gate *gate = make_gate(snapshot);
	assert_ok(snap_writing_create(snapshot, path, false, &writing));

	// WHEN its snapshot is renamed, written to, and forgotten
	assert_ok(snap_snapshot_set_text(&snapshot->label, "another"));
	assert_ok(snap_memory_write(&snapshot->memory, run.start + 8, "other", 5));
	assert_int_equal(write(gate->pipe[1], gate->place, 1), 1);
	snap_snapshot_destroy(snap_take(snapshot));
	assert_ok(snap_writing_wait(writing, NULL));

	// THEN the image is what the snapshot was
	assert_ok(snap_image_read(path, NULL, &read));
	assert_null(find_difference(same, read));
	snap_writing_destroy(writing);
}

static void test_an_image_that_is_not_wanted_any_more_leaves_nothing(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_snapshot(&small_shape);
	struct snap_writing *writing;
	make_gate(snapshot);
	assert_ok(snap_writing_create(snapshot, in_folder(state, "image"), false,
				      &writing));
	snap_writing_destroy(writing);
	assert_int_equal(count_names(state), 0);
}

static void test_what_does_not_come_is_told_each_time(void **state)
{
	// GIVEN an image of memory that does not come
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_snapshot(&small_shape);
	struct snap_writing *writing;
	struct gate *gate = make_gate(snapshot);
	assert_ok(snap_writing_create(snapshot, in_folder(state, "image"), false,
				      &writing));
	close(gate->pipe[1]);

	// WHEN it is waited for, THEN that is told, with the remedy
	for (int i = 0; i < 2; i++) {
		_cleanup_error_ snap_err error = snap_writing_wait(writing, NULL);
		assert_non_null(error);
		assert_int_equal(error->kind, SNAP_ERROR_GONE);
		assert_string_equal(error->message, "nothing came");
		assert_string_equal(error->remedy, "take another one");
	}
	snap_writing_destroy(writing);
	assert_int_equal(count_names(state), 0);
	gate->pipe[1] = -1;
}

static void test_a_file_that_is_there_is_an_error_at_once(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_snapshot(&small_shape);
	struct snap_writing *writing;
	const char *path = in_folder(state, "image");
	store_file(path, "precious", 8);
	assert_error(snap_writing_create(snapshot, path, false, &writing), INVALID);
	assert_int_equal(count_names(state), 1);
}

static void test_a_fork_takes_nothing_away(void **state)
{
	// GIVEN an image on its way
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_snapshot(&small_shape);
	_cleanup_snapshot_ struct snap_snapshot *read = NULL;
	struct gate *gate = make_gate(snapshot);
	struct snap_writing *writing;
	const char *path = in_folder(state, "image");
	assert_ok(snap_writing_create(snapshot, path, false, &writing));

	// WHEN a fork has done with it
	pid_t pid = fork();
	if (!pid) {
		snap_writing_destroy(writing);
		// Valgrind would look for leaks in all of a store, and fill it.
		execl("/bin/true", "true", NULL);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);

	// THEN it is written
	assert_int_equal(write(gate->pipe[1], gate->place, 1), 1);
	assert_ok(snap_writing_wait(writing, NULL));
	assert_ok(snap_image_read(path, NULL, &read));
	snap_writing_destroy(writing);
}

/** What a store takes of the machine's memory. */
static uint64_t blocks(const struct snap_store *store)
{
	struct stat st;
	assert_int_equal(fstat(store->fd, &st), 0);
	return (uint64_t)st.st_blocks;
}

static void test_pages_that_nobody_wrote_are_holes(void **state)
{
	// GIVEN a snapshot with pages that were never written to, in the store
	static const uint64_t size = 64 * SNAP_PAGE_SIZE;
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_snapshot(&small_shape);
	_cleanup_snapshot_ struct snap_snapshot *read = NULL;
	const struct snap_vma *last = &snapshot->vmas.list[snapshot->vmas.nr - 1];
	struct snap_vma vma = { .start = last->end,
				.end = last->end + size,
				.prot = SNAP_VMA_READ | SNAP_VMA_WRITE,
				.name = strdup("") };
	uint8_t *bytes;
	assert_ok(snap_vmas_append(&snapshot->vmas, &vma));
	assert_ok(snap_memory_append_unbacked(&snapshot->memory, vma.start, size,
					      &bytes));
	assert_ok(snap_store_back(snapshot->memory.store, bytes, SNAP_PAGE_SIZE));
	bytes[17] = 1;
	uint64_t before = blocks(snapshot->memory.store);

	// WHEN an image is made of it
	const char *path = in_folder(state, "image");
	assert_ok(snap_image_write(snapshot, path, false, NULL));

	// THEN they take no room in it, nor did they get any in the store
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_true((uint64_t)st.st_blocks * 512 + size / 2 < (uint64_t)st.st_size);
	assert_int_equal(blocks(snapshot->memory.store), before);
	assert_ok(snap_image_read(path, NULL, &read));
	assert_null(find_difference(snapshot, read));
}

int main(void)
{
#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, make_folder, remove_folder)
	const struct CMUnitTest tests[] = {
		TEST(test_the_file_is_there_when_it_is_complete),
		TEST(test_a_snapshot_may_change_and_go_meanwhile),
		TEST(test_an_image_that_is_not_wanted_any_more_leaves_nothing),
		TEST(test_what_does_not_come_is_told_each_time),
		TEST(test_a_file_that_is_there_is_an_error_at_once),
		TEST(test_a_fork_takes_nothing_away),
		TEST(test_pages_that_nobody_wrote_are_holes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
