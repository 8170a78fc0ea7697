# SPDX-License-Identifier: GPL-3.0-or-later
"""The command for where there is no GDB: words, answers, exit codes."""

import importlib.util
import json
import os
import re
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any, Callable

import pytest

BUILD = Path(os.environ.get("SNAPSHOT_BUILD", "."))
COMMAND = BUILD / "cli" / "gdb-snapshot"
CORES = Path(__file__).parents[1] / "cores"
FITS, RISKY, IMPOSSIBLE, ERROR = range(4)

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def run(*words: object, status: int = FITS) -> str:
    """The answer; the test fails if the command exits otherwise."""
    done = subprocess.run(
        [COMMAND, *map(str, words)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == status, done.stdout + done.stderr
    if status == ERROR:
        assert not done.stdout
        return done.stderr
    assert not done.stderr
    return done.stdout


def core() -> ModuleType:
    path = BUILD / "gdbext" / "_snapshot.so"
    spec = importlib.util.spec_from_file_location("_snapshot", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program that has only just begun, on this machine."""
    path: Path = tmp_path_factory.mktemp("image") / "cat.core"
    module = core()
    pid = module.spawn(["/bin/cat"])
    snapshot = module.capture(pid)
    snapshot.label = "begun"
    snapshot.note = "with a \x1b[31mcolour"
    snapshot.write(str(path))
    module.kill(pid)
    return path


@pytest.fixture
def machine(tmp_path: Path) -> Callable[..., Path]:
    """Write this machine's description, changed."""

    def write(name: str, without: "tuple[str, ...]" = (), **numbers: Any) -> Path:
        cpu = json.loads(run("cpu", "--json"))
        cpu["features"] = [word for word in cpu["features"] if word not in without]
        cpu["numbers"].update(
            {key.replace("__", "."): value for key, value in numbers.items()}
        )
        path = tmp_path / name
        path.write_text(json.dumps(cpu))
        return path

    return write


def test_an_image_fits_the_machine_it_was_saved_on(image: Path) -> None:
    assert run("check", image) == "identical\n"
    assert run("check", "--mode", "strict", image) == "identical\n"
    assert run("check", image, "--cpu", image) == "identical\n"


def test_what_is_missing_is_named_and_decides_the_exit_code(
    image: Path, machine: Callable[..., Path]
) -> None:
    # GIVEN machines that lack something
    poor = machine("poor.json", without=("cx16",))
    no_xsave = machine("old.json", without=("osxsave", "xsave"), xsave__mask=0)
    hinted = machine("slow.json", without=("erms",))

    # WHEN the image is checked against each THEN the worst decides
    answer = run("check", image, "--cpu", poor, status=RISKY)
    assert answer.startswith("risky\n")
    assert "cx16" in answer
    answer = run("check", image, "--cpu", no_xsave, status=IMPOSSIBLE)
    assert answer.startswith("impossible\n")
    assert "XSAVE" in answer
    run("check", "--mode=any", image, "--cpu", no_xsave, status=RISKY)
    run("check", "--mode=strict", image, "--cpu", poor, status=IMPOSSIBLE)
    assert run("check", image, "--cpu", hinted).startswith("restorable\n")


def test_a_fleet_is_a_table_with_the_first_reason(
    image: Path, machine: Callable[..., Path]
) -> None:
    good = machine("good.json")
    poor = machine("poor.json", without=("cx16",))
    lines = run("check", image, "--cpu", good, poor, status=RISKY).splitlines()
    assert [line.split()[0] for line in lines] == ["MACHINE", str(good), str(poor)]
    assert lines[1].split()[1:] == ["identical"]
    assert lines[2].split()[1] == "risky"
    assert lines[2].endswith("lacks: cx16")


def test_the_answer_as_json_says_the_same(
    image: Path, machine: Callable[..., Path]
) -> None:
    poor = machine("poor.json", without=("cx16",))
    answer = json.loads(run("check", "--json", image, "--cpu", poor, status=RISKY))
    assert answer["image"] == str(image)
    assert answer["mode"] == "compat"
    (row,) = answer["machines"]
    assert (row["machine"], row["verdict"]) == (str(poor), "risky")
    assert [finding["severity"] for finding in row["findings"]] == ["risky"]
    assert row["findings"][0]["remedy"]
    here = json.loads(run("check", "--json", image))
    assert here["machines"] == [
        {"machine": None, "verdict": "identical", "findings": []}
    ]


def test_the_cpu_is_described_the_same_by_file_image_and_machine(
    image: Path, tmp_path: Path
) -> None:
    here = run("cpu", "--json")
    path = tmp_path / "here.json"
    path.write_text(here)
    assert json.loads(here)["format"] == "gdb-snapshot cpu"
    assert run("cpu", "--json", path) == here
    assert run("cpu", "--json", image) == here
    assert "Instructions:\n  pni " in run("cpu")


def test_what_machines_have_in_common_is_a_machine(
    image: Path, machine: Callable[..., Path], tmp_path: Path
) -> None:
    one = machine("one.json", without=("cx16",))
    two = machine("two.json", without=("popcnt",))
    common = tmp_path / "common.json"
    common.write_text(run("cpu", "--common", "--json", one, two))
    features = json.loads(common.read_text())["features"]
    assert "cx16" not in features and "popcnt" not in features
    answer = run("check", image, "--cpu", common, status=RISKY)
    assert "cx16 and popcnt" in answer


def test_an_image_is_shown_without_a_debugger(image: Path) -> None:
    text = run("show", "--registers", "--memory", image)
    assert re.search(r"(?m)^Holds: +1 thread, \d+ mappings, \d+ bytes$", text)
    assert "Label:      begun\n" in text
    assert "Note:       with a ?[31mcolour\n" in text
    assert "Command:    /bin/cat\n" in text
    assert "Thread " in text and '"cat"' in text
    assert "  #0   0x" in text
    assert "\n  rip          0x" in text
    assert "[stack]\n" in text


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("restore",),
        ("show",),
        ("show", "a", "b"),
        ("show", "--wrong", "a"),
        ("check",),
        ("check", "--mode", "loose", "a"),
        ("check", "a", "b"),
        ("check", "--cpu", "a"),
        ("cpu", "--common"),
        ("cpu", "a", "b"),
    ],
)
def test_a_mistake_says_how_it_is_used(words: "tuple[str, ...]") -> None:
    assert "Usage: gdb-snapshot " in run(*words, status=ERROR)


def test_what_cannot_be_read_is_named(image: Path, tmp_path: Path) -> None:
    for words in (("show",), ("check",), ("cpu",), ("check", image, "--cpu")):
        missing = tmp_path / "missing"
        assert f"gdb-snapshot: {missing}: " in run(*words, missing, status=ERROR)
    wrong = tmp_path / "wrong.json"
    wrong.write_text("{}")
    assert str(wrong) in run("check", image, "--cpu", wrong, status=ERROR)
    cut = tmp_path / "cut.core"
    cut.write_bytes(image.read_bytes()[:-4096])
    assert "cut short" in run("show", cut, status=ERROR)


def test_an_answer_that_cannot_be_written_is_an_error() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [COMMAND, "cpu"], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == ERROR
    assert "cannot write" in done.stderr


def test_help_and_version_are_no_mistakes() -> None:
    for words in (["--help"], ["-h"], ["cpu", "--help"], ["check", "image", "-h"]):
        assert run(*words).startswith("Usage: gdb-snapshot show")
    assert run("--version").startswith("gdb-snapshot ")


def test_core_files_of_others_are_shown_and_checked(tmp_path: Path) -> None:
    # GIVEN a core file of gcore's, of a program with the registers of this machine
    program = subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE)
    try:
        made = subprocess.run(
            ["gcore", "-o", tmp_path / "gcore", str(program.pid)], capture_output=True
        )
    finally:
        program.communicate()
    if made.returncode:
        pytest.skip("gcore may not look at a process here")
    path = tmp_path / f"gcore.{program.pid}"

    # THEN it is shown, and checked as far as it goes
    text = run("show", "--registers", path)
    assert f"Process:    {program.pid}\n" in text
    assert "\n  rip          0x" in text
    assert "another program wrote the core file" in text
    assert "does not say which instructions" in run("check", path, status=RISKY)


