# SPDX-License-Identifier: GPL-3.0-or-later
"""Drive GDB as a front-end does, over its machine interface (MI)."""

import re
from pathlib import Path
from typing import Optional, Sequence

from gdbdriver import OPTIONS, Debugger, Failed


class MiGdb(Debugger):
    """GDB/MI.  Call it with a command to get its result record."""

    farewell = "-gdb-exit"

    def __init__(self, argv: Sequence[str], folder: Path, timeout: float) -> None:
        super().__init__(argv, folder, timeout)
        self._token = 0
        self.records: list[str] = []
        for option in OPTIONS:
            self(f"-gdb-{option}")

    def ask(self, command: str, timeout: Optional[float] = None) -> str:
        """Give a command; its result record without the token."""
        self._token += 1
        self.write(f"{self._token}{command}")
        text = self.read_until(rf"(?m)^{self._token}\^.*\n", timeout)
        lines = text.splitlines()
        self.records += lines
        result = lines[-1][len(str(self._token)) :]
        if "Traceback" in text or "Python Exception" in text:
            raise Failed(f"{command}: {text}")
        return result

    def __call__(self, command: str, timeout: Optional[float] = None) -> str:
        """Give a command that must succeed."""
        result = self.ask(command, timeout)
        if not re.match(r"\^(done|running|exit|connected)", result):
            raise Failed(f"{command}: {result}")
        return result

    def wait(self, pattern: str, timeout: Optional[float] = None) -> str:
        """Wait for an asynchronous record; the record."""
        for number, line in enumerate(self.records):
            if re.match(pattern, line):
                del self.records[: number + 1]
                return line
        text = self.read_until(rf"(?m)^(?:{pattern}).*\n", timeout)
        self.records.clear()
        return text.splitlines()[-1]
