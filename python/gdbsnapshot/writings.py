# SPDX-License-Identifier: GPL-3.0-or-later
"""Images that are written in the background: who needs one waits for it."""

import os
from typing import TYPE_CHECKING, Iterable, Optional

from . import core, render
from .problem import Problem
from .store import Entry, Writing
from .target import prompt

if TYPE_CHECKING:
    from _snapshot import Progress

LARGE = 64 << 20
"""Bytes; what is written of less is there before a person has looked."""


def begin(
    entry: Entry,
    path: str,
    overwrite: bool,
    self_contained: bool,
    everyone: Iterable[Entry],
    progress: "Optional[Progress]" = None,
) -> None:
    """Have a snapshot written.  The user is told of the end before a prompt."""
    job = core.begin_write(entry.snapshot, path, overwrite, self_contained, progress)
    entry.writing = Writing(path, job)
    prompt.watch(lambda: _tell(everyone), lambda: _leave(everyone))


def finish(entries: "Iterable[Entry]", progress: "Optional[Progress]" = None) -> None:
    """Wait until the images of these are there; a Ctrl-C ends the writing instead."""
    for entry in entries:
        if entry.writing:
            _finish(entry, entry.writing, progress)


def finish_file(
    path: str, entries: "Iterable[Entry]", progress: "Optional[Progress]"
) -> None:
    """Wait for an image by the name of its file."""
    wanted = _real(path)
    finish(
        [
            each
            for each in entries
            if each.writing and _real(each.writing.path) == wanted
        ],
        progress,
    )


def _real(path: str) -> str:
    directory, name = os.path.split(path)
    return os.path.join(os.path.realpath(directory), name)


def _finish(entry: Entry, writing: Writing, progress: "Optional[Progress]") -> None:
    try:
        _wait(writing, progress)
    except Problem as problem:
        entry.writing = None
        raise problem.about(f"'{writing.path}' was not written") from None
    entry.file = writing.path


def _wait(writing: Writing, progress: "Optional[Progress]") -> None:
    """Wait; a Ctrl-C makes that short."""
    try:
        core.wait(writing.job, progress)
    except KeyboardInterrupt:
        # It may be that it was complete before it heard of it.
        writing.job.cancel()
        core.wait(writing.job, progress)


def _tell(everyone: "Iterable[Entry]") -> bool:
    """Say which images are there, or will not be; False: none is on its way."""
    is_any = False
    for entry in everyone:
        if entry.writing and not entry.writing.job.is_over:
            is_any = True
        elif entry.writing:
            try:
                _finish(entry, entry.writing, None)
                entry.writing = None
                prompt.say(render.exported(entry))
            except Problem as problem:
                prompt.complain(f"{problem}\n")
    return is_any


def _leave(everyone: "Iterable[Entry]") -> None:
    """GDB is about to end."""
    for entry in everyone:
        if not entry.writing:
            continue
        try:
            if not entry.writing.job.is_over:
                prompt.say(render.awaited(entry.writing.path))
            with prompt.progress() as progress:
                _finish(entry, entry.writing, progress)
        except Problem as problem:
            prompt.complain(f"{problem}\n")
        except KeyboardInterrupt:
            entry.writing.job.cancel()
