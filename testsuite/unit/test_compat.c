// SPDX-License-Identifier: GPL-3.0-or-later
/* A verdict says what a machine lacks of what an image needs, and nothing else. */
#include "arch/x86_64/sample.h"

#include <string.h>

#include "core/compat/adapt.h"
#include "core/compat/compat.h"
#include "core/compat/rules.h"
#include "core/compat/verdict_json.h"
#include "core/model/snapshot.h"

/** A description out of words: "avx", "xsave.mask=0x7", "vendor:GenuineIntel". */
static void describe(const char *words, struct snap_cpu *ret)
{
	*ret = (struct snap_cpu){ 0 };
	assert_ok(snap_cpu_set_text(ret, "arch", "x86_64"));
	_cleanup_free_ char *copy = strdup(words);
	char *next = copy;
	for (char *word; (word = strsep(&next, " "));) {
		char *value = word + strcspn(word, "=:");
		char kind = *value;
		if (kind)
			*value++ = '\0';
		if (kind == ':')
			assert_ok(snap_cpu_set_text(ret, word, value));
		else if (*word)
			assert_ok(snap_cpu_set(ret, word,
					       kind ? strtoull(value, NULL, 0) : 1));
	}
}

static const struct snap_finding *find(const struct snap_verdict *verdict,
				       const char *part)
{
	for (size_t i = 0; i < verdict->nr_findings; i++)
		if (strstr(verdict->findings[i].sentence, part))
			return &verdict->findings[i];
	return NULL;
}

/** One letter for each verdict. */
static char letter(enum snap_verdict_level level)
{
	return "=okx"[level == SNAP_IDENTICAL       ? 0
		      : level == SNAP_RESTORABLE    ? 1
		      : level == SNAP_VERDICT_RISKY ? 2
						    : 3];
}

