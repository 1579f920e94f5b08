"""README and docs are true: specs in them are valid, Python runs, commands print what is shown, links lead somewhere.

What a block is follows from the words after its language, which no reader sees:

- `yaml` is a whole valid spec; `yaml PATH` is also kept at PATH for the commands below, and is the shipped spec of that
  path if there is one; `yaml PATH PLUGIN...` is valid with these plug-ins, files of blocks before it.
- `diff BASE PATH` makes PATH of BASE: each line with `-` becomes the one with `+` that follows it.
- `console` holds commands after `$` and all that they print, `...` for lines left out. With `console about`, numbers
  and run ids may be others.
- `python` runs as it stands; `python PATH` is also kept at PATH. `python keras` is a `model` in Keras, after those before it on
  the page, with as many weights as the spec of the `yaml` block that follows. `python torch` has to be Python.
- `csv PATH` is a table that is kept at PATH.
- `toml` is a project file: what its entry points for modelc name is in the files that are kept.
- `sh` is for a person to run: `tests/test_packaging.py` holds README's lines, and here its scripts must exist.
- `text` is a drawing.

The blocks of one file run in order in one folder, with the shipped specs in `specs/`.
"""

import ast
import os
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import pytest

from modelc.compiler.api import check_file
from modelc.compiler.explain.summary import summarize
from modelc.plugin import enable

ROOT = Path(__file__).parent.parent
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "benchmarks/README.md")
FILES = [*(ROOT / name for name in DOCUMENTS), *sorted((ROOT / "docs").rglob("*.md"))]
KERAS_WEIGHTS = "keras_weights"
"""Where a `python keras` block leaves the number of its weights."""
FENCE = re.compile(r"^```(\S+)(?: ([^\n]*))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """One fenced block: its language, the words after it, the line it begins at, its text."""

    language: str
    words: tuple[str, ...]
    line: int
    text: str


def blocks(file: Path) -> list[Block]:
    text = file.read_text(encoding="utf-8")
    return [
        Block(found[1], tuple((found[2] or "").split()), text.count("\n", 0, found.start()) + 1, found[3])
        for found in FENCE.finditer(text)
    ]


@pytest.fixture(params=FILES, ids=lambda file: str(file.relative_to(ROOT)))
def file(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the shipped specs, and a `modelc` that is this one."""
    shutil.copytree(ROOT / "specs", tmp_path / "specs")
    command = tmp_path / "bin" / "modelc"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m modelc "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    return tmp_path


def test_blocks_do_what_they_show(file: Path, folder: Path) -> None:
    for block in blocks(file):
        if block.language == "text":
            continue
        assert block.language in RUNNERS, f"{file.name}:{block.line}: no such kind of block"
        RUNNERS[block.language](block, folder, f"{file.name}:{block.line}")


def run_yaml(block: Block, folder: Path, at: str) -> None:
    path, *plugins = block.words or ("block.yaml",)
    shipped = ROOT / path
    if shipped.exists():
        assert block.text == re.sub(r"^#.*\n", "", shipped.read_text(encoding="utf-8"), flags=re.MULTILINE), at
    (folder / path).write_text(block.text, encoding="utf-8")
    with enable(*(folder / plugin for plugin in plugins)):
        checked = check_file(folder / path)
    assert checked.task is not None and not checked.problems, (
        f"{at}: {[problem.message for problem in checked.problems]}"
    )
    counted = folder / KERAS_WEIGHTS
    if counted.exists():
        assert summarize(checked.task).total.values == int(counted.read_text()), at
        counted.unlink()


def run_diff(block: Block, folder: Path, at: str) -> None:
    base, path = block.words
    text = (folder / base).read_text(encoding="utf-8")
    lines = block.text.splitlines()
    for before, after in zip(lines[::2], lines[1::2], strict=True):
        assert (before[0], after[0]) == ("-", "+"), at
        assert text.count(f"{before[1:]}\n") == 1, f"{at}: {before}"
        text = text.replace(f"{before[1:]}\n", f"{after[1:]}\n")
    (folder / path).write_text(text, encoding="utf-8")


def run_console(block: Block, folder: Path, at: str) -> None:
    about = block.words == ("about",)
    assert about or not block.words, at
    first, *commands = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
    assert not first, at
    for text in commands:
        command, _, expected = text.partition("\n")
        path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path, "NO_COLOR": "1", "COLUMNS": "100"}
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            check=False,
            cwd=folder,
            env=environment,
        )
        assert matches(expected, done.stdout, about=about), f"{at}: {command}\n\nprints\n\n{done.stdout}"


