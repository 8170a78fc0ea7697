// SPDX-License-Identifier: GPL-3.0-or-later
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/plan/explain.h"
#include "core/plan/process.h"

enum base {
	DECIMAL,
	OCTAL,
	HEXADECIMAL,
};

static enum base base_of(enum snap_attribute attribute)
{
	switch (attribute) {
	case SNAP_ATTRIBUTE_UMASK:
		return OCTAL;
	case SNAP_ATTRIBUTE_PERSONALITY:
	case SNAP_ATTRIBUTE_COREDUMP_FILTER:
	case SNAP_ATTRIBUTE_MEMBARRIER:
		return HEXADECIMAL;
	default:
		return DECIMAL;
	}
}

static snap_err put_number(struct snap_buffer *ret, enum snap_attribute attribute,
			   uint64_t value)
{
	switch (base_of(attribute)) {
	case OCTAL:
		return snap_describe(ret, "0%" PRIo64, value);
	case HEXADECIMAL:
		return snap_describe(ret, "%#" PRIx64, value);
	case DECIMAL:
		break;
	}
	return snap_describe(ret, "%" PRId64, (int64_t)value);
}

static snap_err put_thread(struct snap_buffer *ret, const struct snap_step *step)
{
	return step->tid ? snap_describe(ret, " of thread %d", (int)step->tid)
			 : SNAP_OK;
}

snap_err snap_describe_attribute(const struct snap_step *step, struct snap_buffer *ret)
{
	enum snap_attribute attribute = (enum snap_attribute)step->number;
	SNAP_TRY(snap_describe(ret, "%s", snap_attributes[attribute].words));
	SNAP_TRY(put_thread(ret, step));
	SNAP_TRY(snap_describe(ret, " (was "));
	SNAP_TRY(put_number(ret, attribute, *(const uint64_t *)step->wanted));
	SNAP_TRY(snap_describe(ret, ", is "));
	SNAP_TRY(put_number(ret, attribute, *(const uint64_t *)step->is));
	return snap_describe(ret, ")");
}

static snap_err put_limit(struct snap_buffer *ret, uint64_t value)
{
	return value == UINT64_MAX ? snap_describe(ret, "unlimited")
				   : snap_describe(ret, "%" PRIu64, value);
}

snap_err snap_describe_limit(const struct snap_step *step, struct snap_buffer *ret)
{
	const struct snap_limit *wanted = step->wanted, *is = step->is;
	SNAP_TRY(snap_describe(ret, "%s (was ",
			       snap_limit_name((unsigned)step->number)));
	SNAP_TRY(put_limit(ret, wanted->soft));
	SNAP_TRY(snap_describe(ret, " of "));
	SNAP_TRY(put_limit(ret, wanted->hard));
	SNAP_TRY(snap_describe(ret, ", is "));
	SNAP_TRY(put_limit(ret, is->soft));
	SNAP_TRY(snap_describe(ret, " of "));
	SNAP_TRY(put_limit(ret, is->hard));
	return snap_describe(ret, ")");
}

static snap_err put_texts(struct snap_buffer *ret, const char *wanted, const char *is)
{
	SNAP_TRY(snap_describe(ret, " (was '"));
	SNAP_TRY(snap_describe_path(ret, wanted));
	SNAP_TRY(snap_describe(ret, "', is '"));
	SNAP_TRY(snap_describe_path(ret, is));
	return snap_describe(ret, "')");
}

snap_err snap_describe_folder(const struct snap_step *step, struct snap_buffer *ret)
{
	const struct snap_process_state *wanted = step->wanted, *is = step->is;
	SNAP_TRY(snap_describe(ret, "current folder"));
	return put_texts(ret, wanted->folder, is->folder);
}

snap_err snap_describe_thread_name(const struct snap_step *step,
				   struct snap_buffer *ret)
{
	SNAP_TRY(snap_describe(ret, "name of thread %d", (int)step->tid));
	return put_texts(ret, step->wanted, step->is);
}

snap_err snap_describe_cpus(const struct snap_step *step, struct snap_buffer *ret)
{
	const struct snap_thread_state *wanted = step->wanted, *is = step->is;
	SNAP_TRY(snap_describe(ret, "CPUs of thread %d", (int)step->tid));
	return put_texts(ret, wanted->cpus, is->cpus);
}

/** The members of a group that differ, by their names in images. */
static snap_err put_group(struct snap_buffer *ret, const struct snap_step *step,
			  enum snap_attribute first, enum snap_attribute last)
{
	const struct snap_thread_state *wanted = step->wanted, *is = step->is;
	const char *comma = " (";
	for (enum snap_attribute i = first; i <= last; i++) {
		if (!snap_attribute_differs(&wanted->attributes, &is->attributes, i))
			continue;
		SNAP_TRY(
			snap_describe(ret, "%s%s was ", comma, snap_attributes[i].key));
		SNAP_TRY(put_number(ret, i, wanted->attributes.list[i]));
		SNAP_TRY(snap_describe(ret, ", is "));
		SNAP_TRY(put_number(ret, i, is->attributes.list[i]));
		comma = "; ";
	}
	return *comma == ';' ? snap_describe(ret, ")") : SNAP_OK;
}

snap_err snap_describe_scheduling(const struct snap_step *step, struct snap_buffer *ret)
{
	SNAP_TRY(snap_describe(ret, "scheduling of thread %d", (int)step->tid));
	return put_group(ret, step, SNAP_ATTRIBUTE_POLICY, SNAP_ATTRIBUTE_PERIOD);
}

snap_err snap_describe_privileges(const struct snap_step *step, struct snap_buffer *ret)
{
	SNAP_TRY(snap_describe(ret, "privileges of thread %d", (int)step->tid));
	return put_group(ret, step, SNAP_ATTRIBUTE_RUID, SNAP_ATTRIBUTE_SECUREBITS);
}
