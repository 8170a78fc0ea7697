// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/unwind/lines.h"

#include <string.h>

/** Bounds the index of a file whose units all claim the same long list of ranges. */
#define MAX_RANGES (1u << 20)

void snap_lines_deinit(struct snap_lines *lines)
{
	free(lines->ranges);
	*lines = (struct snap_lines){ 0 };
}

static snap_err append(struct snap_lines *lines, const struct snap_unit_range *range)
{
	size_t nr = lines->nr_ranges;
	if (!(nr & (nr - 1))) {
		struct snap_unit_range *ranges =
			reallocarray(lines->ranges, nr ? nr * 2 : 1, sizeof(*ranges));
		if (!ranges)
			return &snap_enomem;
		lines->ranges = ranges;
	}
	lines->ranges[lines->nr_ranges++] = *range;
	return SNAP_OK;
}

static snap_err add_unit(struct snap_lines *lines, Dwarf_Die *unit)
{
	struct snap_unit_range range = { .unit = dwarf_dieoffset(unit) };
	Dwarf_Addr base;
	ptrdiff_t offset = 0;
	while (lines->nr_ranges < MAX_RANGES &&
	       (offset = dwarf_ranges(unit, offset, &base, &range.start, &range.end)) >
		       0)
		SNAP_TRY(append(lines, &range));
	return SNAP_OK;
}

static int compare_starts(const void *a, const void *b)
{
	const struct snap_unit_range *one = a, *two = b;
	return (one->start > two->start) - (one->start < two->start);
}

static snap_err index_units(struct snap_lines *lines, Dwfl_Module *module)
{
	lines->is_complete = true;
	Dwarf_Addr bias;
	for (Dwarf_Die *unit = NULL; (unit = dwfl_module_nextcu(module, unit, &bias));)
		SNAP_TRY(add_unit(lines, unit));
	if (lines->nr_ranges)
		qsort(lines->ranges, lines->nr_ranges, sizeof(*lines->ranges),
		      compare_starts);
	return SNAP_OK;
}

static const struct snap_unit_range *find_range(const struct snap_lines *lines,
						Dwarf_Addr address)
{
	size_t low = 0, high = lines->nr_ranges;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (lines->ranges[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	const struct snap_unit_range *range = low ? &lines->ranges[low - 1] : NULL;
	return range && address < range->end ? range : NULL;
}

/**
 * By the units' own ranges.
 *
 * dwfl_module_getsrc() knows only the units in .debug_aranges, which clang, rustc and
 * the Go compiler do not write (clang: -fdebug-aranges is off).
 */
static snap_err find_in_units(struct snap_lines *lines, Dwfl_Module *module,
			      Dwarf_Addr address, const char **ret_file, int *ret_line)
{
	Dwarf_Addr bias;
	Dwarf *dwarf = dwfl_module_getdwarf(module, &bias);
	if (!dwarf)
		return SNAP_OK;
	if (!lines->is_complete)
		SNAP_TRY(index_units(lines, module));

	address -= bias;
	const struct snap_unit_range *range = find_range(lines, address);
	Dwarf_Die unit;
	Dwarf_Line *line = range && dwarf_offdie(dwarf, range->unit, &unit)
				   ? dwarf_getsrc_die(&unit, address)
				   : NULL;
	const char *file = line ? dwarf_linesrc(line, NULL, NULL) : NULL;
	if (file && dwarf_lineno(line, ret_line) == 0)
		*ret_file = file;
	return SNAP_OK;
}

snap_err snap_lines_find(struct snap_lines *lines, Dwfl_Module *module,
			 Dwarf_Addr address, const char **ret_file, int *ret_line)
{
	*ret_file = NULL;
	*ret_line = 0;
	Dwfl_Line *line = dwfl_module_getsrc(module, address);
	if (line)
		*ret_file = dwfl_lineinfo(line, NULL, ret_line, NULL, NULL, NULL);
	return *ret_file ? SNAP_OK
			 : find_in_units(lines, module, address, ret_file, ret_line);
}
