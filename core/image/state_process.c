// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdio.h>
#include <string.h>

#include "core/image/fields.h"
#include "core/image/note.h"
#include "core/image/parse.h"

/**
 * @file
 * The notes on folder, limits, priorities, names and privileges: a list of facts, each
 * with its name, so that a kernel and a version may know more of them than another.
 */

/** A number or a text. */
struct fact {
	char *key;
	uint64_t value;
	/** "" for a number. */
	char *text;
};

static void deinit_fact(struct fact *fact)
{
	free(fact->key);
	free(fact->text);
}

static const struct snap_field fact_table[] = {
	SNAP_FIELD(TEXT, struct fact, key),
	SNAP_FIELD(UINT, struct fact, value),
	SNAP_FIELD(TEXT, struct fact, text),
};
static const struct snap_fields fact_fields = SNAP_FIELDS(fact_table);

/** The facts of one note, as they are put. */
struct facts {
	struct snap_buffer list;
	struct snap_buffer scratch;
	uint32_t nr;
};

static void deinit_facts(struct facts *facts)
{
	snap_buffer_deinit(&facts->list);
	snap_buffer_deinit(&facts->scratch);
}

static snap_err put(struct facts *facts, const char *key, uint64_t value,
		    const char *text)
{
	const struct fact fact = {
		.key = (char *)key,
		.value = value,
		.text = (char *)(text ? text : ""),
	};
	facts->nr++;
	return snap_notes_put_object(&facts->list, &fact_fields, &fact,
				     &facts->scratch);
}

static snap_err put_attributes(struct facts *facts,
			       const struct snap_attribute_values *values)
{
	for (enum snap_attribute i = 0; i < SNAP_NR_ATTRIBUTES; i++)
		if (snap_attribute_is_known(values, i))
			SNAP_TRY(put(facts, snap_attributes[i].key, values->list[i],
				     NULL));
	return SNAP_OK;
}

static snap_err put_note(struct snap_buffer *notes, enum snap_note_type type,
			 const struct facts *facts)
{
	size_t note;
	SNAP_TRY(snap_note_begin_ours(notes, type, &note));
	SNAP_TRY(snap_buffer_append_uint(notes, facts->nr, 4));
	SNAP_TRY(snap_buffer_append(notes, facts->list.data, facts->list.size));
	return snap_note_end(notes, note);
}

/** By enum snap_landmark. */
static const char *const landmark_keys[] = {
#define SNAP_LANDMARK(name, key, field) key,
#include "core/model/landmarks.def"
#undef SNAP_LANDMARK
};

static snap_err put_landmarks(struct facts *facts,
			      const struct snap_process_state *state)
{
	for (size_t i = 0; i < SNAP_NR_LANDMARKS; i++)
		if (state->landmarks[i])
			SNAP_TRY(put(facts, landmark_keys[i], state->landmarks[i],
				     NULL));
	return SNAP_OK;
}

/** "limit-NOFILE-soft" */
static void name_limit(char key[48], unsigned resource, const char *which)
{
	snprintf(key, 48, "limit-%s-%s", snap_limit_name(resource), which);
}

snap_err snap_notes_put_process_state(struct snap_buffer *notes,
				      const struct snap_snapshot *snapshot)
{
	const struct snap_process_state *state = &snapshot->state;
	_cleanup_(deinit_facts) struct facts facts = { 0 };
	SNAP_TRY(put_attributes(&facts, &state->attributes));
	for (unsigned i = 0; i < state->nr_limits; i++) {
		char key[48];
		name_limit(key, i, "soft");
		SNAP_TRY(put(&facts, key, state->limits[i].soft, NULL));
		name_limit(key, i, "hard");
		SNAP_TRY(put(&facts, key, state->limits[i].hard, NULL));
	}
	if (state->folder)
		SNAP_TRY(put(&facts, "folder", 0, state->folder));
	SNAP_TRY(put_landmarks(&facts, state));
	return put_note(notes, SNAP_NOTE_ATTRIBUTES, &facts);
}

