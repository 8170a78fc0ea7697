// SPDX-License-Identifier: GPL-3.0-or-later
#include "arch/aarch64/sample.h"

#include <string.h>

/** Sets of vector lengths: bit N is that of 16 * (N + 1) bytes. */
static const struct kind {
	const char *name;
	uint64_t sve;
	uint64_t sme;
	/** With all that Linux knows (6.13). */
	bool is_new;
} kinds[] = {
	{ "no SVE", 0, 0, false },     { "SVE 128", 1, 0, false },
	{ "SVE 512", 0xb, 0, false },  { "SVE 2048", 0x808b, 0, false },
	{ "SME", 0x808b, 0x8b, true }, { "SME 2048", 1, 0x8000, true },
};

static const char *cpu_name(size_t index)
{
	return kinds[index].name;
}

static void make_cpu(size_t index, struct snap_cpu *ret)
{
	static const char *const features[] = { "sve", "sme", "sme2", "fpmr", "poe" };
	const struct kind *kind = &kinds[index];
	*ret = (struct snap_cpu){ 0 };
	assert_ok(snap_cpu_set(ret, "fp", 1));
	assert_ok(snap_cpu_set(ret, "paca", 1));
	assert_ok(snap_cpu_set(ret, "pacg", 1));
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(features); i++)
		if (kind->is_new || (!i && kind->sve))
			assert_ok(snap_cpu_set(ret, features[i], 1));
	if (kind->sve)
		assert_ok(snap_cpu_set(ret, "sve.lengths", kind->sve));
	if (kind->sme)
		assert_ok(snap_cpu_set(ret, "sme.lengths", kind->sme));
}

/** The longest vector, in bytes, of a set of lengths. */
static unsigned longest(const struct snap_cpu *cpu, const char *item)
{
	uint64_t lengths = snap_cpu_get(cpu, item, 0);
	return lengths ? 16 * (64 - (unsigned)__builtin_clzll(lengths)) : 0;
}

static void set_random(struct sample_random *random, struct snap_thread *thread,
		       enum snap_aarch64_regset regset, size_t size)
{
	_cleanup_free_ uint8_t *set = malloc(size);
	assert_non_null(set);
	sample_random_fill(random, set, size);
	assert_ok(snap_thread_set_regset(thread, regset, set, size));
}

static void make_general(struct sample_random *random, struct snap_thread *ret)
{
	set_random(random, ret, SNAP_AARCH64_GENERAL, ARM64_GENERAL_SIZE);
	uint8_t *regs = ret->regsets[SNAP_AARCH64_GENERAL].data;
	uint64_t pstate = snap_aarch64_reg(regs, ARM64_PSTATE);
	snap_aarch64_set_reg(regs, ARM64_PSTATE,
			     pstate & ~(ARM64_PSTATE_RESERVED | ARM64_PSTATE_MODE |
					ARM64_PSTATE_DAIF | ARM64_PSTATE_SS));
	static const uint8_t none[4] = { 0xff, 0xff, 0xff, 0xff };
	assert_ok(snap_thread_set_regset(ret, SNAP_AARCH64_CALL, none, sizeof(none)));
}

/** A set about vectors: a header, and random registers where `size` has room. */
static void set_vectors(struct sample_random *random, struct snap_thread *thread,
			enum snap_aarch64_regset regset, unsigned vl, size_t size,
			unsigned flags)
{
	set_random(random, thread, regset, size);
	uint8_t *set = thread->regsets[regset].data;
	memset(set, 0, ARM64_SVE_HEADER_SIZE);
	snap_aarch64_store(set + ARM64_SVE_SIZE, size, 4);
	snap_aarch64_store(set + ARM64_SVE_VL, vl, 2);
	snap_aarch64_store(set + ARM64_SVE_MAX_VL, vl, 2);
	snap_aarch64_store(set + ARM64_SVE_FLAGS, flags, 2);
}

/** V registers are the lowest bytes of Z registers, as the kernel has them. */
static void link_vectors(struct snap_thread *thread, enum snap_aarch64_regset regset)
{
	uint8_t *set = thread->regsets[regset].data;
	const uint8_t *fp = thread->regsets[SNAP_AARCH64_FP].data;
	size_t vl = snap_aarch64_vl(thread, regset);
	for (size_t i = 0; i < 32; i++)
		memcpy(set + ARM64_SVE_HEADER_SIZE + i * vl, fp + 16 * i, 16);
}

