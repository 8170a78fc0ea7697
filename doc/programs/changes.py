# SPDX-License-Identifier: GPL-3.0-or-later
"""Which letters have been counted after each word?"""

import gdb
import gdbsnapshot


def letters() -> str:
    counts = gdb.parse_and_eval("tally")
    return "".join(chr(ord("a") + i) for i in range(26) if int(counts[i]))


gdb.execute("break count")
gdb.execute("run")
start = gdbsnapshot.save("start", note="nothing is counted yet")
for word in ("Snow", "crane"):
    gdb.execute("finish", to_string=True)
    print(f"{word}: {letters()}")
    gdb.execute("continue", to_string=True)

entry, report = gdbsnapshot.restore(start.name)
print(f"back at {entry.name} ({entry.note}): '{letters()}'")
try:
    gdbsnapshot.restore("begin")
except gdbsnapshot.Problem as problem:
    print(problem)
