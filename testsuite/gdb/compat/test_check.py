# SPDX-License-Identifier: GPL-3.0-or-later
"""A snapshot is compared with machines before anything is touched."""

import json
import os
import re

import pytest
from cpus import CPU


@pytest.fixture
def saved(gdb, target):
    """A counter saved at 3."""
    gdb.run(target("counter"), until="tick", hits=4)
    gdb("snapshot save three")
    return gdb


@pytest.fixture
def machine(gdb, folder):
    """Describes a machine that lacks features of this one."""

    def describe(name, *missing):
        path = folder / name
        gdb(f"snapshot cpu -file {path}")
        cpu = json.loads(path.read_text())
        cpu["features"] = [word for word in cpu["features"] if word not in missing]
        path.write_text(json.dumps(cpu))
        return path

    return describe


def test_a_snapshot_fits_the_machine_it_was_taken_on(saved, folder):
    saved(f"snapshot export three {folder}/three.core")
    for words in ("", "three", f"{folder}/three.core", "three -mode strict"):
        assert saved(f"snapshot check {words}") == "Identical\n"


def test_what_another_machine_lacks_is_named(saved, machine):
    poor = machine("poor.json", CPU.feature)
    said = saved(f"snapshot check three -cpu {poor}")
    assert said.startswith("Risky\n")
    assert f"lacks: {CPU.feature}" in said
    said = saved(f"snapshot check three -mode strict -cpu {poor}")
    assert said.startswith("Impossible\n")


def test_many_machines_make_a_table(saved, machine):
    good, poor = machine("good.json"), machine("poor.json", CPU.feature)
    said = saved(f"snapshot check three -cpu {good} {poor}").splitlines()
    assert said[0].split() == ["Machine", "Verdict", "Reason"]
    assert said[1].split() == [str(good), "identical"]
    assert said[2].split()[:2] == [str(poor), "risky"]


def test_no_process_is_needed_to_check_an_image(saved, sessions, folder):
    saved(f"snapshot export three {folder}/three.core")
    reader = sessions.gdb()
    assert reader(f"snapshot check {folder}/three.core") == "Identical\n"


def test_the_cpu_is_shown_and_written(gdb, folder):
    said = gdb("snapshot cpu")
    assert re.search(rf"(?m)^arch +{os.uname().machine}$", said)
    assert "\nfeatures\n" in said
    path = folder / "cpu.json"
    gdb(f"snapshot cpu -file {path}")
    assert json.loads(path.read_text())["format"] == "gdb-snapshot cpu"
    assert "overwrite" in gdb.refuses(f"snapshot cpu -file {path}")
    gdb(f"snapshot cpu -file {path} -overwrite")


def test_what_is_no_machine_is_refused_by_name(saved, folder):
    wrong = folder / "wrong.json"
    wrong.write_text("{}")
    assert str(wrong) in saved.refuses(f"snapshot check -cpu {wrong}")
    assert "missing.json" in saved.refuses(f"snapshot check -cpu {folder}/missing.json")
    assert "invalid choice" in saved.refuses("snapshot check -mode loose")


@pytest.mark.parametrize("words", ["-fpu-mode any", "-fpu-mode compat", ""])
def test_a_restore_takes_the_mode(saved, words):
    if not words:
        saved("set snapshot fpu-mode any")
    saved.go(until="tick")
    assert saved.value("count") == 4
    said = saved(f"snapshot restore three {words}")
    assert saved.value("count") == 3
    assert "Risky" not in said
    assert "strict" in saved.refuses("snapshot restore three -fpu-mode strict")


def test_the_mode_can_be_set_and_shown(gdb):
    assert gdb("show snapshot fpu-mode").endswith("is compat.\n")
    gdb("set snapshot fpu-mode any")
    assert gdb("show snapshot fpu-mode").endswith("is any.\n")
    assert gdb.refuses("set snapshot fpu-mode strict")


def test_a_core_file_of_gdbs_own_is_shown_and_checked(saved, folder):
    # GIVEN a core file that GDB itself has written
    saved(f"generate-core-file {folder}/gcore")

    # THEN it is shown and checked, but is no snapshot
    assert "another program wrote" in saved(f"snapshot show {folder}/gcore")
    # On POWER and Arm the auxiliary vector tells all; on x86 that is CPUID.
    checked = saved(f"snapshot check {folder}/gcore")
    assert "does not say which" in checked or CPU.pc != "rip"
    assert "did not write it" in saved.refuses(f"snapshot restore {folder}/gcore")
    assert "did not write it" in saved.refuses(f"snapshot import {folder}/gcore")
