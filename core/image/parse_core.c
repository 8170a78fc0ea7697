// SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>

#include "core/image/parse.h"

/**
 * @file
 * What is read from the notes that every core file has. Those that repeat what our
 * notes say (PRPSINFO, FILE) are for others.
 */

/** Room for one more thread, at powers of two. */
static snap_err grow(struct snap_parse *parse)
{
	size_t nr = parse->snapshot->nr_threads;
	if (nr & (nr - 1))
		return SNAP_OK;
	size_t capacity = nr ? nr * 2 : 1;
	struct snap_thread *threads =
		reallocarray(parse->snapshot->threads, capacity, sizeof(*threads));
	if (threads)
		parse->snapshot->threads = threads;
	uint32_t *places = reallocarray(parse->places, capacity, sizeof(*places));
	if (places)
		parse->places = places;
	return threads && places ? SNAP_OK : &snap_enomem;
}

/** A thread begins. */
static snap_err parse_prstatus(struct snap_parse *parse, const uint8_t *data,
			       size_t size)
{
	struct snap_snapshot *snapshot = parse->snapshot;
	size_t regs_size = snapshot->arch->regsets[0].max_size;
	if (size != SNAP_PRSTATUS_SIZE(regs_size))
		return snap_error_create(
			SNAP_ERROR_CORRUPT,
			"the general registers of its thread no. %zu have a wrong size",
			snapshot->nr_threads + 1);
	SNAP_TRY(grow(parse));
	parse->places[snapshot->nr_threads] = UINT32_MAX;
	struct snap_thread *thread = &snapshot->threads[snapshot->nr_threads++];
	*thread = (struct snap_thread){ 0 };

	struct snap_reader reader = snap_reader_init(data, size, "a PRSTATUS note");
	reader.offset = SNAP_PRSTATUS_TID_OFFSET;
	SNAP_TRY(snap_reader_u32(&reader, (uint32_t *)&thread->tid));
	return snap_thread_set_regset(thread, 0, data + SNAP_PRSTATUS_REGS_OFFSET,
				      regs_size);
}

static snap_err parse_siginfo(struct snap_parse *parse, const uint8_t *data,
			      size_t size)
{
	struct snap_thread *thread = snap_parse_thread(parse);
	if (!thread || size != sizeof(thread->siginfo) ||
	    snap_thread_has(thread, SNAP_THREAD_SIGINFO))
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "it has a SIGINFO note of no thread");
	memcpy(thread->siginfo, data, size);
	// Until our note on the thread says which others there are.
	thread->members = SNAP_THREAD_SIGINFO;
	return SNAP_OK;
}

static snap_err parse_auxv(struct snap_parse *parse, const uint8_t *data, size_t size)
{
	struct snap_snapshot *snapshot = parse->snapshot;
	if (snapshot->auxv || !size)
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "it has an AUXV note too many");
	snapshot->auxv = malloc(size);
	if (!snapshot->auxv)
		return &snap_enomem;
	memcpy(snapshot->auxv, data, size);
	snapshot->auxv_size = size;
	return SNAP_OK;
}

/** A register set; one that nobody knows is skipped. */
static snap_err parse_regset(struct snap_parse *parse, const char *owner, uint32_t type,
			     const uint8_t *data, size_t size)
{
	const struct snap_arch *arch = parse->snapshot->arch;
	struct snap_thread *thread = snap_parse_thread(parse);
	int index = snap_arch_find_regset(arch, owner, type);
	if (index < 0)
		return SNAP_OK;
	const struct snap_regset_desc *desc = &arch->regsets[index];
	if (!thread || !size || thread->regsets[index].size || size > desc->max_size)
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "the %s registers of thread %d do not fit",
					 desc->name, thread ? (int)thread->tid : 0);
	return snap_thread_set_regset(thread, (size_t)index, data, size);
}

snap_err snap_parse_core(struct snap_parse *parse, const char *owner, uint32_t type,
			 const uint8_t *data, size_t size)
{
	if (!strcmp(owner, "CORE")) {
		switch (type) {
		case NT_PRSTATUS:
			return parse_prstatus(parse, data, size);
		case NT_SIGINFO:
			return parse_siginfo(parse, data, size);
		case NT_AUXV:
			return parse_auxv(parse, data, size);
		}
	}
	return parse_regset(parse, owner, type, data, size);
}
