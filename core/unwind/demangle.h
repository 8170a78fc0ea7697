/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_UNWIND_DEMANGLE_H
#define SNAP_UNWIND_DEMANGLE_H

#include "core/base/error.h"

/**
 * A function as a person writes it: a C++ name taken apart, a symbol's version
 * ("@@GLIBC_2.34") cut off.
 *
 * @param symbol As in a symbol table; may be NULL.
 * @param[out] ret Owned by the caller; NULL where `symbol` is.
 */
_must_check_ snap_err snap_unwind_demangle(const char *symbol, char **ret);

#endif
