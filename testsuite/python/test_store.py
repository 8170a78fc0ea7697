# SPDX-License-Identifier: GPL-3.0-or-later
"""The session's snapshots."""

import pytest
from gdbsnapshot.problem import Problem
from gdbsnapshot.store import Store
from samples import entry


def store_of(*entries):
    store = Store()
    for each in entries:
        store.add(each)
    return store


def test_snapshots_are_in_the_order_of_time():
    # GIVEN an old snapshot that comes last, as an import does
    store = store_of(entry("new", time=20), entry("old", time=10))

    # THEN it stands first, and the newest is the newest
    assert store.names() == ["old", "new"]
    assert store.newest().name == "new"


def test_the_newest_of_a_process_is_its_own():
    # GIVEN two processes, the later one's snapshot newer
    store = store_of(entry("mine", time=10, pid=1), entry("other", time=20, pid=2))

    # THEN each has its own newest, and a third has none
    assert store.newest(1).name == "mine"
    assert store.newest(2).name == "other"
    assert store.newest(3) is None


def test_of_one_instant_the_last_added_is_the_newest():
    store = store_of(entry("a", time=10), entry("b", time=10))
    assert store.newest().name == "b"


def test_names_that_are_given_out_are_not_given_out_again():
    # GIVEN s1 to s3, of which the last was deleted
    store = Store()
    for _ in range(3):
        store.add(entry(store.new_name()))
    store.delete("s3")

    # THEN the next is s4: a note of the user's about s3 stays true
    assert store.new_name() == "s4"


def test_a_name_that_the_user_took_is_left_out():
    store = store_of(entry("s1"))
    assert store.new_name() == "s2"


def test_words_that_begin_like_given_out_names_do_not_count():
    store = store_of(entry("s1x"), entry("start"))
    assert store.new_name() == "s1"


def test_a_name_is_used_once():
    # GIVEN a snapshot named a
    first = entry("a")
    store = store_of(first)

    # WHEN another wants the name
    with pytest.raises(Problem, match="named 'a' already.*snapshot delete a"):
        store.add(entry("a"))

    # THEN the first is still there
    assert store.get("a") is first


def test_deleting_is_all_or_nothing():
    # GIVEN two snapshots
    store = store_of(entry("a"), entry("b"))

    # WHEN one of the names to delete is wrong
    with pytest.raises(Problem, match="no snapshot named 'c'"):
        store.delete("a", "c")

    # THEN both are there; and a name said twice is deleted once
    assert store.names() == ["a", "b"]
    assert [gone.name for gone in store.delete("a", "a")] == ["a"]
    assert store.names() == ["b"]


def test_each_process_has_its_current_snapshot():
    # GIVEN two processes, each last saved
    one, two = entry("one", pid=1), entry("two", pid=2)
    store = store_of(one, two)
    store.set_current(one)
    store.set_current(two)

    # WHEN the snapshot of one is deleted
    store.delete("one")

    # THEN only the other has a current one, also when the name is used anew
    store.add(entry("one", pid=1))
    assert store.current(1) is None
    assert store.current(2) is two
    assert store.is_current(two)


def test_the_oldest_without_a_name_is_the_first_to_go():
    # GIVEN one that the user has named, and three that have no name
    store = store_of(
        entry("mine", time=1), *(entry(f"s{i}", time=i) for i in (2, 3, 4))
    )
    for each in store:
        each.is_named = each.name == "mine"

    # THEN they go one by one, the one that is needed stays
    assert store.first_to_go("s4") == "s2"
    store.delete("s2", "s3")
    assert store.first_to_go("s4") is None
    assert store.first_to_go() == "s4"
