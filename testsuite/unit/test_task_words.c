// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/task_words.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/membarrier.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/tracee/btf.h"
#include "testsuite/unit/unit.h"

/** A process that changes itself when it is told to, and is looked at. */
struct scene {
	struct snap_tracee tracee;
	struct snap_task_programs programs;
	struct snap_task_words words;
	pid_t pid;
	int orders;
};

struct change {
	const char *name;
	/** Less than 0: not here. */
	long (*make)(void);
};

static long set_altstack(void)
{
	static char stack[65536];
	const stack_t altstack = { .ss_sp = stack, .ss_size = sizeof(stack) };
	return sigaltstack(&altstack, NULL);
}

static long set_action(void)
{
	return signal(SIGUSR2, SIG_IGN) == SIG_ERR ? -1 : 0;
}

static long set_last_action(void)
{
	return signal(SIGRTMAX, SIG_IGN) == SIG_ERR ? -1 : 0;
}

static long move_brk(void)
{
	return sbrk(65536) == (void *)-1 ? -1 : 0;
}

static long lock_future(void)
{
	// Sanitizers make nothing of mlockall().
	return syscall(SYS_mlockall, MCL_FUTURE);
}

static long set_death_signal(void)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static long set_slack(void)
{
	return prctl(PR_SET_TIMERSLACK, 12345);
}

static long set_dumpable(void)
{
	return prctl(PR_SET_DUMPABLE, !prctl(PR_GET_DUMPABLE));
}

static long set_subreaper(void)
{
	return prctl(PR_SET_CHILD_SUBREAPER, 1);
}

static long keep_capabilities(void)
{
	return prctl(PR_SET_KEEPCAPS, 1);
}

static long set_machine_check(void)
{
	return prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, 0, 0);
}

static long disable_huge_pages(void)
{
	return prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
}

static long merge_memory(void)
{
	return prctl(67 /* PR_SET_MEMORY_MERGE, Linux 6.4 */, 1, 0, 0, 0);
}

static long trap_tsc(void)
{
	return prctl(PR_SET_TSC, PR_TSC_SIGSEGV);
}

static long disable_store_bypass(void)
{
	return prctl(PR_SET_SPECULATION_CTRL, PR_SPEC_STORE_BYPASS, PR_SPEC_DISABLE, 0,
		     0);
}

static long disable_indirect_branch(void)
{
	return prctl(PR_SET_SPECULATION_CTRL, PR_SPEC_INDIRECT_BRANCH, PR_SPEC_DISABLE,
		     0, 0);
}

static long register_barrier(void)
{
	return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);
}

static long set_tid_address(void)
{
	static int place;
	return syscall(SYS_set_tid_address, &place);
}

static long set_name(void)
{
	return prctl(PR_SET_NAME, "changed");
}

static long set_interval(int which)
{
	const struct itimerval interval = { .it_value.tv_sec = 1000 };
	return setitimer(which, &interval, NULL);
}

static long set_real_interval(void)
{
	return set_interval(ITIMER_REAL);
}

static long set_virtual_interval(void)
{
	return set_interval(ITIMER_VIRTUAL);
}

static long set_profiling_interval(void)
{
	return set_interval(ITIMER_PROF);
}

static long set_nice(void)
{
	return setpriority(PRIO_PROCESS, 0, 5);
}

static long set_policy(void)
{
	const struct sched_param param = { 0 };
	return sched_setscheduler(0, SCHED_BATCH, &param);
}

static long reset_on_fork(void)
{
	const struct sched_param param = { 0 };
	return sched_setscheduler(0, SCHED_BATCH | SCHED_RESET_ON_FORK, &param);
}

static long set_cpus(void)
{
	cpu_set_t cpus;
	if (sched_getaffinity(0, sizeof(cpus), &cpus) || CPU_COUNT(&cpus) < 2)
		return -1;
	for (int cpu = 0;; cpu++)
		if (CPU_ISSET(cpu, &cpus)) {
			CPU_CLR(cpu, &cpus);
			return sched_setaffinity(0, sizeof(cpus), &cpus);
		}
}

static long set_io_priority(void)
{
	const int best_effort = 2 << 13;
	return syscall(SYS_ioprio_set, 1 /* IOPRIO_WHO_PROCESS */, 0, best_effort | 7);
}

static long set_personality(void)
{
	return personality(ADDR_NO_RANDOMIZE);
}

