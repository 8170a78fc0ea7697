// SPDX-License-Identifier: GPL-3.0-or-later
#include "testsuite/unit/traced_x86_64.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__x86_64__)

/** arch_prctl(2): permission for a component that is switched on when used. */
#	define ARCH_REQ_XCOMP_PERM 0x1023

// traced_load(patterns, parts): load everything and stop. Never returns, and needs no
// stack in the end: rsp is one of the patterns.
__asm__(".text\n"
	"traced_load:\n"
	"	fninit\n"
	"	.irp i, 0,1,2,3,4,5,6,7\n"
	"	fldt 2248+16*\\i(%rdi)\n"
	"	.endr\n"
	"	fldcw 2384(%rdi)\n"
	"	ldmxcsr 2376(%rdi)\n"
	"	.irp i, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
	"	movdqu 64*\\i(%rdi), %xmm\\i\n"
	"	.endr\n"
	"	test $2, %esi\n"
	"	jz 1f\n"
	"	.irp i, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
	"	vmovdqu 64*\\i(%rdi), %ymm\\i\n"
	"	.endr\n"
	"1:	test $1, %esi\n"
	"	jz 1f\n"
	"	.irp i, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
	"	vmovdqu64 64*\\i(%rdi), %zmm\\i\n"
	"	.endr\n"
	"	.irp i, 16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
	"	vmovdqu64 64*\\i(%rdi), %zmm\\i\n"
	"	.endr\n"
	"	.irp i, 0,1,2,3,4,5,6,7\n"
	"	kmovq 2048+8*\\i(%rdi), %k\\i\n"
	"	.endr\n"
	"1:	test $4, %esi\n"
	"	jz 1f\n"
	"	xor %ecx, %ecx\n"
	"	xor %edx, %edx\n"
	"	mov 2380(%rdi), %eax\n"
	"	wrpkru\n"
	"1:	test $8, %esi\n"
	"	jz 1f\n"
	"	ldtilecfg 2392(%rdi)\n"
	"	mov $64, %eax\n"
	"	.irp i, 0,1,2,3,4,5,6,7\n"
	"	tileloadd 2456+1024*\\i(%rdi,%rax), %tmm\\i\n"
	"	.endr\n"
	"1:	pushq 2240(%rdi)\n"
	"	popfq\n"
	"	mov 2112(%rdi), %rax\n"
	"	mov 2120(%rdi), %rbx\n"
	"	mov 2128(%rdi), %rcx\n"
	"	mov 2136(%rdi), %rdx\n"
	"	mov 2144(%rdi), %rsi\n"
	"	mov 2160(%rdi), %rbp\n"
	"	mov 2168(%rdi), %rsp\n"
	"	mov 2176(%rdi), %r8\n"
	"	mov 2184(%rdi), %r9\n"
	"	mov 2192(%rdi), %r10\n"
	"	mov 2200(%rdi), %r11\n"
	"	mov 2208(%rdi), %r12\n"
	"	mov 2216(%rdi), %r13\n"
	"	mov 2224(%rdi), %r14\n"
	"	mov 2232(%rdi), %r15\n"
	"	mov 2152(%rdi), %rdi\n"
	"	int3\n"
	"1:	jmp 1b\n"
	"traced_sleep:\n"
	"	xor %esi, %esi\n"
	"	mov $35, %eax\n"
	"traced_insn:\n"
	"	syscall\n"
	"	ud2\n");

void traced_load(const struct traced_patterns *patterns, unsigned long parts);
void traced_sleep(const int64_t duration[2]);
extern const char traced_insn[];

#	define AT(member, offset)                                                   \
		_Static_assert(offsetof(struct traced_patterns, member) == (offset), \
			       "traced_load() has another place for " #member)
AT(k, 2048);
AT(general, 2112);
AT(st, 2248);
AT(mxcsr, 2376);
AT(pkru, 2380);
AT(fctrl, 2384);
AT(tilecfg, 2392);
AT(tiles, 2456);

static void child(const struct traced_shared *shared, unsigned parts)
{
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	if (parts & (TRACED_TILES | TRACED_TILE_PERMISSION) &&
	    syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, X86_COMPONENT_TILEDATA))
		_exit(1);
	if (parts & TRACED_SLEEP) {
		raise(SIGSTOP);
		traced_sleep(shared->duration);
	}
	traced_load(&shared->patterns, parts);
	_exit(1);
}

uint64_t traced_syscall_insn(void)
{
	return (uint64_t)(uintptr_t)traced_insn;
}

unsigned traced_supported(void)
{
	_cleanup_cpu_ struct snap_cpu cpu = { 0 };
	assert_ok(snap_arch_by_name("x86_64")->probe(&cpu));
	uint64_t mask = snap_x86_64_cpu_mask(&cpu);
	return (mask >> 6 & 1 && snap_cpu_get(&cpu, "avx512bw", 0) ? TRACED_AVX512
								   : 0) |
	       (mask >> 2 & 1 ? TRACED_AVX : 0) | (mask >> 9 & 1 ? TRACED_PKRU : 0) |
	       (mask >> 18 & 1 ? TRACED_TILES | TRACED_TILE_PERMISSION : 0);
}

#else

static void child(const struct traced_shared *shared, unsigned parts)
{
	_exit(1);
}

uint64_t traced_syscall_insn(void)
{
	return 0;
}

unsigned traced_supported(void)
{
	return 0;
}

#endif

