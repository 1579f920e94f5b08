"""Waits until all processes of a training are there, before jax connects them: what is missing is said, and ends all in time.

What jax waits for in vain ends the process without an error. So process 0 listens first where jax will, the others tell it
which they are, and it tells all of them to go on, or why not. What goes over the line is one line of text each way.
"""

import json
import selectors
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.phrases import listed

LONGEST = 4096
"""Bytes of a line."""
GREETING, GO = "modelc process", "go"
Tell = Callable[[str], None]


def meet(address: str, index: int, count: int, seconds: float, tell: Tell) -> None:
    """Wait until all `count` processes of a training are there, of which this is the one with this `index`, counted from 0,
    and process 0 listens at `address`. `tell` is told what is waited for.

    Raises RunError E507, in each that is there, if they are not within so many `seconds`, or do not belong together.
    """
    if index:
        report(address, index, count, seconds, tell)
    else:
        gather(address, count, seconds, tell)


def gather(address: str, count: int, seconds: float, tell: Tell) -> None:
    """`meet` as process 0: wait for the others, and let all of them go on."""
    until = time.monotonic() + seconds
    with ExitStack() as opened:
        server = opened.enter_context(listening(address))
        if count > 1:
            tell(f"waiting for {count - 1:,} more {'process' if count == 2 else 'processes'} at `{address}`")
        there: dict[int, socket.socket] = {}
        try:
            while len(there) < count - 1:
                if not take_one(server, there, count, until, opened):
                    raise missing([index for index in range(1, count) if index not in there], count, seconds, address)
        except RunError as error:
            dismiss(there, json.dumps([error.message, *error.helps]))
            raise
        dismiss(there, GO)


def take_one(
    server: socket.socket, there: dict[int, socket.socket], count: int, until: float, opened: ExitStack
) -> bool:
    """Wait for one more process, and add it to those that are `there`, without those that have ended; False if none came
    `until` then. Raises RunError E507 for one that belongs to another training.
    """
    with selectors.DefaultSelector() as selector:
        selector.register(server, selectors.EVENT_READ, None)
        for index, line in there.items():
            selector.register(line, selectors.EVENT_READ, index)
        found = selector.select(max(until - time.monotonic(), 0))
    for key, _ in sorted(found, key=lambda one: one[0].data is None):
        if key.data is not None:
            # Who waits says nothing more: it has ended.
            there.pop(key.data).close()
            continue
        with suppress(OSError):
            line, _ = server.accept()
            opened.callback(line.close)
            given = read_line(line, 2).removeprefix(GREETING).split()
            if len(given) == 2 and all(word.isascii() and word.isdecimal() for word in given):
                index, theirs = int(given[0]), int(given[1])
                if theirs != count:
                    raise different(f"process {index} is one of {theirs:,}, and process 0 one of {count:,}", line)
                if index in there or not 0 < index < count:
                    raise different(f"there are two processes {index}", line)
                there[index] = line
    return bool(found)


def different(reason: str, line: socket.socket) -> RunError:
    """RunError E507 for a process that is not of this training, which is told so too."""
    helps = ("give each process its own `--process`, counted from 0, and all the same `--processes`",)
    error = RunError("E507", f"the processes do not belong together: {reason}", helps=helps)
    dismiss({0: line}, json.dumps([error.message, *error.helps]))
    return error


def missing(indices: list[int], count: int, seconds: float, address: str) -> RunError:
    """RunError E507 for processes that did not come."""
    names = listed([f"{index:,}" for index in indices])
    which = f"process {names}" if len(indices) == 1 else f"processes {names}"
    message = f"{which} of {count:,} did not come to `{address}` within {seconds:g} s"
    helps = (
        f"start all {count:,} processes within {seconds:g} s, each with its own `--process`, and let them reach it",
    )
    return RunError("E507", message, helps=helps)


def report(address: str, index: int, count: int, seconds: float, tell: Tell) -> None:
    """`meet` as another one: tell process 0 that this one is there, and do what it says."""
    until, told = time.monotonic() + seconds, False
    while True:
        try:
            with socket.create_connection(place_of(address), 2) as line:
                line.sendall(f"{GREETING} {index} {count}\n".encode())
                # It waits as long for the others, from when it was started.
                answer = read_line(line, seconds + 10)
            if answer == GO:
                return
            if answer:
                raise refused(answer, address)
            reason = "it closed the connection"
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
        if time.monotonic() > until:
            helps = ("start process 0 there first, and let the others reach it",)
            message = f"process 0 is not reached at `{address}` within {seconds:g} s: {reason}"
            raise RunError("E507", message, helps=helps) from None
        if not told:
            tell(f"waiting for process 0 at `{address}`")
            told = True
        time.sleep(0.2)


def refused(answer: str, address: str) -> RunError:
    """RunError E507 for what process 0 says, or for an answer that is none of it."""
    with suppress(ValueError):
        said = json.loads(answer)
        if isinstance(said, list) and said and all(isinstance(one, str) for one in said):
            return RunError("E507", said[0], helps=tuple(said[1:]))
    helps = ("choose a port at which nothing else listens, the same in all processes",)
    return RunError("E507", f"what listens at `{address}` is not process 0", helps=helps)


def place_of(address: str) -> tuple[str, int]:
    """The host and the port of an address: `10.0.0.1:8476`, `[::1]:8476`."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def dismiss(there: dict[int, socket.socket], text: str) -> None:
    """Send a line to all that are there, and let them end the connection: so the port is free at once."""
    for line in there.values():
        with suppress(OSError):
            line.sendall(f"{text}\n".encode())
    for line in there.values():
        with suppress(OSError):
            line.settimeout(2)
            line.recv(1)
        line.close()


def read_line(line: socket.socket, seconds: float) -> str:
    """The line that the other side sends, without its end; empty if it ends before. Raises TimeoutError if it takes longer."""
    until, found = time.monotonic() + seconds, b""
    while not found.endswith(b"\n") and len(found) < LONGEST:
        line.settimeout(max(until - time.monotonic(), 0.001))
        more = line.recv(LONGEST)
        if not more:
            return ""
        found += more
    return found.decode(errors="replace").strip()


def listening(address: str) -> socket.socket:
    """A socket that listens at the port of an address of this machine. Raises RunError E507 if it cannot, or is not reached."""
    place = place_of(address)
    both = socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if both else socket.AF_INET
    try:
        server = socket.create_server(("", place[1]), family=family, dualstack_ipv6=both)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        helps = ("choose a free port of this machine, the same in all processes",)
        raise RunError("E507", f"process 0 cannot listen at `{address}`: {reason}", helps=helps) from None
    try:
        socket.create_connection(place, 2).close()
    except OSError as error:
        server.close()
        reason = (error.strerror or str(error)).lower()
        helps = ("write the address of this machine, as the others reach it",)
        raise RunError("E507", f"process 0 does not reach itself at `{address}`: {reason}", helps=helps) from None
    return server
