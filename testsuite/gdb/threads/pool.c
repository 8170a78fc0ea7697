// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A pool of threads that come and go. A manager keeps 32 workers at work: each does a
 * few jobs and ends, some are joined, some are detached, and another one takes its
 * place. A job is a number whose digits, in a text from malloc(), are added up; what a
 * worker has done is counted in thread-local storage and booked, under the mutex, at
 * its end. The sums of all jobs, of all workers and of all books must agree in the end.
 */
#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "../story.h"

#define WORKERS 32
#define JOBS    4000
#define A_SHIFT 7

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t has_job = PTHREAD_COND_INITIALIZER;
static pthread_cond_t has_room = PTHREAD_COND_INITIALIZER;
static pthread_cond_t has_left = PTHREAD_COND_INITIALIZER;

/** Jobs that wait to be done: a ring. */
static unsigned queue[8];
static unsigned first, next;
static unsigned to_do = JOBS;

static unsigned nr_working, nr_started, nr_joined;
static unsigned long digits, booked_jobs, booked_digits;

/**
 * Who has ended and is to be joined; the rest is detached. All may have ended, and all
 * that have taken their places, before the manager comes to join them.
 */
static pthread_t left[2 * WORKERS];
static unsigned nr_left;

static __thread unsigned long my_jobs, my_digits;
static __thread char *my_text;

/** Where the stories stop: in a worker, with a job in its hand. */
STORY_PLACE unsigned long add_digits(unsigned job)
{
	unsigned long sum = 0;
	for (const char *digit = my_text; *digit; digit++)
		sum += (unsigned long)(*digit - '0');
	return sum;
}

/** @return false: there are none any more. */
static int take_job(unsigned *ret)
{
	while (first == next && to_do)
		CHECK(!pthread_cond_wait(&has_job, &mutex));
	if (first == next)
		return 0;
	*ret = queue[first++ % 8];
	CHECK(!pthread_cond_signal(&has_room));
	return 1;
}

static void do_jobs(void)
{
	unsigned job;
	for (int i = 0; i < A_SHIFT && take_job(&job); i++) {
		CHECK(!pthread_mutex_unlock(&mutex));
		size_t size = 20 + job % 977;
		my_text = malloc(size);
		CHECK(my_text);
		snprintf(my_text, size, "%u", job);
		unsigned long sum = add_digits(job);
		memset(my_text, 'x', size);
		free(my_text);
		my_jobs++;
		my_digits += sum;
		CHECK(!pthread_mutex_lock(&mutex));
		digits += sum;
	}
}

static void *work(void *is_detached)
{
	CHECK(!my_jobs && !my_digits);
	CHECK(!pthread_mutex_lock(&mutex));
	do_jobs();
	booked_jobs += my_jobs;
	booked_digits += my_digits;
	nr_working--;
	if (!is_detached) {
		CHECK(nr_left < 2 * WORKERS);
		left[nr_left++] = pthread_self();
	}
	CHECK(!pthread_cond_broadcast(&has_left));
	CHECK(!pthread_mutex_unlock(&mutex));
	return (void *)my_jobs;
}

static void start_worker(void)
{
	pthread_t thread;
	int is_detached = nr_started++ % 3 == 0;
	nr_working++;
	CHECK(!pthread_create(&thread, NULL, work, (void *)(intptr_t)is_detached));
	if (is_detached)
		CHECK(!pthread_detach(thread));
}

static void join_left(void)
{
	while (nr_left) {
		pthread_t thread = left[--nr_left];
		CHECK(!pthread_mutex_unlock(&mutex));
		void *jobs;
		CHECK(!pthread_join(thread, &jobs));
		CHECK((uintptr_t)jobs <= A_SHIFT);
		CHECK(!pthread_mutex_lock(&mutex));
		nr_joined++;
	}
}

/** Jobs that nobody has taken yet. */
static int has_work(void)
{
	return to_do || first != next;
}

static void *manage(void *unused)
{
	CHECK(!pthread_mutex_lock(&mutex));
	while (has_work() || nr_working || nr_left) {
		while (has_work() && nr_working < WORKERS)
			start_worker();
		join_left();
		if (nr_working && (!has_work() || nr_working == WORKERS) && !nr_left)
			CHECK(!pthread_cond_wait(&has_left, &mutex));
	}
	CHECK(!pthread_mutex_unlock(&mutex));
	return NULL;
}

int main(void)
{
	pthread_t manager;
	unsigned long wanted = 0;
	CHECK(!pthread_create(&manager, NULL, manage, NULL));
	CHECK(!pthread_mutex_lock(&mutex));
	for (unsigned job = 0; to_do;) {
		while (next - first == 8)
			CHECK(!pthread_cond_wait(&has_room, &mutex));
		queue[next++ % 8] = job * 7919;
		for (unsigned rest = job * 7919; rest; rest /= 10)
			wanted += rest % 10;
		job++;
		to_do--;
		CHECK(!pthread_cond_broadcast(&has_job));
		CHECK(!pthread_cond_broadcast(&has_left));
	}
	CHECK(!pthread_mutex_unlock(&mutex));
	CHECK(!pthread_join(manager, NULL));
	CHECK(booked_jobs == JOBS);
	CHECK(digits == wanted && booked_digits == wanted);
	CHECK(nr_joined + (nr_started + 2) / 3 == nr_started);
	return 0;
}
