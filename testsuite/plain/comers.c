// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/rseq.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../gdb/threads/guests.h"
#include "cpu.h"

/*
 * Threads come and go between SIGUSR1 and SIGUSR2. The words say what happens there, in
 * their order: +N starts thread N, -N lets it leave and waits for its end, "reg" makes
 * the main thread register other addresses with the kernel. Those up to "now" happen
 * before SIGUSR1; "nobody" gives up what root may. In the end all must have been there.
 */

/** A registration that the C library has made, if it has. */
static struct rseq *own_rseq(void)
{
	return __rseq_size ? (void *)(cpu_thread_pointer() + __rseq_offset) : NULL;
}

static long call_rseq(struct rseq *rseq, int flags)
{
	// The size is that of the original struct: what glibc 2.36 registers.
	return syscall(SYS_rseq, rseq, 32, flags, RSEQ_SIG);
}

static void change_registrations(void)
{
	static struct robust_list_head other = { .list = { &other.list } };
	static struct rseq other_rseq __attribute__((aligned(64)));
	static int other_tid;
	struct robust_list_head *head;
	size_t length;
	int *tid_address;

	// As the C library has made them, whether this is the first time or not.
	CHECK(!syscall(SYS_get_robust_list, 0, &head, &length));
	CHECK(head && head != &other);
	CHECK(!prctl(PR_GET_TID_ADDRESS, &tid_address));
	CHECK(tid_address && tid_address != &other_tid);
	if (own_rseq())
		CHECK(call_rseq(own_rseq(), 0) == -1 && errno == EBUSY);

	CHECK(!syscall(SYS_set_robust_list, &other, sizeof(other)));
	CHECK(syscall(SYS_set_tid_address, &other_tid) == getpid());
	if (own_rseq())
		CHECK(!call_rseq(own_rseq(), RSEQ_FLAG_UNREGISTER));
	CHECK(!call_rseq(&other_rseq, 0));
}

int main(int argc, char **argv)
{
	long expected = 0;
	CHECK(malloc(1));
	for (int i = 1; i < argc; i++) {
		const char *word = argv[i];
		if (!strcmp(word, "now"))
			raise(SIGUSR1);
		else if (!strcmp(word, "nobody"))
			CHECK(!setresuid(65534, 65534, 65534));
		else if (!strcmp(word, "reg"))
			change_registrations();
		else if (*word == '+')
			start(atol(word + 1));
		else
			leave(atol(word + 1)), expected += atol(word + 1);
	}
	raise(SIGUSR2);
	for (long number = 0; number < MOST; number++)
		if (is_there[number])
			leave(number), expected += number;
	CHECK(sum == expected);
	return 0;
}
