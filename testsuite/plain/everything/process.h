/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EVERYTHING_PROCESS_H
#define EVERYTHING_PROCESS_H

#include <grp.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "files.h"

/* What the kernel keeps of the process and its main thread. */

static char folder[4096];
static cpu_set_t all_cpus;

static void set_limit(__rlimit_resource_t resource, rlim_t soft)
{
	struct rlimit limit;
	CHECK(!getrlimit(resource, &limit));
	limit.rlim_cur = soft;
	CHECK(!setrlimit(resource, &limit));
}

static rlim_t limit_of(__rlimit_resource_t resource)
{
	struct rlimit limit;
	CHECK(!getrlimit(resource, &limit));
	return limit.rlim_cur;
}

/** The first of those that it may use, or all. */
static cpu_set_t some_cpus(int is_late)
{
	cpu_set_t first;
	int cpu = 0;
	while (!CPU_ISSET(cpu, &all_cpus))
		cpu++;
	CPU_ZERO(&first);
	CPU_SET(cpu, &first);
	return is_late ? first : all_cpus;
}

/** Of user ids none: who has dropped them could not start threads again. */
static void set_groups(int is_late)
{
	const gid_t groups[] = { 5, 6, 7 };
	if (geteuid())
		return;
	CHECK(!setgroups(is_late ? 3 : 1, groups));
	CHECK(!setegid(is_late ? 1001 : 0));
	CHECK(!prctl(PR_SET_DUMPABLE, 1));
}

/** There is no number left at the late place: what has to move needs some. */
static void set_process(int is_late)
{
	const struct sched_param param = { 0 };
	cpu_set_t cpus = some_cpus(is_late);
	CHECK(!chdir(is_late ? "/" : folder));
	umask(is_late ? 077 : 022);
	set_limit(RLIMIT_NOFILE, is_late ? LAST + 1 : 128);
	set_limit(RLIMIT_STACK, (rlim_t)(is_late ? 4 : 2) << 20);
	set_groups(is_late);
	CHECK(!sched_setscheduler(0, is_late ? SCHED_BATCH : SCHED_OTHER, &param));
	CHECK(!sched_setaffinity(0, sizeof(cpus), &cpus));
	CHECK(!prctl(PR_SET_NAME, is_late ? "two\nlines" : "early"));
	CHECK(!prctl(PR_SET_TIMERSLACK, is_late ? 123456 : 50000));
	// There is no way back from this, and nothing depends on it.
	if (is_late)
		CHECK(!syscall(SYS_membarrier,
			       MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0));
}

static void make_process(void)
{
	CHECK(getcwd(folder, sizeof(folder)));
	CHECK(!sched_getaffinity(0, sizeof(all_cpus), &all_cpus));
	set_process(0);
}

static void check_process(int is_late)
{
	char text[sizeof(folder)];
	cpu_set_t cpus, wanted = some_cpus(is_late);
	CHECK(getcwd(text, sizeof(text)) && !strcmp(text, is_late ? "/" : folder));
	mode_t mask = umask(0);
	umask(mask);
	CHECK(mask == (is_late ? 077 : 022));
	CHECK(limit_of(RLIMIT_NOFILE) == (is_late ? LAST + 1 : 128));
	CHECK(limit_of(RLIMIT_STACK) == (rlim_t)(is_late ? 4 : 2) << 20);
	CHECK(sched_getscheduler(0) == (is_late ? SCHED_BATCH : SCHED_OTHER));
	CHECK(!sched_getaffinity(0, sizeof(cpus), &cpus) && CPU_EQUAL(&cpus, &wanted));
	CHECK(!prctl(PR_GET_NAME, text));
	CHECK(!strcmp(text, is_late ? "two\nlines" : "early"));
	CHECK(prctl(PR_GET_TIMERSLACK) == (is_late ? 123456 : 50000));
	if (!geteuid())
		CHECK(getgroups(0, NULL) == (is_late ? 3 : 1) &&
		      getegid() == (is_late ? 1001 : 0));
}

#endif
