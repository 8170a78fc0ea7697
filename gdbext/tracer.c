// SPDX-License-Identifier: GPL-3.0-or-later
#include "gdbext/tracer.h"

#include "core/tracee/tracer.h"
#include "gdbext/arguments.h"
#include "gdbext/error.h"
#include "gdbext/progress.h"
#include "gdbext/tracking.h"

#define CAPSULE "_snapshot.tracer"

static void destroy_capsule(PyObject *capsule)
{
	snap_tracer_destroy(PyCapsule_GetPointer(capsule, CAPSULE));
}

/** Remember a tracer by its pid; takes it over, also on failure. */
static int remember(struct snap_py_state *state, struct snap_tracer *taken)
{
	_cleanup_tracer_ struct snap_tracer *tracer = taken;
	_cleanup_pydecref_ PyObject *key = PyLong_FromLong(snap_tracer_pid(tracer));
	_cleanup_pydecref_ PyObject *capsule =
		key ? PyCapsule_New(tracer, CAPSULE, destroy_capsule) : NULL;
	if (!capsule)
		return -1;
	tracer = NULL;
	return PyDict_SetItem(state->tracers, key, capsule);
}

/** The tracer of a pid, or NULL, without an exception. */
static struct snap_tracer *find(struct snap_py_state *state, pid_t pid)
{
	_cleanup_pydecref_ PyObject *key = PyLong_FromLong(pid);
	PyObject *capsule = key ? PyDict_GetItem(state->tracers, key) : NULL;
	PyErr_Clear();
	return capsule ? PyCapsule_GetPointer(capsule, CAPSULE) : NULL;
}

static int forget(struct snap_py_state *state, pid_t pid)
{
	_cleanup_pydecref_ PyObject *key = PyLong_FromLong(pid);
	return key ? PyDict_DelItem(state->tracers, key) : -1;
}

/** How a thread of a process that spawn() or attach() took is let run. */
static snap_err run_one(void *context, pid_t tid, uint64_t address, int signal)
{
	return snap_tracer_run_one(context, tid, signal);
}

struct snap_runner snap_py_tracer_runner(struct snap_py_state *state, pid_t pid)
{
	struct snap_tracer *tracer = find(state, pid);
	return (struct snap_runner){
		.run = tracer ? run_one : NULL,
		.context = tracer,
	};
}

snap_err snap_py_tracer_notice(struct snap_py_state *state, pid_t pid)
{
	struct snap_tracer *tracer = find(state, pid);
	return tracer ? snap_tracer_notice_ends(tracer) : SNAP_OK;
}

void snap_py_tracer_was_restored(struct snap_py_state *state, pid_t pid)
{
	struct snap_tracer *tracer = find(state, pid);
	if (tracer)
		snap_tracer_drop_signals(tracer);
}

/** NULL with an exception when spawn() and attach() do not know the process. */
static struct snap_tracer *get(struct snap_py_state *state, pid_t pid)
{
	struct snap_tracer *tracer = find(state, pid);
	if (!tracer)
		snap_py_raise(state, snap_error_create(
					     SNAP_ERROR_INVALID,
					     "process %d is not traced by this module",
					     (int)pid));
	return tracer;
}

/** NULL with an exception; free() the array, whose texts live as long as `items`. */
static char **create_argv(PyObject *items)
{
	size_t nr = (size_t)PyTuple_Size(items);
	if (!nr) {
		PyErr_SetString(PyExc_ValueError, "argv is empty");
		return NULL;
	}
	_cleanup_free_ char **argv = calloc(nr + 1, sizeof(*argv));
	if (!argv) {
		PyErr_NoMemory();
		return NULL;
	}
	for (size_t i = 0; i < nr; i++) {
		PyObject *item = PyTuple_GetItem(items, (Py_ssize_t)i);
		if (PyBytes_AsStringAndSize(item, &argv[i], NULL) < 0)
			return NULL;
	}
	return snap_take(argv);
}

/** The elements of a sequence as bytes, each as it would be in a file name. */
static PyObject *encode(PyObject *sequence)
{
	_cleanup_pydecref_ PyObject *items = PySequence_Tuple(sequence);
	if (!items)
		return NULL;
	Py_ssize_t nr = PyTuple_Size(items);
	_cleanup_pydecref_ PyObject *encoded = PyTuple_New(nr);
	for (Py_ssize_t i = 0; encoded && i < nr; i++) {
		PyObject *bytes;
		if (!PyUnicode_FSConverter(PyTuple_GetItem(items, i), &bytes) ||
		    PyTuple_SetItem(encoded, i, bytes) < 0)
			return NULL;
	}
	return snap_take(encoded);
}

static PyObject *spawn(PyObject *module, PyObject *args, PyObject *keywords)
{
	static const char *const names[] = { "argv", "pid", NULL };
	struct snap_py_state *state = snap_py_state(module);
	PyObject *sequence;
	int wanted = 0;
	if (!PyArg_ParseTupleAndKeywords(args, keywords, "O|$i:spawn", (char **)names,
					 &sequence, &wanted))
		return NULL;
	_cleanup_pydecref_ PyObject *items = encode(sequence);
	if (!items)
		return NULL;
	_cleanup_free_ char **argv = create_argv(items);
	if (!argv)
		return NULL;
	struct snap_tracer *tracer;
	snap_err error = snap_tracer_spawn(argv, wanted, &tracer);
	if (error)
		return snap_py_raise(state, error);
	pid_t pid = snap_tracer_pid(tracer);
	return remember(state, tracer) < 0 ? NULL : PyLong_FromLong(pid);
}

