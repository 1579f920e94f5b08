"""Names that act on a terminal or on the log of a CI service, through every command and every output format.

The commands, their arguments and their options are taken from the command line itself: a new one is tried too, or is
missed here.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints
from urllib.parse import unquote

import numpy as np
import pytest
import typer

from modelc.cli.main import app
from modelc.compiler.diagnostics.render import FORMATS
from modelc.runtime.runs.sealed_json import sealed
from tests.cli.commands import Ended, modelc
from tests.hostile_names import AT_START, COLUMN, FILE, NAME, dangers
from tests.made_plugins import CODE, SPEC, make_file


def run(*arguments: str, cwd: Path, annotations: bool = False) -> Ended:
    """Run a command, and require that nothing of what it prints is dangerous, whatever its end, if it is no bug."""
    ended = modelc(*arguments, cwd=cwd)
    assert dangers(ended.out, annotations=annotations) + dangers(ended.err) == [], arguments
    assert "Traceback" not in ended.err and "bug in modelc" not in ended.err, ended.err
    return ended


def texts(value: Any) -> Iterator[str]:
    """All texts in a value of JSON, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for pair in value.items() for part in pair for text in texts(part))
    elif isinstance(value, list):
        yield from (text for item in value for text in texts(item))


@dataclass(frozen=True)
class Place:
    """A folder of hostile files, with a run that was trained in it."""

    folder: Path
    trained: Ended


def spec(**data: Any) -> str:
    """A spec with hostile names wherever the language takes any."""
    category = {"column": COLUMN + "kind", "classes": [NAME + "A", NAME + "B"]}
    weights = {NAME + "A": 1.0, NAME + "B": "$weight"}
    return json.dumps(
        {
            "modelc": 1,
            "vars": {"weight": 2.0},
            "model": {
                "inputs": {"x": {"shape": [4]}},
                "layers": [{"dense": 2}, {"activation": "softmax", "name": "kind"}],
            },
            "data": {
                "source": {"npz": "rows.npz"},
                "inputs": {"x": {"array": COLUMN + "x"}},
                "targets": {"kind": {"category": category}},
                "validation": 0.25,
            }
            | data,
            "train": {
                "loss": {"cross_entropy": {"class_weight": weights}},
                "metrics": ["accuracy"],
                "optimizer": "adam",
                "epochs": 1,
            },
        }
    )


