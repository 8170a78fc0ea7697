// SPDX-License-Identifier: GPL-3.0-or-later
#include "arch/arch.h"

#include <string.h>

#define SNAP_ARCH(name) extern const struct snap_arch snap_arch_##name;
#include "arch/arches.def"
#undef SNAP_ARCH

const struct snap_arch *const snap_arches[] = {
#define SNAP_ARCH(name) &snap_arch_##name,
#include "arch/arches.def"
#undef SNAP_ARCH
	NULL,
};

const struct snap_arch *snap_arch_by_name(const char *name)
{
	for (const struct snap_arch *const *arch = snap_arches; *arch; arch++)
		if (!strcmp((*arch)->name, name))
			return *arch;
	return NULL;
}

const struct snap_arch *snap_arch_by_elf(uint16_t machine, uint8_t elf_class,
					 uint8_t data)
{
	for (const struct snap_arch *const *arch = snap_arches; *arch; arch++)
		if ((*arch)->elf_machine == machine &&
		    (*arch)->elf_class == elf_class && (*arch)->elf_data == data)
			return *arch;
	return NULL;
}

const struct snap_arch *snap_arch_host(void)
{
	for (const struct snap_arch *const *arch = snap_arches; *arch; arch++)
		if ((*arch)->probe)
			return *arch;
	return NULL;
}

int snap_arch_find_regset(const struct snap_arch *arch, const char *owner,
			  uint32_t note_type)
{
	for (size_t i = 0; i < arch->nr_regsets; i++)
		if (arch->regsets[i].note_type == note_type &&
		    !strcmp(arch->regsets[i].owner, owner))
			return (int)i;
	return -1;
}

bool snap_arch_has_shadow_stack(const struct snap_arch *arch,
				const struct snap_thread *thread)
{
	uint64_t mode = 0;
	const struct snap_regset *set = &thread->regsets[arch->shadow_stack_regset];
	if (arch->shadow_stack_regset && set->size >= sizeof(mode))
		memcpy(&mode, set->data, sizeof(mode));
	return mode;
}

/** Whether all register sets have the same bytes: then no register differs. */
static bool is_same(const struct snap_arch *arch, const struct snap_thread *a,
		    const struct snap_thread *b)
{
	for (size_t i = 0; i < arch->nr_regsets; i++) {
		const struct snap_regset *one = &a->regsets[i], *other = &b->regsets[i];
		if (one->size != other->size ||
		    (one->size && memcmp(one->data, other->data, one->size) != 0))
			return false;
	}
	return true;
}

void snap_arch_compare(const struct snap_arch *arch, const struct snap_cpu *cpu,
		       const struct snap_thread *wanted,
		       const struct snap_thread *actual, snap_difference_fn *found,
		       void *context)
{
	if (!is_same(arch, wanted, actual))
		arch->compare(cpu, wanted, actual, found, context);
}

/** Where a piece is in a thread. */
struct place {
	unsigned regset;
	size_t offset;
	size_t size;
};

/** False when the thread does not have the piece. */
static bool locate_piece(const struct snap_arch *arch, const struct snap_cpu *cpu,
			 const struct snap_thread *thread,
			 const struct snap_register_desc *desc,
			 const struct snap_register_piece *piece, struct place *ret)
{
	unsigned regset = piece->regset;
	size_t base = 0, room = thread->regsets[regset].size;
	if (piece->component >= 0 &&
	    !arch->locate_component(cpu, thread, &regset, (unsigned)piece->component,
				    &base, &room))
		return false;
	size_t size = desc->is_scalable && room < piece->size ? room : piece->size;
	if (piece->offset > room || size > room - piece->offset)
		return false;
	*ret = (struct place){
		.regset = regset,
		.offset = base + piece->offset,
		.size = size,
	};
	return true;
}

size_t snap_arch_register_size(const struct snap_arch *arch, const struct snap_cpu *cpu,
			       const struct snap_thread *thread,
			       const struct snap_register_desc *desc)
{
	size_t size = 0;
	for (size_t i = 0; i < SNAP_MAX_PIECES && desc->pieces[i].size; i++) {
		struct place place;
		if (!locate_piece(arch, cpu, thread, desc, &desc->pieces[i], &place))
			return 0;
		size += place.size;
	}
	return size;
}

bool snap_arch_read_register(const struct snap_arch *arch, const struct snap_cpu *cpu,
			     const struct snap_thread *thread,
			     const struct snap_register_desc *desc, uint8_t *ret)
{
	for (size_t i = 0; i < SNAP_MAX_PIECES && desc->pieces[i].size; i++) {
		struct place place;
		if (!locate_piece(arch, cpu, thread, desc, &desc->pieces[i], &place))
			return false;
		memcpy(ret, thread->regsets[place.regset].data + place.offset,
		       place.size);
		ret += place.size;
	}
	return true;
}

bool snap_arch_read_thread_pointer(const struct snap_arch *arch,
				   const struct snap_cpu *cpu,
				   const struct snap_thread *thread, uint64_t *ret)
{
	const char *name = arch->foreign ? arch->foreign->thread_pointer : NULL;
	for (size_t i = 0; name && i < arch->nr_registers; i++)
		if (!strcmp(arch->registers[i].name, name) &&
		    arch->registers[i].size == sizeof(*ret))
			return snap_arch_read_register(arch, cpu, thread,
						       &arch->registers[i],
						       (uint8_t *)ret);
	return false;
}
