/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_CAPTURE_ATTRIBUTES_H
#define SNAP_CAPTURE_ATTRIBUTES_H

#include "core/inject/room.h"
#include "core/model/snapshot.h"

/**
 * @file
 * The attributes that the kernel tells only to who has them. What it does not know is
 * left unknown.
 */

_must_check_ snap_err snap_ask_process_attributes(struct snap_room *room,
						  struct snap_borrowed *who,
						  struct snap_snapshot *snapshot);

/** Calls that ask a thread, and the bytes that they answer into. */
#define SNAP_NR_THREAD_QUESTIONS    8
#define SNAP_THREAD_QUESTIONS_SPACE 16

/** @param data SNAP_THREAD_QUESTIONS_SPACE bytes in the process. */
void snap_make_thread_questions(uint64_t data,
				struct snap_call ret[SNAP_NR_THREAD_QUESTIONS]);

/** @param answers What is at `data` after the calls. */
void snap_take_thread_answers(const struct snap_call calls[SNAP_NR_THREAD_QUESTIONS],
			      const uint8_t answers[SNAP_THREAD_QUESTIONS_SPACE],
			      struct snap_attribute_values *ret);

/** Copy what a process answers to snap_ask_process_attributes(), and nothing else. */
void snap_copy_process_answers(const struct snap_attribute_values *from,
			       struct snap_attribute_values *to);

#endif
