# SPDX-License-Identifier: GPL-3.0-or-later
"""Mappings that come, go, move and change their size are where they were."""


def test_a_mapping_made_since_is_removed(rewind):
    rewind("places", "created")


def test_a_place_that_was_free_is_free(rewind):
    rewind("places", "taken")


def test_memory_that_was_unmapped_is_back(rewind):
    rewind("places", "gone")


def test_memory_that_was_moved_is_where_it_was(rewind):
    rewind("places", "moved")


def test_a_mapping_that_was_split_is_whole(rewind):
    rewind("places", "split")


def test_a_hole_that_was_filled_is_a_hole(rewind):
    rewind("places", "hole")


def test_a_mapping_that_has_grown_is_as_long_as_it_was(rewind):
    rewind("places", "grown")


def test_a_mapping_that_has_shrunk_is_as_long_as_it_was(rewind):
    rewind("places", "shrunk")


def test_protections_are_what_they_were(rewind):
    rewind("places", "protection")


def test_memory_that_could_not_be_read_is_back(rewind):
    rewind("places", "hidden")


def test_a_file_with_an_odd_name_is_mapped_again(rewind):
    rewind("places", "file")


def test_the_heap_ends_where_it_did(rewind):
    rewind("places", "heap-up")


def test_a_heap_that_has_shrunk_is_whole_again(rewind):
    rewind("places", "heap-down")


def test_a_stack_that_has_grown_is_as_small_as_it_was(rewind):
    rewind("places", "stack")


def test_a_stack_that_is_gone_grows_again(rewind):
    rewind("places", "stack-gone")


def test_terabytes_that_were_only_reserved_cost_nothing(rewind):
    rewind("places", "giant")


def test_a_limit_of_the_address_space_is_no_hindrance(rewind):
    rewind("places", "limit")


def test_a_file_that_was_replaced_is_refused_before_anything(gdb, target):
    # GIVEN a snapshot of a program that has a file mapped
    gdb.run(target("places"), until="saved", arguments="unlinked")
    gdb("snapshot save")

    # WHEN another file has its name
    gdb.go(until="changed")
    before = gdb.picture()
    complaint = gdb.refuses("snapshot restore")

    # THEN it is refused in one line that names it, and nothing has changed
    assert r"odd name\nof two lines (deleted) is another one" in complaint
    assert gdb.picture() == before
    assert gdb.finish_program() == 0
