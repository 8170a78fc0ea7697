# SPDX-License-Identifier: GPL-3.0-or-later
"""A snapshot over GDB's remote protocol."""

from gdbsnapshot import stub
from samples import Snapshot, register

DESCRIPTION = """<?xml version="1.0"?><!DOCTYPE target SYSTEM "gdb-target.dtd">
<target><feature name="core">
<reg name="rax" bitsize="64" regnum="0"/><reg name="xmm0" bitsize="128" regnum="2"/>
<reg name="eflags" bitsize="32" regnum="1"/><reg name="ymm0h" bitsize="128"/>
<reg name="zmm0h" bitsize="256"/><reg name="k9" bitsize="16"/>
</feature></target>"""


def packet(body):
    return b"$%s#%02x" % (body, sum(body) & 0xFF)


def served():
    """A stub that needs no acknowledgements, of one process."""
    snapshot = Snapshot(pid=0x123)
    snapshot.register_list = [
        register("rax", bytes(range(8))),
        register("eflags", b"\x46\x02\0\0\0\0\0\0"),
        register("zmm0", bytes(range(64))),
    ]
    found = stub.Stub(DESCRIPTION, b"auxv}#$*!")
    found.show(snapshot, 0x123)
    assert found.feed(packet(b"QStartNoAckMode")) == b"+" + packet(b"OK")
    return found


def test_registers_are_in_the_order_of_their_numbers():
    assert stub.layout(DESCRIPTION) == [
        ("rax", 8),
        ("eflags", 4),
        ("xmm0", 16),
        ("ymm0h", 16),
        ("zmm0h", 32),
        ("k9", 2),
    ]


def test_wide_registers_come_in_parts_and_missing_ones_are_unavailable():
    answer = served().feed(packet(b"g"))
    assert answer.startswith(b"$")
    text = answer[1:-3].decode()
    whole = bytes(range(64)).hex()
    assert text == bytes(range(8)).hex() + "46020000" + whole + "xxxx"


def test_packets_may_come_in_pieces():
    found = served()
    whole = packet(b"qC")
    assert found.feed(whole[:3]) == b""
    assert found.feed(whole[3:] + packet(b"?")) == packet(b"QC123") + packet(
        b"T05thread:123;"
    )


def test_what_is_not_known_is_answered_with_nothing():
    assert served().feed(packet(b"vMustReplyEmpty")) == packet(b"")


def test_nothing_can_be_written():
    for body in (b"M1000,1:00", b"G00", b"P1=00"):
        assert served().feed(packet(body)) == packet(b"E01")


def test_documents_come_in_parts_with_marks_escaped():
    found = served()
    assert found.feed(packet(b"qXfer:auxv:read::0,5")) == packet(b"mauxv}]")
    rest = packet(b"l}\x03}\x04}\x0a!")
    assert found.feed(packet(b"qXfer:auxv:read::5,100")) == rest


def test_threads_are_listed_and_alive():
    found = served()
    assert found.feed(packet(b"qfThreadInfo")) == packet(b"m123")
    assert found.feed(packet(b"T123")) == packet(b"OK")
    assert found.feed(packet(b"T124")) == packet(b"E01")
