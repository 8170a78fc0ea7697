/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_COMPAT_RULES_H
#define SNAP_COMPAT_RULES_H

#include "arch/arch.h"
#include "core/base/buffer.h"

/** The rules that hold for every architecture. */
extern const struct snap_rule snap_common_rules[];
extern const size_t snap_nr_common_rules;

/** The two sides of a comparison. */
struct snap_sides {
	const struct snap_arch *arch;
	const struct snap_cpu *image;
	const struct snap_cpu *machine;
};

/** What breaks a rule. */
struct snap_breach {
	bool is_broken;
	/** Names separated by NULs. */
	struct snap_buffer names;
};

void snap_breach_deinit(struct snap_breach *breach);
#define _cleanup_breach_ _cleanup_(snap_breach_deinit)

/** Compare the two sides by a rule, whatever the mode. `ret` is zero-initialised. */
_must_check_ snap_err snap_rule_compare(const struct snap_rule *rule,
					const struct snap_sides *sides,
					struct snap_breach *ret);

/**
 * The sentence of a rule that is broken.
 *
 * @param[out] ret Owned by the caller: free().
 */
_must_check_ snap_err snap_rule_sentence(const struct snap_rule *rule,
					 const struct snap_sides *sides,
					 const struct snap_breach *breach, char **ret);

#endif
