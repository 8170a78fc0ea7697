// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Does something that cannot be taken back: its name is the argument. It makes a folder
 * of its own and is in there.
 */
#include <grp.h>
#include <linux/filter.h>
#include <linux/membarrier.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../story.h"

#define FOLDER "inner"

static void delete_folder(void)
{
	CHECK(!chdir("/") && !chdir(getenv("HOME")) && !rmdir(FOLDER));
}

static void leave_for_a_deleted_one(void)
{
	CHECK(!mkdir("later", 0700) && !chdir("later") && !rmdir("../later"));
}

static void change_root(void)
{
	CHECK(!chroot(".") && !chdir("/"));
}

static void lower_hard_limit(void)
{
	struct rlimit limit;
	CHECK(!getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_max = limit.rlim_cur = limit.rlim_cur - 5;
	CHECK(!setrlimit(RLIMIT_NOFILE, &limit));
}

static void be_nice(void)
{
	CHECK(!setpriority(PRIO_PROCESS, 0, 9));
}

static void forbid_new_privileges(void)
{
	CHECK(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

static void enter_seccomp(void)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	const struct sock_fprog program = { .len = 1, .filter = &allow };
	forbid_new_privileges();
	CHECK(!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}

static void give_up_root(void)
{
	CHECK(!setgroups(0, NULL) && !setgid(1001) && !setuid(1000));
}

static void give_up_a_capability(void)
{
	CHECK(!prctl(PR_CAPBSET_DROP, 25 /* CAP_SYS_TIME */, 0, 0, 0));
}

static void leave_network(void)
{
	CHECK(!unshare(CLONE_NEWNET));
}

static void register_barriers(void)
{
	CHECK(!syscall(SYS_membarrier,
		       MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0));
}

static const struct thing {
	const char *name;
	void (*change)(void);
} things[] = {
	{ "delete-folder", delete_folder },
	{ "enter-deleted", leave_for_a_deleted_one },
	{ "chroot", change_root },
	{ "hard-limit", lower_hard_limit },
	{ "nice", be_nice },
	{ "no-new-privs", forbid_new_privileges },
	{ "seccomp", enter_seccomp },
	{ "setuid", give_up_root },
	{ "capability", give_up_a_capability },
	{ "network", leave_network },
	{ "membarrier", register_barriers },
};

STORY_PLACE void settled(void)
{
}

STORY_PLACE void changed(void)
{
}

int main(int argc, char **argv)
{
	const struct thing *thing = NULL;
	for (size_t i = 0; i < sizeof(things) / sizeof(*things); i++)
		if (argc > 1 && !strcmp(things[i].name, argv[1]))
			thing = &things[i];
	CHECK(thing);
	CHECK(!mkdir(FOLDER, 0700) && !chdir(FOLDER));
	settled();
	thing->change();
	changed();
	return 0;
}
