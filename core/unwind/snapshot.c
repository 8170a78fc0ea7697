// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/unwind/unwind.h"

#include <inttypes.h>

#include "arch/arch.h"
#include "core/unwind/backtrace.h"
#include "core/unwind/debug_file.h"
#include "core/unwind/memory.h"
#include "core/unwind/modules.h"
#include "core/unwind/symbols.h"

/**
 * @file
 * Backtraces of a snapshot: libdwfl asks for threads, registers and memory through
 * callbacks, and is told of a module just before it needs it.
 */

/** Bounds the frames of all threads together, for images made to exhaust memory. */
#define MAX_FRAMES_OF_ALL (1u << 20)

/** One session: what the callbacks of libdwfl work on. */
struct unwinder {
	const struct snap_snapshot *snapshot;
	struct snap_files files;
	struct snap_modules modules;
	struct snap_symbols symbols;
	/** An ELF header and nothing else: tells libdwfl the architecture. */
	char header[sizeof(Elf64_Ehdr)];
	Elf *machine;
	Dwfl *dwfl;

	/** The thread that is unwound, and its backtrace. */
	size_t thread;
	struct snap_backtrace *backtrace;
	size_t nr_frames;
	/** Of the last frame; NULL: there is no code at its pc. */
	struct snap_module *module;
	/** The memory that was asked for in the last step and is not known. */
	bool is_memory_missing;
	uint64_t missing;
	/** What a callback of libdwfl could not return. */
	snap_err error;
};

static void unwinder_deinit(struct unwinder *unwinder)
{
	snap_error_destroy(unwinder->error);
	snap_symbols_deinit(&unwinder->symbols);
	if (unwinder->dwfl)
		dwfl_end(unwinder->dwfl);
	snap_modules_deinit(&unwinder->modules);
	snap_files_deinit(&unwinder->files);
	elf_end(unwinder->machine);
}

/** Threads go by their place in the list: libdwfl takes 0 for the end, images lie. */
static pid_t next_thread(Dwfl *dwfl, void *context, void **thread_context)
{
	struct unwinder *unwinder = context;
	bool is_first = !*thread_context;
	*thread_context = unwinder;
	unwinder->thread = is_first ? 0 : unwinder->thread + 1;
	return unwinder->thread < unwinder->snapshot->nr_threads
		       ? (pid_t)unwinder->thread + 1
		       : 0;
}

static bool memory_read(Dwfl *dwfl, Dwarf_Addr address, Dwarf_Word *ret, void *context)
{
	struct unwinder *unwinder = context;
	uint64_t word;
	if (!snap_unwind_read_word(unwinder->snapshot, &unwinder->files, address,
				   &word)) {
		unwinder->is_memory_missing = true;
		unwinder->missing = address;
		return false;
	}
	*ret = word;
	return true;
}

static bool set_initial_registers(Dwfl_Thread *thread, void *context)
{
	const struct unwinder *unwinder = context;
	const struct snap_arch *arch = unwinder->snapshot->arch;
	const struct snap_thread *of = &unwinder->snapshot->threads[unwinder->thread];
	if (!of->regsets[0].size)
		return false;
	for (unsigned i = 0; i < arch->nr_dwarf_registers; i++) {
		uint64_t value;
		// libdwfl unwinds with the integer registers alone and refuses others.
		if (arch->dwarf_register(of, i, &value))
			dwfl_thread_state_registers(thread, (int)i, 1, &value);
	}
	dwfl_thread_state_register_pc(thread, arch->pc(of));
	return true;
}

