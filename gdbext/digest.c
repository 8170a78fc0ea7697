// SPDX-License-Identifier: GPL-3.0-or-later
#include "gdbext/digest.h"

#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "core/tracee/mappings.h"
#include "core/tracee/memory.h"
#include "core/tracee/proc.h"
#include "core/tracee/registers.h"
#include "core/tracee/signals.h"
#include "gdbext/arguments.h"
#include "gdbext/digest.h"
#include "gdbext/error.h"

/*
 * What a test compares to say "nothing changed": one digest for each register set of
 * each thread, each mapping, and so on, so that the difference has a name. It looks at
 * contents: a page that was never touched equals a page of zeros.
 */

struct digest {
	char name[96];
	XXH128_hash_t hash;
};

struct digests {
	/** Of struct digest. */
	struct snap_buffer list;
	struct snap_tracee tracee;
	XXH3_state_t *hash;
	/** The threads, for their restartable sequences. */
	struct snap_thread *threads;
	size_t nr_threads;
};

static void deinit(struct digests *digests)
{
	for (size_t i = 0; i < digests->nr_threads; i++)
		snap_thread_deinit(&digests->threads[i]);
	free(digests->threads);
	XXH3_freeState(digests->hash);
	snap_tracee_deinit(&digests->tracee);
	snap_buffer_deinit(&digests->list);
}

static snap_err init(struct digests *digests, pid_t pid)
{
	SNAP_TRY(snap_tracee_init(&digests->tracee, pid, 0));
	digests->hash = XXH3_createState();
	if (!digests->hash)
		return &snap_enomem;
	_cleanup_free_ pid_t *tids = NULL;
	size_t nr;
	SNAP_TRY(snap_proc_list_threads(&digests->tracee, &tids, &nr));
	digests->threads = calloc(nr, sizeof(*digests->threads));
	if (!digests->threads)
		return &snap_enomem;
	digests->nr_threads = nr;
	for (size_t i = 0; i < nr; i++) {
		digests->threads[i].tid = tids[i];
		SNAP_TRY(snap_tracee_read_rseq(&digests->tracee, &digests->threads[i]));
	}
	return SNAP_OK;
}

static _printf_(3, 4) snap_err
	add(struct digests *digests, XXH128_hash_t hash, const char *format, ...)
{
	uint8_t *place;
	SNAP_TRY(snap_buffer_extend(&digests->list, sizeof(struct digest), &place));
	struct digest *digest = (struct digest *)place;
	va_list values;
	va_start(values, format);
	vsnprintf(digest->name, sizeof(digest->name), format, values);
	va_end(values);
	digest->hash = hash;
	return SNAP_OK;
}

static snap_err add_registers(struct digests *digests, struct snap_thread *thread)
{
	const struct snap_arch *arch = digests->tracee.arch;
	SNAP_TRY(snap_tracee_read_regsets(&digests->tracee, thread));
	if (arch->scrub)
		arch->scrub(thread);
	for (size_t i = 0; i < arch->nr_regsets; i++) {
		const struct snap_regset *regset = &thread->regsets[i];
		if (regset->size)
			SNAP_TRY(add(digests, XXH3_128bits(regset->data, regset->size),
				     "registers %d %s", (int)thread->tid,
				     arch->regsets[i].name));
	}
	return SNAP_OK;
}

static snap_err add_thread_state(struct digests *digests, pid_t tid)
{
	_cleanup_buffer_ struct snap_buffer state = { 0 };
	SNAP_TRY(snap_digest_thread(&digests->tracee, tid, &state));
	return add(digests, XXH3_128bits(state.data, state.size), "process %d",
		   (int)tid);
}

