// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Ten threads keep private values in every register the CPU has while they wait in
 * ten ways, or compute, and check them afterwards. The conductor wakes them all the
 * time and calls tick() between: there a debugger may stop, and do what it wants as
 * long as every thread goes on as if nothing had been.
 *
 * What the kernel holds (bytes in pipes, sent signals) is not rewound with the
 * memory, so every wake-up is repeated until it works and one too many does no harm.
 *
 * allregs [ROUNDS]: exits with 0 after so many rounds of every thread, 77 where the
 * CPU has too little, and aborts at the first difference.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <time.h>

#include "patterns.h"

#define NR_WORKERS 10

struct worker {
	const struct job *job;
	int index;
	int pipe[2];
	int epoll;
	uint32_t word;
	volatile sig_atomic_t signals;
	uint64_t mask;
	struct timespec time;
	struct epoll_event event;
	struct pollfd poll;
	fd_set readable;

	struct {
		const uint64_t *mask;
		size_t size;
	} mask_argument;

	uint8_t byte;
	struct cpu want, have;
	volatile uint64_t round;
	volatile int is_done;
	pthread_t thread;
	_Alignas(64) uint8_t altstack[65536];
};

struct job {
	const char *name;
	long number;
	/** Sets the arguments in w->want. */
	void (*prepare)(struct worker *w);
	/** Whether the result is one that the manual allows. */
	int (*accept)(struct worker *w, long result);
	/** What the conductor does to end the wait. */
	void (*kick)(struct worker *w);
};

static struct cpu_layout layout;
static struct worker workers[NR_WORKERS];
static __thread struct worker *self;
volatile uint64_t wanted = 50;
volatile uint64_t ticks;

__attribute__((noipa)) void tick(void)
{
	ticks++;
}

static void arguments(struct worker *w, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	const uint64_t all[] = { a, b, c, d, 0, 0 };
	cpu_set_call(&w->want, w->job->number, all);
}

static uint64_t address(const volatile void *p)
{
	return (uintptr_t)p;
}

// Wakes whoever waits for the pipe. It may be full: then it is readable, too.
static void kick_pipe(struct worker *w)
{
	uint8_t byte = 0x5a;
	ssize_t nr = write(w->pipe[1], &byte, 1);
	(void)nr;
}

static void drain(struct worker *w)
{
	uint8_t bytes[256];
	struct pollfd poll_fd = { .fd = w->pipe[0], .events = POLLIN };
	while (poll(&poll_fd, 1, 0) > 0)
		if (read(w->pipe[0], bytes, sizeof(bytes)) <= 0)
			break;
}

static void prepare_futex(struct worker *w)
{
	__atomic_store_n(&w->word, 0, __ATOMIC_SEQ_CST);
	arguments(w, address(&w->word), FUTEX_WAIT_PRIVATE, 0, 0);
}

static int accept_futex(struct worker *w, long result)
{
	return result == 0 || result == -EAGAIN || result == -EINTR;
}

