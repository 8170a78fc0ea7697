// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What the kernel itself takes, as JSON: the floors that a save and a restore are
 * compared with. A child of MIB of memory writes to PAGES of its pages, and its parent
 * looks for them (PAGEMAP_SCAN), copies them and writes them.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/userfaultfd.h>

#define PAGE        4096
#define MAX_PAGES   4096
#define MAX_SAMPLES 101

/*
 * Newer than the headers of Debian 12 (include/uapi/linux/fs.h,
 * include/uapi/linux/userfaultfd.h).
 */
#define SCAN_WP_MATCHING    1
#define SCAN_CHECK_WPASYNC  2
#define IS_WRITTEN          2
#define UFFD_WP_UNPOPULATED (1 << 13)
#define UFFD_WP_ASYNC       (1 << 15)

struct region {
	uint64_t start, end, categories;
};

struct scan {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t inverted, mask, anyof, returned;
};

#define SCAN_IOCTL _IOWR('f', 16, struct scan)

/** What parent and child have in common. */
struct shared {
	uint8_t *memory;
	uint64_t size;
	uint64_t nr_pages;
	/** Of the child: nanoseconds for the writes of its last round. */
	uint64_t write_ns;
	/** errno of the child's userfaultfd; 0: its memory is tracked. */
	int untracked;
	int go[2], done[2];
};

struct samples {
	uint64_t list[MAX_SAMPLES];
	unsigned nr;
};

static uint64_t now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void die(const char *what)
{
	fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void fill(uint64_t *words, size_t nr)
{
	uint64_t state = 88172645463325252;
	for (size_t i = 0; i < nr; i++) {
		state ^= state >> 12;
		state ^= state << 25;
		state ^= state >> 27;
		words[i] = state * 2685821657736338717;
	}
}

/** Ask for asynchronous write protection of the memory; errno where there is none. */
static int track(struct shared *shared)
{
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
	struct uffdio_api api = {
		.api = UFFD_API,
		.features = UFFD_WP_ASYNC | UFFD_WP_UNPOPULATED |
			    UFFD_FEATURE_PAGEFAULT_FLAG_WP,
	};
	struct uffdio_register registration = {
		.range = { (uint64_t)(uintptr_t)shared->memory, shared->size },
		.mode = UFFDIO_REGISTER_MODE_WP,
	};
	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) < 0 ||
	    ioctl(fd, UFFDIO_REGISTER, &registration) < 0)
		return errno;
	return 0;
}

/** A round for each byte that comes; before the first it is without tracking. */
static void live(struct shared *shared)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fill((uint64_t *)(void *)shared->memory, shared->size / sizeof(uint64_t));
	char order;
	while (read(shared->go[0], &order, 1) == 1) {
		if (order == 't')
			shared->untracked = track(shared);
		uint64_t stride = shared->size / PAGE / shared->nr_pages;
		uint64_t before = now();
		for (uint64_t i = 0; order == 'w' && i < shared->nr_pages; i++)
			++*(volatile uint64_t *)(shared->memory + i * stride * PAGE);
		shared->write_ns = now() - before;
		if (order == 'f') {
			before = now();
			pid_t child = fork();
			if (!child)
				_exit(0);
			shared->write_ns = now() - before;
			waitpid(child, NULL, 0);
		}
		if (write(shared->done[1], &order, 1) != 1)
			_exit(1);
	}
	_exit(0);
}

static void order(struct shared *shared, char what)
{
	if (write(shared->go[1], &what, 1) != 1 || read(shared->done[0], &what, 1) != 1)
		die("the child is gone");
}

static void add(struct samples *samples, uint64_t sample)
{
	samples->list[samples->nr++] = sample;
}

static int compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
	return (left > right) - (left < right);
}

static void print(const char *name, struct samples *samples, uint64_t divisor)
{
	qsort(samples->list, samples->nr, sizeof(*samples->list), compare);
	uint64_t median = samples->nr ? samples->list[samples->nr / 2] : 0;
	printf("\"%s\": %.9f,\n", name, (double)median / (double)divisor / 1e9);
}

static size_t scan(int pagemap, const struct shared *shared, struct region *regions)
{
	struct scan scan = {
		.size = sizeof(scan),
		.flags = SCAN_WP_MATCHING | SCAN_CHECK_WPASYNC,
		.start = (uint64_t)(uintptr_t)shared->memory,
		.end = (uint64_t)(uintptr_t)shared->memory + shared->size,
		.vec = (uint64_t)(uintptr_t)regions,
		.vec_len = MAX_PAGES,
		.mask = IS_WRITTEN,
		.returned = IS_WRITTEN,
	};
	int nr = ioctl(pagemap, SCAN_IOCTL, &scan);
	if (nr < 0)
		die("PAGEMAP_SCAN");
	return (size_t)nr;
}