static void make_patterns(struct traced_patterns *patterns, uint64_t seed)
{
	struct sample_random random = { .state = seed };
	sample_random_fill(&random, (uint8_t *)patterns, sizeof(*patterns));
	// CF PF AF ZF SF DF OF and, against a program's custom, NT.
	patterns->general[16] = (patterns->general[16] & 0x4cd5) | 0x202;
	// All exceptions masked; else the first x87 or SSE instruction would fault.
	patterns->mxcsr = (patterns->mxcsr & 0xe07f) | 0x1f80;
	patterns->fctrl = (patterns->fctrl & 0xf00) | 0x7f;
	// Key 0 is everybody's: nothing could be read or written without it.
	patterns->pkru &= ~3u;
	// Palette 1, tiles of 16 rows of 64 bytes (Intel SDM volume 1, 18.2).
	memset(patterns->tilecfg, 0, sizeof(patterns->tilecfg));
	patterns->tilecfg[0] = 1;
	for (size_t i = 0; i < 8; i++) {
		patterns->tilecfg[16 + 2 * i] = 64;
		patterns->tilecfg[48 + i] = 16;
	}
}

void traced_init(struct traced *traced, unsigned parts, uint64_t seed)
{
	*traced = (struct traced){ .pid = -1 };
	assert_ok(snap_arch_by_name("x86_64")->probe(&traced->cpu));
	traced->shared = mmap(NULL, sizeof(*traced->shared), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(traced->shared != MAP_FAILED);
	make_patterns(&traced->shared->patterns, seed);
	traced->shared->duration[0] = 24 * 60 * 60;

	traced->pid = fork();
	assert_true(traced->pid >= 0);
	if (!traced->pid)
		child(traced->shared, parts);
	int status;
	assert_int_equal(waitpid(traced->pid, &status, 0), traced->pid);
	assert_true(WIFSTOPPED(status));
	assert_int_equal(WSTOPSIG(status), parts & TRACED_SLEEP ? SIGSTOP : SIGTRAP);
	assert_int_equal(ptrace(PTRACE_SETOPTIONS, traced->pid, NULL,
				PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL),
			 0);
	if (parts & TRACED_SLEEP)
		assert_int_equal(WSTOPSIG(traced_run(traced)), SIGTRAP | 0x80);
}

void traced_deinit(struct traced *traced)
{
	kill(traced->pid, SIGKILL);
	waitpid(traced->pid, NULL, 0);
	munmap(traced->shared, sizeof(*traced->shared));
	snap_cpu_deinit(&traced->cpu);
}

void traced_capture(const struct traced *traced, struct snap_thread *ret)
{
	*ret = (struct snap_thread){ .tid = traced->pid, .interrupted_syscall = -1 };
	for (size_t i = 0; i < SNAP_X86_64_NR_REGSETS; i++) {
		uint8_t data[16384];
		struct iovec iov = { .iov_base = data, .iov_len = sizeof(data) };
		if (iov.iov_len > snap_x86_64_regsets[i].max_size)
			iov.iov_len = snap_x86_64_regsets[i].max_size;
		if (!ptrace(PTRACE_GETREGSET, traced->pid,
			    snap_x86_64_regsets[i].note_type, &iov))
			assert_ok(snap_thread_set_regset(ret, i, data, iov.iov_len));
	}
	assert_int_equal(ptrace(PTRACE_GETSIGMASK, traced->pid, 8, &ret->sigmask), 0);
	ret->members = SNAP_THREAD_SIGMASK;
}

int traced_write_regset(const struct traced *traced, const struct snap_thread *thread,
			enum snap_x86_64_regset regset)
{
	struct iovec iov = { .iov_base = thread->regsets[regset].data,
			     .iov_len = thread->regsets[regset].size };
	return ptrace(PTRACE_SETREGSET, traced->pid,
		      snap_x86_64_regsets[regset].note_type, &iov)
		       ? errno
		       : 0;
}

int traced_run(const struct traced *traced)
{
	int status;
	assert_int_equal(ptrace(PTRACE_SYSCALL, traced->pid, NULL, NULL), 0);
	assert_int_equal(waitpid(traced->pid, &status, 0), traced->pid);
	assert_true(WIFSTOPPED(status));
	return status;
}

void traced_sigreturn(const struct traced *traced, const struct snap_thread *thread,
		      struct snap_thread *ret)
{
	_cleanup_thread_ struct snap_thread at_call;
	assert_ok(snap_thread_copy(thread, &at_call));
	uint8_t *regs = at_call.regsets[SNAP_X86_64_GENERAL].data;
	snap_x86_64_prepare_sigreturn(regs, traced_syscall_insn(),
				      (uintptr_t)traced->shared->frame);
	assert_int_equal(traced_write_regset(traced, &at_call, SNAP_X86_64_GENERAL), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(WSTOPSIG(traced_run(traced)), SIGTRAP | 0x80);
	traced_capture(traced, ret);
}

void traced_land(const struct traced *traced, const struct snap_thread *thread,
		 struct snap_thread *ret)
{
	_cleanup_buffer_ struct snap_buffer frame = { 0 };
	assert_ok(snap_x86_64_check_thread(&traced->cpu, thread));
	assert_ok(snap_x86_64_sigframe_encode(&traced->cpu, thread,
					      (uintptr_t)traced->shared->frame,
					      &frame));
	assert_true(frame.size <= sizeof(traced->shared->frame));
	memcpy(traced->shared->frame, frame.data, frame.size);
	traced_sigreturn(traced, thread, ret);
}

const char *traced_differences(const struct traced *traced,
			       const struct snap_thread *wanted,
			       const struct snap_thread *actual,
			       struct sample_differences *list)
{
	*list = (struct sample_differences){ .nr = 0 };
	snap_x86_64_compare(&traced->cpu, wanted, actual, sample_collect, list);
	return list->names;
}