static void kick_futex(struct worker *w)
{
	__atomic_store_n(&w->word, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &w->word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void prepare_futex_timeout(struct worker *w)
{
	__atomic_store_n(&w->word, 0, __ATOMIC_SEQ_CST);
	w->time = (struct timespec){ .tv_sec = 3600 };
	arguments(w, address(&w->word), FUTEX_WAIT_PRIVATE, 0, address(&w->time));
}

static void prepare_nanosleep(struct worker *w)
{
	w->time = (struct timespec){ .tv_nsec = 2000000 };
	arguments(w, address(&w->time), 0, 0, 0);
}

static int accept_nanosleep(struct worker *w, long result)
{
	return result == 0 || result == -EINTR;
}

static void prepare_absolute(struct worker *w)
{
	clock_gettime(CLOCK_MONOTONIC, &w->time);
	w->time.tv_nsec += 2000000;
	if (w->time.tv_nsec >= 1000000000) {
		w->time.tv_nsec -= 1000000000;
		w->time.tv_sec++;
	}
	arguments(w, CLOCK_MONOTONIC, TIMER_ABSTIME, address(&w->time), 0);
}

static int accept_absolute(struct worker *w, long result)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return result == 0 &&
	       (now.tv_sec > w->time.tv_sec ||
		(now.tv_sec == w->time.tv_sec && now.tv_nsec >= w->time.tv_nsec));
}

static void prepare_read(struct worker *w)
{
	w->byte = 0;
	arguments(w, w->pipe[0], address(&w->byte), 1, 0);
}

static int accept_read(struct worker *w, long result)
{
	return result == 1 && w->byte == 0x5a;
}

static void prepare_poll(struct worker *w)
{
	drain(w);
	w->poll = (struct pollfd){ .fd = w->pipe[0], .events = POLLIN };
	// Without a timeout, whether the call is poll or ppoll.
	arguments(w, address(&w->poll), 1,
		  w->job->number == SYS_ppoll ? 0 : (uint64_t)-1, 0);
}

static int accept_poll(struct worker *w, long result)
{
	return result == -EINTR || (result == 1 && w->poll.revents == POLLIN);
}

static void prepare_epoll(struct worker *w)
{
	drain(w);
	const uint64_t all[] = { w->epoll, address(&w->event), 1, (uint64_t)-1, 0, 8 };
	cpu_set_call(&w->want, w->job->number, all);
}

static int accept_epoll(struct worker *w, long result)
{
	return result == -EINTR || (result == 1 && w->event.data.ptr == w);
}

static void prepare_sigsuspend(struct worker *w)
{
	w->signals = 0;
	w->mask = ~(1ull << (SIGUSR1 - 1));
	cpu_allow_handler(&w->want);
	arguments(w, address(&w->mask), 8, 0, 0);
}

static int accept_sigsuspend(struct worker *w, long result)
{
	return result == -EINTR && w->signals > 0;
}

static void kick_sigsuspend(struct worker *w)
{
	pthread_kill(w->thread, SIGUSR1);
}

static void prepare_pselect(struct worker *w)
{
	drain(w);
	FD_ZERO(&w->readable);
	FD_SET(w->pipe[0], &w->readable);
	w->mask = ~0ull;
	w->mask_argument.mask = &w->mask;
	w->mask_argument.size = 8;
	const uint64_t all[] = {
		w->pipe[0] + 1,
		address(&w->readable),
		0,
		0,
		0,
		address(&w->mask_argument),
	};
	cpu_set_call(&w->want, w->job->number, all);
}

static int accept_pselect(struct worker *w, long result)
{
	return result == 1 && FD_ISSET(w->pipe[0], &w->readable);
}

static void prepare_compute(struct worker *w)
{
	cpu_set_count(&w->want, 1000000);
}

static void kick_nobody(struct worker *w)
{
}

#ifdef SYS_poll
#	define POLL SYS_poll
#else
#	define POLL SYS_ppoll
#endif

static const struct job jobs[NR_WORKERS] = {
	{ "futex", SYS_futex, prepare_futex, accept_futex, kick_futex },
	{ "futex with a timeout", SYS_futex, prepare_futex_timeout, accept_futex,
	  kick_futex },
	{ "nanosleep", SYS_nanosleep, prepare_nanosleep, accept_nanosleep,
	  kick_nobody },
	{ "clock_nanosleep", SYS_clock_nanosleep, prepare_absolute, accept_absolute,
	  kick_nobody },
	{ "read", SYS_read, prepare_read, accept_read, kick_pipe },
	{ "poll", POLL, prepare_poll, accept_poll, kick_pipe },
	{ "epoll_pwait", SYS_epoll_pwait, prepare_epoll, accept_epoll, kick_pipe },
	{ "sigsuspend", SYS_rt_sigsuspend, prepare_sigsuspend, accept_sigsuspend,
	  kick_sigsuspend },
	{ "pselect", SYS_pselect6, prepare_pselect, accept_pselect, kick_pipe },
	{ "compute", -1, prepare_compute, NULL, kick_nobody },
};

static void handle_usr1(int number)
{
	self->signals++;
}

static int compare_rest(struct worker *w)
{
	int nr = 0;
	uint64_t mask = 0;
	stack_t altstack;

	syscall(SYS_rt_sigprocmask, SIG_SETMASK, NULL, &mask, 8);
	if (mask != 1ull << (SIGUSR1 - 1) && ++nr)
		fprintf(stderr, "%s: the signal mask is 0x%lx\n", w->job->name, mask);
	sigaltstack(NULL, &altstack);
	if ((altstack.ss_sp != w->altstack || altstack.ss_flags) && ++nr)
		fprintf(stderr, "%s: the altstack is wrong\n", w->job->name);
	return nr;
}

static void play(struct worker *w)
{
	uint64_t seed = mix(w->index * 1000003 + w->round);
	int is_call = w->job->number >= 0;

	pattern_make(&w->want, &layout, seed);
	w->job->prepare(w);
	cpu_set_rest(seed);
	cpu_run(&w->want, &w->have, &layout, !is_call);

	int nr = cpu_compare(w->job->name, &layout, &w->want, &w->have, is_call);
	if (is_call && !w->job->accept(w, cpu_result(&w->have)) && ++nr)
		fprintf(stderr, "%s returned %ld\n", w->job->name,
			cpu_result(&w->have));
	nr += cpu_compare_rest(w->job->name, seed);
	nr += compare_rest(w);
	if (nr) {
		fprintf(stderr, "thread %d (%s), round %lu: %d differences\n", w->index,
			w->job->name, w->round, nr);
		abort();
	}
}

static void *work(void *argument)
{
	struct worker *w = self = argument;
	stack_t altstack = { .ss_sp = w->altstack, .ss_size = sizeof(w->altstack) };

	if (sigaltstack(&altstack, NULL))
		abort();
	for (w->round = 0; w->round < wanted; w->round++)
		play(w);
	w->is_done = 1;
	return NULL;
}

static void start(int index)
{
	struct worker *w = &workers[index];

	w->index = index;
	w->job = &jobs[index];
	if (pipe(w->pipe) || fcntl(w->pipe[1], F_SETFL, O_NONBLOCK))
		abort();
	w->epoll = epoll_create1(0);
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = w };
	if (epoll_ctl(w->epoll, EPOLL_CTL_ADD, w->pipe[0], &event))
		abort();
	if (pthread_create(&w->thread, NULL, work, w))
		abort();
}

int main(int argc, char **argv)
{
	if (argc > 1)
		wanted = strtoull(argv[1], NULL, 0);
	if (cpu_layout_init(&layout)) {
		puts("this CPU has too little");
		return 77;
	}
	signal(SIGUSR1, handle_usr1);
	// The threads inherit it: only sigsuspend lets the signal in.
	uint64_t mask = 1ull << (SIGUSR1 - 1);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, 8);
	for (int i = 0; i < NR_WORKERS; i++)
		start(i);

	int finished = 0;
	while (finished < NR_WORKERS) {
		struct timespec pause = { .tv_nsec = 200000 };
		finished = 0;
		for (int i = 0; i < NR_WORKERS; i++) {
			struct worker *w = &workers[i];
			if (w->is_done)
				finished++;
			else
				w->job->kick(w);
		}
		tick();
		nanosleep(&pause, NULL);
	}
	for (int i = 0; i < NR_WORKERS; i++)
		pthread_join(workers[i].thread, NULL);
	puts("all registers right");
	return 0;
}
