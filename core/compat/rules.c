// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/compat/rules.h"

#include <stdio.h>
#include <string.h>

const struct snap_rule snap_common_rules[] = {
#define SNAP_RULE(...) SNAP_RULE_ROW(__VA_ARGS__)
#include "core/compat/rules.def"
#undef SNAP_RULE
};

const size_t snap_nr_common_rules = SNAP_ARRAY_SIZE(snap_common_rules);

void snap_breach_deinit(struct snap_breach *breach)
{
	snap_buffer_deinit(&breach->names);
}

static uint64_t get(const struct snap_cpu *cpu, const char *name)
{
	return name ? snap_cpu_get(cpu, name, 0) : 0;
}

static snap_err add_name(struct snap_breach *breach, const char *name)
{
	breach->is_broken = true;
	return snap_buffer_append(&breach->names, name, strlen(name) + 1);
}

static bool applies(const struct snap_rule *rule, const struct snap_cpu *image)
{
	if (!rule->when)
		return true;
	bool is_negated = *rule->when == '!';
	return !get(image, rule->when + is_negated) == is_negated;
}

static snap_err compare_flag(const struct snap_rule *rule,
			     const struct snap_sides *sides, struct snap_breach *ret)
{
	ret->is_broken =
		get(sides->image, rule->image) && !get(sides->machine, rule->machine);
	return SNAP_OK;
}

static snap_err compare_both(const struct snap_rule *rule,
			     const struct snap_sides *sides, struct snap_breach *ret)
{
	ret->is_broken =
		get(sides->image, rule->image) && get(sides->machine, rule->machine);
	return SNAP_OK;
}

/** An item is known of both, and differs. */
static bool differs(const struct snap_sides *sides, const char *name)
{
	const struct snap_cpu_item *a = snap_cpu_find(sides->image, name);
	const struct snap_cpu_item *b = snap_cpu_find(sides->machine, name);
	if (!a || !b)
		return false;
	if (a->text && b->text)
		return strcmp(a->text, b->text) != 0;
	return a->text || b->text || a->value != b->value;
}

static snap_err compare_same(const struct snap_rule *rule,
			     const struct snap_sides *sides, struct snap_breach *ret)
{
	_cleanup_free_ char *names = strdup(rule->image);
	if (!names)
		return &snap_enomem;
	char *next = names;
	for (const char *name; (name = strsep(&next, ","));)
		if (differs(sides, name))
			SNAP_TRY(add_name(ret, name));
	return SNAP_OK;
}

/** -1, 0 or 1 as the machine's number is smaller than the image's; 0: not known. */
static int order(const struct snap_rule *rule, const struct snap_sides *sides)
{
	const struct snap_cpu_item *a = snap_cpu_find(sides->image, rule->image);
	const struct snap_cpu_item *b = snap_cpu_find(sides->machine, rule->machine);
	if (!a || !b || a->text || b->text)
		return 0;
	return (b->value > a->value) - (b->value < a->value);
}

static snap_err compare_at_least(const struct snap_rule *rule,
				 const struct snap_sides *sides,
				 struct snap_breach *ret)
{
	ret->is_broken = order(rule, sides) < 0;
	return SNAP_OK;
}

static snap_err compare_at_most(const struct snap_rule *rule,
				const struct snap_sides *sides, struct snap_breach *ret)
{
	ret->is_broken = order(rule, sides) > 0;
	return SNAP_OK;
}

static snap_err add_bit(const struct snap_rule *rule, unsigned bit,
			struct snap_breach *ret)
{
	char number[sizeof("bit 4294967295")];
	(void)snprintf(number, sizeof(number), "bit %u", bit);
	const char *name = rule->bit_name ? rule->bit_name(bit) : NULL;
	return add_name(ret, name ? name : number);
}

static snap_err add_bits(const struct snap_rule *rule, uint64_t bits,
			 struct snap_breach *ret)
{
	for (unsigned bit = 0; bit < 64; bit++)
		if (bits >> bit & 1)
			SNAP_TRY(add_bit(rule, bit, ret));
	return SNAP_OK;
}

static snap_err compare_bits(const struct snap_rule *rule,
			     const struct snap_sides *sides, struct snap_breach *ret)
{
	uint64_t missing =
		get(sides->image, rule->image) &
		~snap_cpu_get(sides->machine, rule->machine, rule->otherwise);
	return add_bits(rule, missing, ret);
}

static snap_err compare_beyond(const struct snap_rule *rule,
			       const struct snap_sides *sides, struct snap_breach *ret)
{
	uint64_t below = get(sides->image, rule->image) & rule->otherwise;
	for (unsigned shift = 1; shift < 64; shift *= 2)
		below |= below >> shift;
	if (!below)
		return SNAP_OK;
	return add_bits(rule,
			get(sides->machine, rule->machine) & rule->otherwise & ~below,
			ret);
}

