# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots that are made up."""

from gdbsnapshot.store import Entry, Place


def thread(tid=100, **changes):
    sample = {
        "tid": tid,
        "comm": "worker",
        "pc": 0x401000,
        "sp": 0x7FFF0000,
        "stop_signal": 0,
        "siginfo": None,
        "interrupted_syscall": -1,
        "sigmask": 0,
        "altstack": (0, 0, 2),
        "rseq": (0x7F00, 32, 0x53053053, 0),
        "robust_list": (0x7F10, 24),
        "tid_address": 0x7F20,
        "regsets": {"general": 216},
    }
    return {**sample, **changes}


def register(name, value, form="uint", group="general"):
    return {"name": name, "group": group, "format": form, "value": value}


def mapping(start=0x400000, end=0x402000, **changes):
    sample = {
        "start": start,
        "end": end,
        "prot": "rw-p",
        "offset": 0,
        "name": "/bin/sample",
        "contents": "file",
        "held": 4096,
        "build_id": None,
        "flags": [],
    }
    return {**sample, **changes}


def frame(function="work", file="/src/sample.c", line=7, **changes):
    sample = {
        "pc": 0x401000,
        "function": function,
        "function_offset": 4,
        "file": file,
        "line": line,
        "module": "/bin/sample",
    }
    return {**sample, **changes}


class Snapshot:
    """Has what _snapshot.Snapshot has, as far as text is made of it."""

    def __init__(self, time=1000.0, pid=100, size=4096, threads=None):
        self.time = time
        self.pid = pid
        self.size = size
        self.usage = {"alone": size // 4, "shared": size - size // 4, "map": 100}
        self.label = ""
        self.note = ""
        self.uuid = "11111111-2222-3333-4444-555555555555"
        self.parent = None
        self.arch = "x86_64"
        self.kernel = "Linux 6.1"
        self.host = "here"
        self.exe = "/bin/sample"
        self.exe_build_id = "abcd"
        self.command_line = "sample -x"
        self.current_tid = pid
        self.omissions = []
        self.copying = None
        self.tracking = None
        self.brk = 0x500000
        self._threads = threads or [thread(pid)]
        self.frames = {t["tid"]: [frame()] for t in self._threads}
        self.end_reason = None
        self.register_list = [register("rax", bytes(8))]
        self.mapping_list = [mapping()]

    def threads(self):
        return self._threads

    def state(self):
        process = {
            "brk": self.brk,
            "ppid": 1,
            "pgid": 100,
            "sid": 100,
            "folder": "/srv/two\nlines",
            "limits": {"CORE": (0, -1), "NOFILE": (256, 256), "AS": (-1, -1)},
            "attributes": {"umask": 0o22, "root-inode": 2},
        }
        threads = {
            t["tid"]: {
                "process": {
                    "name": t["comm"],
                    "cpus": "0-3,8",
                    "groups": "",
                    "attributes": {"nice": -5, "cap-effective": 1 << 40},
                },
                "signals": {"pending": []},
            }
            for t in self._threads
        }
        signals = {"actions": {}, "pending": []}
        timers = {"intervals": [(0, 0)] * 3, "posix": []}
        found = {"process": process, "signals": signals, "timers": timers}
        return {**found, "threads": threads}

    def files(self):
        return None

    def mappings(self):
        return self.mapping_list

    def registers(self, tid):
        return self.register_list

    def backtraces(self):
        return {
            tid: {"frames": frames, "end_reason": self.end_reason}
            for tid, frames in self.frames.items()
        }


def entry(name, time=1000.0, pid=100, location="work at sample.c:7", note=""):
    snapshot = Snapshot(time, pid)
    snapshot.note = note
    return Entry(name, snapshot, Place(thread=pid, location=location))