/** Why libdwfl cannot go on from the last frame, in terms of its code. */
static snap_err explain_code(struct snap_backtrace *backtrace,
			     const struct snap_module *module, uint64_t pc)
{
	static const char *const formats[] = {
		[SNAP_MODULE_USABLE] = "no unwind information for 0x%" PRIx64 " in %s",
		[SNAP_MODULE_ANONYMOUS] = "no unwind information for 0x%" PRIx64
					  ", in code that the program made itself%.0s",
		[SNAP_MODULE_VDSO] =
			"0x%" PRIx64
			" is in the vdso, which is the kernel's and not in the snapshot%.0s",
		[SNAP_MODULE_FILE_GONE] = "no unwind information for 0x%" PRIx64
					  ": %s is gone or cannot be read",
		[SNAP_MODULE_FILE_CHANGED] = "no unwind information for 0x%" PRIx64
					     ": %s is not the file that was mapped",
		[SNAP_MODULE_UNFIT] = "no unwind information for 0x%" PRIx64
				      ": %s was not loaded as its headers say",
		[SNAP_MODULE_TOO_MANY] = "no unwind information for 0x%" PRIx64
					 ": %s is one file too many",
	};
	if (!module)
		return snap_backtrace_end(backtrace, "there is no code at 0x%" PRIx64,
					  pc);
	return snap_backtrace_end(backtrace, formats[module->state], pc,
				  snap_module_short_name(module));
}

/** Why the backtrace ends where it ends. */
static snap_err explain_end(struct unwinder *unwinder, bool is_complete)
{
	struct snap_backtrace *backtrace = unwinder->backtrace;
	if (!backtrace->nr_frames)
		return snap_backtrace_end(
			backtrace, "the thread's registers are not in the snapshot");
	// libdwfl takes a return address that it could not read for the end.
	if (unwinder->is_memory_missing)
		return snap_backtrace_end(backtrace,
					  "the memory at 0x%" PRIx64
					  " is not in the snapshot",
					  unwinder->missing);
	if (is_complete)
		return SNAP_OK;
	return explain_code(backtrace, unwinder->module,
			    backtrace->frames[backtrace->nr_frames - 1].pc);
}

/**
 * Whether a frame can be believed in: its pc, or the call before it, is code. Where
 * there is no unwind information, libdwfl follows the frame pointer, which may be
 * anything.
 */
static snap_err find_module(struct unwinder *unwinder, uint64_t pc, bool is_innermost,
			    struct snap_module **ret)
{
	struct snap_module *module, *before = NULL;
	SNAP_TRY(snap_modules_find(&unwinder->modules, pc, &module));
	if (!is_innermost)
		SNAP_TRY(snap_modules_find(&unwinder->modules, pc - 1, &before));
	*ret = before ? before : module;
	return SNAP_OK;
}

/**
 * Append a frame.
 *
 * @param[out] ret_is_last The backtrace is not to be followed behind it.
 */
static snap_err take_frame(struct unwinder *unwinder, Dwfl_Frame *frame,
			   bool *ret_is_last)
{
	struct snap_backtrace *backtrace = unwinder->backtrace;
	bool is_innermost = !backtrace->nr_frames, is_activation;
	Dwarf_Addr pc;
	*ret_is_last = true;
	dwfl_frame_pc(frame, &pc, NULL);
	// Zero for the return address is how a hand-made stack says where it begins.
	if (!is_innermost && !pc)
		return SNAP_OK;
	if (backtrace->nr_frames == SNAP_MAX_FRAMES)
		return snap_backtrace_end(backtrace, "cut after %d frames",
					  SNAP_MAX_FRAMES);
	if (unwinder->nr_frames == MAX_FRAMES_OF_ALL)
		return snap_backtrace_end(
			backtrace, "cut: the snapshot has more than %u frames in all",
			MAX_FRAMES_OF_ALL);
	struct snap_module *module;
	SNAP_TRY(find_module(unwinder, pc, is_innermost, &module));
	if (!is_innermost && !module)
		return explain_code(backtrace, unwinder->module,
				    backtrace->frames[backtrace->nr_frames - 1].pc);

	struct snap_frame *out;
	SNAP_TRY(snap_backtrace_append(backtrace, pc, &out));
	unwinder->nr_frames++;
	unwinder->module = module;
	unwinder->is_memory_missing = false;
	*ret_is_last = false;
	// Unwinds one frame further to find out: the module has to be there by now.
	dwfl_frame_pc(frame, &pc, &is_activation);
	return module ? snap_symbols_describe(&unwinder->symbols, module,
					      is_activation ? pc : pc - 1, out)
		      : SNAP_OK;
}

