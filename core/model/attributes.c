// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/attributes.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(SNAP_NR_ATTRIBUTES <= 64, "a bit for each");

const struct snap_attribute_desc snap_attributes[SNAP_NR_ATTRIBUTES] = {
#define SNAP_ATTRIBUTE(scope, name, key, words, policy) \
	{ SNAP_ATTRIBUTE_OF_##scope, SNAP_ATTRIBUTE_IS_##policy, key, words },
#include "core/model/attributes.def"
#undef SNAP_ATTRIBUTE
};

void snap_process_state_deinit(struct snap_process_state *state)
{
	free(state->folder);
	*state = (struct snap_process_state){ 0 };
}

void snap_thread_state_deinit(struct snap_thread_state *state)
{
	free(state->cpus);
	free(state->groups);
	*state = (struct snap_thread_state){ 0 };
}

snap_err snap_thread_state_copy(const struct snap_thread_state *state,
				struct snap_thread_state *ret)
{
	_cleanup_(snap_thread_state_deinit) struct snap_thread_state copy = {
		.attributes = state->attributes,
		.cpus = state->cpus ? strdup(state->cpus) : NULL,
		.groups = state->groups ? strdup(state->groups) : NULL,
	};
	if (!copy.cpus != !state->cpus || !copy.groups != !state->groups)
		return &snap_enomem;
	*ret = copy;
	copy = (struct snap_thread_state){ 0 };
	return SNAP_OK;
}

void snap_attribute_set(struct snap_attribute_values *values,
			enum snap_attribute attribute, uint64_t value)
{
	values->known |= UINT64_C(1) << attribute;
	values->list[attribute] = value;
}

bool snap_attribute_differs(const struct snap_attribute_values *a,
			    const struct snap_attribute_values *b,
			    enum snap_attribute attribute)
{
	return snap_attribute_is_known(a, attribute) &&
	       snap_attribute_is_known(b, attribute) &&
	       a->list[attribute] != b->list[attribute];
}

const char *snap_limit_name(unsigned resource)
{
	// In the order of include/uapi/asm-generic/resource.h.
	static const char *const names[SNAP_NR_LIMITS] = {
		"CPU",      "FSIZE",  "DATA",    "STACK",  "CORE",  "RSS",
		"NPROC",    "NOFILE", "MEMLOCK", "AS",     "LOCKS", "SIGPENDING",
		"MSGQUEUE", "NICE",   "RTPRIO",  "RTTIME",
	};
	return resource < SNAP_NR_LIMITS ? names[resource] : NULL;
}
