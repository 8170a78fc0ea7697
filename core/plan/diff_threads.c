// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/plan/diff_threads.h"

#include <string.h>

#include "arch/arch.h"

bool snap_diff_is_same_process(const struct snap_snapshot *a,
			       const struct snap_snapshot *b)
{
	return a->identity.pid == b->identity.pid &&
	       a->identity.start_time == b->identity.start_time &&
	       !strcmp(a->identity.boot_id, b->identity.boot_id);
}

static bool is_same_mask(const struct snap_thread *a, const struct snap_thread *b)
{
	return a->sigmask == b->sigmask;
}

static bool is_same_altstack(const struct snap_thread *a, const struct snap_thread *b)
{
	return a->altstack.sp == b->altstack.sp &&
	       a->altstack.size == b->altstack.size &&
	       a->altstack.flags == b->altstack.flags;
}

/** What a thread is landed with: no step of a plan says that it has changed. */
static uint32_t compare_members(const struct snap_thread *a,
				const struct snap_thread *b)
{
	uint32_t changed = 0, both = a->members & b->members;
	if (both & SNAP_THREAD_SIGMASK && !is_same_mask(a, b))
		changed |= SNAP_THREAD_SIGMASK;
	if (both & SNAP_THREAD_ALTSTACK && !is_same_altstack(a, b))
		changed |= SNAP_THREAD_ALTSTACK;
	return changed;
}

/** The same thread in another snapshot of its process, or NULL. */
static const struct snap_thread *find_same(const struct snap_snapshot *snapshot,
					   const struct snap_thread *thread)
{
	const struct snap_thread *found = snap_snapshot_thread(snapshot, thread->tid);
	return found && found->start_time == thread->start_time ? found : NULL;
}

/** The counterpart of the `i`-th thread of one snapshot in the other, or NULL. */
static const struct snap_thread *find_counterpart(const struct snap_snapshot *of,
						  const struct snap_snapshot *in,
						  size_t i, bool is_same_process)
{
	if (is_same_process)
		return find_same(in, &of->threads[i]);
	return i < in->nr_threads ? &in->threads[i] : NULL;
}

snap_err snap_diff_pair_threads(struct snap_diff *diff)
{
	const struct snap_snapshot *a = diff->a, *b = diff->b;
	bool is_same = snap_diff_is_same_process(a, b);
	diff->threads =
		calloc(a->nr_threads + b->nr_threads + 1, sizeof(*diff->threads));
	if (!diff->threads)
		return &snap_enomem;
	for (size_t i = 0; i < a->nr_threads; i++) {
		struct snap_thread_pair *pair = &diff->threads[diff->nr_threads++];
		pair->a = &a->threads[i];
		pair->b = find_counterpart(a, b, i, is_same);
		if (pair->b)
			pair->changed = compare_members(pair->a, pair->b);
	}
	for (size_t i = 0; i < b->nr_threads; i++)
		if (!find_counterpart(b, a, i, is_same))
			diff->threads[diff->nr_threads++].b = &b->threads[i];
	return SNAP_OK;
}

/** The registers of one pair of threads. */
struct comparison {
	struct snap_diff *diff;
	const struct snap_thread_pair *pair;
	/** How many changes there were before this pair. */
	size_t first;
	snap_err error;
};

static snap_err add_register(struct snap_diff *diff,
			     const struct snap_register_change *change)
{
	size_t nr = diff->nr_registers;
	if (!(nr & (nr - 1))) {
		struct snap_register_change *list =
			reallocarray(diff->registers, nr ? nr * 2 : 1, sizeof(*list));
		if (!list)
			return &snap_enomem;
		diff->registers = list;
	}
	diff->registers[diff->nr_registers++] = *change;
	return SNAP_OK;
}

static bool was_found(const struct comparison *it, const char *name)
{
	for (size_t i = it->first; i < it->diff->nr_registers; i++)
		if (!strcmp(it->diff->registers[i].name, name))
			return true;
	return false;
}

