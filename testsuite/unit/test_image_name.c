// SPDX-License-Identifier: GPL-3.0-or-later
#include "testsuite/unit/image_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/** How many names there are in the folder while an image is written. */
struct watch {
	void **state;
	int nr_names;
};

static bool count(void *context, const char *phase, uint64_t done, uint64_t total)
{
	struct watch *watch = context;
	watch->nr_names = count_names(watch->state);
	return true;
}

static void test_an_image_has_no_name_before_it_is_complete(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_snapshot(&small_shape);
	struct watch watch = { .state = state, .nr_names = -1 };
	const struct snap_progress progress = { count, &watch };
	// Whatever ends us, nothing is left: where the file system has such files.
	_cleanup_close_ int fd = open(*state, O_TMPFILE | O_WRONLY, 0600);
	if (fd < 0)
		return;

	assert_ok(snap_image_write(snapshot, in_folder(state, "a"), false, &progress));
	assert_int_equal(watch.nr_names, 0);
	assert_ok(snap_image_write(snapshot, in_folder(state, "a"), true, &progress));

	assert_int_equal(watch.nr_names, 1);
	assert_int_equal(count_names(state), 1);
}

/** From now on no file without a name can be made: as on NFS. */
static bool forbid_nameless_files(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, args[2])),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_TMPFILE & ~O_DIRECTORY, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EOPNOTSUPP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { SNAP_ARRAY_SIZE(filter), filter };
	return !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) &&
	       !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/** Write an image twice; 0, or what was not as it should be. */
static int write_where_names_are_needed(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot = make_snapshot(&small_shape);
	struct watch watch = { .state = state };
	const struct snap_progress progress = { count, &watch };
	const char *path = in_folder(state, "image");
	if (!forbid_nameless_files())
		return 1;
	assert_ok(snap_image_write(snapshot, path, false, &progress));
	if (watch.nr_names != 1)
		return 2;
	assert_error(snap_image_write(snapshot, path, false, NULL), INVALID);
	assert_ok(snap_image_write(snapshot, path, true, &progress));
	return watch.nr_names == 2 ? 0 : 3;
}

static void test_a_file_system_without_nameless_files_will_do(void **state)
{
	_cleanup_snapshot_ struct snap_snapshot *read = NULL;
	int status;

	pid_t pid = fork();
	if (!pid) {
		int result = write_where_names_are_needed(state);
		// Valgrind would look for leaks in all of a store, and fill it.
		execl("/bin/sh", "sh", "-c", result ? "exit 1" : "exit 0", NULL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);

	assert_int_equal(status, 0);
	assert_ok(snap_image_read(in_folder(state, "image"), NULL, &read));
	assert_int_equal(count_names(state), 1);
}

int main(void)
{
#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, make_folder, remove_folder)
	const struct CMUnitTest tests[] = {
		TEST(test_an_image_has_no_name_before_it_is_complete),
		TEST(test_a_file_system_without_nameless_files_will_do),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
