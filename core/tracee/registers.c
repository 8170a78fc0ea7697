#include "core/tracee/registers.h"

#include <errno.h>
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

snap_err snap_tracee_read_regset(struct snap_tracee *tracee, size_t index,
				 struct snap_thread *thread)
{
	const struct snap_regset_desc *desc = &tracee->arch->regsets[index];
	SNAP_TRY(snap_tracee_enter(tracee, "read the %s registers of thread %d",
				   desc->name, (int)thread->tid));
	_cleanup_free_ uint8_t *data = malloc(desc->max_size);
	if (!data)
		return &snap_enomem;

	struct iovec iov = { .iov_base = data, .iov_len = desc->max_size };
	if (ptrace(PTRACE_GETREGSET, thread->tid, desc->note_type, &iov) < 0) {
		if (!is_absent(errno))
			return snap_error_os(
				errno, "cannot read the %s registers of thread %d",
				desc->name, (int)thread->tid);
		iov.iov_len = 0;
	}
	free(thread->regsets[index].data);
	thread->regsets[index] = (struct snap_regset){
		.size = iov.iov_len,
		.data = iov.iov_len ? snap_take(data) : NULL,
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

snap_err snap_tracee_write_regset(struct snap_tracee *tracee, pid_t tid, size_t index,
				  const void *data, size_t size)
{
	const struct snap_regset_desc *desc = &tracee->arch->regsets[index];
	SNAP_TRY(snap_tracee_enter(tracee, "write the %s registers of thread %d",
				   desc->name, (int)tid));
	struct iovec iov = { .iov_base = (void *)data, .iov_len = size };
	if (ptrace(PTRACE_SETREGSET, tid, desc->note_type, &iov) < 0)
		return snap_error_os(errno,
				     "cannot write the %s registers of thread %d",
				     desc->name, (int)tid);
	return SNAP_OK;
}
