// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What machines have in common follows from the rules: a rule that wants the machine to
 * have bits keeps the bits that all have, one that wants a number at least so large,
 * the smallest. A number without a rule is kept if it is the same everywhere.
 */
#include <string.h>

#include "core/compat/compat.h"
#include "core/compat/rules.h"

/** The rule that decides about an item, or NULL. */
static const struct snap_rule *find_rule(const struct snap_rule *rules, size_t nr,
					 const char *name)
{
	for (size_t i = 0; i < nr; i++) {
		enum snap_comparison how = rules[i].comparison;
		bool is_number = how == SNAP_COMPARE_BITS ||
				 how == SNAP_COMPARE_AT_LEAST ||
				 how == SNAP_COMPARE_AT_MOST;
		if (is_number && !strcmp(rules[i].machine, name))
			return &rules[i];
	}
	return NULL;
}

static const struct snap_rule *rule_of(const struct snap_arch *arch, const char *name)
{
	const struct snap_rule *rule =
		find_rule(snap_common_rules, snap_nr_common_rules, name);
	return rule ? rule : find_rule(arch->rules, arch->nr_rules, name);
}

/** False where the two have nothing in common. */
static bool join_numbers(const struct snap_rule *rule, uint64_t a, uint64_t b,
			 uint64_t *ret)
{
	if (rule && rule->comparison == SNAP_COMPARE_BITS)
		*ret = a & b;
	else if (rule && rule->comparison == SNAP_COMPARE_AT_LEAST)
		*ret = a < b ? a : b;
	else if (rule)
		*ret = a > b ? a : b;
	else
		*ret = a;
	return rule || a == b;
}

static snap_err join_item(const struct snap_arch *arch,
			  const struct snap_cpu_item *item,
			  const struct snap_cpu *other, struct snap_cpu *ret)
{
	const struct snap_cpu_item *theirs = snap_cpu_find(other, item->name);
	uint64_t value;
	if (!theirs || !item->text != !theirs->text)
		return SNAP_OK;
	if (item->text)
		return strcmp(item->text, theirs->text)
			       ? SNAP_OK
			       : snap_cpu_set_text(ret, item->name, item->text);
	if (!join_numbers(rule_of(arch, item->name), item->value, theirs->value,
			  &value))
		return SNAP_OK;
	return snap_cpu_set(ret, item->name, value);
}

static snap_err join(const struct snap_cpu *a, const struct snap_cpu *b,
		     struct snap_cpu *ret)
{
	_cleanup_cpu_ struct snap_cpu common = { 0 };
	const struct snap_cpu_item *name = snap_cpu_find(a, "arch");
	const struct snap_arch *arch =
		name && name->text ? snap_arch_by_name(name->text) : NULL;
	if (!arch)
		return snap_error_create(SNAP_ERROR_UNSUPPORTED,
					 "there are no rules for this architecture");
	for (size_t i = 0; i < a->nr_items; i++)
		SNAP_TRY(join_item(arch, &a->items[i], b, &common));
	if (!snap_cpu_find(&common, "arch"))
		return snap_error_create(SNAP_ERROR_INVALID,
					 "machines of different architectures have "
					 "nothing in common");
	*ret = common;
	common = (struct snap_cpu){ 0 };
	return SNAP_OK;
}

snap_err snap_compat_common(const struct snap_cpu *machines, size_t nr,
			    struct snap_cpu *ret)
{
	_cleanup_cpu_ struct snap_cpu common = { 0 };
	SNAP_TRY(snap_cpu_copy(&machines[0], &common));
	for (size_t i = 1; i < nr; i++) {
		_cleanup_cpu_ struct snap_cpu joined = { 0 };
		SNAP_TRY(join(&common, &machines[i], &joined));
		struct snap_cpu before = common;
		common = joined;
		joined = before;
	}
	*ret = common;
	common = (struct snap_cpu){ 0 };
	return SNAP_OK;
}
