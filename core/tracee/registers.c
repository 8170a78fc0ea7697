// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/registers.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

/**
 * How the kernel says that there is no such set: ENODEV, not on this CPU; EINVAL, not
 * in this kernel; ENODATA and ENXIO, not in this thread (kernel/ptrace.c,
 * ptrace_regset() and the sets' own functions). EIO: a kernel without register sets.
 */
static bool is_absent(int os_errno)
{
	return os_errno == ENODEV || os_errno == EINVAL || os_errno == ENODATA ||
	       os_errno == ENXIO || os_errno == EIO;
}

/** All slots of a set; size 0 when none is used, or the kernel has none. */
static size_t read_slots(const struct snap_regset_slots *slots, pid_t tid, uint8_t *ret)
{
	bool is_used = false;
	for (unsigned i = 0; i < slots->nr; i++) {
		uint8_t *slot = ret + i * slots->slot_size;
		if (ptrace(slots->get_request, tid, slots->first + i, slot) < 0)
			return 0;
		is_used = is_used || !slots->is_unused(slot);
	}
	return is_used ? slots->nr * slots->slot_size : 0;
}

/** How much of a set there is, where the kernel has filled in `size` bytes or fewer. */
static size_t own_size(const struct snap_regset_desc *desc, const uint8_t *data,
		       size_t size)
{
	uint32_t told;
	if (!desc->tells_size || size < sizeof(told))
		return size;
	memcpy(&told, data, sizeof(told));
	return told < size ? told : size;
}

static snap_err read_set(const struct snap_regset_desc *desc, pid_t tid, uint8_t *data,
			 size_t *ret_size)
{
	if (desc->slots) {
		*ret_size = read_slots(desc->slots, tid, data);
		return SNAP_OK;
	}
	struct iovec iov = { .iov_base = data, .iov_len = desc->max_size };
	if (ptrace(PTRACE_GETREGSET, tid, desc->note_type, &iov) < 0) {
		if (!is_absent(errno))
			return snap_error_os(
				errno, "cannot read the %s registers of thread %d",
				desc->name, (int)tid);
		iov.iov_len = 0;
	}
	size_t size = own_size(desc, data, iov.iov_len);
	*ret_size = size > desc->empty_size ? size : 0;
	return SNAP_OK;
}

snap_err snap_tracee_read_regset(struct snap_tracee *tracee, size_t index,
				 struct snap_thread *thread)
{
	const struct snap_regset_desc *desc = &tracee->arch->regsets[index];
	SNAP_TRY(snap_tracee_enter(tracee, "read the %s registers of thread %d",
				   desc->name, (int)thread->tid));
	_cleanup_free_ uint8_t *data = malloc(desc->max_size);
	if (!data)
		return &snap_enomem;

	size_t size;
	SNAP_TRY(read_set(desc, thread->tid, data, &size));
	free(thread->regsets[index].data);
	thread->regsets[index] = (struct snap_regset){
		.size = size,
		.data = size ? snap_take(data) : NULL,
	};
	return SNAP_OK;
}

snap_err snap_tracee_read_regsets(struct snap_tracee *tracee,
				  struct snap_thread *thread)
{
	for (size_t i = 0; i < tracee->arch->nr_regsets; i++)
		SNAP_TRY(snap_tracee_read_regset(tracee, i, thread));
	if (!thread->regsets[0].size)
		return snap_error_create(
			SNAP_ERROR_UNSUPPORTED,
			"the kernel does not give the registers of thread %d",
			(int)thread->tid);
	return SNAP_OK;
}

static bool write_slots(const struct snap_regset_slots *slots, pid_t tid,
			const uint8_t *data)
{
	for (unsigned i = 0; i < slots->nr; i++)
		if (ptrace(slots->set_request, tid, slots->first + i,
			   data + i * slots->slot_size) < 0)
			return false;
	return true;
}

static bool write_set(const struct snap_regset_desc *desc, pid_t tid, const void *data,
		      size_t size)
{
	if (desc->slots)
		return write_slots(desc->slots, tid, data);
	struct iovec iov = { .iov_base = (void *)data, .iov_len = size };
	if (ptrace(PTRACE_SETREGSET, tid, desc->note_type, &iov) < 0)
		return false;
	if (!desc->poke_offset)
		return true;
	uint64_t own;
	assert(size == sizeof(own));
	memcpy(&own, data, sizeof(own));
	return !ptrace(PTRACE_POKEUSER, tid, desc->poke_offset, own);
}

snap_err snap_tracee_write_regset(struct snap_tracee *tracee, pid_t tid, size_t index,
				  const void *data, size_t size)
{
	const struct snap_regset_desc *desc = &tracee->arch->regsets[index];
	SNAP_TRY(snap_tracee_enter(tracee, "write the %s registers of thread %d",
				   desc->name, (int)tid));
	if (desc->writable_size && size > desc->writable_size)
		size = desc->writable_size;
	if (!write_set(desc, tid, data, size))
		return snap_error_os(errno,
				     "cannot write the %s registers of thread %d",
				     desc->name, (int)tid);
	return SNAP_OK;
}

snap_err snap_tracee_write_regsets(
	struct snap_tracee *tracee, const struct snap_thread *wanted,
	bool (*is_wanted)(const struct snap_regset_desc *desc))
{
	_cleanup_thread_ struct snap_thread now = { .tid = wanted->tid };
	for (size_t i = tracee->arch->nr_regsets; i-- > 0;) {
		const struct snap_regset *set = &wanted->regsets[i];
		const struct snap_regset *is = &now.regsets[i];
		if (!set->size || !tracee->arch->regsets[i].is_writable ||
		    tracee->arch->regsets[i].is_shadowed ||
		    (is_wanted && !is_wanted(&tracee->arch->regsets[i])))
			continue;
		SNAP_TRY(snap_tracee_read_regset(tracee, i, &now));
		if (is->size != set->size ||
		    memcmp(is->data, set->data, set->size) != 0)
			SNAP_TRY(snap_tracee_write_regset(tracee, wanted->tid, i,
							  set->data, set->size));
	}
	return SNAP_OK;
}
