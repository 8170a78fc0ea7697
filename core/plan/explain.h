#ifndef SNAP_PLAN_EXPLAIN_H
#define SNAP_PLAN_EXPLAIN_H

#include "core/base/buffer.h"
#include "core/plan/plan.h"

/** A plan in words, a line each. */
_must_check_ snap_err snap_plan_explain(const struct snap_plan *plan,
					struct snap_buffer *ret);

#endif
