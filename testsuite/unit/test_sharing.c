// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/sharing.h"

#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "testsuite/unit/unit.h"

static int wait_for_ever(void *unused)
{
	for (;;)
		pause();
	return 0;
}

static void test_processes_in_the_same_memory_are_known(void **state)
{
	static char stack[65536] __attribute__((__aligned__(16)));
	for (int is_shared = 0; is_shared < 2; is_shared++) {
		pid_t pid = clone(wait_for_ever, stack + sizeof(stack),
				  (is_shared ? CLONE_VM : 0) | SIGCHLD, NULL);
		assert_true(pid > 0);
		assert_int_equal(snap_processes_share_memory(getpid(), pid), is_shared);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
	}
}

static void test_a_process_that_is_not_there_shares_nothing(void **state)
{
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_false(snap_processes_share_memory(getpid(), pid));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_processes_in_the_same_memory_are_known),
		cmocka_unit_test(test_a_process_that_is_not_there_shares_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
