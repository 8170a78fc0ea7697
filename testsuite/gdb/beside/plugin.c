// SPDX-License-Identifier: GPL-3.0-or-later
/* Loads a library that it was not linked with, and asks it for a square root. */
#include <dlfcn.h>

#include "../story.h"

STORY_PLACE void before(void)
{
}

STORY_PLACE void loaded(void *library)
{
}

int main(void)
{
	for (int i = 0; i < 2; i++) {
		before();
		void *library = dlopen("libm.so.6", RTLD_NOW);
		CHECK(library);
		loaded(library);
		double (*root)(double) = (double (*)(double))dlsym(library, "sqrt");
		CHECK(root && root(1764.0) == 42.0);
		CHECK(!dlclose(library));
	}
	return 0;
}
