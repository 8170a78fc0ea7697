// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/unwind/symbols.h"

#include <search.h>
#include <string.h>

#include "core/unwind/backtrace.h"
#include "core/unwind/demangle.h"

/** What is known of an address. */
struct symbol {
	uint64_t address;
	char *function;
	/** Where the function starts. */
	uint64_t start;
	char *file;
	int line;
};

static void symbol_destroy(void *node)
{
	struct symbol *symbol = node;
	if (!symbol)
		return;
	free(symbol->function);
	free(symbol->file);
	free(symbol);
}

static void symbol_cleanup(struct symbol **symbol)
{
	symbol_destroy(*symbol);
}

void snap_symbols_deinit(struct snap_symbols *symbols)
{
	tdestroy(symbols->tree, symbol_destroy);
	symbols->tree = NULL;
}

static int compare_addresses(const void *a, const void *b)
{
	const struct symbol *one = a, *two = b;
	return (one->address > two->address) - (one->address < two->address);
}

static snap_err look_up(struct snap_module *module, uint64_t address,
			struct symbol *symbol)
{
	GElf_Off offset;
	GElf_Sym entry;
	const char *function = dwfl_module_addrinfo(module->dwfl, address, &offset,
						    &entry, NULL, NULL, NULL);
	SNAP_TRY(snap_unwind_demangle(function, &symbol->function));
	symbol->start = function ? address - offset : 0;

	const char *file;
	SNAP_TRY(snap_lines_find(&module->lines, module->dwfl, address, &file,
				 &symbol->line));
	return snap_backtrace_copy_text(file, &symbol->file);
}

/** The symbol of an address, looked up once. */
static snap_err find(struct snap_symbols *symbols, struct snap_module *module,
		     uint64_t address, const struct symbol **ret)
{
	struct symbol key = { .address = address };
	struct symbol **node = tfind(&key, &symbols->tree, compare_addresses);
	if (node) {
		*ret = *node;
		return SNAP_OK;
	}
	_cleanup_(symbol_cleanup) struct symbol *symbol = calloc(1, sizeof(*symbol));
	if (!symbol)
		return &snap_enomem;
	symbol->address = address;
	SNAP_TRY(look_up(module, address, symbol));
	if (!tsearch(symbol, &symbols->tree, compare_addresses))
		return &snap_enomem;
	*ret = snap_take(symbol);
	return SNAP_OK;
}

snap_err snap_symbols_describe(struct snap_symbols *symbols, struct snap_module *module,
			       uint64_t address, struct snap_frame *frame)
{
	if (module->vma->name[0])
		SNAP_TRY(snap_backtrace_copy_text(module->vma->name, &frame->module));
	if (module->state != SNAP_MODULE_USABLE)
		return SNAP_OK;

	const struct symbol *symbol;
	SNAP_TRY(find(symbols, module, address, &symbol));
	SNAP_TRY(snap_backtrace_copy_text(symbol->function, &frame->function));
	if (symbol->function)
		frame->function_offset = frame->pc - symbol->start;
	frame->line = symbol->line;
	return snap_backtrace_copy_text(symbol->file, &frame->file);
}
