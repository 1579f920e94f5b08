"""Every command in surroundings that are against it: paths that no system takes, streams that fail, folders that are gone."""

import contextlib
import errno
import io
import os
import pwd
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from modelc.cli import main as cli
from modelc.cli.main import main
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.syntax.file_root import cache_folder
from tests.cli.commands import Ended, modelc

SPEC = """\
modelc: 1
model:
  inputs: {x: {shape: [4]}}
  layers: [dense: {units: 3, activation: softmax}]
data: {source: {npz: rows.npz}, targets: {output: {category: {column: y, classes: 3}}}}
train: {loss: cross_entropy, optimizer: adam, epochs: 1}
"""
ARGUMENTS: dict[str, list[list[str]]] = {
    "init": [["digits", "--output", "{}"], ["--from", "{}", "--target", "y"], ["--from", "{}.csv", "--target", "y"]],
    "validate": [["{}"], ["spec.yaml", "--root", "{}"], ["spec.yaml", "--plugin", "{}.py"], ["--fix", "{}"]],
    "format": [["{}"], ["--check", "{}"]],
    "train": [["{}"], ["spec.yaml", "--run-dir", "{}"]],
    "data": [["{}"], ["spec.yaml", "{}"], ["spec.yaml", "--root", "{}"], ["spec.yaml", "--data-root", "{}"]],
    "evaluate": [["{}"], ["spec.yaml", "--root", "{}"], ["spec.yaml", "{}"], ["spec.yaml", "--data-root", "{}"]],
    "predict": [["{}", "-o", "x.csv"], ["spec.yaml", "{}", "-o", "x.csv"], ["spec.yaml", "-o", "{}.csv"]],
    "debug": [["{}"], ["spec.yaml", "--root", "{}"]],
    "verify": [["{}"], ["spec.yaml", "--root", "{}"]],
    "reproduce": [["{}"], ["spec.yaml", "--root", "{}"], ["spec.yaml", "--out", "{}"]],
    "summary": [["{}"]],
    "plot": [["{}"], ["spec.yaml", "-o", "{}.dot"]],
    "explain": [["{}"]],
    "schema": [["--output", "{}"]],
}
"""How each command takes a path."""
PATHS = {
    "too long": "n" * 300,
    "a folder that is too long": "n" * 300 + "/spec.yaml",
    "longer than any path": "folder/" * 1000 + "spec.yaml",
    "below a file": "spec.yaml/spec.yaml",
    "a link to itself": "loop",
    "below a link to itself": "loop/spec.yaml",
    "nothing": "",
    "a NUL": "spec\0.yaml",
    "no text in any encoding": "\udcff.yaml",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "spec.yaml").write_text(SPEC)
    (tmp_path / "loop").symlink_to("loop")
    return tmp_path


def test_every_command_is_tried() -> None:
    assert ARGUMENTS.keys() == set(cli.COMMANDS)


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
@pytest.mark.parametrize("command", cli.COMMANDS)
def test_no_path_is_a_bug(folder: Path, command: str, path: str) -> None:
    for arguments in ARGUMENTS[command]:
        ended = modelc(command, *(argument.replace("{}", path) for argument in arguments), cwd=folder)
        assert ended.code in (0, 1, 2, 4), ended.err
        assert "bug" not in ended.err and "Traceback" not in ended.err, (arguments, ended.err)
        assert ended.code != 0 or says_notes_only(ended.err)


def says_notes_only(text: str) -> bool:
    """Whether all that stands on standard error is what a command that has done its work lets know."""
    return all(line.startswith("note: ") for line in text.splitlines())


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
@pytest.mark.parametrize("key", ["extends", "use", "npz"])
def test_no_path_in_a_spec_is_a_bug(folder: Path, key: str, path: str) -> None:
    written = '"' + path.replace("\0", "\\0").replace("\udcff", "\\udcff") + '"'
    text = {
        "extends": SPEC.replace("modelc: 1\n", f"modelc: 1\nextends: {written}\n"),
        "use": SPEC + f"blocks: {{Body: {{use: {written}}}}}\n",
        "npz": SPEC.replace("rows.npz", written)
        .replace("[dense", "[{dense")
        .replace("softmax}]", "softmax}, name: output}]"),
    }[key]
    (folder / "spec.yaml").write_text(text)
    ended = modelc("validate", "--data", "spec.yaml", cwd=folder)
    assert ended.code == 1 and "error[E" in ended.out, ended.out + ended.err
    assert "bug" not in ended.err


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_a_folder_that_was_deleted_is_said_to_be(tmp_path: Path, command: str) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(gone)
        gone.rmdir()
        ended = run(command, *ARGUMENTS[command][0])
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("error: the current folder no longer exists\n")


def test_a_folder_that_cannot_be_read_is_not_taken_for_an_empty_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "closed").mkdir()
    (folder / "runs").mkdir()
    scan, listing = os.scandir, os.listdir

    def denied(path: "str | os.PathLike[str]" = ".") -> None:
        if os.path.basename(path) in ("closed", "runs"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), os.fspath(path))

    def closed_scan(path: "str | os.PathLike[str]" = ".") -> object:
        denied(path)
        return scan(path)

    def closed_listing(path: "str | os.PathLike[str]" = ".") -> list[str]:
        denied(path)
        return listing(path)

    monkeypatch.setattr(os, "scandir", closed_scan)
    monkeypatch.setattr(os, "listdir", closed_listing)
    ended = modelc("validate", ".", cwd=folder)
    assert ended.code == 2 and "`closed` cannot be read: " in ended.out
    ended = modelc("evaluate", "runs", cwd=folder)
    assert ended.code == 4 and "the folder `runs` cannot be read: permission denied" in ended.err
    ended = modelc("evaluate", "spec.yaml", cwd=folder)
    assert ended.code == 4 and "cannot be read: permission denied" in ended.err


