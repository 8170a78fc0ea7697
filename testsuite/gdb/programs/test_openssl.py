# SPDX-License-Identifier: GPL-3.0-or-later
"""openssl, in the middle of its vector code."""

import pytest
from marks import watch

OPENSSL = "/usr/bin/openssl"
KEY = "00112233445566778899aabbccddeeff" * 2


@pytest.mark.slow
def test_openssl_digests(real):
    # GIVEN a key derivation: a hundred thousand digests over memory
    derive = ["kdf", "-keylen", "32", "-kdfopt", "digest:SHA512"]
    derive += ["-kdfopt", "pass:secret", "-kdfopt", "salt:salt"]
    derive += ["-kdfopt", "iter:100000", "PBKDF2"]
    real.undisturbed(OPENSSL, *derive)
    real.begin("HMAC_Final", 3000, *derive)

    # WHEN it is rewound three times
    real.rewind_thrice(lambda: real.gdb.go(until="HMAC_Final", hits=500))

    # THEN it ends with the same result
    real.ends_as_undisturbed()


@pytest.mark.slow
def test_openssl_authenticates_with_aes_gcm(real, folder):
    # GIVEN the tag of one block of data, stopped inside the vector code
    folder.joinpath("data").write_bytes(bytes(i * i % 251 for i in range(8000)))
    tag = ["mac", "-cipher", "AES-256-GCM", "-macopt", f"hexkey:{KEY}"]
    tag += ["-macopt", "hexiv:000102030405060708090a0b", "-in", "data", "GMAC"]
    real.undisturbed(OPENSSL, *tag)
    real.begin("EVP_MAC_update", 1, *tag)
    real.gdb("stepi 700")

    # WHEN it is rewound three times
    real.rewind_thrice(lambda: real.gdb.go(until="EVP_MAC_final"))

    # THEN it ends with the same result
    real.ends_as_undisturbed()


@pytest.mark.slow
def test_openssl_encrypts_with_vectors(real, folder):
    # GIVEN an encryption stopped where its vector code stores a byte of a block
    folder.joinpath("data").write_bytes(bytes(range(256)) * 4096)
    encrypt = ["enc", "-chacha20", "-K", KEY, "-iv", KEY[:32], "-in", "data"]
    real.undisturbed(OPENSSL, *encrypt)
    real.begin("EVP_CipherUpdate", 5, *encrypt)
    gdb = real.gdb
    out, size = gdb.value("(long)$rsi"), gdb.value("(int)$r8")
    assert size >= 4096
    stop_at(gdb, out + size // 4)

    # WHEN it is rewound three times
    real.rewind_thrice(lambda: stop_at(gdb, out + size // 4 * 3))

    # THEN it ends with the same result
    real.ends_as_undisturbed()


def stop_at(gdb, address):
    """Go on until a byte is written."""
    number = watch(gdb, f"*(char *){address}")
    assert f"Hardware watchpoint {number}" in gdb("continue")
    gdb(f"delete {number}")
