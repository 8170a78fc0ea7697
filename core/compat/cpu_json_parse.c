// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "core/compat/cpu_json.h"

static void json_cleanup(json_t **json)
{
	json_decref(*json);
}

#define _cleanup_json_ _cleanup_(json_cleanup)

/** Letters, digits, and in between dots, dashes and underscores. */
static bool is_name(const char *name)
{
	size_t length = strlen(name);
	return length && length <= SNAP_CPU_JSON_MAX_NAME &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == length &&
	       !strchr("._-", name[0]);
}

/** Nothing that a terminal would take for a command. */
static bool is_text(const char *text)
{
	size_t length = strlen(text);
	for (size_t i = 0; i < length; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	return length <= SNAP_CPU_JSON_MAX_TEXT;
}

/** A name that is valid and was not there before. */
static snap_err check_name(const struct snap_cpu *cpu, const char *name)
{
	if (!is_name(name))
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "one of its names is none that an item can "
					 "have: small letters, digits, '.', '-', '_'");
	if (snap_cpu_find(cpu, name))
		return snap_error_create(SNAP_ERROR_CORRUPT, "it has \"%s\" twice",
					 name);
	if (cpu->nr_items >= SNAP_CPU_JSON_MAX_ITEMS)
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "it has more than %d items",
					 SNAP_CPU_JSON_MAX_ITEMS);
	return SNAP_OK;
}

static snap_err take_text(struct snap_cpu *cpu, const char *name, const json_t *value)
{
	SNAP_TRY(check_name(cpu, name));
	const char *text = json_string_value(value);
	if (!text || !is_text(text))
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "its \"%s\" is no text of at most %d ASCII "
					 "characters",
					 name, SNAP_CPU_JSON_MAX_TEXT);
	return snap_cpu_set_text(cpu, name, text);
}

/** "0x" and one to sixteen digits. */
static bool parse_hexadecimal(const char *text, uint64_t *ret)
{
	size_t length = strlen(text);
	if (length < 3 || length > 18 || strncmp(text, "0x", 2) != 0 ||
	    strspn(text + 2, "0123456789abcdefABCDEF") != length - 2)
		return false;
	*ret = strtoull(text + 2, NULL, 16);
	return true;
}

static snap_err take_number(struct snap_cpu *cpu, const char *name, const json_t *value)
{
	SNAP_TRY(check_name(cpu, name));
	const char *text = json_string_value(value);
	uint64_t number;
	if (json_is_integer(value) && json_integer_value(value) >= 0)
		number = (uint64_t)json_integer_value(value);
	else if (!text || !parse_hexadecimal(text, &number))
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "its \"%s\" is neither a number from 0 on nor "
					 "a text like \"0x2e7\"",
					 name);
	return snap_cpu_set(cpu, name, number);
}

static snap_err take_features(struct snap_cpu *cpu, const json_t *list)
{
	if (!json_is_array(list))
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "its \"features\" are no list");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *name = json_string_value(json_array_get(list, i));
		SNAP_TRY(check_name(cpu, name ? name : ""));
		SNAP_TRY(snap_cpu_set(cpu, name, 1));
	}
	return SNAP_OK;
}

typedef snap_err take_fn(struct snap_cpu *cpu, const char *name, const json_t *value);

static snap_err take_members(struct snap_cpu *cpu, const char *what, json_t *object,
			     take_fn *take)
{
	if (!json_is_object(object))
		return snap_error_create(SNAP_ERROR_CORRUPT, "its \"%s\" are no object",
					 what);
	for (void *at = json_object_iter(object); at;
	     at = json_object_iter_next(object, at))
		SNAP_TRY(take(cpu, json_object_iter_key(at),
			      json_object_iter_value(at)));
	return SNAP_OK;
}

