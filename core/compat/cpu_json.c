// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/compat/cpu_json.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "arch/arch.h"

static void json_cleanup(json_t **json)
{
	json_decref(*json);
}

#define _cleanup_json_ _cleanup_(json_cleanup)

/** The largest number that JSON readers do not round (RFC 8259, 6). */
#define MAX_EXACT ((UINT64_C(1) << 53) - 1)

/** Put a value into an object, taking it over. */
_must_check_ static snap_err put(json_t *object, const char *name, json_t *taken)
{
	return json_object_set_new(object, name, taken) ? &snap_enomem : SNAP_OK;
}

static json_t *number_json(uint64_t value)
{
	if (value <= MAX_EXACT)
		return json_integer((json_int_t)value);
	return json_sprintf("%#" PRIx64, value);
}

/** NULL when there is no memory. */
static json_t *text_json(const char *text)
{
	_cleanup_free_ char *copy = strdup(text);
	if (!copy)
		return NULL;
	for (char *at = copy; *at; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
	return json_string(copy);
}

static bool is_feature(const struct snap_arch *arch, const char *name)
{
	for (size_t i = 0; arch && i < arch->nr_features; i++)
		if (!strcmp(arch->features[i].name, name))
			return true;
	return false;
}

_must_check_ static snap_err put_item(const struct snap_arch *arch,
				      const struct snap_cpu_item *item, json_t *texts,
				      json_t *features, json_t *numbers)
{
	if (item->text && !strcmp(item->name, "arch"))
		return SNAP_OK;
	if (item->text)
		return put(texts, item->name, text_json(item->text));
	if (item->value != 1 || !is_feature(arch, item->name))
		return put(numbers, item->name, number_json(item->value));
	return json_array_append_new(features, json_string(item->name)) ? &snap_enomem
									: SNAP_OK;
}

snap_err snap_cpu_json_write(const struct snap_cpu *cpu, struct snap_buffer *ret)
{
	const struct snap_cpu_item *name = snap_cpu_find(cpu, "arch");
	const char *arch_name = name && name->text ? name->text : "";
	const struct snap_arch *arch = snap_arch_by_name(arch_name);
	_cleanup_json_ json_t *texts = json_object();
	_cleanup_json_ json_t *features = json_array();
	_cleanup_json_ json_t *numbers = json_object();
	for (size_t i = 0; i < cpu->nr_items; i++)
		SNAP_TRY(put_item(arch, &cpu->items[i], texts, features, numbers));

	_cleanup_json_ json_t *root = json_object();
	SNAP_TRY(put(root, "format", json_string(SNAP_CPU_JSON_FORMAT)));
	SNAP_TRY(put(root, "version",
		     json_sprintf("%d.%d", SNAP_CPU_JSON_MAJOR, SNAP_CPU_JSON_MINOR)));
	SNAP_TRY(put(root, "arch", text_json(arch_name)));
	SNAP_TRY(put(root, "texts", snap_take(texts)));
	SNAP_TRY(put(root, "features", snap_take(features)));
	SNAP_TRY(put(root, "numbers", snap_take(numbers)));
	_cleanup_free_ char *text = json_dumps(root, JSON_INDENT(2));
	if (!text)
		return &snap_enomem;
	SNAP_TRY(snap_buffer_append(ret, text, strlen(text)));
	return snap_buffer_append(ret, "\n", 1);
}
