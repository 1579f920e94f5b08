"""`modelc.train` with rows in memory: the same run as of a file with these rows, evaluated and predicted from Python too."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import modelc
from modelc.runtime.data.given_columns import columns_given
from tests.cli.commands import modelc as command

SPEC: dict[str, Any] = {
    "modelc": 1,
    "name": "houses",
    "model": {
        "inputs": {"rooms": {"shape": [2]}, "zip": {"shape": [], "dtype": "int32"}},
        "nodes": {
            "place": {"from": "zip", "embedding": {"input_dim": 4, "output_dim": 2}},
            "body": {"from": ["rooms", "place"], "layers": ["concatenate", {"dense": 4}, "relu"]},
            "price": {"from": "body", "dense": 1},
            "kind": {"from": "body", "dense": {"units": 2, "activation": "softmax"}},
        },
        "outputs": ["price", "kind"],
    },
    "data": {
        "inputs": {
            "rooms": {"numbers": {"columns": ["rooms", "area"], "missing": "median", "standardize": True}},
            "zip": {"category": {"column": "zip", "vocabulary": 4}},
        },
        "targets": {
            "price": {"number": {"column": "price", "standardize": True}},
            "kind": {"category": {"column": "kind", "classes": ["flat", "house"]}},
        },
        "validation": 0.25,
    },
    "train": {
        "losses": {"price": "mean_squared_error", "kind": "cross_entropy"},
        "metrics": {"price": ["mean_absolute_error"], "kind": ["accuracy"]},
        "optimizer": {"adam": 0.01},
        "epochs": 2,
        "batch_size": 8,
    },
}


def columns(rows: int = 40, seed: int = 0) -> dict[str, list[Any]]:
    draw = np.random.default_rng(seed)
    return {
        "rooms": draw.integers(1, 9, rows).tolist(),
        "area": [None if row % 7 == 3 else float(draw.integers(20, 200)) / 4 for row in range(rows)],
        "zip": [("00712", "712", "10115")[row % 3] for row in range(rows)],
        "price": [float(draw.integers(1000, 9000)) / 4 for _ in range(rows)],
        "kind": [("flat", "house")[row % 2] for row in range(rows)],
    }


def keep_csv(path: Path, given: dict[str, list[Any]]) -> None:
    lines = [
        ",".join("" if value is None else str(value) for value in row) for row in zip(*given.values(), strict=True)
    ]
    path.write_text("\n".join([",".join(given), *lines]) + "\n")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MODELC_CACHE", str(tmp_path / "cache"))


def weights_of(folder: Path) -> bytes:
    return (folder / "weights" / "last" / "params.safetensors").read_bytes()


class Column:
    """A column as pandas has it: without a mask, and asked what is missing."""

    def __init__(self, values: list[Any]) -> None:
        self.values = values

    def isna(self) -> "list[bool]":
        return [value is None for value in self.values]

    def to_numpy(self) -> Any:
        numbers = all(value is None or isinstance(value, int | float) for value in self.values)
        if numbers:
            return np.array([np.nan if value is None else value for value in self.values])
        return np.array(self.values, object)


class Nullable(Column):
    """A column of pandas's own types, whose integers become floats in an array beside what is missing."""

    dtype = "Int64"

    def tolist(self) -> list[Any]:
        return self.values


class Arrow:
    """A column as polars and pyarrow have it, which counts what is missing."""

    def __init__(self, values: list[Any], *, called: bool) -> None:
        self.values = values
        count = sum(value is None for value in values)
        self.null_count: Any = (lambda: count) if called else count
        setattr(self, "to_list" if called else "to_pylist", lambda: self.values)

    def to_numpy(self) -> Any:
        assert None not in self.values, "numbers that may be rounded"
        return np.array(self.values, object if isinstance(self.values[0], str) else None)


class Frame:
    """A data frame of one of these kinds."""

    def __init__(self, given: dict[str, list[Any]], kind: str) -> None:
        makers: dict[str, Any] = {
            "pandas": Column,
            "polars": lambda values: Arrow(values, called=True),
            "pyarrow": lambda values: Arrow(values, called=False),
        }
        self.given = {name: makers[kind](values) for name, values in given.items()}
        if kind == "pyarrow":
            self.column_names, self.columns = list(given), list(self.given.values())
        else:
            self.columns = list(given)

    def __getitem__(self, name: str) -> Any:
        return self.given[name]


