# SPDX-License-Identifier: GPL-3.0-or-later
"""The small tracer: whatever a program does, its threads stop and run together."""

import os
import signal
import subprocess
from pathlib import Path
from types import ModuleType

import pytest
from conftest import BUILD, Spawn

EVENTS = str(BUILD / "testsuite/plain/events.story")
USR1 = signal.SIGUSR1


def status(pid: int, tid: int, key: str) -> str:
    text = Path(f"/proc/{pid}/task/{tid}/status").read_text()
    (line,) = [line for line in text.splitlines() if line.startswith(key + ":")]
    return line.split(":", 1)[1].strip()


def states(pid: int) -> set[str]:
    tids = map(int, os.listdir(f"/proc/{pid}/task"))
    return {status(pid, tid, "State")[0] for tid in tids}


def test_spawn_stops_before_the_first_instruction(spawn: Spawn) -> None:
    pid = spawn("events", "exit")
    assert states(pid) == {"t"}
    assert status(pid, pid, "TracerPid") == str(os.getpid())


def test_run_until_tells_the_exit_status(snap: ModuleType, spawn: Spawn) -> None:
    pid = spawn("events", "exit")
    assert snap.run_until(pid, [USR1]) == -42
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_run_until_tells_of_a_deadly_signal(snap: ModuleType, spawn: Spawn) -> None:
    pid = spawn("events", "fault")
    assert snap.run_until(pid, [USR1]) == -(128 + signal.SIGSEGV)


def test_a_signal_found_is_not_passed_on(snap: ModuleType, spawn: Spawn) -> None:
    pid = spawn("events", "fault")
    assert snap.run_until(pid, [signal.SIGSEGV]) == signal.SIGSEGV
    assert snap.run_until(pid, [signal.SIGSEGV]) == signal.SIGSEGV


def test_all_threads_are_stopped_at_the_signal(snap: ModuleType, spawn: Spawn) -> None:
    pid = spawn("threads")
    assert snap.run_until(pid, [USR1]) == USR1
    assert len(os.listdir(f"/proc/{pid}/task")) == 9
    assert states(pid) == {"t"}


def test_threads_come_and_go(snap: ModuleType, spawn: Spawn) -> None:
    pid = spawn("events", "threads")
    assert snap.run_until(pid, [USR1]) == USR1
    assert os.listdir(f"/proc/{pid}/task") == [str(pid)]
    assert snap.run_until(pid, []) == -7


def test_a_thread_executes_another_program(snap: ModuleType, spawn: Spawn) -> None:
    pid = spawn("events", "exec")
    assert snap.run_until(pid, [USR1]) == -42


def test_the_leader_ends_before_its_threads(snap: ModuleType, spawn: Spawn) -> None:
    pid = spawn("events", "leader")
    assert snap.run_until(pid, [USR1]) == USR1
    assert states(pid) == {"Z", "t"}
    assert snap.run_until(pid, []) == -5


@pytest.mark.parametrize("how", ["fork", "vfork"])
def test_children_run_free(snap: ModuleType, spawn: Spawn, how: str) -> None:
    pid = spawn("events", how)
    assert snap.run_until(pid, [USR1]) == USR1
    assert snap.run_until(pid, []) == 0


def test_job_control_does_not_hang_it(snap: ModuleType, spawn: Spawn) -> None:
    pid = spawn("events", "stop")
    assert snap.run_until(pid, [USR1]) == USR1


def test_no_signal_is_lost_or_changed_by_stops(snap: ModuleType, spawn: Spawn) -> None:
    # GIVEN threads that send each other signals, all of which they count
    pid = spawn("events", "storm")

    # WHEN all are stopped again and again
    stops = 0
    while stops < 50:
        snap.resume(pid)
        snap.stop(pid)
        assert states(pid) == {"t"}
        stops += len(os.listdir(f"/proc/{pid}/task")) > 1

    # THEN the program has got every one of them
    assert snap.run_until(pid, [USR1]) == 0


def test_a_chorus_is_told_one_by_one(snap: ModuleType, spawn: Spawn) -> None:
    pid = spawn("events", "chorus")
    assert [snap.run_until(pid, [USR1]) for _ in range(7)] == [USR1] * 6 + [0]


