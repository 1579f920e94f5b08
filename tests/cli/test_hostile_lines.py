"""Lines with names that act on a terminal or on the log of a CI service, as the console and the progress of a training write them."""

import io
from collections.abc import Sequence
from pathlib import Path

import pytest

from modelc.cli.console import Styled, pass_on, say, say_document, show_difference
from modelc.cli.progress import Screen
from modelc.runtime.training.observer import EpochRecord, Progress
from tests.hostile_names import AT_START, FILE, NAME, dangers, without_styles


@pytest.fixture(autouse=True)
def service(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is printed goes into the log of a CI service."""
    monkeypatch.setenv("CI", "true")


class Terminal(io.StringIO):
    """A stream that shows colours."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = Terminal()
    return stream


def test_the_live_line_of_training_shows_names_as_they_are(terminal: Terminal) -> None:
    values = {f"train/{FILE}": 1.0, f"validation/{NAME}": 2.0}
    screen = Screen(terminal, 2, "train/loss")
    said = Progress(
        epoch=1, epochs=2, step=1, steps=2, values=lambda: values, steps_per_second=1.0, seconds_left=1.0, done=1
    )
    screen.progress(said)
    screen.epoch(EpochRecord(epoch=1, step=2, values=values, seconds=1.0, best=True), lambda: pytest.fail("unused"))
    screen.bar.refresh()
    screen.close()
    shown = terminal.getvalue()
    assert "[red]z[/]" in shown and "\x1b[31m" not in shown
    assert dangers(without_styles(shown)) == []


def test_a_line_has_colours_but_those_of_names(terminal: Terminal) -> None:
    say((Styled("strong", FILE), NAME), Styled("good", AT_START), stream=terminal)
    shown = terminal.getvalue()
    assert shown.startswith("\x1b[1ma\\n::error::x\\x1b[31m") and shown.count("\n") == 2
    assert dangers(without_styles(shown)) == []
    say_document(f"{AT_START}\x1b[1mx\x1b[0m\x1b]0;title\x07\u202e\n", terminal)
    assert terminal.getvalue().endswith("\x1b[1mx\x1b[0m\\x1b]0;title\\x07\\u202e\n")


def test_a_command_made_of_several_parts_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    say((" :", Styled("strong", ":error::")), ("#", "#", "vso", "[x]"), ("a", "::error::"), "\u00a0::error::")
    assert capsys.readouterr().out == " \\x3a:error::\n\\x23\\x23vso[x]\na::error::\n\u00a0\\x3a:error::\n"


@pytest.mark.parametrize(("service", "shown"), [("", "##[x]"), ("true", "\\x23\\x23[x]")])
def test_a_patch_is_exact_but_in_the_log_of_a_service(
    service: str, shown: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("CI", service)
    show_difference(["##[x]", " ::error::"])
    assert capsys.readouterr().out == f"{shown}\n" + (" \\x3a:error::\n" if service else " ::error::\n")
    with (tmp_path / "patch").open("w+") as file:
        monkeypatch.setattr("sys.stdout", file)
        show_difference(["##[x]"])
        file.seek(0)
        assert file.read() == "##[x]\n"


def test_a_text_is_passed_on_as_it_is_but_on_a_terminal(
    terminal: Terminal, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "a: \u202e##[x]\n::error::\n"
    with monkeypatch.context() as patched:
        patched.setattr("sys.stdout", terminal)
        pass_on(text)
    assert terminal.getvalue() == "a: \\u202e\\x23\\x23[x]\n::error::\n"
    pass_on(text)
    assert capsys.readouterr().out == text


def test_what_is_dangerous_is_found() -> None:
    lines: Sequence[str] = [
        "\x1b[31m",
        "\u202e",
        "\u2028",
        "\x85",
        "\x7f",
        "\ufe0f",
        " ::error::",
        "x##vso[y]",
        "\udcff",
    ]
    assert all(dangers(line) for line in lines)
    assert not dangers("a ::error:: # [x]\nhow: `x`\n")
