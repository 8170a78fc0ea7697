// SPDX-License-Identifier: GPL-3.0-or-later
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "core/plan/explain.h"
#include "core/plan/files.h"

/** The most of a path that a sentence has. */
#define MOST_SHOWN 200

/** Append a text in which nothing ends a line or a sentence. */
static snap_err append_escaped(struct snap_buffer *ret, const char *text)
{
	size_t shown = 0;
	for (; *text && shown < MOST_SHOWN; text++, shown++) {
		unsigned char byte = (unsigned char)*text;
		if (byte < ' ' || byte == 0x7f || byte == '\\')
			SNAP_TRY(snap_describe(ret, "\\%03o", byte));
		else
			SNAP_TRY(snap_buffer_append(ret, text, 1));
	}
	return *text ? snap_describe(ret, "...") : SNAP_OK;
}

static snap_err append_name(struct snap_buffer *ret, const struct snap_open_file *file)
{
	if (!*file->path)
		return snap_describe(ret, "%s", snap_file_kind_name(file->kind));
	return append_escaped(ret, file->path);
}

snap_err snap_describe_fd(struct snap_buffer *ret, int number,
			  const struct snap_open_file *file)
{
	SNAP_TRY(snap_describe(ret, "descriptor %d (", number));
	SNAP_TRY(append_name(ret, file));
	return snap_describe(ret, ")");
}

snap_err snap_refuse_fd(int number, const struct snap_open_file *file,
			const char *format, ...)
{
	_cleanup_buffer_ struct snap_buffer name = { 0 };
	SNAP_TRY(snap_describe_fd(&name, number, file));
	va_list values;
	va_start(values, format);
	_cleanup_free_ char *why = NULL;
	int length = vasprintf(&why, format, values);
	va_end(values);
	if (length < 0)
		return &snap_enomem;
	return snap_error_create(SNAP_ERROR_REFUSED, "%.*s %s", (int)name.size,
				 (const char *)name.data, why);
}

snap_err snap_describe_live_fd(const struct snap_step *step, struct snap_buffer *ret)
{
	return snap_describe_fd(ret, step->number, step->is);
}

snap_err snap_describe_wanted_fd(const struct snap_step *step, struct snap_buffer *ret)
{
	return snap_describe_fd(ret, step->number, step->wanted);
}

snap_err snap_describe_fd_limit(const struct snap_step *step, struct snap_buffer *ret)
{
	return snap_describe(ret, "the limit of open files to %" PRIu64, step->start);
}

snap_err snap_describe_watch(const struct snap_step *step, struct snap_buffer *ret)
{
	return snap_describe(ret, "descriptor %" PRIu64 " in the epoll set of %d",
			     step->start, step->number);
}

snap_err snap_describe_posix_locks(const struct snap_step *step,
				   struct snap_buffer *ret)
{
	return snap_describe(ret, "the process's locks on files");
}

/** A list of descriptors in a sentence, cut where it would be too long. */
struct mention {
	struct snap_buffer text;
	size_t nr;
};

/** The most things that a sentence names. */
#define MOST_NAMED 8

static void deinit_mention(struct mention *mention)
{
	snap_buffer_deinit(&mention->text);
}

static snap_err mention_fd(struct mention *mention, int number,
			   const struct snap_open_file *file)
{
	if (mention->nr++ >= MOST_NAMED)
		return SNAP_OK;
	SNAP_TRY(snap_describe(&mention->text, "%s%d (", mention->nr == 1 ? "" : ", ",
			       number));
	SNAP_TRY(append_name(&mention->text, file));
	return snap_describe(&mention->text, ")");
}

/** One sentence with all that were mentioned, or none. */
static snap_err note(struct snap_notes *notes, struct mention *mention,
		     const char *before, const char *behind)
{
	if (!mention->nr)
		return SNAP_OK;
	if (mention->nr > MOST_NAMED)
		SNAP_TRY(snap_describe(&mention->text, " and %zu more",
				       mention->nr - MOST_NAMED));
	return snap_notes_add(notes, "%s %.*s%s", before, (int)mention->text.size,
			      (const char *)mention->text.data, behind);
}

static bool is_written_file(const struct snap_fd_table *table,
			    const struct snap_open_file *file)
{
	return file->kind == SNAP_FILE_REGULAR && snap_open_file_writes(file);
}

static bool is_socket(const struct snap_fd_table *table,
		      const struct snap_open_file *file)
{
	return file->kind == SNAP_FILE_SOCKET;
}

/** Pseudo terminals and consoles: majors 4, 5 and 136 to 143. */
static bool is_terminal(const struct snap_open_file *file)
{
	unsigned major = major(file->rdev);
	return file->kind == SNAP_FILE_DEVICE &&
	       (major == 4 || major == 5 || (major >= 136 && major <= 143));
}

static bool is_to_outside(const struct snap_fd_table *table,
			  const struct snap_open_file *file)
{
	return is_terminal(file) || (file->kind == SNAP_FILE_PIPE &&
				     !snap_fd_table_has_both_ends(table, file));
}

static bool is_other(const struct snap_fd_table *table,
		     const struct snap_open_file *file)
{
	return file->kind == SNAP_FILE_OTHER;
}

static bool has_lease(const struct snap_fd_table *table,
		      const struct snap_open_file *file)
{
	for (size_t i = 0; i < file->nr_locks; i++)
		if (file->locks[i].kind == SNAP_LOCK_LEASE)
			return true;
	return false;
}

static const struct {
	bool (*is)(const struct snap_fd_table *table,
		   const struct snap_open_file *file);
	/** Everybody knows of standard input and output. */
	bool leaves_out_standard;
	const char *before;
	const char *behind;
} kept[] = {
	{ is_written_file, true,
	  "The contents and sizes of files are not rewound:", "." },
	{ is_socket, false, "Sockets are kept as they are:", "." },
	{ is_to_outside, true,
	  "Pipes and terminals to the outside are kept as they are:", "." },
	{ is_other, false, "What these descriptors stand for is kept as it is:", "." },
	{ has_lease, false, "Leases are not put back:", "." },
};

snap_err snap_note_files(const struct snap_plan *plan, struct snap_notes *notes)
{
	const struct snap_fd_table *table = &plan->image->files;
	if (!table->is_captured || !plan->live->files.is_captured)
		return SNAP_OK;
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(kept); i++) {
		_cleanup_(deinit_mention) struct mention mention = { 0 };
		uint32_t next = 0;
		for (size_t j = 0; j < table->nr_fds; j++) {
			const struct snap_fd *fd = &table->fds[j];
			// Open files are in the order of their first descriptors.
			if (fd->file < next)
				continue;
			next = fd->file + 1;
			if (kept[i].leaves_out_standard && fd->number <= STDERR_FILENO)
				continue;
			if (kept[i].is(table, &table->list[fd->file]))
				SNAP_TRY(mention_fd(&mention, fd->number,
						    &table->list[fd->file]));
		}
		SNAP_TRY(note(notes, &mention, kept[i].before, kept[i].behind));
	}
	return SNAP_OK;
}
