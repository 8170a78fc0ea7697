/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_COMPAT_COMPAT_H
#define SNAP_COMPAT_COMPAT_H

#include "arch/rule.h"
#include "core/model/snapshot.h"

/**
 * @file
 * May this image run on that machine? (doc/compatibility.md)
 */

/** One way in which a machine does not have what an image needs. */
struct snap_finding {
	enum snap_severity severity;
	/** Of the rule; not owned. */
	const char *subject;
	/** One sentence without a full stop. Owned. */
	char *sentence;
	/** What a person can do about it, or NULL. Not owned. */
	const char *remedy;
};

/** By the worst finding: none, a note, a risk, a fatal one. */
enum snap_verdict_level {
	SNAP_IDENTICAL,
	SNAP_RESTORABLE,
	SNAP_VERDICT_RISKY,
	SNAP_IMPOSSIBLE,
};

struct snap_verdict {
	enum snap_verdict_level level;
	/** The worst first, otherwise in the order of the rules. Owned. */
	struct snap_finding *findings;
	size_t nr_findings;
};

void snap_verdict_deinit(struct snap_verdict *verdict);
#define _cleanup_verdict_ _cleanup_(snap_verdict_deinit)

/** "identical", "restorable", "risky", "impossible". */
const char *snap_verdict_name(enum snap_verdict_level level);

/** "note", "risky", "fatal". */
const char *snap_severity_name(enum snap_severity severity);

/** "strict", "compat", "any". */
const char *snap_mode_name(enum snap_compat_mode mode);

/** The mode of a name; false when there is none. */
bool snap_mode_by_name(const char *name, enum snap_compat_mode *ret);

/**
 * What an image needs: the description of its machine, and beside it the items that
 * begin with "use.": what its threads and its memory make of that.
 */
_must_check_ snap_err snap_compat_needs(const struct snap_snapshot *snapshot,
					struct snap_cpu *ret);

/**
 * Compare what an image needs with a machine.
 *
 * @param needs By snap_compat_needs(); a bare description stands for a program that has
 *	only just started there.
 */
_must_check_ snap_err snap_compat_check(const struct snap_cpu *needs,
					const struct snap_cpu *machine,
					enum snap_compat_mode mode,
					struct snap_verdict *ret);

/** Both at once. */
_must_check_ snap_err snap_compat_check_snapshot(const struct snap_snapshot *snapshot,
						 const struct snap_cpu *machine,
						 enum snap_compat_mode mode,
						 struct snap_verdict *ret);

/** SNAP_OK, or the first fatal finding as an error of the kind UNSUPPORTED. */
_must_check_ snap_err snap_verdict_refuse(const struct snap_verdict *verdict);

/**
 * The best description that all machines live up to: an image that fits it fits each
 * of them. SNAP_ERROR_INVALID if they are not of one architecture.
 *
 * @param nr At least 1.
 */
_must_check_ snap_err snap_compat_common(const struct snap_cpu *machines, size_t nr,
					 struct snap_cpu *ret);

#endif
