// SPDX-License-Identifier: GPL-3.0-or-later
#include "gdbext/progress.h"

#include <time.h>

/** Signals are looked for at most this often: often enough for a person. */
#define CHECK_NS UINT64_C(50000000)

/** false: a signal's handler raised (KeyboardInterrupt). */
static bool check_signals(struct snap_py_progress *progress)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	uint64_t now_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	if (now_ns - progress->checked_ns < CHECK_NS)
		return true;
	progress->checked_ns = now_ns;
	return !PyErr_CheckSignals();
}

static bool report(void *context, const char *phase, uint64_t done, uint64_t total)
{
	struct snap_py_progress *progress = context;
	// An earlier report raised and the core is on its way out.
	if (PyErr_Occurred() || !check_signals(progress))
		return false;
	if (!progress->callable || progress->callable == Py_None)
		return true;
	_cleanup_pydecref_ PyObject *answer =
		PyObject_CallFunction(progress->callable, "sKK", phase,
				      (unsigned long long)done,
				      (unsigned long long)total);
	return answer && PyObject_IsTrue(answer) > 0;
}

struct snap_progress snap_py_progress(struct snap_py_progress *progress)
{
	return (struct snap_progress){ .report = report, .context = progress };
}
