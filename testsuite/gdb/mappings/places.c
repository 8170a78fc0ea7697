// SPDX-License-Identifier: GPL-3.0-or-later
#include <sys/resource.h>

#include "scene.h"

/* Mappings that come, go, move and change their size. */

static void check_created(void)
{
	CHECK(!other);
}

static void change_created(void)
{
	other = map_at(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	fill(other, SIZE, 2);
}

/** A place that is free, and must be free again. */
static void prepare_free(void)
{
	place = map_at(NULL, SIZE, PROT_NONE, MAP_PRIVATE);
	CHECK(!munmap(place, SIZE));
}

static void check_free(void)
{
	CHECK(!is_mapped(place) && !is_mapped(place + SIZE - 1));
}

static void change_free(void)
{
	CHECK(map_at(place, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE) == place);
	fill(place, SIZE, 3);
}

static void change_gone(void)
{
	CHECK(!munmap(place, SIZE));
	CHECK(!is_mapped(place));
}

static void change_moved(void)
{
	other = mremap(place, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
		       map_at(NULL, SIZE, PROT_NONE, MAP_PRIVATE));
	CHECK(other != MAP_FAILED && other != place);
	CHECK(is_filled(other, SIZE, 1) && !is_mapped(place));
	fill(other, SIZE, 9);
}

static void change_split(void)
{
	CHECK(!munmap(place + 4 * PAGE, 2 * PAGE));
	CHECK(!mprotect(place + 8 * PAGE, PAGE, PROT_READ));
	fill(place, 4 * PAGE, 5);
}

/** Two mappings with a hole between them, which becomes part of one. */
static void prepare_hole(void)
{
	prepare_filled();
	CHECK(!munmap(place + 4 * PAGE, 4 * PAGE));
}

static void check_hole(void)
{
	CHECK(is_filled(place, 4 * PAGE, 1));
	CHECK(!is_mapped(place + 4 * PAGE) && !is_mapped(place + 8 * PAGE - 1));
	CHECK(place[8 * PAGE] == (char)(8 * PAGE * 7 + 8 + 1));
}

static void change_hole(void)
{
	map_at(place + 4 * PAGE, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	memset(place, 42, SIZE);
}

static void check_grown(void)
{
	check_filled();
	CHECK(!is_mapped(place + SIZE));
}

static void change_grown(void)
{
	CHECK(mremap(place, SIZE, 2 * SIZE, 0) == place);
	memset(place, 4, 2 * SIZE);
}

static void change_shrunk(void)
{
	CHECK(mremap(place, SIZE, PAGE, 0) == place);
	CHECK(!is_mapped(place + PAGE));
	place[0]++;
}

static void change_protection(void)
{
	fill(place, SIZE, 6);
	CHECK(!mprotect(place, SIZE / 2, PROT_NONE));
	CHECK(!mprotect(place + SIZE / 2, SIZE / 2, PROT_READ | PROT_EXEC));
	CHECK(has_letters(place, "---p"));
}

/** Memory that was written to, and cannot even be read. */
static void prepare_hidden(void)
{
	prepare_filled();
	CHECK(!mprotect(place, SIZE, PROT_NONE));
}

static void check_hidden(void)
{
	CHECK(has_letters(place, "---p"));
	CHECK(!mprotect(place, SIZE, PROT_READ | PROT_WRITE));
	check_filled();
}

static void change_hidden(void)
{
	memset(place, 1, SIZE);
	CHECK(!munmap(place + PAGE, PAGE));
}

static char path[64] = "odd name\nof two lines (deleted)";

static void open_file(const char *name)
{
	fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	CHECK(fd >= 0);
	fill(text, SIZE, 1);
	CHECK(write(fd, text, SIZE) == (ssize_t)SIZE);
}

static void prepare_file(void)
{
	open_file(path);
	place = map_at(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	place[5 * PAGE] = 99;
	close(fd);
	fd = -1;
}

static void check_file(void)
{
	CHECK(place[5 * PAGE] == 99);
	CHECK(is_filled(place, 5 * PAGE, 1));
	CHECK(strstr(find_mapping(place), "odd name\\012of two lines (deleted)\n"));
	CHECK(!exists(place + 7 * PAGE) || place[7 * PAGE] == (char)(7 * PAGE * 7 + 8));
}

static void change_file(void)
{
	CHECK(!munmap(place, 6 * PAGE));
	place[7 * PAGE] = 1;
	other = map_at(place, 2 * PAGE, PROT_READ, MAP_PRIVATE);
}

static void change_unlinked(void)
{
	change_file();
	CHECK(!unlink(path));
	open_file(path);
	close(fd);
	fd = -1;
}

static char *heap;

static void prepare_heap(void)
{
	heap = sbrk(8 * PAGE);
	CHECK(heap != (void *)-1);
	fill(heap, 8 * PAGE, 1);
}

static void check_heap(void)
{
	CHECK(sbrk(0) == heap + 8 * PAGE);
	CHECK(is_filled(heap, 8 * PAGE, 1));
}

static void change_heap_up(void)
{
	CHECK(sbrk(64 * PAGE + 40) == heap + 8 * PAGE);
	memset(heap, 3, 72 * PAGE);
	CHECK(!mprotect(heap + 20 * PAGE, PAGE, PROT_NONE));
}

static void change_heap_down(void)
{
	CHECK(!brk(heap + PAGE + 100));
	memset(heap, 3, PAGE);
	// In the way of a heap that grows again.
	other = map_at((char *)(((uintptr_t)heap + 4 * PAGE) & -PAGE), PAGE,
		       PROT_READ | PROT_WRITE, MAP_PRIVATE);
	memset(other, 5, PAGE);
}

/** A stack that the kernel extends, as it is for the first thread. */
static void prepare_stack(void)
{
	char *space = map_at(NULL, 512 * PAGE, PROT_NONE, MAP_PRIVATE);
	CHECK(!munmap(space, 512 * PAGE));
	place = map_at(space + 500 * PAGE, PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_GROWSDOWN);
	fill(place, PAGE, 1);
}

static void check_stack(void)
{
	CHECK(is_filled(place, PAGE, 1));
	CHECK(has_flag(place, "gd"));
	CHECK(!is_mapped(place - PAGE));
}

static void change_stack(void)
{
	for (size_t i = 1; i <= 20; i++)
		*(volatile char *)(place - i * PAGE) = 1;
	CHECK(is_mapped(place - 20 * PAGE));
	place[7]++;
}

static void change_stack_gone(void)
{
	CHECK(!munmap(place, PAGE));
}

/** More than a machine has: reserved, and never touched. */
#define GIANT ((size_t)4 << 40)

static void prepare_giant(void)
{
	place = map_at(NULL, GIANT, PROT_NONE, MAP_PRIVATE | MAP_NORESERVE);
	CHECK(!mprotect(place + GIANT / 2, SIZE, PROT_READ | PROT_WRITE));
	fill(place + GIANT / 2, SIZE, 1);
}

static void check_giant(void)
{
	CHECK(!other);
	CHECK(has_letters(place, "---p") && has_flag(place, "nr"));
	CHECK(has_letters(place + GIANT - 1, "---p"));
	CHECK(is_filled(place + GIANT / 2, SIZE, 1));
}

static void change_giant(void)
{
	CHECK(!munmap(place, GIANT));
	other = map_at(NULL, 2 * GIANT, PROT_NONE, MAP_PRIVATE | MAP_NORESERVE);
	CHECK(!mprotect(other + GIANT, SIZE, PROT_READ | PROT_WRITE));
	fill(other + GIANT, SIZE, 8);
}

/** As much address space as there may be, and no more. */
#define LARGE ((size_t)64 << 20)

static void prepare_limit(void)
{
	place = map_at(NULL, LARGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	fill(place, SIZE, 1);
	size_t used = strtoul(strstr(read_proc("/proc/self/status"), "VmSize:") + 7,
			      NULL, 10);
	struct rlimit limit = { used << 10, RLIM_INFINITY };
	CHECK(!setrlimit(RLIMIT_AS, &limit));
}

static void check_limit(void)
{
	check_filled();
	CHECK(!has_flag(place, "nr"));
	CHECK(mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
	      MAP_FAILED);
}

/** Something of another kind takes its place. */
static void change_limit(void)
{
	CHECK(!munmap(place, LARGE));
	map_at(place, LARGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE);
	CHECK(has_flag(place, "nr"));
}

static const struct scene scenes[] = {
	{ "created", prepare_filled, check_created, change_created },
	{ "taken", prepare_free, check_free, change_free },
	{ "gone", prepare_filled, check_filled, change_gone },
	{ "moved", prepare_filled, check_filled, change_moved },
	{ "split", prepare_filled, check_filled, change_split },
	{ "hole", prepare_hole, check_hole, change_hole },
	{ "grown", prepare_filled, check_grown, change_grown },
	{ "shrunk", prepare_filled, check_filled, change_shrunk },
	{ "protection", prepare_filled, check_filled, change_protection },
	{ "hidden", prepare_hidden, check_hidden, change_hidden },
	{ "file", prepare_file, check_file, change_file },
	{ "unlinked", prepare_file, check_file, change_unlinked },
	{ "heap-up", prepare_heap, check_heap, change_heap_up },
	{ "heap-down", prepare_heap, check_heap, change_heap_down },
	{ "stack", prepare_stack, check_stack, change_stack },
	{ "stack-gone", prepare_stack, check_stack, change_stack_gone },
	{ "limit", prepare_limit, check_limit, change_limit },
	{ "giant", prepare_giant, check_giant, change_giant },
	{ 0 },
};

int main(int argc, char **argv)
{
	return play(argc, argv, scenes);
}