static int on_frame(Dwfl_Frame *frame, void *context)
{
	struct unwinder *unwinder = context;
	bool is_last;
	unwinder->error = take_frame(unwinder, frame, &is_last);
	return unwinder->error || is_last ? DWARF_CB_ABORT : DWARF_CB_OK;
}

static int on_thread(Dwfl_Thread *thread, void *context)
{
	struct unwinder *unwinder = context;
	unwinder->module = NULL;
	unwinder->is_memory_missing = false;
	int result = dwfl_thread_getframes(thread, on_frame, unwinder);
	if (!unwinder->error)
		unwinder->error = explain_end(unwinder, result >= 0);
	unwinder->backtrace++;
	return unwinder->error ? DWARF_CB_ABORT : DWARF_CB_OK;
}

/** The architecture's ELF header, from which libdwfl learns how to unwind. */
static snap_err make_machine(struct unwinder *unwinder)
{
	const struct snap_arch *arch = unwinder->snapshot->arch;
	Elf64_Ehdr header = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, arch->elf_class,
			     arch->elf_data, EV_CURRENT },
		.e_type = ET_CORE,
		.e_machine = arch->elf_machine,
		.e_version = EV_CURRENT,
		.e_ehsize = sizeof(header),
	};
	Elf_Data from = { .d_buf = &header,
			  .d_size = sizeof(header),
			  .d_type = ELF_T_EHDR,
			  .d_version = EV_CURRENT };
	Elf_Data to = from;
	to.d_buf = unwinder->header;
	if (!elf64_xlatetof(&to, &from, arch->elf_data))
		return &snap_enomem;
	unwinder->machine = elf_memory(unwinder->header, sizeof(unwinder->header));
	return unwinder->machine ? SNAP_OK : &snap_enomem;
}

static snap_err begin(struct unwinder *unwinder)
{
	static const Dwfl_Callbacks callbacks = {
		.find_elf = dwfl_build_id_find_elf,
		.find_debuginfo = snap_unwind_find_debuginfo,
	};
	static const Dwfl_Thread_Callbacks thread_callbacks = {
		.next_thread = next_thread,
		.memory_read = memory_read,
		.set_initial_registers = set_initial_registers,
	};
	elf_version(EV_CURRENT);
	SNAP_TRY(make_machine(unwinder));
	unwinder->dwfl = dwfl_begin(&callbacks);
	if (!unwinder->dwfl)
		return &snap_enomem;
	unwinder->files.snapshot = unwinder->snapshot;
	unwinder->modules = (struct snap_modules){
		.snapshot = unwinder->snapshot,
		.files = &unwinder->files,
		.dwfl = unwinder->dwfl,
	};
	if (!dwfl_attach_state(unwinder->dwfl, unwinder->machine, 1, &thread_callbacks,
			       unwinder))
		return snap_error_create(
			SNAP_ERROR_UNSUPPORTED,
			"the installed libdw cannot unwind threads of %s",
			unwinder->snapshot->arch->name);
	return SNAP_OK;
}

snap_err snap_unwind_snapshot(const struct snap_snapshot *snapshot,
			      struct snap_backtrace **ret)
{
	_cleanup_(unwinder_deinit) struct unwinder unwinder = { .snapshot = snapshot };
	SNAP_TRY(begin(&unwinder));
	struct snap_backtrace *backtraces =
		calloc(snapshot->nr_threads ? snapshot->nr_threads : 1,
		       sizeof(*backtraces));
	if (!backtraces)
		return &snap_enomem;
	unwinder.backtrace = backtraces;
	dwfl_getthreads(unwinder.dwfl, on_thread, &unwinder);
	if (unwinder.error) {
		snap_backtraces_destroy(backtraces, snapshot->nr_threads);
		return snap_take(unwinder.error);
	}
	*ret = backtraces;
	return SNAP_OK;
}
