# SPDX-License-Identifier: GPL-3.0-or-later
"""Libraries come and go with the snapshots."""


def test_a_library_loaded_since_the_save_is_gone_after_the_restore(gdb, target):
    # GIVEN a snapshot before a library is loaded
    gdb.run(target("plugin"), until="before")
    libraries = gdb("info sharedlibrary")
    assert "libm.so" not in libraries
    gdb("snapshot save")

    # WHEN it has been loaded and the program is rewound
    gdb.go(until="loaded")
    assert "libm.so" in gdb("info sharedlibrary")
    gdb("snapshot restore")

    # THEN GDB and the process have forgotten it, and it can be loaded again
    assert gdb("info sharedlibrary") == libraries
    assert "libm" not in gdb("info proc mappings")
    gdb.go(until="loaded")
    assert "libm.so" in gdb("info sharedlibrary")
    assert gdb.finish_program() == 0


def test_a_library_unloaded_since_the_save_is_back(gdb, target):
    # GIVEN a snapshot while a library is loaded
    gdb.run(target("plugin"), until="loaded")
    libraries = gdb("info sharedlibrary")
    gdb("snapshot save")

    # WHEN it has been unloaded and the program is rewound
    gdb.go(until="before")
    assert "libm.so" not in gdb("info sharedlibrary")
    gdb("snapshot restore")

    # THEN it is there again and works
    assert gdb("info sharedlibrary") == libraries
    gdb.go(until="before")
    assert gdb.finish_program() == 0
