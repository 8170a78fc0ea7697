// SPDX-License-Identifier: GPL-3.0-or-later
#include "arch/x86_64/sample.h"

#include <string.h>

/** One component as CPUID leaf 0DH tells it. */
struct row {
	unsigned i, size, offset, flags;
};

#define MAX_ROWS 10

static const struct layout {
	const char *name;
	const char *vendor;
	uint64_t mask;
	uint64_t mxcsr_mask;
	struct row rows[MAX_ROWS];
} layouts[] = {
	// FXSAVE alone: no CPU without XSAVE has other components. The mask is that of
	// a CPU without denormals-are-zero (Intel SDM volume 1, 11.6.6).
	{ "fxsave", "GenuineIntel", 0, 0xffbf, { { 0 } } },
	// Intel SDM volume 1, 13.5.2.
	{ "AVX2", "GenuineIntel", 0x7, 0xffff, { { 2, 256, 576, 0 } } },
	// Measured: Sapphire Rapids with AMX masked off by the hypervisor.
	{ "AVX-512",
	  "GenuineIntel",
	  0x2e7,
	  0xffff,
	  { { 2, 256, 576, 0 },
	    { 5, 64, 1088, 0 },
	    { 6, 512, 1152, 0 },
	    { 7, 1024, 1664, 0 },
	    { 9, 8, 2688, 0 } } },
	// kernel-facts 1.2: no hole where Intel had MPX, and MXCSR has a bit for
	// misaligned operands.
	{ "Zen 4",
	  "AuthenticAMD",
	  0x2e7,
	  0x2ffff,
	  { { 2, 256, 576, 0 },
	    { 5, 64, 832, 0 },
	    { 6, 512, 896, 0 },
	    { 7, 1024, 1408, 0 },
	    { 9, 8, 2432, 0 } } },
	// Measured: Sapphire Rapids.
	{ "AMX",
	  "GenuineIntel",
	  0x602e7,
	  0xffff,
	  { { 2, 256, 576, 0 },
	    { 5, 64, 1088, 0 },
	    { 6, 512, 1152, 0 },
	    { 7, 1024, 1664, 0 },
	    { 9, 8, 2688, 0 },
	    { 17, 64, 2752, 2 },
	    { 18, 8192, 2816, 6 } } },
	// Linux 6.16, arch/x86/kernel/fpu/xstate.c: APX lies where MPX did, so that the
	// highest component is not the last one.
	{ "APX",
	  "GenuineIntel",
	  0x802e7,
	  0xffff,
	  { { 2, 256, 576, 0 },
	    { 5, 64, 1088, 0 },
	    { 6, 512, 1152, 0 },
	    { 7, 1024, 1664, 0 },
	    { 9, 8, 2688, 0 },
	    { 19, 128, 960, 0 } } },
};

static const char *cpu_name(size_t index)
{
	return layouts[index].name;
}

static void set_item(struct snap_cpu *cpu, unsigned i, const char *what, uint64_t value)
{
	char name[X86_ITEM_NAME_SIZE];
	snap_x86_64_item_name(name, i, what);
	assert_ok(snap_cpu_set(cpu, name, value));
}

static void make_cpu(size_t index, struct snap_cpu *ret)
{
	const struct layout *layout = &layouts[index];
	*ret = (struct snap_cpu){ 0 };
	assert_ok(snap_cpu_set_text(ret, "vendor", layout->vendor));
	assert_ok(snap_cpu_set(ret, "xsaveerptr", 1));
	assert_ok(snap_cpu_set(ret, "mxcsr-mask", layout->mxcsr_mask));
	if (layout->mask) {
		assert_ok(snap_cpu_set(ret, "osxsave", 1));
		assert_ok(snap_cpu_set(ret, "xsave.mask", layout->mask));
	}
	for (const struct row *row = layout->rows; row->size; row++) {
		set_item(ret, row->i, "size", row->size);
		set_item(ret, row->i, "offset", row->offset);
		set_item(ret, row->i, "flags", row->flags);
	}
}

static void make_general(struct sample_random *random, struct snap_thread *ret)
{
	uint8_t regs[X86_GENERAL_SIZE];
	sample_random_fill(random, regs, sizeof(regs));
	snap_x86_64_set_reg(regs, X86_cs, X86_USER_CS);
	snap_x86_64_set_reg(regs, X86_ss, X86_USER_DS);
	snap_x86_64_set_reg(regs, X86_orig_rax, UINT64_MAX);
	assert_ok(snap_thread_set_regset(ret, SNAP_X86_64_GENERAL, regs, sizeof(regs)));
}

