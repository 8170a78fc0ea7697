// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Changes one thing that the kernel keeps about a process: its name is the argument.
 * Whenever the program comes from settled() the thing must be as it was in the
 * beginning, and before changed() as it was changed.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../story.h"

static char folder[4096];

static long get_folder(void)
{
	struct stat stat_;
	CHECK(!stat(".", &stat_));
	return (long)stat_.st_ino;
}

static void change_folder(void)
{
	CHECK(!chdir("/"));
}

/** The path leads to it no more, a descriptor does. */
static void move_folder(void)
{
	static char moved[4200];
	snprintf(moved, sizeof(moved), "%s-moved", folder);
	CHECK(open(".", O_RDONLY | O_DIRECTORY) >= 0);
	CHECK(!rename(folder, moved));
	CHECK(!mkdir(folder, 0700));
	CHECK(!chdir("/"));
}

static long get_mask(void)
{
	mode_t mask = umask(0);
	umask(mask);
	return (long)mask;
}

static void change_mask(void)
{
	umask(get_mask() ^ 055);
}

static long get_limits(void)
{
	struct rlimit files, core;
	CHECK(!getrlimit(RLIMIT_NOFILE, &files) && !getrlimit(RLIMIT_CORE, &core));
	return (long)(files.rlim_cur * 1000003 + (core.rlim_cur != RLIM_INFINITY));
}

/** One limit down, one up. */
static void change_limits(void)
{
	struct rlimit files, core;
	CHECK(!getrlimit(RLIMIT_NOFILE, &files) && !getrlimit(RLIMIT_CORE, &core));
	files.rlim_cur -= 7;
	core.rlim_cur = core.rlim_cur == RLIM_INFINITY ? 0 : RLIM_INFINITY;
	if (core.rlim_cur > core.rlim_max)
		core.rlim_cur = core.rlim_max;
	CHECK(!setrlimit(RLIMIT_NOFILE, &files) && !setrlimit(RLIMIT_CORE, &core));
}

static long get_name(void)
{
	char name[16] = "";
	long sum = 0;
	CHECK(!prctl(PR_GET_NAME, name));
	for (int i = 0; i < 16; i++)
		sum = sum * 31 + name[i];
	return sum;
}

static void change_name(void)
{
	CHECK(!prctl(PR_SET_NAME, "two\nlines"));
}

static long get_nice(void)
{
	errno = 0;
	int nice_ = getpriority(PRIO_PROCESS, 0);
	CHECK(!errno);
	return nice_;
}

static void change_nice(void)
{
	CHECK(!setpriority(PRIO_PROCESS, 0, 7));
}

static long get_policy(void)
{
	struct sched_param param;
	CHECK(!sched_getparam(0, &param));
	return sched_getscheduler(0) * 1000 + param.sched_priority;
}

static void change_policy(void)
{
	const struct sched_param param = { 0 };
	CHECK(!sched_setscheduler(0, SCHED_BATCH, &param));
}

static void make_real_time(void)
{
	const struct sched_param param = { .sched_priority = 7 };
	CHECK(!sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &param));
}

static void set_deadline(void)
{
	const struct {
		unsigned size, policy;
		unsigned long long flags;
		int nice;
		unsigned priority;
		unsigned long long runtime, deadline, period;
	} attributes = { sizeof(attributes), 6, 1, 0, 0, 1 << 20, 1 << 24, 1 << 24 };

	CHECK(!syscall(SYS_sched_setattr, 0, &attributes, 0));
}

static long get_cpus(void)
{
	cpu_set_t cpus;
	CHECK(!sched_getaffinity(0, sizeof(cpus), &cpus));
	return CPU_COUNT(&cpus);
}

static void change_cpus(void)
{
	cpu_set_t cpus;
	CPU_ZERO(&cpus);
	CPU_SET(sched_getcpu(), &cpus);
	CHECK(!sched_setaffinity(0, sizeof(cpus), &cpus));
}

static long get_io(void)
{
	return syscall(SYS_ioprio_get, 1, 0);
}

static void change_io(void)
{
	CHECK(!syscall(SYS_ioprio_set, 1, 0, 3 << 13));
}

static long get_slack(void)
{
	return prctl(PR_GET_TIMERSLACK);
}

static void change_slack(void)
{
	CHECK(!prctl(PR_SET_TIMERSLACK, 123456));
}

static long get_dumpable(void)
{
	return prctl(PR_GET_DUMPABLE);
}

static void change_dumpable(void)
{
	CHECK(!prctl(PR_SET_DUMPABLE, 0));
}

static long get_reaper(void)
{
	int value;
	CHECK(!prctl(PR_GET_CHILD_SUBREAPER, &value));
	return value;
}

static void change_reaper(void)
{
	CHECK(!prctl(PR_SET_CHILD_SUBREAPER, 1));
}

