// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/unwind/demangle.h"

#include <dlfcn.h>
#include <string.h>

/** Of the Itanium C++ ABI, section 3.4. */
typedef char *demangle_fn(const char *name, char *buffer, size_t *size, int *status);

/**
 * The C++ library's own demangler, where one is loaded: in GDB it is, and a program
 * that has no C++ in it can do without. Linking to it would load it everywhere.
 */
static char *demangle(const char *symbol)
{
	demangle_fn *function = (demangle_fn *)dlsym(RTLD_DEFAULT, "__cxa_demangle");
	int status;
	return function ? function(symbol, NULL, NULL, &status) : NULL;
}

snap_err snap_unwind_demangle(const char *symbol, char **ret)
{
	*ret = NULL;
	if (!symbol)
		return SNAP_OK;
	char *name = strndup(symbol, strcspn(symbol, "@"));
	if (!name)
		return &snap_enomem;
	char *better = strncmp(name, "_Z", 2) ? NULL : demangle(name);
	if (better)
		free(name);
	*ret = better ? better : name;
	return SNAP_OK;
}
