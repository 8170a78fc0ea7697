# SPDX-License-Identifier: GPL-3.0-or-later
"""A restore right after a save has nothing to do but to land the threads."""

import re
import shlex
import subprocess

import pytest
from gdbdriver import Failed
from sessions import WRAP

POOL = """
import hashlib
from concurrent.futures import ThreadPoolExecutor
def work(number):
    for _ in range(1000):
        number = int(hashlib.sha256(b"%d" % number).hexdigest()[:8], 16)
    return number
with ThreadPoolExecutor(4) as pool:
    print(sum(pool.map(work, range(100))))
"""

TABLE = """
create table t(a integer, b text); begin; with recursive n(i) as
(select 1 union all select i + 1 from n where i < 400)
insert into t select abs((i * 7919) % 4001), hex(i * i) from n; commit;
"""

OWN = [
    ("counter", "tick", ""),
    ("plugin", "main", ""),
    ("team", "tick", ""),
    ("changes", "threads", ""),
    ("sleeper", "halfway", ""),
    ("letters", "main", ""),
    ("allregs", "tick", "1000000000"),
]

REAL = [
    ("python3", "EVP_DigestUpdate", 300, ["-I", "-S", "pool.py"]),
    (
        "sqlite3",
        "sqlite3_result_int64",
        300,
        ["-batch", "t.db", TABLE.replace("\n", " ")],
    ),
    # It is redis-server when it is called so; it does not listen to the network here.
    ("redis-check-rdb", "epoll_wait", 3, ["--port", "0", "--unixsocket", "socket"]),
]


def has_nothing_to_do(gdb):
    """Save twice; between a save and a restore nothing changes and nothing is done."""
    threads = gdb.python("[t.ptid[1] for t in gdb.selected_inferior().threads()]")
    for name in ("first", "second"):
        gdb(f"snapshot save {name}")
        for line in gdb(f"snapshot restore {name} -dry-run").splitlines():
            landed = re.fullmatch(r"land thread (\d+) \(.*\)", line)
            if not landed and line != "write memory that differs":
                raise Failed(f"a step for nothing: {line}")
            if landed:
                assert int(landed[1]) in threads
        said = gdb(f"snapshot diff {name}")
        assert said == f"Nothing differs between {name} and the process.\n"
        gdb(f"snapshot restore {name}")
    # The one before was not made different by a save and a restore either.
    assert gdb("snapshot diff first").startswith("Nothing differs")


@pytest.mark.parametrize("program, place, words", OWN)
def test_a_program_of_ours_needs_no_step(gdb, target, program, place, words):
    gdb.load(target(program))
    gdb("handle SIGUSR1 nostop noprint pass")
    gdb.begin(place, arguments=words)
    has_nothing_to_do(gdb)


@pytest.mark.slow
@pytest.mark.parametrize("name, place, hits, words", REAL)
def test_a_real_program_needs_no_step(gdb, folder, name, place, hits, words):
    # GIVEN a program in the middle of its work, if it is installed
    program = f"/usr/bin/{name}"
    if subprocess.call([*WRAP, "test", "-x", program]) != 0:
        pytest.skip(f"{program} is not installed")
    if name == "redis-check-rdb":
        folder.joinpath("redis-server").symlink_to(program)
        program = str(folder / "redis-server")
    folder.joinpath("pool.py").write_text(POOL)
    gdb.load(program)
    gdb("set breakpoint pending on")
    gdb.begin(place, hits, shlex.join(words))

    # THEN a restore after a save does nothing but land it
    has_nothing_to_do(gdb)
