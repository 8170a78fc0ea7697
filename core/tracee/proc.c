// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "arch/machine.h"
#include "core/model/build_id.h"

/**
 * @param kept Where the file is left open for the next time, -1 at first; NULL: it is
 *not. For a read at 0 the kernel makes the whole text anew (fs/seq_file.c).
 * @param step Bytes that are read at once; 0: as many as there are.
 */
static snap_err read_file(struct snap_tracee *tracee, const char *path, int *kept,
			  size_t step, struct snap_buffer *ret)
{
	SNAP_TRY(snap_tracee_enter(tracee, "read /proc/%d/%s", (int)tracee->pid, path));
	_cleanup_close_ int own = -1;
	int *fd = kept ? kept : &own;
	if (*fd < 0)
		*fd = openat(tracee->proc_fd, path, O_RDONLY | O_CLOEXEC);
	if (*fd < 0)
		return snap_error_os(errno == ENOENT ? ESRCH : errno,
				     "cannot open /proc/%d/%s", (int)tracee->pid, path);
	ret->size = 0;
	for (;;) {
		// Most are small: larger buffers would be cleared each time.
		size_t chunk = step ? step : ret->size < 4096 ? 4096 : 32768;
		off_t done = (off_t)ret->size;
		uint8_t *place;
		SNAP_TRY(snap_buffer_extend(ret, chunk, &place));
		ssize_t got = pread(*fd, place, chunk, done);
		ret->size -= chunk - (size_t)(got > 0 ? got : 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return snap_error_os(errno, "cannot read %s", path);
		if (!got)
			break;
	}
	// The NUL is behind the bytes, not of them.
	uint8_t *end;
	SNAP_TRY(snap_buffer_extend(ret, 1, &end));
	ret->size--;
	return SNAP_OK;
}

snap_err snap_proc_read_file(struct snap_tracee *tracee, const char *path,
			     struct snap_buffer *ret)
{
	return read_file(tracee, path, NULL, 0, ret);
}

snap_err snap_proc_read_records(struct snap_tracee *tracee, const char *path,
				struct snap_buffer *ret)
{
	return read_file(tracee, path, NULL, 512, ret);
}

void snap_proc_read_small(const char *folder, const char *name, char *ret, size_t size)
{
	char path[PATH_MAX + 256];
	*ret = 0;
	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
		return;
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, ret, size - 1);
	ret[got > 0 ? got : 0] = 0;
}

/** What stands between the first and the last parenthesis. */
static void take_name(const char *text, const char *end, char ret[SNAP_COMM_SIZE])
{
	const char *name = strchr(text, '(');
	size_t length = name && name < end ? (size_t)(end - name) - 1 : 0;
	memcpy(ret, length ? name + 1 : "",
	       length < SNAP_COMM_SIZE ? length : SNAP_COMM_SIZE - 1);
}

snap_err snap_proc_read_stat(struct snap_tracee *tracee, pid_t tid,
			     struct snap_proc_stat *ret)
{
	char path[64];
	snprintf(path, sizeof(path), "task/%d/stat", (int)tid);
	_cleanup_buffer_ struct snap_buffer text = { 0 };
	SNAP_TRY(snap_proc_read_file(tracee, path, &text));

	// The name in parentheses may hold anything, parentheses too.
	const char *fields = strrchr((const char *)text.data, ')');
	struct snap_proc_stat stat = { 0 };
	if (!fields ||
	    sscanf(fields,
		   ") %c %d %d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d "
		   "%*d %" SCNu64,
		   &stat.state, &stat.ppid, &stat.pgid, &stat.sid,
		   &stat.start_time) != 5)
		return snap_error_create(SNAP_ERROR_UNSUPPORTED,
					 "/proc/%d/%s has an unknown form",
					 (int)tracee->pid, path);
	take_name((const char *)text.data, fields, stat.comm);
	// Field 47 is 25 fields behind field 22.
	for (int field = 3; fields && field <= 47; field++)
		fields = strchr(fields + 1, ' ');
	if (fields)
		stat.start_brk = strtoull(fields, NULL, 10);
	*ret = stat;
	return SNAP_OK;
}

snap_err snap_proc_read_start_time(struct snap_tracee *tracee, uint64_t *ret)
{
	if (!tracee->start_time) {
		struct snap_proc_stat stat;
		SNAP_TRY(snap_proc_read_stat(tracee, tracee->pid, &stat));
		tracee->start_time = stat.start_time;
	}
	*ret = tracee->start_time;
	return SNAP_OK;
}

