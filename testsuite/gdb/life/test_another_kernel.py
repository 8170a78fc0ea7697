# SPDX-License-Identifier: GPL-3.0-or-later
"""An image goes on under a kernel whose code for programs (vdso) is another one."""

import vdso


def save(sessions, target, folder, hits=1):
    """Save a program as another kernel would have it; it is no more."""
    gdb = sessions.gdb(target("clock"))
    gdb.begin("tick", hits)
    vdso.make_another(gdb, folder)
    gdb("snapshot save here -file image")
    gdb("kill")
    gdb.close()


def test_functions_of_the_old_kernel_lead_to_the_present_one(sessions, target, folder):
    # GIVEN the image of threads that ask for the time, of another kernel
    save(sessions, target, folder)

    for _ in range(3):
        # WHEN it is brought to life
        gdb = sessions.gdb()
        said = gdb("snapshot restore image")

        # THEN it is told, and time goes on for all of them
        assert "The kernel is another one than that of the snapshot" in said
        assert gdb.finish_program() == 0
        gdb.close()


def test_it_can_be_saved_and_brought_to_life_again(sessions, target, folder):
    # GIVEN an image of another kernel that goes on here, and is saved again
    save(sessions, target, folder)
    gdb = sessions.gdb()
    gdb("snapshot restore image")
    gdb.go(until="tick")
    gdb("snapshot save again -file second")
    gdb.go(until="tick")
    gdb("snapshot restore again")
    gdb("kill")
    gdb.close()

    # WHEN that image is brought to life
    gdb = sessions.gdb()
    said = gdb("snapshot restore second")

    # THEN it is one of this kernel, and time goes on
    assert "another one" not in said
    assert gdb.finish_program() == 0


def test_a_thread_in_the_middle_of_that_code_is_refused(sessions, target, folder):
    # GIVEN the image of a thread that is there
    gdb = sessions.gdb(target("clock"))
    gdb.begin("tick")
    found = vdso.functions(vdso.make_another(gdb, folder))
    begin = next(at for name, (at, _) in found.items() if "clock_gettime" in name)
    gdb(f"set var $pc = {vdso.start(gdb) + begin + 4:#x}")
    gdb("snapshot save here -file image")
    gdb("kill")

    # WHEN it is to be brought to life
    said = gdb.refuses("snapshot restore image")

    # THEN that is told, and there is no process
    assert "is in the middle of code of its kernel (the vdso)" in said
    assert gdb.has_started_nothing
