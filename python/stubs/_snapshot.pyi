# SPDX-License-Identifier: GPL-3.0-or-later
"""The C core, as Python sees it.

Knows nothing of GDB: it works under plain python3 on a process that the calling
thread traces.  All calls come from that thread.  Nothing here prints.
"""

from typing import Callable, Iterable, Optional, Sequence, TypedDict

class Error(Exception):
    """Something the core could not do.  str() is one sentence."""

    remedy: Optional[str]
    """What the user can do about it, one sentence, or None."""
    errno: int
    """errno of the system call that failed, or 0."""

# One class for each row of core/base/errors.def.
class NoMemory(Error): ...
class SystemFailure(Error): ...
class InvalidRequest(Error): ...
class Refused(Error): ...
class Unsupported(Error): ...
class Corrupt(Error): ...
class Gone(Error): ...
class Mismatch(Error): ...
class Interrupted(Error): ...
class UndoFailed(Error): ...

Progress = Callable[[str, int, int], bool]
"""Called as progress(phase, done, total), bytes; returns False to stop the command.
An exception (KeyboardInterrupt) stops it too and is passed on."""

Patch = tuple[int, bytes]
"""Bytes in the inferior that are the debugger's (a breakpoint): the address and what
the program had there, at most 16 bytes."""

class Register(TypedDict):
    name: str
    group: str  # "general", "float", "vector", "system"
    format: str  # "uint", "address", "flags", "float", "vector"
    value: bytes  # lowest byte first; its length is the register's size

class Thread(TypedDict):
    tid: int
    comm: str
    pc: int
    sp: int
    stop_signal: int  # 0: none
    siginfo: Optional[bytes]
    interrupted_syscall: int  # -1: none
    sigmask: Optional[int]
    altstack: Optional[tuple[int, int, int]]  # sp, size, flags
    rseq: Optional[tuple[int, int, int, int]]  # address, size, signature, flags
    robust_list: Optional[tuple[int, int]]  # head, length
    tid_address: Optional[int]
    regsets: dict[str, int]  # name: size in bytes, those that are there

class Mapping(TypedDict):
    start: int
    end: int
    prot: str  # "rwxp", "r--s", as /proc/PID/maps has it
    offset: int
    name: str
    contents: str  # "none", "zero", "file", "shared": see core/model/vma.h
    held: int  # bytes of it that the snapshot holds
    build_id: Optional[str]
    flags: list[str]  # two-letter VmFlags that were recorded

class Frame(TypedDict):
    pc: int
    function: Optional[str]
    function_offset: int
    file: Optional[str]
    line: int  # 0: not known
    module: Optional[str]

class Backtrace(TypedDict):
    frames: list[Frame]
    end_reason: Optional[str]

class ProcessState(TypedDict):
    brk: int  # 0: could not be asked
    ppid: int
    pgid: int
    sid: int
    folder: Optional[str]
    limits: dict[str, tuple[int, int]]  # "NOFILE": soft and hard; -1: unlimited
    attributes: dict[str, int]  # by the keys of core/model/attributes.def

class ProcessThreadState(TypedDict):
    name: str
    cpus: Optional[str]  # "0-3,8"
    groups: Optional[str]  # "4 24 1000"
    attributes: dict[str, int]

class Action(TypedDict):
    handler: int  # 1: SIG_IGN
    flags: int
    restorer: int
    mask: int

class SignalsState(TypedDict):
    actions: Optional[dict[int, Action]]  # by signal, those that are not SIG_DFL
    pending: Optional[list[bytes]]  # siginfo_t, oldest first

class SignalsThreadState(TypedDict):
    pending: Optional[list[bytes]]

TimerTime = tuple[int, int]
"""Nanoseconds until a timer expires, 0: it is not running; and its interval."""

