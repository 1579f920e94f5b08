"""What a run says of where it was trained: enough to repeat it, nothing of the person."""

import getpass
import json
import socket

import jax
import numpy as np
import pytest

from modelc.compiler.api import load
from modelc.runtime.data.column_digests import ColumnDigests, KnownDigests, digests_of
from modelc.runtime.runs.environment import changed_columns, changed_own_columns, environment, known_digests
from modelc.runtime.runs.recorded_json import to_json
from modelc.runtime.runs.resumption import differences
from modelc.runtime.training.execution import Execution

SPEC = {
    "modelc": 1,
    "model": {"inputs": {"image": {"shape": [8, 8]}}, "layers": ["flatten", {"dense": 10}]},
    "data": {"source": "digits", "targets": {"output": {"category": "label"}}},
    "train": {"loss": "cross_entropy", "optimizer": "sgd", "epochs": 1, "seed": 7},
}


def test_it_names_versions_device_execution_seed_and_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_enable_fast_math=false")
    monkeypatch.setenv("SECRET_TOKEN", "hush")
    found = environment(
        load(SPEC),
        Execution("scan", 4, "because"),
        ["train", "x.yaml"],
        KnownDigests(
            ColumnDigests({"image": "ab"}, {"image": "|u1"}, 60), ColumnDigests({"image": "ef"}, {"image": "<f4"})
        ),
        {"graph.npz: edges": "cd"},
    )
    assert json.loads(to_json(found)) == found
    assert found["versions"]["jax"] == jax.__version__
    assert found["device"] == {"platform": "cpu", "kind": "cpu", "count": jax.device_count()}
    assert found["execution"] == {"mode": "scan", "steps_per_chunk": 4, "reason": "because", "feed": "resident"}
    assert (found["seed"], found["data"], found["arguments"]) == (7, {"image": "ab"}, ["train", "x.yaml"])
    assert found["test_data"] == {"image": "ef"}
    assert found["rows"] == {"data": 60, "test_data": None, "validation_data": None}
    dtypes = {"data": {"image": "|u1"}, "test_data": {"image": "<f4"}, "validation_data": {}}
    assert found["dtypes"] == dtypes
    assert found["arrays"] == {"graph.npz: edges": "cd"}
    assert found["flags"]["XLA_FLAGS"] == "--xla_cpu_enable_fast_math=false"
    values = set(to_json(found).decode().replace('"', " ").replace(",", " ").split())
    assert not values & {"hush", getpass.getuser(), socket.gethostname()}


def test_columns_that_are_not_as_they_were_are_named() -> None:
    recorded = {"data": {"image": "ab", "label": "cd"}}
    assert changed_columns(recorded, {"image": "ab", "label": "cd"}) == []
    assert changed_columns(recorded, {"image": "xx", "label": "cd"}) == ["image"]
    assert changed_columns({}, {"label": "cd"}) == ["label"]
    for part in ("test", "validation"):
        now = {"image": "ab", "label": "cd"}
        assert changed_own_columns({f"{part}_data": {"image": "ab"}}, part, now) == ["label"]
        assert changed_own_columns({"data": {}}, part, now) is None


@pytest.mark.parametrize(
    "recorded", [{}, {"data": 3, "dtypes": []}, {"data": {"x": "1"}, "dtypes": {"data": {"x": 3}}}]
)
def test_what_a_record_does_not_say_of_columns_is_not_known(recorded: dict[str, object]) -> None:
    known = known_digests(recorded)
    column = np.arange(3)
    own = digests_of({"x": column}, ["x"], known.train)
    assert own == digests_of({"x": column}, ["x"], ColumnDigests())


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ({"device": {"count": 4}}, {"device": {"count": 1}}, "number of devices was 4, and is 1 now"),
        ({"device": {"kind": "H200"}}, {"device": {"kind": "cpu"}}, "device kind was H200, and is cpu now"),
        ({"flags": {"XLA_FLAGS": "--a"}}, {"flags": {}}, "XLA_FLAGS was --a, and is not set now"),
        ({"flags": {}}, {"flags": {"NPROC": "2"}}, "NPROC was not set, and is 2 now"),
        ({"versions": {"jax": None}}, {"versions": {"jax": "1"}}, "jax was not installed, and is 1 now"),
        (
            {"instructions": "avx"},
            {"instructions": ""},
            "instruction set of the processor was avx, and is not known now",
        ),
    ],
)
def test_what_differs_is_named_in_words(before: dict[str, object], now: dict[str, object], said: str) -> None:
    assert differences(before, {"mesh": "data=1,model=1", "shard": "none", "processes": 1, **now}) == [said]
