// SPDX-License-Identifier: GPL-3.0-or-later
#include "testsuite/unit/unit.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/worker.h"

/** Work that waits for what a test does. */
struct scene {
	struct snap_worker worker;
	/** The work begins to read; a byte lets it go on. */
	int pipe[2];
	sigset_t blocked;
	bool was_cancelled;
};

static int setup(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	*state = scene;
	snap_worker_init(&scene->worker);
	return pipe(scene->pipe);
}

static int teardown(void **state)
{
	struct scene *scene = *state;
	close(scene->pipe[0]);
	close(scene->pipe[1]);
	free(scene);
	return 0;
}

static void let_go(struct scene *scene)
{
	assert_int_equal(write(scene->pipe[1], "", 1), 1);
}

static snap_err read_a_byte(void *context)
{
	struct scene *scene = context;
	char byte;
	pthread_sigmask(SIG_SETMASK, NULL, &scene->blocked);
	atomic_store(&scene->worker.done, 5);
	return read(scene->pipe[0], &byte, 1) == 1
		       ? SNAP_OK
		       : snap_error_create(SNAP_ERROR_OS, "no byte");
}

static bool stop(void *context, const char *phase, uint64_t done, uint64_t total)
{
	assert_string_equal(phase, "Reading");
	assert_int_equal(total, 10);
	(*(int *)context)++;
	return false;
}

static void test_a_wait_that_is_interrupted_leaves_the_work_alone(void **state)
{
	// GIVEN work that is not over
	struct scene *scene = *state;
	int nr_reports = 0;
	const struct snap_progress progress = { stop, &nr_reports };
	snap_worker_start(&scene->worker, "test", read_a_byte, scene);

	// WHEN a wait is interrupted
	assert_error(snap_worker_wait(&scene->worker, &progress, "Reading", 10),
		     INTERRUPTED);
	assert_int_equal(nr_reports, 1);
	assert_false(snap_worker_is_over(&scene->worker));

	// THEN the work goes on to its end
	let_go(scene);
	assert_ok(snap_worker_wait(&scene->worker, NULL, "Reading", 10));
	assert_true(snap_worker_is_over(&scene->worker));
	assert_null(scene->worker.error);
	assert_int_equal(scene->worker.done, 5);
	snap_worker_deinit(&scene->worker);
}

static void test_no_signal_goes_to_the_work(void **state)
{
	struct scene *scene = *state;
	let_go(scene);
	snap_worker_start(&scene->worker, "test", read_a_byte, scene);
	assert_ok(snap_worker_wait(&scene->worker, NULL, "Reading", 0));
	assert_int_equal(sigismember(&scene->blocked, SIGINT), 1);
	assert_int_equal(sigismember(&scene->blocked, SIGCHLD), 1);
	snap_worker_deinit(&scene->worker);
}

static snap_err wait_for_the_end(void *context)
{
	struct scene *scene = context;
	while (!snap_worker_is_cancelled(&scene->worker))
		poll(NULL, 0, 1);
	scene->was_cancelled = true;
	return snap_error_create(SNAP_ERROR_INTERRUPTED, "cancelled");
}

static void test_work_that_nobody_wants_is_cancelled_and_waited_for(void **state)
{
	struct scene *scene = *state;
	snap_worker_start(&scene->worker, "test", wait_for_the_end, scene);
	snap_worker_deinit(&scene->worker);
	assert_true(scene->was_cancelled);
}

static void test_what_the_work_returned_stays(void **state)
{
	struct scene *scene = *state;
	close(scene->pipe[1]);
	snap_worker_start(&scene->worker, "test", read_a_byte, scene);
	for (int i = 0; i < 2; i++) {
		assert_ok(snap_worker_wait(&scene->worker, NULL, "Reading", 0));
		assert_non_null(scene->worker.error);
		assert_string_equal(scene->worker.error->message, "no byte");
	}
	snap_worker_deinit(&scene->worker);
	scene->pipe[1] = -1;
}

static void test_a_fork_does_not_wait_for_a_thread_it_does_not_have(void **state)
{
	// GIVEN work that goes on
	struct scene *scene = *state;
	snap_worker_start(&scene->worker, "test", read_a_byte, scene);

	// WHEN a fork waits for it, and has done with it, THEN it is told, and comes to
	// its end
	pid_t pid = fork();
	if (!pid) {
		snap_err error = snap_worker_wait(&scene->worker, NULL, "Reading", 0);
		bool is_told = error && error->kind == SNAP_ERROR_INVALID;
		snap_error_destroy(error);
		snap_worker_deinit(&scene->worker);
		// Valgrind would look for leaks in all of a store, and fill it.
		execl(is_told ? "/bin/true" : "/bin/false", "true", NULL);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_false(snap_worker_is_over(&scene->worker));

	let_go(scene);
	snap_worker_deinit(&scene->worker);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_a_wait_that_is_interrupted_leaves_the_work_alone),
		TEST(test_no_signal_goes_to_the_work),
		TEST(test_work_that_nobody_wants_is_cancelled_and_waited_for),
		TEST(test_what_the_work_returned_stays),
		TEST(test_a_fork_does_not_wait_for_a_thread_it_does_not_have),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