static void make_sve(struct sample_random *random, const struct snap_cpu *cpu,
		     enum sample_aarch64_mode mode, struct snap_thread *ret)
{
	unsigned vl = longest(cpu, "sve.lengths");
	if (!vl)
		return;
	if (mode == SAMPLE_SVE) {
		set_vectors(random, ret, SNAP_AARCH64_SVE, vl,
			    snap_aarch64_sve_set_size(vl), ARM64_SVE_HAS_Z);
		link_vectors(ret, SNAP_AARCH64_SVE);
	} else if (mode == SAMPLE_V) {
		set_vectors(random, ret, SNAP_AARCH64_SVE, vl,
			    ARM64_SVE_HEADER_SIZE + ARM64_FP_SIZE, 0);
		memcpy(ret->regsets[SNAP_AARCH64_SVE].data + ARM64_SVE_HEADER_SIZE,
		       ret->regsets[SNAP_AARCH64_FP].data, ARM64_FP_SIZE);
	} else {
		set_vectors(random, ret, SNAP_AARCH64_SVE, vl, ARM64_SVE_HEADER_SIZE,
			    0);
	}
}

static void make_sme(struct sample_random *random, const struct snap_cpu *cpu,
		     enum sample_aarch64_mode mode, struct snap_thread *ret)
{
	unsigned vl = longest(cpu, "sme.lengths");
	if (!vl)
		return;
	bool is_on = mode == SAMPLE_STREAMING;
	set_vectors(random, ret, SNAP_AARCH64_ZA, vl,
		    is_on ? snap_aarch64_za_set_size(vl) : ARM64_SVE_HEADER_SIZE, 0);
	if (!is_on)
		return;
	set_random(random, ret, SNAP_AARCH64_ZT, 64);
	set_vectors(random, ret, SNAP_AARCH64_SSVE, vl, snap_aarch64_sve_set_size(vl),
		    ARM64_SVE_HAS_Z);
	link_vectors(ret, SNAP_AARCH64_SSVE);
}

void sample_aarch64_thread(struct sample_random *random, const struct snap_cpu *cpu,
			   enum sample_aarch64_mode mode, struct snap_thread *ret)
{
	*ret = (struct snap_thread){ .tid = 4711, .interrupted_syscall = -1 };
	make_general(random, ret);
	set_random(random, ret, SNAP_AARCH64_FP, ARM64_FP_SIZE);
	set_random(random, ret, SNAP_AARCH64_TLS, 16);
	set_random(random, ret, SNAP_AARCH64_PACA, 64);
	if (snap_cpu_get(cpu, "fpmr", 0)) {
		set_random(random, ret, SNAP_AARCH64_FPMR, 8);
		set_random(random, ret, SNAP_AARCH64_POE, 8);
	}
	make_sve(random, cpu, mode, ret);
	make_sme(random, cpu, mode, ret);
	ret->members = SNAP_THREAD_SIGMASK | SNAP_THREAD_ALTSTACK;
	ret->sigmask = sample_random_next(random);
	ret->altstack.sp = sample_random_next(random);
	ret->altstack.size = sample_random_next(random);
	ret->altstack.flags = sample_random_next(random) & 2;
}

static void make_thread(struct sample_random *random, const struct snap_cpu *cpu,
			struct snap_thread *ret)
{
	enum sample_aarch64_mode mode = snap_cpu_get(cpu, "sme.lengths", 0)
						? sample_random_next(random) % 3
						: sample_random_next(random) % 2;
	sample_aarch64_thread(random, cpu, mode, ret);
}

void sample_aarch64_cpu(const char *name, struct snap_cpu *ret)
{
	size_t index = 0;
	while (strcmp(kinds[index].name, name) != 0)
		assert_true(++index < SNAP_ARRAY_SIZE(kinds));
	make_cpu(index, ret);
}

/** kernel-facts 3.1; a frame in streaming mode does not tell the other mode's length.
 */
static bool is_in_frame(const struct snap_register_desc *desc)
{
	if (!strcmp(desc->name, "vl"))
		return false;
	switch (desc->pieces[0].regset) {
	case SNAP_AARCH64_GENERAL:
	case SNAP_AARCH64_FP:
	case SNAP_AARCH64_SVE:
	case SNAP_AARCH64_ZA:
	case SNAP_AARCH64_ZT:
	case SNAP_AARCH64_FPMR:
	case SNAP_AARCH64_POE:
		return true;
	default:
		return false;
	}
}

const struct samples samples_aarch64 = {
	.arch = "aarch64",
	.nr_cpus = SNAP_ARRAY_SIZE(kinds),
	.cpu_name = cpu_name,
	.cpu = make_cpu,
	.thread = make_thread,
	.is_in_frame = is_in_frame,
};
