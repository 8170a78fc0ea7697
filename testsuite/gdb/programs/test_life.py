# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs of the distribution, brought to life in another GDB, end as undisturbed."""

import pytest
import test_node
import test_python
import test_sqlite
from marks import as_root
from test_xz import BLOCK

PYTHON = ["-I", "-S", "work.py"]
SQL = ["-batch", ":memory:", test_sqlite.WORK.replace("\n", " ")]
XZ = ["-T2", f"--block-size={BLOCK}", "-6", "-c", "data"]
# The main thread makes random numbers with it when it begins.
WORKER = "EVP_CipherUpdate if $_thread != 1"
PROGRAMS = [
    pytest.param("/usr/bin/python3", PYTHON, "EVP_DigestUpdate", 12000, id="python"),
    pytest.param("/usr/bin/sqlite3", SQL, "sqlite3_result_int64", 1500, id="sqlite"),
    pytest.param("/usr/bin/xz", XZ, "lzma_code if (int)$rsi == 3", 1, id="xz"),
    # It holds locks that name their owners by the numbers of threads: it gets those.
    pytest.param("/usr/bin/node", ["work.js"], WORKER, 60, id="node", marks=as_root),
]


@pytest.fixture
def work(folder):
    """What the programs work on."""
    folder.joinpath("work.py").write_text(test_python.WORK)
    folder.joinpath("work.js").write_text(test_node.WORK)
    words = b" ".join(b"%x" % (number * number) for number in range(2 * BLOCK // 8))
    folder.joinpath("data").write_bytes(words[: 2 * BLOCK])


def restore(gdb, needs_numbers):
    """Once more when somebody else's process has taken a number at that moment."""
    for _ in range(20):
        said = gdb("snapshot restore image")
        if not needs_numbers or " number" not in said:
            return
        gdb("kill")
    pytest.fail(f"others keep numbers of its threads: {said}")


@pytest.mark.slow
@pytest.mark.usefixtures("work")
@pytest.mark.parametrize("places", ["on", "off"], ids=["at fixed places", "anywhere"])
@pytest.mark.parametrize("program, arguments, until, hits", PROGRAMS)
def test_it_ends_with_the_same_result(
    real, sessions, program, arguments, until, hits, places
):
    # GIVEN the image of a program in the middle of its work, that was killed
    real.undisturbed(program, *arguments)
    real.gdb(f"set disable-randomization {places}")
    real.begin(until, hits, *arguments)
    if "[io_uring]" in real.gdb("info proc mappings"):
        pytest.skip("this node has rings of io_uring, which cannot be made again")
    real.gdb("snapshot save here -file image")
    real.gdb("kill")
    real.gdb.close()

    for _ in range(3):
        # WHEN it is restored in a new GDB
        gdb = sessions.gdb()
        gdb("handle SIGUSR1 SIGUSR2 nostop noprint pass")
        restore(gdb, needs_numbers=until == WORKER)

        # THEN it ends with the same result
        assert gdb.finish_program(timeout=300) == 0
        assert gdb.output.read_bytes() == real.expected
        gdb.output.write_bytes(b"")
        gdb.close()
