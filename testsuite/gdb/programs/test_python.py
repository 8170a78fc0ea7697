"""Python, in the middle of hashing and in the middle of sorting."""

import pytest

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