class PosixTimer(TypedDict):
    id: int
    clock: int
    signal: int
    notify: int  # SIGEV_SIGNAL 0, SIGEV_NONE 1, SIGEV_THREAD 2; SIGEV_THREAD_ID 4
    tid: int
    overrun: int
    value: int
    time: TimerTime

class TimersState(TypedDict):
    intervals: Optional[list[TimerTime]]  # ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF
    posix: Optional[list[PosixTimer]]

class ThreadState(TypedDict):
    process: ProcessThreadState
    signals: SignalsThreadState

class State(TypedDict):
    """A key for each family, and what each has of every thread by its TID."""

    process: ProcessState
    signals: SignalsState
    timers: TimersState
    threads: dict[int, ThreadState]

class Descriptor(TypedDict):
    number: int
    file: int  # the same for those that share an open file
    close_on_exec: bool
    kind: str  # "file", "folder", "device", "pipe", "socket", "eventfd", ...
    path: str  # "pipe:[123]"
    flags: int  # of open(2), on every machine with the numbers of x86-64
    offset: int
    count: int  # eventfd; timerfd: expirations
    mask: int  # signalfd
    remaining: int  # timerfd, nanoseconds; 0: disarmed
    interval: int
    watches: list[tuple[int, int, int]]  # epoll, inotify: number, events, data
    locks: int
    contents: Optional[bytes]  # pipe; None: not captured

class Report(TypedDict):
    bytes_compared: int
    bytes_written: int
    threads: int
    landed: int  # those that had moved
    mapping_steps: int
    notes: list[str]  # what was kept as it is: sentences

class Revival(Report):
    tids: list[int]  # what the threads of the snapshot are called now, in their order

class ThreadEvent(TypedDict):
    tid: int
    comm: str
    event: str  # "new", "gone"

class StateChange(TypedDict):
    tid: int
    comm: str
    what: str  # "sigmask", "altstack"
    old: int | tuple[int, int, int]  # as in Thread
    new: int | tuple[int, int, int]

class RegisterChange(TypedDict):
    tid: int
    comm: str
    name: str
    old: Optional[Register]  # None: the thread did not have it, or it has no value
    new: Optional[Register]

class MemoryChange(TypedDict):
    start: int
    end: int
    mapping: str  # its name
    mapping_start: int
    mapping_end: int
    is_unknown: bool  # one side's bytes are a file's that is not there any more
    is_tags: bool  # not the bytes differ, but the tags of the memory

class StepEvent(TypedDict):
    family: str  # "mappings", "signals", "timers", "files", "threads", "process"
    tid: int  # 0: the whole process
    event: str  # "new", "gone", …: core/plan/steps.def
    what: str

class Difference(TypedDict):
    is_empty: bool
    notes: list[str]  # what could not be compared, sentences
    threads: list[ThreadEvent]
    state: list[StateChange]
    registers: list[RegisterChange]
    memory: list[MemoryChange]  # by address, at most max_ranges
    memory_ranges: int  # how many there are in all
    memory_bytes: int
    steps: list[StepEvent]  # what else has changed
    refusals: list[str]  # what a restore could not put back

class Finding(TypedDict):
    severity: str  # "note", "risky", "fatal"
    subject: str
    sentence: str
    remedy: Optional[str]

class Verdict(TypedDict):
    verdict: str  # "identical", "restorable", "risky", "impossible"
    findings: list[Finding]  # the worst first

class Usage(TypedDict):
    alone: int  # held by no other snapshot: what is free when it is gone
    shared: int
    map: int  # what it takes to find them

class StoreUsage(TypedDict):
    pages: int  # what all snapshots hold, each page once
    tables: int  # what it takes to find them
    spare: int  # pages made beforehand, for the next save or restore: nobody's
    coming: int  # those that are being made
    directory: Optional[str]  # None: new snapshots go to memory

class Tracking(TypedDict):
    way: str  # "userfaultfd", "soft-dirty" or "contents"
    why_not: list[tuple[str, str]]  # of each better way, why not: part of a sentence
    is_marked: bool  # False: the next save or restore compares everything