static long get_death_signal(void)
{
	int value;
	CHECK(!prctl(PR_GET_PDEATHSIG, &value));
	return value;
}

static void change_death_signal(void)
{
	CHECK(!prctl(PR_SET_PDEATHSIG, 10));
}

static long get_huge(void)
{
	return prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0);
}

static void change_huge(void)
{
	CHECK(!prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0));
}

static long get_personality(void)
{
	return personality(0xffffffff);
}

static void change_personality(void)
{
	CHECK(personality((unsigned long)get_personality() ^ ADDR_COMPAT_LAYOUT) >= 0);
}

static long get_keep(void)
{
	return prctl(PR_GET_KEEPCAPS);
}

static void change_keep(void)
{
	CHECK(!prctl(PR_SET_KEEPCAPS, 1));
}

static long get_tsc(void)
{
	int value;
	if (prctl(PR_GET_TSC, &value)) {
		CHECK(errno == EINVAL);
		exit(77); // The kernel does not have it for this CPU.
	}
	return value;
}

static void change_tsc(void)
{
	CHECK(!prctl(PR_SET_TSC, PR_TSC_SIGSEGV));
}

static long get_machine_check(void)
{
	return prctl(PR_MCE_KILL_GET, 0, 0, 0, 0);
}

static void change_machine_check(void)
{
	CHECK(!prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, 0, 0));
}

static long read_file(const char *path, int base)
{
	char text[32] = "";
	FILE *file = fopen(path, "r");
	CHECK(file && fgets(text, sizeof(text), file));
	fclose(file);
	return strtol(text, NULL, base);
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");
	CHECK(file && fputs(text, file) >= 0);
	CHECK(!fclose(file));
}

static long get_oom(void)
{
	return read_file("/proc/self/oom_score_adj", 10);
}

static void change_oom(void)
{
	write_file("/proc/self/oom_score_adj", "321");
}

static long get_filter(void)
{
	return read_file("/proc/self/coredump_filter", 16);
}

static void change_filter(void)
{
	write_file("/proc/self/coredump_filter", "0x7");
}

static long get_ids(void)
{
	uid_t real, effective, saved;
	gid_t groups[64];
	CHECK(!getresuid(&real, &effective, &saved));
	int nr = getgroups(64, groups);
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];
	CHECK(!syscall(SYS_capget, &header, data));
	long sum = (long)(real + effective * 10007 + saved * 100003) + nr * 7 +
		   getegid() * 13 + (long)data[0].effective;
	return nr > 0 ? sum + groups[0] * 17 : sum;
}

/** As daemons do for a while; what the kernel clears with it, too. */
static void drop_for_now(void)
{
	const gid_t groups[] = { 5, 6, 7 };
	CHECK(!prctl(PR_SET_PDEATHSIG, 12));
	CHECK(!setgroups(3, groups) && !setegid(1001) && !seteuid(1000));
}

static const struct thing {
	const char *name;
	long (*get)(void);
	void (*change)(void);
} things[] = {
	{ "folder", get_folder, change_folder },
	{ "moved-folder", get_folder, move_folder },
	{ "mask", get_mask, change_mask },
	{ "limits", get_limits, change_limits },
	{ "name", get_name, change_name },
	{ "nice", get_nice, change_nice },
	{ "policy", get_policy, change_policy },
	{ "real-time", get_policy, make_real_time },
	{ "deadline", get_policy, set_deadline },
	{ "cpus", get_cpus, change_cpus },
	{ "io-priority", get_io, change_io },
	{ "timer-slack", get_slack, change_slack },
	{ "dumpable", get_dumpable, change_dumpable },
	{ "subreaper", get_reaper, change_reaper },
	{ "death-signal", get_death_signal, change_death_signal },
	{ "huge-pages", get_huge, change_huge },
	{ "personality", get_personality, change_personality },
	{ "keep-capabilities", get_keep, change_keep },
	{ "tsc", get_tsc, change_tsc },
	{ "machine-check", get_machine_check, change_machine_check },
	{ "oom", get_oom, change_oom },
	{ "dump-filter", get_filter, change_filter },
	{ "ids", get_ids, drop_for_now },
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
	CHECK(getcwd(folder, sizeof(folder) - 16));
	strcat(folder, "/two\nlines x");
	CHECK(!mkdir(folder, 0700) && !chdir(folder));
	long before = thing->get();
	long death_signal = get_death_signal(), dumpable = get_dumpable();

	settled();
	CHECK(thing->get() == before);
	if (strcmp(thing->name, "death-signal"))
		CHECK(get_death_signal() == death_signal);
	if (strcmp(thing->name, "dumpable"))
		CHECK(get_dumpable() == dumpable);

	thing->change();
	CHECK(thing->get() != before);
	changed();
	return 0;
}