static void test_each_rule_finds_what_breaks_it(void **state)
{
	static const struct {
		const char *image, *machine;
		/** In strict, compat and any: = identical, o restorable, k risky, x
		 * impossible. */
		const char *verdicts;
		/** Part of the worst finding's sentence. */
		const char *sentence;
	} rows[] = {
		{ "avx fma", "avx fma", "===", NULL },
		{ "avx", "avx fma avx2", "===", NULL },
		{ "fma avx512ifma avx", "avx", "xkk", "lacks: fma and avx512ifma" },
		{ "erms hle rtm", "rtm", "koo", "lacks hle and erms" },
		{ "pku avx", "avx", "koo", "pku" },
		{ "osxsave xsave.mask=0x7", "", "xxk", "none" },
		{ "use.fxsave-only", "osxsave xsave.mask=7", "ooo", "start cleared" },
		{ "use.fxsave-only", "", "===", NULL },
		{ "use.no-fpu", "", "ooo", "no floating point" },
		{ "use.xsave=3", "", "===", NULL },
		{ "osxsave use.xsave=0xe7", "osxsave xsave.mask=7", "xxk",
		  "AVX-512 mask, AVX-512 low and AVX-512 high" },
		{ "osxsave use.xsave=7 xsave.2.size=256",
		  "osxsave xsave.mask=7 xsave.2.size=128", "xxx",
		  "size is another one" },
		{ "osxsave use.idle-xsave=0xe0", "osxsave xsave.mask=7", "kkk",
		  "no thread has AVX-512 mask" },
		{ "osxsave use.dynamic=0x40000", "osxsave xsave.mask=0x60003",
		  "===", NULL },
		{ "osxsave use.dynamic=0x40000",
		  "osxsave xsave.mask=0x60003 xsave.supported=0x20003",
		  "xx=", "gives AMX tile data to no process" },
		{ "use.tiles amx.rows=16", "amx.rows=8", "xxx", "amx.rows" },
		{ "amx.rows=16", "amx.rows=8", "kkk", "amx.rows" },
		{ "use.mxcsr=0x1fc0", "", "xxx", "denormals-are-zero" },
		{ "use.mxcsr=0x1fc0", "mxcsr-mask=0xffff", "===", NULL },
		{ "use.mxcsr=0x1f80", "", "===", NULL },
		{ "xsavec xsave.mask=0x24 xsave.2.offset=576 xsave.5.offset=1088",
		  "xsavec xsave.mask=0x24 xsave.2.offset=576 xsave.5.offset=832", "koo",
		  "AVX-512 mask at another place" },
		{ "xsave.mask=0x20 xsave.5.offset=1088",
		  "xsave.mask=0x20 xsave.5.offset=832", "kkk", "lazy binding" },
		{ "xsave.mask=0x7", "xsave.mask=0xe7", "kkk",
		  "larger by AVX-512 mask, AVX-512 low and AVX-512 high" },
		{ "xsavec xsave.mask=0x7", "xsavec xsave.mask=0xe7", "===", NULL },
		{ "xsave.mask=0xe7", "xsave.mask=0x602ff", "===", NULL },
		{ "", "xsave.mask=0xe7", "===", NULL },
		{ "avx10 avx10.version=2", "avx10 avx10.version=1", "xkk", "AVX10" },
		{ "auxv.hwcap2=2", "auxv.hwcap2=0", "xkk", "fs and gs" },
		{ "auxv.hwcap2=2", "", "===", NULL },
		{ "use.shadow-stack", "shstk", "xxx", "shadow stack" },
		{ "use.shadow-stack", "user_shstk", "===", NULL },
		{ "use.protection-keys", "", "xxk", "keys" },
		{ "use.address-bits=48", "address-bits=47", "xxx", "48 bits" },
		{ "use.address-bits=47", "address-bits=47", "===", NULL },
		{ "vendor:GenuineIntel model=6", "vendor:AuthenticAMD model=7", "ooo",
		  "vendor and model" },
		{ "use.foreign-mode", "", "xxx", "32 bits" },
		{ "auxv.pagesz=4096", "auxv.pagesz=65536", "xxx",
		  "4096 bytes in the image, and 65536" },
		{ "use.unknown-offers", "", "kko", "does not say" },
		{ "avx features.partial", "avx", "koo", "not say of all" },
		{ "use.signal-stack=8192", "auxv.minsigstksz=11952", "kkk",
		  "signal stack of 8192 bytes, and a signal takes 11952" },
		{ "auxv.minsigstksz=2048", "auxv.minsigstksz=11952", "koo", "2048" },
		{ "auxv.minsigstksz=11952", "auxv.minsigstksz=2048", "===", NULL },
		{ "auxv.rseq-size=28", "auxv.rseq-size=20", "kko", "28 bytes" },
		{ "auxv.clktck=100", "auxv.clktck=1024", "kko", "1024 ticks" },
		{ "vdso.digest:a use.vdso", "vdso.digest:b", "xxk", "runs code" },
		{ "vdso.digest:a", "vdso.digest:b", "ooo", "vDSO" },
		{ "kernel:6.1.0", "kernel:5.10.0", "ooo",
		  "runs Linux 5.10.0, and the program started on 6.1.0" },
		{ "kernel:6.1.0", "", "===", NULL },
	};

	for (size_t i = 0; i < SNAP_ARRAY_SIZE(rows); i++) {
		_cleanup_cpu_ struct snap_cpu image, machine;
		describe(rows[i].image, &image);
		describe(rows[i].machine, &machine);
		for (int mode = 0; mode < SNAP_NR_MODES; mode++) {
			_cleanup_verdict_ struct snap_verdict verdict = { 0 };
			assert_ok(snap_compat_check(&image, &machine,
						    (enum snap_compat_mode)mode,
						    &verdict));
			if (letter(verdict.level) != rows[i].verdicts[mode])
				fail_msg("%s on %s, %s: %s", rows[i].image,
					 rows[i].machine, snap_mode_name(mode),
					 snap_verdict_name(verdict.level));
			if (verdict.nr_findings && !find(&verdict, rows[i].sentence))
				fail_msg("%s: %s", rows[i].sentence,
					 verdict.findings[0].sentence);
		}
	}
}

