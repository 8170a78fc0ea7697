// SPDX-License-Identifier: GPL-3.0-or-later
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "../story.h"

/* Much memory, of which little is stored to, and threads of which most wait. */

#define NR_PAGES   4096
#define NR_WAITING 3

static char *area;

static STORY_PLACE void changed(int round)
{
}

/** Three pages, here and there. */
static void change(int round)
{
	for (int i = 0; i < 3; i++)
		area[(size_t)(i * 1000 + round) * PAGE] = (char)(round + 1);
	changed(round);
}

/** The kernel's number of a thread that waits. */
static void *wait_for_ever(void *tid)
{
	__atomic_store_n((pid_t *)tid, gettid(), __ATOMIC_RELEASE);
	for (;;)
		syscall(SYS_ppoll, NULL, 0, NULL, NULL, 0);
	return NULL;
}

/** Whether a thread has come to its system call, and waits in it. */
static int waits(pid_t tid)
{
	char path[64], text[32] = "";
	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", (int)tid);
	int file = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(file >= 0 && read(file, text, sizeof(text) - 1) > 0);
	close(file);
	return *text != 'r' && atoi(text) == SYS_ppoll;
}

static void start_waiting(void)
{
	pthread_t thread;
	pid_t tid = 0;
	CHECK(!pthread_create(&thread, NULL, wait_for_ever, &tid));
	while (!__atomic_load_n(&tid, __ATOMIC_ACQUIRE))
		sched_yield();
	while (!waits(tid))
		sched_yield();
}

int main(void)
{
	area = mmap(NULL, NR_PAGES * PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(area != MAP_FAILED);
	// Small pages are told apart.
	CHECK(!madvise(area, NR_PAGES * PAGE, MADV_NOHUGEPAGE));
	memset(area, 77, NR_PAGES * PAGE);
	for (int i = 0; i < NR_WAITING; i++)
		start_waiting();
	for (int round = 0; round < 8; round++)
		change(round);
	return 0;
}
