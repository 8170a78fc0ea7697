# SPDX-License-Identifier: GPL-3.0-or-later
"""Bugs that a person finds with nothing but what GDB says.

Each command is made of the session so far; no story knows more of the program than its
source and what is wrong with its answer.
"""

import re

from marks import needs_watchpoints


def said_between(said):
    """The two snapshots that `snapshot when` names last."""
    match = re.search(r"last (?:became true )?between (\S+) and (\S+?)[:.]", said)
    assert match, said
    return match[1], match[2]


@needs_watchpoints
def test_a_use_after_free_is_found_by_the_last_write(gdb, target):
    # GIVEN a client that prints 42, and then something else
    gdb.load(target("freed"))
    gdb("set snapshot auto on")
    gdb("break answer")
    gdb.start()
    good = gdb("print entry->value")
    gdb("continue")
    bad = gdb("print entry->value")
    assert good.split()[-1] == "42" and bad.split()[-1] != "42"

    # WHEN the person asks who wrote that
    said = gdb("snapshot last-write entry->value")

    # THEN it is one who knows nothing of entries
    assert "42 became" in said
    frames = gdb("backtrace")
    assert "render_page (" in frames
    assert "answer (" not in frames

    # and the way back is said, too
    back = re.search(r"'(snapshot restore \S+)' goes back", said)
    gdb(back[1])
    assert gdb("print entry->value").split()[-1] == bad.split()[-1]
    assert gdb.finish_program() == 0


def test_a_data_race_is_shown_by_undo_and_another_order(gdb, target):
    # GIVEN a pool that lost a deposit; the workers stop where they make one
    gdb.load(target("lost"))
    gdb("set snapshot auto on")
    gdb("break deposit")
    gdb.start()
    one = gdb.value("$_thread")
    other = 5 - one
    gdb("set scheduler-locking on")

    def deposit_until(thread, text):
        """Let one worker alone go on to a line."""
        gdb(f"thread {thread}")
        for _ in range(30):
            if text in gdb("frame"):
                return 0
            gdb("next")
        raise AssertionError(text)

    gdb(f"thread {other}")
    gdb("continue")
    begin = gdb("snapshot list")
    (now,) = re.findall(r"(?m)^\* +(\S+)", begin)

    # WHEN one reads, the other deposits, and the first writes
    deposit_until(one, "balance = seen + amount")
    deposit_until(other, "pthread_mutex_unlock")
    deposit_until(one, "pthread_mutex_unlock")
    assert gdb.value("balance") == 10
    lost = re.findall(r"(?m)^\* +(\S+)", gdb("snapshot list"))[0]

    # and the person undoes all of that, and lets them do it one after the other
    steps = int(lost) - int(now)
    gdb(f"snapshot undo {steps}")
    assert gdb.value("balance") == 0
    deposit_until(one, "pthread_mutex_unlock")
    deposit_until(other, "pthread_mutex_unlock")

    # THEN it is right: the order makes the difference, and the locks are two
    assert gdb.value("balance") == 20
    said = gdb("snapshot when balance")
    assert said_between(said)
    locks = {
        gdb(f"snapshot print {name} &self->lock").split()[-2] for name in (lost, now)
    }
    assert locks
    gdb("set scheduler-locking off")
    gdb("set snapshot auto off")
    assert gdb.finish_program() == 0


def test_a_wrong_value_is_found_by_when(gdb, target):
    # GIVEN a total that is too small
    gdb.load(target("orders"))
    gdb("set snapshot auto on")
    gdb("break book")
    gdb("break report")
    gdb.start()
    while "report ()" not in gdb("continue"):
        pass
    assert gdb.value("ledger.total") == 630

    # WHEN the person asks when an order made it smaller
    said = gdb("snapshot when ledger.last.amount < 0 -true")
    before, after = said_between(said.replace("First true", "last"))

    # THEN the order is the one that was booked in between
    assert "dan" in gdb(f"snapshot print {after} ledger.last.customer")
    assert "percent_off = 150" in gdb(f"snapshot print {before} *order")
    assert "= 150" in gdb(f"snapshot print {before} -pretty -- *order")
    assert "-500" in gdb(f"snapshot print {after} ledger.last.amount")

    # and it can be looked at in the act
    gdb(f"snapshot restore {before}")
    gdb("next")
    gdb("next")
    assert gdb.value("order->percent_off") == 150
    gdb("set snapshot auto off")
    assert gdb.finish_program() == 0


def test_an_overshot_next_is_found_by_undo(gdb, target):
    # GIVEN a person who steps over where the value goes wrong
    gdb.load(target("freed"))
    gdb("set snapshot auto on")
    gdb.begin("main")
    while "CHECK" not in gdb("next"):
        pass
    assert gdb.value("client->value") != 42

    # WHEN the steps are undone until it is right
    gdb("snapshot undo")
    while gdb.value("client->value") != 42:
        gdb("snapshot undo")

    # THEN a `step` where `next` was typed goes into who does it
    assert re.search(r"evict\(\)|render_page\(3\)", gdb("frame"))
    assert re.search(r"(evict|render_page) \(", gdb("step"))
    gdb("set snapshot auto off")
    assert gdb.finish_program() == 0