static void test_every_rule_has_a_subject_and_a_whole_sentence(void **state)
{
	const struct snap_arch *arch = snap_arch_by_name("x86_64");
	for (size_t i = 0; i < snap_nr_common_rules + arch->nr_rules; i++) {
		const struct snap_rule *rule =
			i < snap_nr_common_rules
				? &snap_common_rules[i]
				: &arch->rules[i - snap_nr_common_rules];
		assert_true(strlen(rule->subject) > 0);
		assert_false(strchr(".!", rule->sentence[strlen(rule->sentence) - 1]));
		// A rule that never counts is one that somebody forgot.
		assert_true(rule->severity[SNAP_MODE_STRICT] ||
			    rule->severity[SNAP_MODE_ANY]);
		// What compat finds, strict finds as bad or worse.
		assert_true(rule->severity[SNAP_MODE_STRICT] >=
			    rule->severity[SNAP_MODE_COMPAT]);
		_cleanup_free_ char *sentence = NULL;
		_cleanup_cpu_ struct snap_cpu none;
		describe("", &none);
		const struct snap_sides sides = { arch, &none, &none };
		const struct snap_breach breach = { 0 };
		assert_ok(snap_rule_sentence(rule, &sides, &breach, &sentence));
		assert_null(strpbrk(sentence, "{}"));
	}
}

static void test_the_worst_finding_is_first_and_decides(void **state)
{
	_cleanup_cpu_ struct snap_cpu image, machine;
	describe("erms fma use.shadow-stack kernel:a", &image);
	describe("kernel:b", &machine);
	_cleanup_verdict_ struct snap_verdict verdict = { 0 };
	assert_ok(snap_compat_check(&image, &machine, SNAP_MODE_COMPAT, &verdict));
	assert_int_equal(verdict.nr_findings, 4);
	for (size_t i = 1; i < verdict.nr_findings; i++)
		assert_true(verdict.findings[i - 1].severity >=
			    verdict.findings[i].severity);
	_cleanup_error_ snap_err error = snap_verdict_refuse(&verdict);
	assert_int_equal(error->kind, SNAP_ERROR_UNSUPPORTED);
	assert_string_equal(error->message, verdict.findings[0].sentence);
	assert_non_null(error->remedy);
}

static void test_another_architecture_is_the_only_finding(void **state)
{
	_cleanup_cpu_ struct snap_cpu image, machine;
	describe("avx", &image);
	describe("", &machine);
	assert_ok(snap_cpu_set_text(&machine, "arch", "s390x"));
	_cleanup_verdict_ struct snap_verdict verdict = { 0 };
	assert_ok(snap_compat_check(&image, &machine, SNAP_MODE_ANY, &verdict));
	assert_int_equal(verdict.level, SNAP_IMPOSSIBLE);
	assert_int_equal(verdict.nr_findings, 1);
	assert_non_null(find(&verdict, "is of x86_64, and the machine is s390x"));
	_cleanup_verdict_ struct snap_verdict none = { 0 };
	assert_error(snap_compat_check(&machine, &image, SNAP_MODE_ANY, &none),
		     UNSUPPORTED);
}

/** A snapshot of one thread; `thread` is taken over. */
static struct snap_snapshot *make_snapshot(const struct snap_cpu *cpu,
					   struct snap_thread *thread)
{
	struct snap_snapshot *snapshot;
	assert_ok(snap_snapshot_create(&snapshot));
	snapshot->arch = snap_arch_by_name("x86_64");
	assert_ok(snap_cpu_copy(cpu, &snapshot->cpu));
	snapshot->threads = calloc(1, sizeof(*thread));
	snapshot->threads[0] = *thread;
	snapshot->nr_threads = 1;
	return snapshot;
}

static const char *const cpus[] = {
	"fxsave", "AVX2", "AVX-512", "Zen 4", "AMX", "APX"
};

static void remove_component(struct snap_cpu *cpu, unsigned i)
{
	assert_ok(
		snap_cpu_set(cpu, "xsave.mask",
			     snap_cpu_get(cpu, "xsave.mask", 0) & ~(UINT64_C(1) << i)));
}

