// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A program that no vector register has ever been touched by: no C library, no
 * instruction but those below. The kernel says in a signal's frame whether it has.
 *
 * It is saved at tick(); then it fills all vector registers, or, where somebody has set
 * `is_rewound`, catches a signal again and finds zeros. Exits with 0 when the first
 * frame had no vector registers (1 otherwise), and, rewound, the second one had them
 * (2), they were all zero there (3) and in the thread (4).
 */
#include <asm/sigcontext.h>
#include <stddef.h>
#include <stdint.h>

#define SYS_exit         1
#define SYS_getpid       20
#define SYS_kill         37
#define SYS_rt_sigaction 173
#define SIGUSR1          10

#define MSR_VSX (UINT64_C(1) << 23)
#define MSR_VEC (UINT64_C(1) << 25)
#define BOTH    (MSR_VSX | MSR_VEC)
#define PT_MSR  33

/** Of the kernel's, asm/ucontext.h, which programs are not given. */
struct context {
	uint64_t flags, link, stack[3], sigmask[16];
	struct sigcontext registers;
};

struct action {
	void (*handler)(int number, void *info, void *context);
	uint64_t flags;
	void *restorer;
	uint64_t mask;
};

volatile int is_rewound;
static volatile uint64_t msr;
static volatile int nr_not_zero;
static uint64_t ones[2] = { UINT64_MAX, UINT64_MAX };
static uint64_t seen[64][2];

static long call(long number, long a, long b, long c, long d)
{
	register long r0 __asm__("r0") = number;
	register long r3 __asm__("r3") = a;
	register long r4 __asm__("r4") = b;
	register long r5 __asm__("r5") = c;
	register long r6 __asm__("r6") = d;
	__asm__ volatile("sc"
			 : "+r"(r0), "+r"(r3), "+r"(r4), "+r"(r5), "+r"(r6)
			 :
			 : "r7", "r8", "r9", "r10", "r11", "r12", "cr0", "ctr",
			   "memory");
	return r3;
}

static void leave(int status)
{
	call(SYS_exit, status, 0, 0, 0);
	__builtin_unreachable();
}

__attribute__((noipa)) void tick(void)
{
	__asm__ volatile("" : : : "memory");
}

/** vr0 to vr31 and the low halves of vs0 to vs31, as the frame has them. */
static void handle(int number, void *info, void *argument)
{
	struct context *context = argument;
	msr = context->registers.gp_regs[PT_MSR];
	const uint64_t *vectors = (const uint64_t *)context->registers.v_regs;
	for (int i = 0; msr & BOTH && i < 64; i++)
		nr_not_zero += vectors[i] != 0;
	for (int i = 0; msr & MSR_VSX && i < 32; i++)
		nr_not_zero += vectors[68 + i] != 0;
}

static void catch_one(void)
{
	call(SYS_kill, call(SYS_getpid, 0, 0, 0, 0), SIGUSR1, 0, 0);
}

#define EACH_4(ROW, n) ROW(n) ROW(n + 1) ROW(n + 2) ROW(n + 3)
#define EACH_16(ROW, n) \
	EACH_4(ROW, n) EACH_4(ROW, n + 4) EACH_4(ROW, n + 8) EACH_4(ROW, n + 12)
#define EACH_64(ROW) EACH_16(ROW, 0) EACH_16(ROW, 16) EACH_16(ROW, 32) EACH_16(ROW, 48)

static void fill(void)
{
#define FILL(n) __asm__ volatile(".machine power8\nlxvd2x " #n ",0,%0" : : "r"(ones));
	EACH_64(FILL)
}

static void read_all(void)
{
#define READ(n)                                                 \
	__asm__ volatile(".machine power8\nstxvd2x " #n ",0,%0" \
			 :                                      \
			 : "r"(seen[n])                         \
			 : "memory");
	EACH_64(READ)
}

__attribute__((used)) static void begin(void)
{
	struct action action = { .handler = handle, .flags = 4 };
	call(SYS_rt_sigaction, SIGUSR1, (long)&action, 0, 8);
	catch_one();
	if (msr & BOTH)
		leave(1);
	tick();
	if (!is_rewound) {
		fill();
		tick();
		leave(5);
	}
	catch_one();
	if ((msr & BOTH) != BOTH)
		leave(2);
	if (nr_not_zero)
		leave(3);
	read_all();
	for (int i = 0; i < 64; i++)
		if (seen[i][0] || seen[i][1])
			leave(4);
	leave(0);
}

__asm__(".text\n"
	".globl _start\n"
	"_start:\n"
	"	addis 2, 12, .TOC.-_start@ha\n"
	"	addi 2, 2, .TOC.-_start@l\n"
	"	clrrdi 1, 1, 4\n"
	"	stdu 1, -64(1)\n"
	"	bl begin\n"
	"	nop\n");
