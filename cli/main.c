// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include <errno.h>
#include <string.h>

#include "cli/cli.h"

static const struct {
	const char *name;
	cli_verb *run;
	const char *usage;
} words[] = {
	{ "show", cli_show, "show [--registers] [--memory] IMAGE" },
	{ "check", cli_check,
	  "check [--mode strict|compat|any] [--json] IMAGE [--cpu FILE...]" },
	{ "cpu", cli_cpu, "cpu [--json] [--common] [FILE...]" },
};

int cli_complain(snap_err error)
{
	_cleanup_error_ snap_err owned = error;
	(void)fputs("gdb-snapshot: ", stderr);
	cli_put_text(stderr, owned->message);
	if (owned->remedy) {
		(void)fputs("; ", stderr);
		cli_put_text(stderr, owned->remedy);
	}
	(void)fputc('\n', stderr);
	return CLI_ERROR;
}

int cli_misused(const char *word)
{
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(words); i++)
		if (!strcmp(words[i].name, word))
			(void)fprintf(stderr, "Usage: gdb-snapshot %s\n",
				      words[i].usage);
	return CLI_ERROR;
}

int cli_finish(int status)
{
	if (fflush(stdout) || ferror(stdout))
		return cli_complain(snap_error_os(errno, "cannot write the answer"));
	return status;
}

static void put_help(FILE *file)
{
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(words); i++)
		(void)fprintf(file, "%s gdb-snapshot %s\n",
			      i ? "      " : "Usage:", words[i].usage);
	(void)fputs(
		"\n"
		"show   what an image holds\n"
		"check  whether an image may run on this machine, or on those that files\n"
		"       describe; exits with 0 if it fits, 1 if that is risky, 2 if it is\n"
		"       impossible, 3 if something went wrong\n"
		"cpu    what this machine's CPU offers to programs, as check wants it with\n"
		"       --json; or what all machines have in common\n"
		"\n"
		"An IMAGE is what gdb's \"snapshot export\" writes, a core file, or a\n"
		"directory of CRIU. gdb-snapshot(1) tells more.\n",
		file);
}

/** Anywhere among the options, as people type it. */
static bool asks_for_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";
	if (asks_for_help(argc, argv)) {
		put_help(stdout);
		return cli_finish(CLI_FITS);
	}
	if (!strcmp(word, "--version")) {
		puts(PACKAGE_STRING);
		return cli_finish(CLI_FITS);
	}
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(words); i++)
		if (!strcmp(words[i].name, word))
			return cli_finish(words[i].run(argc - 1, argv + 1));
	put_help(stderr);
	return CLI_ERROR;
}
