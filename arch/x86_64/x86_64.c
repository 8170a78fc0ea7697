#include "arch/arch.h"

const struct snap_arch snap_arch_x86_64 = { .name = "x86_64" };
