/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_MODEL_ATTRIBUTES_H
#define SNAP_MODEL_ATTRIBUTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

/**
 * @file
 * What the kernel keeps about a process and its threads beside memory, registers,
 * signals, timers and files: folder, limits, priorities, names, privileges.
 */

enum snap_attribute {
#define SNAP_ATTRIBUTE(scope, name, key, words, policy) SNAP_ATTRIBUTE_##name,
#include "core/model/attributes.def"
#undef SNAP_ATTRIBUTE
	SNAP_NR_ATTRIBUTES,
};

enum snap_attribute_scope {
	SNAP_ATTRIBUTE_OF_PROCESS,
	SNAP_ATTRIBUTE_OF_THREAD,
};

/** What a restore does when it has changed: attributes.def. */
enum snap_attribute_policy {
	SNAP_ATTRIBUTE_IS_SET,
	SNAP_ATTRIBUTE_IS_GROUP,
	SNAP_ATTRIBUTE_IS_ONE_WAY,
	SNAP_ATTRIBUTE_IS_KEEP,
};

struct snap_attribute_desc {
	enum snap_attribute_scope scope;
	enum snap_attribute_policy policy;
	/** In images and in Python: "timer-slack". */
	const char *key;
	/** For a person: "timer slack". */
	const char *words;
};

/** Indexed by enum snap_attribute. */
extern const struct snap_attribute_desc snap_attributes[SNAP_NR_ATTRIBUTES];

/** The numbers that were captured of a process or of a thread: those of its scope. */
struct snap_attribute_values {
	/** A bit for each that is known. */
	uint64_t known;
	uint64_t list[SNAP_NR_ATTRIBUTES];
};

/** Of getrlimit(2); UINT64_MAX: no limit. */
struct snap_limit {
	uint64_t soft;
	uint64_t hard;
};

/** The parts of a program: rows of landmarks.def. */
enum snap_landmark {
#define SNAP_LANDMARK(name, key, field) SNAP_LANDMARK_##name,
#include "core/model/landmarks.def"
#undef SNAP_LANDMARK
	SNAP_NR_LANDMARKS,
};

/** RLIM_NLIMITS of Linux (include/uapi/asm-generic/resource.h). */
#define SNAP_NR_LIMITS 16

/** Of the whole process. */
struct snap_process_state {
	struct snap_attribute_values attributes;
	/** The first `nr_limits` are known. */
	struct snap_limit limits[SNAP_NR_LIMITS];
	uint32_t nr_limits;
	/** Addresses, by enum snap_landmark; all 0: not captured. */
	uint64_t landmarks[SNAP_NR_LANDMARKS];
	/** The current folder as the process would call it; NULL: not captured. */
	char *folder;
	/**
	 * Of a live process: the debugger's effective capabilities, and whether it is
	 * in the user namespace of the process; not part of an image.
	 */
	uint64_t debugger_capabilities;
	bool is_foreign_user_ns;
	/** Of a live process: it was started for an image and has done nothing yet.
	 * What the kernel does not let it have is told of, and no reason to refuse. */
	bool is_new;
};

/** Of one thread. */
struct snap_thread_state {
	struct snap_attribute_values attributes;
	/** The CPUs it may run on, "0-3,8"; NULL: not captured. Owned. */
	char *cpus;
	/** Its supplementary groups, "4 24 1000"; NULL: not captured. Owned. */
	char *groups;
};

void snap_process_state_deinit(struct snap_process_state *state);
void snap_thread_state_deinit(struct snap_thread_state *state);

/** Deep copy into an uninitialised *ret. */
_must_check_ snap_err snap_thread_state_copy(const struct snap_thread_state *state,
					     struct snap_thread_state *ret);

void snap_attribute_set(struct snap_attribute_values *values,
			enum snap_attribute attribute, uint64_t value);

static inline bool snap_attribute_is_known(const struct snap_attribute_values *values,
					   enum snap_attribute attribute)
{
	return values->known >> attribute & 1;
}

/** Both are known, and they differ. */
bool snap_attribute_differs(const struct snap_attribute_values *a,
			    const struct snap_attribute_values *b,
			    enum snap_attribute attribute);

/** The name of a limit as in prlimit(1): "NOFILE"; NULL: there is none. */
const char *snap_limit_name(unsigned resource);

#endif
