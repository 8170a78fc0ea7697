# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory that was shared anonymously is made anew for a new process."""

OWN = "Its shared anonymous memory is its own: other processes that had it"


def test_shared_memory_is_one_again(sessions, target):
    # GIVEN the image of a program that maps parts of shared memory, some twice
    gdb = sessions.gdb(target("commons"))
    gdb.begin("saved")
    gdb("snapshot save here -file image")
    gdb("kill")
    gdb.close()

    for _ in range(3):
        # WHEN it is brought to life
        gdb = sessions.gdb(target("commons"))
        assert OWN in gdb("snapshot restore image")

        # THEN it is shared as it was, between them and with a new child
        assert gdb.finish_program() == 0
        gdb.close()


def test_it_can_be_rewound_in_the_new_process(sessions, target):
    # GIVEN such a program that was brought to life after its end
    gdb = sessions.gdb(target("commons"))
    gdb.begin("saved")
    gdb("snapshot save here")
    gdb("continue")
    gdb("snapshot restore here")

    for _ in range(3):
        # WHEN it is saved there, goes on and is rewound in place
        gdb("snapshot save again")
        gdb("tbreak check_child")
        gdb("continue")
        said = gdb("snapshot restore again")

        # THEN it is the same memory still
        assert OWN not in said
        gdb("snapshot delete again")
    assert gdb.finish_program() == 0


def test_what_others_had_is_in_the_image_if_one_wants_it(sessions, target):
    # GIVEN a program another process of which has its shared memory
    gdb = sessions.gdb(target("commons"))
    gdb.begin("saved", arguments="others")

    # WHEN it is saved, and its memory is left to all of them
    gdb("snapshot save alone")
    gdb("set snapshot shared-memory on")
    gdb("snapshot save whole")
    gdb("kill")

    # THEN it cannot be brought to life without it
    why = gdb.refuses("snapshot restore alone")
    assert "is shared with other processes, and is not in the snapshot" in why
    assert "'set snapshot shared-memory on' before saving" in why

    # THEN it can with it
    assert OWN in gdb("snapshot restore whole")
    assert gdb.finish_program() == 0
