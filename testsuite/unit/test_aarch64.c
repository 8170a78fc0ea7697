/* What is special about aarch64: vector lengths, modes, calls that are rewound early.
 */
#include "testsuite/unit/sample_aarch64.h"

#include <signal.h>
#include <string.h>

#include "arch/aarch64/sigframe.h"

int main(void)
{
	const struct CMUnitTest tests[] = {};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