static void check_component(const char *name, unsigned i, bool is_in_use)
{
	_cleanup_cpu_ struct snap_cpu cpu, machine = { 0 };
	struct snap_thread thread;
	sample_x86_64_cpu(name, &cpu);
	assert_ok(snap_cpu_copy(&cpu, &machine));
	remove_component(&machine, i);
	sample_x86_64_busy_thread(&cpu, &thread);
	uint64_t all = snap_x86_64_cpu_mask(&cpu);
	sample_x86_64_set_in_use(&thread, is_in_use ? all : all & ~(UINT64_C(1) << i));
	_cleanup_snapshot_ struct snap_snapshot *snapshot =
		make_snapshot(&cpu, &thread);
	for (int mode = 0; mode < SNAP_NR_MODES; mode++) {
		_cleanup_verdict_ struct snap_verdict verdict = { 0 };
		assert_ok(snap_compat_check_snapshot(snapshot, &machine,
						     (enum snap_compat_mode)mode,
						     &verdict));
		bool is_refused = is_in_use && mode != SNAP_MODE_ANY;
		assert_int_equal(verdict.level,
				 is_refused ? SNAP_IMPOSSIBLE : SNAP_VERDICT_RISKY);
		assert_non_null(find(&verdict, snap_x86_64_component_name(i)));
	}
}

static void test_a_missing_component_is_fatal_just_where_it_is_in_use(void **state)
{
	for (size_t n = 0; n < SNAP_ARRAY_SIZE(cpus); n++) {
		_cleanup_cpu_ struct snap_cpu cpu;
		sample_x86_64_cpu(cpus[n], &cpu);
		for (unsigned i = 2; i < X86_NR_COMPONENTS; i++) {
			if (!(snap_x86_64_cpu_mask(&cpu) >> i & 1))
				continue;
			check_component(cpus[n], i, false);
			check_component(cpus[n], i, true);
		}
	}
}

static void set_pkru(const struct snap_cpu *cpu, struct snap_thread *thread,
		     uint32_t value)
{
	size_t offset, size;
	assert_true(snap_x86_64_component(cpu, X86_COMPONENT_PKRU, &offset, &size));
	snap_x86_64_store(thread->regsets[SNAP_X86_64_XSTATE].data + offset, value, 4);
}

static void test_the_kernels_own_pkru_is_no_need(void **state)
{
	static const struct {
		uint32_t pkru, pkey;
		enum snap_verdict_level level;
	} rows[] = {
		{ X86_PKRU_LINUX, 0, SNAP_VERDICT_RISKY },
		{ 0x55555550, 0, SNAP_IMPOSSIBLE },
		{ X86_PKRU_LINUX, 1, SNAP_IMPOSSIBLE },
	};
	_cleanup_cpu_ struct snap_cpu cpu, machine;
	sample_x86_64_cpu("AVX-512", &cpu);
	sample_x86_64_cpu("AVX-512", &machine);
	remove_component(&machine, X86_COMPONENT_PKRU);
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(rows); i++) {
		struct snap_thread thread;
		sample_x86_64_busy_thread(&cpu, &thread);
		set_pkru(&cpu, &thread, rows[i].pkru);
		_cleanup_snapshot_ struct snap_snapshot *snapshot =
			make_snapshot(&cpu, &thread);
		const struct snap_vma vma = {
			.start = 4096,
			.end = 8192,
			.pkey = rows[i].pkey,
			.name = strdup(""),
		};
		assert_ok(snap_vmas_append(&snapshot->vmas, &vma));
		_cleanup_verdict_ struct snap_verdict verdict = { 0 };
		assert_ok(snap_compat_check_snapshot(snapshot, &machine,
						     SNAP_MODE_COMPAT, &verdict));
		assert_int_equal(verdict.level, rows[i].level);
	}
}

