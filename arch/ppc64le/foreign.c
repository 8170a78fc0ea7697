// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What core files of the kernel and of gcore say of a CPU: the auxiliary vector has the
 * words of which the features are bits, and the size of what dcbz clears.
 */
#include <elf.h>

#include "arch/ppc64le/ppc64le.h"

snap_err snap_ppc64le_add_features(struct snap_cpu *cpu, unsigned word, uint64_t bits)
{
	for (size_t i = 0; i < PPC_NR_FEATURES; i++) {
		const struct snap_ppc64le_feature *feature = &snap_ppc64le_features[i];
		if (feature->word == word && bits >> feature->bit & 1)
			SNAP_TRY(snap_cpu_set(cpu, feature->name, 1));
	}
	return SNAP_OK;
}

static snap_err core_auxv(struct snap_cpu *cpu, uint64_t type, uint64_t value)
{
	switch (type) {
	case AT_HWCAP:
		return snap_ppc64le_add_features(cpu, 1, value);
	case AT_HWCAP2:
		return snap_ppc64le_add_features(cpu, 2, value);
	case AT_DCACHEBSIZE:
		return snap_cpu_set(cpu, "cache-block", value);
	default:
		return SNAP_OK;
	}
}

const struct snap_foreign snap_ppc64le_foreign = {
	.thread_pointer = "r13",
	.core_auxv = core_auxv,
};
