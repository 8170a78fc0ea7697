# SPDX-License-Identifier: GPL-3.0-or-later
"""Drive GDB as an editor does, over the Debug Adapter Protocol (GDB 14 and later)."""

import json
import re
from pathlib import Path
from typing import Any, Optional, Sequence

from gdbdriver import SCANDALS, Debugger, Failed

Message = dict[str, Any]


class DapGdb(Debugger):
    """GDB's own adapter.  Call it with a request to get the body of its response."""

    farewell = '{"seq": 0, "type": "request", "command": "disconnect"}'

    def __init__(self, argv: Sequence[str], folder: Path, timeout: float) -> None:
        super().__init__(argv, folder, timeout)
        self._seq = 0
        self.events: list[Message] = []

    def hello(self, **arguments: object) -> Message:
        """What an editor says first; what the adapter can do."""
        return self("initialize", **arguments)

    def send(self, line: str) -> None:
        super().send(f"Content-Length: {len(line) + 1}\r\n\r\n{line}")

    def _receive_message(self) -> Message:
        header = self.read_until(r"Content-Length: \d+\r\n\r\n")
        match = re.search(r"(\d+)\r\n\r\n$", header)
        assert match
        # All of it is ASCII: characters are bytes.
        size = int(match[1])
        text = self.read_until(rf"(?s)\A.{{{size}}}")
        message: Message = json.loads(text)
        return message

    def _next_message(self) -> Message:
        message = self._receive_message()
        if message["type"] == "event":
            self.events.append(message)
        return message

    def begin(self, command: str, **arguments: object) -> int:
        """Make a request that is answered later; its number."""
        self._seq += 1
        request = {
            "seq": self._seq,
            "type": "request",
            "command": command,
            "arguments": arguments,
        }
        self.write(json.dumps(request))
        return self._seq

    def ask(self, command: str, **arguments: object) -> Message:
        """Make a request; its whole response."""
        seq = self.begin(command, **arguments)
        while True:
            message = self._next_message()
            if message["type"] == "response" and message["request_seq"] == seq:
                return message

    def __call__(self, command: str, **arguments: object) -> Message:
        """Make a request that must succeed; the body of its response."""
        response = self.ask(command, **arguments)
        if not response["success"]:
            raise Failed(f"{command}: {response.get('message')}")
        body: Message = response.get("body") or {}
        return body

    def repl(self, line: str) -> str:
        """What the user types into the editor's debug console."""
        said = str(self("evaluate", expression=line, context="repl")["result"])
        for scandal in SCANDALS:
            if scandal in said:
                raise Failed(f"{line}: {said}")
        return said

    def wait(self, event: str, **body: object) -> Message:
        """Wait for an event with these things in its body; the body."""
        seen = 0
        while True:
            for message in self.events[seen:]:
                seen += 1
                found: Message = message.get("body") or {}
                if message["event"] == event and body.items() <= found.items():
                    del self.events[:seen]
                    return found
            self._next_message()

    def frame(self, thread: Optional[int] = None) -> Message:
        """The innermost frame of a thread."""
        threads = self("threads")["threads"]
        frames = self("stackTrace", threadId=thread or threads[0]["id"])["stackFrames"]
        innermost: Message = frames[0]
        return innermost