def test_the_kernels_core_files_are_shown_and_checked(tmp_path: Path) -> None:
    if Path("/proc/sys/kernel/core_pattern").read_text() != "core\n":
        pytest.skip("the kernel puts its core files elsewhere here")
    script = "ulimit -c unlimited && kill -ABRT $$"
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path)
    path = next(tmp_path.glob("core*"), None)
    if done.returncode != -6 or path is None:
        pytest.skip("the kernel writes no core files here")
    text = run("show", path)
    assert "Command:    sh -c ulimit" in text
    assert "(stopped by SIGABRT)" in text
    run("check", path, status=RISKY)


def registers(text: str, left_out: "set[str]") -> "dict[str, str]":
    """Lines of registers, which begin with a name; those of frames with a number."""
    rows = [line.split(maxsplit=1) for line in text.splitlines() if line[:2] == "  "]
    return {
        name: value
        for name, value in rows
        if name not in left_out and not name.startswith("#")
    }


# What is not kept, or not as it was: GDB 13 knows neither tiles nor keys. POWER's
# kernel writes no VSX set of a thread that has used none (vsr_active(), ptrace-vsx.c).
# Bits of MSR tell why the kernel was entered, and what it has loaded since.
LEFT_OUT = {
    ("aarch64", "gcore"): {
        *(f"ap{key}key" for key in ("ia", "ib", "da", "db", "ga")),
        "pac_enabled_keys",
    },
    ("ppc64le", "gcore"): {"msr"},
    ("ppc64le", "kernel"): {"msr", *(f"vs{i}" for i in range(32))},
    ("x86_64", "gcore"): {"tilecfg", *(f"tmm{i}" for i in range(8))},
}


@pytest.mark.parametrize("writer", ["kernel", "gcore"])
@pytest.mark.parametrize(
    "cpu", sorted(path.parent.name for path in CORES.glob("*/registers"))
)
def test_a_core_file_of_any_cpu_has_the_registers_of_the_stop(
    cpu: str, writer: str
) -> None:
    # GIVEN the registers of a program, and core files that others wrote of it there
    left_out = LEFT_OUT.get((cpu, writer), set())
    wanted = registers((CORES / cpu / "registers").read_text(), left_out)

    # THEN theirs are the same, none is missing, and the file that was running is named
    text = run("show", "--registers", CORES / cpu / writer)
    assert registers(text, left_out) == wanted
    assert "/tiny\nMachine:    " + cpu in text


def test_what_others_wrote_is_no_description_of_a_machine(image: Path) -> None:
    for theirs in (CORES / "aarch64" / "kernel", CORES.parent / "unit" / "criu"):
        for words in (("check", image, "--cpu"), ("cpu",), ("cpu", "--json")):
            said = run(*words, theirs, status=ERROR)
            assert f"{theirs}: another program wrote it" in said
            assert "gdb-snapshot cpu --json" in said
