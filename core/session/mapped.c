// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/session/mapped.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "core/base/text.h"

void snap_mapped_files_deinit(struct snap_mapped_files *files)
{
	for (size_t i = 0; i < files->nr; i++)
		free(files->list[i].path);
	free(files->list);
	free(files->fits);
	*files = (struct snap_mapped_files){ 0 };
}

/** The file of a mapping on its way. */
struct looking {
	struct snap_tracee *tracee;
	const struct snap_vma *vma;
	struct snap_mapped_file *file;
	enum snap_file_fit *fit;
};

/** @param is_own It is where the file was: what is wrong with that is told. */
static snap_err try_path(const struct looking *looking, const char *path, bool is_own)
{
	enum snap_file_fit fit;
	struct stat stat;
	SNAP_TRY(
		snap_tracee_fit_file(looking->tracee, path, looking->vma, &fit, &stat));
	if (is_own || fit == SNAP_FILE_FITS)
		*looking->fit = fit;
	if (fit != SNAP_FILE_FITS)
		return SNAP_OK;
	*looking->file = (struct snap_mapped_file){
		.path = strdup(path),
		.dev_major = major(stat.st_dev),
		.dev_minor = minor(stat.st_dev),
		.inode = stat.st_ino,
	};
	return looking->file->path ? SNAP_OK : &snap_enomem;
}

static snap_err try_in(const struct looking *looking, const char *folder,
		       const char *name)
{
	char path[PATH_MAX];
	if (looking->file->path || *folder != '/' ||
	    snprintf(path, sizeof(path), "%s%s", folder, name) >= (int)sizeof(path))
		return SNAP_OK;
	return try_path(looking, path, false);
}

static snap_err look(const struct looking *looking, const struct snap_search *search)
{
	const char *name = looking->vma->name;
	SNAP_TRY(try_path(looking, name, true));
	if (search && search->sysroot)
		SNAP_TRY(try_in(looking, search->sysroot, name));
	for (size_t i = 0; search && i < search->nr_folders; i++)
		SNAP_TRY(try_in(looking, search->folders[i], strrchr(name, '/')));
	return SNAP_OK;
}

static bool is_same_file(const struct snap_vma *a, const struct snap_vma *b)
{
	return a->inode == b->inode && a->dev_major == b->dev_major &&
	       a->dev_minor == b->dev_minor && !strcmp(a->name, b->name);
}

/** The mappings of a file follow each other. */
static snap_err copy(struct snap_mapped_files *files, size_t from, size_t to)
{
	files->fits[to] = files->fits[from];
	files->list[to] = files->list[from];
	if (!files->list[from].path)
		return SNAP_OK;
	files->list[to].path = strdup(files->list[from].path);
	return files->list[to].path ? SNAP_OK : &snap_enomem;
}

snap_err snap_find_mapped_files(struct snap_tracee *tracee,
				const struct snap_snapshot *image,
				const struct snap_search *search,
				struct snap_mapped_files *ret)
{
	const struct snap_vmas *vmas = &image->vmas;
	_cleanup_(snap_mapped_files_deinit) struct snap_mapped_files files = {
		.list = calloc(vmas->nr + 1, sizeof(*files.list)),
		.fits = calloc(vmas->nr + 1, sizeof(*files.fits)),
	};
	if (!files.list || !files.fits)
		return &snap_enomem;
	files.nr = vmas->nr;
	for (size_t i = 0, last = vmas->nr; i < vmas->nr; i++) {
		const struct looking looking = { tracee, &vmas->list[i], &files.list[i],
						 &files.fits[i] };
		if (!snap_vma_is_file(looking.vma) || *looking.vma->name != '/')
			continue;
		if (last < vmas->nr && is_same_file(&vmas->list[last], looking.vma))
			SNAP_TRY(copy(&files, last, i));
		else
			SNAP_TRY(look(&looking, search));
		last = i;
	}
	*ret = files;
	files = (struct snap_mapped_files){ 0 };
	return SNAP_OK;
}

_must_check_ static snap_err refuse(const char *name, enum snap_file_fit fit)
{
	if (fit == SNAP_FILE_IS_GONE)
		return snap_error_create(SNAP_ERROR_REFUSED,
					 "the file %s, which was mapped at the "
					 "snapshot, is not there any more",
					 name);
	if (fit == SNAP_FILE_IS_OTHER)
		return snap_error_create(SNAP_ERROR_REFUSED,
					 "the file %s is another one than was mapped "
					 "at the snapshot",
					 name);
	return snap_error_create(SNAP_ERROR_REFUSED,
				 "the file %s is of another build than was mapped at "
				 "the snapshot",
				 name);
}

snap_err snap_refuse_mapped_file(const struct snap_vma *vma, enum snap_file_fit fit,
				 const char *remedy)
{
	_cleanup_free_ char *name = NULL;
	SNAP_TRY(snap_escaped(vma->name, &name));
	assert(fit != SNAP_FILE_FITS);
	return snap_error_with_remedy(refuse(name, fit), "%s", remedy);
}