def run(*arguments: str, out: TextIO | None = None, err: TextIO | None = None) -> Ended:
    """Run a command in this process and this folder, with the streams `out` and `err` if they are given."""
    shown = (out or io.StringIO(), err or io.StringIO())
    code: object = 0
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "argv", ["modelc", *arguments])
        with contextlib.redirect_stdout(shown[0]), contextlib.redirect_stderr(shown[1]):
            try:
                main()
            except SystemExit as ended:
                code = ended.code
    assert isinstance(code, int | None)
    texts = [stream.getvalue() if isinstance(stream, io.StringIO) else "" for stream in shown]
    return Ended(code or 0, texts[0], texts[1])


SAYING = {
    "init": ["digits"],
    "validate": ["spec.yaml"],
    "format": ["--check", "spec.yaml"],
    "summary": ["small.yaml"],
    "plot": ["small.yaml", "-o", "x.dot"],
    "explain": [],
    "schema": [],
    "data": ["--help"],
    "evaluate": ["--help"],
    "predict": ["--help"],
    "verify": ["--help"],
    "reproduce": ["--help"],
    "debug": ["--help"],
    "train": ["--help"],
}
"""What makes each command print something on standard output, fast."""


@pytest.fixture
def speaking(folder: Path) -> Iterator[Path]:
    small = "modelc: 1\nmodel: {inputs: {x: {shape: [4]}}, layers: [dense: 1]}\n"
    (folder / "small.yaml").write_text(small)
    (folder / "späc.yaml").write_text(small.replace("inputs", "inpüts"))
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        yield folder


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
@pytest.mark.parametrize("command", cli.COMMANDS)
def test_a_full_disk_is_no_bug(speaking: Path, command: str) -> None:
    # Without closing it by hand: what could not be written is still in its buffer.
    full = open("/dev/full", "w", encoding="utf-8")  # noqa: SIM115 - see above
    ended = run(command, *SAYING[command], out=full)
    with contextlib.suppress(OSError):
        full.close()
    assert ended.code == 4, ended.err
    assert ended.err.startswith(("error[E604]: ", "error[E608]: ")) and "no space left on device" in ended.err


@pytest.mark.parametrize("command", [command for command in cli.COMMANDS if SAYING[command] != ["--help"]])
def test_a_reader_that_went_away_is_no_bug(speaking: Path, command: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w", encoding="utf-8") as pipe:
        ended = run(command, *SAYING[command], out=pipe)
    assert ended.code in (0, 1) and says_notes_only(ended.err)


@pytest.mark.parametrize("command", ["validate", "summary", "plot", "train", "format", "evaluate"])
def test_a_stream_that_knows_only_ascii_gets_escapes(speaking: Path, command: str) -> None:
    for arguments in (["späc.yaml"], ["nö.yaml"]):
        raw = [io.BytesIO(), io.BytesIO()]
        out, err = (io.TextIOWrapper(one, encoding="ascii") for one in raw)
        ended = run(command, *arguments, out=out, err=err)
        out.flush()
        err.flush()
        shown = raw[0].getvalue() + raw[1].getvalue()
        assert ended.code in (0, 1, 2, 4) and b"bug" not in shown
        assert shown.isascii() and (b"\\xe4" in shown or b"\\xf6" in shown or ended.code == 0)


@pytest.mark.parametrize("columns", ["1", "0", "-5", "x"])
@pytest.mark.parametrize(
    "command", ["explain dense", "summary small.yaml", "--help", "train --help", "validate small.yaml"]
)
def test_no_width_of_a_terminal_is_a_bug(
    speaking: Path, command: str, columns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert run(*command.split()).code == 0


@pytest.mark.parametrize("command", ["validate", "format"])
def test_a_closed_standard_input_is_empty(speaking: Path, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    ended = run(command, "-")
    assert ended.code == 1 and "error[E008]" in ended.out + ended.err


def test_a_user_without_a_home_has_no_cache(speaking: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "MODELC_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)

    def nobody(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    assert run("validate", "small.yaml").code == 0
    with pytest.raises(NotADirectoryError):
        cache_folder().mkdir(parents=True)


@pytest.mark.parametrize("command", ["validate", "summary", "evaluate"])
def test_an_interrupt_is_no_abort_with_the_code_of_findings(
    speaking: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("modelc.compiler.api.read_text", interrupted)
    monkeypatch.setattr("modelc.runtime.runs.find_run.known_runs", interrupted)
    ended = run(command, "small.yaml" if command != "evaluate" else "nothing")
    assert (ended.code, ended.err) == (130, "error: interrupted\n")


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (MemoryError(), 4, "error[E502]: the memory is exhausted"),
        (
            OSError(errno.EMFILE, os.strerror(errno.EMFILE)),
            4,
            "error[E608]: the operating system refused something: too many",
        ),
        (OSError(errno.EIO, os.strerror(errno.EIO), "spec.yaml"), 4, "error: `spec.yaml`"),
        (EOFError(), 3, "this is a bug in modelc: EOFError"),
        (RecursionError("deep"), 3, "this is a bug in modelc: RecursionError: deep"),
        (RunError("E403", "bad"), 4, "error[E403]: bad"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_only_what_is_one_is_called_a_bug(
    speaking: Path, error: Exception, code: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object, **options: object) -> None:
        raise error

    monkeypatch.setattr("modelc.compiler.api.parse", broken)
    monkeypatch.setattr("modelc.compiler.api.RecursionError", ZeroDivisionError, raising=False)
    ended = run("summary", "small.yaml")
    assert ended.code == code
    assert words in ended.err or (isinstance(error, OSError) and ": `spec.yaml`" in ended.err)
