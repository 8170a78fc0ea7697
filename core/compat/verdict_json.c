#include <jansson.h>
#include <string.h>

#include "core/compat/compat.h"

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

snap_err snap_verdict_json_write(const struct snap_verdict *verdict,
				 enum snap_compat_mode mode, struct snap_buffer *ret)
{
	_cleanup_json_ json_t *findings = json_array();
	for (size_t i = 0; i < verdict->nr_findings; i++)
		if (json_array_append_new(findings,
					  finding_json(&verdict->findings[i])))
			return &snap_enomem;
	_cleanup_json_ json_t *root =
		json_pack("{s:s, s:s, s:O}", "verdict",
			  snap_verdict_name(verdict->level), "mode",
			  snap_mode_name(mode), "findings", findings);
	_cleanup_free_ char *text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
	if (!text)
		return &snap_enomem;
	SNAP_TRY(snap_buffer_append(ret, text, strlen(text)));
	return snap_buffer_append(ret, "\n", 1);
}
