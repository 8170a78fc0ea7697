// SPDX-License-Identifier: GPL-3.0-or-later
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../gdb/story.h"

/*
 * Two threads of which the kernel keeps much: raises SIGUSR1, changes all of it in both
 * directions, and raises SIGUSR2. Whenever it comes past SIGUSR1 all must be as before.
 */

static volatile int round_;
static pthread_barrier_t barrier;

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	CHECK(!close(fd));
}

static void set_files(rlim_t soft)
{
	struct rlimit limit;
	CHECK(!getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = soft;
	CHECK(!setrlimit(RLIMIT_NOFILE, &limit));
}

static void set_stack(rlim_t soft)
{
	struct rlimit limit;
	CHECK(!getrlimit(RLIMIT_STACK, &limit));
	limit.rlim_cur = soft;
	CHECK(!setrlimit(RLIMIT_STACK, &limit));
}

static void set_process(int is_late)
{
	CHECK(!chdir(is_late ? "/" : "/usr"));
	umask(is_late ? 077 : 022);
	set_files(is_late ? 64 : 128);
	set_stack((is_late ? 4 : 2) << 20);
	CHECK(!prctl(PR_SET_CHILD_SUBREAPER, is_late));
	CHECK(!prctl(PR_SET_THP_DISABLE, is_late, 0, 0, 0));
	write_file("/proc/self/coredump_filter", is_late ? "0x7" : "0x33");
}

/** Root may drop its ids for a while, which clears other things. */
static void set_ids(int is_late)
{
	const gid_t groups[] = { 5, 6, 7 };
	if (getuid())
		return;
	CHECK(!seteuid(0));
	CHECK(!setgroups(is_late ? 3 : 1, groups));
	CHECK(!setegid(is_late ? 1001 : 0) && !seteuid(is_late ? 1000 : 0));
	CHECK(!prctl(PR_SET_DUMPABLE, 1));
}

static void set_thread(int is_late)
{
	const struct sched_param param = { 0 };
	CHECK(!sched_setscheduler(0, is_late ? SCHED_BATCH : SCHED_OTHER, &param));
	CHECK(!prctl(PR_SET_NAME, is_late ? "two\nlines" : "early"));
	CHECK(!prctl(PR_SET_TIMERSLACK, is_late ? 123456 : 50000));
	CHECK(!prctl(PR_SET_PDEATHSIG, is_late ? SIGUSR2 : SIGURG));
	CHECK(!syscall(SYS_ioprio_set, 1, 0, 2 << 13 | (is_late ? 6 : 3)));
	CHECK(personality(is_late ? ADDR_COMPAT_LAYOUT | ADDR_NO_RANDOMIZE
				  : ADDR_NO_RANDOMIZE) >= 0);
}

static void check(int is_late)
{
	char folder[64], name[16];
	struct rlimit files, stack;
	int signal_, reaper;
	CHECK(getcwd(folder, sizeof(folder)));
	CHECK(!strcmp(folder, is_late ? "/" : "/usr"));
	CHECK(!getrlimit(RLIMIT_NOFILE, &files) && !getrlimit(RLIMIT_STACK, &stack));
	CHECK(files.rlim_cur == (is_late ? 64 : 128));
	CHECK(stack.rlim_cur == (rlim_t)(is_late ? 4 : 2) << 20);
	CHECK(!prctl(PR_GET_NAME, name));
	CHECK(!strcmp(name, is_late ? "two\nlines" : "early"));
	CHECK(!prctl(PR_GET_PDEATHSIG, &signal_));
	CHECK(signal_ == (is_late ? SIGUSR2 : SIGURG));
	CHECK(!prctl(PR_GET_CHILD_SUBREAPER, &reaper));
	CHECK(reaper == is_late);
	CHECK(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) == is_late);
	CHECK(prctl(PR_GET_TIMERSLACK) == (is_late ? 123456 : 50000));
	CHECK(sched_getscheduler(0) == (is_late ? SCHED_BATCH : SCHED_OTHER));
	CHECK((syscall(SYS_ioprio_get, 1, 0) & 7) == (is_late ? 6 : 3));
	if (!getuid()) {
		CHECK(geteuid() == (is_late ? 1000 : 0));
		CHECK(getgroups(0, NULL) == (is_late ? 3 : 1));
	}
}

static void *other(void *argument)
{
	for (int is_late = 0; is_late < 2; is_late++) {
		set_thread(is_late);
		pthread_barrier_wait(&barrier);
		// The main thread raises a signal in between.
		pthread_barrier_wait(&barrier);
		CHECK(sched_getscheduler(0) == (is_late ? SCHED_BATCH : SCHED_OTHER));
		CHECK(prctl(PR_GET_TIMERSLACK) == (is_late ? 123456 : 50000));
	}
	return NULL;
}

int main(void)
{
	pthread_t thread;
	CHECK(!pthread_barrier_init(&barrier, NULL, 2));
	CHECK(!pthread_create(&thread, NULL, other, NULL));
	for (int is_late = 0; is_late < 2; is_late++) {
		set_process(is_late);
		set_ids(is_late);
		set_thread(is_late);
		pthread_barrier_wait(&barrier);
		round_ = is_late;
		raise(is_late ? SIGUSR2 : SIGUSR1);
		CHECK(round_ == is_late);
		check(is_late);
		pthread_barrier_wait(&barrier);
	}
	CHECK(!pthread_join(thread, NULL));
	return 0;
}
