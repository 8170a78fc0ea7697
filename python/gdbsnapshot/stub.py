# SPDX-License-Identifier: GPL-3.0-or-later
"""
A snapshot as GDB's remote protocol shows a stopped process (GDB manual, appendix E).

Nothing can be written and nothing runs.  Registers have the names, and the order, of a
target description; what a snapshot does not have is unavailable.
"""

import re
from typing import TYPE_CHECKING, Callable, Optional
from xml.etree import ElementTree

if TYPE_CHECKING:
    from _snapshot import Mapping, Snapshot

_PAGE = 4096
_CHUNK = 0x2000
"""Bytes of memory or of a document in an answer."""


def layout(description: str) -> list[tuple[str, int]]:
    """Names and sizes of the registers of a target description, in their order."""
    # GDB takes them by number, and those without one follow the one before.
    numbered = []
    number = 0
    for element in ElementTree.fromstring(description).iter("reg"):
        number = int(element.get("regnum", number))
        size = int(element.get("bitsize", "0")) // 8
        numbered.append((number, element.get("name", ""), size))
        number += 1
    return [(name, size) for _, name, size in sorted(numbered)]


_VECTOR = re.compile(r"(ymm|zmm)(\d+)h")


def register(values: dict[str, bytes], name: str, size: int) -> Optional[bytes]:
    """A register of a description out of those of a snapshot; None: not there."""
    upper = _VECTOR.fullmatch(name)
    if upper:
        # The description has XMM, and of YMM and ZMM only what they have beyond that.
        whole = values.get(f"{upper[1]}{upper[2]}") or values.get(f"zmm{upper[2]}")
        return _part(whole, 16 if upper[1] == "ymm" else 32, size)
    value = values.get(name)
    if value is None and name[:3] in ("xmm", "ymm"):
        value = values.get("z" + name[1:]) or values.get("y" + name[1:])
        return _part(value, 0, size)
    if value is None or len(value) > size:
        return _part(value, 0, size)
    return value.ljust(size, b"\0")


def _part(whole: Optional[bytes], start: int, size: int) -> Optional[bytes]:
    if whole is None or len(whole) < start + size:
        return None
    return whole[start : start + size]


