# SPDX-License-Identifier: GPL-3.0-or-later
"""Sourced in GDB by the stories: the inferior as GDB shows it, as a plain value."""

import gdb


def look_frames():
    """Function names and addresses from the selected frame outwards."""
    frames, frame = [], gdb.newest_frame()
    while frame is not None and len(frames) < 50:
        frames.append([frame.pc(), frame.name()])
        frame = frame.older()
    return frames


def look_text(value):
    """A value in full; of a vector register's many views the last, whole one."""
    if value.type.strip_typedefs().code == gdb.TYPE_CODE_UNION:
        value = value[value.type.strip_typedefs().fields()[-1]]
    return value.format_string(format="x", max_elements=0, repeat_threshold=0)


def look_registers():
    """Every register that GDB knows, as text."""
    frame = gdb.newest_frame()
    found = {}
    for register in frame.architecture().registers():
        try:
            found[register.name] = look_text(frame.read_register(register))
        except gdb.error as problem:
            found[register.name] = str(problem)
    return found


def look():
    """Every thread by its LWP; the selected thread and frame are the same after."""
    selected, frame = gdb.selected_thread(), gdb.selected_frame()
    found = {}
    for thread in gdb.selected_inferior().threads():
        thread.switch()
        found[thread.ptid[1]] = {
            "frames": look_frames(),
            "registers": look_registers(),
        }
    selected.switch()
    frame.select()
    return found
