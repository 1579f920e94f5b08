"""Runs `modelc` as a user does: in this process, or in one of its own that can be sent signals."""

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from modelc.cli.main import main


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
    return subprocess.Popen(
        command, cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