static void test_what_threads_and_memory_make_of_a_machine_is_found(void **state)
{
	_cleanup_cpu_ struct snap_cpu cpu, needs = { 0 };
	struct snap_thread thread;
	sample_x86_64_cpu("AMX", &cpu);
	sample_x86_64_busy_thread(&cpu, &thread);
	thread.altstack.size = 8192;
	thread.altstack.flags = 0;
	thread.members |= SNAP_THREAD_ALTSTACK;
	snap_x86_64_set_reg(thread.regsets[0].data, X86_rip, 0x7000);
	_cleanup_snapshot_ struct snap_snapshot *snapshot =
		make_snapshot(&cpu, &thread);
	const struct snap_vma vdso = { .start = 0x7000,
				       .end = 0x8000,
				       .name = strdup("[vdso]") };
	const struct snap_vma high = { .start = UINT64_C(1) << 50,
				       .end = (UINT64_C(1) << 50) + 4096,
				       .pkey = 3,
				       .name = strdup("") };
	const struct snap_vma vsyscall = { .start = UINT64_C(0xffffffffff600000),
					   .end = UINT64_C(0xffffffffff601000),
					   .name = strdup("[vsyscall]") };
	assert_ok(snap_vmas_append(&snapshot->vmas, &vdso));
	assert_ok(snap_vmas_append(&snapshot->vmas, &high));
	assert_ok(snap_vmas_append(&snapshot->vmas, &vsyscall));
	const uint64_t auxv[] = { 51, 3632, 6, 4096, 0, 0 };
	snapshot->auxv = malloc(sizeof(auxv));
	snapshot->auxv_size = sizeof(auxv);
	memcpy(snapshot->auxv, auxv, sizeof(auxv));

	assert_ok(snap_compat_needs(snapshot, &needs));
	assert_int_equal(snap_cpu_get(&needs, "use.xsave", 0), 0x602e7);
	assert_int_equal(snap_cpu_get(&needs, "use.dynamic", 0), 0x40000);
	assert_int_equal(snap_cpu_get(&needs, "use.idle-xsave", 9), 0);
	assert_int_equal(snap_cpu_get(&needs, "use.tiles", 0), 1);
	assert_int_equal(snap_cpu_get(&needs, "use.signal-stack", 0), 8192);
	assert_int_equal(snap_cpu_get(&needs, "use.vdso", 0), 1);
	assert_int_equal(snap_cpu_get(&needs, "use.protection-keys", 0), 1);
	assert_int_equal(snap_cpu_get(&needs, "use.address-bits", 0), 51);
	assert_int_equal(snap_cpu_get(&needs, "auxv.minsigstksz", 0), 3632);
	assert_int_equal(snap_cpu_get(&needs, "use.unknown-offers", 0), 0);
	assert_int_equal(snap_cpu_get(&needs, "use.foreign-mode", 0), 0);
	assert_int_equal(snap_cpu_get(&needs, "osxsave", 0), 1);
}

static void test_a_component_that_is_missing_is_told_of_once(void **state)
{
	// GIVEN a thread with MPX in use, which Linux 5.6 was the first not to have
	enum {
		MPX = 0x18
	};
	_cleanup_cpu_ struct snap_cpu cpu, needs = { 0 }, machine;
	struct snap_thread thread;
	sample_x86_64_cpu("AVX-512", &cpu);
	sample_x86_64_busy_thread(&cpu, &thread);
	sample_x86_64_set_in_use(&thread, snap_x86_64_thread_in_use(&thread) | MPX);
	_cleanup_snapshot_ struct snap_snapshot *snapshot =
		make_snapshot(&cpu, &thread);
	assert_ok(snap_compat_needs(snapshot, &needs));
	assert_int_equal(snap_cpu_get(&needs, "use.xsave", 0) & MPX, MPX);

	// WHEN it is compared with a machine that differs in that alone
	assert_ok(snap_cpu_copy(&cpu, &machine));
	assert_ok(snap_cpu_set(&machine, "xsave.supported",
			       snap_cpu_get(&machine, "xsave.mask", 0)));
	_cleanup_verdict_ struct snap_verdict verdict = { 0 };
	assert_ok(snap_compat_check(&needs, &machine, SNAP_MODE_COMPAT, &verdict));

	// THEN the machine lacks it, and nothing is said of what its kernel gives out
	const struct snap_finding *found = find(&verdict, "MPX");
	assert_non_null(found);
	assert_string_equal(found->subject, "registers");
	assert_null(find(&verdict, "to no process"));
}

