"""Commands in messages: a shell reads of them what was meant, whatever the names are."""

import ast
import re
import shutil
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from modelc.cli.main import COMMANDS
from modelc.compiler.diagnostics.command_line import command, path_word, shell_word
from modelc.compiler.diagnostics.render.printable import printable
from tests.test_layering import FILES

NAMES = (
    *(
        "spec.yaml",
        "runs/a/1",
        "-rf",
        "--help",
        "-",
        "my spec.yaml",
        "it's.yaml",
        'a"b.yaml',
        "$(id).yaml",
        "`id`.yaml",
    ),
    *("a;b.yaml", "a&b", "a|b", "*.yaml", "?", "[a]", "{a,b}", "~", "~root", "#x", "!x", "a\\b", "a\nb.yaml", "a\tb"),
    *("\x1b[31m", "é.yaml", "日本", "\u202ea", "\u2028", "##[group]x", "a\udcffb", "=x", "%x", "-\n'\\x41"),
)


def words_of(shell: str, line: str) -> list[str]:
    """The words that a shell makes of a line."""
    done = subprocess.run([shell, "-c", f"printf '%s\\0' {line}"], capture_output=True, check=True, cwd="/")
    return done.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1]


@pytest.mark.parametrize("shell", [shell for shell in ("bash", "zsh") if shutil.which(shell)])
def test_a_shell_reads_the_words_as_they_were(shell: str) -> None:
    line = command("evaluate", *map(Path, NAMES), *NAMES)
    paths = [f"./{name}" if name.startswith("-") else name for name in NAMES]
    assert words_of(shell, line) == ["modelc", "evaluate", *paths, *NAMES]


@pytest.mark.parametrize("name", NAMES)
def test_a_command_is_printed_as_it_is(name: str) -> None:
    assert printable(path_word(name)) == path_word(name)


def test_names_that_need_no_quotes_have_none() -> None:
    assert (
        command("train", Path("specs/my-spec_1.yaml"), "--root", "..") == "modelc train specs/my-spec_1.yaml --root .."
    )


def test_half_of_a_surrogate_pair_is_no_traceback() -> None:
    assert shell_word("\ud800") == "$'\\x3f'"


COMMAND = re.compile(rf"(?:modelc (?:{'|'.join(COMMANDS)})|--(?!split |weights |format )[a-z-]+) $")
"""What a value follows that may be anything; the values of the three options are words of their own."""
QUOTING = {"command", "path_word", "shell_word"}


def unquoted() -> Iterator[str]:
    """The places where a message puts a value behind a command or an option without a function that quotes it."""
    for name, tree in FILES.items():
        for node in (node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)):
            for before, value in pairwise(node.values):
                if isinstance(before, ast.Constant) and COMMAND.search(str(before.value)):
                    called = getattr(getattr(value, "value", None), "func", None)
                    if getattr(called, "attr", getattr(called, "id", None)) not in QUOTING:
                        yield f"{name}:{node.lineno}"


def test_every_value_in_a_command_of_a_message_is_quoted() -> None:
    assert list(unquoted()) == []
