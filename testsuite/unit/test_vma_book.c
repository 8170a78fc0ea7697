// SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/tracee/btf.h"
#include "core/tracee/mappings.h"
#include "core/tracee/pages.h"
#include "core/tracee/vma_book.h"
#include "testsuite/unit/unit.h"

#define PAGES 16

/** What the process that is looked at does to its memory: a call, and its result. */
struct order {
	long number;
	uint64_t third, fourth;
};

/**
 * A process that waits, looked at twice: with a book and without. Ours would not do:
 * what reads mappings allocates memory, a sanitizer and valgrind map some more.
 */
struct scene {
	struct snap_tracee tracee;
	struct snap_vma_program program;
	struct snap_vma_book *book;
	uint8_t *memory;
	size_t size;
	pid_t pid;
	int orders;
};

/** Ends with the other end of the socket. */
static _Noreturn void obey(int orders, uint8_t *memory, size_t size)
{
	struct order order;
	while (read(orders, &order, sizeof(order)) == (ssize_t)sizeof(order)) {
		long result = order.number == SYS_pkey_alloc
				      ? syscall(SYS_pkey_alloc, 0, 0)
				      : syscall(order.number, memory, size, order.third,
						order.fourth);
		if (write(orders, &result, sizeof(result)) != (ssize_t)sizeof(result))
			break;
	}
	_exit(0);
}

/** Have it make a call on all of its memory. */
static long make(struct scene *scene, long number, uint64_t third, uint64_t fourth)
{
	struct order order = { .number = number, .third = third, .fourth = fourth };
	long result = 0;
	assert_int_equal(write(scene->orders, &order, sizeof(order)), sizeof(order));
	assert_int_equal(read(scene->orders, &result, sizeof(result)), sizeof(result));
	return result;
}

static int set_up(void **state)
{
	struct scene here = { .size = PAGES * (size_t)sysconf(_SC_PAGESIZE) };
	int ends[2];
	here.memory = mmap(NULL, here.size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(here.memory, MAP_FAILED);
	memset(here.memory, 1, here.size);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	here.pid = fork();
	assert_true(here.pid >= 0);
	if (!here.pid) {
		close(ends[0]);
		obey(ends[1], here.memory, here.size);
	}
	close(ends[1]);
	here.orders = ends[0];
	assert_null(snap_tracee_init(&here.tracee, here.pid, 0));
	assert_null(snap_vma_book_create(&here.program, here.pid, 0, &here.book));
	struct scene *scene = malloc(sizeof(*scene));
	assert_non_null(scene);
	*scene = here;
	*state = scene;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *scene = *state;
	snap_vma_book_destroy(scene->book);
	snap_vma_program_deinit(&scene->program);
	snap_tracee_deinit(&scene->tracee);
	munmap(scene->memory, scene->size);
	close(scene->orders);
	assert_int_equal(waitpid(scene->pid, NULL, 0), scene->pid);
	free(scene);
	return 0;
}

/** The mapping of the scene's memory. */
static struct snap_vma look(struct scene *scene, struct snap_vma_book *book)
{
	_cleanup_vmas_ struct snap_vmas vmas = { 0 };
	scene->tracee.vma_book = book;
	assert_null(snap_tracee_read_vmas(&scene->tracee, &vmas));
	const struct snap_vma *vma =
		snap_vmas_find(&vmas, (uint64_t)(uintptr_t)scene->memory);
	assert_non_null(vma);
	struct snap_vma copy = *vma;
	copy.name = NULL;
	return copy;
}

/** With the book, twice, it is what smaps says. */
static void assert_told_right(struct scene *scene)
{
	struct snap_vma wanted = look(scene, NULL);
	for (int i = 0; i < 2; i++) {
		struct snap_vma told = look(scene, scene->book);
		assert_memory_equal(&told, &wanted, sizeof(told));
	}
}

static void advice_is_seen_whose_line_in_maps_is_the_same(void **state)
{
	// GIVEN a book that knows the mapping
	static const int advice[] = { MADV_DONTFORK, MADV_DOFORK,     MADV_DONTDUMP,
				      MADV_RANDOM,   MADV_SEQUENTIAL, MADV_NOHUGEPAGE,
				      MADV_NORMAL,   MADV_DODUMP,     MADV_DONTFORK };
	struct scene *scene = *state;
	assert_told_right(scene);
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(advice); i++) {
		// WHEN all of the mapping is advised about
		assert_int_equal(make(scene, SYS_madvise, (uint64_t)advice[i], 0), 0);

		// THEN the book says what smaps says
		assert_told_right(scene);
	}
	assert_true(look(scene, scene->book).flags & SNAP_VMA_DONTFORK);
}

