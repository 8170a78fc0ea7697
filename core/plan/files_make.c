// SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>
#include <sys/sysmacros.h>

#include "core/plan/files.h"

/** A device that is the same whoever opens it, as often as he likes. */
static bool is_plain_device(const struct snap_open_file *file)
{
	// Documentation/admin-guide/devices.txt: memory devices (null, zero, full,
	// random, urandom), consoles, /dev/tty, the ends of pseudo terminals.
	static const struct {
		unsigned first_major, last_major;
		unsigned first_minor, last_minor;
	} known[] = {
		{ 1, 1, 3, 9 },
		{ 4, 4, 0, 255 },
		{ 5, 5, 0, 1 },
		{ 136, 143, 0, UINT32_MAX },
	};

	unsigned major = major(file->rdev), minor = minor(file->rdev);
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(known); i++)
		if (major >= known[i].first_major && major <= known[i].last_major &&
		    minor >= known[i].first_minor && minor <= known[i].last_minor)
			return true;
	return false;
}

static bool is_same_inode(const struct snap_open_file *a,
			  const struct snap_open_file *b)
{
	return a->kind == b->kind && a->device == b->device && a->inode == b->inode &&
	       (!a->birth || !b->birth || a->birth == b->birth);
}

/**
 * A descriptor of the same inode, through which it can be opened once more; SNAP_NO_FD:
 * there is none. What is put aside is found where it is put.
 */
static uint64_t find_via(const struct snap_file_plan *files,
			 const struct snap_open_file *wanted)
{
	for (size_t i = 0; i < files->image->nr; i++)
		if (files->source[i] >= 0 &&
		    is_same_inode(&files->image->list[i], wanted))
			return (uint64_t)files->source[i];
	for (size_t i = 0; i < files->plan->nr_steps; i++) {
		const struct snap_step *step = &files->plan->steps[i];
		const struct snap_open_file *is = step->is;
		if (step->kind == SNAP_STEP_FD_PARK && is_same_inode(is, wanted))
			return step->parking;
		if (step->kind == SNAP_STEP_FD_CLOSE && is_same_inode(is, wanted))
			return (uint64_t)step->number;
	}
	return SNAP_NO_FD;
}

/** What cannot be made again, for what there is in the outside world. */
static snap_err check_kind(const struct snap_file_plan *files, uint32_t index)
{
	const struct snap_open_file *file = &files->image->list[index];
	int number = files->image_first[index];
	switch (file->kind) {
	case SNAP_FILE_SOCKET:
		return snap_refuse_fd(number, file,
				      "was closed since: a socket cannot be made "
				      "again");
	case SNAP_FILE_OTHER:
		return snap_refuse_fd(number, file,
				      "was closed since, and is of a kind that cannot "
				      "be made again");
	case SNAP_FILE_DEVICE:
		if (!is_plain_device(file))
			return snap_refuse_fd(number, file,
					      "was closed since: a device of this kind "
					      "has a state that is lost");
		return SNAP_OK;
	case SNAP_FILE_PIPE:
		if (!snap_fd_table_has_both_ends(files->image, file))
			return snap_refuse_fd(number, file,
					      "was closed since: whoever has the other "
					      "end of the pipe has seen it");
		return SNAP_OK;
	case SNAP_FILE_REGULAR:
	case SNAP_FILE_DIRECTORY:
		if (!*file->path)
			return snap_refuse_fd(number, file,
					      "was closed since, and its path was too "
					      "long to be known");
		return SNAP_OK;
	default:
		return SNAP_OK;
	}
}

/** The first of the image's files that is to be made and writes to the same pipe. */
static uint32_t find_writer(const struct snap_file_plan *files, uint32_t reader)
{
	for (uint32_t i = 0; i < files->image->nr; i++) {
		const struct snap_open_file *file = &files->image->list[i];
		if (i != reader && files->source[i] < 0 &&
		    is_same_inode(file, &files->image->list[reader]) &&
		    snap_open_file_writes(file) && !snap_open_file_reads(file))
			return i;
	}
	return SNAP_NO_FILE;
}

/** @param order Steps of a lower one are done before. */
static snap_err add_make(struct snap_file_plan *files, uint32_t index, uint64_t order,
			 uint64_t via, uint64_t partner)
{
	files->source[index] = files->image_first[index];
	return snap_plan_add(files->plan, &(struct snap_step){
						  .kind = SNAP_STEP_FD_MAKE,
						  .number = files->image_first[index],
						  .wanted = &files->image->list[index],
						  .start = order,
						  .end = partner,
						  .parking = via,
					  });
}

/** A pipe without a name, of which nothing is left: both ends at once. */
static snap_err make_pipe(struct snap_file_plan *files, uint32_t reader)
{
	uint32_t writer = find_writer(files, reader);
	if (writer == SNAP_NO_FILE)
		return snap_refuse_fd(files->image_first[reader],
				      &files->image->list[reader],
				      "was closed since, and was opened in a way that "
				      "pipes are not made in");
	SNAP_TRY(add_make(files, reader, 0, SNAP_NO_FD,
			  (uint64_t)files->image_first[writer]));
	files->source[writer] = files->image_first[writer];
	return SNAP_OK;
}

static snap_err make_file(struct snap_file_plan *files, uint32_t index)
{
	const struct snap_open_file *file = &files->image->list[index];
	if (files->source[index] >= 0)
		return SNAP_OK;
	SNAP_TRY(check_kind(files, index));
	bool is_inode = file->kind == SNAP_FILE_REGULAR ||
			file->kind == SNAP_FILE_DIRECTORY ||
			file->kind == SNAP_FILE_PIPE;
	uint64_t via = is_inode ? find_via(files, file) : SNAP_NO_FD;
	if (file->kind == SNAP_FILE_PIPE && via == SNAP_NO_FD &&
	    snap_open_file_is_anonymous(file))
		return make_pipe(files, index);
	return add_make(files, index, via == SNAP_NO_FD ? 0 : 1, via, SNAP_NO_FD);
}

/** Ends that read come first: to open one never waits for anybody. */
snap_err snap_plan_made_files(struct snap_file_plan *files)
{
	for (uint32_t i = 0; i < files->image->nr; i++)
		if (snap_open_file_reads(&files->image->list[i]))
			SNAP_TRY(make_file(files, i));
	for (uint32_t i = 0; i < files->image->nr; i++)
		SNAP_TRY(make_file(files, i));
	return SNAP_OK;
}
