// SPDX-License-Identifier: GPL-3.0-or-later
#include "arch/ppc64le/sample.h"

#include <string.h>

#define MAX_ITEMS 12

/** What decides which register sets there are. */
static const struct {
	const char *name;
	const char *items[MAX_ITEMS];
} cpus[] = {
	// Hardware: kernels without a hypervisor give it transactions.
	{ "POWER8",
	  { "altivec", "vsx", "arch_2_07", "dscr", "ebb", "tar", "htm", "htm-nosc",
	    "pkeys" } },
	// A guest of TCG: no transactions, and a radix tree has no keys.
	{ "POWER9",
	  { "altivec", "vsx", "arch_2_07", "arch_3_00", "dscr", "ebb", "tar", "scv" } },
	// Linux 6.10 and later.
	{ "POWER10",
	  { "altivec", "vsx", "arch_2_07", "arch_3_00", "arch_3_1", "dscr", "ebb",
	    "tar", "scv", "mma", "dexcr" } },
};

static const char *cpu_name(size_t index)
{
	return cpus[index].name;
}

static void make_cpu(size_t index, struct snap_cpu *ret)
{
	*ret = (struct snap_cpu){ 0 };
	assert_ok(snap_cpu_set_text(ret, "arch", "ppc64le"));
	for (size_t i = 0; i < MAX_ITEMS && cpus[index].items[i]; i++)
		assert_ok(snap_cpu_set(ret, cpus[index].items[i], 1));
}

static void put(struct snap_thread *thread, enum snap_ppc64le_regset set,
		const uint8_t *bytes)
{
	assert_ok(snap_thread_set_regset(thread, set, bytes,
					 snap_ppc64le_regsets[set].max_size));
}

static void make_general(struct sample_random *random, struct snap_thread *ret,
			 enum snap_ppc64le_regset set)
{
	static const uint64_t traps[] = { 0,     0x300,  0x700,     0x900,
					  0xc01, 0x3001, UINT64_MAX };
	uint8_t regs[PPC_GENERAL_SIZE] = { 0 };
	sample_random_fill(random, regs, (size_t)8 * (PPC_RESULT + 1));
	snap_ppc64le_set_reg(regs, PPC_MSR,
			     PPC_MSR_SF | PPC_MSR_LE |
				     (sample_random_next(random) & PPC_MSR_VEC));
	snap_ppc64le_set_reg(regs, PPC_SOFTE, 1);
	snap_ppc64le_set_reg(regs, PPC_TRAP,
			     traps[sample_random_next(random) %
				   SNAP_ARRAY_SIZE(traps)]);
	put(ret, set, regs);
}

static void make_vectors(struct sample_random *random, struct snap_thread *ret,
			 enum snap_ppc64le_regset fp, enum snap_ppc64le_regset vmx,
			 enum snap_ppc64le_regset vsx)
{
	uint8_t bytes[PPC_VMX_SIZE] = { 0 };
	// VSCR and VRSAVE have 32 bits each in a quadword.
	sample_random_fill(random, bytes, 516);
	sample_random_fill(random, bytes + PPC_VRSAVE, 4);
	put(ret, vmx, bytes);
	sample_random_fill(random, bytes, sizeof(bytes));
	put(ret, fp, bytes);
	put(ret, vsx, bytes + PPC_FP_SIZE);
}

static void make_special(struct sample_random *random, const struct snap_cpu *cpu,
			 struct snap_thread *ret)
{
	static const struct {
		enum snap_ppc64le_regset set;
		const char *item;
	} rows[] = {
		{ SNAP_PPC64LE_TAR, "tar" },        { SNAP_PPC64LE_PPR, "arch_2_07" },
		{ SNAP_PPC64LE_DSCR, "dscr" },      { SNAP_PPC64LE_PMU, "arch_2_07" },
		{ SNAP_PPC64LE_PKEY, "pkeys" },     { SNAP_PPC64LE_DEXCR, "dexcr" },
		{ SNAP_PPC64LE_HASHKEYR, "dexcr" },
	};

	uint8_t bytes[PPC_VMX_SIZE];
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(rows); i++)
		if (snap_cpu_get(cpu, rows[i].item, 0)) {
			sample_random_fill(random, bytes, sizeof(bytes));
			put(ret, rows[i].set, bytes);
		}
}