@pytest.mark.parametrize("kind", ["mapping", "pandas", "polars", "pyarrow"])
def test_rows_in_memory_train_to_the_bits_of_those_in_a_file(kind: str) -> None:
    given = columns()
    keep_csv(Path("rows.csv"), given)
    of_file = modelc.train({**SPEC, "data": {"source": {"csv": "rows.csv"}, **SPEC["data"]}}, run_dir="file")
    run = modelc.train(SPEC, data=given if kind == "mapping" else Frame(given, kind), run_dir="memory")
    assert weights_of(run.folder) == weights_of(of_file.folder)
    assert run.status == "finished" and [line["epoch"] for line in run.history] == [1, 2]
    new = columns(10, 1)
    keep_csv(Path("new.csv"), new)
    given_again: Any = new if kind == "mapping" else Frame(new, kind)
    assert run.evaluate(given_again) == run.evaluate("new.csv") == of_file.evaluate(new)
    one, other = run.predict(given_again), of_file.predict(Path("new.csv"))
    assert list(one) == list(other) == ["price", "kind", "kind/probability"]
    assert all(np.array_equal(one[name], other[name]) for name in one)
    last = json.loads(command("evaluate", "memory", "new.csv", "--format", "json", cwd=Path()).out)
    assert last["values"] == run.evaluate(new)


def test_a_run_of_memory_says_what_it_needs() -> None:
    run = modelc.train(SPEC, data=columns(), run_dir="memory", tags=["first"], note="of a test")
    record = json.loads((run.folder / "run.json").read_text())
    assert record["settings"] == ["data.source=memory"] and (record["tags"], record["note"]) == (["first"], "of a test")
    assert json.loads((run.folder / "environment.json").read_text())["types"]["zip"] == "text"
    for arguments in (
        ["evaluate", "memory"],
        ["predict", "memory", "-o", "out.csv"],
        ["train", "--resume", "memory", "--set", "train.epochs=3"],
        ["reproduce", "memory"],
    ):
        ended = command(*arguments, cwd=Path())
        assert ended.code == 4 and ended.err.count("error[E404]: the rows come from a Python program") == 1, ended.err
        assert "save the rows in a file, name it as `source`" in ended.err
    with pytest.raises(modelc.RunError, match="the rows come from a Python program") as caught:
        modelc.open_run("memory").evaluate()
    assert "`modelc.open_run(RUN).evaluate(ROWS)`" in str(caught.value)
    assert command("verify", "memory", cwd=Path()).code == 0


def test_another_training_begins_with_the_weights_of_a_run_of_memory() -> None:
    modelc.train(SPEC, data=columns(), run_dir="memory")
    settings = ["train.initial_weights={run: memory}", "train.optimizer={sgd: 1e-30}"]
    other = modelc.train(SPEC, data=columns(), run_dir="other", settings=settings)
    assert other.evaluate(columns()) == modelc.open_run("memory").evaluate(columns())


def test_a_run_that_was_just_trained_has_its_rows() -> None:
    run = modelc.train(SPEC, data=columns(), run_dir="memory")
    last = {key.removeprefix("validation/"): value for key, value in run.history[-1].items() if "validation/" in key}
    assert run.evaluate(weights="last") == last
    assert len(run.predict(split="train")["kind"]) == 30


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_the_name_of_a_split_in_place_of_rows_is_answered(split: str) -> None:
    run = modelc.train(SPEC, data=columns(), run_dir="memory")
    for use in (run.evaluate, run.predict):
        with pytest.raises(modelc.RunError, match=f"there is no file '{split}'") as caught:
            use(split)
        assert caught.value.helps == (f'`split="{split}"` chooses these rows of the run\'s own data',)


def test_errors_are_texts_as_the_commands_print_them() -> None:
    Path("s.json").write_text(json.dumps({"modelc": 1, "model": {"inputs": {"x": {"shape": [4]}}, "layers": ["relo"]}}))
    with pytest.raises(modelc.SpecError) as wrong:
        modelc.load("s.json")
    assert str(wrong.value) and command("validate", "s.json", cwd=Path()).out.startswith(str(wrong.value))
    with pytest.raises(modelc.RunError) as absent:
        modelc.open_run("runs/nope")
    assert command("evaluate", "runs/nope", cwd=Path()).err == f"{absent.value}\n"
    assert str(absent.value).startswith("error[E602]: there is no run `runs/nope`\n  = help: name a run")


