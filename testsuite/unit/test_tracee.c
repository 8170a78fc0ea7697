// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/tracee.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

/** A number that was a process's, and is nobody's now. */
static pid_t gone(void)
{
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return pid;
}

static void test_no_file_of_others_is_closed_when_it_cannot_be_opened(void **state)
{
	// GIVEN memory that happens to hold the number of a file of ours
	int fd = open("/dev/null", O_RDONLY);
	assert_true(fd >= 0);
	struct snap_tracee tracee = {
		.proc_fd = fd,
		.mem_fd = fd,
		.pagemap_fd = fd,
	};

	// WHEN a process that is not there is opened in it, and closed by the guard
	assert_error(snap_tracee_init(&tracee, gone(), 0), GONE);
	snap_tracee_deinit(&tracee);

	// THEN our file is still open
	assert_int_equal(close(fd), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_no_file_of_others_is_closed_when_it_cannot_be_opened),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
