# SPDX-License-Identifier: GPL-3.0-or-later
"""What was measured, as a table: medians, and their ratios against the bars."""

import statistics
from dataclasses import dataclass
from typing import Any, Optional, Sequence


@dataclass
class Row:
    """A measure, what it is compared with, and the bar that it must not exceed."""

    what: str
    value: Optional[float]
    unit: str = "s"
    of: str = ""
    reference: Optional[float] = None
    bar: Optional[float] = None
    """A factor of the reference; without one, in the unit."""
    is_at_least: bool = False

    @property
    def ratio(self) -> Optional[float]:
        if self.value is None or not self.reference:
            return None
        return self.value / self.reference

    @property
    def verdict(self) -> str:
        measured = self.ratio if self.of else self.value
        if self.bar is None:
            return ""
        if measured is None:
            return "not measured"
        is_met = measured >= self.bar if self.is_at_least else measured <= self.bar
        return "met" if is_met else "MISSED"


def median(samples: Optional[Sequence[float]]) -> Optional[float]:
    return statistics.median(samples) if samples else None


def look(found: Any, *path: Any) -> Any:
    """Down the path, None where it ends."""
    for key in path:
        if not isinstance(found, dict):
            return None
        found = found.get(str(key))
    return found


def slope(threads: dict[str, Any], verb: str) -> Optional[float]:
    """Seconds for each thread: the straight line through the medians."""
    points = [
        (float(nr), statistics.median(samples[verb]))
        for nr, samples in (threads or {}).items()
    ]
    if len(points) < 2:
        return None
    mean_x = statistics.mean(x for x, _ in points)
    mean_y = statistics.mean(y for _, y in points)
    over = sum((x - mean_x) * (y - mean_y) for x, y in points)
    return over / sum((x - mean_x) ** 2 for x, _ in points)


def growth(found: dict[str, Any], verb: str) -> Optional[float]:
    sizes, mib = look(found, "bare", "sizes"), found["mib"]
    small = median(look(sizes, mib, "1000", verb))
    large = median(look(sizes, 4 * mib, "1000", verb))
    return large - small if small is not None and large is not None else None


def rows_of(found: dict[str, Any], where: str, title: str) -> list[Row]:
    """Saves and restores, in GDB or without it, against the same references."""
    ours, floor = found[where], found["floor"]
    checkpoint = median(look(found, "in_gdb", "checkpoints", "checkpoint"))
    restart = median(look(found, "in_gdb", "checkpoints", "restart"))
    first = median(look(ours, "first_save"))
    some = median(look(ours, "dirty", 1000, "save"))
    none = median(look(ours, "dirty", 0, "save"))
    back = median(look(ours, "dirty", 1000, "restore"))
    scan, copy = floor["scan"], floor["scan_and_copy"]
    rewind = floor["scan_and_write"]
    return [
        Row(f"{title}: first save", first, "s", "checkpoint", checkpoint, 0.6),
        Row(f"{title}: save, 1000 pages", some, "s", "checkpoint", checkpoint, 0.1),
        Row("", some, "s", "scan and copy", copy, 3),
        Row(
            f"{title}: save, 0 pages",
            none,
            "s",
            "1.5 scans + 1 ms",
            1.5 * scan + 1e-3,
            1,
        ),
        Row(f"{title}: restore, 1000 pages", back, "s", "restart", restart, 0.15),
        Row("", back, "s", "scan and write", rewind, 4),
    ]


def rows(found: dict[str, Any]) -> list[Row]:
    floor, bare = found["floor"], found["bare"]
    gcore = median(look(found, "in_gdb", "images", "gcore"))
    store = look(bare, "store")
    nr = look(bare, "store_snapshots") or 100
    size = found["mib"] * 2**20
    four = look(found, "floor_4x", "scan")
    more = four - floor["scan"] if four else None
    tracked = look(bare, "first_writes", "first")
    plain = look(bare, "first_writes", "plain")
    again = look(bare, "first_writes", "second")
    return [
        Row("checkpoint", median(look(found, "in_gdb", "checkpoints", "checkpoint"))),
        Row("restart", median(look(found, "in_gdb", "checkpoints", "restart"))),
        Row("gcore", gcore),
        Row("CRIU dump", median(look(found, "criu"))),
        Row("fork", floor["fork"]),
        Row("scan", floor["scan"]),
        Row("scan and copy 1000 pages", floor["scan_and_copy"]),
        Row("scan and write 1000 pages", floor["scan_and_write"]),
        *rows_of(found, "in_gdb", "GDB"),
        *rows_of(found, "bare", "bare"),
        Row("save, for each thread", slope(bare["threads"], "save"), bar=60e-6),
        Row("restore, for each thread", slope(bare["threads"], "restore"), bar=150e-6),
        Row(
            "export",
            median(look(found, "in_gdb", "images", "export")),
            "s",
            "gcore",
            gcore,
            1.0,
        ),
        Row(
            "restore of an image, without a process",
            median(look(found, "in_gdb", "revivals", "restore")),
            "s",
            "cp of it",
            median(look(found, "in_gdb", "revivals", "copy")),
            1.3,
        ),
        Row(
            f"store of {nr} snapshots, 1000 pages",
            store,
            "B",
            "size + pages",
            size + nr * 4e6,
            1.1,
        ),
        Row(
            "first write to a tracked page",
            tracked - plain if tracked is not None else None,
            bar=1.3e-6,
        ),
        Row(
            "second write to a tracked page",
            again,
            "s",
            "untracked",
            plain,
        ),
        Row(
            "rewinds, 50 pages", look(bare, "rewinds"), "/s", bar=3000, is_at_least=True
        ),
        Row("save: growth to 4x", growth(found, "save"), "s", "of the scan", more, 1.5),
        Row(
            "restore: growth to 4x",
            growth(found, "restore"),
            "s",
            "of the scan",
            more,
            1.5,
        ),
    ]


def amount(value: Optional[float], unit: str) -> str:
    if value is None:
        return "-"
    if unit == "B":
        return f"{value / 2**20:.0f} MiB"
    if unit != "s":
        return f"{value:.0f} {unit}"
    for name, scale in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if abs(value) >= scale:
            return f"{value / scale:.2f} {name}"
    return f"{value / 1e-9:.0f} ns"


def bar(row: Row) -> str:
    if row.bar is None:
        return ""
    sign = ">=" if row.is_at_least else "<="
    return f"{sign} {row.bar:g}" if row.of else f"{sign} {amount(row.bar, row.unit)}"


def text(found: dict[str, Any]) -> str:
    """The table, and what could not be measured."""
    said = [
        "{cpu}, {cpus} CPUs, Linux {kernel}, load {load}, {date}".format(
            **found["machine"]
        ),
        f"{found['mib']} MiB resident, medians of {found['runs']}",
        "",
        f"{'measure':34}{'median':>12}  {'of':18}{'ratio':>8}  {'bar':12}",
    ]
    for row in rows(found):
        ratio = f"{row.ratio:.2f}" if row.ratio is not None else ""
        line = (
            f"{row.what:34}{amount(row.value, row.unit):>12}  {row.of:18}{ratio:>8}"
            f"  {bar(row):12}{row.verdict}"
        )
        said.append(line.rstrip())
    if found.get("no_criu"):
        said.append(f"CRIU was not measured: {found['no_criu']}.")
    for part, problem in found["in_gdb"].get("problems", {}).items():
        said.append(f"In GDB, {part}: {problem}")
    return "\n".join(said) + "\n"
