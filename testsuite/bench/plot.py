# SPDX-License-Identifier: GPL-3.0-or-later
"""Two plots as SVG: stop time against dirtied pages, and against resident size."""

import math
import statistics
from typing import Any, Optional

WIDTH, HEIGHT = 420, 300
LEFT, RIGHT, TOP, BOTTOM = 62, 14, 30, 46
COLOURS = ["#1b6ca8", "#c0392b", "#2e8b57", "#8e6bbf", "#7f8c8d"]

Curve = tuple[str, list[tuple[float, float]]]


def _scale(low: float, high: float, size: float, value: float) -> float:
    """Where a value is on a logarithmic axis."""
    return size * (math.log10(value) - low) / ((high - low) or 1)


def _decades(values: list[float]) -> tuple[int, int]:
    low = math.floor(math.log10(min(values)))
    return low, max(math.ceil(math.log10(max(values))), low + 1)


def _seconds(exponent: int) -> str:
    unit, shift = ("s", 0) if exponent >= 0 else ("ms", 3)
    if exponent < -3:
        unit, shift = "us", 6
    return f"{10 ** (exponent + shift):g} {unit}"


def _axes(title: str, label: str, x: tuple[int, int], y: tuple[int, int]) -> list[str]:
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    parts = [f'<text x="{LEFT}" y="18" font-weight="bold">{title}</text>']
    for exponent in range(y[0], y[1] + 1):
        at = TOP + high - high * (exponent - y[0]) / (y[1] - y[0])
        parts.append(
            f'<line x1="{LEFT}" x2="{LEFT + wide}" y1="{at:.1f}" y2="{at:.1f}"'
            ' stroke="#ddd"/>'
            f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">'
            f"{_seconds(exponent)}</text>"
        )
    for exponent in range(x[0], x[1] + 1):
        at = LEFT + wide * (exponent - x[0]) / (x[1] - x[0])
        parts.append(
            f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{TOP + high}"'
            ' stroke="#eee"/>'
            f'<text x="{at:.1f}" y="{TOP + high + 16}" text-anchor="middle">'
            f"{10 ** exponent:g}</text>"
        )
    parts.append(
        f'<text x="{LEFT + wide / 2}" y="{HEIGHT - 8}" text-anchor="middle">'
        f"{label}</text>"
    )
    return parts


def _plot(title: str, label: str, curves: list[Curve]) -> list[str]:
    points = [point for _, curve in curves for point in curve]
    if not points:
        return []
    x = _decades([point[0] for point in points])
    y = _decades([point[1] for point in points])
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    parts = _axes(title, label, x, y)
    for number, (name, curve) in enumerate(curves):
        colour = COLOURS[number % len(COLOURS)]
        places = [
            (
                LEFT + _scale(*x, wide, at),
                TOP + high - _scale(*y, high, value),
            )
            for at, value in curve
        ]
        line = " ".join(f"{left:.1f},{top:.1f}" for left, top in places)
        parts.append(
            f'<polyline points="{line}" fill="none" stroke="{colour}"'
            ' stroke-width="2"/>'
        )
        parts += [
            f'<circle cx="{left:.1f}" cy="{top:.1f}" r="3" fill="{colour}"/>'
            for left, top in places
        ]
        parts.append(
            f'<text x="{LEFT + 8}" y="{TOP + 14 + 14 * number}" fill="{colour}">'
            f"{name}</text>"
        )
    return parts


def _median(samples: Optional[list[float]]) -> Optional[float]:
    return statistics.median(samples) if samples else None


def _curve(name: str, values: dict[float, Optional[float]]) -> list[Curve]:
    points = [(at, value) for at, value in sorted(values.items()) if value]
    return [(name, points)] if points else []


def _by_pages(found: dict[str, Any]) -> list[Curve]:
    dirty = found["in_gdb"].get("dirty") or {}
    others = found["in_gdb"].get("checkpoints") or {}
    # 0 pages stand at 1: there is no zero on this axis.
    at = {max(int(pages), 1): samples for pages, samples in dirty.items()}
    curves: list[Curve] = []
    for verb in ("save", "restore"):
        curves += _curve(verb, {nr: _median(both[verb]) for nr, both in at.items()})
    for name in ("checkpoint", "restart"):
        curves += _curve(name, {nr: _median(others.get(name)) for nr in at})
    return curves


def _by_size(found: dict[str, Any]) -> list[Curve]:
    sizes = found["bare"].get("sizes") or {}
    curves: list[Curve] = []
    for pages in ("0", "1000"):
        for verb in ("save", "restore"):
            curves += _curve(
                f"{verb}, {pages} pages",
                {
                    int(size): _median(both.get(pages, {}).get(verb))
                    for size, both in sizes.items()
                },
            )
    return curves


def svg(found: dict[str, Any]) -> str:
    left = _plot("Stop time in GDB", "dirtied pages", _by_pages(found))
    right = _plot("Stop time without GDB", "MiB resident", _by_size(found))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{2 * WIDTH}" height="{HEIGHT}"'
        ' font-family="sans-serif" font-size="11">\n'
        f'<rect width="{2 * WIDTH}" height="{HEIGHT}" fill="white"/>\n'
        + "\n".join(left)
        + f'\n<g transform="translate({WIDTH},0)">\n'
        + "\n".join(right)
        + "\n</g>\n</svg>\n"
    )
