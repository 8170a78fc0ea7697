// SPDX-License-Identifier: GPL-3.0-or-later
#include "gdbext/describe.h"

#include <string.h>

#include "arch/arch.h"

PyObject *snap_py_text(const char *text)
{
	return text ? PyUnicode_DecodeFSDefault(text) : Py_NewRef(Py_None);
}

PyObject *snap_py_build_id(const uint8_t *build_id, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	char text[2 * SNAP_BUILD_ID_SIZE];
	if (!size)
		return Py_NewRef(Py_None);
	for (size_t i = 0; i < size; i++) {
		text[2 * i] = digits[build_id[i] >> 4];
		text[2 * i + 1] = digits[build_id[i] & 15];
	}
	return PyUnicode_FromStringAndSize(text, 2 * (Py_ssize_t)size);
}

PyObject *snap_py_uuid(const uint8_t uuid[SNAP_UUID_SIZE])
{
	char text[SNAP_UUID_TEXT_SIZE];
	snap_uuid_format(uuid, text);
	return PyUnicode_FromString(text);
}

/** Put a value under a key, taking it over; -1 with an exception. */
static int put(PyObject *dict, const char *key, PyObject *taken)
{
	_cleanup_pydecref_ PyObject *value = taken;
	return value ? PyDict_SetItemString(dict, key, value) : -1;
}

/** Append a value, taking it over; -1 with an exception. */
static int append(PyObject *list, PyObject *taken)
{
	_cleanup_pydecref_ PyObject *value = taken;
	return value ? PyList_Append(list, value) : -1;
}

PyObject *snap_py_cpu(const struct snap_cpu *cpu)
{
	_cleanup_pydecref_ PyObject *dict = PyDict_New();
	if (!dict)
		return NULL;
	for (size_t i = 0; i < cpu->nr_items; i++) {
		const struct snap_cpu_item *item = &cpu->items[i];
		if (put(dict, item->name,
			item->text ? snap_py_text(item->text)
				   : PyLong_FromUnsignedLongLong(item->value)) < 0)
			return NULL;
	}
	return snap_take(dict);
}

static PyObject *regset_sizes(const struct snap_arch *arch,
			      const struct snap_thread *thread)
{
	_cleanup_pydecref_ PyObject *dict = PyDict_New();
	if (!dict)
		return NULL;
	for (size_t i = 0; i < arch->nr_regsets; i++)
		if (thread->regsets[i].size &&
		    put(dict, arch->regsets[i].name,
			PyLong_FromSize_t(thread->regsets[i].size)) < 0)
			return NULL;
	return snap_take(dict);
}

/** None where a member was not captured; else built like Py_BuildValue(). */
#define MEMBER(thread, member, ...)                                                 \
	(snap_thread_has(thread, SNAP_THREAD_##member) ? Py_BuildValue(__VA_ARGS__) \
						       : Py_NewRef(Py_None))

static PyObject *thread_dict(const struct snap_arch *arch,
			     const struct snap_thread *thread)
{
	return Py_BuildValue("{s:i,s:N,s:K,s:K,s:i,s:N,s:i,s:N,s:N,s:N,s:N,s:N,s:N}",
			     "tid", (int)thread->tid, "comm",
			     snap_py_text(thread->comm), "pc",
			     (unsigned long long)arch->pc(thread), "sp",
			     (unsigned long long)arch->sp(thread), "stop_signal",
			     snap_thread_stop_signal(thread), "siginfo",
			     MEMBER(thread, SIGINFO, "y#", thread->siginfo,
				    (Py_ssize_t)sizeof(thread->siginfo)),
			     "interrupted_syscall", (int)thread->interrupted_syscall,
			     "sigmask",
			     MEMBER(thread, SIGMASK, "K",
				    (unsigned long long)thread->sigmask),
			     "altstack",
			     MEMBER(thread, ALTSTACK, "(KKI)",
				    (unsigned long long)thread->altstack.sp,
				    (unsigned long long)thread->altstack.size,
				    (unsigned)thread->altstack.flags),
			     "rseq",
			     MEMBER(thread, RSEQ, "(KIII)",
				    (unsigned long long)thread->rseq.address,
				    (unsigned)thread->rseq.size,
				    (unsigned)thread->rseq.signature,
				    (unsigned)thread->rseq.flags),
			     "robust_list",
			     MEMBER(thread, ROBUST_LIST, "(KK)",
				    (unsigned long long)thread->robust_list.head,
				    (unsigned long long)thread->robust_list.length),
			     "tid_address",
			     MEMBER(thread, TID_ADDRESS, "K",
				    (unsigned long long)thread->tid_address),
			     "regsets", regset_sizes(arch, thread));
}

PyObject *snap_py_threads(const struct snap_snapshot *snapshot)
{
	_cleanup_pydecref_ PyObject *list = PyList_New(0);
	if (!list)
		return NULL;
	for (size_t i = 0; i < snapshot->nr_threads; i++)
		if (append(list, thread_dict(snapshot->arch, &snapshot->threads[i])) <
		    0)
			return NULL;
	return snap_take(list);
}

/** The letters of /proc/PID/maps, and of VmFlags in /proc/PID/smaps. */
static PyObject *prot_text(uint32_t prot)
{
	return PyUnicode_FromFormat("%c%c%c%c", prot & SNAP_VMA_READ ? 'r' : '-',
				    prot & SNAP_VMA_WRITE ? 'w' : '-',
				    prot & SNAP_VMA_EXEC ? 'x' : '-',
				    prot & SNAP_VMA_SHARED ? 's' : 'p');
}

static PyObject *flag_list(uint32_t flags)
{
	static const struct {
		enum snap_vma_flag flag;
		const char *letters;
	} rows[] = {
		{ SNAP_VMA_GROWSDOWN, "gd" },     { SNAP_VMA_LOCKED, "lo" },
		{ SNAP_VMA_HUGETLB, "ht" },       { SNAP_VMA_DEVICE, "io" },
		{ SNAP_VMA_DONTFORK, "dc" },      { SNAP_VMA_DONTDUMP, "dd" },
		{ SNAP_VMA_WIPEONFORK, "wf" },    { SNAP_VMA_HUGEPAGE, "hg" },
		{ SNAP_VMA_NOHUGEPAGE, "nh" },    { SNAP_VMA_MERGEABLE, "mg" },
		{ SNAP_VMA_NORESERVE, "nr" },     { SNAP_VMA_SHADOW_STACK, "ss" },
		{ SNAP_VMA_SEALED, "sl" },        { SNAP_VMA_UFFD, "um" },
		{ SNAP_VMA_SEQUENTIAL, "sr" },    { SNAP_VMA_RANDOM, "rr" },
		{ SNAP_VMA_LOCK_ON_FAULT, "lf" }, { SNAP_VMA_GUARD, "guard" },
		{ SNAP_VMA_TAGGED, "mt" },
	};

	_cleanup_pydecref_ PyObject *list = PyList_New(0);
	if (!list)
		return NULL;
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(rows); i++)
		if (flags & rows[i].flag &&
		    append(list, PyUnicode_FromString(rows[i].letters)) < 0)
			return NULL;
	return snap_take(list);
}

