// SPDX-License-Identifier: GPL-3.0-or-later
#include <getopt.h>
#include <string.h>

#include "arch/machine.h"
#include "cli/cli.h"
#include "core/compat/verdict_json.h"
#include "core/foreign/foreign.h"

/** What the words after "check" ask for. */
struct request {
	const char *image;
	enum snap_compat_mode mode;
	bool is_json;
	/** In argv; none: this machine. */
	char **cpus;
	size_t nr_cpus;
};

/** The verdict about one machine. */
struct answer {
	/** NULL: this machine. Not owned. */
	const char *machine;
	struct snap_verdict verdict;
};

static void put_verdict(const struct snap_verdict *verdict)
{
	puts(snap_verdict_name(verdict->level));
	for (size_t i = 0; i < verdict->nr_findings; i++) {
		const struct snap_finding *finding = &verdict->findings[i];
		(void)printf("  %-5s  %s: %s\n", snap_severity_name(finding->severity),
			     finding->subject, finding->sentence);
		if (finding->remedy)
			(void)printf("         %s\n", finding->remedy);
	}
}

/** A machine a line, with the worst that there is to say. */
static void put_table(const struct answer *answers, size_t nr)
{
	int width = (int)strlen("MACHINE");
	for (size_t i = 0; i < nr; i++)
		if ((int)strlen(answers[i].machine) > width)
			width = (int)strlen(answers[i].machine);
	(void)printf("%-*s  VERDICT     REASON\n", width, "MACHINE");
	for (size_t i = 0; i < nr; i++) {
		const struct snap_verdict *verdict = &answers[i].verdict;
		bool has_reason = verdict->level >= SNAP_VERDICT_RISKY;
		cli_put_text(stdout, answers[i].machine);
		(void)printf("%*s  %-*s%s\n", width - (int)strlen(answers[i].machine),
			     "", has_reason ? 12 : 0, snap_verdict_name(verdict->level),
			     has_reason ? verdict->findings[0].sentence : "");
	}
}

static snap_err put_json(const struct request *request, const struct answer *answers,
			 size_t nr)
{
	_cleanup_buffer_ struct snap_buffer text = { 0 };
	struct snap_machine_verdict *rows = calloc(nr, sizeof(*rows));
	if (!rows)
		return &snap_enomem;
	for (size_t i = 0; i < nr; i++)
		rows[i] = (struct snap_machine_verdict){ answers[i].machine,
							 &answers[i].verdict };
	snap_err error = snap_verdicts_json_write(request->image, request->mode, rows,
						  nr, &text);
	free(rows);
	if (!error)
		(void)fwrite(text.data, 1, text.size, stdout);
	return error;
}

static snap_err check_machine(const struct request *request,
			      const struct snap_cpu *needs, struct answer *ret)
{
	_cleanup_cpu_ struct snap_cpu cpu = { 0 };
	if (ret->machine)
		SNAP_TRY(cli_read_cpu(ret->machine, &cpu));
	else
		SNAP_TRY(snap_machine_describe(&cpu));
	return snap_compat_check(needs, &cpu, request->mode, &ret->verdict);
}

static snap_err answer(const struct request *request, struct answer *answers, size_t nr)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot = NULL;
	_cleanup_cpu_ struct snap_cpu needs = { 0 };
	SNAP_TRY(snap_foreign_read(request->image, NULL, &snapshot));
	SNAP_TRY(snap_compat_needs(snapshot, &needs));
	for (size_t i = 0; i < nr; i++) {
		answers[i].machine = request->nr_cpus ? request->cpus[i] : NULL;
		SNAP_TRY(check_machine(request, &needs, &answers[i]));
	}
	if (request->is_json)
		return put_json(request, answers, nr);
	if (nr > 1)
		put_table(answers, nr);
	else
		put_verdict(&answers[0].verdict);
	return SNAP_OK;
}

/** That of the machine which fits worst. */
static int exit_status(const struct answer *answers, size_t nr)
{
	static const enum cli_exit status[] = {
		[SNAP_IDENTICAL] = CLI_FITS,
		[SNAP_RESTORABLE] = CLI_FITS,
		[SNAP_VERDICT_RISKY] = CLI_RISKY,
		[SNAP_IMPOSSIBLE] = CLI_IMPOSSIBLE,
	};
	enum snap_verdict_level worst = SNAP_IDENTICAL;
	for (size_t i = 0; i < nr; i++)
		if (answers[i].verdict.level > worst)
			worst = answers[i].verdict.level;
	return status[worst];
}

static int run(const struct request *request)
{
	size_t nr = request->nr_cpus ? request->nr_cpus : 1;
	struct answer *answers = calloc(nr, sizeof(*answers));
	if (!answers)
		return cli_complain(&snap_enomem);
	snap_err error = answer(request, answers, nr);
	int status = error ? cli_complain(error) : exit_status(answers, nr);
	for (size_t i = 0; i < nr; i++)
		snap_verdict_deinit(&answers[i].verdict);
	free(answers);
	return status;
}

/**
 * The words in their order: those behind --cpu are machines, so that a shell may put
 * many names there for one pattern; the one before it is the image.
 */
static bool parse(int argc, char **argv, struct request *request)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "mode", required_argument, NULL, 'm' },
		{ "cpu", required_argument, NULL, 'c' },
		{ 0 },
	};
	request->cpus = calloc((size_t)argc, sizeof(*request->cpus));
	// The '-': a word that is no option is one with the letter 1.
	for (int option;
	     (option = getopt_long(argc, argv, "-", options, NULL)) != -1;) {
		bool is_cpu = option == 'c' || (option == 1 && request->nr_cpus);
		if (option == '?' || !request->cpus)
			return false;
		if (option == 'm' && !snap_mode_by_name(optarg, &request->mode))
			return false;
		if (option == 1 && !is_cpu && request->image)
			return false;
		request->is_json |= option == 'j';
		if (is_cpu)
			request->cpus[request->nr_cpus++] = optarg;
		else if (option == 1)
			request->image = optarg;
	}
	return request->image;
}

int cli_check(int argc, char **argv)
{
	struct request request = { .mode = SNAP_MODE_COMPAT };
	int status = parse(argc, argv, &request) ? run(&request) : cli_misused("check");
	free(request.cpus);
	return status;
}
