// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A thread of one CPU as another CPU would have saved it: without the sets that this
 * one does not have. The bytes of a set are the same on all machines.
 */
#include <string.h>

#include "arch/aarch64/aarch64.h"

/** Which feature a set needs. */
static const struct {
	enum snap_aarch64_regset regset;
	const char *feature;
} rows[] = {
	{ SNAP_AARCH64_SVE, "sve" },   { SNAP_AARCH64_SSVE, "sme" },
	{ SNAP_AARCH64_ZA, "sme" },    { SNAP_AARCH64_ZT, "sme2" },
	{ SNAP_AARCH64_FPMR, "fpmr" }, { SNAP_AARCH64_POE, "poe" },
	{ SNAP_AARCH64_GCS, "gcs" },   { SNAP_AARCH64_PAC_MASK, "paca" },
	{ SNAP_AARCH64_PACA, "paca" }, { SNAP_AARCH64_PAC_ENABLED, "paca" },
	{ SNAP_AARCH64_PACG, "pacg" },
};

/** The thread loses something without it. */
static bool is_in_use(const struct snap_thread *thread, enum snap_aarch64_regset regset)
{
	switch (regset) {
	case SNAP_AARCH64_SVE:
		return snap_aarch64_vectors(thread) == SNAP_AARCH64_SVE;
	case SNAP_AARCH64_SSVE:
		return snap_aarch64_is_streaming(thread);
	case SNAP_AARCH64_ZA:
	case SNAP_AARCH64_ZT:
		return snap_aarch64_has_za(thread);
	case SNAP_AARCH64_PACA:
		return thread->regsets[regset].size;
	default:
		return false;
	}
}

/** The machine can hold the set as it is. */
static bool has_place(const struct snap_cpu *to, const struct snap_thread *thread,
		      enum snap_aarch64_regset regset, const char *feature)
{
	if (!snap_cpu_get(to, feature, 0))
		return false;
	unsigned vl = snap_aarch64_vl(thread, regset);
	if (regset == SNAP_AARCH64_SVE)
		return snap_aarch64_has_length(to, "sve.lengths", vl);
	if (regset == SNAP_AARCH64_SSVE || regset == SNAP_AARCH64_ZA)
		return snap_aarch64_has_length(to, "sme.lengths", vl);
	return true;
}

snap_err snap_aarch64_relayout(const struct snap_cpu *from, const struct snap_cpu *to,
			       bool may_drop, struct snap_thread *thread)
{
	(void)from;
	// From the end: whether ZT is in use depends on ZA.
	for (size_t i = SNAP_ARRAY_SIZE(rows); i-- > 0;) {
		enum snap_aarch64_regset regset = rows[i].regset;
		if (!thread->regsets[regset].size ||
		    has_place(to, thread, regset, rows[i].feature))
			continue;
		if (is_in_use(thread, regset) && !may_drop)
			return snap_error_with_remedy(
				snap_error_create(
					SNAP_ERROR_UNSUPPORTED,
					"thread %d uses the %s registers, which this "
					"CPU or kernel does not have as they are",
					(int)thread->tid,
					snap_aarch64_regsets[regset].name),
				"restore on a machine that has them");
		SNAP_TRY(snap_thread_set_regset(thread, regset, NULL, 0));
	}
	return SNAP_OK;
}

bool snap_aarch64_is_same_layout(const struct snap_cpu *a, const struct snap_cpu *b)
{
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(rows); i++)
		if (snap_cpu_get(a, rows[i].feature, 0) !=
		    snap_cpu_get(b, rows[i].feature, 0))
			return false;
	return snap_cpu_get(a, "sve.lengths", 0) == snap_cpu_get(b, "sve.lengths", 0) &&
	       snap_cpu_get(a, "sme.lengths", 0) == snap_cpu_get(b, "sme.lengths", 0);
}
