# SPDX-License-Identifier: GPL-3.0-or-later
"""What cannot be put back is refused with its reason, before anything is touched."""

import os

import pytest
from evidence import digest
from marks import needs_registrations
from sessions import WRAP


def refused(gdb, target, thing, *words):
    gdb.load(target("gone"))
    check(gdb, thing, *words)


def check(gdb, thing, *words):
    # GIVEN a program that has done what cannot be taken back since its snapshot
    gdb.begin(until="settled", arguments=thing)
    gdb("snapshot save")
    gdb.go(until="changed")
    before = digest(gdb)

    # WHEN it shall be rewound
    complaint = gdb.refuses("snapshot restore")

    # THEN the reason is told, nothing has changed, and it goes on
    for word in words:
        assert word in complaint, complaint
    assert digest(gdb) == before
    assert gdb.finish_program() == 0


def test_a_folder_that_was_deleted(gdb, target):
    refused(gdb, target, "delete-folder", "/inner", "is not there any more")


def test_a_folder_that_could_not_be_entered_again(gdb, target):
    refused(
        gdb, target, "enter-deleted", "should the restore fail", "leave that folder"
    )


def test_another_root(gdb, target, as_root):
    refused(gdb, target, "chroot", "changed its root folder", "no way back")


def test_no_new_privileges(gdb, target):
    refused(gdb, target, "no-new-privs", "changed its no_new_privs flag")


def test_a_sandbox_entered_since(gdb, target):
    refused(gdb, target, "seccomp", "seccomp")


def test_privileges_given_up_for_good(gdb, target, as_root):
    refused(gdb, target, "setuid", "changed its permitted capabilities")


def test_a_capability_given_up_for_good(gdb, target, as_root):
    refused(gdb, target, "capability", "capability bounding set")


def test_another_namespace(gdb, target, as_root):
    refused(gdb, target, "network", "changed its network namespace")


@pytest.mark.parametrize(
    "thing, words",
    [
        ("hard-limit", ["hard limit NOFILE", "CAP_SYS_RESOURCE", "Run GDB as root"]),
        ("nice", ["scheduling", "CAP_SYS_NICE", "Run GDB as root"]),
    ],
)
def test_what_needs_powers_that_the_debugger_lacks(
    sessions, target, folder, thing, words
):
    # GIVEN a debugger without any power: who else has it gives it up
    if os.geteuid() == 0 and not WRAP:
        folder.chmod(0o777)
        for parent in list(folder.parents)[:3]:
            parent.chmod(0o755)
        drop = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        sessions.argv, argv = lambda *a: [*drop, *argv(*a)], sessions.argv
    check(sessions.gdb(target("gone")), thing, *words)


@needs_registrations
def test_what_harms_nobody_is_kept_and_named(gdb, target):
    # GIVEN a program that has registered for barriers since its snapshot
    gdb.run(target("gone"), until="settled", arguments="membarrier")
    gdb("snapshot save")
    gdb.go(until="changed")

    # THEN the plan names what stays, and the restore is done
    assert "keep membarrier registrations" in gdb("snapshot restore -dry-run")
    gdb("snapshot restore")
    assert gdb.finish_program() == 0


def test_what_comes_back_from_an_image_is_the_same(gdb, target, sessions, folder):
    # GIVEN a snapshot with attributes in a file
    gdb.run(target("attributes"), until="settled", arguments="mask")
    gdb("snapshot save first")
    shown = gdb("snapshot show first -state")
    gdb("snapshot export first image")

    # THEN the file says the same as the session, and takes the process back
    assert "Umask" in shown and "Timer slack" in shown and "Limits" in shown
    gdb("snapshot import image second")
    again = gdb("snapshot show second -state")
    cut = again.index("\nProcess\n")
    assert again[cut:] == shown[shown.index("\nProcess\n") :]
    gdb.go(until="changed")
    gdb("snapshot restore second")
    assert gdb.finish_program() == 0
