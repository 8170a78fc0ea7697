// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Where the components of the XSAVE area lie is for the CPU to say (CPUID leaf 0DH); it
 * differs between Intel and AMD. Which of them count is for the kernel to say: its mask
 * of user components stands at byte 464 of the NT_X86_XSTATE set (Linux,
 * arch/x86/include/asm/user.h, struct user_xstateregs). CPUID lists more than that
 * when a hypervisor or the kernel has masked some of them off.
 */
#include "arch/x86_64/x86_64.h"

#include <stdio.h>
#include <string.h>

void snap_x86_64_item_name(char ret[X86_ITEM_NAME_SIZE], unsigned i, const char *what)
{
	(void)snprintf(ret, X86_ITEM_NAME_SIZE, "xsave.%u.%s", i, what);
}

/** What a CPU's description says of a component, or `otherwise`. */
static uint64_t component_item(const struct snap_cpu *cpu, unsigned i, const char *what,
			       uint64_t otherwise)
{
	char name[X86_ITEM_NAME_SIZE];
	snap_x86_64_item_name(name, i, what);
	return snap_cpu_get(cpu, name, otherwise);
}

uint64_t snap_x86_64_cpu_mask(const struct snap_cpu *cpu)
{
	return snap_cpu_get(cpu, "xsave.mask", 0);
}

bool snap_x86_64_component(const struct snap_cpu *cpu, unsigned i, size_t *ret_offset,
			   size_t *ret_size)
{
	uint64_t offset = component_item(cpu, i, "offset", 0);
	uint64_t size = component_item(cpu, i, "size", 0);
	size_t limit = snap_x86_64_regsets[SNAP_X86_64_XSTATE].max_size;
	// The description may come from an image: nothing of it is taken on trust.
	if (i >= X86_NR_COMPONENTS || offset < X86_XSAVE_EXTENDED || !size ||
	    offset > limit || size > limit - offset)
		return false;
	*ret_offset = offset;
	*ret_size = size;
	return true;
}

bool snap_x86_64_is_dynamic(const struct snap_cpu *cpu, unsigned i)
{
	return component_item(cpu, i, "flags",
			      i == X86_COMPONENT_TILEDATA ? X86_COMPONENT_DYNAMIC : 0) &
	       X86_COMPONENT_DYNAMIC;
}

size_t snap_x86_64_area_size(const struct snap_cpu *cpu, uint64_t mask)
{
	size_t end = X86_XSAVE_EXTENDED;
	for (unsigned i = 2; i < X86_NR_COMPONENTS; i++) {
		size_t offset, size;
		// Not a sum, nor the last one's end: there are holes, and APX lies low.
		if (mask >> i & 1 && snap_x86_64_component(cpu, i, &offset, &size) &&
		    offset + size > end)
			end = offset + size;
	}
	return end;
}

/** The xstate set of a thread if it is long enough to be one, else NULL. */
static const struct snap_regset *xstate(const struct snap_thread *thread)
{
	const struct snap_regset *set = &thread->regsets[SNAP_X86_64_XSTATE];
	return set->size >= X86_XSAVE_EXTENDED ? set : NULL;
}

uint64_t snap_x86_64_thread_mask(const struct snap_thread *thread)
{
	const struct snap_regset *set = xstate(thread);
	return set ? snap_x86_64_load(set->data + X86_SW_RESERVED, 8) | X86_LEGACY_MASK
		   : 0;
}

uint64_t snap_x86_64_thread_in_use(const struct snap_thread *thread)
{
	const struct snap_regset *set = xstate(thread);
	return set ? snap_x86_64_load(set->data + X86_XSTATE_BV, 8) : 0;
}

uint64_t snap_x86_64_thread_needs(const struct snap_cpu *cpu,
				  const struct snap_thread *thread)
{
	uint64_t in_use = snap_x86_64_thread_in_use(thread);
	size_t offset, size;
	if (in_use >> X86_COMPONENT_PKRU & 1 &&
	    snap_x86_64_locate_component(cpu, thread, SNAP_X86_64_XSTATE,
					 X86_COMPONENT_PKRU, &offset, &size) &&
	    size >= 4 &&
	    snap_x86_64_load(thread->regsets[SNAP_X86_64_XSTATE].data + offset, 4) ==
		    X86_PKRU_LINUX)
		in_use &= ~(UINT64_C(1) << X86_COMPONENT_PKRU);
	return in_use;
}

void snap_x86_64_copy_component(uint8_t *area, const struct snap_cpu *to,
				const struct snap_cpu *from,
				const struct snap_thread *thread, unsigned i)
{
	size_t source, place, size, room;
	if (snap_x86_64_locate_component(from, thread, SNAP_X86_64_XSTATE, i, &source,
					 &size) &&
	    snap_x86_64_component(to, i, &place, &room) && size == room)
		memcpy(area + place, thread->regsets[SNAP_X86_64_XSTATE].data + source,
		       size);
}

const uint8_t *snap_x86_64_legacy(const struct snap_thread *thread)
{
	const struct snap_regset *set = xstate(thread);
	const struct snap_regset *fp = &thread->regsets[SNAP_X86_64_FP];
	if (set)
		return set->data;
	return fp->size >= X86_FXSAVE_SIZE ? fp->data : NULL;
}

const char *snap_x86_64_component_name(unsigned i)
{
	static const char *const names[] = {
		"x87",           "SSE",          "AVX",
		"MPX bounds",    "MPX status",   "AVX-512 mask",
		"AVX-512 low",   "AVX-512 high", "trace",
		"PKRU",          "PASID",        "CET user",
		"CET kernel",    "HDC",          "UINTR",
		"LBR",           "HWP",          "AMX tile configuration",
		"AMX tile data", "APX",
	};
	return i < SNAP_ARRAY_SIZE(names) ? names[i] : "unknown";
}

bool snap_x86_64_locate_component(const struct snap_cpu *cpu,
				  const struct snap_thread *thread, unsigned regset,
				  unsigned component, size_t *ret_offset,
				  size_t *ret_size)
{
	if (regset != SNAP_X86_64_XSTATE || component >= X86_NR_COMPONENTS ||
	    !(snap_x86_64_thread_mask(thread) >> component & 1))
		return false;
	size_t offset, size, room = thread->regsets[regset].size;
	if (!snap_x86_64_component(cpu, component, &offset, &size) || offset > room ||
	    size > room - offset)
		return false;
	*ret_offset = offset;
	*ret_size = size;
	return true;
}

bool snap_x86_64_locate(const struct snap_cpu *cpu, const struct snap_thread *thread,
			unsigned *regset, unsigned component, size_t *ret_offset,
			size_t *ret_size)
{
	return snap_x86_64_locate_component(cpu, thread, *regset, component, ret_offset,
					    ret_size);
}

size_t snap_x86_64_note_size(const struct snap_cpu *cpu,
			     const struct snap_thread *thread, size_t regset)
{
	// Linux has 64 bytes of AMX configuration and 8 KiB of tiles behind the others
	// (GDB 16, i387-tdep.c, i387_guess_xsave_layout, goes by the size).
	uint64_t known = (UINT64_C(1) << (X86_COMPONENT_TILEDATA - 1)) - 1;
	size_t size = thread->regsets[regset].size;
	if (regset != SNAP_X86_64_XSTATE || !snap_x86_64_thread_mask(thread))
		return size;
	size_t wanted =
		snap_x86_64_area_size(cpu, snap_x86_64_thread_mask(thread) & known);
	return wanted < size ? wanted : size;
}
