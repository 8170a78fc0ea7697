// SPDX-License-Identifier: GPL-3.0-or-later
#include "testsuite/unit/unit.h"

#include <arpa/inet.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "arch/arch.h"
#include "testsuite/unit/unwind_scene.h"

/** A folder of its own for each test, with a program in it. */
struct folder {
	char path[64];
	char program[96];
};

/** Run a command, and fail the test when it fails. */
static void run(const char *const argv[])
{
	extern char **environ;
	pid_t pid;
	int status;
	assert_int_equal(posix_spawnp(&pid, argv[0], NULL, NULL, (char *const *)argv,
				      environ),
			 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status)
		fail_msg("%s %s: exit status %d", argv[0], argv[1], status);
}

#define RUN(...) run((const char *const[]){ __VA_ARGS__, NULL })

static int make_folder(void **state)
{
	struct folder *folder = calloc(1, sizeof(*folder));
	assert_non_null(folder);
	snprintf(folder->path, sizeof(folder->path), "/tmp/snap unwind XXXXXX");
	assert_non_null(mkdtemp(folder->path));
	snprintf(folder->program, sizeof(folder->program), "%s/a program",
		 folder->path);
	RUN("cp", UNWIND_TARGET, folder->program);
	*state = folder;
	return 0;
}

static int remove_folder(void **state)
{
	struct folder *folder = *state;
	RUN("rm", "-rf", folder->path);
	free(folder);
	return 0;
}

/** Fail the test if a name was taken from the program's file. */
static void assert_no_names(const struct unwind_scene *scene)
{
	static const char *const functions[] = { "third", "second", "first", "main" };
	const struct snap_backtrace *backtrace = unwind_scene_find(scene, "main");
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(functions); i++)
		assert_null(unwind_scene_frame(backtrace, functions[i]));
	// It waits in the C library, which newer ones do some functions deep.
	bool has_program = false;
	for (size_t i = 1; i < backtrace->nr_frames; i++)
		has_program |= !!strstr(backtrace->frames[i].module, "a program");
	assert_true(has_program);
}

static void test_a_file_with_spaces_in_its_name_is_found(void **state)
{
	const struct folder *folder = *state;
	_cleanup_scene_ struct unwind_scene scene;
	unwind_scene_open(&scene, folder->program);

	unwind_scene_walk(&scene);

	assert_target_functions(&scene);
}

/**
 * That is where it ends on x86. Elsewhere libdwfl finds a chain of frames, from which
 * on aarch64 those of this program are missing: it has no frame pointers.
 */
static void assert_end(const struct unwind_scene *scene, const char *reason)
{
	const struct snap_backtrace *backtrace = unwind_scene_find(scene, "main");
	if (scene->snapshot->arch->elf_machine == EM_X86_64)
		assert_non_null(strstr(backtrace->end_reason, reason));
	else
		assert_true(backtrace->nr_frames > 2);
}

static void test_a_file_that_is_gone_is_named_as_the_reason(void **state)
{
	const struct folder *folder = *state;
	_cleanup_scene_ struct unwind_scene scene;
	unwind_scene_open(&scene, folder->program);
	assert_int_equal(unlink(folder->program), 0);

	unwind_scene_walk(&scene);

	assert_no_names(&scene);
	assert_end(&scene, "a program is gone");
}

static void test_another_file_of_the_same_name_is_not_used(void **state)
{
	const struct folder *folder = *state;
	_cleanup_scene_ struct unwind_scene scene;
	unwind_scene_open(&scene, folder->program);
	assert_int_equal(unlink(folder->program), 0);
	RUN("cp", UNWIND_TARGET "_fixed", folder->program);

	unwind_scene_walk(&scene);

	assert_no_names(&scene);
	assert_end(&scene, "a program is not the file that was mapped");
}

/** Whether one of a thread's functions is of a module; which one depends on the libc.
 */
static bool is_in(const struct snap_backtrace *backtrace, const char *module)
{
	for (size_t i = 0; i < backtrace->nr_frames; i++)
		if (backtrace->frames[i].module &&
		    strstr(backtrace->frames[i].module, module))
			return true;
	return false;
}

static void test_a_deleted_file_is_used_when_it_is_back(void **state)
{
	const struct folder *folder = *state;
	_cleanup_scene_ struct unwind_scene scene = { 0 };
	stopped_child_start(&scene.child, folder->program, UNWIND_NR_THREADS);
	assert_int_equal(unlink(folder->program), 0);
	unwind_scene_capture(&scene);
	RUN("cp", UNWIND_TARGET, folder->program);

	unwind_scene_walk(&scene);

	assert_target_functions(&scene);
	assert_true(is_in(unwind_scene_find(&scene, "main"), "a program (deleted)"));
}

/** Forget the build-ids, as if the program had been linked without. */
static void forget_build_ids(const struct unwind_scene *scene)
{
	for (size_t i = 0; i < scene->snapshot->vmas.nr; i++)
		scene->snapshot->vmas.list[i].build_id_size = 0;
}

static void test_without_build_ids_the_inode_decides(void **state)
{
	const struct folder *folder = *state;
	_cleanup_scene_ struct unwind_scene scene;
	unwind_scene_open(&scene, folder->program);
	forget_build_ids(&scene);

	// GIVEN the very file
	unwind_scene_walk(&scene);
	assert_target_functions(&scene);

	// WHEN it is replaced by its like
	char other[128];
	snprintf(other, sizeof(other), "%s.new", folder->program);
	RUN("cp", UNWIND_TARGET, other);
	assert_int_equal(rename(other, folder->program), 0);
	unwind_scene_walk(&scene);

	// THEN nobody knows any more
	assert_no_names(&scene);
}