snap_err snap_notes_put_thread_state(struct snap_buffer *notes,
				     const struct snap_thread *thread)
{
	const struct snap_thread_state *state = &thread->state;
	_cleanup_(deinit_facts) struct facts facts = { 0 };
	SNAP_TRY(put_attributes(&facts, &state->attributes));
	if (state->cpus)
		SNAP_TRY(put(&facts, "cpus", 0, state->cpus));
	if (state->groups)
		SNAP_TRY(put(&facts, "groups", 0, state->groups));
	return put_note(notes, SNAP_NOTE_THREAD_ATTRIBUTES, &facts);
}

/** Whether the fact is a number of this scope; it is taken then. */
static bool take_attribute(const struct fact *fact, enum snap_attribute_scope scope,
			   struct snap_attribute_values *values)
{
	for (enum snap_attribute i = 0; i < SNAP_NR_ATTRIBUTES; i++)
		if (snap_attributes[i].scope == scope &&
		    !strcmp(snap_attributes[i].key, fact->key)) {
			snap_attribute_set(values, i, fact->value);
			return true;
		}
	return false;
}

static void take_limit(const struct fact *fact, struct snap_process_state *state)
{
	for (unsigned i = 0; i < SNAP_NR_LIMITS; i++) {
		char key[48];
		name_limit(key, i, "soft");
		if (!strcmp(key, fact->key))
			state->limits[i].soft = fact->value;
		name_limit(key, i, "hard");
		// They come in their order, the hard one last; where one is missing,
		// those behind it are not known either.
		if (!strcmp(key, fact->key) && state->nr_limits == i) {
			state->limits[i].hard = fact->value;
			state->nr_limits = i + 1;
		}
	}
}

static bool take_landmark(const struct fact *fact, struct snap_process_state *state)
{
	for (size_t i = 0; i < SNAP_NR_LANDMARKS; i++)
		if (!strcmp(landmark_keys[i], fact->key)) {
			state->landmarks[i] = fact->value;
			return true;
		}
	return false;
}

static void take_text(struct fact *fact, char **place)
{
	free(*place);
	*place = snap_take(fact->text);
}

static snap_err parse_process_fact(struct snap_parse *parse,
				   struct snap_reader *element)
{
	struct snap_process_state *state = &parse->snapshot->state;
	_cleanup_(deinit_fact) struct fact fact = { 0 };
	SNAP_TRY(snap_fields_take(&fact_fields, element, &fact));
	if (take_attribute(&fact, SNAP_ATTRIBUTE_OF_PROCESS, &state->attributes) ||
	    take_landmark(&fact, state))
		return SNAP_OK;
	if (!strcmp(fact.key, "folder"))
		take_text(&fact, &state->folder);
	else
		take_limit(&fact, state);
	return SNAP_OK;
}

static snap_err parse_thread_fact(struct snap_parse *parse, struct snap_reader *element)
{
	struct snap_thread_state *state = &snap_parse_thread(parse)->state;
	_cleanup_(deinit_fact) struct fact fact = { 0 };
	SNAP_TRY(snap_fields_take(&fact_fields, element, &fact));
	if (take_attribute(&fact, SNAP_ATTRIBUTE_OF_THREAD, &state->attributes))
		return SNAP_OK;
	if (!strcmp(fact.key, "cpus"))
		take_text(&fact, &state->cpus);
	else if (!strcmp(fact.key, "groups"))
		take_text(&fact, &state->groups);
	return SNAP_OK;
}

/** No version writes as many; it bounds what a hostile list costs. */
#define MAX_FACTS 4096

static snap_err check_count(const struct snap_reader *note)
{
	struct snap_reader copy = *note;
	uint32_t count;
	SNAP_TRY(snap_reader_u32(&copy, &count));
	if (count > MAX_FACTS)
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "%s has %u facts, more than there are",
					 note->what, count);
	return SNAP_OK;
}

snap_err snap_parse_process_state(struct snap_parse *parse, struct snap_reader *note)
{
	SNAP_TRY(check_count(note));
	return snap_parse_list(parse, note, parse_process_fact);
}

snap_err snap_parse_thread_state(struct snap_parse *parse, struct snap_reader *note)
{
	const struct snap_thread *thread = snap_parse_thread(parse);
	if (!thread || thread->state.attributes.known)
		return snap_error_create(
			SNAP_ERROR_CORRUPT,
			"it has a note on the attributes of no thread");
	SNAP_TRY(check_count(note));
	return snap_parse_list(parse, note, parse_thread_fact);
}