/** The lines of /proc/PID/task/TID/status about signals: pending, blocked, handled. */
static snap_err add_signals(struct digests *digests, const struct snap_thread *thread)
{
	static const char *const keys[] = {
		"SigPnd:", "ShdPnd:", "SigBlk:", "SigIgn:", "SigCgt:",
	};
	char path[48];
	snprintf(path, sizeof(path), "task/%d/status", (int)thread->tid);
	_cleanup_buffer_ struct snap_buffer text = { 0 };
	SNAP_TRY(snap_proc_read_file(&digests->tracee, path, &text));
	XXH3_128bits_reset(digests->hash);
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(keys); i++) {
		const char *line = strstr((const char *)text.data, keys[i]);
		if (line)
			XXH3_128bits_update(digests->hash, line, strcspn(line, "\n"));
	}
	SNAP_TRY(add(digests, XXH3_128bits_digest(digests->hash), "signals %d",
		     (int)thread->tid));
	uint64_t mask;
	SNAP_TRY(add_thread_state(digests, thread->tid));
	SNAP_TRY(snap_tracee_read_sigmask(&digests->tracee, thread->tid, &mask));
	return add(digests, XXH3_128bits(&mask, sizeof(mask)), "sigmask %d",
		   (int)thread->tid);
}

static snap_err add_threads(struct digests *digests)
{
	for (size_t i = 0; i < digests->nr_threads; i++) {
		SNAP_TRY(add_registers(digests, &digests->threads[i]));
		SNAP_TRY(add_signals(digests, &digests->threads[i]));
	}
	return SNAP_OK;
}

/** Zero the bytes of a page that lie in an area of the inferior. */
static void blank(uint8_t *page, size_t page_size, uint64_t page_address,
		  uint64_t address, size_t size)
{
	for (uint64_t byte = address; byte < address + size; byte++)
		if (byte - page_address < page_size)
			page[byte - page_address] = 0;
}

/**
 * The kernel writes the number of the CPU into each thread's struct rseq whenever it
 * runs (include/uapi/linux/rseq.h): cpu_id_start, cpu_id; node_id, mm_cid.
 */
static void blank_kernels_words(const struct digests *digests, uint8_t *page,
				uint64_t address)
{
	for (size_t i = 0; i < digests->nr_threads; i++) {
		uint64_t rseq = digests->threads[i].rseq.address;
		if (!rseq)
			continue;
		blank(page, digests->tracee.page_size, address, rseq, 8);
		blank(page, digests->tracee.page_size, address, rseq + 20, 8);
	}
}

static bool is_zero(const uint8_t *page, size_t size)
{
	return !*page && !memcmp(page, page + 1, size - 1);
}

/** What a test may ask: is this page of the mapping worth a look? */
static snap_err has_contents(struct digests *digests, const struct snap_vma *vma,
			     uint64_t address, bool *ret)
{
	*ret = true;
	// Reading a page of anonymous memory that was never there would make it appear.
	if (snap_vma_contents(vma) != SNAP_CONTENTS_ZERO)
		return SNAP_OK;
	uint64_t entry;
	SNAP_TRY(snap_tracee_read_pagemap(&digests->tracee, address, 1, &entry));
	*ret = snap_page_exists(entry);
	return SNAP_OK;
}

static snap_err update_page(struct digests *digests, const struct snap_vma *vma,
			    uint64_t address, uint8_t *page)
{
	bool is_there;
	SNAP_TRY(has_contents(digests, vma, address, &is_there));
	if (!is_there)
		return SNAP_OK;
	size_t size = digests->tracee.page_size, got;
	SNAP_TRY(snap_tracee_read_some(&digests->tracee, address, page, size, &got));
	if (got != size)
		return SNAP_OK;
	blank_kernels_words(digests, page, address);
	if (is_zero(page, size))
		return SNAP_OK;
	XXH3_128bits_update(digests->hash, &address, sizeof(address));
	XXH3_128bits_update(digests->hash, page, size);
	return SNAP_OK;
}

static snap_err add_mapping(struct digests *digests, const struct snap_vma *vma)
{
	size_t page_size = digests->tracee.page_size;
	_cleanup_free_ uint8_t *page = malloc(page_size);
	if (!page)
		return &snap_enomem;
	XXH3_128bits_reset(digests->hash);
	for (uint64_t at = vma->start; at < vma->end; at += page_size)
		SNAP_TRY(update_page(digests, vma, at, page));
	return add(digests, XXH3_128bits_digest(digests->hash), "memory %#llx %s",
		   (unsigned long long)vma->start, vma->name);
}

