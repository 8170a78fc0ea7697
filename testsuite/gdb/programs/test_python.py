# SPDX-License-Identifier: GPL-3.0-or-later
"""Python, in the middle of hashing, of sorting, and of a pool's work."""

import pytest
from marks import as_root, in_turns

WORK = """
import functools, hashlib
data, word = [], b"seed"
for number in range(3000):
    word = hashlib.sha256(word).digest()
    data.append(word)
def compare(a, b):
    hashed = hashlib.sha512(a).update(b)
    return (a > b) - (a < b)
data.sort(key=functools.cmp_to_key(compare))
print(hashlib.sha256(b"".join(data)).hexdigest())
"""


@pytest.mark.slow
@pytest.mark.parametrize("where, calls", [("hashing", 1000), ("sorting", 12000)])
def test_python_hashes_and_sorts(real, folder, where, calls):
    # GIVEN the result of an undisturbed run, and one stopped in the middle
    folder.joinpath("work.py").write_text(WORK)
    real.undisturbed("/usr/bin/python3", "-I", "-S", "work.py")
    real.begin("EVP_DigestUpdate", calls, "-I", "-S", "work.py")

    # WHEN it is rewound three times
    real.rewind_thrice(lambda: real.gdb.go(until="EVP_DigestUpdate", hits=500))

    # THEN it ends with the same result
    real.ends_as_undisturbed()


POOL = """
import concurrent.futures, hashlib, os, threading
lock, done = threading.Lock(), []
def work(number):
    word = b"%d" % number
    for _ in range(40):
        word = hashlib.sha256(word).digest()
    with lock:
        done.append(number)
    return word
with concurrent.futures.ThreadPoolExecutor(8) as pool:
    words = list(pool.map(work, range(200)))
assert sorted(done) == list(range(200)) and threading.active_count() == 1
while len(os.listdir("/proc/self/task")) > 1:
    pass  # to Python a thread has ended a little before it has
os.getppid()
print(hashlib.sha512(b"".join(words)).hexdigest())
"""


@pytest.fixture
def pool(real, folder):
    """A pool of eight threads in the middle of its work."""
    folder.joinpath("pool.py").write_text(POOL)
    real.undisturbed("/usr/bin/python3", "-I", "-S", "pool.py")
    real.begin("EVP_DigestUpdate", 1500, "-I", "-S", "pool.py")
    assert len(real.gdb.look()) == 9
    return real


@pytest.mark.slow
def test_python_works_in_a_pool_of_threads(pool):
    # WHEN it is rewound three times, from different moments of its work
    pool.rewind_thrice(lambda: pool.gdb.go(until="EVP_DigestUpdate", hits=700))

    # THEN it ends with the same result
    pool.ends_as_undisturbed()


@pytest.mark.slow
@as_root
@in_turns
def test_python_has_its_pool_back_that_had_ended(pool):
    # WHEN it is rewound three times, from behind the end of the pool's threads
    def until_alone():
        pool.gdb.go(until="getppid")
        assert len(pool.gdb.look()) == 1

    pool.rewind_thrice(until_alone)

    # THEN it ends with the same result
    pool.ends_as_undisturbed()
