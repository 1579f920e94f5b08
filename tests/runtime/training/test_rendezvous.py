"""Processes of a training that wait for each other: all go on together, or all are told why not, in time."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.runtime.training.rendezvous import meet


@pytest.fixture
def address() -> str:
    """An address of this machine at which nothing listens."""
    with socket.socket() as one:
        one.bind(("localhost", 0))
        return f"localhost:{one.getsockname()[1]}"


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as found:
        yield found


def said_by(process: "Future[None]") -> tuple[str, str]:
    """The error and the help that a process ends with."""
    error = process.exception(20)
    assert isinstance(error, RunError) and error.code == "E507"
    return error.message, " ".join(error.helps)


def begin(
    pool: ThreadPoolExecutor, address: str, *indices: int, count: int, seconds: float = 20
) -> "list[Future[None]]":
    return [pool.submit(meet, address, index, count, seconds, lambda waiting: None) for index in indices]


def test_all_go_on_once_the_last_one_is_there_and_the_port_is_free(address: str, pool: ThreadPoolExecutor) -> None:
    told: list[str] = []
    first = pool.submit(meet, address, 0, 4, 20, told.append)
    others = begin(pool, address, 3, 1, count=4)
    time.sleep(0.5)
    assert not any(one.done() for one in (first, *others))
    for one in (*begin(pool, address, 2, count=4), *others, first):
        assert one.result(20) is None
    assert told == [f"waiting for 3 more processes at `{address}`"]
    socket.create_server(("", int(address.rpartition(":")[2]))).close()


def test_those_that_are_there_say_who_is_missing(address: str, pool: ThreadPoolExecutor) -> None:
    told: list[str] = []
    second = pool.submit(meet, address, 2, 4, 20, told.append)
    time.sleep(0.5)
    begun = time.monotonic()
    (first,) = begin(pool, address, 0, count=4, seconds=2)
    for one in (first, second):
        message, help = said_by(one)
        assert message == f"processes 1, 3 of 4 did not come to `{address}` within 2 s"
        assert help.startswith("start all 4 processes within 2 s, each with its own `--process`")
    assert time.monotonic() - begun < 10
    assert told == [f"waiting for process 0 at `{address}`"]


def test_one_that_ends_while_it_waits_is_missing(address: str, pool: ThreadPoolExecutor) -> None:
    (first,) = begin(pool, address, 0, count=3, seconds=2)
    time.sleep(0.2)
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), 5) as line:
        line.sendall(b"modelc process 1 3\n")
        time.sleep(0.2)
    again = begin(pool, address, 1, count=3)
    assert said_by(first)[0] == said_by(again[0])[0] == f"process 2 of 3 did not come to `{address}` within 2 s"


@pytest.mark.parametrize(
    ("indices", "count", "reason"),
    [((1, 1), 3, "there are two processes 1"), ((1,), 2, "process 1 is one of 2, and process 0 one of 3")],
)
def test_those_that_do_not_belong_together_are_told_so(
    address: str, pool: ThreadPoolExecutor, indices: tuple[int, ...], count: int, reason: str
) -> None:
    for one in (*begin(pool, address, 0, count=3), *begin(pool, address, *indices, count=count)):
        assert said_by(one)[0] == f"the processes do not belong together: {reason}"


def test_strangers_are_not_counted(address: str, pool: ThreadPoolExecutor) -> None:
    (first,) = begin(pool, address, 0, count=2)
    time.sleep(0.2)
    host, _, port = address.rpartition(":")
    for text in (b"GET / HTTP/1.1\r\n\r\n", b"modelc process one 2\n", b"\xff\n", b"modelc process \xc2\xb2 2\n", b""):
        with socket.create_connection((host, int(port)), 5) as line:
            line.sendall(text)
    assert not first.done()
    (second,) = begin(pool, address, 1, count=2)
    assert (first.result(20), second.result(20)) == (None, None)


@pytest.mark.parametrize("answer", ["SSH-2.0-server", "[]", "[1]", '{"a": 1}'])
def test_what_is_not_process_0_is_said(pool: ThreadPoolExecutor, answer: str) -> None:
    with socket.create_server(("localhost", 0)) as server:
        address = f"localhost:{server.getsockname()[1]}"
        (process,) = begin(pool, address, 1, count=2)
        line, _ = server.accept()
        with line:
            line.sendall(f"{answer}\n".encode())
            assert said_by(process)[0] == f"what listens at `{address}` is not process 0"