def test_rows_that_are_given_go_before_a_source() -> None:
    spec = {**SPEC, "data": {"source": {"csv": "nowhere.csv"}, **SPEC["data"]}}
    run = modelc.train(spec, data=columns(), run_dir="memory")
    assert weights_of(run.folder) == weights_of(modelc.train(SPEC, data=columns(), run_dir="other").folder)


def test_a_spec_may_say_that_its_rows_come_from_a_program() -> None:
    Path("s.json").write_text(json.dumps({**SPEC, "data": {"source": "memory", **SPEC["data"]}}))
    assert command("validate", "s.json", cwd=Path()).code == 0
    ended = command("train", "s.json", cwd=Path())
    assert ended.code == 4 and "error[E404]: the rows come from a Python program, which gives none here" in ended.err
    run = modelc.train("s.json", data=columns(), run_dir="run")
    assert modelc.open_run("run").evaluate(columns()) == run.evaluate(columns())


def test_a_run_of_files_is_evaluated_and_predicted_by_split() -> None:
    Path("rows").mkdir()
    keep_csv(Path("rows") / "rows.csv", columns())
    spec = {**SPEC, "data": {"source": {"csv": "rows.csv"}, **SPEC["data"]}}
    run = modelc.train(spec, run_dir="run", data_root="rows")
    assert run.evaluate(weights="last") == {
        key.removeprefix("validation/"): value
        for key, value in run.history[-1].items()
        if key.startswith("validation/")
    }
    assert len(run.predict(split="train")["kind"]) == 30
    with pytest.raises(ValueError, match="both `data` and `split='train'` choose the rows"):
        run.predict(columns(), split="train")
    keep_csv(Path("rows") / "rows.csv", columns(seed=5))
    with pytest.warns(UserWarning, match="the data has changed since this run was trained: area, price, rooms"):
        run.evaluate()


def test_problems_are_exceptions_of_modelc(recwarn: pytest.WarningsRecorder) -> None:
    with pytest.raises(modelc.SpecError, match=r"error\[E104\]: `data` needs `source`"):
        modelc.train(SPEC)
    without = {key: value for key, value in SPEC.items() if key != "train"}
    with pytest.raises(modelc.SpecError, match=r"error\[E104\]: to train, a spec needs the section `train`"):
        modelc.train(without, data=columns())
    bad = {**columns(), "kind": ["flat", "castle"] * 20}
    with pytest.raises(modelc.RunError, match="`kind` has 1 string not among its 2 `classes`: 'castle'"):
        modelc.train(SPEC, data=bad)
    missing = {name: values for name, values in columns().items() if name != "price"}
    with pytest.raises(modelc.SpecError, match=r"error\[E401\]: the data has no column `price`"):
        modelc.train(SPEC, data=missing)
    with pytest.raises(TypeError, match="not int"):
        modelc.train(3)  # type: ignore[arg-type]  # that it is none is the test
    assert not Path("runs").exists()
    run = modelc.train(SPEC, data=columns(), run_dir="run")
    with pytest.raises(modelc.RunError, match="the data has no column `area`"):
        run.predict({"rooms": [1], "zip": ["712"]})
    with pytest.raises(modelc.RunError, match="the data has no rows"):
        run.predict({"rooms": [], "area": [], "zip": []})
    with pytest.raises(modelc.RunError, match="there is no run"):
        modelc.open_run("nowhere")
    with pytest.raises(modelc.RunError, match="`run` already"):
        modelc.train(SPEC, data=columns(), run_dir="run")


def test_training_in_a_program_is_that_of_the_command() -> None:
    keep_csv(Path("rows.csv"), columns())
    spec = {**SPEC, "data": {"source": {"csv": "rows.csv"}, **SPEC["data"]}}
    Path("s.json").write_text(json.dumps(spec))
    run = modelc.train("s.json", run_dir="one", settings=["train.epochs=3"])
    ended = command("train", "s.json", "--run-dir", "two", "--set", "train.epochs=3", cwd=Path())
    assert ended.code == 0, ended.err
    assert weights_of(run.folder) == weights_of(Path("two")) and len(run.history) == 3
    assert command("reproduce", "one", cwd=Path()).code == 0


class Sequence:
    """What has neither a length nor an array."""

    def __iter__(self) -> Iterator[int]:
        return iter(())


