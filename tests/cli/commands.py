"""Runs `modelc` as a user does: in this process, or in one of its own that can be sent signals."""

import contextlib
import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from modelc.cli.main import main
from modelc.cli.stopping import SIGNALS


@dataclass(frozen=True)
class Ended:
    """What a command left behind."""

    code: int
    out: str
    err: str


def modelc(*arguments: str | Path, cwd: Path) -> Ended:
    """Run a command in this process, in the folder `cwd`."""
    out, err = io.StringIO(), io.StringIO()
    code: object = 0
    with pytest.MonkeyPatch.context() as patched, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        patched.chdir(cwd)
        patched.setattr(sys, "argv", ["modelc", *map(str, arguments)])
        try:
            main()
        except SystemExit as ended:
            code = ended.code
    assert isinstance(code, int | None)
    return Ended(code or 0, out.getvalue(), err.getvalue())


def start(
    *arguments: str | Path, cwd: Path, program: Sequence[str | Path] = ("-m", "modelc")
) -> "subprocess.Popen[str]":
    """Start a command in a process of its own, by the `program` of Python; its output comes line by line."""
    command = [sys.executable, *map(str, (*program, *arguments))]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with no_signal_ignored():
        return subprocess.Popen(
            command, cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )


@contextlib.contextmanager
def no_signal_ignored() -> Iterator[None]:
    """Let processes that are started in the block ignore no signal, though tests in the background of a shell do, or below
    `nohup`: what ignores a signal hands that on, and is not stopped by it.
    """
    ignored = [number for number in SIGNALS if signal.getsignal(number) == signal.SIG_IGN]
    try:
        for number in ignored:
            signal.signal(number, signal.SIG_DFL)
        yield
    finally:
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)
