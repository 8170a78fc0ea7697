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
 * CPU has no XSAVE, and aborts at the first difference.
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
	w->want.gpr[RAX] = w->job->number;
	w->want.gpr[RDI] = a;
	w->want.gpr[RSI] = b;
	w->want.gpr[RDX] = c;
	w->want.gpr[R10] = d;
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
	arguments(w, address(&w->poll), 1, (uint64_t)-1, 0);
}

static int accept_poll(struct worker *w, long result)
{
	return result == -EINTR || (result == 1 && w->poll.revents == POLLIN);
}

static void prepare_epoll(struct worker *w)
{
	drain(w);
	arguments(w, w->epoll, address(&w->event), 1, (uint64_t)-1);
}

static int accept_epoll(struct worker *w, long result)
{
	return result == -EINTR || (result == 1 && w->event.data.ptr == w);
}

static void prepare_sigsuspend(struct worker *w)
{
	w->signals = 0;
	w->mask = ~(1ull << (SIGUSR1 - 1));
	// The handler is C, which may read where it is not aligned.
	w->want.rflags &= ~0x40000ull;
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
	arguments(w, w->pipe[0] + 1, address(&w->readable), 0, 0);
	w->want.gpr[R8] = 0;
	w->want.gpr[R9] = address(&w->mask_argument);
}

static int accept_pselect(struct worker *w, long result)
{
	return result == 1 && FD_ISSET(w->pipe[0], &w->readable);
}

static void prepare_compute(struct worker *w)
{
	w->want.gpr[RCX] = 1000000;
}

static void kick_nobody(struct worker *w)
{
}

static const struct job jobs[NR_WORKERS] = {
	{ "futex", SYS_futex, prepare_futex, accept_futex, kick_futex },
	{ "futex with a timeout", SYS_futex, prepare_futex_timeout, accept_futex,
	  kick_futex },
	{ "nanosleep", SYS_nanosleep, prepare_nanosleep, accept_nanosleep,
	  kick_nobody },
	{ "clock_nanosleep", SYS_clock_nanosleep, prepare_absolute, accept_absolute,
	  kick_nobody },
	{ "read", SYS_read, prepare_read, accept_read, kick_pipe },
	{ "poll", SYS_poll, prepare_poll, accept_poll, kick_pipe },
	{ "epoll_wait", SYS_epoll_wait, prepare_epoll, accept_epoll, kick_pipe },
	{ "sigsuspend", SYS_rt_sigsuspend, prepare_sigsuspend, accept_sigsuspend,
	  kick_sigsuspend },
	{ "pselect", SYS_pselect6, prepare_pselect, accept_pselect, kick_pipe },
	{ "compute", -1, prepare_compute, NULL, kick_nobody },
};

static void handle_usr1(int number)
{
	self->signals++;
}

static int compare_gpr(struct worker *w)
{
	static const char *const names[NR_GPR] = { "rax", "rbx", "rcx", "rdx", "rsi",
						   "rdi", "rbp", "r8",  "r9",  "r10",
						   "r11", "r12", "r13", "r14", "r15" };
	int nr = 0;

	for (int i = 0; i < NR_GPR; i++) {
		if (w->want.gpr[i] == w->have.gpr[i])
			continue;
		nr++;
		fprintf(stderr, "%s: %s is 0x%lx, not 0x%lx\n", w->job->name, names[i],
			w->have.gpr[i], w->want.gpr[i]);
	}
	if (w->want.rflags != w->have.rflags && ++nr)
		fprintf(stderr, "%s: rflags are 0x%lx, not 0x%lx\n", w->job->name,
			w->have.rflags, w->want.rflags);
	if (w->have.rsp_before != w->have.rsp_after && ++nr)
		fprintf(stderr, "%s: rsp is 0x%lx, not 0x%lx\n", w->job->name,
			w->have.rsp_after, w->have.rsp_before);
	for (int i = 0; i < 4; i++)
		if (w->have.selectors[i] && ++nr)
			fprintf(stderr, "%s: selector %d is %d\n", w->job->name, i,
				w->have.selectors[i]);
	return nr;
}

static uint64_t base(int which)
{
	uint64_t value = 0;
	syscall(SYS_arch_prctl, which, &value);
	return value;
}

static int compare_rest(struct worker *w, uint64_t gs_base)
{
	enum {
		GET_FS = 0x1003,
		GET_GS = 0x1004
	}; // asm/prctl.h

	int nr = 0;
	uint64_t mask = 0;
	stack_t altstack;

	if (base(GET_GS) != gs_base && ++nr)
		fprintf(stderr, "%s: gs base is wrong\n", w->job->name);
	if (base(GET_FS) != (uint64_t)pthread_self() && ++nr)
		fprintf(stderr, "%s: fs base is wrong\n", w->job->name);
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
	enum {
		SET_GS = 0x1001
	}; // asm/prctl.h

	uint64_t seed = mix(w->index * 1000003 + w->round);
	uint64_t gs_base = seed >> 18;

	pattern_make(&w->want, &layout, seed);
	w->job->prepare(w);
	syscall(SYS_arch_prctl, SET_GS, gs_base);
	cpu_cycle(&w->want, &w->have, layout.components, w->job->number < 0);

	int nr = pattern_compare(w->job->name, &layout, &w->want, &w->have);
	if (w->job->number >= 0) {
		// SYSCALL itself changes these three.
		if (!w->job->accept(w, w->have.gpr[RAX]) && ++nr)
			fprintf(stderr, "%s returned %ld\n", w->job->name,
				(long)w->have.gpr[RAX]);
		w->want.gpr[RAX] = w->have.gpr[RAX];
		w->want.gpr[RCX] = w->have.gpr[RCX];
		w->want.gpr[R11] = w->have.gpr[R11];
	} else {
		w->want.gpr[RCX] = 0;
	}
	nr += compare_gpr(w);
	nr += compare_rest(w, gs_base);
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

// Whether the CPU gives back FOP, FIP and FDP as they were loaded.
static int keeps_x87_pointers(void)
{
	static struct cpu want, have;

	layout.has_x87_pointers = 1;
	pattern_make(&want, &layout, 1);
	want.gpr[RCX] = 1;
	cpu_cycle(&want, &have, layout.components, 1);
	return !memcmp(want.area + 6, have.area + 6, 18);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		wanted = strtoull(argv[1], NULL, 0);
	if (cpu_layout_init(&layout)) {
		puts("this CPU has no XSAVE");
		return 77;
	}
	layout.has_x87_pointers = keeps_x87_pointers();
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
	printf("components 0x%lx: all registers right\n", layout.components);
	return 0;
}
