// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What a thread needs of a machine, as items that the rows of rules.def compare.
 */
#include "arch/aarch64/aarch64.h"

/** Bit N of a set of vector lengths is that of 16 * (N + 1) bytes. */
static const char *length_name(unsigned bit)
{
	static const char *const names[] = {
		"128 bits",  "256 bits",  "384 bits",  "512 bits",
		"640 bits",  "768 bits",  "896 bits",  "1024 bits",
		"1152 bits", "1280 bits", "1408 bits", "1536 bits",
		"1664 bits", "1792 bits", "1920 bits", "2048 bits",
	};
	return bit < SNAP_ARRAY_SIZE(names) ? names[bit] : NULL;
}

const struct snap_rule snap_aarch64_rules[] = {
#define SNAP_RULE(...) SNAP_RULE_ROW(__VA_ARGS__)
#include "arch/aarch64/rules.def"
#undef SNAP_RULE
};

_Static_assert(SNAP_ARRAY_SIZE(snap_aarch64_rules) == ARM64_NR_RULES,
	       "aarch64.h counts the rows of rules.def");

/** Add a vector length to a set of them. */
static snap_err add_length(struct snap_cpu *needs, const char *name, unsigned vl)
{
	if (!vl)
		return SNAP_OK;
	return snap_cpu_set(needs, name,
			    snap_cpu_get(needs, name, 0) | UINT64_C(1)
								   << (vl / 16 - 1));
}

static bool is_set(const struct snap_thread *thread, enum snap_aarch64_regset regset)
{
	const struct snap_regset *set = &thread->regsets[regset];
	return set->size >= 8 && snap_aarch64_load(set->data, 8);
}

static snap_err add_vectors(const struct snap_thread *thread, struct snap_cpu *needs)
{
	enum snap_aarch64_regset regset = snap_aarch64_vectors(thread);
	SNAP_TRY(add_length(needs,
			    regset == SNAP_AARCH64_SVE ? "use.sve" : "use.idle-sve",
			    snap_aarch64_vl(thread, SNAP_AARCH64_SVE)));
	bool has_sme = regset == SNAP_AARCH64_SSVE || snap_aarch64_has_za(thread);
	return add_length(needs, has_sme ? "use.sme" : "use.idle-sme",
			  snap_aarch64_vl(thread, SNAP_AARCH64_ZA));
}

/** PR_MTE_TCF_MASK of prctl(2): tags are checked. */
#define TAG_CHECKS 6u

snap_err snap_aarch64_needs(const struct snap_cpu *cpu,
			    const struct snap_thread *thread, struct snap_cpu *needs)
{
	if (!thread->regsets[SNAP_AARCH64_FP].size)
		SNAP_TRY(snap_cpu_set(needs, "use.no-fpu", 1));
	SNAP_TRY(add_vectors(thread, needs));
	// A mask is there where a kernel signs; keys are never in core files of others.
	if (thread->regsets[SNAP_AARCH64_PAC_MASK].size)
		SNAP_TRY(snap_cpu_set(needs, "use.pac", 1));
	if (is_set(thread, SNAP_AARCH64_TAGGED)) {
		uint64_t word =
			snap_aarch64_load(thread->regsets[SNAP_AARCH64_TAGGED].data, 8);
		if (word & TAG_CHECKS)
			SNAP_TRY(snap_cpu_set(needs, "use.mte", 1));
	}
	if (is_set(thread, SNAP_AARCH64_GCS))
		SNAP_TRY(snap_cpu_set(needs, "use.gcs", 1));
	(void)cpu;
	return SNAP_OK;
}