snap_err snap_proc_read_landmarks(struct snap_tracee *tracee,
				  uint64_t ret[SNAP_NR_LANDMARKS])
{
	static const int fields[] = {
#define SNAP_LANDMARK(name, key, field) field,
#include "core/model/landmarks.def"
#undef SNAP_LANDMARK
	};
	_cleanup_buffer_ struct snap_buffer text = { 0 };
	SNAP_TRY(snap_proc_read_file(tracee, "stat", &text));
	const char *at = strrchr((const char *)text.data, ')');
	size_t row = 0;
	for (int field = 3; at && row < SNAP_NR_LANDMARKS; field++) {
		at = strchr(at + 1, ' ');
		if (at && field == fields[row])
			ret[row++] = strtoull(at, NULL, 10);
	}
	return SNAP_OK;
}

/** The number behind "\nname:", the key, in a base; 0 where there is no such line. */
static uint64_t status_number(const char *text, const char *key, int base)
{
	const char *line = strstr(text, key);
	return line ? strtoull(line + strlen(key), NULL, base) : 0;
}

/** How many numbers are behind "\nname:", the key. */
static int count_numbers(const char *text, const char *key)
{
	const char *line = strstr(text, key);
	int nr = 0;
	for (const char *at = line ? line + strlen(key) : ""; *at && *at != '\n'; at++)
		nr += *at == '\t' && at[1] != '\n';
	return nr;
}

/** Of include/uapi/linux/capability.h; the second is newer than some headers. */
#define SNAP_CAP_SYS_ADMIN          21
#define SNAP_CAP_CHECKPOINT_RESTORE 40

void snap_proc_parse_status(const char *text, struct snap_proc_status *ret)
{
	const char *queue = strstr(text, "\nSigQ:");
	const char *limit = queue ? strchr(queue, '/') : NULL;
	uint64_t capabilities = status_number(text, "\nCapEff:", 16);
	*ret = (struct snap_proc_status){
		.tracer = (pid_t)status_number(text, "\nTracerPid:", 10),
		.uid = (uint32_t)status_number(text, "\nUid:", 10),
		.gid = (uint32_t)status_number(text, "\nGid:", 10),
		.pending = status_number(text, "\nSigPnd:", 16),
		.shared_pending = status_number(text, "\nShdPnd:", 16),
		.nr_queued = status_number(text, "\nSigQ:", 10),
		.queue_limit = limit ? strtoull(limit + 1, NULL, 10) : UINT64_MAX,
		.may_choose_tids = (capabilities >> SNAP_CAP_SYS_ADMIN |
				    capabilities >> SNAP_CAP_CHECKPOINT_RESTORE) &
				   1,
		.pid_depth = count_numbers(text, "\nNSpid:"),
		.own_memory = (status_number(text, "\nRssAnon:", 10) +
			       status_number(text, "\nRssShmem:", 10) +
			       status_number(text, "\nVmSwap:", 10)) *
			      1024,
		.swapped = status_number(text, "\nVmSwap:", 10) * 1024,
		.pinned = status_number(text, "\nVmPin:", 10) * 1024,
	};
}

snap_err snap_proc_read_status_text(struct snap_tracee *tracee, pid_t tid,
				    struct snap_buffer *ret)
{
	// It is read some ten times in a restore.
	if (tid == tracee->pid)
		return read_file(tracee, "status", &tracee->status_fd, 0, ret);
	char path[64];
	snprintf(path, sizeof(path), "task/%d/status", (int)tid);
	return snap_proc_read_file(tracee, path, ret);
}

snap_err snap_proc_read_status(struct snap_tracee *tracee, pid_t tid,
			       struct snap_proc_status *ret)
{
	_cleanup_buffer_ struct snap_buffer text = { 0 };
	SNAP_TRY(snap_proc_read_status_text(tracee, tid, &text));
	snap_proc_parse_status((const char *)text.data, ret);
	return SNAP_OK;
}

snap_err snap_proc_is_tid_free(struct snap_tracee *tracee, pid_t tid, bool *ret)
{
	SNAP_TRY(snap_tracee_enter(tracee, "see whether number %d is free", (int)tid));
	// Its own, or that of a process group whose leader has ended.
	*ret = kill(tid, 0) < 0 && errno == ESRCH && kill(-tid, 0) < 0 &&
	       errno == ESRCH;
	return SNAP_OK;
}

static int compare_tids(const void *a, const void *b)
{
	pid_t left = *(const pid_t *)a, right = *(const pid_t *)b;
	return (left > right) - (left < right);
}

