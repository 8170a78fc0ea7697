# SPDX-License-Identifier: GPL-3.0-or-later
"""Sourced in GDB: what the commands make of damaged images."""

import hashlib

import gdb

KERNELS = ()
"""Registers with bits of the kernel's own: Cpu.kernels, which the story sets."""


def registers():
    """Those of the program, as text."""
    lines = gdb.execute("info registers", to_string=True).splitlines()
    return [line for line in lines if line.split()[0] not in KERNELS]


def state():
    """Everything of the inferior that a damaged image could spoil."""
    pid = gdb.selected_inferior().pid
    memory = hashlib.sha256()
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb") as mem:
        layout = maps.read()
        for line in layout.splitlines():
            bounds, access = line.split()[:2]
            start, end = (int(word, 16) for word in bounds.split("-"))
            if access.startswith("rw"):
                mem.seek(start)
                memory.update(mem.read(end - start))
    return (
        registers(),
        gdb.execute("info vector", to_string=True),
        layout,
        memory.hexdigest(),
    )


def complaint(command):
    """What a command complains of; None when it is content."""
    try:
        gdb.execute(command, to_string=True)
    except gdb.error as problem:
        return str(problem)
    return None


def try_image(path, then, now):
    """Import, show and restore an image; what is wrong with how that went."""
    wrong = []
    for command in ("import %s damaged", "show %s", "restore %s"):
        said = complaint("snapshot " + command % path)
        if said is not None and (not said.strip() or "Python" in said):
            wrong.append(f"{command}: {said}")
    restored = said is None
    if state() != (then if restored else now):
        wrong.append("restored, and wrong" if restored else "refused, and touched")
    if restored:
        complaint("snapshot restore now")
        if state() != now:
            wrong.append("there was no way back")
    complaint("snapshot delete damaged")
    return restored, wrong


def try_all(path, changed, variants, then, now):
    """Try variants (offset, mask) of an image; mask 0 cuts it there."""
    with open(path, "rb") as file:
        image = file.read()
    restored, problems = 0, []
    for offset, mask in variants:
        damaged = bytearray(image if mask else image[:offset])
        if mask:
            damaged[offset] ^= mask
        with open(changed, "wb") as file:
            file.write(damaged)
        good, wrong = try_image(changed, then, now)
        restored += good
        problems += [f"byte {offset} mask {mask}: {text}" for text in wrong]
    return {"tried": len(variants), "restored": restored, "problems": problems[:20]}
