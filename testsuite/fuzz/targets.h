/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TESTSUITE_FUZZ_TARGETS_H
#define SNAP_TESTSUITE_FUZZ_TARGETS_H

#include <stddef.h>
#include <stdint.h>

/**
 * @file
 * What a fuzzer feeds: readers of files that anybody may have written. Each reads the
 * bytes, looks at what it got, and frees it; whatever the bytes, it returns.
 */

/** An image of ours. Its digest is made right first, or nothing would be read. */
void fuzz_image(const uint8_t *data, size_t size);

/** A CPU's description; what is read is written, and read again the same. */
void fuzz_cpu_json(const uint8_t *data, size_t size);

/** Five files of CRIU's, each behind its size (32 bits): see targets.c. */
void fuzz_criu(const uint8_t *data, size_t size);

/** A core file of the kernel's. */
void fuzz_core(const uint8_t *data, size_t size);

#endif
