# SPDX-License-Identifier: GPL-3.0-or-later
"""xz, with two threads in the middle of compressing."""

import random

import pytest

BLOCK = 2 << 20


@pytest.mark.slow
def test_xz_compresses_with_two_threads(real, folder):
    # GIVEN two blocks of words, both read and being compressed
    source = random.Random(1)
    words = [source.randbytes(source.randint(2, 9)).hex() for _ in range(3000)]
    text = " ".join(source.choice(words) for _ in range(2 * BLOCK // 6)).encode()
    folder.joinpath("data").write_bytes(text[: 2 * BLOCK])
    compress = ["-T2", f"--block-size={BLOCK}", "-6", "-c", "data"]
    real.undisturbed("/usr/bin/xz", *compress)
    # lzma_code(stream, LZMA_FINISH = 3): all of the input is in memory
    real.begin("lzma_code if (int)$rsi == 3", 1, *compress)
    real.gdb.go(until="pthread_mutex_lock", hits=60)
    assert len(real.gdb.look()) == 3

    # WHEN it is rewound three times
    real.rewind_thrice(lambda: real.gdb.go(until="pthread_mutex_lock", hits=40))

    # THEN it ends with the same result
    real.ends_as_undisturbed()
