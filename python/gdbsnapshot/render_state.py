# SPDX-License-Identifier: GPL-3.0-or-later
"""What was captured beside registers and memory, as text.  Knows nothing of GDB.

A family of state is a function that gives facts, and a row of a table at the end.
"""

from typing import TYPE_CHECKING, Callable, Iterable, Optional

from . import render_files
from .render import Page, size, thread_title
from .render_status import block
from .render_status import tracking as tracking_facts
from .signals import mask_text, signal_name

if TYPE_CHECKING:
    from _snapshot import Snapshot, State, Thread, ThreadState, TimerTime

Facts = Iterable[tuple[str, str]]
"""What it is, and how it was."""


def state(snapshot: "Snapshot", page: Page = Page()) -> str:
    """What was captured of the process beside its registers and memory."""
    found = snapshot.state()
    blocks = []
    for title, family in _FAMILIES:
        facts = list(family(found))
        if facts:
            blocks.append(block(page.style("title", title), facts))
    blocks.append(render_files.files(snapshot, page))
    tracking = snapshot.tracking
    if tracking is not None:
        title = page.style("title", "Tracking")
        blocks.append(block(title, tracking_facts(tracking)))
    for thread in snapshot.threads():
        facts = thread_facts(thread, found)
        blocks.append(block(thread_title(snapshot, thread, page), facts))
    return "\n".join(blocks)


def thread_facts(thread: "Thread", found: "State") -> list[tuple[str, str]]:
    """What was captured of one thread beside its registers."""
    facts = list(_thread(thread))
    for family in _THREAD_FAMILIES:
        facts += family(found["threads"][thread["tid"]])
    return facts


_SS_ONSTACK = 1
_SS_DISABLE = 2
_SS_AUTODISARM = 1 << 31


def _thread(thread: "Thread") -> Facts:
    unknown = "not captured"
    mask = thread["sigmask"]
    yield "Blocked signals", unknown if mask is None else mask_text(mask)
    stack = thread["altstack"]
    yield "Alternate stack", unknown if stack is None else altstack(*stack)
    rseq = thread["rseq"]
    if rseq is None or not rseq[0]:
        yield "rseq area", unknown if rseq is None else "none"
    else:
        yield "rseq area", f"0x{rseq[0]:x}, {rseq[1]} bytes, signature 0x{rseq[2]:x}"
    robust = thread["robust_list"]
    yield "Robust list", unknown if robust is None else f"0x{robust[0]:x}"
    address = thread["tid_address"]
    yield "TID address", unknown if address is None else f"0x{address:x}"
    stop = thread["stop_signal"]
    yield "Stopped by", signal_name(stop) if stop else "no signal"
    call = thread["interrupted_syscall"]
    yield "System call", f"number {call}, will be made again" if call >= 0 else "none"
    sets = thread["regsets"].items()
    yield "Register sets", ", ".join(f"{name} {size(count)}" for name, count in sets)


def altstack(pointer: int, length: int, flags: int) -> str:
    """An alternate signal stack."""
    if flags & _SS_DISABLE:
        return "none"
    text = f"0x{pointer:x}, {size(length)}"
    if flags & _SS_ONSTACK:
        text += ", in use"
    if flags & _SS_AUTODISARM:
        text += ", disarmed while in use"
    return text


def _process(found: "State") -> Facts:
    process = found["process"]
    if process["brk"]:
        yield "Heap ends at", f"0x{process['brk']:x}"
    yield "Parent process", str(process["ppid"])
    yield "Process group", f"{process['pgid']}, of session {process['sid']}"
    if process["folder"]:
        yield "Folder", one_line(process["folder"])
    limited = [
        f"{name} {soft}" if soft == hard else f"{name} {soft} of {_limit(hard)}"
        for name, (soft, hard) in process["limits"].items()
        if soft >= 0
    ]
    if limited:
        yield "Limits", ", ".join(limited)
    yield from _attributes(process["attributes"])


def _process_thread(found: "ThreadState") -> Facts:
    process = found["process"]
    if process["cpus"]:
        yield "CPUs", process["cpus"]
    if process["groups"]:
        yield "Groups", process["groups"]
    yield from _attributes(process["attributes"])


def _limit(value: int) -> str:
    return "unlimited" if value < 0 else str(value)


def one_line(text: str) -> str:
    """Text of the program's, with what would break a line escaped."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


_BASES = {"umask": "03o", "personality": "#x", "coredump-filter": "#x"}
# Numbers that say nothing to a person by themselves.
_HIDDEN = ("ns-", "folder-", "root-")


def _attributes(attributes: "dict[str, int]") -> Facts:
    for key, value in attributes.items():
        if not key.startswith(_HIDDEN):
            base = _BASES.get(key, "#x" if key.startswith("cap-") else "d")
            yield key.capitalize().replace("-", " "), format(value, base)


def _pending(infos: "Optional[list[bytes]]") -> str:
    """How many of which signals wait."""
    if infos is None:
        return "not captured"
    numbers = [int.from_bytes(info[:4], "little") for info in infos]
    counts = {number: numbers.count(number) for number in sorted(set(numbers))}
    return ", ".join(
        f"{count} {signal_name(number)}" if count > 1 else signal_name(number)
        for number, count in counts.items()
    )


def _signals(found: "State") -> Facts:
    actions = found["signals"]["actions"]
    if actions is None:
        yield "Actions", "not captured"
    for number, action in (actions or {}).items():
        if action["handler"] == 1:
            yield signal_name(number), "ignored"
        else:
            yield signal_name(number), f"handler 0x{action['handler']:x}"
    pending = _pending(found["signals"]["pending"])
    if pending:
        yield "Pending", pending


def _signals_thread(found: "ThreadState") -> Facts:
    pending = _pending(found["signals"]["pending"])
    if pending:
        yield "Pending signals", pending


def _time(time: "TimerTime") -> str:
    left, interval = time
    if not left:
        return "not running"
    text = f"{left / 1e9:.3f} s left"
    return text + (f", then every {interval / 1e9:.3f} s" if interval else "")


def _timers(found: "State") -> Facts:
    timers = found["timers"]
    names = ("ITIMER_REAL", "ITIMER_VIRTUAL", "ITIMER_PROF")
    if timers["intervals"] is None:
        yield "Timers", "not captured"
    for name, time in zip(names, timers["intervals"] or ()):
        if time[0]:
            yield name, _time(time)
    for timer in timers["posix"] or ():
        signal = "no signal" if timer["notify"] == 1 else signal_name(timer["signal"])
        thread = f" to thread {timer['tid']}" if timer["tid"] else ""
        text = f"{_time(timer['time'])}, {signal}{thread}"
        yield f"Timer {timer['id']}", f"clock {timer['clock']}, {text}"


_FAMILIES: tuple[tuple[str, Callable[["State"], Facts]], ...] = (
    ("Process", _process),
    ("Signals", _signals),
    ("Timers", _timers),
)

_THREAD_FAMILIES: tuple[Callable[["ThreadState"], Facts], ...] = (
    _process_thread,
    _signals_thread,
)