/** Each register of the thread has the same bytes after it was moved. */
static void assert_same_registers(const struct snap_cpu *from,
				  const struct snap_thread *a,
				  const struct snap_cpu *to,
				  const struct snap_thread *b)
{
	const struct snap_arch *arch = snap_arch_by_name("x86_64");
	size_t nr = 0;
	for (size_t i = 0; i < arch->nr_registers; i++) {
		const struct snap_register_desc *desc = &arch->registers[i];
		uint8_t before[1024], after[1024];
		if (!snap_arch_read_register(arch, from, a, desc, before))
			continue;
		assert_true(snap_arch_read_register(arch, to, b, desc, after));
		if (memcmp(before, after, desc->size) != 0)
			fail_msg("%s differs", desc->name);
		nr++;
	}
	assert_true(nr > 40);
}

static void test_registers_are_the_same_where_the_layout_is_another(void **state)
{
	static const char *const pairs[][2] = { { "AVX-512", "Zen 4" },
						{ "Zen 4", "AVX-512" },
						{ "Zen 4", "AMX" },
						{ "AVX2", "Zen 4" } };
	const struct snap_arch *arch = snap_arch_by_name("x86_64");
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(pairs); i++) {
		// GIVEN a thread with everything in use, saved on one CPU
		_cleanup_cpu_ struct snap_cpu from, to;
		_cleanup_thread_ struct snap_thread thread, moved;
		sample_x86_64_cpu(pairs[i][0], &from);
		sample_x86_64_cpu(pairs[i][1], &to);
		assert_ok(snap_cpu_set(&from, "mxcsr-mask", 0xffff));
		assert_ok(snap_cpu_set(&to, "mxcsr-mask", 0xffff));
		sample_x86_64_busy_thread(&from, &thread);
		assert_false(arch->is_same_layout(&from, &to));

		// WHEN it is re-laid for another, and landed there by a frame
		assert_ok(snap_thread_copy(&thread, &moved));
		assert_ok(arch->relayout(&from, &to, false, &moved));
		assert_ok(arch->check_thread(&to, &moved));
		_cleanup_buffer_ struct snap_buffer frame = { 0 };
		assert_ok(arch->sigframe_encode(&to, &moved, 0, &frame));
		_cleanup_thread_ struct snap_thread landed = { 0 };
		assert_ok(
			arch->sigframe_decode(&to, frame.data, frame.size, 0, &landed));

		// THEN all registers are those of the other CPU
		assert_same_registers(&from, &thread, &to, &moved);
		struct sample_differences found = { .nr = 0 };
		arch->compare(&to, &moved, &landed, sample_collect, &found);
		// What no frame carries.
		assert_null(strstr(found.names, "mm"));
		assert_null(strstr(found.names, "st"));
	}
}

static void test_a_thread_of_an_old_machine_gets_the_kernels_keys(void **state)
{
	const struct snap_arch *arch = snap_arch_by_name("x86_64");
	_cleanup_cpu_ struct snap_cpu from, to;
	_cleanup_thread_ struct snap_thread thread;
	sample_x86_64_cpu("fxsave", &from);
	sample_x86_64_cpu("AVX-512", &to);
	sample_x86_64_busy_thread(&from, &thread);
	assert_ok(arch->relayout(&from, &to, false, &thread));
	assert_int_equal(snap_x86_64_thread_in_use(&thread), 0x203);
	assert_int_equal(snap_x86_64_load(thread.regsets[SNAP_X86_64_XSTATE].data +
						  2688,
					  4),
			 X86_PKRU_LINUX);
	assert_int_equal(snap_x86_64_thread_needs(&to, &thread), 3);
}

