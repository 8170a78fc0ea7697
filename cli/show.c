// SPDX-License-Identifier: GPL-3.0-or-later
#include <getopt.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "arch/arch.h"
#include "cli/cli.h"
#include "core/foreign/foreign.h"
#include "core/unwind/unwind.h"

static void put_fact(const char *name, const char *text)
{
	if (!*text)
		return;
	(void)printf("%-12s", name);
	cli_put_text(stdout, text);
	(void)putchar('\n');
}

static void put_time(uint64_t time_ns)
{
	char text[sizeof("-2147483648-12-31 23:59:59 UTC")] = "";
	time_t seconds = (time_t)(time_ns / 1000000000u);
	struct tm parts;
	if (time_ns && gmtime_r(&seconds, &parts) &&
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &parts))
		put_fact("Taken:", text);
}

/** As "1 thread", "2 threads". */
static void put_count(size_t count, const char *noun)
{
	(void)printf("%zu %s%s", count, noun, count == 1 ? "" : "s");
}

static void put_holdings(const struct snap_snapshot *snapshot)
{
	(void)printf("%-12s", "Holds:");
	put_count(snapshot->nr_threads, "thread");
	(void)fputs(", ", stdout);
	put_count(snapshot->vmas.nr, "mapping");
	(void)fputs(", ", stdout);
	put_count(snapshot->memory.size, "byte");
	(void)putchar('\n');
}

static void put_header(const struct snap_snapshot *snapshot, const char *path)
{
	static const uint8_t none[SNAP_UUID_SIZE];
	char uuid[SNAP_UUID_TEXT_SIZE];
	put_fact("Image:", path);
	put_fact("Label:", snapshot->label);
	put_fact("Note:", snapshot->note);
	put_time(snapshot->time_ns);
	if (snapshot->identity.pid)
		(void)printf("%-12s%d\n", "Process:", (int)snapshot->identity.pid);
	put_fact("Command:", snapshot->command_line);
	put_fact("Executable:", snapshot->identity.exe);
	put_fact("Machine:", snapshot->arch->name);
	const struct snap_cpu_item *model = snap_cpu_find(&snapshot->cpu, "model-name");
	put_fact("CPU:", model && model->text ? model->text : "");
	put_fact("Kernel:", snapshot->kernel);
	put_fact("Host:", snapshot->host);
	put_holdings(snapshot);
	if (memcmp(snapshot->uuid, none, sizeof(none)) != 0) {
		snap_uuid_format(snapshot->uuid, uuid);
		put_fact("UUID:", uuid);
	}
	for (size_t i = 0; i < snapshot->nr_omissions; i++)
		put_fact("Missing:", snapshot->omissions[i]);
}

static void put_frame(size_t level, const struct snap_frame *frame)
{
	(void)printf("  #%-3zu 0x%016" PRIx64, level, frame->pc);
	if (frame->function) {
		(void)fputs(" in ", stdout);
		cli_put_text(stdout, frame->function);
		if (!frame->line)
			(void)printf("+%" PRIu64, frame->function_offset);
	}
	const char *file = frame->file ? frame->file : frame->module;
	if (file) {
		(void)fputs(frame->file ? " at " : " from ", stdout);
		cli_put_text(stdout, file);
	}
	if (frame->file && frame->line)
		(void)printf(":%d", frame->line);
	(void)putchar('\n');
}

static void put_register(const char *name, const uint8_t *value, size_t size)
{
	(void)printf("  %-12s 0x", name);
	// The highest byte first, in words of eight.
	for (size_t i = size; i-- > 0;)
		(void)printf("%02x%s", value[i], i && i % 8 == 0 ? " " : "");
	(void)putchar('\n');
}

static snap_err put_registers(const struct snap_snapshot *snapshot,
			      const struct snap_thread *thread)
{
	const struct snap_arch *arch = snapshot->arch;
	for (size_t i = 0; i < arch->nr_registers; i++) {
		const struct snap_register_desc *desc = &arch->registers[i];
		size_t size =
			snap_arch_register_size(arch, &snapshot->cpu, thread, desc);
		if (!size)
			continue;
		_cleanup_free_ uint8_t *value = malloc(size);
		if (!value)
			return &snap_enomem;
		if (snap_arch_read_register(arch, &snapshot->cpu, thread, desc, value))
			put_register(desc->name, value, size);
	}
	return SNAP_OK;
}

static void put_thread(const struct snap_thread *thread)
{
	(void)printf("\nThread %d \"", (int)thread->tid);
	cli_put_text(stdout, thread->comm);
	(void)putchar('"');
	int number = snap_thread_stop_signal(thread);
	const char *name = number ? sigabbrev_np(number) : NULL;
	if (name)
		(void)printf(" (stopped by SIG%s)", name);
	(void)putchar('\n');
}

static snap_err put_threads(const struct snap_snapshot *snapshot, bool has_registers)
{
	struct snap_backtrace *backtraces;
	SNAP_TRY(snap_unwind_snapshot(snapshot, &backtraces));
	snap_err error = SNAP_OK;
	for (size_t i = 0; i < snapshot->nr_threads && !error; i++) {
		put_thread(&snapshot->threads[i]);
		for (size_t j = 0; j < backtraces[i].nr_frames; j++)
			put_frame(j, &backtraces[i].frames[j]);
		if (has_registers)
			error = put_registers(snapshot, &snapshot->threads[i]);
	}
	snap_backtraces_destroy(backtraces, snapshot->nr_threads);
	return error;
}

static void put_mappings(const struct snap_vmas *vmas)
{
	(void)putchar('\n');
	for (size_t i = 0; i < vmas->nr; i++) {
		const struct snap_vma *vma = &vmas->list[i];
		(void)printf("0x%012" PRIx64 "  0x%012" PRIx64 "  %c%c%c%c  ",
			     vma->start, vma->end,
			     vma->prot & SNAP_VMA_READ ? 'r' : '-',
			     vma->prot & SNAP_VMA_WRITE ? 'w' : '-',
			     vma->prot & SNAP_VMA_EXEC ? 'x' : '-',
			     vma->prot & SNAP_VMA_SHARED ? 's' : 'p');
		cli_put_text(stdout, vma->name);
		(void)putchar('\n');
	}
}

static snap_err show(const char *path, bool has_registers, bool has_memory)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot = NULL;
	SNAP_TRY(snap_foreign_read(path, NULL, &snapshot));
	put_header(snapshot, path);
	SNAP_TRY(put_threads(snapshot, has_registers));
	if (has_memory)
		put_mappings(&snapshot->vmas);
	return SNAP_OK;
}

int cli_show(int argc, char **argv)
{
	static const struct option options[] = {
		{ "registers", no_argument, NULL, 'r' },
		{ "memory", no_argument, NULL, 'm' },
		{ 0 },
	};
	bool has_registers = false, has_memory = false;
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (option == '?')
			return cli_misused("show");
		has_registers |= option == 'r';
		has_memory |= option == 'm';
	}
	if (argc - optind != 1)
		return cli_misused("show");
	snap_err error = show(argv[optind], has_registers, has_memory);
	return error ? cli_complain(error) : CLI_FITS;
}
