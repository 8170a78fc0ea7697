# SPDX-License-Identifier: GPL-3.0-or-later
"""Core files of other programs are brought to life, if one insists."""

import resource
import subprocess
from pathlib import Path

import gcores
import pytest

ALL_MEMORY = "0x7f"
ASSUMED = (
    "Assumed of threads: no signal stack",
    "Assumed of memory: all of it is private",
    "Assumed of the process: no signal handlers",
)


def write_cores():
    """In the child: its kernel writes all of its memory."""
    Path("/proc/self/coredump_filter").write_text(ALL_MEMORY, encoding="ascii")
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))


@pytest.fixture
def kernels_core(target, folder):
    """The core file that the kernel writes of a program."""
    subprocess.run(
        [target("clock"), "quit"], cwd=folder, preexec_fn=write_cores, check=False
    )
    found = list(folder.glob("core*"))
    if not found:
        pytest.skip("this machine's kernel writes no core files here")
    return found[0]


@pytest.fixture
def gcores_core(sessions, target, folder):
    """The core file that GDB writes of a program."""
    gdb = sessions.gdb(target("clock"))
    gdb.begin("tick", hits=20)
    gcores.write(gdb, "core")
    gdb.close()
    return folder / "core"


def check_life(sessions, core):
    """It lives, and each thread comes to its end."""
    gdb = sessions.gdb()
    said = gdb(f"snapshot restore {core} -force")
    for sentence in ASSUMED:
        assert sentence in said
    gdb("signal 0")
    assert gdb.value("$_exitcode") == 0
    gdb.close()


def test_a_core_file_of_the_kernel_goes_on(sessions, kernels_core):
    # GIVEN the core file of a program with threads, with all of its memory
    # WHEN it is brought to life
    # THEN it is told what was assumed, and each thread comes to its end
    for _ in range(3):
        check_life(sessions, kernels_core)


def test_a_core_file_of_gcore_goes_on(sessions, gcores_core):
    # GIVEN the core file of a program with threads, without what is in files
    # WHEN it is brought to life
    # THEN it is told what was assumed, and each thread comes to its end
    for _ in range(3):
        check_life(sessions, gcores_core)


def test_it_takes_insistence(sessions, gcores_core):
    # GIVEN a core file that GDB wrote
    gdb = sessions.gdb()

    # WHEN it is to be restored as if it were an image
    said = gdb.refuses(f"snapshot restore {gcores_core}")

    # THEN that is refused, with the way to do it, and a dry run says what is assumed
    assert "-force" in said
    assert gdb.has_started_nothing
    said = gdb(f"snapshot restore {gcores_core} -force -dry-run")
    for sentence in ASSUMED:
        assert sentence in said
    assert gdb.has_started_nothing


def test_a_process_is_in_the_way(sessions, target, gcores_core):
    # GIVEN a process
    gdb = sessions.gdb(target("counter"))
    gdb.begin("tick")

    # WHEN a core file is to be brought to life
    said = gdb.refuses(f"snapshot restore {gcores_core} -force")

    # THEN that is refused, and the process goes on
    assert "GDB has a process" in said
    assert gdb.finish_program() == 0
