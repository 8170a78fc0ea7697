# SPDX-License-Identifier: GPL-3.0-or-later
"""Run by GDB: what it knows of ours, as JSON, on the last line that it prints."""

import json
import re

import gdb
import gdbsnapshot
from gdbsnapshot.commands import COMMANDS, PREFIXES, mi


def words_behind(prefix: str) -> list[str]:
    """The commands that GDB lists in its help on a prefix."""
    found = gdb.execute(f"help {prefix}", to_string=True)
    return re.findall(rf"^({prefix} \S+)(?:,| --)", found, re.M)


COMMAND_PREFIXES = [prefix.name for prefix in PREFIXES]
commands = [name for prefix in COMMAND_PREFIXES for name in words_behind(prefix)]
commands += [name for name in words_behind("info") if "snapshot" in name]
print(
    json.dumps(
        {
            "commands": commands,
            "settings": [name[4:] for name in words_behind("set snapshot")],
            "shown": [name[5:] for name in words_behind("show snapshot")],
            "options": {
                command.name: command.parser.option_strings()
                for command in (each() for each in COMMANDS)
            },
            "mi": ["-" + name.replace(" ", "-") for name in mi._RUN],
            "python": list(gdbsnapshot.__all__),
        }
    )
)
