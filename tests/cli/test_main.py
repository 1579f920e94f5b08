"""The `modelc` command as a whole: help, version, wrong command lines, and errors that nobody expected."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from modelc.cli import main as cli
from modelc.cli.console import coloured
from modelc.compiler.diagnostics.exceptions import RunError, SpecError
from modelc.compiler.diagnostics.problem import Label, Place, Problem
from modelc.compiler.syntax.document import read
from tests.cli.commands import modelc

ROOT = Path(__file__).parent.parent.parent


def run(*arguments: str, cwd: Path = ROOT, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "modelc", *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_names_every_command(tmp_path: Path) -> None:
    ended = modelc("--help", cwd=tmp_path)
    assert ended.code == 0
    assert all(f"\n  {name}" in ended.out for name in cli.COMMANDS)


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_has_help(tmp_path: Path, name: str) -> None:
    ended = modelc(name, "--help", cwd=tmp_path)
    assert ended.code == 0 and f"Usage: modelc {name}" in ended.out


def test_nothing_at_all_shows_the_help(tmp_path: Path) -> None:
    ended = modelc(cwd=tmp_path)
    assert ended.code == 2 and "Usage: modelc" in ended.out + ended.err


def test_version_is_a_number(tmp_path: Path) -> None:
    assert modelc("--version", cwd=tmp_path).out.startswith("modelc ")


def test_an_unknown_command_is_answered_with_the_nearest(tmp_path: Path) -> None:
    ended = modelc("valdate", cwd=tmp_path)
    assert ended.code == 2 and "did you mean `modelc validate`?" in ended.err


def test_an_unknown_option_ends_with_2(tmp_path: Path) -> None:
    assert modelc("validate", "--frmat", "json", "x", cwd=tmp_path).code == 2


def test_a_bug_is_owned_up_to_without_a_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object) -> None:
        raise KeyError("units")

    monkeypatch.setattr("modelc.compiler.api.check_file", broken)
    monkeypatch.delenv("MODELC_TRACEBACK", raising=False)
    (tmp_path / "spec.yaml").write_text("modelc: 1")
    ended = modelc("summary", "spec.yaml", cwd=tmp_path)
    assert ended.code == 3 and ended.out == ""
    assert "this is a bug in modelc: TypeError" in ended.err or "this is a bug in modelc: KeyError" in ended.err
    assert "MODELC_TRACEBACK=1" in ended.err and "Traceback" not in ended.err
    monkeypatch.setenv("MODELC_TRACEBACK", "1")
    shown = modelc("summary", "spec.yaml", cwd=tmp_path).err
    assert "Traceback" in shown and "MODELC_TRACEBACK" not in shown and "please report it" in shown


def test_the_way_to_a_traceback_is_said_where_there_is_none_yet(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MODELC_TRACEBACK", raising=False)
    assert cli.report(OSError(24, "Too many open files")) == 4
    shown = capsys.readouterr().err
    assert "error[E608]" in shown and "MODELC_TRACEBACK=1" in shown and "Traceback" not in shown
    monkeypatch.setenv("MODELC_TRACEBACK", "1")
    assert cli.report(OSError(24, "Too many open files")) == 4
    shown = capsys.readouterr().err
    assert "error[E608]" in shown and "MODELC_TRACEBACK" not in shown and "OSError" in shown


def test_a_failed_run_is_shown_as_a_finding_is(capsys: pytest.CaptureFixture[str]) -> None:
    error = RunError("E403", "`x` has 3 values that are NaN", notes=("the first in row 7",), helps=("fill them",))
    assert cli.report(error) == 4
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == (
        "error[E403]: `x` has 3 values that are NaN\n  = note: the first in row 7\n  = help: fill them\n"
    )


def test_findings_that_no_command_caught_are_shown_as_findings(capsys: pytest.CaptureFixture[str]) -> None:
    problem = Problem("E101", "unknown layer `x`", Label(Place("a.yaml", 1, 1, 1, 2)))
    assert cli.report(SpecError([problem], {"a.yaml": "x"})) == 1
    assert "--> a.yaml:1:1" in capsys.readouterr().err


def test_a_failed_run_is_shown_at_its_place_in_the_spec(capsys: pytest.CaptureFixture[str]) -> None:
    import typer

    from modelc.cli.console import run_of

    document, _ = read("modelc: 1\ndata:\n  source: digits\n", "spec.yaml")
    assert document is not None
    with pytest.raises(typer.Exit) as ended, run_of(document, {"spec.yaml": document.text}):
        raise RunError("E401", "there is no file", at=("data", "source"))
    assert ended.value.exit_code == 4
    assert "--> spec.yaml:3:11" in capsys.readouterr().err


def test_python_m_modelc_works_from_the_repository_uninstalled(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text("modelc: 1\nmodel: {inputs: {x: {shape: [4]}}, layers: [dense: 1]}\n")
    ended = run("validate", str(tmp_path / "spec.yaml"), PYTHONPATH=str(ROOT))
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "1 file is valid\n", "")


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text("modelc: 1\nmodel: {inputs: {x: {shape: [4]}}, layers: [dense: 1]}\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "modelc", "explain"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 0


def test_a_terminal_that_cannot_show_a_character_gets_its_escape(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text("modelc: 1\nnäme: x\nmodel: {inputs: {x: {shape: [4]}}, layers: [dense: 1]}\n")
    ended = run("validate", str(tmp_path / "spec.yaml"), PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert ended.returncode == 1 and "n\\xe4me" in ended.stdout and "bug" not in ended.stderr


def test_colours_are_for_terminals_that_want_them(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert coloured(terminal)  # type: ignore[arg-type]  # all that is asked of a stream here
    monkeypatch.setenv("NO_COLOR", "1")
    assert not coloured(terminal)  # type: ignore[arg-type]  # as above
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not coloured(terminal)  # type: ignore[arg-type]  # as above