def matches(expected: str, printed: str, *, about: bool) -> bool:
    """Whether `printed` is `expected`, in which a line `...` stands for lines that are left out."""
    if about:
        expected, printed = without_numbers(expected), without_numbers(printed)
    # A snippet leaves lines out itself: its dots stand there for nothing else, so they may stand for themselves too.
    parts = [re.escape(part) for part in re.split(r"^\.\.\.\n", expected.rstrip("\n") + "\n", flags=re.MULTILINE)]
    return re.fullmatch(r"(?:.*\n)*?".join(parts), printed.rstrip("\n") + "\n") is not None


def without_numbers(text: str) -> str:
    text = re.sub(r"\d{8}-\d{6}-[0-9a-f]{6}", "#", text)
    text = re.sub(r"\d[\d,.:]*(?:e[+-]\d+)?(?: (?:ms|s|min)\b)?", "#", text)
    return re.sub(r" +", " ", text)


def run_keras(block: Block, folder: Path, at: str) -> None:
    path = folder / "keras_model.py"
    with path.open("a", encoding="utf-8") as file:
        file.write(block.text)
    model = runpy.run_path(str(path))["model"]
    (folder / KERAS_WEIGHTS).write_text(str(model.count_params()))


def run_python(block: Block, folder: Path, at: str) -> None:
    if block.words == ("keras",):
        return run_keras(block, folder, at)
    if block.words == ("torch",):
        ast.parse(block.text, at)
        return None
    for path in block.words:
        (folder / path).write_text(block.text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", block.text],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, f"{at}\n{done.stderr}"


def keep_csv(block: Block, folder: Path, at: str) -> None:
    (path,) = block.words
    (folder / path).write_text(block.text, encoding="utf-8")


def run_toml(block: Block, folder: Path, at: str) -> None:
    points = tomllib.loads(block.text)["project"]["entry-points"]["modelc.plugins"]
    assert points, at
    for key, place in points.items():
        file, _, cls = place.partition(":")
        kept = (folder / f"{file}.py").read_text(encoding="utf-8")
        assert f'"{key}": {cls}' in kept.rpartition("PLUGIN = ")[2], f"{at}: {key}"


def run_sh(block: Block, folder: Path, at: str) -> None:
    for word in block.text.split():
        if word.startswith((".ci/", "specs/", "benchmarks/", "tests/")):
            assert (ROOT / word).exists(), f"{at}: {word}"


RUNNERS = {
    "yaml": run_yaml,
    "diff": run_diff,
    "console": run_console,
    "python": run_python,
    "csv": keep_csv,
    "toml": run_toml,
    "sh": run_sh,
}


def test_links_lead_to_files(file: Path) -> None:
    text = FENCE.sub("", file.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        if not target.startswith("https://"):
            assert (file.parent / target).exists(), target


def test_files_and_modules_that_are_named_exist(file: Path) -> None:
    """What stands in backticks and looks like a path of the repository, or like a module of it."""
    text = FENCE.sub("", file.read_text(encoding="utf-8"))
    for name in re.findall(r"`((?:compiler|runtime|cli|modelc|specs|tests|benchmarks|docs|\.ci)/[\w./]*)`", text):
        assert (ROOT / name).exists(), name
    for name in re.findall(r"`(modelc\.(?:compiler|runtime|cli)[\w.]*)`", text):
        import_module(name)


def test_commands_in_tables_and_prose_are_commands() -> None:
    from modelc.cli.main import COMMANDS

    for file in FILES:
        named = re.findall(r"`modelc (\w+)[^`]*`", file.read_text(encoding="utf-8"))
        assert set(named) <= set(COMMANDS), file
    table = re.findall(r"^\| `modelc (\w+)", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(table) == sorted(COMMANDS)


@pytest.mark.parametrize(
    ("expected", "printed", "about", "same"),
    [
        ("a\n...\nd\n", "a\nb\nc\nd\n", False, True),
        ("a\n...\nd\n", "a\n...\nd\n", False, True),
        ("a\n...\nd\n", "a\nb\n", False, False),
        ("loss 1.5\n", "loss 1.6\n", False, False),
        ("loss 1.5, 3 ms\n", "loss 0.25, 1.2 s\n", True, True),
        ("loss 1.5\n", "accuracy 1.5\n", True, False),
        ("run x/20261122-032327-0add5a\n", "run x/20270101-000000-abcdef\n", True, True),
    ],
)
def test_output_is_compared_as_described(expected: str, printed: str, about: bool, same: bool) -> None:
    assert matches(expected, printed, about=about) is same