class Snapshot:
    """A process at one instant.  Made by capture() and load() alone."""

    label: str  # may be set
    note: str  # may be set
    @property
    def uuid(self) -> str: ...
    @property
    def parent(self) -> Optional[str]: ...
    @property
    def time(self) -> float:
        """Seconds since 1970."""
    @property
    def arch(self) -> str: ...
    @property
    def kernel(self) -> str: ...
    @property
    def host(self) -> str: ...
    @property
    def pid(self) -> int: ...
    @property
    def exe(self) -> str: ...
    @property
    def exe_build_id(self) -> Optional[str]: ...
    @property
    def command_line(self) -> str: ...
    @property
    def current_tid(self) -> int: ...
    @property
    def copying(self) -> Optional[str]:
        """How its memory was copied, words for the user; None: read from a file."""
    @property
    def is_foreign(self) -> bool:
        """Whether another program wrote it."""
    @property
    def new_size(self) -> int:
        """Bytes of its memory that were not kept before the save; 0 for an image."""
    @property
    def is_settled(self) -> bool:
        """Whether all memory has been copied."""
    @property
    def size(self) -> int:
        """Bytes of memory that the snapshot holds."""
    @property
    def usage(self) -> Usage:
        """What it takes, in bytes; pages that snapshots share count as shared."""
    @property
    def tracking(self) -> Optional[Tracking]:
        """How changes of its process are found, now; None: it is not watched."""
    @property
    def omissions(self) -> list[str]:
        """What could not be captured, sentences."""
    @property
    def brk(self) -> int: ...
    @property
    def cpu(self) -> dict[str, int | str]: ...
    def threads(self) -> list[Thread]: ...
    def mappings(self) -> list[Mapping]: ...
    def files(self) -> Optional[list[Descriptor]]:
        """The descriptors, by number; None: not captured."""
    def registers(self, tid: int) -> list[Register]:
        """All registers that were captured, in the table's order."""
    def state(self) -> State:
        """What there is beside registers and memory, by family."""
    def backtraces(self) -> dict[int, Backtrace]:
        """By TID; from the snapshot alone (libdwfl)."""
    def read(self, address: int, size: int) -> bytes:
        """Memory as it was; InvalidRequest where the snapshot does not hold it
        (bytes that a private anonymous mapping never had are zeros)."""
    def settle(self, progress: Optional[Progress] = None) -> None:
        """Wait until all memory has been copied; whatever looks at memory does.
        Raises, each time, if it could not be copied."""
    def set_parent(self, parent: Optional["Snapshot"]) -> None: ...
    def write(
        self,
        path: str,
        overwrite: bool = False,
        progress: Optional[Progress] = None,
        self_contained: bool = False,
    ) -> None:
        """Write an image: doc/image-format.md.

        Self-contained, it has all that is mapped of files.
        """
    def begin_write(
        self,
        path: str,
        overwrite: bool = False,
        progress: Optional[Progress] = None,
        self_contained: bool = False,
    ) -> "Writing":
        """Have an image written in the background.  The snapshot may change and go.

        Files that it maps are read before this returns.
        """

class Writing:
    """An image that is being written; when nobody holds this any more, it is not."""

    @property
    def is_over(self) -> bool:
        """Whether wait() would return at once."""
    @property
    def done(self) -> int:
        """Bytes of memory that were written."""
    @property
    def total(self) -> int: ...
    def wait(self, progress: Optional[Progress] = None) -> None:
        """Wait until the file is there.  Raises, each time, if it will not be; when
        `progress` says so the waiting ends, and the writing goes on."""
    def cancel(self) -> None:
        """Have it end soon.  wait() raises Interrupted then, and there is no file; or
        it was complete before."""