def test_attach_stops_every_thread_and_detach_frees_it(
    snap: ModuleType, spawn: Spawn
) -> None:
    # GIVEN a program with threads, nobody's
    pid = spawn("threads")
    assert snap.run_until(pid, [USR1]) == USR1
    snap.detach(pid)

    # WHEN it is attached to while it runs
    snap.attach(pid)

    # THEN it stands, and goes on to its next signal
    assert states(pid) == {"t"}
    assert snap.run_until(pid, [signal.SIGUSR2]) == signal.SIGUSR2
    assert snap.run_until(pid, []) == 0


def test_attach_to_a_stopped_job(snap: ModuleType) -> None:
    # GIVEN a program that stopped itself, somebody else's child
    script = f"{EVENTS} stop & echo $!; wait $!; echo $?"
    with subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE) as shell:
        assert shell.stdout
        pid = int(shell.stdout.readline())
        while states(pid) != {"T"}:
            os.sched_yield()

        # WHEN it is attached to
        snap.attach(pid)

        # THEN it can be run and killed, and its parent learns of it
        assert snap.run_until(pid, [USR1]) == USR1
        snap.kill(pid)
        assert int(shell.stdout.readline()) == 128 + signal.SIGKILL


def test_kill_leaves_nothing(snap: ModuleType, spawn: Spawn) -> None:
    pid = spawn("threads")
    assert snap.run_until(pid, [USR1]) == USR1
    snap.kill(pid)
    assert not os.path.exists(f"/proc/{pid}")


def test_control_c_ends_the_wait_and_the_process_stands(
    snap: ModuleType, spawn: Spawn
) -> None:
    # GIVEN a program that never ends, and a Control-C that comes while it runs
    pid = spawn("events", "spin")
    previous = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, 0.05)

    # WHEN it runs
    try:
        with pytest.raises(KeyboardInterrupt):
            snap.run_until(pid, [USR1])
    finally:
        signal.signal(signal.SIGALRM, previous)

    # THEN it is stopped, and still ours
    assert states(pid) == {"t"}
    snap.kill(pid)


def test_other_children_keep_their_statuses(snap: ModuleType, spawn: Spawn) -> None:
    # GIVEN a child of ours that has ended with a status nobody has asked for
    child = subprocess.Popen([EVENTS, "exit"])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)

    # WHEN the tracer waits for a process of its own
    pid = spawn("events", "threads")
    assert snap.run_until(pid, []) == -(128 + USR1)

    # THEN the status is still there
    assert child.wait() == 42


@pytest.mark.parametrize("verb", ["run_until", "resume", "stop", "detach", "kill"])
def test_a_process_that_is_not_ours_is_refused(snap: ModuleType, verb: str) -> None:
    arguments = [[]] if verb == "run_until" else []
    with pytest.raises(snap.InvalidRequest, match=f"process {os.getpid()} "):
        getattr(snap, verb)(os.getpid(), *arguments)


def test_a_program_that_is_not_there(snap: ModuleType) -> None:
    with pytest.raises(snap.SystemFailure, match="/no/such: No such file") as raised:
        snap.spawn(["/no/such"])
    assert raised.value.errno == 2


def test_attach_says_what_to_do_when_it_may_not(snap: ModuleType, spawn: Spawn) -> None:
    # GIVEN a process that has a tracer already: us
    pid = spawn("events", "spin")

    # WHEN it is attached to again
    with pytest.raises(snap.SystemFailure, match="cannot attach to thread") as raised:
        snap.attach(pid)

    # THEN there is advice, and the first tracer still has it
    assert "debugger" in raised.value.remedy
    snap.kill(pid)


@pytest.mark.parametrize("argv", [[], ["a\0b"], [3], 4])
def test_bad_argv_is_refused(snap: ModuleType, argv: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        snap.spawn(argv)


@pytest.mark.parametrize("signals", [[0], [65], ["INT"], 9])
def test_bad_signals_are_refused(
    snap: ModuleType, spawn: Spawn, signals: object
) -> None:
    pid = spawn("events", "spin")
    with pytest.raises((ValueError, TypeError)):
        snap.run_until(pid, signals)