static long block_and_raise(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	return sigprocmask(SIG_BLOCK, &set, NULL) ? -1 : raise(SIGUSR1);
}

static long set_groups(void)
{
	const gid_t groups[] = { 1, 2, 3 };
	return setgroups(3, groups);
}

static long set_other_groups(void)
{
	const gid_t groups[] = { 1, 2, 4 };
	return setgroups(3, groups);
}

static long unshare_names(void)
{
	return unshare(CLONE_NEWUTS);
}

static long unshare_messages(void)
{
	return unshare(CLONE_NEWIPC);
}

static long unshare_mounts(void)
{
	return unshare(CLONE_NEWNS);
}

static long unshare_network(void)
{
	return unshare(CLONE_NEWNET);
}

static long unshare_groups(void)
{
	return unshare(CLONE_NEWCGROUP);
}

static long drop_capability(void)
{
	return prctl(PR_CAPBSET_DROP, 0, 0, 0, 0);
}

static long set_effective_user(void)
{
	return setresuid((uid_t)-1, 1, (uid_t)-1);
}

static long set_no_new_privileges(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/** One after the other: what takes privileges away comes last. */
static const struct change changes[] = {
	{ "sigaltstack", set_altstack },
	{ "sigaction", set_action },
	{ "sigaction of the last signal", set_last_action },
	{ "brk", move_brk },
	{ "mlockall", lock_future },
	{ "PR_SET_PDEATHSIG", set_death_signal },
	{ "PR_SET_TIMERSLACK", set_slack },
	{ "PR_SET_DUMPABLE", set_dumpable },
	{ "PR_SET_DUMPABLE, back", set_dumpable },
	{ "PR_SET_CHILD_SUBREAPER", set_subreaper },
	{ "PR_SET_KEEPCAPS", keep_capabilities },
	{ "PR_MCE_KILL", set_machine_check },
	{ "PR_SET_THP_DISABLE", disable_huge_pages },
	{ "PR_SET_MEMORY_MERGE", merge_memory },
	{ "PR_SET_TSC", trap_tsc },
	{ "PR_SPEC_STORE_BYPASS", disable_store_bypass },
	{ "PR_SPEC_INDIRECT_BRANCH", disable_indirect_branch },
	{ "membarrier", register_barrier },
	{ "set_tid_address", set_tid_address },
	{ "PR_SET_NAME", set_name },
	{ "ITIMER_REAL", set_real_interval },
	{ "ITIMER_VIRTUAL", set_virtual_interval },
	{ "ITIMER_PROF", set_profiling_interval },
	{ "setpriority", set_nice },
	{ "sched_setscheduler", set_policy },
	{ "SCHED_RESET_ON_FORK", reset_on_fork },
	{ "sched_setaffinity", set_cpus },
	{ "ioprio_set", set_io_priority },
	{ "personality", set_personality },
	{ "a pending signal", block_and_raise },
	{ "setgroups", set_groups },
	{ "setgroups, one of three", set_other_groups },
	{ "CLONE_NEWUTS", unshare_names },
	{ "CLONE_NEWIPC", unshare_messages },
	{ "CLONE_NEWNS", unshare_mounts },
	{ "CLONE_NEWNET", unshare_network },
	{ "CLONE_NEWCGROUP", unshare_groups },
	{ "PR_CAPBSET_DROP", drop_capability },
	{ "setresuid", set_effective_user },
	{ "PR_SET_NO_NEW_PRIVS", set_no_new_privileges },
};

static long set_owner(void)
{
	return fcntl(STDIN_FILENO, F_SETOWN, getpid());
}

static long set_signal(void)
{
	return fcntl(STDIN_FILENO, F_SETSIG, SIGRTMIN);
}

static long unset_owner(void)
{
	return fcntl(STDIN_FILENO, F_SETOWN, 0);
}

/** Ends with the other end of the socket. */
static _Noreturn void obey(int orders)
{
	long (*make)(void);
	close(STDIN_FILENO);
	open("/dev/null", O_RDONLY);
	while (read(orders, &make, sizeof(make)) == (ssize_t)sizeof(make)) {
		long result = make();
		if (write(orders, &result, sizeof(result)) != (ssize_t)sizeof(result))
			break;
	}
	_exit(0);
}

static long order(const struct scene *scene, long (*make)(void))
{
	long result = 0;
	assert_int_equal(write(scene->orders, &make, sizeof(make)), sizeof(make));
	assert_int_equal(read(scene->orders, &result, sizeof(result)), sizeof(result));
	return result;
}

static int set_up(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	int ends[2];
	assert_non_null(scene);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	scene->pid = fork();
	assert_true(scene->pid >= 0);
	if (!scene->pid) {
		close(ends[0]);
		obey(ends[1]);
	}
	close(ends[1]);
	scene->orders = ends[0];
	assert_ok(snap_tracee_init(&scene->tracee, scene->pid, 0));
	snap_task_programs_make(&scene->programs);
	snap_worker_join(scene->programs.worker);
	*state = scene;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *scene = *state;
	snap_task_words_deinit(&scene->words);
	snap_task_programs_deinit(&scene->programs);
	snap_tracee_deinit(&scene->tracee);
	close(scene->orders);
	assert_int_equal(waitpid(scene->pid, NULL, 0), scene->pid);
	free(scene);
	return 0;
}

/** Once it waits for orders again: what it does until then is in the words, too. */
static void wait_until_it_waits(const struct scene *scene)
{
	char path[64], text[512] = "";
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)scene->pid);
	while (!strstr(text, ") S ")) {
		FILE *file = fopen(path, "re");
		assert_non_null(file);
		assert_non_null(fgets(text, sizeof(text), file));
		fclose(file);
	}
}

