// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/session/known.h"

#include "arch/machine.h"
#include "core/tracee/guards.h"
#include "core/tracee/proc.h"

void snap_known_deinit(struct snap_known *known)
{
	snap_cpu_deinit(&known->machine);
	snap_vma_book_destroy(known->vma_book);
	snap_vma_program_deinit(&known->vma_program);
	snap_task_book_deinit(&known->task_book);
	snap_task_programs_deinit(&known->task_programs);
	*known = (struct snap_known){ 0 };
}

/** What is known of this process, which may have another's number. */
static snap_err use_book(struct snap_known *known, struct snap_tracee *tracee)
{
	uint64_t start_time;
	SNAP_TRY(snap_proc_read_start_time(tracee, &start_time));
	struct snap_vma_book *book = known->vma_book;
	if (!book || book->pid != tracee->pid || book->start_time != start_time) {
		SNAP_TRY(snap_vma_book_create(&known->vma_program, tracee->pid,
					      start_time, &book));
		snap_vma_book_destroy(known->vma_book);
		known->vma_book = book;
		snap_task_book_deinit(&known->task_book);
	}
	snap_task_programs_make(&known->task_programs);
	known->task_book.programs = &known->task_programs;
	tracee->vma_book = book;
	tracee->task_book = &known->task_book;
	return SNAP_OK;
}

snap_err snap_known_use(struct snap_known *known, struct snap_tracee *tracee)
{
	if (!known->machine.nr_items) {
		SNAP_TRY(snap_kernel_tells_guards(&known->tells_guards));
		SNAP_TRY(snap_machine_describe(&known->machine));
	}
	tracee->tells_guards = known->tells_guards;
	tracee->machine = &known->machine;
	return use_book(known, tracee);
}
