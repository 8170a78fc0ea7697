// SPDX-License-Identifier: GPL-3.0-or-later
/* What libFuzzer calls; FUZZ_TARGET is one of targets.h. */
#include "testsuite/fuzz/targets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FUZZ_TARGET(data, size);
	return 0;
}
