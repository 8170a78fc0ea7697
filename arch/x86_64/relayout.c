// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A thread of one CPU as another CPU would have saved it. Components are moved one by
 * one, by the function that puts them into signal frames.
 */
#include <string.h>

#include "arch/x86_64/x86_64.h"

/**
 * A thread's need for a component that `to` does not have, or not of this size.
 * SNAP_OK where it can be left out.
 */
_must_check_ static snap_err check_component(const struct snap_cpu *from,
					     const struct snap_cpu *to, bool may_drop,
					     const struct snap_thread *thread,
					     unsigned i)
{
	size_t offset, size, wanted;
	bool is_there = snap_x86_64_cpu_mask(to) >> i & 1 &&
			snap_x86_64_component(to, i, &offset, &wanted);
	if (!snap_x86_64_locate_component(from, thread, SNAP_X86_64_XSTATE, i, &offset,
					  &size))
		return snap_error_create(
			SNAP_ERROR_CORRUPT,
			"the extended state of thread %d does not have "
			"component %u (%s), which is in use",
			(int)thread->tid, i, snap_x86_64_component_name(i));
	if (is_there && size != wanted)
		return snap_error_create(
			SNAP_ERROR_UNSUPPORTED,
			"XSAVE component %u (%s) of thread %d has %zu bytes, and %zu "
			"on this CPU",
			i, snap_x86_64_component_name(i), (int)thread->tid, size,
			wanted);
	if (!is_there && !may_drop)
		return snap_x86_64_missing_component(thread, i);
	return SNAP_OK;
}

/** What a program has that never touched its keys (Linux, arch/x86/mm/pkeys.c). */
static void put_initial_pkru(uint8_t *area, const struct snap_cpu *to)
{
	size_t offset, size;
	if (!snap_x86_64_component(to, X86_COMPONENT_PKRU, &offset, &size))
		return;
	snap_x86_64_store(area + offset, X86_PKRU_LINUX, 4);
	uint64_t in_use = snap_x86_64_load(area + X86_XSTATE_BV, 8);
	snap_x86_64_store(area + X86_XSTATE_BV,
			  in_use | UINT64_C(1) << X86_COMPONENT_PKRU, 8);
}

/** Fill the area of `to`, which is zero. */
static void put_area(uint8_t *area, const struct snap_cpu *from,
		     const struct snap_cpu *to, const struct snap_thread *thread)
{
	uint64_t mask = snap_x86_64_cpu_mask(to);
	// Without XSAVE nobody knows what is in use: x87 and SSE are.
	uint64_t in_use = snap_x86_64_thread_mask(thread)
				  ? snap_x86_64_thread_in_use(thread)
				  : X86_LEGACY_MASK;
	memcpy(area, snap_x86_64_legacy(thread), X86_XMM_END);
	snap_x86_64_store(area + X86_MXCSR_MASK, snap_cpu_get(to, "mxcsr-mask", 0), 4);
	if (!mask)
		return;
	snap_x86_64_store(area + X86_SW_RESERVED, mask, 8);
	snap_x86_64_store(area + X86_XSTATE_BV, in_use & mask, 8);
	for (unsigned i = 2; i < X86_NR_COMPONENTS; i++)
		if (in_use & mask & UINT64_C(1) << i)
			snap_x86_64_copy_component(area, to, from, thread, i);
	uint64_t pkru = UINT64_C(1) << X86_COMPONENT_PKRU;
	if (mask & pkru && !(snap_x86_64_thread_mask(thread) & pkru))
		put_initial_pkru(area, to);
}

snap_err snap_x86_64_relayout(const struct snap_cpu *from, const struct snap_cpu *to,
			      bool may_drop, struct snap_thread *thread)
{
	if (!snap_x86_64_legacy(thread))
		return SNAP_OK;
	uint64_t needs =
		snap_x86_64_thread_needs(from, thread) & ~(uint64_t)X86_LEGACY_MASK;
	for (unsigned i = 2; i <= X86_NR_COMPONENTS; i++)
		if (needs >> i & 1)
			SNAP_TRY(check_component(from, to, may_drop, thread, i));

	uint64_t mask = snap_x86_64_cpu_mask(to);
	size_t size = mask ? snap_x86_64_area_size(to, mask) : X86_FXSAVE_SIZE;
	_cleanup_free_ uint8_t *area = calloc(1, size);
	if (!area)
		return &snap_enomem;
	put_area(area, from, to, thread);
	SNAP_TRY(snap_thread_set_regset(thread, SNAP_X86_64_XSTATE, area,
					mask ? size : 0));
	memset(area + X86_XMM_END, 0, X86_FXSAVE_SIZE - X86_XMM_END);
	return snap_thread_set_regset(thread, SNAP_X86_64_FP, area, X86_FXSAVE_SIZE);
}

bool snap_x86_64_is_same_layout(const struct snap_cpu *a, const struct snap_cpu *b)
{
	uint64_t mask = snap_x86_64_cpu_mask(a);
	if (mask != snap_x86_64_cpu_mask(b))
		return false;
	for (unsigned i = 2; i < X86_NR_COMPONENTS; i++) {
		size_t offset_a = 0, size_a = 0, offset_b = 0, size_b = 0;
		if (!(mask >> i & 1))
			continue;
		(void)snap_x86_64_component(a, i, &offset_a, &size_a);
		(void)snap_x86_64_component(b, i, &offset_b, &size_b);
		if (offset_a != offset_b || size_a != size_b)
			return false;
	}
	return true;
}