static void test_what_a_machine_lacks_is_left_out_only_when_told(void **state)
{
	const struct snap_arch *arch = snap_arch_by_name("x86_64");
	_cleanup_cpu_ struct snap_cpu from, avx2, fxsave;
	sample_x86_64_cpu("AVX-512", &from);
	sample_x86_64_cpu("AVX2", &avx2);
	sample_x86_64_cpu("fxsave", &fxsave);
	_cleanup_thread_ struct snap_thread thread, old;
	sample_x86_64_busy_thread(&from, &thread);
	assert_ok(snap_thread_copy(&thread, &old));

	assert_error(arch->relayout(&from, &avx2, false, &thread), UNSUPPORTED);
	assert_ok(arch->relayout(&from, &avx2, true, &thread));
	assert_int_equal(snap_x86_64_thread_in_use(&thread), 7);
	assert_int_equal(thread.regsets[SNAP_X86_64_XSTATE].size, 576 + 256);

	assert_ok(arch->relayout(&from, &fxsave, true, &old));
	assert_int_equal(old.regsets[SNAP_X86_64_XSTATE].size, 0);
	assert_int_equal(old.regsets[SNAP_X86_64_FP].size, X86_FXSAVE_SIZE);
}

static void test_a_snapshot_is_adapted_only_where_it_must_be(void **state)
{
	_cleanup_cpu_ struct snap_cpu intel, amd, old;
	sample_x86_64_cpu("AVX-512", &intel);
	sample_x86_64_cpu("Zen 4", &amd);
	sample_x86_64_cpu("AVX2", &old);
	struct snap_thread thread;
	sample_x86_64_busy_thread(&intel, &thread);
	_cleanup_snapshot_ struct snap_snapshot *snapshot =
		make_snapshot(&intel, &thread);
	_cleanup_adapted_ struct snap_adapted same = { 0 }, moved = { 0 },
					      refused = { 0 };
	const struct snap_snapshot *result;

	assert_ok(
		snap_compat_adapt(snapshot, &intel, SNAP_MODE_COMPAT, &same, &result));
	assert_ptr_equal(result, snapshot);

	assert_ok(snap_compat_adapt(snapshot, &amd, SNAP_MODE_COMPAT, &moved, &result));
	assert_ptr_equal(result, &moved.snapshot);
	assert_same_registers(&intel, &snapshot->threads[0], &result->cpu,
			      &result->threads[0]);

	assert_error(snap_compat_adapt(snapshot, &old, SNAP_MODE_COMPAT, &refused,
				       &result),
		     UNSUPPORTED);
	assert_ok(snap_compat_adapt(snapshot, &old, SNAP_MODE_ANY, &refused, &result));
	assert_int_equal(snap_x86_64_thread_in_use(&result->threads[0]), 7);
}

static void test_what_machines_have_in_common_fits_each_of_them(void **state)
{
	struct snap_cpu machines[3];
	describe("avx avx2 fma osxsave xsavec xsave.mask=0x7 xsave.2.size=256 "
		 "mxcsr-mask=0xffff auxv.minsigstksz=2048 address-bits=47 "
		 "xsave.2.offset=576 vendor:GenuineIntel model=94",
		 &machines[0]);
	describe(
		"avx avx2 fma sse4a avx512f osxsave xsavec xsave.mask=0xe7 xsave.2.size=256 "
		"mxcsr-mask=0x2ffff auxv.minsigstksz=3632 address-bits=56 "
		"xsave.2.offset=576 xsave.5.size=64 xsave.5.offset=832 "
		"vendor:AuthenticAMD model=17",
		&machines[1]);
	describe("avx avx2 osxsave xsavec avx512f xsave.mask=0xe7 xsave.2.size=256 "
		 "mxcsr-mask=0xffff auxv.minsigstksz=3632 address-bits=47 "
		 "xsave.2.offset=576 xsave.5.size=64 xsave.5.offset=1088 "
		 "vendor:GenuineIntel model=106",
		 &machines[2]);
	_cleanup_cpu_ struct snap_cpu common = { 0 }, wanted;
	describe(
		"avx avx2 osxsave xsavec xsave.mask=0x7 xsave.2.size=256 xsave.2.offset=576 "
		"mxcsr-mask=0xffff auxv.minsigstksz=3632 address-bits=47",
		&wanted);
	assert_ok(snap_compat_common(machines, 3, &common));
	assert_int_equal(common.nr_items, wanted.nr_items);
	for (size_t i = 0; i < wanted.nr_items; i++) {
		assert_string_equal(common.items[i].name, wanted.items[i].name);
		assert_int_equal(common.items[i].value, wanted.items[i].value);
	}
	for (size_t i = 0; i < 3; i++) {
		_cleanup_verdict_ struct snap_verdict verdict = { 0 };
		assert_ok(snap_compat_check(&common, &machines[i], SNAP_MODE_STRICT,
					    &verdict));
		assert_int_equal(verdict.level, SNAP_IDENTICAL);
		snap_cpu_deinit(&machines[i]);
	}
}

