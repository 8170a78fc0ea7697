// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/foreign/tid_address.h"

#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"

enum {
	/** How far from the thread pointer, to both sides, a C library keeps it. */
	MAX_DISTANCE = 0x1000,
	NR_WORDS = 2 * MAX_DISTANCE / sizeof(uint32_t),
};

/** Where the first of the NR_WORDS words is; 0: the thread has none. */
static uint64_t find_words(const struct snap_snapshot *snapshot,
			   const struct snap_thread *thread)
{
	uint64_t pointer;
	if (!snap_arch_read_thread_pointer(snapshot->arch, &snapshot->cpu, thread,
					   &pointer))
		return 0;
	pointer &= ~(uint64_t)(sizeof(uint32_t) - 1);
	return pointer > MAX_DISTANCE && pointer < UINT64_MAX - MAX_DISTANCE
		       ? pointer - MAX_DISTANCE
		       : 0;
}

static bool has_tid(const struct snap_snapshot *snapshot,
		    const struct snap_thread *thread, uint64_t address)
{
	uint64_t held;
	uint32_t word;
	const uint8_t *bytes = snap_memory_at(&snapshot->memory, address, &held);
	if (!bytes || held < sizeof(word))
		return false;
	memcpy(&word, bytes, sizeof(word));
	return word == (uint32_t)thread->tid;
}

/** The word that most threads have their number in, of those that this one has its in.
 */
static void guess(const struct snap_snapshot *snapshot, struct snap_thread *thread,
		  const uint32_t *nr_threads_with)
{
	uint64_t words = find_words(snapshot, thread);
	uint32_t most = 0;
	bool one = false;
	for (size_t i = 0; words && i < NR_WORDS; i++) {
		uint64_t address = words + i * sizeof(uint32_t);
		if (nr_threads_with[i] < most || !has_tid(snapshot, thread, address))
			continue;
		one = nr_threads_with[i] > most;
		most = nr_threads_with[i];
		thread->tid_address = address;
	}
	if (one)
		thread->members |= SNAP_THREAD_TID_ADDRESS;
	else
		thread->tid_address = 0;
}

snap_err snap_foreign_guess_tid_addresses(struct snap_snapshot *snapshot)
{
	_cleanup_free_ uint32_t *nr_threads_with =
		calloc(NR_WORDS, sizeof(*nr_threads_with));
	if (!nr_threads_with)
		return &snap_enomem;
	for (size_t t = 0; t < snapshot->nr_threads; t++) {
		uint64_t words = find_words(snapshot, &snapshot->threads[t]);
		for (size_t i = 0; words && i < NR_WORDS; i++)
			nr_threads_with[i] += has_tid(snapshot, &snapshot->threads[t],
						      words + i * sizeof(uint32_t));
	}
	for (size_t t = 0; t < snapshot->nr_threads; t++)
		guess(snapshot, &snapshot->threads[t], nr_threads_with);
	return SNAP_OK;
}
