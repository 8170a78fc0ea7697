// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/vma_book.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/** A word, without PROTECTION, and its meaning. */
struct entry {
	uint64_t word;
	uint32_t flags;
	uint32_t pkey;
};

struct range {
	uint64_t start;
	uint64_t end;
};

/**
 * VM_READ, VM_WRITE and VM_EXEC (include/linux/mm.h): maps tells them, and nothing else
 * of a mapping depends on them. What mprotect() has changed is known all the same.
 */
#define PROTECTION ((uint64_t)7)

/** What /proc/vmstat says when it cannot be read: never the same as before. */
#define UNKNOWN UINT64_MAX

snap_err snap_vma_book_create(struct snap_vma_program *program, pid_t pid,
			      uint64_t start_time, struct snap_vma_book **ret)
{
	struct snap_vma_book *book = calloc(1, sizeof(*book));
	if (!book)
		return &snap_enomem;
	book->pid = pid;
	book->start_time = start_time;
	snap_err error = snap_vma_words_init(&book->words, program, pid);
	if (error) {
		snap_vma_book_destroy(book);
		return error;
	}
	*ret = book;
	return SNAP_OK;
}

void snap_vma_book_destroy(struct snap_vma_book *book)
{
	if (!book)
		return;
	snap_vma_words_deinit(&book->words);
	snap_buffer_deinit(&book->now);
	snap_buffer_deinit(&book->entries);
	snap_buffer_deinit(&book->lazy);
	free(book);
}

/** How many pages MADV_FREE has taken, of all processes since the machine's start. */
static uint64_t count_lazy(void)
{
	static const char key[] = "\npglazyfree ";
	_cleanup_close_ int fd = open("/proc/vmstat", O_RDONLY | O_CLOEXEC);
	char text[16384];
	size_t size = 0;
	for (ssize_t got = fd < 0 ? 0 : 1; got > 0; size += (size_t)got) {
		got = read(fd, text + size, sizeof(text) - 1 - size);
		if (got < 0)
			return UNKNOWN;
	}
	text[size] = 0;
	const char *line = strstr(text, key);
	return line ? strtoull(line + strlen(key), NULL, 10) : UNKNOWN;
}

snap_err snap_vma_book_open(struct snap_vma_book *book, struct snap_tracee *tracee)
{
	SNAP_TRY(snap_vma_words_read(&book->words, tracee, &book->now));
	book->nr_lazy_now = book->now.size ? count_lazy() : UNKNOWN;
	return SNAP_OK;
}

static const struct entry *find(const struct snap_vma_book *book, uint64_t word)
{
	const struct entry *list =
		(const struct entry *)(const void *)book->entries.data;
	for (size_t i = 0; i < book->entries.size / sizeof(*list); i++)
		if (list[i].word == (word & ~PROTECTION))
			return &list[i];
	return NULL;
}

static bool may_vanish(const struct snap_vma_book *book, const struct snap_vma *vma)
{
	const struct range *list = (const struct range *)(const void *)book->lazy.data;
	for (size_t i = 0; i < book->lazy.size / sizeof(*list); i++)
		if (list[i].start < vma->end && vma->start < list[i].end)
			return true;
	return false;
}

/** The gate page is in maps, and no mapping (fs/proc/task_mmu.c). */
static bool is_gate(const struct snap_vma *vma)
{
	return !strcmp(vma->name, "[vsyscall]");
}

/** The word of a mapping, which is the next one; NULL: the lists differ. */
static const struct snap_vma_word *next_word(const struct snap_vma_book *book,
					     const struct snap_vma *vma, size_t *at)
{
	const struct snap_vma_word *words =
		(const struct snap_vma_word *)(const void *)book->now.data;
	if (*at >= book->now.size / sizeof(*words) || words[*at].start != vma->start ||
	    words[*at].end != vma->end)
		return NULL;
	return &words[(*at)++];
}

bool snap_vma_book_tell(const struct snap_vma_book *book, struct snap_vmas *vmas)
{
	if (!book->has_learned || !book->now.size || book->nr_lazy_now == UNKNOWN ||
	    book->nr_lazy_now != book->nr_lazy)
		return false;
	size_t at = 0;
	for (size_t i = 0; i < vmas->nr; i++) {
		struct snap_vma *vma = &vmas->list[i];
		if (is_gate(vma)) {
			vma->flags = book->gate_flags;
			continue;
		}
		const struct snap_vma_word *word = next_word(book, vma, &at);
		const struct entry *entry = word ? find(book, word->flags) : NULL;
		if (!entry)
			return false;
		vma->flags =
			entry->flags | (may_vanish(book, vma) ? SNAP_VMA_LAZY_FREE : 0);
		vma->pkey = entry->pkey;
	}
	return at == book->now.size / sizeof(struct snap_vma_word);
}

static snap_err learn_vma(struct snap_vma_book *book, const struct snap_vma *vma,
			  uint64_t word)
{
	const struct range range = { vma->start, vma->end };
	const struct entry entry = {
		.word = word & ~PROTECTION,
		.flags = vma->flags & ~(uint32_t)SNAP_VMA_LAZY_FREE,
		.pkey = vma->pkey,
	};
	if (vma->flags & SNAP_VMA_LAZY_FREE)
		SNAP_TRY(snap_buffer_append(&book->lazy, &range, sizeof(range)));
	if (find(book, word))
		return SNAP_OK;
	return snap_buffer_append(&book->entries, &entry, sizeof(entry));
}

snap_err snap_vma_book_learn(struct snap_vma_book *book, const struct snap_vmas *vmas)
{
	book->has_learned = false;
	book->lazy.size = 0;
	size_t at = 0;
	for (size_t i = 0; i < vmas->nr; i++) {
		const struct snap_vma *vma = &vmas->list[i];
		if (is_gate(vma)) {
			book->gate_flags = vma->flags;
			continue;
		}
		const struct snap_vma_word *word = next_word(book, vma, &at);
		if (!word)
			return SNAP_OK;
		SNAP_TRY(learn_vma(book, vma, word->flags));
	}
	book->nr_lazy = book->nr_lazy_now;
	book->has_learned = book->is_fresh = true;
	return SNAP_OK;
}

/** A word that came of another one with a flag more: by one bit, or it is another. */
static snap_err derive(struct snap_vma_book *book, uint64_t before, uint64_t word,
		       uint32_t flag)
{
	const struct entry *known = find(book, before);
	if (!known || find(book, word) || word == before ||
	    ((word ^ before) & ((word ^ before) - 1)))
		return SNAP_OK;
	const struct entry entry = {
		.word = word & ~PROTECTION,
		.flags = known->flags | flag,
		.pkey = known->pkey,
	};
	return snap_buffer_append(&book->entries, &entry, sizeof(entry));
}

snap_err snap_vma_book_follow(struct snap_vma_book *book, struct snap_tracee *tracee,
			      uint32_t flag)
{
	if (!book->is_fresh)
		return SNAP_OK;
	book->is_fresh = false;
	_cleanup_buffer_ struct snap_buffer now = { 0 };
	SNAP_TRY(snap_vma_words_read(&book->words, tracee, &now));
	const struct snap_vma_word *new =
		(const struct snap_vma_word *)(const void *)now.data;
	const struct snap_vma_word *old =
		(const struct snap_vma_word *)(const void *)book->now.data;
	if (now.size != book->now.size)
		return SNAP_OK;
	for (size_t i = 0; i < now.size / sizeof(*new); i++)
		if (new[i].start == old[i].start &&new[i].end == old[i].end)
			SNAP_TRY(derive(book, old[i].flags, new[i].flags, flag));
	return SNAP_OK;
}