def capture(
    pid: int,
    *,
    current_tid: int = 0,
    patches: Sequence[Patch] = (),
    progress: Optional[Progress] = None,
    shared_memory: bool = False,
    fail_at: int = 0,
    copying: str = "as-fits",
) -> Snapshot:
    """Take a snapshot of a stopped process that the calling thread traces.

    copying: "at-once"; "later": memory is copied from a frozen copy of the process
    while it runs on, Snapshot.settle() waits for that; "as-fits": what stops it less.
    shared_memory: whether memory is saved that other processes may see, too.
    fail_at: for tests; the Nth call into the kernel fails with EIO.
    """

def restore(
    pid: int,
    snapshot: Snapshot,
    *,
    verify_memory: bool = True,
    current_tid: int = 0,
    patches: Sequence[Patch] = (),
    progress: Optional[Progress] = None,
    shared_memory: bool = False,
    fail_at: int = 0,
    fpu_mode: str = "compat",
    run_thread: Optional[Callable[[int, int, int], None]] = None,
) -> Report:
    """Put the process back to where it was, or leave it as it is and raise.

    fpu_mode: "strict", "compat", "any", as in check().
    run_thread(tid, address, signal): let this one thread run until it comes to the
    address, or until the signal stops it that it sends itself behind it; the threads
    that it starts are traced and stopped, too.  It is called once where threads have
    ended since, and may raise.  Not needed for a process of spawn() and attach().

    Threads that were ended, also when it raises, have still to be waited for.
    """

def check_revival(
    snapshot: Snapshot,
    *,
    fpu_mode: str = "compat",
    sysroot: str = "",
    folders: Sequence[str] = (),
    progress: Optional[Progress] = None,
) -> list[str]:
    """All that stands in the way of a new process for a snapshot: sentences.

    Files that it maps are where they were; or below a folder that stands for the root
    folder; or in folders by the last part of their path.  Memory that is still to come
    is waited for where threads may be in the code of another kernel.
    """

def find_program(
    snapshot: Snapshot, *, sysroot: str = "", folders: Sequence[str] = ()
) -> Optional[str]:
    """Where the program of a snapshot is; None: it is not there."""

def revive(
    pid: int,
    snapshot: Snapshot,
    *,
    verify_memory: bool = True,
    progress: Optional[Progress] = None,
    fail_at: int = 0,
    fpu_mode: str = "compat",
    run_thread: Optional[Callable[[int, int, int], None]] = None,
    sysroot: str = "",
    folders: Sequence[str] = (),
) -> Revival:
    """Make a process that has executed nothing of a program what a snapshot says.

    When it raises, the process is good for nothing but to be killed.
    """

def explain(
    pid: int,
    snapshot: Snapshot,
    *,
    current_tid: int = 0,
    patches: Sequence[Patch] = (),
    fpu_mode: str = "compat",
    shared_memory: bool = False,
) -> str:
    """What restore() would do, a line for each step with its reason."""

def diff(
    a: Snapshot,
    b: Snapshot,
    *,
    max_ranges: int = 1000,
    progress: Optional[Progress] = None,
) -> Difference:
    """What has changed from a to b.  They may be of any two processes.  Files that
    they map are looked at where they are those that were mapped."""

def symbols(
    snapshot: Snapshot, addresses: Sequence[int]
) -> list[Optional[tuple[str, int]]]:
    """The functions or variables at addresses, and the offsets in them; from the
    snapshot and the files that it maps alone (libdwfl)."""

def check_identity(pid: int, snapshot: Snapshot) -> None:
    """Raise Refused unless the process is the one the snapshot was taken of."""

def check(snapshot: Snapshot, *, cpu: str = ..., mode: str = "compat") -> Verdict:
    """Compare what a snapshot needs with a machine: doc/compatibility.md.

    cpu: the file that describes it (doc/cpu-json.md); without, this machine.
    """

def describe_cpu() -> str:
    """This machine as JSON: doc/cpu-json.md."""