static void close_directory(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

snap_err snap_proc_list_threads(struct snap_tracee *tracee, pid_t **ret, size_t *ret_nr)
{
	SNAP_TRY(snap_tracee_enter(tracee, "list the threads of process %d",
				   (int)tracee->pid));
	_cleanup_close_ int fd =
		openat(tracee->proc_fd, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(close_directory) DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	if (!directory)
		return snap_error_os(errno == ENOENT ? ESRCH : errno,
				     "cannot list the threads of process %d",
				     (int)tracee->pid);
	fd = -1; // closedir() closes it.

	_cleanup_buffer_ struct snap_buffer tids = { 0 };
	for (struct dirent *entry; (entry = readdir(directory));) {
		pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);
		if (tid > 0)
			SNAP_TRY(snap_buffer_append(&tids, &tid, sizeof(tid)));
	}
	size_t nr = tids.size / sizeof(pid_t);
	if (!nr)
		return snap_error_os(ESRCH, "cannot list the threads of process %d",
				     (int)tracee->pid);
	pid_t *list = (pid_t *)(void *)snap_take(tids.data);
	qsort(list, nr, sizeof(*list), compare_tids);
	// The leader goes first even where numbers have wrapped around.
	for (size_t i = 1; i < nr; i++)
		if (list[i] == tracee->pid) {
			memmove(list + 1, list, i * sizeof(*list));
			list[0] = tracee->pid;
		}
	*ret = list;
	*ret_nr = nr;
	return SNAP_OK;
}

static snap_err read_boot_id(struct snap_tracee *tracee, char **ret)
{
	SNAP_TRY(snap_tracee_enter(tracee, "read the boot id"));
	_cleanup_close_ int fd =
		open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return snap_error_os(errno, "cannot read the boot id");
	// A uuid and a newline.
	char text[64];
	ssize_t size = TEMP_FAILURE_RETRY(read(fd, text, sizeof(text) - 1));
	if (size < 0)
		return snap_error_os(errno, "cannot read the boot id");
	text[size] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return snap_snapshot_set_text(ret, text);
}

snap_err snap_proc_identify(struct snap_tracee *tracee, struct snap_snapshot *snapshot)
{
	struct snap_identity *identity = &snapshot->identity;
	identity->pid = tracee->pid;
	SNAP_TRY(snap_proc_read_start_time(tracee, &identity->start_time));
	SNAP_TRY(read_boot_id(tracee, &identity->boot_id));

	SNAP_TRY(snap_tracee_enter(tracee, "find the executable"));
	char exe[PATH_MAX];
	ssize_t length = readlinkat(tracee->proc_fd, "exe", exe, sizeof(exe) - 1);
	if (length < 0)
		return snap_error_os(errno, "cannot find the executable of process %d",
				     (int)tracee->pid);
	exe[length] = 0;
	SNAP_TRY(snap_snapshot_set_text(&identity->exe, exe));
	_cleanup_close_ int fd = openat(tracee->proc_fd, "exe", O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		identity->exe_build_id_size =
			snap_build_id_of_file(fd, identity->exe_build_id);
	return SNAP_OK;
}

static snap_err describe_command(struct snap_tracee *tracee,
				 struct snap_snapshot *snapshot)
{
	_cleanup_buffer_ struct snap_buffer text = { 0 };
	SNAP_TRY(snap_proc_read_file(tracee, "cmdline", &text));
	while (text.size && !text.data[text.size - 1])
		text.size--;
	for (size_t i = 0; i < text.size; i++)
		if (!text.data[i])
			text.data[i] = ' ';
	return snap_snapshot_set_text(&snapshot->command_line, (const char *)text.data);
}

static snap_err describe_kernel(struct snap_snapshot *snapshot)
{
	struct utsname name;
	if (uname(&name) < 0)
		return snap_error_os(errno, "cannot ask for the kernel's name");
	char kernel[3 * sizeof(name.release)];
	snprintf(kernel, sizeof(kernel), "%s %s %s", name.sysname, name.release,
		 name.version);
	SNAP_TRY(snap_snapshot_set_text(&snapshot->kernel, kernel));
	return snap_snapshot_set_text(&snapshot->host, name.nodename);
}

snap_err snap_proc_describe(struct snap_tracee *tracee,
			    const struct snap_proc_status *status,
			    struct snap_snapshot *snapshot)
{
	snapshot->arch = tracee->arch;
	SNAP_TRY(snap_machine_recall(tracee->machine, &snapshot->cpu));
	if (!snapshot->identity.pid)
		SNAP_TRY(snap_proc_identify(tracee, snapshot));
	SNAP_TRY(describe_command(tracee, snapshot));
	SNAP_TRY(describe_kernel(snapshot));

	struct snap_proc_stat stat;
	SNAP_TRY(snap_proc_read_stat(tracee, tracee->pid, &stat));
	snapshot->ppid = stat.ppid;
	snapshot->pgid = stat.pgid;
	snapshot->sid = stat.sid;
	snapshot->start_brk = stat.start_brk;
	snapshot->uid = status->uid;
	snapshot->gid = status->gid;

	_cleanup_buffer_ struct snap_buffer auxv = { 0 };
	SNAP_TRY(snap_proc_read_file(tracee, "auxv", &auxv));
	snapshot->auxv_size = auxv.size;
	snapshot->auxv = snap_take(auxv.data);
	return SNAP_OK;
}
