// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/unwind/names.h"

#include "core/unwind/debug_file.h"
#include "core/unwind/demangle.h"
#include "core/unwind/modules.h"

struct session {
	const struct snap_snapshot *snapshot;
	struct snap_files files;
	struct snap_modules modules;
	Dwfl *dwfl;
};

static void session_deinit(struct session *session)
{
	if (session->dwfl)
		dwfl_end(session->dwfl);
	snap_modules_deinit(&session->modules);
	snap_files_deinit(&session->files);
}

void snap_names_destroy(struct snap_name *names, size_t nr)
{
	if (!names)
		return;
	for (size_t i = 0; i < nr; i++)
		free(names[i].name);
	free(names);
}

/** More mappings than any linker puts between a file's code and the end of its data. */
#define MAX_DISTANCE 16

/** The code of the file that data at an address may belong to: it lies before. */
static const struct snap_vma *find_code(const struct snap_vmas *vmas, uint64_t address)
{
	const struct snap_vma *vma = snap_vmas_find(vmas, address);
	if (!vma)
		return NULL;
	size_t last = (size_t)(vma - vmas->list);
	for (size_t i = 0; i <= last && i < MAX_DISTANCE; i++, vma--)
		if (vma->prot & SNAP_VMA_EXEC && snap_vma_is_file(vma))
			return vma;
	return NULL;
}

/** Look up an address in a module; what is behind a symbol's end is not the symbol. */
static snap_err look_up(Dwfl_Module *module, uint64_t address, struct snap_name *ret)
{
	Dwarf_Addr start, end;
	dwfl_module_info(module, NULL, &start, &end, NULL, NULL, NULL, NULL);
	if (address < start || address >= end)
		return SNAP_OK;
	GElf_Off offset;
	GElf_Sym symbol;
	const char *name = dwfl_module_addrinfo(module, address, &offset, &symbol, NULL,
						NULL, NULL);
	if (!name || offset >= (symbol.st_size ? symbol.st_size : 1))
		return SNAP_OK;
	ret->offset = offset;
	return snap_unwind_demangle(name, &ret->name);
}

static snap_err find_name(struct session *session, uint64_t address,
			  struct snap_name *ret)
{
	const struct snap_vma *code = find_code(&session->snapshot->vmas, address);
	if (!code)
		return SNAP_OK;
	struct snap_module *module;
	SNAP_TRY(snap_modules_find(&session->modules, code->start, &module));
	return module && module->dwfl ? look_up(module->dwfl, address, ret) : SNAP_OK;
}

static snap_err begin(struct session *session)
{
	static const Dwfl_Callbacks callbacks = {
		.find_elf = dwfl_build_id_find_elf,
		.find_debuginfo = snap_unwind_find_debuginfo,
	};
	elf_version(EV_CURRENT);
	session->dwfl = dwfl_begin(&callbacks);
	if (!session->dwfl)
		return &snap_enomem;
	session->files.snapshot = session->snapshot;
	session->modules = (struct snap_modules){
		.snapshot = session->snapshot,
		.files = &session->files,
		.dwfl = session->dwfl,
	};
	return SNAP_OK;
}

static snap_err find_names(struct session *session, const uint64_t *addresses,
			   size_t nr, struct snap_name *names)
{
	SNAP_TRY(begin(session));
	for (size_t i = 0; i < nr; i++)
		SNAP_TRY(find_name(session, addresses[i], &names[i]));
	return SNAP_OK;
}

snap_err snap_unwind_names(const struct snap_snapshot *snapshot,
			   const uint64_t *addresses, size_t nr, struct snap_name **ret)
{
	_cleanup_(session_deinit) struct session session = { .snapshot = snapshot };
	struct snap_name *names = calloc(nr + 1, sizeof(*names));
	if (!names)
		return &snap_enomem;
	snap_err error = find_names(&session, addresses, nr, names);
	if (error) {
		snap_names_destroy(names, nr);
		return error;
	}
	*ret = names;
	return SNAP_OK;
}
