# SPDX-License-Identifier: GPL-3.0-or-later
"""The tree of snapshots, counted in resumptions."""

import pytest
from gdbsnapshot.problem import Problem
from gdbsnapshot.timeline import Timeline

PID = 7


def walked(*names):
    """A process that was saved at each stop."""
    timeline = Timeline()
    for number, name in enumerate(names):
        if number:
            timeline.resumed(PID)
        timeline.mark(PID, name)
    return timeline


def tree(timeline):
    return [(row.name, row.depth) for row in timeline.rows()]


def test_back_and_forward_count_resumptions():
    timeline = walked("a", "b", "c", "d")
    assert timeline.back(PID, 1) == "c"
    assert timeline.back(PID, 3) == "a"
    timeline.arrive(PID, "a")
    assert timeline.forward(PID, 1) == "b"
    assert timeline.forward(PID, 3) == "d"


def test_of_two_at_one_stop_the_nearer_is_meant():
    # GIVEN a stop that was saved twice, the second time with a change of the user's
    timeline = walked("a", "b")
    timeline.changed(PID)
    timeline.mark(PID, "b-changed")
    timeline.resumed(PID)
    timeline.mark(PID, "c")

    # THEN one back is the change, and one forward from the first goes there, too
    assert timeline.back(PID, 1) == "b-changed"
    assert timeline.back(PID, 2) == "a"
    timeline.arrive(PID, "a")
    assert timeline.forward(PID, 1) == "b-changed"


def test_a_stop_without_a_snapshot_is_refused_with_the_nearest():
    # GIVEN stops of which every third was saved
    timeline = walked("a")
    for name in ("d", "g"):
        for _ in range(3):
            timeline.resumed(PID)
        timeline.mark(PID, name)

    # THEN those between are named, both ways
    with pytest.raises(Problem, match="'d': use 'snapshot undo 3'"):
        timeline.back(PID, 2)
    assert timeline.back(PID, 6) == "a"
    timeline.arrive(PID, "a")
    with pytest.raises(Problem, match="'d': use 'snapshot redo 3'"):
        timeline.forward(PID, 1)


def test_before_the_first_one_the_way_to_it_is_told():
    timeline = walked("a", "b")
    with pytest.raises(Problem, match="'snapshot undo 1' for the first one, 'a'"):
        timeline.back(PID, 5)
    timeline.arrive(PID, "a")
    with pytest.raises(Problem, match="at the first one"):
        timeline.back(PID, 1)


def test_a_process_without_snapshots_is_told_so():
    with pytest.raises(Problem, match="no snapshot of process 7"):
        Timeline().back(PID, 1)


def test_going_on_elsewhere_makes_a_branch():
    # GIVEN a process that went back from c to a
    timeline = walked("a", "b", "c")
    timeline.arrive(PID, "a")

    # WHEN it runs on
    timeline.resumed(PID)
    timeline.mark(PID, "x")

    # THEN the old future is a branch, and there is nothing to redo
    assert tree(timeline) == [("a", 0), ("b", 1), ("c", 1), ("x", 0)]
    with pytest.raises(Problem, match="Nothing was undone"):
        timeline.forward(PID, 1)

    # and from the old future it is the other that is a branch
    timeline.arrive(PID, "c")
    timeline.resumed(PID)
    timeline.mark(PID, "d")
    assert tree(timeline) == [("a", 0), ("x", 1), ("b", 0), ("c", 0), ("d", 0)]
    assert timeline.back(PID, 3) == "a"


def test_redo_goes_where_undo_came_from():
    # GIVEN two futures of a
    timeline = walked("a", "b", "c")
    timeline.arrive(PID, "a")
    timeline.resumed(PID)
    timeline.mark(PID, "x")

    # WHEN the process goes to the end of the first one, and back
    timeline.arrive(PID, "c")
    timeline.arrive(PID, timeline.back(PID, 2))

    # THEN redo goes to the first one
    assert timeline.forward(PID, 2) == "c"


def test_who_has_gone_on_cannot_redo():
    timeline = walked("a", "b")
    timeline.arrive(PID, "a")
    timeline.resumed(PID)
    with pytest.raises(Problem, match="gone on"):
        timeline.forward(PID, 1)


def test_who_has_changed_something_cannot_redo():
    timeline = walked("a", "b")
    timeline.arrive(PID, "a")
    timeline.changed(PID)
    with pytest.raises(Problem, match="was changed"):
        timeline.forward(PID, 1)


def test_more_than_was_undone_cannot_be_redone():
    timeline = walked("a", "b")
    timeline.arrive(PID, "a")
    with pytest.raises(Problem, match="Only one resumption can be redone"):
        timeline.forward(PID, 2)


def test_what_is_left_keeps_its_distance():
    # GIVEN four, the process back at the second
    timeline = walked("a", "b", "c", "d")
    timeline.arrive(PID, "b")

    # WHEN the second is removed
    timeline.remove("b")

    # THEN the process is one after the first, and the third two
    assert timeline.back(PID, 1) == "a"
    timeline.arrive(PID, "a")
    assert timeline.forward(PID, 2) == "c"


def test_without_its_last_snapshot_a_process_has_no_place():
    timeline = walked("a")
    timeline.remove("a")
    assert timeline.present(PID) is None
    assert tree(timeline) == []


def test_names_can_change():
    timeline = walked("1", "2", "3")
    timeline.rename("2", "mine")
    assert timeline.back(PID, 1) == "mine"
    timeline.rename("3", "end")
    assert timeline.back(PID, 2) == "1"
    timeline.arrive(PID, "1")
    assert timeline.forward(PID, 1) == "mine"
    assert timeline.path(PID) == ["1"]


def test_two_processes_do_not_mix():
    timeline = walked("a", "b")
    timeline.mark(8, "other")
    timeline.resumed(8)
    assert timeline.back(8, 1) == "other"
    assert timeline.back(PID, 1) == "a"


def test_thinning_takes_the_old_ones_first_and_evenly():
    # GIVEN 33 in a row
    names = [str(number) for number in range(33)]
    timeline = walked(*names)

    # WHEN half of them go
    for _ in range(16):
        timeline.remove(timeline.thin(set(names)))

    # THEN every second one is left, from the first to the last
    assert list(timeline) == names[::2]

    # and then the gaps grow from the oldest on
    for _ in range(4):
        timeline.remove(timeline.thin(set(timeline)))
    assert list(timeline)[:5] == ["0", "4", "8", "12", "16"]
    assert list(timeline)[-2:] == ["30", "32"]


def test_thinning_leaves_what_is_no_candidate():
    timeline = walked("a", "b", "c", "d")
    assert timeline.thin({"c"}) == "c"
    assert timeline.thin(set()) is None


def test_ends_of_branches_go_last():
    # GIVEN a branch of one beside a line
    timeline = walked("a", "b")
    timeline.arrive(PID, "a")
    timeline.resumed(PID)
    timeline.mark(PID, "x")
    timeline.resumed(PID)
    timeline.mark(PID, "y")

    # THEN what lies between goes first, then the oldest end or beginning
    assert timeline.thin({"a", "b", "x", "y"}) == "x"
    timeline.remove("x")
    assert timeline.thin({"a", "b", "y"}) == "a"


def test_a_thousand_generations_are_no_recursion():
    timeline = walked(*map(str, range(3000)))
    assert len(timeline.rows()) == 3000
    assert timeline.back(PID, 2999) == "0"