static void a_locked_mapping_is_seen(void **state)
{
	struct scene *scene = *state;
	assert_told_right(scene);
	if (make(scene, SYS_mlock, 0, 0))
		skip();
	assert_told_right(scene);
	assert_true(look(scene, scene->book).flags & SNAP_VMA_LOCKED);
	assert_int_equal(make(scene, SYS_munlock, 0, 0), 0);
	assert_told_right(scene);
	assert_false(look(scene, scene->book).flags & SNAP_VMA_LOCKED);
}

static void another_protection_needs_no_other_word(void **state)
{
	// GIVEN a book that has learned
	struct scene *scene = *state;
	look(scene, scene->book);
	size_t learned = scene->book->entries.size;

	// WHEN mappings change what may be done with them, and nothing else
	for (uint64_t prot = PROT_NONE; prot <= PROT_READ; prot++) {
		assert_int_equal(make(scene, SYS_mprotect, prot, 0), 0);
		assert_told_right(scene);
	}

	// THEN it had nothing to learn
	assert_int_equal(scene->book->entries.size, learned);
}

static void a_protection_key_is_seen(void **state)
{
	struct scene *scene = *state;
	long key = make(scene, SYS_pkey_alloc, 0, 0);
	if (key < 0)
		skip();
	assert_told_right(scene);
	assert_int_equal(make(scene, SYS_pkey_mprotect, PROT_READ | PROT_WRITE,
			      (uint64_t)key),
			 0);
	assert_told_right(scene);
	assert_int_equal(look(scene, scene->book).pkey, key);
}

static void pages_that_may_vanish_are_seen(void **state)
{
	struct scene *scene = *state;
	assert_told_right(scene);
	assert_int_equal(make(scene, SYS_madvise, MADV_FREE, 0), 0);
	snap_settle_pages();
	if (!(look(scene, NULL).flags & SNAP_VMA_LAZY_FREE))
		skip(); // they are gone already
	assert_true(look(scene, scene->book).flags & SNAP_VMA_LAZY_FREE);
}

static void the_words_are_those_of_maps(void **state)
{
	// GIVEN a kernel that gives us its words
	struct scene *scene = *state;
	if (scene->book->words.link_fd < 0)
		skip();

	// WHEN they are read twice, the second time behind what has been learned
	look(scene, scene->book);
	look(scene, scene->book);

	// THEN the book has learned, and has an entry for each kind of mapping
	assert_true(scene->book->has_learned);
	assert_true(scene->book->entries.size);
}

static void a_flag_of_ours_needs_no_look(void **state)
{
	// GIVEN a book that has learned of a mapping by itself, and a flag that was set
	// since
	struct scene *scene = *state;
	if (scene->book->words.link_fd < 0)
		skip();
	assert_int_equal(make(scene, SYS_madvise, MADV_DONTDUMP, 0), 0);
	look(scene, scene->book);
	size_t learned = scene->book->entries.size;
	assert_int_equal(make(scene, SYS_madvise, MADV_DONTFORK, 0), 0);

	// WHEN it is told of the flag
	assert_ok(snap_vma_book_follow(scene->book, &scene->tracee, SNAP_VMA_DONTFORK));

	// THEN it knows one word more, the right one
	assert_true(scene->book->entries.size > learned);
	learned = scene->book->entries.size;
	assert_told_right(scene);
	assert_int_equal(scene->book->entries.size, learned);
	assert_true(look(scene, scene->book).flags & SNAP_VMA_DONTFORK);
}

static void a_damaged_description_of_types_is_none(void **state)
{
	// GIVEN files that are no BTF, or are cut
	char path[] = "/tmp/snapshot-btf-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	static const uint8_t cut[] = { 0x9f, 0xeb, 1, 0, 24,   0,    0,    0,
				       0,    0,    0, 0, 0xff, 0xff, 0xff, 0xff };
	for (size_t size = 0; size <= sizeof(cut); size += 4) {
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(pwrite(fd, cut, size, 0), (ssize_t)size);

		// WHEN they are read
		_cleanup_btf_ struct snap_btf btf = { 0 };
		assert_null(snap_btf_read(path, &btf));

		// THEN nothing is found in them
		struct snap_btf_path way;
		assert_int_equal(snap_btf_find_function(&btf, "f"), 0);
		assert_false(snap_btf_find_path(&btf, "s", "a", &way));
	}
	close(fd);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			advice_is_seen_whose_line_in_maps_is_the_same, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(a_locked_mapping_is_seen, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(another_protection_needs_no_other_word,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_protection_key_is_seen, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(pages_that_may_vanish_are_seen, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_flag_of_ours_needs_no_look, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(the_words_are_those_of_maps, set_up,
						tear_down),
		cmocka_unit_test(a_damaged_description_of_types_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
