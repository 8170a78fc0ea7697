// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A process in which system calls are not as usual: its name is the argument. SIGUSR1
 * is the place to save, SIGUSR2 the place to go back from.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../story.h"
#include "cpu.h"

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#	define PR_SET_SYSCALL_USER_DISPATCH 59
#endif

static volatile int round_;
static volatile char selector;
static volatile int nr_caught;

static void stop(int number)
{
	CHECK(!raise(number));
}

static void visit(void)
{
	stop(SIGUSR1);
	CHECK(round_ == 0);
	round_ = 1;
	stop(SIGUSR2);
	CHECK(round_ == 1);
}

static void in_sandbox(void)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	const struct sock_fprog program = { .len = 1, .filter = &allow };
	CHECK(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	CHECK(!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
	visit();
}

static int ends[2];
static _Atomic int is_confined;

/** From the first call on it may only read, write and end: any other kills it. */
static void *confine(void *arg)
{
	char byte;
	CHECK(!prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT));
	is_confined = 1;
	CHECK(read(ends[0], &byte, 1) == 1);
	is_confined = 0;
	syscall(SYS_exit, 0);
	return arg;
}

/** Another thread than the first is in a sandbox of its own. */
static void with_confined_thread(void)
{
	pthread_t thread;
	CHECK(!pipe(ends) && !pthread_create(&thread, NULL, confine, NULL));
	while (!is_confined)
		sched_yield();
	visit();
	CHECK(write(ends[1], "", 1) == 1);
	CHECK(!pthread_join(thread, NULL) && !is_confined);
}

/** The way back from a handler is a system call, too. */
static void catch_call(int number)
{
	selector = 0;
	nr_caught++;
}

/** Stops by a breakpoint instruction: a call would be caught. */
static void with_user_dispatch(void)
{
	CHECK(signal(SIGSYS, catch_call) != SIG_ERR);
	if (prctl(PR_SET_SYSCALL_USER_DISPATCH, 1, 0, 0, &selector)) {
		CHECK(errno == EINVAL);
		exit(77); // The kernel does not have it for this CPU.
	}
	selector = 1;
	CPU_TRAP();
	int caught = nr_caught;
	syscall(SYS_getppid);
	CHECK(nr_caught == caught + 1 && !selector);
	CHECK(!round_);
	round_ = 1;
	selector = 1;
	CPU_TRAP();
	selector = 0;
	CHECK(round_ == 1);
}

static unsigned long memory_size(void)
{
	char line[256];
	unsigned long pages;
	FILE *file = fopen("/proc/self/statm", "r");
	CHECK(file && fgets(line, sizeof(line), file));
	CHECK(sscanf(line, "%lu", &pages) == 1);
	fclose(file);
	return pages * PAGE;
}

static void check_full(rlim_t soft)
{
	struct rlimit limit;
	CHECK(!getrlimit(RLIMIT_AS, &limit) && limit.rlim_cur == soft);
	CHECK(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
	      MAP_FAILED);
}

/** Not one page can be mapped any more. */
static void with_full_space(int is_hard)
{
	struct rlimit limit;
	rlim_t soft = memory_size();
	CHECK(!getrlimit(RLIMIT_AS, &limit));
	limit.rlim_cur = soft;
	if (is_hard)
		limit.rlim_max = soft;
	CHECK(!setrlimit(RLIMIT_AS, &limit));
	check_full(soft);
	stop(SIGUSR1);
	CHECK(!round_);
	check_full(soft);
	round_ = 1;
	stop(SIGUSR2);
	CHECK(round_ == 1);
}

static void with_soft_limit(void)
{
	with_full_space(0);
}

static void with_hard_limit(void)
{
	with_full_space(1);
}

