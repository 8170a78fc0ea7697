# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stories about mappings share: see scene.h."""

import pytest


@pytest.fixture
def rewind(gdb, target):
    """Play a scene of a program, save, let it change, restore, let it check itself."""

    def act(program, scene, settings=()):
        # GIVEN a snapshot of what was prepared
        gdb.run(target(program), until="saved", arguments=scene)
        for setting in settings:
            gdb(setting)
        gdb("snapshot save")

        # WHEN it has changed, and is rewound
        gdb.go(until="changed")
        gdb("snapshot restore")

        # THEN nothing but the landing is left to do, and the program finds no change
        plan = gdb("snapshot restore -dry-run").splitlines()
        assert [line.split()[0] for line in plan] == ["write", "land"], plan
        status = gdb.finish_program()
        assert status == 0, gdb.program_says()

    return act