@pytest.fixture(autouse=True)
def service(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is printed goes into the log of a CI service."""
    monkeypatch.setenv("CI", "true")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Place:
    folder = tmp_path_factory.mktemp("hostile") / FILE
    (folder / FILE).mkdir(parents=True)
    x = np.random.default_rng(0).normal(size=(24, 4)).astype(np.float32)
    columns = {COLUMN + "x": x, COLUMN + "kind": np.array([NAME + "A", NAME + "B"])[(x[:, 0] > 0).astype(int)]}
    np.savez(folder / "rows.npz", **columns)
    np.savez(folder / f"{FILE}.npz", **columns)
    others = {COLUMN + "kind": np.array([NAME + "C", AT_START] * 12), NAME: np.zeros(24)}
    np.savez(folder / f"{FILE}-other.npz", **others)  # type: ignore[arg-type]  # savez types its flag as a keyword
    for name in (FILE, AT_START):
        (folder / f"{name}.yaml").write_text(spec())
        rows = [f"{number},{NAME}{number:.0f},{'ab'[int(number > 0)]}" for number in x[:, 0]]
        (folder / f"{name}.csv").write_text("\n".join([f"{NAME},{FILE[13:20]},{COLUMN}", *rows]), encoding="utf-8")
        (folder / f"{name}-wrong.yaml").write_text(spec(inputs={NAME: {NAME: NAME}}) + f"  # {NAME}")
        (folder / f"{name}-typo.yaml").write_text(spec().replace("softmax", "sofmax"))
    (folder / f"{FILE}-columns.yaml").write_text(spec(inputs={"x": {"array": NAME}}))
    hostile = CODE.replace(
        "Adds a number", f"{AT_START}\\u202e\\x1b[31m ##[x] a number\n\n    {AT_START}\n     {AT_START}"
    )
    make_file(folder / f"{FILE}.py", hostile.replace("What is added.", "\\x1b[31m\\u202e##[x]\\n::error::"))
    (folder / "broken.py").write_text(f"raise ValueError({FILE!a})")
    (folder / "shifted.yaml").write_text(SPEC)
    trained = run("train", f"{FILE}.yaml", "--run-dir", f"{FILE}/run", cwd=folder)
    assert trained.code == 0, trained.err
    return Place(folder, trained)


CASES: dict[str, list[list[str]]] = {
    "init": [
        [FILE],
        [AT_START],
        ["digits", "-o", f"{FILE}/new.yaml"],
        ["digits", "-o", f"{FILE}.json"],
        ["table", "-o", f"{AT_START}.yml"],
        ["--from", f"{FILE}.csv", "--target", FILE],
        ["--from", f"{AT_START}.csv", "--target", COLUMN, "-o", f"{AT_START}-table.yaml"],
        ["--from", f"{AT_START}.csv", "--target", NAME],
        ["--from", f"{FILE}.yaml", "--target", FILE],
        ["--from", FILE, "--target", FILE, "-o", f"{FILE}/x.yaml"],
    ],
    "validate": [
        [f"{FILE}.yaml"],
        [f"{FILE}.yaml", f"{AT_START}.yaml", "--data"],
        [f"{FILE}-wrong.yaml", f"{AT_START}-wrong.yaml"],
        [f"{FILE}-columns.yaml", "--data"],
        [f"{FILE}-typo.yaml", f"{AT_START}-typo.yaml", "--fix", "--diff"],
        [f"{FILE}-none.yaml", f"{AT_START}-none.yaml"],
        [f"{FILE}.yaml", "--set", f"{NAME}={NAME}", "--set", f"vars.weight={FILE}", "--set", FILE],
        [FILE, f"{AT_START}*"],
    ],
    "format": [
        [f"{FILE}-typo.yaml", f"{AT_START}-typo.yaml", "--check"],
        [f"{FILE}-none.yaml", FILE, f"{AT_START}-wrong.yaml"],
    ],
    "data": [
        [f"{FILE}.yaml"],
        [f"{AT_START}.yaml", "--rows", "9"],
        [f"{FILE}-wrong.yaml"],
        [f"{FILE}-columns.yaml"],
        [f"{FILE}/run"],
        [f"{FILE}/run", f"{FILE}.npz", "--max-drift", "0.1"],
        [f"{FILE}/run", f"{FILE}-other.npz", "--max-drift", "0.1"],
        [f"{FILE}/none", f"{FILE}-none.npz"],
    ],
    "train": [[f"{FILE}-wrong.yaml"], [f"{FILE}-columns.yaml"], [f"{FILE}.yaml", "--run-dir", f"{FILE}/run"]],
    "debug": [[f"{FILE}/run"], [f"{FILE}/none"], [f"{AT_START}.yaml"]],
    "evaluate": [
        [f"{FILE}/run"],
        [f"{FILE}/run", f"{FILE}.npz"],
        [f"{FILE}/run", f"{FILE}.yaml"],
        [f"{FILE}/none"],
        [f"{AT_START}.yaml"],
    ],
    "predict": [
        [f"{FILE}/run", "-o", f"{FILE}.csv"],
        [f"{FILE}/run", f"{FILE}.npz", "-o", f"{AT_START}.npz"],
        [f"{FILE}/run", f"{FILE}.yaml", "-o", f"{FILE}.csv"],
        [f"{FILE}/run", f"{FILE}.npz", "-o", "-"],
        [f"{FILE}/run", f"{FILE}.npz", "-o", f"{FILE}.parquet", "--columns", f"{NAME}=kind, {COLUMN}kind"],
        [f"{FILE}/run", f"{FILE}.npz", "-o", "-", "--columns", f"{NAME}={NAME}"],
        [f"{FILE}/run", f"{FILE}.npz", "-o", "-", "--with", f"{FILE}/none", "--with", FILE],
        [f"{FILE}/run", "-o", f"{FILE}/{FILE}/x.csv"],
    ],
    "verify": [[f"{FILE}/run"], [f"{FILE}/run", "--data"], [FILE], [f"{AT_START}.yaml"]],
    "reproduce": [[f"{FILE}/run"], [f"{FILE}/run", "--out", FILE], [FILE, "--set", FILE], [f"{AT_START}.yaml"]],
    "summary": [
        [f"{FILE}.yaml"],
        [f"{FILE}.yaml", "--resolved"],
        [f"{AT_START}-wrong.yaml"],
        ["shifted.yaml", "--plugin", f"{FILE}.py"],
    ],
    "plot": [
        [f"{FILE}.yaml"],
        [f"{FILE}-wrong.yaml"],
        *([f"{FILE}.yaml", "-o", f"{FILE}.{ending}"] for ending in ("dot", "mmd", "nothing")),
        ["shifted.yaml", "--plugin", f"{FILE}.py"],
    ],
    "explain": [
        [FILE],
        [AT_START],
        *([*words, "--plugin", f"{FILE}.py"] for words in ([], ["shift"], ["by"], ["kind"])),
    ],
    "schema": [["--plugin", f"{FILE}.py"], ["-o", f"{FILE}.json"], ["-o", f"{FILE}.json/x"]],
}


def commands() -> dict[str, Any]:
    group: Any = typer.main.get_command(app)
    return {name: group.get_command(None, name) for name in group.list_commands(None)}


def formats(name: str) -> list[str]:
    """The values of the option `--format` of a command."""
    option = next((param for param in commands()[name].params if "--format" in param.opts), None)
    function = getattr(import_module(f"modelc.cli.{name}"), name)
    return [] if option is None else literals(get_type_hints(function)[option.name])


def literals(hint: Any) -> list[str]:
    parts = get_args(hint)
    return [*parts] if get_origin(hint) is Literal else [word for part in parts for word in literals(part)]


def test_every_command_has_cases() -> None:
    assert set(CASES) == set(commands())
    assert formats("validate") == [*FORMATS]


@pytest.mark.parametrize("name", CASES)
def test_hostile_names_act_on_nothing(place: Place, name: str) -> None:
    for case in CASES[name]:
        for chosen in ([], *(["--format", form] for form in formats(name) if "-o" not in case)):
            ended = run(name, *case, *chosen, cwd=place.folder, annotations="github" in chosen)
            assert ended.out or ended.err or "-o" in case
            if chosen[-1:] in (["json"], ["sarif"]) and ended.out and "--diff" not in case:
                json.loads(ended.out)


@pytest.mark.parametrize("name", CASES)
def test_hostile_arguments_act_on_nothing(place: Place, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each argument and each option that takes a value, also one that the command does not have."""
    params = [param for param in commands()[name].params if param.name != "help"]
    arguments = [f"{FILE}.yaml" for param in params if param.param_type_name == "argument" and param.required]
    needed = [
        word
        for param in params
        if param.param_type_name == "option" and param.required
        for word in (param.opts[-1], FILE)
    ]
    lines = [[f"--{FILE}"], [f"--{AT_START}=1"], [*arguments, *needed, *[FILE] * 4]]
    for param in params:
        if param.param_type_name == "option" and not param.is_flag and (name, param.opts[0]) != ("train", "--run-dir"):
            lines += [[*arguments, *needed, param.opts[0], value] for value in (FILE, AT_START)]
        if param.envvar:
            monkeypatch.setenv(param.envvar, FILE)
            assert run(name, *arguments, cwd=place.folder).code == 2
            monkeypatch.delenv(param.envvar)
    for line in lines:
        run(name, *line, cwd=place.folder)


def test_a_hostile_command_acts_on_nothing(place: Place) -> None:
    for words in ([FILE], [AT_START], [f"--{FILE}"], ["--version", FILE], [NAME]):
        run(*words, cwd=place.folder)


def test_json_decodes_to_the_very_names(place: Place) -> None:
    wrong = [f"{FILE}-wrong.yaml", "--format"]
    found = {*texts(json.loads(run("validate", *wrong, "json", cwd=place.folder).out))}
    assert {f"{FILE}-wrong.yaml", f"data.inputs.{NAME}"} <= found
    results = json.loads(run("validate", *wrong, "sarif", cwd=place.folder).out)["runs"][0]["results"]
    places = [result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in results]
    assert {unquote(uri, errors="surrogateescape") for uri in places} == {f"{FILE}-wrong.yaml"}
    scores = json.loads(run("evaluate", f"{FILE}/run", "--format", "json", cwd=place.folder).out)
    assert scores["run"] == f"{FILE}/run"
    facts = {*texts(json.loads(run("summary", f"{FILE}.yaml", "--format", "json", cwd=place.folder).out))}
    assert {NAME + "A", NAME + "B"} <= facts
    resolved = run("summary", f"{FILE}.yaml", "--format", "json", "--resolved", cwd=place.folder).out
    assert json.loads(resolved)["data"] == json.loads(spec())["data"]
    docs = [*texts(json.loads(run("schema", "--plugin", f"{FILE}.py", cwd=place.folder).out))]
    assert any("\x1b[31m\u202e##[x]\n::error::" in text for text in docs)


def test_what_training_writes_acts_on_nothing(place: Place) -> None:
    assert "class weights" in place.trained.out
    for name in ("run.json", "environment.json", "metrics.jsonl", "resolved.json"):
        text = (place.folder / FILE / "run" / name).read_text()
        assert dangers(text) == []
    recorded = json.loads((place.folder / FILE / "run" / "run.json").read_text())
    assert recorded["root"] == str(place.folder.resolve())


def test_hostile_records_of_runs_act_on_nothing(place: Place, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    for file in (place.folder / FILE / "run").iterdir():
        if file.is_file():
            (folder / file.name).write_bytes(file.read_bytes())
    record = json.loads((folder / "run.json").read_text())
    assert record.pop("seal")
    plugin = {"name": FILE, "version": FILE}
    for change in (
        {"status": FILE},
        {"id": FILE},
        {"root": FILE},
        {"name": FILE},
        {"plugins": [plugin]},
        {"monitor": FILE},
        {FILE: FILE},
    ):
        (folder / "run.json").write_bytes(sealed({**record, **change}))
        for command in (["evaluate", "run"], ["predict", "run", "-o", "out.csv"]):
            assert run(*command, cwd=tmp_path).code


def test_hostile_plugins_act_on_nothing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for plugin in ("broken.py", f"{FILE}-none.py", FILE, AT_START):
        assert run("validate", "shifted.yaml", "--plugin", plugin, cwd=place.folder).code == 2
    code = CODE.replace("need(x.is_float", f"raise ValueError({FILE!a})\n        need(x.is_float")
    make_file(place.folder / f"{FILE}-raises.py", code)
    assert (
        "this is a bug in the plug-in"
        in run("summary", "shifted.yaml", "--plugin", f"{FILE}-raises.py", cwd=place.folder).err
    )
    monkeypatch.setenv("MODELC_TRACEBACK", "1")
    ended = modelc("summary", "shifted.yaml", "--plugin", f"{FILE}-raises.py", cwd=place.folder)
    assert "Traceback" in ended.err and dangers(ended.err) == []


def test_a_warning_about_a_hostile_file_acts_on_nothing(place: Place) -> None:
    make_file(
        place.folder / f"{FILE}-warns.py", "import warnings\nwarnings.warn('\\n::error::\\u202e')\n'\\d'\n" + CODE
    )
    gone = ("--set", "data.source.npz=gone.npz")
    ended = run("validate", "shifted.yaml", "--plugin", f"{FILE}-warns.py", *gone, cwd=place.folder)
    assert ended.code == 0 and ended.err.count("warning: ") == 2
    assert "warning: \\n::error::\\u202e\n" in ended.err and "invalid escape sequence" in ended.err
