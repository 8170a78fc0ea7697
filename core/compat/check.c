// SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>

#include "core/compat/compat.h"
#include "core/compat/rules.h"

void snap_verdict_deinit(struct snap_verdict *verdict)
{
	for (size_t i = 0; i < verdict->nr_findings; i++)
		free(verdict->findings[i].sentence);
	free(verdict->findings);
	*verdict = (struct snap_verdict){ 0 };
}

const char *snap_verdict_name(enum snap_verdict_level level)
{
	static const char *const names[] = {
		[SNAP_IDENTICAL] = "identical",
		[SNAP_RESTORABLE] = "restorable",
		[SNAP_VERDICT_RISKY] = "risky",
		[SNAP_IMPOSSIBLE] = "impossible",
	};
	return names[level];
}

const char *snap_severity_name(enum snap_severity severity)
{
	static const char *const names[] = {
		[SNAP_SILENT] = "silent",
		[SNAP_NOTE] = "note",
		[SNAP_RISKY] = "risky",
		[SNAP_FATAL] = "fatal",
	};
	return names[severity];
}

static const char *const mode_names[SNAP_NR_MODES] = {
	[SNAP_MODE_STRICT] = "strict",
	[SNAP_MODE_COMPAT] = "compat",
	[SNAP_MODE_ANY] = "any",
};

const char *snap_mode_name(enum snap_compat_mode mode)
{
	return mode_names[mode];
}

bool snap_mode_by_name(const char *name, enum snap_compat_mode *ret)
{
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(mode_names); i++)
		if (!strcmp(mode_names[i], name)) {
			*ret = (enum snap_compat_mode)i;
			return true;
		}
	return false;
}

/** Put a finding behind those that are as bad. Takes the sentence over. */
static snap_err add_finding(struct snap_verdict *verdict, const struct snap_rule *rule,
			    enum snap_severity severity, char *sentence)
{
	_cleanup_free_ char *owned = sentence;
	struct snap_finding *findings =
		reallocarray(verdict->findings, verdict->nr_findings + 1,
			     sizeof(*findings));
	if (!findings)
		return &snap_enomem;
	verdict->findings = findings;
	size_t at = verdict->nr_findings++;
	for (; at && findings[at - 1].severity < severity; at--)
		findings[at] = findings[at - 1];
	findings[at] = (struct snap_finding){
		.severity = severity,
		.subject = rule->subject,
		.sentence = snap_take(owned),
		.remedy = rule->remedy,
	};
	return SNAP_OK;
}

static snap_err check_rules(const struct snap_rule *rules, size_t nr,
			    const struct snap_sides *sides, enum snap_compat_mode mode,
			    struct snap_verdict *verdict)
{
	for (size_t i = 0; i < nr; i++) {
		enum snap_severity severity = rules[i].severity[mode];
		_cleanup_breach_ struct snap_breach breach = { 0 };
		if (severity == SNAP_SILENT)
			continue;
		SNAP_TRY(snap_rule_compare(&rules[i], sides, &breach));
		if (!breach.is_broken)
			continue;
		char *sentence;
		SNAP_TRY(snap_rule_sentence(&rules[i], sides, &breach, &sentence));
		SNAP_TRY(add_finding(verdict, &rules[i], severity, sentence));
	}
	return SNAP_OK;
}

static const char *arch_of(const struct snap_cpu *cpu)
{
	const struct snap_cpu_item *item = snap_cpu_find(cpu, "arch");
	return item && item->text ? item->text : "";
}

/** Nothing else is worth a word then. */
static snap_err check_arch(const struct snap_sides *sides, struct snap_verdict *verdict)
{
	static const struct snap_rule rule = {
		.subject = "architecture",
		.comparison = SNAP_COMPARE_SAME,
		.image = "arch",
		.severity = { SNAP_FATAL, SNAP_FATAL, SNAP_FATAL },
		.sentence = "the image is of {image}, and the machine is {machine}",
		.remedy = "choose a machine of the same architecture",
	};
	return check_rules(&rule, 1, sides, SNAP_MODE_COMPAT, verdict);
}

snap_err snap_compat_check(const struct snap_cpu *needs, const struct snap_cpu *machine,
			   enum snap_compat_mode mode, struct snap_verdict *ret)
{
	_cleanup_verdict_ struct snap_verdict verdict = { 0 };
	const struct snap_sides sides = {
		.arch = snap_arch_by_name(arch_of(needs)),
		.image = needs,
		.machine = machine,
	};
	if (!sides.arch)
		return snap_error_with_remedy(
			snap_error_create(SNAP_ERROR_UNSUPPORTED,
					  "there are no rules for this architecture"),
			"use a newer gdb-snapshot");
	SNAP_TRY(check_arch(&sides, &verdict));
	if (!verdict.nr_findings) {
		SNAP_TRY(check_rules(snap_common_rules, snap_nr_common_rules, &sides,
				     mode, &verdict));
		SNAP_TRY(check_rules(sides.arch->rules, sides.arch->nr_rules, &sides,
				     mode, &verdict));
	}
	if (verdict.nr_findings)
		verdict.level = (enum snap_verdict_level)verdict.findings[0].severity;
	*ret = verdict;
	verdict = (struct snap_verdict){ 0 };
	return SNAP_OK;
}

_Static_assert((int)SNAP_NOTE == (int)SNAP_RESTORABLE &&
		       (int)SNAP_RISKY == (int)SNAP_VERDICT_RISKY &&
		       (int)SNAP_FATAL == (int)SNAP_IMPOSSIBLE,
	       "a verdict is its worst finding");

snap_err snap_compat_check_snapshot(const struct snap_snapshot *snapshot,
				    const struct snap_cpu *machine,
				    enum snap_compat_mode mode,
				    struct snap_verdict *ret)
{
	_cleanup_cpu_ struct snap_cpu needs = { 0 };
	SNAP_TRY(snap_compat_needs(snapshot, &needs));
	return snap_compat_check(&needs, machine, mode, ret);
}

snap_err snap_verdict_refuse(const struct snap_verdict *verdict)
{
	if (verdict->level != SNAP_IMPOSSIBLE)
		return SNAP_OK;
	const struct snap_finding *finding = &verdict->findings[0];
	snap_err error =
		snap_error_create(SNAP_ERROR_UNSUPPORTED, "%s", finding->sentence);
	return finding->remedy ? snap_error_with_remedy(error, "%s", finding->remedy)
			       : error;
}
