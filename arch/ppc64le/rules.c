// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What a thread needs of a CPU, as items that the rows of rules.def compare.
 */
#include "arch/ppc64le/ppc64le.h"

const struct snap_rule snap_ppc64le_rules[] = {
#define SNAP_RULE(...) SNAP_RULE_ROW(__VA_ARGS__)
#include "arch/ppc64le/rules.def"
#undef SNAP_RULE
};

_Static_assert(SNAP_ARRAY_SIZE(snap_ppc64le_rules) == PPC_NR_RULES,
	       "ppc64le.h counts the rows of rules.def");

/** Return addresses are checked; Power ISA 3.1B book III, 3.2.5: aspect 5, NPHIE. */
#define DEXCR_NPHIE UINT64_C(0x04000000)

snap_err snap_ppc64le_needs(const struct snap_cpu *cpu,
			    const struct snap_thread *thread, struct snap_cpu *needs)
{
	const uint8_t *dexcr = snap_ppc64le_set(thread, SNAP_PPC64LE_DEXCR);
	if (dexcr && (snap_ppc64le_load(dexcr, 8) | snap_ppc64le_load(dexcr + 8, 8)) &
			     DEXCR_NPHIE)
		SNAP_TRY(snap_cpu_set(needs, "use.hash-check", 1));
	if (snap_ppc64le_transaction(thread))
		SNAP_TRY(snap_cpu_set(needs, "use.transaction", 1));
	return SNAP_OK;
}
