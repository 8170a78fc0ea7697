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

/** In bytes: of aarch64 it has 64 KiB of records behind it. */
#define MAX_SIGFRAME ((size_t)72 << 10)

/** Of a frame, as far as its return address, in bytes. */
#define MAX_BACK_CHAIN 32

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
	/** Where libdwfl begins: at that thread, or at `interrupted`. */
	const struct snap_thread *from;
	/** The registers that a signal interrupted. */
	struct snap_thread interrupted;
	/** libdwfl is to begin once more, there. */
	bool goes_on;
	struct snap_backtrace *backtrace;
	/** Of all threads, and since libdwfl began. */
	size_t nr_frames;
	size_t nr_walked;
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
	snap_thread_deinit(&unwinder->interrupted);
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

/**
 * The number by which libdwfl takes the bits of return addresses that are signatures
 * (elfutils 0.191, libdwfl.h); older ones refuse it, and do not know them.
 */
#define SIGNATURE_BITS (-2)

static bool set_initial_registers(Dwfl_Thread *thread, void *context)
{
	const struct unwinder *unwinder = context;
	const struct snap_arch *arch = unwinder->snapshot->arch;
	const struct snap_thread *of = unwinder->from;
	if (!of->regsets[0].size)
		return false;
	for (unsigned i = 0; i < arch->nr_dwarf_registers; i++) {
		uint64_t value;
		// libdwfl unwinds with the integer registers alone and refuses others.
		if (arch->dwarf_register(of, i, &value))
			dwfl_thread_state_registers(thread, (int)i, 1, &value);
	}
	dwfl_thread_state_register_pc(thread, arch->pc(of));
	uint64_t bits = arch->signature_bits ? arch->signature_bits(of) : 0;
	if (bits)
		dwfl_thread_state_registers(thread, SIGNATURE_BITS, 1, &bits);
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
	bool is_known =
		!unwinder->module || unwinder->module->state == SNAP_MODULE_USABLE;
	// A stack can begin with a frame at zero, which has its return address behind
	// that (64-bit ELF V2 ABI Specification, 2.2.2.1: the back chain).
	bool is_start = unwinder->missing < MAX_BACK_CHAIN && is_known &&
			backtrace->nr_frames > 1;
	// libdwfl takes a return address that it could not read for the end.
	if (unwinder->is_memory_missing)
		return is_start ? SNAP_OK
				: snap_backtrace_end(backtrace,
						     "the memory at 0x%" PRIx64
						     " is not in the snapshot",
						     unwinder->missing);
	// On aarch64 it takes what it cannot unwind for the end.
	if (is_complete && is_known)
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
	bool is_innermost = !unwinder->nr_walked, is_activation;
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
	unwinder->nr_walked++;
	unwinder->module = module;
	unwinder->is_memory_missing = false;
	*ret_is_last = false;
	// Unwinds one frame further to find out: the module has to be there by now.
	dwfl_frame_pc(frame, &pc, &is_activation);
	return module ? snap_symbols_describe(&unwinder->symbols, module,
					      is_activation ? pc : pc - 1, out)
		      : SNAP_OK;
}

/** The bytes at an address, as many as are known of `size`. */
static snap_err read_some(struct unwinder *unwinder, uint64_t address, size_t size,
			  struct snap_buffer *ret)
{
	uint8_t bytes[512];
	for (size_t at = 0, some; at < size; at += some) {
		some = sizeof(bytes) - (address + at) % sizeof(bytes);
		some = some < size - at ? some : size - at;
		if (!snap_unwind_read(unwinder->snapshot, &unwinder->files,
				      address + at, bytes, some))
			break;
		SNAP_TRY(snap_buffer_append(ret, bytes, some));
	}
	return SNAP_OK;
}

/** Go on with what a signal interrupted, if there is a frame at an address. */
static snap_err decode(struct unwinder *unwinder, uint64_t address)
{
	const struct snap_snapshot *snapshot = unwinder->snapshot;
	_cleanup_buffer_ struct snap_buffer bytes = { 0 };
	SNAP_TRY(read_some(unwinder, address, MAX_SIGFRAME, &bytes));
	struct snap_thread interrupted;
	_cleanup_error_ snap_err error =
		snapshot->arch->sigframe_decode(&snapshot->cpu, bytes.data, bytes.size,
						address, &interrupted);
	if (error)
		return error->kind == SNAP_ERROR_CORRUPT ? SNAP_OK : snap_take(error);
	snap_thread_deinit(&unwinder->interrupted);
	unwinder->interrupted = interrupted;
	// Of POWER any bytes are a frame.
	if (!snap_vmas_find(&snapshot->vmas, snapshot->arch->sp(&interrupted)))
		return SNAP_OK;
	unwinder->from = &unwinder->interrupted;
	unwinder->goes_on = true;
	return SNAP_OK;
}

/**
 * Where a signal handler returns to the kernel's code, the signal frame has what was
 * interrupted. The unwind information of the vdso is not followed: on aarch64 it leads
 * to the caller of that, on POWER libdwfl does not understand it, and the vdso of
 * another kernel is not at hand.
 */
static snap_err find_interrupted(struct unwinder *unwinder, Dwfl_Frame *frame)
{
	const struct snap_arch *arch = unwinder->snapshot->arch;
	Dwarf_Word sp;
	if (!arch->trampoline.is_in_vdso || unwinder->nr_walked < 2 ||
	    !unwinder->module || !snap_module_is_vdso(unwinder->module) ||
	    dwfl_frame_reg(frame, arch->trampoline.dwarf_sp, &sp))
		return SNAP_OK;
	return decode(unwinder, sp + arch->trampoline.to_frame);
}

static int on_frame(Dwfl_Frame *frame, void *context)
{
	struct unwinder *unwinder = context;
	bool is_last;
	unwinder->error = take_frame(unwinder, frame, &is_last);
	if (!unwinder->error && !is_last)
		unwinder->error = find_interrupted(unwinder, frame);
	return unwinder->error || is_last || unwinder->goes_on ? DWARF_CB_ABORT
							       : DWARF_CB_OK;
}

static int on_thread(Dwfl_Thread *thread, void *context)
{
	struct unwinder *unwinder = context;
	int result;
	unwinder->module = NULL;
	unwinder->is_memory_missing = false;
	unwinder->from = &unwinder->snapshot->threads[unwinder->thread];
	do {
		unwinder->goes_on = false;
		unwinder->nr_walked = 0;
		result = dwfl_thread_getframes(thread, on_frame, unwinder);
	} while (unwinder->goes_on);
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