static const struct snap_register_desc *find_desc(const struct snap_arch *arch,
						  const char *name)
{
	for (size_t i = 0; i < arch->nr_registers; i++)
		if (!strcmp(arch->registers[i].name, name))
			return &arch->registers[i];
	return NULL;
}

static void take_difference(void *context, const struct snap_difference *difference)
{
	struct comparison *it = context;
	if (it->error || was_found(it, difference->what))
		return;
	it->error = add_register(it->diff, &(struct snap_register_change){
						   .a = it->pair->a,
						   .b = it->pair->b,
						   .name = difference->what,
						   .desc = find_desc(it->diff->a->arch,
								     difference->what),
					   });
}

/** Of one machine: the architecture knows which bytes mean nothing. */
static snap_err compare_by_arch(struct comparison *it)
{
	const struct snap_arch *arch = it->diff->a->arch;
	const struct snap_cpu *cpu = &it->diff->a->cpu;
	snap_arch_compare(arch, cpu, it->pair->a, it->pair->b, take_difference, it);
	// What only the second one has is found from its side alone.
	snap_arch_compare(arch, cpu, it->pair->b, it->pair->a, take_difference, it);
	return it->error;
}

/** A wider register, which stands before it in the table, has told its difference. */
static bool is_told_by_wider(const struct comparison *it,
			     const struct snap_register_desc *desc)
{
	for (size_t i = it->first; i < it->diff->nr_registers; i++) {
		const struct snap_register_desc *wider = it->diff->registers[i].desc;
		if (wider && !memcmp(&wider->pieces[0], &desc->pieces[0],
				     sizeof(desc->pieces[0])))
			return true;
	}
	return false;
}

/** Both have the register, and it differs. */
static snap_err compare_bytes(struct comparison *it,
			      const struct snap_register_desc *desc, bool *ret)
{
	const struct snap_snapshot *a = it->diff->a, *b = it->diff->b;
	size_t size = snap_arch_register_size(a->arch, &a->cpu, it->pair->a, desc);
	size_t size_of_b = snap_arch_register_size(b->arch, &b->cpu, it->pair->b, desc);
	*ret = size && size_of_b && size != size_of_b;
	if (!size || size != size_of_b)
		return SNAP_OK;
	_cleanup_free_ uint8_t *of_a = malloc(size);
	_cleanup_free_ uint8_t *of_b = malloc(size);
	if (!of_a || !of_b)
		return &snap_enomem;
	*ret = snap_arch_read_register(a->arch, &a->cpu, it->pair->a, desc, of_a) &&
	       snap_arch_read_register(b->arch, &b->cpu, it->pair->b, desc, of_b) &&
	       memcmp(of_a, of_b, size) != 0;
	return SNAP_OK;
}

/** Of two machines, which lay registers out differently: each by its own CPU. */
static snap_err compare_by_bytes(struct comparison *it)
{
	const struct snap_snapshot *a = it->diff->a;
	for (size_t i = 0; i < a->arch->nr_registers; i++) {
		const struct snap_register_desc *desc = &a->arch->registers[i];
		bool differs;
		SNAP_TRY(compare_bytes(it, desc, &differs));
		if (!differs || is_told_by_wider(it, desc))
			continue;
		SNAP_TRY(add_register(it->diff, &(struct snap_register_change){
							.a = it->pair->a,
							.b = it->pair->b,
							.name = desc->name,
							.desc = desc,
						}));
	}
	return SNAP_OK;
}

snap_err snap_diff_compare_registers(struct snap_diff *diff)
{
	if (diff->a->arch != diff->b->arch)
		return SNAP_OK;
	bool is_same_machine =
		!strcmp(diff->a->identity.boot_id, diff->b->identity.boot_id);
	for (size_t i = 0; i < diff->nr_threads; i++) {
		struct comparison it = {
			.diff = diff,
			.pair = &diff->threads[i],
			.first = diff->nr_registers,
		};
		if (it.pair->a && it.pair->b)
			SNAP_TRY(is_same_machine ? compare_by_arch(&it)
						 : compare_by_bytes(&it));
	}
	return SNAP_OK;
}