/** Write the name of the item that a row has for a bit: "%u" stands for its number. */
static void part_name(const char *pattern, unsigned bit, char *ret, size_t room)
{
	size_t before = (size_t)(strstr(pattern, "%u") - pattern);
	(void)snprintf(ret, room, "%.*s%u%s", (int)before, pattern, bit,
		       pattern + before + 2);
}

static snap_err compare_parts(const struct snap_rule *rule,
			      const struct snap_sides *sides, struct snap_breach *ret)
{
	uint64_t bits = get(sides->image, rule->image);
	for (unsigned bit = 0; bit < 64; bit++) {
		char name[64];
		part_name(rule->machine, bit, name, sizeof(name));
		if (bits >> bit & 1 && differs(sides, name))
			SNAP_TRY(add_bit(rule, bit, ret));
	}
	return SNAP_OK;
}

static snap_err compare_features(const struct snap_sides *sides, bool is_needed,
				 struct snap_breach *ret)
{
	for (size_t i = 0; i < sides->arch->nr_features; i++) {
		const struct snap_feature *feature = &sides->arch->features[i];
		if (feature->is_needed == is_needed &&
		    get(sides->image, feature->name) &&
		    !get(sides->machine, feature->name))
			SNAP_TRY(add_name(ret, feature->name));
	}
	return SNAP_OK;
}

static snap_err compare_needed(const struct snap_rule *rule,
			       const struct snap_sides *sides, struct snap_breach *ret)
{
	return compare_features(sides, true, ret);
}

static snap_err compare_hints(const struct snap_rule *rule,
			      const struct snap_sides *sides, struct snap_breach *ret)
{
	return compare_features(sides, false, ret);
}

snap_err snap_rule_compare(const struct snap_rule *rule, const struct snap_sides *sides,
			   struct snap_breach *ret)
{
	static snap_err (*const functions[])(const struct snap_rule *rule,
					     const struct snap_sides *sides,
					     struct snap_breach *ret) = {
		[SNAP_COMPARE_FLAG] = compare_flag,
		[SNAP_COMPARE_BOTH] = compare_both,
		[SNAP_COMPARE_SAME] = compare_same,
		[SNAP_COMPARE_AT_LEAST] = compare_at_least,
		[SNAP_COMPARE_AT_MOST] = compare_at_most,
		[SNAP_COMPARE_BITS] = compare_bits,
		[SNAP_COMPARE_BEYOND] = compare_beyond,
		[SNAP_COMPARE_PARTS] = compare_parts,
		[SNAP_COMPARE_NEEDED] = compare_needed,
		[SNAP_COMPARE_HINTS] = compare_hints,
	};
	if (!applies(rule, sides->image))
		return SNAP_OK;
	return functions[rule->comparison](rule, sides, ret);
}

static void put_value(FILE *file, const struct snap_cpu *cpu, const char *name)
{
	const struct snap_cpu_item *item = name ? snap_cpu_find(cpu, name) : NULL;
	for (const char *at = item ? item->text : NULL; at && *at; at++)
		(void)fputc(*at < ' ' || *at > '~' ? '?' : *at, file);
	if (item && !item->text)
		(void)fprintf(file, "%llu", (unsigned long long)item->value);
}

/** "a", "a and b", "a, b and c". */
static void put_list(FILE *file, const struct snap_buffer *names)
{
	const char *name = (const char *)names->data;
	const char *end = name + names->size;
	for (const char *next; name < end; name = next) {
		next = name + strlen(name) + 1;
		if (name != (const char *)names->data)
			(void)fputs(next == end ? " and " : ", ", file);
		(void)fputs(name, file);
	}
}

static void put_sentence(FILE *file, const struct snap_rule *rule,
			 const struct snap_sides *sides,
			 const struct snap_breach *breach)
{
	const char *machine = rule->machine ? rule->machine : rule->image;
	for (const char *at = rule->sentence; *at;) {
		size_t plain = strcspn(at, "{");
		(void)fwrite(at, 1, plain, file);
		at += plain;
		if (!strncmp(at, "{list}", 6))
			put_list(file, &breach->names);
		else if (!strncmp(at, "{image}", 7))
			put_value(file, sides->image, rule->image);
		else if (!strncmp(at, "{machine}", 9))
			put_value(file, sides->machine, machine);
		at += *at ? strcspn(at, "}") + 1 : 0;
	}
}

snap_err snap_rule_sentence(const struct snap_rule *rule,
			    const struct snap_sides *sides,
			    const struct snap_breach *breach, char **ret)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);
	if (!file)
		return &snap_enomem;
	put_sentence(file, rule, sides, breach);
	if (fclose(file))
		return &snap_enomem;
	*ret = snap_take(text);
	return SNAP_OK;
}
