// SPDX-License-Identifier: GPL-3.0-or-later
#include "scene.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>

/* Descriptors that count: eventfd, timerfd; and signalfd. */

static int counter, semaphore, timer, signals;

static uint64_t take(int fd)
{
	uint64_t value;
	return read(fd, &value, sizeof(value)) == sizeof(value) ? value : 0;
}

static void add(int fd, uint64_t value)
{
	CHECK(write(fd, &value, sizeof(value)) == sizeof(value));
}

static void set_up_events(void)
{
	counter = eventfd(5, EFD_NONBLOCK);
	semaphore = eventfd(3, EFD_NONBLOCK | EFD_SEMAPHORE);
	CHECK(counter >= 0 && semaphore >= 0);
}

static void check_events(void)
{
	CHECK(take(counter) == 5 && take(counter) == 0);
	for (int i = 0; i < 3; i++)
		CHECK(take(semaphore) == 1);
	CHECK(take(semaphore) == 0);
}

static void change_events(void)
{
	add(counter, UINT64_C(1) << 40);
	add(semaphore, 1000);
}

/** What is gone has to be made again. */
static void close_events(void)
{
	CHECK(!close(counter) && !close(semaphore));
}

static void set_timer(long long seconds, long long interval)
{
	struct itimerspec spec = {
		.it_value.tv_sec = seconds,
		.it_interval.tv_sec = interval,
	};
	CHECK(!timerfd_settime(timer, 0, &spec, NULL));
}

static void set_up_timer(void)
{
	timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	CHECK(timer >= 0);
	set_timer(1000, 7);
}

static void check_timer(void)
{
	struct itimerspec spec;
	CHECK(!timerfd_gettime(timer, &spec));
	CHECK(spec.it_interval.tv_sec == 7 && spec.it_interval.tv_nsec == 0);
	// Time goes on, but not by minutes.
	CHECK(spec.it_value.tv_sec > 800 && spec.it_value.tv_sec <= 1000);
	CHECK(take(timer) == 0 && errno == EAGAIN);
}

static void disarm_timer(void)
{
	set_timer(0, 0);
}

static void close_timer(void)
{
	CHECK(!close(timer));
}

/** Wait until it has expired at least once. */
static void expire(void)
{
	struct itimerspec spec = { .it_value.tv_nsec = 1 };
	struct pollfd poller = { .fd = timer, .events = POLLIN };
	CHECK(!timerfd_settime(timer, 0, &spec, NULL) && poll(&poller, 1, -1) == 1);
}

static void set_up_expired(void)
{
	set_up_timer();
	expire();
}

static void check_expired(void)
{
	struct itimerspec spec;
	CHECK(!timerfd_gettime(timer, &spec) && !spec.it_value.tv_sec);
	CHECK(take(timer) == 1 && take(timer) == 0);
}

static void arm_again(void)
{
	set_timer(500, 1);
}

/** A time of the clock of the wall, which a jump of the clock shall cancel. */
static void set_up_absolute(void)
{
	struct itimerspec spec = { 0 };
	timer = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
	CHECK(timer >= 0 && !clock_gettime(CLOCK_REALTIME, &spec.it_value));
	spec.it_value.tv_sec += 1000;
	CHECK(!timerfd_settime(timer, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET,
			       &spec, NULL));
}

static void check_absolute(void)
{
	char name[64], line[64];
	int flags = -1;
	snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", timer);
	FILE *info = fopen(name, "r");
	CHECK(info);
	while (fgets(line, sizeof(line), info))
		sscanf(line, "settime flags: %o", &flags);
	fclose(info);
	CHECK(flags == (TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET));
	struct itimerspec spec;
	CHECK(!timerfd_gettime(timer, &spec));
	CHECK(spec.it_value.tv_sec > 800 && spec.it_value.tv_sec <= 1000);
}

static void make_mask(sigset_t *mask, int number)
{
	sigemptyset(mask);
	sigaddset(mask, number);
	CHECK(!sigprocmask(SIG_BLOCK, mask, NULL));
}

static void set_up_signals(void)
{
	sigset_t mask;
	make_mask(&mask, SIGWINCH);
	signals = signalfd(-1, &mask, SFD_NONBLOCK);
	make_mask(&mask, SIGURG);
	CHECK(signals >= 0);
}

static void check_signals(void)
{
	struct signalfd_siginfo info;
	CHECK(!raise(SIGURG) && !raise(SIGWINCH));
	CHECK(read(signals, &info, sizeof(info)) == sizeof(info));
	CHECK(info.ssi_signo == SIGWINCH);
	CHECK(read(signals, &info, sizeof(info)) < 0 && errno == EAGAIN);
	sigset_t mask;
	int number;
	sigemptyset(&mask);
	sigaddset(&mask, SIGURG);
	CHECK(!sigwait(&mask, &number));
}

static void change_signals(void)
{
	sigset_t mask;
	make_mask(&mask, SIGURG);
	CHECK(signalfd(signals, &mask, 0) == signals);
}

static void close_signals(void)
{
	CHECK(!close(signals));
}

static const struct scene scenes[] = {
	{ "eventfd", set_up_events, check_events, change_events },
	{ "eventfd-closed", set_up_events, check_events, close_events },
	{ "timerfd", set_up_timer, check_timer, disarm_timer },
	{ "timerfd-closed", set_up_timer, check_timer, close_timer },
	{ "timerfd-expired", set_up_expired, check_expired, arm_again },
	{ "timerfd-expires", set_up_timer, check_timer, expire },
	{ "timerfd-absolute", set_up_absolute, check_absolute, disarm_timer },
	{ "signalfd", set_up_signals, check_signals, change_signals },
	{ "signalfd-closed", set_up_signals, check_signals, close_signals },
};

int main(int argc, char **argv)
{
	return PLAY(scenes, argc, argv);
}
