/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_IMAGE_NOTE_H
#define SNAP_IMAGE_NOTE_H

#include "arch/arch.h"
#include "core/base/buffer.h"
#include "core/image/fields.h"
#include "core/image/format.h"
#include "core/model/snapshot.h"

/**
 * @file
 * Notes of ELF files, appended to a buffer that begins with a note.
 */

/**
 * Begin a note: what is appended from now on is its contents.
 *
 * @param[out] ret What snap_note_end() wants to have.
 */
_must_check_ snap_err snap_note_begin(struct snap_buffer *notes, const char *owner,
				      uint32_t type, size_t *ret);

/** Begin a note of ours, with its version. */
_must_check_ snap_err snap_note_begin_ours(struct snap_buffer *notes,
					   enum snap_note_type type, size_t *ret);

/** The note is complete. */
_must_check_ snap_err snap_note_end(struct snap_buffer *notes, size_t note);

/**
 * One element of a list in a note of ours: its size, then the members of `object`.
 *
 * @param scratch Empty before the first one, and the caller's.
 */
_must_check_ snap_err snap_notes_put_object(struct snap_buffer *notes,
					    const struct snap_fields *fields,
					    const void *object,
					    struct snap_buffer *scratch);

/** A whole note at once. */
_must_check_ snap_err snap_note_append(struct snap_buffer *notes, const char *owner,
				       uint32_t type, const void *data, size_t size);

/**
 * The notes that every core file has: registers, signals, auxv, mapped files. The
 * selected thread comes first, and each thread is followed by our note on it.
 */
_must_check_ snap_err snap_notes_put_core(struct snap_buffer *notes,
					  const struct snap_snapshot *snapshot);

/** Our note on one thread. */
_must_check_ snap_err snap_notes_put_thread(struct snap_buffer *notes,
					    const struct snap_snapshot *snapshot,
					    const struct snap_thread *thread);

/**
 * Append what a register set has from byte `start` on, without the zeros at its end:
 * behind the note that has what is before it.
 */
_must_check_ snap_err snap_notes_put_rest(struct snap_buffer *notes,
					  const struct snap_regset_desc *desc,
					  const struct snap_regset *set, size_t start);

/** Our notes on the whole process, but on its memory. */
_must_check_ snap_err snap_notes_put_process(struct snap_buffer *notes,
					     const struct snap_snapshot *snapshot);

/** The notes of each family of state; nothing where it was not captured. */
_must_check_ snap_err snap_notes_put_signals(struct snap_buffer *notes,
					     const struct snap_signals *signals);
_must_check_ snap_err snap_notes_put_timers(struct snap_buffer *notes,
					    const struct snap_timers *timers);
_must_check_ snap_err snap_notes_put_pending(struct snap_buffer *notes,
					     const struct snap_thread *thread);

/** Our notes on folder, limits, priorities, names and privileges. */
_must_check_ snap_err snap_notes_put_process_state(
	struct snap_buffer *notes, const struct snap_snapshot *snapshot);
_must_check_ snap_err snap_notes_put_thread_state(struct snap_buffer *notes,
						  const struct snap_thread *thread);
_must_check_ snap_err snap_notes_put_files(struct snap_buffer *notes,
					   const struct snap_fd_table *table);

/**
 * The tags of memory; nothing where there are none.
 *
 * @param ret_offsets Where in `notes` those of each run lie, tags->nr of them.
 */
_must_check_ snap_err snap_notes_put_tags(struct snap_buffer *notes,
					  const struct snap_tags *tags,
					  uint64_t *ret_offsets);

/** Where the held memory lies: SNAP_EXTENTS_NOTE_SIZE(nr) bytes. */
_must_check_ snap_err snap_notes_put_extents(struct snap_buffer *notes,
					     const struct snap_image_extent *extents,
					     size_t nr);

#endif
