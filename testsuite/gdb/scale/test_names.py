# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of files as no one should give them."""

import os
import shutil

import pytest

NAMES = {
    "spaces": b"  a name   of words  ",
    "lines": b"\na name\n of lines",
    "deleted": b"a name (deleted)",
    "escape": b"a name\\012\\040\\n",
    "quotes": b"a 'name\" $HOME `id`; #%s",
    "long": b"n" * 255,
    "bytes": b"\377\200 na\xc3\xafve \033[1m",
}


@pytest.fixture(params=NAMES.values(), ids=NAMES.keys())
def odd(request, folder):
    """A path with such a name; the program finds the name in a file."""
    folder.joinpath("name").write_bytes(request.param)
    return folder / os.fsdecode(request.param)


def test_a_mapped_file_is_mapped_again(rewound, target, odd):
    odd.write_text("what the file says\0")
    rewound(target("names"), "map")


def test_a_folder_is_the_current_one_again(rewound, target, odd):
    odd.mkdir()
    rewound(target("names"), "cwd")


def test_a_program_is_rewound(rewound, target, odd):
    shutil.copy(target("names"), odd)
    rewound(odd, "exe")