static snap_err add_memory(struct digests *digests)
{
	_cleanup_vmas_ struct snap_vmas vmas = { 0 };
	SNAP_TRY(snap_tracee_read_vmas(&digests->tracee, &vmas));
	snap_digest_join(&vmas);
	for (size_t i = 0; i < vmas.nr; i++)
		if (vmas.list[i].flags & SNAP_VMA_GUARD)
			SNAP_TRY(add(digests, XXH3_128bits(NULL, 0),
				     "guard %#llx-%#llx",
				     (unsigned long long)vmas.list[i].start,
				     (unsigned long long)vmas.list[i].end));
		else if (snap_vma_contents(&vmas.list[i]) != SNAP_CONTENTS_NONE ||
			 snap_vma_is_shared_anonymous(&vmas.list[i]))
			SNAP_TRY(add_mapping(digests, &vmas.list[i]));
	return SNAP_OK;
}

static snap_err add_process(struct digests *digests)
{
	_cleanup_buffer_ struct snap_buffer mappings = { 0 }, flags = { 0 };
	SNAP_TRY(snap_digest_mappings(&digests->tracee, &mappings, &flags));
	SNAP_TRY(add(digests, XXH3_128bits(flags.data, flags.size), "mappings' flags"));
	return add(digests, XXH3_128bits(mappings.data, mappings.size), "mappings");
}

/** Evidence of the families that have a file of their own. */
static snap_err add_families(struct digests *digests)
{
	static const struct {
		const char *name;
		snap_err (*collect)(struct snap_tracee *tracee,
				    struct snap_buffer *ret);
	} families[] = {
		{ "files", snap_digest_files },
		{ "pending signals", snap_digest_signals },
		{ "timers", snap_digest_timers },
		{ "process", snap_digest_process },
		{ "threads", snap_digest_threads },
	};

	for (size_t i = 0; i < SNAP_ARRAY_SIZE(families); i++) {
		_cleanup_buffer_ struct snap_buffer bytes = { 0 };
		SNAP_TRY(families[i].collect(&digests->tracee, &bytes));
		SNAP_TRY(add(digests, XXH3_128bits(bytes.data, bytes.size), "%s",
			     families[i].name));
	}
	return SNAP_OK;
}

static PyObject *describe(const struct digests *digests)
{
	_cleanup_pydecref_ PyObject *dict = PyDict_New();
	const struct digest *list = (const struct digest *)digests->list.data;
	for (size_t i = 0; dict && i < digests->list.size / sizeof(*list); i++) {
		char text[2 * 16 + 1];
		snprintf(text, sizeof(text), "%016llx%016llx",
			 (unsigned long long)list[i].hash.high64,
			 (unsigned long long)list[i].hash.low64);
		_cleanup_pydecref_ PyObject *key =
			PyUnicode_DecodeFSDefault(list[i].name);
		_cleanup_pydecref_ PyObject *value = PyUnicode_FromString(text);
		if (!key || !value || PyDict_SetItem(dict, key, value) < 0)
			return NULL;
	}
	return snap_take(dict);
}

static snap_err collect(struct digests *digests, pid_t pid)
{
	SNAP_TRY(init(digests, pid));
	SNAP_TRY(add_threads(digests));
	SNAP_TRY(add_memory(digests));
	SNAP_TRY(add_families(digests));
	return add_process(digests);
}

static PyObject *digest(PyObject *module, PyObject *args, PyObject *keywords)
{
	pid_t pid;
	if (snap_py_parse_pid(args, keywords, &pid) < 0)
		return NULL;
	_cleanup_(deinit) struct digests digests = { 0 };
	snap_err error = collect(&digests, pid);
	if (error)
		return snap_py_raise(snap_py_state(module), error);
	return describe(&digests);
}

const PyMethodDef snap_py_digest_functions[] = {
	{ "digest", SNAP_PY_KEYWORDS(digest), METH_VARARGS | METH_KEYWORDS,
	  "For tests: digests of a stopped traced process, by what they cover." },
	{ 0 },
};
