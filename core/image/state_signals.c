// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/note.h"
#include "core/image/parse.h"

/**
 * @file
 * The notes on signals: one of the process, and one of each thread.
 */

/** Which of the lists of the process's note mean something. */
enum {
	HAS_ACTIONS = 1 << 0,
	HAS_PENDING = 1 << 1
};

/** An action with the number of its signal, as it stands in the note. */
struct numbered {
	int32_t signal;
	struct snap_sigaction action;
};

static const struct snap_field numbered_fields[] = {
	SNAP_FIELD(UINT, struct numbered, signal),
	SNAP_FIELD(UINT, struct numbered, action.handler),
	SNAP_FIELD(UINT, struct numbered, action.flags),
	SNAP_FIELD(UINT, struct numbered, action.restorer),
	SNAP_FIELD(UINT, struct numbered, action.mask),
};
static const struct snap_fields snap_numbered_fields = SNAP_FIELDS(numbered_fields);

static const struct snap_field siginfo_fields[] = {
	SNAP_FIELD(BYTES, struct snap_siginfo, bytes),
};
static const struct snap_fields snap_siginfo_fields = SNAP_FIELDS(siginfo_fields);

/** What a signal has that nobody has touched is not written. */
static bool is_touched(const struct snap_sigaction *action)
{
	return action->handler || action->flags || action->restorer || action->mask;
}

static snap_err put_actions(struct snap_buffer *notes,
			    const struct snap_signals *signals)
{
	_cleanup_buffer_ struct snap_buffer record = { 0 };
	uint32_t nr = 0;
	for (int i = 0; i < SNAP_NR_SIGNALS; i++)
		nr += is_touched(&signals->actions[i]);
	SNAP_TRY(snap_buffer_append_uint(notes, nr, 4));
	for (int i = 0; i < SNAP_NR_SIGNALS; i++) {
		const struct numbered numbered = { i + 1, signals->actions[i] };
		if (is_touched(&numbered.action))
			SNAP_TRY(snap_notes_put_object(notes, &snap_numbered_fields,
						       &numbered, &record));
	}
	return SNAP_OK;
}

static snap_err put_pending(struct snap_buffer *notes,
			    const struct snap_pending *pending)
{
	_cleanup_buffer_ struct snap_buffer record = { 0 };
	SNAP_TRY(snap_buffer_append_uint(notes, pending->nr, 4));
	for (size_t i = 0; i < pending->nr; i++)
		SNAP_TRY(snap_notes_put_object(notes, &snap_siginfo_fields,
					       &pending->list[i], &record));
	return SNAP_OK;
}

snap_err snap_notes_put_signals(struct snap_buffer *notes,
				const struct snap_signals *signals)
{
	uint32_t members = (signals->is_captured ? HAS_ACTIONS : 0) |
			   (signals->pending.is_captured ? HAS_PENDING : 0);
	size_t note;
	if (!members)
		return SNAP_OK;
	SNAP_TRY(snap_note_begin_ours(notes, SNAP_NOTE_SIGNALS, &note));
	SNAP_TRY(snap_buffer_append_uint(notes, members, 4));
	SNAP_TRY(snap_buffer_append_uint(notes, signals->queue_limit, 8));
	SNAP_TRY(put_actions(notes, signals));
	SNAP_TRY(put_pending(notes, &signals->pending));
	return snap_note_end(notes, note);
}

snap_err snap_notes_put_pending(struct snap_buffer *notes,
				const struct snap_thread *thread)
{
	size_t note;
	if (!thread->pending.is_captured)
		return SNAP_OK;
	SNAP_TRY(snap_note_begin_ours(notes, SNAP_NOTE_PENDING, &note));
	SNAP_TRY(put_pending(notes, &thread->pending));
	return snap_note_end(notes, note);
}

static snap_err parse_action(struct snap_parse *parse, struct snap_reader *element)
{
	struct numbered numbered = { 0 };
	SNAP_TRY(snap_fields_take(&snap_numbered_fields, element, &numbered));
	int signal = numbered.signal;
	if (signal < 1 || signal > SNAP_NR_SIGNALS)
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "it has an action of a signal %d", signal);
	parse->snapshot->signals.actions[signal - 1] = numbered.action;
	return SNAP_OK;
}

static snap_err take_siginfo(struct snap_reader *element, struct snap_pending *pending)
{
	struct snap_siginfo info;
	SNAP_TRY(snap_fields_take(&snap_siginfo_fields, element, &info));
	int signal = snap_siginfo_signal(&info);
	if (signal < 1 || signal > SNAP_NR_SIGNALS)
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "it has a pending signal %d", signal);
	return snap_pending_append(pending, &info);
}

static snap_err parse_shared(struct snap_parse *parse, struct snap_reader *element)
{
	return take_siginfo(element, &parse->snapshot->signals.pending);
}

static snap_err parse_private(struct snap_parse *parse, struct snap_reader *element)
{
	return take_siginfo(element, &snap_parse_thread(parse)->pending);
}

snap_err snap_parse_signals(struct snap_parse *parse, struct snap_reader *note)
{
	struct snap_signals *signals = &parse->snapshot->signals;
	uint32_t members;
	SNAP_TRY(snap_reader_u32(note, &members));
	SNAP_TRY(snap_reader_u64(note, &signals->queue_limit));
	SNAP_TRY(snap_parse_list(parse, note, parse_action));
	SNAP_TRY(snap_parse_list(parse, note, parse_shared));
	signals->is_captured = members & HAS_ACTIONS;
	signals->pending.is_captured = members & HAS_PENDING;
	return SNAP_OK;
}

snap_err snap_parse_pending(struct snap_parse *parse, struct snap_reader *note)
{
	struct snap_thread *thread = snap_parse_thread(parse);
	if (!thread || thread->pending.is_captured)
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "it has pending signals of no thread");
	thread->pending.is_captured = true;
	return snap_parse_list(parse, note, parse_private);
}
