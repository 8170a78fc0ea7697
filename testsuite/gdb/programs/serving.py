# SPDX-License-Identifier: GPL-3.0-or-later
"""A server of the distribution in GDB, and the clients in the story that talk to it."""

import os
import shlex
import shutil
import signal
import socket
from pathlib import Path

import pytest
from gdbdriver import ARRIVED, TIMEOUT
from sessions import WRAP, LazyGdb

PORT = 20080


def loopback() -> str:
    """A loopback address that no other story has: the whole of 127/8 is loopback."""
    high, middle, low = os.getpid().to_bytes(3, "big")
    return f"127.{64 + high}.{middle}.{low}"


class Client:
    """A connection to the server. It is outside: nothing rewinds it."""

    def __init__(self, address: str) -> None:
        self.socket = socket.create_connection((address, PORT), TIMEOUT)
        self.stream = self.socket.makefile("rb")

    def send(self, text: str) -> None:
        self.socket.sendall(text.encode())

    def line(self) -> str:
        """The next line of what it answers; "" when it has hung up."""
        return self.stream.readline().decode().rstrip("\r\n")

    def bytes(self, size: int) -> bytes:
        return self.stream.read(size)

    def ask(self, text: str) -> str:
        """Send a line; the first one of the answer."""
        self.send(f"{text}\r\n")
        return self.line()

    def close(self) -> None:
        self.stream.close()
        self.socket.close()


class Server:
    """One server, which runs in the background of its GDB when it is not stopped."""

    def __init__(self, gdb: LazyGdb, folder: Path) -> None:
        self.gdb = gdb
        self.folder = folder
        self.address = loopback()
        self.clients: list[Client] = []

    def find(self, name: str) -> str:
        """Where a program is; the story is skipped where it is not installed."""
        path = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
        if not path or WRAP:
            pytest.skip(f"{name} is not installed, or behind a wrap")
        return path

    def start(self, program: str, *arguments: str) -> None:
        """Run it until it is about to wait for its first client."""
        self.gdb.load(program)
        self.gdb("set breakpoint pending on")
        self.gdb.begin("epoll_wait", arguments=shlex.join(arguments))

    def connect(self) -> Client:
        client = Client(self.address)
        self.clients.append(client)
        return client

    def go_on(self) -> None:
        """Let it serve; what follows is said by clients."""
        self.gdb("continue &")

    def stop_idle(self) -> None:
        """Stop it while its main thread waits for something to do."""
        while True:
            self.gdb.write("interrupt")
            self.gdb.read_until("received signal SIGINT")
            self.gdb("thread 1")
            if "epoll_wait" in self.gdb("backtrace 5"):
                return
            self.go_on()

    def go_until(self, place: str) -> None:
        """Let it serve until it comes to a place; arrived() waits for that."""
        self.gdb(f"tbreak {place}")
        self.go_on()

    def arrived(self) -> None:
        self.gdb.read_until(ARRIVED)

    def ends(self) -> None:
        """Let the stopped server go on, and ask it to end, as an administrator does."""
        self.gdb("delete breakpoints")
        self.gdb("handle SIGTERM nostop noprint pass")
        pid = self.gdb.inferior
        self.go_on()
        os.kill(pid, signal.SIGTERM)
        # In the background: where the main thread is gone before the others, GDB 13 may
        # think that its command is done, and answer too early.
        self.gdb.read_until(r"exited normally\]")
