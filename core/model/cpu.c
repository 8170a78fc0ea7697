// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/cpu.h"

#include <string.h>

void snap_cpu_deinit(struct snap_cpu *cpu)
{
	for (size_t i = 0; i < cpu->nr_items; i++) {
		free(cpu->items[i].name);
		free(cpu->items[i].text);
	}
	free(cpu->items);
	*cpu = (struct snap_cpu){ 0 };
}

/** The index of the first item whose name is not less than `name`. */
static size_t lower_bound(const struct snap_cpu *cpu, const char *name)
{
	size_t low = 0, high = cpu->nr_items;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(cpu->items[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool has_name(const struct snap_cpu *cpu, size_t index, const char *name)
{
	return index < cpu->nr_items && !strcmp(cpu->items[index].name, name);
}

/** The item of a name, made if need be, its text dropped. */
static snap_err place(struct snap_cpu *cpu, const char *name,
		      struct snap_cpu_item **ret)
{
	size_t index = lower_bound(cpu, name);
	if (!has_name(cpu, index, name)) {
		_cleanup_free_ char *copy = strdup(name);
		struct snap_cpu_item *items =
			reallocarray(cpu->items, cpu->nr_items + 1,
				     sizeof(*cpu->items));
		if (items)
			cpu->items = items;
		if (!items || !copy)
			return &snap_enomem;
		memmove(&items[index + 1], &items[index],
			(cpu->nr_items - index) * sizeof(*items));
		items[index] = (struct snap_cpu_item){ .name = snap_take(copy) };
		cpu->nr_items++;
	}
	free(cpu->items[index].text);
	cpu->items[index].text = NULL;
	*ret = &cpu->items[index];
	return SNAP_OK;
}

snap_err snap_cpu_set(struct snap_cpu *cpu, const char *name, uint64_t value)
{
	struct snap_cpu_item *item;
	SNAP_TRY(place(cpu, name, &item));
	item->value = value;
	return SNAP_OK;
}

snap_err snap_cpu_set_text(struct snap_cpu *cpu, const char *name, const char *text)
{
	_cleanup_free_ char *copy = strdup(text);
	if (!copy)
		return &snap_enomem;
	struct snap_cpu_item *item;
	SNAP_TRY(place(cpu, name, &item));
	item->value = 0;
	item->text = snap_take(copy);
	return SNAP_OK;
}

const struct snap_cpu_item *snap_cpu_find(const struct snap_cpu *cpu, const char *name)
{
	size_t index = lower_bound(cpu, name);
	return has_name(cpu, index, name) ? &cpu->items[index] : NULL;
}

uint64_t snap_cpu_get(const struct snap_cpu *cpu, const char *name, uint64_t otherwise)
{
	const struct snap_cpu_item *item = snap_cpu_find(cpu, name);
	return item && !item->text ? item->value : otherwise;
}

snap_err snap_cpu_copy(const struct snap_cpu *cpu, struct snap_cpu *ret)
{
	_cleanup_cpu_ struct snap_cpu copy = { 0 };
	for (size_t i = 0; i < cpu->nr_items; i++) {
		const struct snap_cpu_item *item = &cpu->items[i];
		if (item->text)
			SNAP_TRY(snap_cpu_set_text(&copy, item->name, item->text));
		else
			SNAP_TRY(snap_cpu_set(&copy, item->name, item->value));
	}
	*ret = copy;
	copy = (struct snap_cpu){ 0 };
	return SNAP_OK;
}