def kinds(given: dict[str, Any]) -> dict[str, Any]:
    found, arrays = columns_given(given)
    assert not found.refused
    return {**arrays}


def test_values_become_what_a_csv_file_of_them_is() -> None:
    now = datetime(2026, 1, 31, 17, 30)
    found = kinds(
        {
            "integers": [1, 2**60],
            "mixed": [1, 2.5],
            "gaps": [None, 3],
            "yes": [True, False],
            "texts": ["00712", None],
            "dates": np.array(["2026-01-31", "NaT"], "datetime64[D]"),
            "times": np.array(["2026-01-31T17:30:00.5", "2026-02-01"], "datetime64[ns]"),
            "nows": [now, now.date()],
            "lists": [[1, 2], [3, 4]],
            "objects": np.array([1, None], object),
            "masked": np.ma.array([1.5, 2.5], mask=[False, True]),
            "scalars": [np.float32(1.5), np.int64(2)],
            "bytes": [b"a", b"bc"],
            "nullable": Nullable([2**60 + 1, None]),
        }
    )
    assert {name: array.dtype.kind for name, array in found.items()} == {
        "integers": "i",
        "mixed": "f",
        "gaps": "i",
        "yes": "b",
        "texts": "T",
        "dates": "T",
        "times": "T",
        "nows": "T",
        "nullable": "i",
        "lists": "i",
        "objects": "i",
        "masked": "f",
        "scalars": "f",
        "bytes": "S",
    }
    assert np.ma.getdata(found["nullable"])[0] == 2**60 + 1
    assert found["integers"].tolist() == [1, 2**60] and found["lists"].shape == (2, 2)
    assert found["times"].tolist() == ["2026-01-31T17:30:00.500000", "2026-02-01T00:00:00.000000"]
    assert found["nows"].tolist() == ["2026-01-31T17:30:00", "2026-01-31"]
    gone = {name: np.ma.getmaskarray(array).tolist() for name, array in found.items() if np.ma.is_masked(array)}
    assert gone == {
        "nullable": [False, True],
        "gaps": [True, False],
        "texts": [False, True],
        "dates": [False, True],
        "objects": [False, True],
        "masked": [False, True],
    }


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([1, "a"], "integers (1 in row 0) and texts ('a' in row 1)"),
        ([2**53 + 1, 0.5], "integers (9007199254740993 in row 0) and numbers (0.5 in row 1)"),
        ([2**80, 1], "integers beyond those of 64 bits"),
        ([[1, 2], [3]], "rows of different shapes or kinds: [1], [2]"),
        ([[1, 2], None], "has lists, and a missing value in row 1"),
        ([{"a": 1}, {"a": 2}], "has dict ({'a': 1} in row 0)"),
        (np.array([1j, 2]), "is of complex128"),
        (["\ud800", "a"], "half a character"),
    ],
)
def test_a_column_that_can_be_none_is_refused_where_it_is_read(values: Any, said: str) -> None:
    found, _ = columns_given({"x": values, "y": [1, 2]})
    assert list(found) == ["y"] and said in found.refused["x"].message
    spec = {
        "modelc": 1,
        "model": {"inputs": {"x": {"shape": [1]}}, "layers": [{"dense": 1, "name": "y"}]},
        "data": {"inputs": {"x": {"array": {"column": "x", "shape": [1]}}}},
        "train": {"loss": "mean_squared_error", "optimizer": "adam", "epochs": 1},
    }
    with pytest.raises((modelc.SpecError, modelc.RunError)):
        modelc.train(spec, data={"x": values, "y": [1, 2]})


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"x": [1, 2], "y": [1]}, "the columns differ in length: `x` has 2 rows, `y` has 1"),
        ({"x": []}, "the data has no rows"),
        ({0: [1]}, "a column is called `0`"),
        ({"x": np.array(3)}, "is a single value and has no rows"),
    ],
)
def test_columns_that_cannot_be_are_refused(data: Any, said: str) -> None:
    try:
        found, _ = columns_given(data)
        (error,) = found.refused.values()
    except modelc.RunError as raised:
        error = raised
    assert said in error.message


@pytest.mark.parametrize("data", [3, "rows.csv", [[1, 2]], {"x": Sequence()}, {"x": "text"}, np.zeros(3)])
def test_what_has_no_columns_is_a_type_error(data: Any) -> None:
    with pytest.raises(TypeError):
        columns_given(data)
