# SPDX-License-Identifier: GPL-3.0-or-later
"""An image goes on where its program and its libraries are not."""

import private
import pytest
from cpus import CPU


@pytest.fixture
def save(sessions, target, folder):
    """Save a program that has libraries of its own; it is no more."""

    def run(stem, until, *options, hits=1):
        gdb = sessions.gdb(private.copy(target(stem), folder / "own"))
        gdb("set breakpoint pending on")
        gdb("set environment LD_LIBRARY_PATH own")
        gdb.begin(until, hits)
        assert "own/libc.so.6" in gdb("info sharedlibrary")
        gdb(" ".join(["snapshot save here -file image", *options]))
        gdb("kill")
        gdb.close()

    return run


def test_a_self_contained_image_needs_no_other_file(sessions, folder, save):
    # GIVEN the self-contained image of a program with threads, whose files are gone
    save("pool", "add_digits", "-self-contained", hits=3)
    (folder / "own").rename(folder / "gone")

    for _ in range(3):
        # WHEN it is brought to life
        gdb = sessions.gdb()
        said = gdb("snapshot restore image")

        # THEN it is told what is not there, and the work is done, once
        for name in ("program", "libc.so.6", "ld.so"):
            assert f"The file {folder}/own/{name} is not there: what the" in said
        assert str(folder / "own") not in gdb("info proc mappings")
        assert gdb.finish_program() == 0
        gdb.close()


def test_it_can_be_saved_and_rewound_there(sessions, folder, save):
    # GIVEN a program that runs without its files, and GDB with its symbols
    save("counter", "tick", "-self-contained", hits=4)
    (folder / "own").rename(folder / "gone")
    gdb = sessions.gdb(folder / "gone" / "program")
    gdb("break tick")
    gdb("snapshot restore image")
    assert gdb.value("count") == 3

    # WHEN it is saved later on, and rewound
    gdb("continue")
    gdb("snapshot save later")
    gdb("continue")
    assert gdb.value("count") == 5
    gdb("snapshot restore later")

    # THEN it is what it was, and goes on to its end
    assert gdb.value("count") == 4
    assert gdb.finish_program() == 0


@pytest.mark.parametrize("setting", ["sysroot", "solib-search-path"])
def test_files_are_found_where_gdb_looks_for_them(sessions, folder, save, setting):
    # GIVEN an image whose files lie elsewhere now
    save("counter", "tick", hits=4)
    elsewhere = folder / "elsewhere"
    path = elsewhere
    if setting == "sysroot":
        path = elsewhere / (folder / "own").relative_to("/")
        path.parent.mkdir(parents=True)
    (folder / "own").rename(path)

    # WHEN GDB is told where, and the image is brought to life
    gdb = sessions.gdb()
    gdb(f"set {setting} {elsewhere}")
    gdb("snapshot restore image")

    # THEN these files are mapped, and the program goes on
    assert f"{path}/libc.so.6" in gdb("info proc mappings")
    assert gdb.value("count") == 3
    assert gdb.finish_program() == 0


def test_a_folder_that_is_gone_is_told(sessions, target, folder):
    # GIVEN the image of a program whose folder is another one now
    work = folder / "work"
    work.mkdir()
    gdb = sessions.gdb(target("counter"))
    gdb(f"set cwd {work}")
    gdb.begin("tick", hits=4)
    gdb(f"snapshot save here -file {folder}/image")
    gdb("kill")
    work.rename(folder / "before")
    work.mkdir()

    # WHEN it is brought to life
    gdb = sessions.gdb()
    gdb("snapshot restore image")

    # THEN it is in the folder of that name; and else in GDB's, which is told
    assert f"cwd = '{work}'" in gdb("info proc")
    gdb("kill")
    work.rmdir()
    said = gdb("snapshot restore image")
    assert f"The folder {work} is not there: the process is in GDB's." in said
    assert f"cwd = '{folder}'" in gdb("info proc")
    assert gdb.finish_program() == 0


def test_all_that_is_missing_is_told_before_anything_is_started(sessions, folder, save):
    # GIVEN an image that is not self-contained, and whose files are gone
    save("counter", "tick")
    (folder / "own").rename(folder / "gone")

    # WHEN it is to be brought to life
    gdb = sessions.gdb()
    said = gdb.refuses("snapshot restore image")

    # THEN each file is named, and there is no process
    names = ["libc.so.6", "ld.so"]
    if CPU.pc == "rip":
        # Elsewhere it has two pages alone, which are its own by then.
        names.append("program")
    assert f"{len(names)} things stand in the way" in said
    for name in names:
        assert f"the file {folder}/own/{name}, which was mapped at the" in said
    assert gdb.has_started_nothing


def test_an_image_cannot_hold_files_that_are_gone(sessions, target, folder):
    # GIVEN a program whose libraries were replaced while it runs
    gdb = sessions.gdb(private.copy(target("counter"), folder / "own"))
    gdb("set breakpoint pending on")
    gdb("set environment LD_LIBRARY_PATH own")
    gdb.begin("tick")
    gdb("snapshot save here")
    (folder / "own" / "libc.so.6").unlink()

    # WHEN it is to be written with them
    said = gdb.refuses("snapshot export here image -self-contained")

    # THEN the file is named, no image is there, and without them it can be written
    assert "cannot hold files that are not there any more" in said
    assert f"{folder}/own/libc.so.6" in said and "program" not in said
    assert not (folder / "image").exists()
    gdb("snapshot export here image")
    assert gdb.finish_program() == 0