static bool look(struct scene *scene, struct snap_buffer *ret)
{
	bool has_owners = false;
	wait_until_it_waits(scene);
	assert_ok(snap_task_words_read(&scene->words, &scene->programs, &scene->tracee,
				       ret, &has_owners));
	if (!ret->size)
		skip();
	return has_owners;
}

static void test_whatever_a_process_changes_is_in_the_words(void **state)
{
	struct scene *scene = *state;
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(changes); i++) {
		_cleanup_buffer_ struct snap_buffer before = { 0 }, after = { 0 };
		_cleanup_buffer_ struct snap_buffer later = { 0 };
		look(scene, &before);
		if (order(scene, changes[i].make) < 0)
			continue;
		look(scene, &after);
		look(scene, &later);
		if (before.size == after.size &&
		    !memcmp(before.data, after.data, after.size))
			fail_msg("%s is in no word", changes[i].name);
		// Nothing is there that changes by itself.
		assert_int_equal(later.size, after.size);
		assert_memory_equal(later.data, after.data, after.size);
	}
}

static void test_who_gets_the_signals_of_a_descriptor_is_known(void **state)
{
	struct scene *scene = *state;
	_cleanup_buffer_ struct snap_buffer words = { 0 };
	assert_false(look(scene, &words));
	assert_int_equal(order(scene, set_owner), 0);
	assert_true(look(scene, &words));
	assert_int_equal(order(scene, unset_owner), 0);
	assert_false(look(scene, &words));
	assert_int_equal(order(scene, set_signal), 0);
	assert_true(look(scene, &words));
}

static void test_members_of_bits_have_a_mask(void **state)
{
	_cleanup_btf_ struct snap_btf btf = { 0 };
	struct snap_btf_path path;
	assert_ok(snap_btf_read("/sys/kernel/btf/vmlinux", &btf));
	if (!btf.nr_types)
		skip();
	assert_true(snap_btf_find_path(&btf, "task_struct", "signal.is_child_subreaper",
				       &path));
	assert_int_equal(path.nr_hops, 1);
	// A word with a bit of it, or since Linux 7 a byte.
	assert_true(path.size == 4 || path.size == 1);
	assert_int_equal(__builtin_popcount(path.mask), path.size == 4);
	assert_true(snap_btf_find_path(&btf, "task_struct", "real_cred.user_ns.ns.inum",
				       &path));
	assert_int_equal(path.nr_hops, 2);
	assert_int_equal(path.size, 4);
	assert_int_equal(path.mask, 0);
	assert_true(snap_btf_find_path(&btf, "task_struct", "comm", &path));
	assert_int_equal(path.size, 16);
	assert_false(snap_btf_find_path(&btf, "task_struct", "comm.more", &path));
	assert_false(snap_btf_find_path(&btf, "task_struct", "mm.no_such", &path));
	assert_false(snap_btf_find_path(&btf, "no_such", "comm", &path));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_whatever_a_process_changes_is_in_the_words, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			test_who_gets_the_signals_of_a_descriptor_is_known, set_up,
			tear_down),
		cmocka_unit_test(test_members_of_bits_have_a_mask),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
