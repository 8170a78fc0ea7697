// SPDX-License-Identifier: GPL-3.0-or-later
#include <getopt.h>
#include <inttypes.h>
#include <string.h>

#include "arch/arch.h"
#include "arch/machine.h"
#include "cli/cli.h"
#include "core/compat/cpu_json.h"

static snap_err put_json(const struct snap_cpu *cpu)
{
	_cleanup_buffer_ struct snap_buffer text = { 0 };
	SNAP_TRY(snap_cpu_json_write(cpu, &text));
	(void)fwrite(text.data, 1, text.size, stdout);
	return SNAP_OK;
}

/** Names of features, as many in a line as fit. */
static void put_features(const struct snap_cpu *cpu, const struct snap_arch *arch,
			 bool is_needed, const char *title)
{
	size_t column = 0;
	for (size_t i = 0; i < arch->nr_features; i++) {
		const struct snap_feature *feature = &arch->features[i];
		if (feature->is_needed != is_needed ||
		    !snap_cpu_get(cpu, feature->name, 0))
			continue;
		size_t length = strlen(feature->name) + 1;
		if (!column || column + length > 80) {
			(void)printf("%s\n ", column ? "" : title);
			column = 1;
		}
		column += (size_t)printf(" %s", feature->name);
	}
	if (column)
		(void)putchar('\n');
}

static bool is_feature(const struct snap_arch *arch, const char *name)
{
	for (size_t i = 0; arch && i < arch->nr_features; i++)
		if (!strcmp(arch->features[i].name, name))
			return true;
	return false;
}

static snap_err put_words(const struct snap_cpu *cpu)
{
	const struct snap_cpu_item *name = snap_cpu_find(cpu, "arch");
	const struct snap_arch *arch =
		name && name->text ? snap_arch_by_name(name->text) : NULL;
	for (size_t i = 0; i < cpu->nr_items; i++) {
		const struct snap_cpu_item *item = &cpu->items[i];
		if (is_feature(arch, item->name))
			continue;
		(void)fputs(item->name, stdout);
		(void)printf("%*s  ", 18 - (int)strlen(item->name), "");
		if (item->text)
			cli_put_text(stdout, item->text);
		else
			(void)printf(item->value < 65536 ? "%" PRIu64 : "%#" PRIx64,
				     item->value);
		(void)putchar('\n');
	}
	if (arch) {
		put_features(cpu, arch, true, "Instructions:");
		put_features(cpu, arch, false, "Hints:");
	}
	return SNAP_OK;
}

static snap_err read_all(char **paths, size_t nr, struct snap_cpu *ret)
{
	for (size_t i = 0; i < nr; i++)
		SNAP_TRY(cli_read_cpu(paths[i], &ret[i]));
	return SNAP_OK;
}

static snap_err find_common(char **paths, size_t nr, struct snap_cpu *ret)
{
	struct snap_cpu *machines = calloc(nr, sizeof(*machines));
	if (!machines)
		return &snap_enomem;
	snap_err error = read_all(paths, nr, machines);
	if (!error)
		error = snap_compat_common(machines, nr, ret);
	for (size_t i = 0; i < nr; i++)
		snap_cpu_deinit(&machines[i]);
	free(machines);
	return error;
}

static snap_err describe(char **paths, size_t nr, bool is_common, bool is_json)
{
	_cleanup_cpu_ struct snap_cpu cpu = { 0 };
	if (is_common)
		SNAP_TRY(find_common(paths, nr, &cpu));
	else if (nr)
		SNAP_TRY(cli_read_cpu(paths[0], &cpu));
	else
		SNAP_TRY(snap_machine_describe(&cpu));
	return is_json ? put_json(&cpu) : put_words(&cpu);
}

int cli_cpu(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "common", no_argument, NULL, 'c' },
		{ 0 },
	};
	bool is_json = false, is_common = false;
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (option == '?')
			return cli_misused("cpu");
		is_json |= option == 'j';
		is_common |= option == 'c';
	}
	size_t nr = (size_t)(argc - optind);
	if (is_common ? !nr : nr > 1)
		return cli_misused("cpu");
	snap_err error = describe(argv + optind, nr, is_common, is_json);
	return error ? cli_complain(error) : CLI_FITS;
}
