// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/compat/verdict_json.h"

#include <jansson.h>
#include <string.h>

static void json_cleanup(json_t **json)
{
	json_decref(*json);
}

#define _cleanup_json_ _cleanup_(json_cleanup)

static json_t *finding_json(const struct snap_finding *finding)
{
	return json_pack("{s:s, s:s, s:s, s:s?}", "severity",
			 snap_severity_name(finding->severity), "subject",
			 finding->subject, "sentence", finding->sentence, "remedy",
			 finding->remedy);
}

/** Names of files have any bytes: what is no UTF-8 becomes '?'. NULL gives null. */
static json_t *path_json(const char *path)
{
	json_t *json = path ? json_string(path) : json_null();
	_cleanup_free_ char *copy = json ? NULL : strdup(path);
	for (char *at = copy; at && *at; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
	return copy ? json_string(copy) : json;
}

static json_t *row_json(const struct snap_machine_verdict *row)
{
	_cleanup_json_ json_t *findings = json_array();
	for (size_t i = 0; i < row->verdict->nr_findings; i++)
		if (json_array_append_new(findings,
					  finding_json(&row->verdict->findings[i])))
			return NULL;
	return json_pack("{s:o, s:s, s:O}", "machine", path_json(row->machine),
			 "verdict", snap_verdict_name(row->verdict->level), "findings",
			 findings);
}

snap_err snap_verdicts_json_write(const char *image, enum snap_compat_mode mode,
				  const struct snap_machine_verdict *rows, size_t nr,
				  struct snap_buffer *ret)
{
	_cleanup_json_ json_t *machines = json_array();
	for (size_t i = 0; i < nr; i++)
		if (json_array_append_new(machines, row_json(&rows[i])))
			return &snap_enomem;
	_cleanup_json_ json_t *root =
		json_pack("{s:o, s:s, s:O}", "image", path_json(image), "mode",
			  snap_mode_name(mode), "machines", machines);
	_cleanup_free_ char *text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
	if (!text)
		return &snap_enomem;
	SNAP_TRY(snap_buffer_append(ret, text, strlen(text)));
	return snap_buffer_append(ret, "\n", 1);
}