static void test_different_architectures_have_nothing_in_common(void **state)
{
	struct snap_cpu machines[2], common;
	describe("avx", &machines[0]);
	describe("avx", &machines[1]);
	assert_ok(snap_cpu_set_text(&machines[1], "arch", "s390x"));
	assert_error(snap_compat_common(machines, 2, &common), INVALID);
	snap_cpu_deinit(&machines[0]);
	snap_cpu_deinit(&machines[1]);
}

static void test_a_verdict_is_written_as_json(void **state)
{
	_cleanup_cpu_ struct snap_cpu image, machine;
	describe("erms use.shadow-stack", &image);
	describe("", &machine);
	_cleanup_verdict_ struct snap_verdict verdict = { 0 };
	_cleanup_buffer_ struct snap_buffer text = { 0 };
	assert_ok(snap_compat_check(&image, &machine, SNAP_MODE_COMPAT, &verdict));
	const struct snap_machine_verdict rows[] = { { "a\xff.json", &verdict },
						     { NULL, &verdict } };
	assert_ok(snap_verdicts_json_write("x.core", SNAP_MODE_COMPAT, rows, 2, &text));
	assert_ok(snap_buffer_append(&text, "", 1));
	const char *json = (const char *)text.data;
	assert_ptr_equal(strstr(json, "{\n  \"image\": \"x.core\",\n"
				      "  \"mode\": \"compat\",\n"
				      "  \"machines\": [\n    {\n"
				      "      \"machine\": \"a?.json\",\n"
				      "      \"verdict\": \"impossible\",\n"
				      "      \"findings\": [\n        {\n"
				      "          \"severity\": \"fatal\",\n"
				      "          \"subject\": \"shadow stack\",\n"),
			 json);
	assert_non_null(strstr(json, "\"machine\": null"));
	assert_non_null(strstr(json, "\"remedy\": null"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_rule_finds_what_breaks_it),
		cmocka_unit_test(test_every_rule_has_a_subject_and_a_whole_sentence),
		cmocka_unit_test(test_the_worst_finding_is_first_and_decides),
		cmocka_unit_test(test_another_architecture_is_the_only_finding),
		cmocka_unit_test(
			test_a_missing_component_is_fatal_just_where_it_is_in_use),
		cmocka_unit_test(test_the_kernels_own_pkru_is_no_need),
		cmocka_unit_test(
			test_what_threads_and_memory_make_of_a_machine_is_found),
		cmocka_unit_test(test_a_component_that_is_missing_is_told_of_once),
		cmocka_unit_test(
			test_registers_are_the_same_where_the_layout_is_another),
		cmocka_unit_test(test_a_thread_of_an_old_machine_gets_the_kernels_keys),
		cmocka_unit_test(test_what_a_machine_lacks_is_left_out_only_when_told),
		cmocka_unit_test(test_a_snapshot_is_adapted_only_where_it_must_be),
		cmocka_unit_test(test_what_machines_have_in_common_fits_each_of_them),
		cmocka_unit_test(test_different_architectures_have_nothing_in_common),
		cmocka_unit_test(test_a_verdict_is_written_as_json),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