static PyObject *mapping_dict(const struct snap_memory *memory,
			      const struct snap_vma *vma)
{
	static const char *const contents[] = {
		[SNAP_CONTENTS_NONE] = "none",
		[SNAP_CONTENTS_ZERO] = "zero",
		[SNAP_CONTENTS_FILE] = "file",
		[SNAP_CONTENTS_SHARED] = "shared",
	};
	return Py_BuildValue("{s:K,s:K,s:N,s:K,s:N,s:s,s:K,s:N,s:N}", "start",
			     (unsigned long long)vma->start, "end",
			     (unsigned long long)vma->end, "prot", prot_text(vma->prot),
			     "offset", (unsigned long long)vma->offset, "name",
			     snap_py_text(vma->name), "contents",
			     contents[snap_vma_contents(vma)], "held",
			     (unsigned long long)snap_memory_held(memory, vma->start,
								  vma->end),
			     "build_id",
			     snap_py_build_id(vma->build_id, vma->build_id_size),
			     "flags", flag_list(vma->flags));
}

PyObject *snap_py_mappings(const struct snap_snapshot *snapshot)
{
	_cleanup_pydecref_ PyObject *list = PyList_New(0);
	if (!list)
		return NULL;
	for (size_t i = 0; i < snapshot->vmas.nr; i++)
		if (append(list, mapping_dict(&snapshot->memory,
					      &snapshot->vmas.list[i])) < 0)
			return NULL;
	return snap_take(list);
}

PyObject *snap_py_register(const struct snap_register_desc *desc, const uint8_t *value,
			   size_t size)
{
	static const char *const formats[] = {
		[SNAP_REGISTER_UINT] = "uint",     [SNAP_REGISTER_ADDRESS] = "address",
		[SNAP_REGISTER_FLAGS] = "flags",   [SNAP_REGISTER_FLOAT] = "float",
		[SNAP_REGISTER_VECTOR] = "vector",
	};
	static const char *const groups[] = {
		[SNAP_GROUP_GENERAL] = "general",
		[SNAP_GROUP_FLOAT] = "float",
		[SNAP_GROUP_VECTOR] = "vector",
		[SNAP_GROUP_SYSTEM] = "system",
	};
	return Py_BuildValue("{s:s,s:s,s:s,s:y#}", "name", desc->name, "group",
			     groups[desc->group], "format", formats[desc->format],
			     "value", value, (Py_ssize_t)size);
}

PyObject *snap_py_registers(const struct snap_snapshot *snapshot,
			    const struct snap_thread *thread)
{
	const struct snap_arch *arch = snapshot->arch;
	_cleanup_pydecref_ PyObject *list = PyList_New(0);
	for (size_t i = 0; list && i < arch->nr_registers; i++) {
		const struct snap_register_desc *desc = &arch->registers[i];
		size_t size =
			snap_arch_register_size(arch, &snapshot->cpu, thread, desc);
		if (!size)
			continue;
		_cleanup_free_ uint8_t *value = malloc(size);
		if (!value)
			return PyErr_NoMemory();
		if (snap_arch_read_register(arch, &snapshot->cpu, thread, desc,
					    value) &&
		    append(list, snap_py_register(desc, value, size)) < 0)
			return NULL;
	}
	return snap_take(list);
}

static PyObject *frame_dict(const struct snap_frame *frame)
{
	return Py_BuildValue("{s:K,s:N,s:K,s:N,s:i,s:N}", "pc",
			     (unsigned long long)frame->pc, "function",
			     snap_py_text(frame->function), "function_offset",
			     (unsigned long long)frame->function_offset, "file",
			     snap_py_text(frame->file), "line", frame->line, "module",
			     snap_py_text(frame->module));
}

PyObject *snap_py_backtrace(const struct snap_backtrace *backtrace)
{
	_cleanup_pydecref_ PyObject *frames = PyList_New(0);
	if (!frames)
		return NULL;
	for (size_t i = 0; i < backtrace->nr_frames; i++)
		if (append(frames, frame_dict(&backtrace->frames[i])) < 0)
			return NULL;
	return Py_BuildValue("{s:O,s:N}", "frames", frames, "end_reason",
			     snap_py_text(backtrace->end_reason));
}
