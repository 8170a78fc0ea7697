#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "core/compat/cpu_json.h"
#include "core/foreign/foreign.h"

void cli_put_text(FILE *file, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		(void)fputc(c < ' ' || c == 0x7f ? '?' : c, file);
	}
}

/** A directory, or what begins like an ELF file, is an image. */
static snap_err is_image(const char *path, bool *ret)
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
	*ret = S_ISDIR(st.st_mode) ||
	       (S_ISREG(st.st_mode) && fread(first, sizeof(first), 1, file) == 1 &&
		!memcmp(first, magic, sizeof(magic)));
	(void)fclose(file);
	return SNAP_OK;
}

snap_err cli_read_cpu(const char *path, struct snap_cpu *ret)
{
	bool has_image = false;
	SNAP_TRY(is_image(path, &has_image));
	if (!has_image)
		return snap_cpu_json_read(path, ret);
	_cleanup_snapshot_ struct snap_snapshot *snapshot = NULL;
	SNAP_TRY(snap_foreign_read(path, NULL, &snapshot));
	return snap_cpu_copy(&snapshot->cpu, ret);
}