/** Read or write the regions, in calls of 512 pieces. */
static void transfer(pid_t child, struct region *regions, size_t nr, uint8_t *copy,
		     bool is_write)
{
	struct iovec theirs[512];
	for (size_t i = 0; i < nr;) {
		struct iovec ours = { .iov_base = copy };
		size_t some = 0;
		for (; some < 512 && i < nr; some++, i++) {
			size_t size = regions[i].end - regions[i].start;
			theirs[some].iov_base = (void *)(uintptr_t)regions[i].start;
			theirs[some].iov_len = size;
			ours.iov_len += size;
		}
		ssize_t got =
			is_write ? process_vm_writev(child, &ours, 1, theirs, some, 0)
				 : process_vm_readv(child, &ours, 1, theirs, some, 0);
		if (got != (ssize_t)ours.iov_len)
			die("cannot copy");
		copy += ours.iov_len;
	}
}

static void measure(struct shared *shared, pid_t child, unsigned nr_samples)
{
	static struct region regions[MAX_PAGES];
	struct samples scans = { 0 }, copies = { 0 }, writes = { 0 }, rewinds = { 0 },
		       tracked = { 0 }, plain = { 0 }, again = { 0 }, forks = { 0 };
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)child);
	int pagemap = open(path, O_RDONLY);
	uint8_t *copy = calloc(shared->nr_pages, PAGE);
	if (pagemap < 0 || !copy)
		die(path);
	memset(copy, 1, shared->nr_pages * PAGE);
	for (unsigned i = 0; i < nr_samples; i++) {
		order(shared, 'w');
		add(&plain, shared->write_ns);
		order(shared, 'f');
		add(&forks, shared->write_ns);
		order(shared, 'w'); // what the fork has shared is the child's own again
	}
	order(shared, 't');
	if (shared->untracked)
		printf("\"untracked\": \"%s\",\n", strerror(shared->untracked));
	for (unsigned i = 0; i <= nr_samples && !shared->untracked; i++) {
		uint64_t before = now();
		size_t nr = scan(pagemap, shared, regions);
		uint64_t nothing = now() - before;
		order(shared, 'w');
		uint64_t first = shared->write_ns;
		order(shared, 'w');
		before = now();
		nr = scan(pagemap, shared, regions);
		uint64_t scanned = now() - before;
		transfer(child, regions, nr, copy, false);
		uint64_t copied = now() - before;
		before = now();
		transfer(child, regions, nr, copy, true);
		uint64_t written = now() - before;
		if (!i) // The first has all pages.
			continue;
		add(&scans, nothing);
		add(&copies, copied);
		add(&writes, written);
		add(&rewinds, scanned + written);
		add(&tracked, first);
		add(&again, shared->write_ns);
	}
	print("scan", &scans, 1);
	print("scan_and_copy", &copies, 1);
	print("write", &writes, 1);
	print("scan_and_write", &rewinds, 1);
	print("fork", &forks, 1);
	print("first_write_tracked", &tracked, shared->nr_pages);
	print("second_write_tracked", &again, shared->nr_pages);
	print("write_untracked", &plain, shared->nr_pages);
}

int main(int argc, char **argv)
{
	struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (argc != 4 || shared == MAP_FAILED) {
		fprintf(stderr, "Usage: floor MIB PAGES SAMPLES\n");
		return 2;
	}
	shared->size = strtoull(argv[1], NULL, 10) << 20;
	shared->nr_pages = strtoull(argv[2], NULL, 10);
	unsigned nr_samples = (unsigned)atoi(argv[3]);
	if (shared->nr_pages < 1 || shared->nr_pages > MAX_PAGES ||
	    shared->nr_pages > shared->size / PAGE || nr_samples > MAX_SAMPLES)
		return 2;
	shared->memory = mmap(NULL, shared->size, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (shared->memory == MAP_FAILED || pipe(shared->go) || pipe(shared->done))
		die("cannot prepare");
	pid_t child = fork();
	if (child < 0)
		die("fork");
	if (!child)
		live(shared);
	printf("{\n");
	measure(shared, child, nr_samples);
	printf("\"samples\": %u\n}\n", nr_samples);
	close(shared->go[1]);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return 0;
}
