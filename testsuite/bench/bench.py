# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure everything in one run; write bench.txt, bench.json and bench.svg.

The parts run one after the other on a machine that has nothing else to do: what is
compared is compared on the same process, in the same minutes.
"""

import argparse
import datetime
import json
import os
import platform
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import plot
import report

HERE = Path(__file__).resolve().parent
DIRTIED = [0, 10, 100, 1000, 10000, 100000]


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def run(words: list[Any], **more: Any) -> str:
    done = subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, **more
    )
    if done.returncode:
        raise SystemExit(f"{words[0]} has failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def machine() -> dict[str, str]:
    model = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return {
        "kernel": platform.release(),
        "cpu": model[0] if model else platform.machine(),
        "cpus": str(os.cpu_count()),
        "load": f"{os.getloadavg()[0]:.1f}",
        "date": datetime.date.today().isoformat(),
    }


def run_gdb(words: list[str], plan: dict[str, Any], patience: float) -> str:
    """What it said.  It and its programs are a session of their own, and are ended."""
    environment = dict(os.environ, BENCH_PLAN=json.dumps(plan))
    with subprocess.Popen(
        words + ["-nx", "-q", "-batch", "-x", str(HERE / "in_gdb.py")],
        env=environment,
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            said, _ = process.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            said = f"GDB has not come to an end in {patience:.0f} seconds"
        finally:
            end_session(process.pid)
    return said


def end_session(session: int) -> None:
    """Inferiors have process groups of their own."""
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            if os.getsid(int(folder.name)) == session:
                os.kill(int(folder.name), signal.SIGKILL)
        except ProcessLookupError:
            pass


def in_gdb(
    args: argparse.Namespace, folder: Path, words: list[str], parts: list[str]
) -> dict[str, Any]:
    out = folder / "gdb.json"
    plan = {
        "here": str(HERE),
        "build": str(args.build),
        "mib": args.mib,
        "runs": args.runs,
        "folder": str(folder),
        "out": str(out),
        "dirtied": [0, 1000] if args.quick else DIRTIED,
        "parts": parts,
    }
    said = run_gdb(words, plan, args.patience)
    if not out.exists():
        raise SystemExit(f"{words} has measured nothing:\n{said}")
    found: dict[str, Any] = json.loads(out.read_text())
    out.unlink()
    return found


def why_not_criu() -> str:
    """Empty if it can be measured."""
    criu = shutil.which("criu")
    if not criu:
        return "not installed"
    checked = subprocess.run([criu, "check"], capture_output=True, text=True)
    lines = (checked.stdout + checked.stderr).strip().splitlines()
    return f"'criu check' says: {lines[-1]}" if checked.returncode else ""


def criu(args: argparse.Namespace, folder: Path) -> list[float]:
    """Dumps of the same program; by CRIU's own clock, without its start."""
    program = args.build / "testsuite" / "bench" / "load"
    samples = []
    with subprocess.Popen(
        [program, str(args.mib), "1"], start_new_session=True, stdin=subprocess.DEVNULL
    ) as process:
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
        for _ in range(args.runs):
            images = folder / "criu"
            images.mkdir()
            run(
                ["criu", "dump", "-t", process.pid, "-D", images, "--leave-stopped"]
                + ["--shell-job", "--display-stats"]
            )
            stats = run(["crit", "show", images / "stats-dump"])
            dump = json.loads(stats)["entries"][0]["dump"]
            samples.append((dump["freezing_time"] + dump["frozen_time"]) / 1e6)
            shutil.rmtree(images)
        process.kill()
    return samples


def measure(args: argparse.Namespace) -> dict[str, Any]:
    programs = args.build / "testsuite" / "bench"
    quick = ["--quick"] if args.quick else []
    found: dict[str, Any] = {"machine": machine(), "mib": args.mib, "runs": args.runs}
    say("floors")
    found["floor"] = json.loads(run([programs / "floor", args.mib, 1000, args.runs]))
    big = str(4 * args.mib)
    if not args.quick:
        found["floor_4x"] = json.loads(run([programs / "floor", big, 1000, args.runs]))
    with tempfile.TemporaryDirectory(dir=args.build, prefix="bench-") as name:
        folder = Path(name)
        say("in GDB: ours, gcore, checkpoint, restart")
        other = shlex.split(args.checkpoint_gdb or "")
        parts = ["first_save", "dirty", "images"]
        both = [] if other else ["checkpoints"]
        parts += [*both, "revivals"]
        found["in_gdb"] = in_gdb(args, folder, [args.gdb], parts)
        if other:
            more = in_gdb(args, folder, other, ["checkpoints"])
            found["in_gdb"]["checkpoints"] = more["checkpoints"]
            found["in_gdb"]["problems"].update(more["problems"])
        found["no_criu"] = why_not_criu()
        if not found["no_criu"]:
            say("CRIU")
            found["criu"] = criu(args, folder)
        say("without GDB")
        found["bare"] = json.loads(
            run(
                [sys.executable, HERE / "bare.py", args.build, args.mib, args.runs]
                + quick
            )
        )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gdb", default="gdb")
    parser.add_argument("--build", type=Path, default=Path.cwd())
    parser.add_argument("--mib", type=int, default=1024, help="resident size")
    parser.add_argument("--runs", type=int, default=11, help="of each measure")
    parser.add_argument("--patience", type=float, default=1800, help="seconds for GDB")
    parser.add_argument(
        "--checkpoint-gdb",
        metavar="COMMAND",
        help="another GDB for `checkpoint`: GDB 13 cannot call fork() where the CPU has"
        " AMX",
    )
    parser.add_argument("--quick", action="store_true", help="no curves, no 4 GiB")
    parser.add_argument("--from", dest="source", type=Path, help="a bench.json: no run")
    args = parser.parse_args()
    if args.source:
        found = json.loads(args.source.read_text())
    else:
        found = measure(args)
        (args.build / "bench.json").write_text(json.dumps(found, indent=1) + "\n")
    text = report.text(found)
    (args.build / "bench.txt").write_text(text)
    (args.build / "bench.svg").write_text(plot.svg(found))
    print(text, end="")


main()
