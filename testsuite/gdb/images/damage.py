"""Sourced in GDB: what the commands make of damaged images."""

import gdb


def state():
    """What of the inferior a damaged image could spoil."""
    inferior, frame = gdb.selected_inferior(), gdb.newest_frame()
    sp = int(frame.read_register("sp"))
    block = gdb.lookup_static_symbol("block") or gdb.lookup_global_symbol("block")
    address = int(block.value().address)
    return (
        gdb.execute("info registers", to_string=True),
        bytes(inferior.read_memory(address, 64)),
        int(gdb.parse_and_eval("ticks")),
        bytes(inferior.read_memory(sp, 256)),
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