class Stub:
    """Answers for one snapshot at a time."""

    def __init__(self, description: str, auxv: bytes) -> None:
        self._documents = {"features": description.encode(), "auxv": auxv}
        self._layout = layout(description)
        self._input = b""
        self._is_acknowledging = True

    def show(self, snapshot: "Snapshot", tid: int) -> None:
        """From now on, be this snapshot."""
        self._snapshot = snapshot
        self._tid = tid
        self._tids = [thread["tid"] for thread in snapshot.threads()]
        self._names = {t["tid"]: t["comm"] for t in snapshot.threads()}
        self._mappings = snapshot.mappings()
        self._registers: dict[int, bytes] = {}

    def feed(self, data: bytes) -> bytes:
        """Take what the debugger sends; what is to be sent to it."""
        self._input += data
        answer = b""
        while True:
            start = self._input.find(b"$")
            end = self._input.find(b"#", start)
            if start < 0 or end < 0 or len(self._input) < end + 3:
                return answer
            packet = self._input[start + 1 : end]
            self._input = self._input[end + 3 :]
            if self._is_acknowledging:
                answer += b"+"
            reply = self._answer(packet.decode("latin-1"))
            answer += b"$%s#%02x" % (reply, sum(reply) & 0xFF)

    def _answer(self, packet: str) -> bytes:
        for start, method in self._METHODS.items():
            if packet.startswith(start):
                return method(self, packet[len(start) :])
        return b""

    def _supported(self, rest: str) -> bytes:
        names = ";".join(f"qXfer:{name}:read+" for name in self._documents)
        return f"PacketSize=8000;QStartNoAckMode+;{names}".encode()

    def _no_acknowledgements(self, rest: str) -> bytes:
        self._is_acknowledging = False
        return b"OK"

    def _stopped(self, rest: str) -> bytes:
        return b"T05thread:%x;" % self._tid

    def _current(self, rest: str) -> bytes:
        return b"QC%x" % self._tid

    def _all_threads(self, rest: str) -> bytes:
        return b"m" + b",".join(b"%x" % tid for tid in self._tids)

    def _no_more_threads(self, rest: str) -> bytes:
        return b"l"

    def _thread_name(self, rest: str) -> bytes:
        name = self._names.get(int(rest.lstrip(","), 16), "")
        return name.encode(errors="replace").hex().encode()

    def _is_alive(self, rest: str) -> bytes:
        return b"OK" if int(rest, 16) in self._tids else b"E01"

    def _select(self, rest: str) -> bytes:
        tid = int(rest, 16)
        if tid > 0:
            self._tid = tid
        return b"OK"

    def _ok(self, rest: str) -> bytes:
        return b"OK"

    def _refused(self, rest: str) -> bytes:
        return b"E01"

    def _attached(self, rest: str) -> bytes:
        return b"1"

    def _read_document(self, rest: str) -> bytes:
        name, _, _, where = rest.split(":")
        offset, size = (int(word, 16) for word in where.split(","))
        document = self._documents[name]
        part = document[offset : offset + min(size, _CHUNK)]
        last = offset + len(part) >= len(document)
        return (b"l" if last else b"m") + _escaped(part)

    def _read_registers(self, rest: str) -> bytes:
        if self._tid not in self._registers:
            found = self._snapshot.registers(self._tid)
            values = {each["name"]: each["value"] for each in found}
            parts = []
            for name, size in self._layout:
                value = register(values, name, size)
                parts.append(b"x" * 2 * size if value is None else _hex(value))
            self._registers[self._tid] = b"".join(parts)
        return self._registers[self._tid]

    def _read_memory(self, rest: str) -> bytes:
        address, size = (int(word, 16) for word in rest.split(","))
        data = memory(self._snapshot, self._mappings, address, min(size, _CHUNK))
        return _hex(data) if data else b"E01"

    _METHODS: "dict[str, Callable[[Stub, str], bytes]]" = {
        "qSupported": _supported,
        "QStartNoAckMode": _no_acknowledgements,
        "?": _stopped,
        "qC": _current,
        "qfThreadInfo": _all_threads,
        "qsThreadInfo": _no_more_threads,
        "qThreadExtraInfo": _thread_name,
        "qAttached": _attached,
        "T": _is_alive,
        "Hg": _select,
        "Hc": _ok,
        "qXfer:": _read_document,
        "g": _read_registers,
        "m": _read_memory,
        "D": _ok,
        "M": _refused,
        "G": _refused,
        "P": _refused,
    }


def memory(
    snapshot: "Snapshot", mappings: "list[Mapping]", address: int, size: int
) -> bytes:
    """Memory as it was, up to where there is none."""
    data = _held(snapshot, address, size)
    if data is not None:
        return data
    # Some of it is not held: then a page may be in the file that is mapped.
    data = b""
    while len(data) < size:
        at = address + len(data)
        length = min(size - len(data), _PAGE - at % _PAGE)
        part = _held(snapshot, at, length) or _of_file(mappings, at, length)
        if not part:
            break
        data += part
    return data


def _held(snapshot: "Snapshot", address: int, size: int) -> Optional[bytes]:
    from . import core

    return core.read(snapshot, address, size)


def _of_file(mappings: "list[Mapping]", address: int, size: int) -> bytes:
    for each in mappings:
        if each["start"] <= address < each["end"]:
            if each["contents"] != "file":
                return b""
            try:
                with open(each["name"], "rb") as file:
                    file.seek(each["offset"] + address - each["start"])
                    return file.read(size)
            except OSError:
                return b""
    return b""


def _hex(data: bytes) -> bytes:
    return data.hex().encode()


def _escaped(data: bytes) -> bytes:
    for letter in b"}#$*":
        data = data.replace(bytes([letter]), bytes([0x7D, letter ^ 0x20]))
    return data
