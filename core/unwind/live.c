// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/unwind/unwind.h"

#include <elfutils/libdwfl.h>
#include <errno.h>
#include <libunwind-ptrace.h>
#include <stdbool.h>
#include <string.h>

#include "core/unwind/backtrace.h"
#include "core/unwind/demangle.h"

/** Names longer than this are cut: templates of C++ know no bounds. */
#define MAX_NAME 4096

/** What libunwind and libdwfl hold while a thread is walked. */
struct walk {
	unw_addr_space_t space;
	void *tracee;
	/** Only for the names of modules. */
	Dwfl *dwfl;
};

static void walk_deinit(struct walk *walk)
{
	if (walk->dwfl)
		dwfl_end(walk->dwfl);
	if (walk->tracee)
		_UPT_destroy(walk->tracee);
	if (walk->space)
		unw_destroy_addr_space(walk->space);
}

static snap_err walk_init(struct walk *walk, pid_t tid)
{
	static const Dwfl_Callbacks callbacks = {
		.find_elf = dwfl_linux_proc_find_elf,
	};
	walk->space = unw_create_addr_space(&_UPT_accessors, 0);
	walk->tracee = walk->space ? _UPT_create(tid) : NULL;
	walk->dwfl = walk->tracee ? dwfl_begin(&callbacks) : NULL;
	if (!walk->dwfl)
		return &snap_enomem;
	unw_set_caching_policy(walk->space, UNW_CACHE_GLOBAL);

	int os_errno = dwfl_linux_proc_report(walk->dwfl, tid);
	// There is no /proc/TID: that is what ESRCH is to a system call.
	if (os_errno > 0)
		return snap_error_os(os_errno == ENOENT ? ESRCH : os_errno,
				     "cannot read the mappings of thread %d", (int)tid);
	dwfl_report_end(walk->dwfl, NULL, NULL);
	return SNAP_OK;
}

static snap_err describe_module(Dwfl *dwfl, uint64_t address, struct snap_frame *frame)
{
	Dwfl_Module *module = dwfl_addrmodule(dwfl, address);
	if (!module)
		return SNAP_OK;
	const char *name =
		dwfl_module_info(module, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
	// libdwfl's "[vdso: 1234]" is the kernel's "[vdso]".
	return snap_backtrace_copy_text(strncmp(name, "[vdso", 5) ? name : "[vdso]",
					&frame->module);
}

/**
 * Whether a procedure starts where its name says.
 *
 * libunwind names an address after the nearest exported symbol below, however far and
 * whatever its size: start_thread() becomes pthread_condattr_setpshared(). The unwind
 * information knows where the procedure really starts.
 */
static bool is_start(unw_cursor_t *cursor, uint64_t start)
{
	unw_proc_info_t info;
	return unw_get_proc_info(cursor, &info) != 0 || info.start_ip == start;
}

static snap_err describe_function(unw_cursor_t *cursor, struct snap_frame *frame)
{
	char name[MAX_NAME];
	unw_word_t offset = 0;
	int result = unw_get_proc_name(cursor, name, sizeof(name), &offset);
	if ((result && result != -UNW_ENOMEM) || !name[0] ||
	    !is_start(cursor, frame->pc - offset))
		return SNAP_OK;
	frame->function_offset = offset;
	return snap_unwind_demangle(name, &frame->function);
}

static snap_err take_frame(const struct walk *walk, unw_cursor_t *cursor,
			   struct snap_backtrace *backtrace)
{
	unw_word_t pc = 0;
	unw_get_reg(cursor, UNW_REG_IP, &pc);
	bool is_innermost = !backtrace->nr_frames;
	struct snap_frame *frame;
	SNAP_TRY(snap_backtrace_append(backtrace, pc, &frame));
	SNAP_TRY(describe_module(walk->dwfl, is_innermost ? pc : pc - 1, frame));
	return describe_function(cursor, frame);
}

/** Walk to the end, or to where it is cut. */
static snap_err take_frames(const struct walk *walk, unw_cursor_t *cursor,
			    struct snap_backtrace *backtrace)
{
	while (backtrace->nr_frames < SNAP_MAX_FRAMES) {
		SNAP_TRY(take_frame(walk, cursor, backtrace));
		int result = unw_step(cursor);
		if (result < 0)
			return snap_backtrace_end(backtrace, "libunwind says: %s",
						  unw_strerror(result));
		if (!result)
			return SNAP_OK;
	}
	return snap_backtrace_end(backtrace, "cut after %d frames", SNAP_MAX_FRAMES);
}

snap_err snap_unwind_live(pid_t tid, struct snap_backtrace *ret)
{
	_cleanup_(walk_deinit) struct walk walk = { 0 };
	SNAP_TRY(walk_init(&walk, tid));
	unw_cursor_t cursor;
	int result = unw_init_remote(&cursor, walk.space, walk.tracee);
	if (result)
		return snap_error_create(SNAP_ERROR_GONE,
					 "cannot unwind thread %d: libunwind says: %s",
					 (int)tid, unw_strerror(result));

	_cleanup_backtrace_ struct snap_backtrace backtrace = { 0 };
	SNAP_TRY(take_frames(&walk, &cursor, &backtrace));
	*ret = backtrace;
	backtrace = (struct snap_backtrace){ 0 };
	return SNAP_OK;
}
