// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/snapshot.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

static snap_err make_uuid(uint8_t uuid[SNAP_UUID_SIZE])
{
	if (getrandom(uuid, SNAP_UUID_SIZE, 0) != SNAP_UUID_SIZE)
		return snap_error_os(errno, "cannot get random bytes for a uuid");
	uuid[6] = (uuid[6] & 0x0f) | 0x40; // RFC 9562: version 4,
	uuid[8] = (uuid[8] & 0x3f) | 0x80; // variant 1
	return SNAP_OK;
}

void snap_uuid_format(const uint8_t uuid[SNAP_UUID_SIZE],
		      char text[SNAP_UUID_TEXT_SIZE])
{
	char *end = text;
	for (size_t i = 0; i < SNAP_UUID_SIZE; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*end++ = '-';
		end += sprintf(end, "%02x", uuid[i]);
	}
}

snap_err snap_snapshot_create(struct snap_snapshot **ret)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot =
		calloc(1, sizeof(*snapshot));
	if (!snapshot)
		return &snap_enomem;
	char **texts[] = { &snapshot->label,        &snapshot->note,
			   &snapshot->kernel,       &snapshot->host,
			   &snapshot->command_line, &snapshot->identity.boot_id,
			   &snapshot->identity.exe };
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(texts); i++)
		SNAP_TRY(snap_snapshot_set_text(texts[i], ""));
	SNAP_TRY(make_uuid(snapshot->uuid));
	snapshot->page_size = SNAP_PAGE_SIZE;

	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	snapshot->time_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	*ret = snap_take(snapshot);
	return SNAP_OK;
}

void snap_snapshot_destroy(struct snap_snapshot *snapshot)
{
	if (!snapshot)
		return;
	free(snapshot->label);
	free(snapshot->note);
	free(snapshot->kernel);
	free(snapshot->host);
	free(snapshot->command_line);
	free(snapshot->copying);
	free(snapshot->identity.boot_id);
	free(snapshot->identity.exe);
	snap_cpu_deinit(&snapshot->cpu);
	free(snapshot->auxv);
	for (size_t i = 0; i < snapshot->nr_threads; i++)
		snap_thread_deinit(&snapshot->threads[i]);
	free(snapshot->threads);
	snap_pending_deinit(&snapshot->signals.pending);
	snap_timers_deinit(&snapshot->timers);
	snap_process_state_deinit(&snapshot->state);
	snap_vmas_deinit(&snapshot->vmas);
	snap_memory_deinit(&snapshot->memory);
	snap_tags_deinit(&snapshot->tags);
	snap_fd_table_deinit(&snapshot->files);
	for (size_t i = 0; i < snapshot->nr_omissions; i++)
		free(snapshot->omissions[i]);
	free(snapshot->omissions);
	free(snapshot);
}

snap_err snap_snapshot_set_text(char **place, const char *text)
{
	char *copy = strdup(text);
	if (!copy)
		return &snap_enomem;
	free(*place);
	*place = copy;
	return SNAP_OK;
}

snap_err snap_snapshot_omit(struct snap_snapshot *snapshot, const char *format, ...)
{
	char **omissions = reallocarray(snapshot->omissions, snapshot->nr_omissions + 1,
					sizeof(*omissions));
	if (!omissions)
		return &snap_enomem;
	snapshot->omissions = omissions;

	va_list values;
	va_start(values, format);
	int length = vasprintf(&omissions[snapshot->nr_omissions], format, values);
	va_end(values);
	if (length < 0)
		return &snap_enomem;
	snapshot->nr_omissions++;
	return SNAP_OK;
}

struct snap_thread *snap_snapshot_thread(const struct snap_snapshot *snapshot,
					 pid_t tid)
{
	for (size_t i = 0; i < snapshot->nr_threads; i++)
		if (snapshot->threads[i].tid == tid)
			return &snapshot->threads[i];
	return NULL;
}

bool snap_snapshot_is_confined(const struct snap_snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->nr_threads; i++) {
		const struct snap_attribute_values *values =
			&snapshot->threads[i].state.attributes;
		if (snap_attribute_is_known(values, SNAP_ATTRIBUTE_SECCOMP) &&
		    values->list[SNAP_ATTRIBUTE_SECCOMP])
			return true;
	}
	return false;
}

uint64_t snap_snapshot_auxv(const struct snap_snapshot *snapshot, uint64_t type,
			    uint64_t otherwise)
{
	uint64_t pair[2];
	for (size_t at = 0; at + sizeof(pair) <= snapshot->auxv_size;
	     at += sizeof(pair)) {
		memcpy(pair, snapshot->auxv + at, sizeof(pair));
		if (pair[0] == type)
			return pair[1];
	}
	return otherwise;
}
