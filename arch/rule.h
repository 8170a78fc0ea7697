/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_ARCH_RULE_H
#define SNAP_ARCH_RULE_H

#include <stdint.h>

/**
 * @file
 * Rules of compatibility: what an image needs, compared with what a machine has.
 *
 * Both sides are descriptions (struct snap_cpu). The image's side has the items of the
 * machine where the program ran, and those that begin with "use.": what the program was
 * doing there (core/compat/needs.h, snap_arch.needs). Rules are rows; core/compat loops
 * over its own and then over the architecture's.
 */

/** What a finding means for who wants to restore. */
enum snap_severity {
	/** The rule does not count in this mode. */
	SNAP_SILENT,
	SNAP_NOTE,
	SNAP_RISKY,
	SNAP_FATAL,
};

enum snap_compat_mode {
	/** The machine offers everything that the image's machine offered. */
	SNAP_MODE_STRICT,
	/** It has all that is in use, or that is refused as a whole. */
	SNAP_MODE_COMPAT,
	/** Only what the kernel cannot load is refused; what is missing is left out. */
	SNAP_MODE_ANY,
	SNAP_NR_MODES,
};

/** What breaks a rule. An item that is not there is not known, or not had. */
enum snap_comparison {
	/** An item of the image is not 0, and the machine's is 0 or not there. */
	SNAP_COMPARE_FLAG,
	/** Both are not 0. */
	SNAP_COMPARE_BOTH,
	/** Of the items, separated by commas, some are known of both and differ. */
	SNAP_COMPARE_SAME,
	/** Both are known, and the machine's number is smaller. */
	SNAP_COMPARE_AT_LEAST,
	/** Both are known, and the machine's number is larger. */
	SNAP_COMPARE_AT_MOST,
	/** The image's number has bits that the machine's does not have. */
	SNAP_COMPARE_BITS,
	/** The machine's number has bits above all of the image's, which is not 0. */
	SNAP_COMPARE_BEYOND,
	/**
	 * For a bit that is in the image's number, the item that `machine` names for
	 * it ("xsave.%u.size") is known of both and differs.
	 */
	SNAP_COMPARE_PARTS,
	/** Needed features (snap_arch.features) that the machine does not have. */
	SNAP_COMPARE_NEEDED,
	/** Likewise features that are hints. */
	SNAP_COMPARE_HINTS,
};

struct snap_rule {
	/** In a word or two: "instructions". */
	const char *subject;
	enum snap_comparison comparison;
	/** Items; NULL where the comparison has none. */
	const char *image;
	const char *machine;
	/** BITS: the machine's number where it is not known. BEYOND: the bits of both
	 * that count. */
	uint64_t otherwise;
	/** The rule counts only where this item of the image is not 0, or with a '!'
	 * before it, where it is 0 or not known. NULL: always. */
	const char *when;
	enum snap_severity severity[SNAP_NR_MODES];
	/**
	 * One sentence without a full stop; {list} stands for the names of what is
	 * missing or differs, {image} and {machine} for the two values.
	 */
	const char *sentence;
	/** NULL: there is none. */
	const char *remedy;
	/** BITS, BEYOND and PARTS: what a bit is called. NULL: "bit 7". */
	const char *(*bit_name)(unsigned bit);
};

/** A row of a rules.def as a struct snap_rule. */
#define SNAP_RULE_ROW(what, how, image_item, machine_item, without, condition, names, \
		      strict, compat, any, words, help)                               \
	{                                                                             \
		.subject = what,                                                      \
		.comparison = SNAP_COMPARE_##how,                                     \
		.image = image_item,                                                  \
		.machine = machine_item,                                              \
		.otherwise = without,                                                 \
		.when = condition,                                                    \
		.bit_name = names,                                                    \
		.severity = { SNAP_##strict, SNAP_##compat, SNAP_##any },             \
		.sentence = words,                                                    \
		.remedy = help,                                                       \
	},

/** BITS: where the machine's number is not known, nothing is missing. */
#define SNAP_ALL_BITS UINT64_MAX

#endif
