// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "core/compat/cpu_json.h"
#include "core/image/image.h"

void cli_put_text(FILE *file, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		(void)fputc(c < ' ' || c == 0x7f ? '?' : c, file);
	}
}

enum kind {
	A_TEXT,
	A_CORE,
	A_DIRECTORY,
};

/** A directory is CRIU's; what begins like an ELF file is an image, or a core file. */
static snap_err find_kind(const char *path, enum kind *ret)
{
	static const char magic[4] = "\177ELF";
	char first[sizeof(magic)] = "";
	struct stat st;
	FILE *file = fopen(path, "re");
	if (!file || fstat(fileno(file), &st)) {
		snap_err error = snap_error_os(errno, "%s: cannot open it", path);
		if (file)
			(void)fclose(file);
		return error;
	}
	*ret = S_ISDIR(st.st_mode) ? A_DIRECTORY : A_TEXT;
	if (S_ISREG(st.st_mode) && fread(first, sizeof(first), 1, file) == 1 &&
	    !memcmp(first, magic, sizeof(magic)))
		*ret = A_CORE;
	(void)fclose(file);
	return SNAP_OK;
}

/** With what others say of a machine it would be called poorer than it is. */
static snap_err refuse_others(const char *path)
{
	return snap_error_with_remedy(
		snap_error_create(SNAP_ERROR_INVALID,
				  "%s: another program wrote it, and it does not say "
				  "all that its machine had",
				  path),
		"describe the machine with \"gdb-snapshot cpu --json\" there");
}

snap_err cli_read_cpu(const char *path, struct snap_cpu *ret)
{
	enum kind kind = A_TEXT;
	SNAP_TRY(find_kind(path, &kind));
	if (kind == A_TEXT)
		return snap_cpu_json_read(path, ret);
	if (kind == A_DIRECTORY)
		return refuse_others(path);
	_cleanup_snapshot_ struct snap_snapshot *snapshot = NULL;
	snap_err error = snap_image_read(path, NULL, &snapshot);
	if (error && error->kind == SNAP_ERROR_INVALID) {
		snap_error_destroy(error);
		return refuse_others(path);
	}
	SNAP_TRY(error);
	return snap_cpu_copy(&snapshot->cpu, ret);
}
