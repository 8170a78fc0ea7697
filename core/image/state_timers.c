// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/note.h"
#include "core/image/parse.h"

/**
 * @file
 * The note on timers.
 */

/** Which of the lists of the note mean something. */
enum {
	HAS_TIMES = 1 << 0,
	HAS_LIST = 1 << 1
};

#define TIMER(member) SNAP_FIELD(UINT, struct snap_timer, member)

static const struct snap_field timer_fields[] = {
	TIMER(id),     TIMER(clock),         TIMER(signal),
	TIMER(notify), TIMER(tid),           TIMER(overrun),
	TIMER(value),  TIMER(time.interval), TIMER(time.left),
};
static const struct snap_fields snap_timer_fields = SNAP_FIELDS(timer_fields);

#define INTERVAL(which)                                                  \
	SNAP_FIELD(UINT, struct snap_timers, intervals[which].interval), \
		SNAP_FIELD(UINT, struct snap_timers, intervals[which].left)

static const struct snap_field interval_fields[] = {
	INTERVAL(0),
	INTERVAL(1),
	INTERVAL(2),
};
static const struct snap_fields snap_interval_fields = SNAP_FIELDS(interval_fields);

snap_err snap_notes_put_timers(struct snap_buffer *notes,
			       const struct snap_timers *timers)
{
	_cleanup_buffer_ struct snap_buffer record = { 0 };
	uint32_t members = HAS_TIMES | (timers->is_list_captured ? HAS_LIST : 0);
	size_t note;
	if (!timers->is_captured)
		return SNAP_OK;
	SNAP_TRY(snap_note_begin_ours(notes, SNAP_NOTE_TIMERS, &note));
	SNAP_TRY(snap_buffer_append_uint(notes, members, 4));
	SNAP_TRY(snap_fields_put(&snap_interval_fields, timers, notes));
	SNAP_TRY(snap_buffer_append_uint(notes, timers->nr, 4));
	for (size_t i = 0; i < timers->nr; i++)
		SNAP_TRY(snap_notes_put_object(notes, &snap_timer_fields,
					       &timers->list[i], &record));
	return snap_note_end(notes, note);
}

static snap_err parse_timer(struct snap_parse *parse, struct snap_reader *element)
{
	struct snap_timers *timers = &parse->snapshot->timers;
	struct snap_timer timer = { 0 };
	SNAP_TRY(snap_fields_take(&snap_timer_fields, element, &timer));
	if (timer.id < 0 || (timers->nr && timers->list[timers->nr - 1].id >= timer.id))
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "its timers are not in order");
	return snap_timers_append(timers, &timer);
}

snap_err snap_parse_timers(struct snap_parse *parse, struct snap_reader *note)
{
	struct snap_timers *timers = &parse->snapshot->timers;
	uint32_t members;
	SNAP_TRY(snap_reader_u32(note, &members));
	SNAP_TRY(snap_fields_take(&snap_interval_fields, note, timers));
	SNAP_TRY(snap_parse_list(parse, note, parse_timer));
	timers->is_captured = members & HAS_TIMES;
	timers->is_list_captured = members & HAS_LIST;
	return SNAP_OK;
}
