// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Writes to a page that is not there. fault mend: a handler checks what it is told,
 * makes the page writable and goes on. fault die: nobody handles it.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "../story.h"

static char *volatile page;
static char spare[4096];
volatile int handled;

static void handle(int number, siginfo_t *info, void *context)
{
	CHECK(number == SIGSEGV);
	CHECK(info->si_code == SEGV_ACCERR);
	CHECK(info->si_addr == page + 0x123);
	handled++;
	CHECK(!mprotect(page, PAGE, PROT_READ | PROT_WRITE));
}

STORY_PLACE void touch(volatile char *where)
{
	*where = 42;
}

STORY_PLACE void after(void)
{
}

int main(int argc, char **argv)
{
	page = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(page != MAP_FAILED && page != spare);
	if (argc > 1 && !strcmp(argv[1], "mend")) {
		struct sigaction action = { .sa_flags = SA_SIGINFO };
		action.sa_sigaction = handle;
		CHECK(!sigaction(SIGSEGV, &action, NULL));
	}
	touch(page + 0x123);
	after();
	CHECK(handled == 1);
	CHECK(page[0x123] == 42);
	return 0;
}