static PyObject *attach(PyObject *module, PyObject *args, PyObject *keywords)
{
	struct snap_py_state *state = snap_py_state(module);
	pid_t pid;
	if (snap_py_parse_pid(args, keywords, &pid) < 0)
		return NULL;
	struct snap_tracer *tracer;
	snap_err error = snap_tracer_attach(pid, &tracer);
	if (error)
		return snap_py_raise(state, error);
	return remember(state, tracer) < 0 ? NULL : Py_NewRef(Py_None);
}

/** A set of signal numbers out of a sequence. */
static int parse_signals(PyObject *sequence, uint64_t *ret)
{
	_cleanup_pydecref_ PyObject *items = PySequence_Tuple(sequence);
	if (!items)
		return -1;
	uint64_t signals = 0;
	for (Py_ssize_t i = 0; i < PyTuple_Size(items); i++) {
		long number = PyLong_AsLong(PyTuple_GetItem(items, i));
		if (number == -1 && PyErr_Occurred())
			return -1;
		if (number < 1 || number > 64) {
			PyErr_Format(PyExc_ValueError, "there is no signal %ld",
				     number);
			return -1;
		}
		signals |= UINT64_C(1) << (number - 1);
	}
	*ret = signals;
	return 0;
}

static PyObject *run_until(PyObject *module, PyObject *args, PyObject *keywords)
{
	static const char *const names[] = { "pid", "signals", NULL };
	struct snap_py_state *state = snap_py_state(module);
	int pid;
	PyObject *sequence;
	uint64_t signals;
	if (!PyArg_ParseTupleAndKeywords(args, keywords, "iO:run_until", (char **)names,
					 &pid, &sequence) ||
	    parse_signals(sequence, &signals) < 0)
		return NULL;
	struct snap_tracer *tracer = get(state, pid);
	if (!tracer)
		return NULL;
	struct snap_py_progress progress = { 0 };
	struct snap_progress passed = snap_py_progress(&progress);
	int signal;
	bool has_ended;
	snap_err error =
		snap_tracer_run_until(tracer, signals, &passed, &signal, &has_ended);
	if (error)
		return snap_py_raise(state, error);
	if (has_ended)
		snap_py_let_go(state, pid);
	if (has_ended && forget(state, pid) < 0)
		return NULL;
	return PyLong_FromLong(signal);
}

/** What resume(), stop(), detach() and kill() have in common. */
static PyObject *call(PyObject *module, PyObject *args, PyObject *keywords,
		      snap_err (*function)(struct snap_tracer *), bool is_last)
{
	struct snap_py_state *state = snap_py_state(module);
	pid_t pid;
	if (snap_py_parse_pid(args, keywords, &pid) < 0)
		return NULL;
	struct snap_tracer *tracer = get(state, pid);
	if (!tracer)
		return NULL;
	if (is_last)
		snap_py_let_go(state, pid);
	snap_err error = function(tracer);
	// A process that has ended is nobody's any more.
	if ((is_last && !error) || (error && error->kind == SNAP_ERROR_GONE))
		if (forget(state, pid) < 0)
			PyErr_Clear();
	return snap_py_none(state, error);
}

static PyObject *resume(PyObject *module, PyObject *args, PyObject *keywords)
{
	return call(module, args, keywords, snap_tracer_resume, false);
}

static PyObject *stop(PyObject *module, PyObject *args, PyObject *keywords)
{
	return call(module, args, keywords, snap_tracer_stop, false);
}

static PyObject *detach(PyObject *module, PyObject *args, PyObject *keywords)
{
	return call(module, args, keywords, snap_tracer_detach, true);
}

static PyObject *kill_process(PyObject *module, PyObject *args, PyObject *keywords)
{
	return call(module, args, keywords, snap_tracer_kill, true);
}

const PyMethodDef snap_py_tracer_functions[] = {
	{ "spawn", SNAP_PY_KEYWORDS(spawn), METH_VARARGS | METH_KEYWORDS,
	  "Start a program under ptrace, stopped at its first instruction; its pid." },
	{ "attach", SNAP_PY_KEYWORDS(attach), METH_VARARGS | METH_KEYWORDS,
	  "Attach to all threads of a process and stop them." },
	{ "run_until", SNAP_PY_KEYWORDS(run_until), METH_VARARGS | METH_KEYWORDS,
	  "Let all threads run until one of them gets one of the signals, stop all." },
	{ "resume", SNAP_PY_KEYWORDS(resume), METH_VARARGS | METH_KEYWORDS,
	  "Let all threads run and return at once; stop() ends it." },
	{ "stop", SNAP_PY_KEYWORDS(stop), METH_VARARGS | METH_KEYWORDS,
	  "Stop all threads that resume() set running." },
	{ "detach", SNAP_PY_KEYWORDS(detach), METH_VARARGS | METH_KEYWORDS,
	  "Leave all threads and let them run." },
	{ "kill", SNAP_PY_KEYWORDS(kill_process), METH_VARARGS | METH_KEYWORDS,
	  "Kill the process and reap it." },
	{ 0 },
};