/** A FXSAVE area; a component that is not in use has its initial value. */
static void make_legacy(struct sample_random *random, const struct snap_cpu *cpu,
			uint64_t in_use, uint8_t *ret)
{
	uint64_t mask = snap_cpu_get(cpu, "mxcsr-mask", 0);
	snap_x86_64_store(ret + X86_FCW, X86_FCW_INIT, 2);
	if (in_use & 1) {
		sample_random_fill(random, ret, 5);
		sample_random_fill(random, ret + X86_FOP, X86_MXCSR - X86_FOP);
		for (size_t i = 0; i < 8; i++)
			sample_random_fill(random, ret + 32 + 16 * i, 10);
	}
	if (in_use & 2)
		sample_random_fill(random, ret + X86_XMM, X86_XMM_END - X86_XMM);
	snap_x86_64_store(ret + X86_MXCSR, sample_random_next(random) & mask, 4);
	snap_x86_64_store(ret + X86_MXCSR_MASK, mask, 4);
}

/** Fill the components in use, as the kernel does: nothing in those that are not. */
static void make_extended(struct sample_random *random, const struct snap_cpu *cpu,
			  uint64_t in_use, uint8_t *ret)
{
	snap_x86_64_store(ret + X86_SW_RESERVED, snap_x86_64_cpu_mask(cpu), 8);
	snap_x86_64_store(ret + X86_XSTATE_BV, in_use, 8);
	for (unsigned i = 2; i < X86_NR_COMPONENTS; i++) {
		size_t offset, size;
		if (in_use >> i & 1 && snap_x86_64_component(cpu, i, &offset, &size))
			sample_random_fill(random, ret + offset, size);
	}
}

static void make_thread(struct sample_random *random, const struct snap_cpu *cpu,
			struct snap_thread *ret)
{
	uint64_t mask = snap_x86_64_cpu_mask(cpu);
	uint64_t in_use = sample_random_next(random) & (mask ? mask : X86_LEGACY_MASK);
	size_t size = mask ? snap_x86_64_area_size(cpu, mask) : X86_FXSAVE_SIZE;
	_cleanup_free_ uint8_t *area = calloc(1, size);
	assert_non_null(area);
	// Without XSAVE nobody knows what is in use: it all is.
	make_legacy(random, cpu, mask ? in_use : X86_LEGACY_MASK, area);

	*ret = (struct snap_thread){ .tid = 4711, .interrupted_syscall = -1 };
	make_general(random, ret);
	assert_ok(snap_thread_set_regset(ret, SNAP_X86_64_FP, area, X86_FXSAVE_SIZE));
	if (mask) {
		make_extended(random, cpu, in_use, area);
		assert_ok(snap_thread_set_regset(ret, SNAP_X86_64_XSTATE, area, size));
	}
	ret->members = SNAP_THREAD_SIGMASK | SNAP_THREAD_ALTSTACK;
	ret->sigmask = sample_random_next(random);
	ret->altstack.sp = sample_random_next(random);
	ret->altstack.size = sample_random_next(random);
	ret->altstack.flags = sample_random_next(random) & 2;
}

void sample_x86_64_cpu(const char *name, struct snap_cpu *ret)
{
	size_t index = 0;
	while (strcmp(layouts[index].name, name) != 0)
		assert_true(++index < SNAP_ARRAY_SIZE(layouts));
	make_cpu(index, ret);
}

void sample_x86_64_busy_thread(const struct snap_cpu *cpu, struct snap_thread *ret)
{
	struct sample_random random = { .state = 7 };
	make_thread(&random, cpu, ret);
	uint8_t *legacy = ret->regsets[SNAP_X86_64_FP].data;
	uint64_t mask = snap_x86_64_cpu_mask(cpu);
	make_legacy(&random, cpu, X86_LEGACY_MASK, legacy);
	if (mask) {
		uint8_t *area = ret->regsets[SNAP_X86_64_XSTATE].data;
		memcpy(area, legacy, X86_FXSAVE_SIZE);
		make_extended(&random, cpu, mask, area);
	}
}

void sample_x86_64_set_in_use(struct snap_thread *thread, uint64_t in_use)
{
	snap_x86_64_store(thread->regsets[SNAP_X86_64_XSTATE].data + X86_XSTATE_BV,
			  in_use, 8);
}

/** kernel-facts 3.1. */
static bool is_in_frame(const struct snap_register_desc *desc)
{
	static const char *const others[] = { "fs_base", "gs_base", "ds",
					      "es",      "fs",      "gs",
					      "pl3_ssp", "orig_rax" };
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(others); i++)
		if (!strcmp(others[i], desc->name))
			return false;
	return true;
}

const struct samples samples_x86_64 = {
	.arch = "x86_64",
	.nr_cpus = SNAP_ARRAY_SIZE(layouts),
	.cpu_name = cpu_name,
	.cpu = make_cpu,
	.thread = make_thread,
	.is_in_frame = is_in_frame,
};