static void begin(struct sample_random *random, const struct snap_cpu *cpu,
		  struct snap_thread *ret)
{
	*ret = (struct snap_thread){ .tid = 4711, .interrupted_syscall = -1 };
	make_general(random, ret, SNAP_PPC64LE_GENERAL);
	make_vectors(random, ret, SNAP_PPC64LE_FP, SNAP_PPC64LE_VMX, SNAP_PPC64LE_VSX);
	make_special(random, cpu, ret);
	ret->members = SNAP_THREAD_SIGMASK | SNAP_THREAD_ALTSTACK;
	ret->sigmask = sample_random_next(random);
	ret->altstack.sp = sample_random_next(random);
	ret->altstack.size = sample_random_next(random);
	ret->altstack.flags = sample_random_next(random) & 2;
}

/** A stopped thread's transaction has failed, and says so. */
static void make_transaction(struct sample_random *random, uint64_t state,
			     struct snap_thread *ret)
{
	uint8_t *regs = ret->regsets[SNAP_PPC64LE_GENERAL].data;
	uint8_t sprs[24];
	snap_ppc64le_set_reg(regs, PPC_MSR, snap_ppc64le_reg(regs, PPC_MSR) | state);
	make_general(random, ret, SNAP_PPC64LE_CGPR);
	make_vectors(random, ret, SNAP_PPC64LE_CFPR, SNAP_PPC64LE_CVMX,
		     SNAP_PPC64LE_CVSX);
	sample_random_fill(random, sprs, sizeof(sprs));
	snap_ppc64le_store(sprs + PPC_TEXASR,
			   snap_ppc64le_load(sprs + PPC_TEXASR, 8) | PPC_TEXASR_FS, 8);
	put(ret, SNAP_PPC64LE_TM_SPR, sprs);
	put(ret, SNAP_PPC64LE_CTAR, sprs);
	put(ret, SNAP_PPC64LE_CPPR, sprs + 8);
	put(ret, SNAP_PPC64LE_CDSCR, sprs + 16);
}

static void make_thread(struct sample_random *random, const struct snap_cpu *cpu,
			struct snap_thread *ret)
{
	begin(random, cpu, ret);
	if (!snap_cpu_get(cpu, "htm", 0))
		return;
	switch (sample_random_next(random) % 4) {
	case 0:
		make_transaction(random, PPC_MSR_SUSPENDED, ret);
		break;
	case 1:
		make_transaction(random, PPC_MSR_TRANSACTIONAL, ret);
		break;
	default:
		break;
	}
}

void sample_ppc64le_cpu(const char *name, struct snap_cpu *ret)
{
	size_t index = 0;
	while (strcmp(cpus[index].name, name) != 0)
		assert_true(++index < SNAP_ARRAY_SIZE(cpus));
	make_cpu(index, ret);
}

void sample_ppc64le_thread(uint64_t seed, const struct snap_cpu *cpu,
			   struct snap_thread *ret)
{
	struct sample_random random = { .state = seed };
	begin(&random, cpu, ret);
}

void sample_ppc64le_transaction(uint64_t seed, const struct snap_cpu *cpu,
				uint64_t state, struct snap_thread *ret)
{
	struct sample_random random = { .state = seed };
	begin(&random, cpu, ret);
	make_transaction(&random, state, ret);
}

/** The sets of which a frame has all, but for what no frame keeps. */
static bool is_in_frame(const struct snap_register_desc *desc)
{
	static const char *const others[] = { "msr", "trap", "orig_r3" };
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(others); i++)
		if (!strcmp(others[i], desc->name))
			return false;
	switch (desc->pieces[0].regset) {
	case SNAP_PPC64LE_GENERAL:
	case SNAP_PPC64LE_FP:
	case SNAP_PPC64LE_VMX:
	case SNAP_PPC64LE_VSX:
	case SNAP_PPC64LE_CGPR:
	case SNAP_PPC64LE_CFPR:
	case SNAP_PPC64LE_CVMX:
	case SNAP_PPC64LE_CVSX:
		return true;
	default:
		return false;
	}
}

const struct samples samples_ppc64le = {
	.arch = "ppc64le",
	.nr_cpus = SNAP_ARRAY_SIZE(cpus),
	.cpu_name = cpu_name,
	.cpu = make_cpu,
	.thread = make_thread,
	.is_in_frame = is_in_frame,
};