/** Mappings that do not merge, until there can be no more. */
static void with_all_mappings(void)
{
	long most;
	FILE *file = fopen("/proc/sys/vm/max_map_count", "r");
	CHECK(file && fscanf(file, "%ld", &most) == 1);
	fclose(file);
	CHECK(most < 1000000);
	char *all = mmap(NULL, (size_t)most * PAGE, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	CHECK(all != MAP_FAILED);
	for (long i = 1; i < most; i += 2)
		if (mprotect(all + i * PAGE, PAGE, PROT_READ))
			break;
	// A split takes two; alone there may be room for one.
	for (int prot = PROT_READ;; prot ^= PROT_READ | PROT_WRITE)
		if (mmap(NULL, PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
		    MAP_FAILED)
			break;
	CHECK(errno == ENOMEM);
	visit();
}

/** A file is unmapped when there is no descriptor left to open it with. */
static void with_all_descriptors(void)
{
	struct rlimit limit;
	CHECK(!getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = 16;
	CHECK(!setrlimit(RLIMIT_NOFILE, &limit));
	int file = open("/proc/self/exe", O_RDONLY);
	char *map = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, file, 0);
	CHECK(map != MAP_FAILED);
	while (dup(0) >= 0)
		;
	CHECK(errno == EMFILE);
	stop(SIGUSR1);
	CHECK(!round_ && !memcmp(map, "\177ELF", 4));
	CHECK(dup(0) < 0 && errno == EMFILE);
	round_ = 1;
	CHECK(!munmap(map, PAGE));
	stop(SIGUSR2);
	CHECK(round_ == 1);
}

static void check_trap(void)
{
	sigset_t mask;
	struct sigaction action;
	CHECK(!sigprocmask(SIG_BLOCK, NULL, &mask) && sigismember(&mask, SIGTRAP));
	CHECK(!sigaction(SIGTRAP, NULL, &action) && action.sa_handler == SIG_IGN);
}

static void without_trap(void)
{
	sigset_t mask;
	sigemptyset(&mask);
	sigaddset(&mask, SIGTRAP);
	CHECK(!sigprocmask(SIG_BLOCK, &mask, NULL));
	CHECK(signal(SIGTRAP, SIG_IGN) != SIG_ERR);
	stop(SIGUSR1);
	check_trap();
	CHECK(!round_);
	round_ = 1;
	stop(SIGUSR2);
	check_trap();
}

static char stack[1 << 16];
static volatile int nr_handled;

static int is_on_stack(void)
{
	stack_t now;
	CHECK(!sigaltstack(NULL, &now));
	CHECK(now.ss_sp == stack && now.ss_size == sizeof(stack));
	return now.ss_flags & SS_ONSTACK;
}

/** Saved inside of a handler, left from outside of it. */
static void handle(int number)
{
	volatile int local = 77;
	CHECK(is_on_stack());
	stop(SIGUSR1);
	CHECK(is_on_stack() && local == 77 && !round_);
	local = 0;
	nr_handled++;
}

static void on_alternate_stack(void)
{
	const stack_t alternate = { .ss_sp = stack, .ss_size = sizeof(stack) };
	const struct sigaction action = { .sa_handler = handle,
					  .sa_flags = SA_ONSTACK };
	CHECK(!sigaltstack(&alternate, NULL));
	CHECK(!sigaction(SIGHUP, &action, NULL));
	CHECK(!raise(SIGHUP));
	CHECK(nr_handled == 1 && !is_on_stack());
	round_ = 1;
	stop(SIGUSR2);
	CHECK(round_ == 1);
}

static const struct setting {
	const char *name;
	void (*run)(void);
} settings[] = {
	{ "sandbox", in_sandbox },          { "user-dispatch", with_user_dispatch },
	{ "soft-limit", with_soft_limit },  { "hard-limit", with_hard_limit },
	{ "mappings", with_all_mappings },  { "descriptors", with_all_descriptors },
	{ "trap", without_trap },           { "stack", on_alternate_stack },
	{ "thread", with_confined_thread },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++)
		if (argc > 1 && !strcmp(settings[i].name, argv[1])) {
			settings[i].run();
			return 0;
		}
	return 2;
}
