#include "gdbext/state.h"

PyObject *snap_py_process_state(const struct snap_snapshot *snapshot)
{
	return Py_BuildValue("{s:K,s:i,s:i,s:i}", "brk",
			     (unsigned long long)snapshot->brk, "ppid",
			     (int)snapshot->ppid, "pgid", (int)snapshot->pgid, "sid",
			     (int)snapshot->sid);
}

PyObject *snap_py_process_thread_state(const struct snap_thread *thread)
{
	return Py_BuildValue("{s:N}", "name", snap_py_text(thread->comm));
}