static void test_a_file_written_since_is_not_the_same_inode(void **state)
{
	const struct folder *folder = *state;
	_cleanup_scene_ struct unwind_scene scene;
	unwind_scene_open(&scene, folder->program);
	forget_build_ids(&scene);
	// Far enough for the coarse clock of any file system.
	RUN("touch", "-d", "tomorrow", folder->program);

	unwind_scene_walk(&scene);

	assert_no_names(&scene);
}

static void test_lines_are_found_without_the_table_that_clang_leaves_out(void **state)
{
	const struct folder *folder = *state;
	RUN("objcopy", "--remove-section=.debug_aranges", folder->program);
	_cleanup_scene_ struct unwind_scene scene;
	unwind_scene_open(&scene, folder->program);

	unwind_scene_walk(&scene);

	assert_marked_line(&scene);
}

/** Move the program's symbols and lines to a separate file. */
static void split(const struct folder *folder, const char *debug_file)
{
	RUN("objcopy", "--only-keep-debug", folder->program, debug_file);
	RUN("strip", "--strip-all", folder->program);
}

static void test_a_debug_file_beside_the_program_is_found_by_its_link(void **state)
{
	const struct folder *folder = *state;
	char debug_file[128], link[160];
	snprintf(debug_file, sizeof(debug_file), "%s/.debug", folder->path);
	assert_int_equal(mkdir(debug_file, 0700), 0);
	snprintf(debug_file, sizeof(debug_file), "%s/.debug/p.debug", folder->path);
	snprintf(link, sizeof(link), "--add-gnu-debuglink=%s", debug_file);
	split(folder, debug_file);
	RUN("objcopy", link, folder->program);
	_cleanup_scene_ struct unwind_scene scene;
	unwind_scene_open(&scene, folder->program);

	unwind_scene_walk(&scene);

	assert_target_functions(&scene);
	assert_marked_line(&scene);
}

static void test_a_debug_file_of_another_program_is_not_used(void **state)
{
	const struct folder *folder = *state;
	char debug_file[128], link[160];
	snprintf(debug_file, sizeof(debug_file), "%s/p.debug", folder->path);
	snprintf(link, sizeof(link), "--add-gnu-debuglink=%s", debug_file);
	split(folder, debug_file);
	RUN("objcopy", link, folder->program);
	RUN("cp", UNWIND_TARGET "_fixed", debug_file);
	_cleanup_scene_ struct unwind_scene scene;
	unwind_scene_open(&scene, folder->program);

	unwind_scene_walk(&scene);

	const struct snap_backtrace *backtrace = unwind_scene_find(&scene, "main");
	assert_null(backtrace->end_reason);
	assert_null(unwind_scene_frame(backtrace, "third"));
}

/** A server that never answers; its address goes to $DEBUGINFOD_URLS. */
static int listen_for_questions(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t size = sizeof(address);
	char url[64];
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", ntohs(address.sin_port));
	setenv("DEBUGINFOD_URLS", url, 1);
	setenv("DEBUGINFOD_TIMEOUT", "1", 1);
	return fd;
}

static void test_no_server_is_asked_for_debug_files(void **state)
{
	const struct folder *folder = *state;
	setenv("DEBUGINFOD_CACHE_PATH", folder->path, 1);
	_cleanup_close_ int server = listen_for_questions();
	RUN("strip", "--strip-all", folder->program);
	_cleanup_scene_ struct unwind_scene scene;
	unwind_scene_open(&scene, folder->program);

	unwind_scene_walk(&scene);

	assert_int_equal(accept(server, NULL, NULL), -1);
	assert_int_equal(errno, EAGAIN);
	unsetenv("DEBUGINFOD_URLS");
}

static void test_names_of_pipes_and_devices_are_not_opened(void **state)
{
	const struct folder *folder = *state;
	char pipe[128];
	snprintf(pipe, sizeof(pipe), "%s/pipe", folder->path);
	assert_int_equal(mkfifo(pipe, 0600), 0);
	const char *const names[] = { pipe, "/dev/tty", "/proc/kmsg", folder->path };
	_cleanup_scene_ struct unwind_scene scene;
	unwind_scene_open(&scene, folder->program);

	for (size_t i = 0; i < SNAP_ARRAY_SIZE(names); i++) {
		for (size_t j = 0; j < scene.snapshot->vmas.nr; j++) {
			struct snap_vma *vma = &scene.snapshot->vmas.list[j];
			if (snap_vma_is_file(vma))
				assert_ok(snap_snapshot_set_text(&vma->name, names[i]));
		}
		// Would never come back from the pipe or from /proc/kmsg.
		unwind_scene_walk(&scene);
		const struct snap_backtrace *main_thread =
			unwind_scene_find(&scene, "main");
		assert_non_null(strstr(main_thread->end_reason, "is gone"));
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_file_with_spaces_in_its_name_is_found),
		TEST(test_a_file_that_is_gone_is_named_as_the_reason),
		TEST(test_another_file_of_the_same_name_is_not_used),
		TEST(test_a_deleted_file_is_used_when_it_is_back),
		TEST(test_without_build_ids_the_inode_decides),
		TEST(test_a_file_written_since_is_not_the_same_inode),
		TEST(test_lines_are_found_without_the_table_that_clang_leaves_out),
		TEST(test_a_debug_file_beside_the_program_is_found_by_its_link),
		TEST(test_a_debug_file_of_another_program_is_not_used),
		TEST(test_no_server_is_asked_for_debug_files),
		TEST(test_names_of_pipes_and_devices_are_not_opened),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