static snap_err check_version(const json_t *root, bool *ret_is_newer)
{
	const char *format = json_string_value(json_object_get(root, "format"));
	const char *version = json_string_value(json_object_get(root, "version"));
	unsigned major, minor;
	int end = 0;
	if (!format || strcmp(format, SNAP_CPU_JSON_FORMAT) != 0)
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "its \"format\" is not \"%s\"",
					 SNAP_CPU_JSON_FORMAT);
	if (!version || strlen(version) > 9 ||
	    strspn(version, "0123456789.") != strlen(version) ||
	    sscanf(version, "%u.%u%n", &major, &minor, &end) != 2 || version[end])
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "its \"version\" is not like \"1.0\"");
	if (major != SNAP_CPU_JSON_MAJOR)
		return snap_error_with_remedy(
			snap_error_create(SNAP_ERROR_UNSUPPORTED,
					  "it has version %u.%u, and this is known up "
					  "to %d",
					  major, minor, SNAP_CPU_JSON_MAJOR),
			"use a newer gdb-snapshot");
	*ret_is_newer = minor > SNAP_CPU_JSON_MINOR;
	return SNAP_OK;
}

/** A member that is misspelt would make a machine poorer than it is. */
static snap_err check_members(json_t *root)
{
	static const char *const known[] = { "format", "version",  "source", "arch",
					     "texts",  "features", "numbers" };
	for (void *at = json_object_iter(root); at;
	     at = json_object_iter_next(root, at)) {
		const char *name = json_object_iter_key(at);
		size_t i = 0;
		while (i < SNAP_ARRAY_SIZE(known) && strcmp(known[i], name) != 0)
			i++;
		if (i == SNAP_ARRAY_SIZE(known))
			return snap_error_create(SNAP_ERROR_CORRUPT,
						 "it has a member that version %d.%d "
						 "does not know",
						 SNAP_CPU_JSON_MAJOR,
						 SNAP_CPU_JSON_MINOR);
	}
	return SNAP_OK;
}

static snap_err take_root(struct snap_cpu *cpu, json_t *root)
{
	bool is_newer = false;
	SNAP_TRY(check_version(root, &is_newer));
	if (!is_newer)
		SNAP_TRY(check_members(root));
	SNAP_TRY(take_text(cpu, "arch", json_object_get(root, "arch")));
	json_t *texts = json_object_get(root, "texts");
	if (texts)
		SNAP_TRY(take_members(cpu, "texts", texts, take_text));
	SNAP_TRY(take_features(cpu, json_object_get(root, "features")));
	return take_members(cpu, "numbers", json_object_get(root, "numbers"),
			    take_number);
}

snap_err snap_cpu_json_parse(const char *text, size_t size, struct snap_cpu *ret)
{
	json_error_t error;
	if (size > SNAP_CPU_JSON_MAX_SIZE)
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "it is larger than a CPU description can be");
	_cleanup_json_ json_t *root =
		json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
	if (!root && json_error_code(&error) == json_error_out_of_memory)
		return &snap_enomem;
	// The parser's own words may quote the text, whatever that is.
	if (!json_is_object(root))
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "it is no JSON object: see line %d, column %d",
					 root ? 1 : error.line,
					 root ? 1 : error.column);
	_cleanup_cpu_ struct snap_cpu cpu = { 0 };
	SNAP_TRY(take_root(&cpu, root));
	*ret = cpu;
	cpu = (struct snap_cpu){ 0 };
	return SNAP_OK;
}

static snap_err read_text(FILE *file, struct snap_buffer *ret)
{
	uint8_t *place;
	SNAP_TRY(snap_buffer_extend(ret, SNAP_CPU_JSON_MAX_SIZE + 1, &place));
	size_t got = fread(place, 1, SNAP_CPU_JSON_MAX_SIZE + 1, file);
	if (ferror(file))
		return snap_error_os(errno, "cannot read it");
	ret->size = got;
	return SNAP_OK;
}

static void file_cleanup(FILE **file)
{
	if (*file)
		(void)fclose(*file);
}

static snap_err read_file(const char *path, struct snap_cpu *ret)
{
	_cleanup_(file_cleanup) FILE *file = fopen(path, "re");
	if (!file)
		return snap_error_os(errno, "cannot open it");
	_cleanup_buffer_ struct snap_buffer text = { 0 };
	SNAP_TRY(read_text(file, &text));
	return snap_cpu_json_parse((const char *)text.data, text.size, ret);
}

snap_err snap_cpu_json_read(const char *path, struct snap_cpu *ret)
{
	snap_err error = read_file(path, ret);
	return error ? snap_error_prefix(error, "%s", path) : SNAP_OK;
}
