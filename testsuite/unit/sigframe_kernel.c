// SPDX-License-Identifier: GPL-3.0-or-later
/* The kernel's headers alone: the C library has other types of the same names. */
#include "testsuite/unit/sigframe_kernel.h"

#if defined(__x86_64__)

#	include <asm/sigcontext.h>
#	include <asm/siginfo.h>
#	include <asm/signal.h>
#	include <asm/ucontext.h>

/** arch/x86/include/asm/sigframe.h, which is not exported. */
struct rt_sigframe {
	char *pretcode;
	struct ucontext uc;
	siginfo_t info;
};

#	define FIELD(name, type, member)                                            \
		{                                                                    \
			name, offsetof(type, member), sizeof(((type *)NULL)->member) \
		}
#	define FRAME(member) FIELD(#        member, struct rt_sigframe, uc.member)
#	define REGISTER(member) \
		FIELD(#member, struct rt_sigframe, uc.uc_mcontext.member)
#	define AREA(member) FIELD(#        member, struct _xstate, member)

static const struct sigframe_kernel_field fields[] = {
	FRAME(uc_flags),
	FRAME(uc_stack.ss_sp),
	FRAME(uc_stack.ss_flags),
	FRAME(uc_stack.ss_size),
	FRAME(uc_mcontext),
	FRAME(uc_sigmask),
	REGISTER(r8),
	REGISTER(r9),
	REGISTER(r10),
	REGISTER(r11),
	REGISTER(r12),
	REGISTER(r13),
	REGISTER(r14),
	REGISTER(r15),
	REGISTER(rdi),
	REGISTER(rsi),
	REGISTER(rbp),
	REGISTER(rbx),
	REGISTER(rdx),
	REGISTER(rax),
	REGISTER(rcx),
	REGISTER(rsp),
	REGISTER(rip),
	REGISTER(eflags),
	REGISTER(cs),
	REGISTER(ss),
	REGISTER(fpstate),
	{ "frame", 0, sizeof(struct rt_sigframe) },
	AREA(fpstate.cwd),
	AREA(fpstate.swd),
	AREA(fpstate.fop),
	AREA(fpstate.rip),
	AREA(fpstate.mxcsr),
	AREA(fpstate.mxcsr_mask),
	AREA(fpstate.xmm_space),
	AREA(fpstate.sw_reserved),
	AREA(fpstate.sw_reserved.magic1),
	AREA(fpstate.sw_reserved.extended_size),
	AREA(fpstate.sw_reserved.xfeatures),
	AREA(fpstate.sw_reserved.xstate_size),
	AREA(xstate_hdr.xfeatures),
	AREA(xstate_hdr),
	AREA(ymmh),
	{ NULL, 0, 0 },
};

const struct sigframe_kernel_field *const sigframe_kernel_fields = fields;
const unsigned long sigframe_kernel_magic1 = FP_XSTATE_MAGIC1;
const unsigned long sigframe_kernel_magic2 = FP_XSTATE_MAGIC2;
const unsigned long sigframe_kernel_uc_flags =
	UC_FP_XSTATE | UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS;

#else

const struct sigframe_kernel_field *const sigframe_kernel_fields = NULL;
const unsigned long sigframe_kernel_magic1 = 0;
const unsigned long sigframe_kernel_magic2 = 0;
const unsigned long sigframe_kernel_uc_flags = 0;

#endif