def load(
    path: str, *, progress: Optional[Progress] = None, later: bool = False
) -> Snapshot:
    """Read an image.

    With `later`, large pieces of the process's own memory stay in the file until
    somebody needs them, or settle(); revive() takes them from there, and compares them
    with their digests as it goes.
    """

def look(path: str, *, progress: Optional[Progress] = None) -> Snapshot:
    """Read an image of any kind, to be looked at and checked: one of ours, a core file,
    a directory of CRIU.  What others wrote cannot be restored, but see adopt()."""

def adopt(snapshot: Snapshot) -> list[str]:
    """Let a process be made of a core file of another program: what is assumed."""

def live_backtrace(tid: int) -> Backtrace:
    """Of one stopped thread, by libunwind over ptrace: no lines."""

def shares_memory(a: int, b: int) -> bool:
    """Whether two processes, by their PIDs, live in the same memory (kcmp(2)).  False
    also where the kernel cannot be asked."""

def stops(pid: int, tids: Iterable[int]) -> dict[int, tuple[int, int]]:
    """Why threads of a process are stopped: si_signo and si_code of siginfo_t, by TID.
    One that is just ending, or in a group stop, is left out."""

def swap_sigmask(pid: int, tid: int, mask: int) -> int:
    """Set the signals that a stopped thread blocks, bit N-1 for signal N; those that
    it has blocked before."""

def store() -> StoreUsage:
    """What all snapshots take together, in bytes, and where new ones go."""

def set_store(directory: Optional[str]) -> None:
    """Put new snapshots into a file without a name in a directory, or into memory.
    Those that are there stay where they are."""

def set_tracking(way: str) -> None:
    """Choose how the pages that change between a save and the next save or restore are
    found: "userfaultfd", "soft-dirty", "contents", or "auto", the best of them, which
    is what is used until then.  A way that cannot be trusted in a process is not used
    in it: "contents", which compares all memory, always can."""

def tracking(pid: int) -> Optional[Tracking]:
    """How changes of a process are found; None: it is not watched."""

def let_go(pid: int) -> None:
    """Take the tracking off a process that is about to be left alone, or gone.  Of
    those that detach() and kill() leave it is taken off by them."""

def last_call_count() -> int:
    """How many calls into the kernel the last capture() or restore() made: the range
    of fail_at."""

def digest(pid: int) -> dict[str, str]:
    """For tests: digests of a stopped traced process, by what they cover ("registers
    TID", "memory", "mappings", …).  Two equal dicts: nothing that we read differs."""

def land(pid: int, snapshot: Snapshot, tid: int, *, fpu_mode: str = "compat") -> None:
    """For tests: give a stopped process's first thread the floating-point and vector
    registers of thread `tid` of any snapshot of this architecture, as a restore would:
    by a frame, and read back.  Unsupported when the verdict says so, before anything is
    touched."""

# A small tracer, for use without GDB.

def spawn(argv: Sequence[str], *, pid: int = 0) -> int:
    """Start a program under ptrace, stopped at its first instruction; its pid.

    @param pid Which it shall be, if it is free and may be chosen.
    """

def attach(pid: int) -> None:
    """Attach to all threads of a process and stop them."""

def run_until(pid: int, signals: Sequence[int]) -> int:
    """Let all threads run until one of them gets one of the signals, then stop all.

    Other signals are passed on; new threads are traced.  Returns the signal, which is
    not passed on, or the negated exit status when the process has ended (128 + N
    when signal N killed it); it is forgotten then.
    """

def resume(pid: int) -> None:
    """Let all threads run and return at once; stop() ends it.

    Threads that come and events that happen meanwhile are held until then.
    """

def stop(pid: int) -> None:
    """Stop all threads that resume() set running."""

def detach(pid: int) -> None:
    """Leave all threads and let them run."""

def kill(pid: int) -> None:
    """Kill the process and reap it."""

version: str
